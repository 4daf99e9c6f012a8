//! Homes that are recorded into, and what an agent says.
#![expect(clippy::disallowed_methods, reason = "tests look at the files")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use codex_app_server::{RecordingSettings, Server, ServerOptions};
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};

use super::{Wire, identity, request};

/// A home in a temporary folder.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("sessions")).expect("writable");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A server over the home that keeps threads loaded.
    pub(crate) fn server(&self) -> Arc<Server> {
        self.server_that_unloads_after(Duration::from_secs(3_600))
    }

    pub(crate) fn server_that_unloads_after(&self, unload_delay: Duration) -> Arc<Server> {
        let store = LocalStore::open(LocalStoreOptions::new(self.path())).expect("a home");
        Server::new(ServerOptions {
            store,
            view: View::Full,
            default_provider: "mock".to_owned(),
            identity: codex_app_server::Identity {
                home: self.path().display().to_string(),
                ..identity()
            },
            recording: RecordingSettings {
                unload_delay,
                ..RecordingSettings::default()
            },
            clock: Clock::system(),
        })
    }

    /// Every rollout.
    pub(crate) fn rollouts(&self) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        collect(&self.path().join("sessions"), &mut found);
        found
    }

    /// The text of the only rollout.
    pub(crate) fn rollout(&self) -> String {
        let found = self.rollouts();
        assert_eq!(found.len(), 1, "{found:?}");
        std::fs::read_to_string(&found[0]).expect("readable")
    }
}

fn collect(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

impl Wire {
    /// Starts a thread; returns its id once the notification of it has come.
    pub(crate) async fn start_thread(&mut self, mode: &str) -> String {
        let started = self.result("thread/start", json!({"historyMode": mode})).await;
        assert_eq!(self.receive().await["method"], "thread/started");
        started["thread"]["id"].as_str().expect("an id").to_owned()
    }

    /// Appends items; returns the result, which comes before what it causes.
    pub(crate) async fn append(&mut self, thread_id: &str, items: &[Value]) -> Value {
        self.result("thread/append", json!({"threadId": thread_id, "items": items}))
            .await
    }

    /// Reads the next notifications.
    pub(crate) async fn told(&mut self, count: usize) -> Vec<Value> {
        let mut told = Vec::new();
        for _ in 0..count {
            let message = self.receive().await;
            assert!(message.get("id").is_none(), "an answer among {told:?}: {message}");
            told.push(message);
        }
        told
    }

    /// Fails if anything is still to be read before the answer to a request that changes nothing.
    pub(crate) async fn hears_nothing_more(&mut self, thread_id: &str) {
        // Changes of a thread are answered in order, so that everything has come when this is refused.
        self.send(&request(
            77,
            "thread/inject_items",
            json!({"threadId": thread_id, "items": []}),
        ))
        .await;
        let message = self.receive().await;
        assert_eq!(message["id"], 77, "{message}");
    }
}

/// Names of notifications.
pub(crate) fn names(told: &[Value]) -> Vec<&str> {
    told.iter()
        .map(|message| message["method"].as_str().expect("a notification"))
        .collect()
}

fn event(payload: Value) -> Value {
    json!({"type": "event_msg", "payload": payload})
}

pub(crate) fn turn_started(turn: &str) -> Value {
    event(json!({"type": "task_started", "turn_id": turn, "started_at": 1_790_000_000, "model_context_window": 1000}))
}

pub(crate) fn turn_completed(turn: &str) -> Value {
    event(
        json!({"type": "task_complete", "turn_id": turn, "last_agent_message": null, "started_at": 1_790_000_000,
        "completed_at": 1_790_000_009, "duration_ms": 9_000}),
    )
}

pub(crate) fn turn_aborted(turn: &str) -> Value {
    event(json!({"type": "turn_aborted", "turn_id": turn, "reason": "interrupted", "completed_at": 1_790_000_005}))
}

fn item(name: &str, thread: &str, turn: &str, item: Value) -> Value {
    event(json!({"type": name, "thread_id": thread, "turn_id": turn, "item": item,
        "started_at_ms": 1_790_000_001_000_i64, "completed_at_ms": 1_790_000_002_000_i64}))
}

pub(crate) fn user(thread: &str, turn: &str, text: &str) -> Value {
    let content = json!([{"type": "text", "text": text, "text_elements": []}]);
    item(
        "item_completed",
        thread,
        turn,
        json!({"type": "UserMessage", "id": format!("u-{turn}"), "content": content}),
    )
}

pub(crate) fn agent(thread: &str, turn: &str, id: &str, text: &str) -> Value {
    let content = json!([{"type": "Text", "text": text}]);
    item(
        "item_completed",
        thread,
        turn,
        json!({"type": "AgentMessage", "id": id, "content": content, "phase": null}),
    )
}

pub(crate) fn agent_begins(thread: &str, turn: &str, id: &str) -> Value {
    item(
        "item_started",
        thread,
        turn,
        json!({"type": "AgentMessage", "id": id, "content": [], "phase": null}),
    )
}

pub(crate) fn tokens() -> Value {
    let usage = |total| {
        json!({"input_tokens": total - 20, "cached_input_tokens": 0, "output_tokens": 20,
        "reasoning_output_tokens": 0, "total_tokens": total})
    };
    event(
        json!({"type": "token_count", "info": {"total_token_usage": usage(360), "last_token_usage": usage(120),
        "model_context_window": 258_400}, "rate_limits": null}),
    )
}

/// A whole turn of a question and an answer.
pub(crate) fn whole_turn(thread: &str, turn: &str) -> Vec<Value> {
    vec![
        turn_started(turn),
        user(thread, turn, &format!("ask {turn}")),
        agent(thread, turn, &format!("msg_{turn}"), &format!("answer {turn}")),
        tokens(),
        turn_completed(turn),
    ]
}
