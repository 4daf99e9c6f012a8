//! A thread on the wire, in every answer that carries one and in both views (`app-server-api.md` 2.1).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_protocol::log::SessionSource;
use codex_thread_store::organise::Section;
use codex_thread_store::{GitInfo, HistoryMode, SearchHit, SearchPage, ThreadRecord, ThreadSection, View};
use serde_json::{Value, json};
use support::{FakeStore, Script, Wire, id, record, server, turn};

/// A thread with every field filled.
fn full_record(history_mode: HistoryMode) -> ThreadRecord {
    ThreadRecord {
        history_mode,
        forked_from: Some(id(11)),
        attached_to: Some(id(12)),
        parent: Some(id(13)),
        name: Some("A name".to_owned()),
        model: Some("gpt".to_owned()),
        reasoning_effort: Some("high".to_owned()),
        thread_source: Some("my-tool".to_owned()),
        agent_nickname: Some("Ada".to_owned()),
        agent_role: Some("worker".to_owned()),
        git: Some(GitInfo {
            sha: Some("c0ffee".to_owned()),
            branch: Some("main".to_owned()),
            origin_url: None,
        }),
        section: Some(ThreadSection {
            section: Section {
                id: "s".to_owned(),
                name: "Work".to_owned(),
                appearance: None,
            },
            rank: 1_000_000,
            entered_at_ms: 1_790_000_002_900,
        }),
        project_id: Some("p".to_owned()),
        daybreak: Some(true),
        ..record(1)
    }
}

async fn wire(history_mode: HistoryMode, view: View) -> Wire {
    let hits = vec![SearchHit {
        thread: full_record(history_mode),
        snippet: String::new(),
    }];
    let mut script = Script {
        rows: vec![full_record(history_mode)],
        hits: Some(SearchPage { hits, has_more: false }),
        ..Script::default()
    };
    script
        .reads
        .insert(id(1), Arc::new(move || Ok(full_record(history_mode))));
    Wire::initialized(server(FakeStore::new(script), view), true).await
}

/// The members of `thread` that differ from `reference`.
fn differences(thread: &Value, reference: &Value) -> Value {
    let (thread, reference) = (
        thread.as_object().expect("a thread"),
        reference.as_object().expect("a thread"),
    );
    assert_eq!(thread.len(), reference.len(), "every key is always present");
    thread
        .iter()
        .filter(|(name, value)| reference[*name] != **value)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

const READ: &str = "01a0c400-0000-7000-8000-000000000001";

#[tokio::test]
async fn every_key_is_present_in_codexs_order() {
    let mut wire = wire(HistoryMode::Paginated, View::Full).await;
    let read = wire.result("thread/read", json!({"threadId": READ})).await;
    insta::assert_json_snapshot!(read);
}

#[tokio::test]
async fn the_default_view_shows_the_same_thread_everywhere() {
    for mode in [HistoryMode::Legacy, HistoryMode::Paginated] {
        let mut wire = wire(mode, View::Full).await;
        let read = wire
            .result("thread/read", json!({"threadId": READ, "includeTurns": true}))
            .await;
        let metadata = wire.result("thread/read", json!({"threadId": READ})).await;
        let list = wire.result("thread/list", json!({})).await;
        let search = wire.result("thread/search", json!({"searchTerm": "x"})).await;
        for other in [&metadata["thread"], &list["data"][0], &search["data"][0]["thread"]] {
            assert_eq!(differences(other, &read["thread"]), json!({}));
        }
    }
}

#[tokio::test]
async fn the_exact_view_leaves_out_what_codex_leaves_out() {
    for mode in [HistoryMode::Legacy, HistoryMode::Paginated] {
        let mut wire = wire(mode, View::Codex).await;
        let read = wire
            .result("thread/read", json!({"threadId": READ, "includeTurns": true}))
            .await["thread"]
            .take();
        assert_eq!(read["forkedFromId"], id(11).to_string());
        assert_eq!(read["parentThreadId"], id(13).to_string());

        let metadata = wire.result("thread/read", json!({"threadId": READ})).await["thread"].take();
        let expected = match mode {
            HistoryMode::Legacy => json!({"updatedAt": read["createdAt"], "threadSource": null}),
            HistoryMode::Paginated => json!({}),
        };
        assert_eq!(differences(&metadata, &read), expected);

        let row = json!({"forkedFromId": null, "parentThreadId": null, "threadSource": null});
        let related = json!({"forkedFromId": null, "threadSource": null});
        for (params, expected) in [
            (json!({}), &row),
            (json!({"sourceKinds": ["cli", "subAgent"]}), &row),
            (json!({"attachedToThreadId": READ}), &row),
            (json!({"sourceKinds": ["subAgent", "subAgentReview"]}), &related),
            (json!({"parentThreadId": READ}), &related),
            (json!({"ancestorThreadId": READ, "sourceKinds": ["cli"]}), &related),
        ] {
            let list = wire.result("thread/list", params.clone()).await;
            assert_eq!(&differences(&list["data"][0], &read), expected, "{params}");
        }
        let search = wire.result("thread/search", json!({"searchTerm": "x"})).await;
        assert_eq!(differences(&search["data"][0]["thread"], &read), row);
    }
}

#[tokio::test]
async fn sources_are_renamed_for_the_wire() {
    for (stored, wire_form) in [
        (json!("cli"), json!("cli")),
        (json!("mcp"), json!("appServer")),
        (json!("something new"), json!("unknown")),
        (json!({"internal": "guardian"}), json!("unknown")),
        (json!({"custom": "atlas"}), json!({"custom": "atlas"})),
        (json!({"subagent": "review"}), json!({"subAgent": "review"})),
        (json!({"subagent": {"other": "x"}}), json!({"subAgent": {"other": "x"}})),
        (
            json!({"subagent": {"thread_spawn": {"parent_thread_id": READ, "depth": 1, "agent_role": "worker"}}}),
            json!({"subAgent": {"thread_spawn": {
                "parent_thread_id": READ, "depth": 1, "agent_path": null, "agent_nickname": null, "agent_role": "worker",
            }}}),
        ),
    ] {
        let source: SessionSource = serde_json::from_value(stored.clone()).expect("every source is read");
        let rows = vec![ThreadRecord { source, ..record(1) }];
        let store = FakeStore::new(Script {
            rows,
            ..Script::default()
        });
        let mut wire = Wire::initialized(server(store, View::Full), true).await;
        assert_eq!(
            wire.result("thread/list", json!({})).await["data"][0]["source"],
            wire_form,
            "{stored}"
        );
    }
}

#[tokio::test]
async fn read_states_exist_for_threads_that_users_started() {
    let state = json!({"firstUnread": null, "revision": format!("initial:{READ}")});
    let review: SessionSource = serde_json::from_value(json!({"subagent": "review"})).expect("a source");
    for (thread_source, source, expected) in [
        (None, SessionSource::VsCode, &state),
        (Some("user"), SessionSource::Exec, &state),
        (None, SessionSource::Custom("x".to_owned()), &state),
        (Some("my-tool"), SessionSource::VsCode, &Value::Null),
        (Some("subagent"), review.clone(), &Value::Null),
        (None, review, &Value::Null),
    ] {
        let row = ThreadRecord {
            thread_source: thread_source.map(str::to_owned),
            source,
            ..record(1)
        };
        let mut script = Script {
            rows: vec![row.clone()],
            ..Script::default()
        };
        script.reads.insert(id(1), Arc::new(move || Ok(row.clone())));
        let mut wire = Wire::initialized(server(FakeStore::new(script), View::Full), true).await;
        assert_eq!(
            &wire.result("thread/read", json!({"threadId": READ})).await["readState"],
            expected
        );
        let list = wire.result("thread/list", json!({})).await;
        assert_eq!(
            list["readStates"].get(READ).unwrap_or(&Value::Null),
            expected,
            "{thread_source:?}"
        );
    }
}

#[tokio::test]
async fn turns_keep_every_key() {
    let script = Script {
        turns: vec![turn(1)],
        ..Script::default()
    };
    let mut wire = Wire::initialized(server(FakeStore::new(script), View::Full), true).await;
    let page = wire.result("thread/turns/list", json!({"threadId": READ})).await;
    let expected = json!({
        "id": "turn-1", "rootTurnId": null, "items": [], "itemsView": "summary", "status": "completed", "error": null,
        "startedAt": 1_790_000_000, "completedAt": 1_790_000_001, "durationMs": 900,
    });
    assert_eq!(page["data"][0], expected);
}

#[tokio::test]
async fn a_working_directory_is_always_absolute() {
    let here = std::env::current_dir()
        .expect("a working directory")
        .display()
        .to_string();
    for (view, expected) in [(View::Codex, here.as_str()), (View::Full, "/")] {
        let row = ThreadRecord {
            cwd: String::new(),
            ..record(1)
        };
        let store = FakeStore::new(Script {
            rows: vec![row],
            ..Script::default()
        });
        let mut wire = Wire::initialized(server(store, view), true).await;
        assert_eq!(wire.result("thread/list", json!({})).await["data"][0]["cwd"], expected);
    }
}
