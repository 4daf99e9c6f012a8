//! Replays recorded requests and compares every answer with the real server's (`fixtures/probes/README.md`).
//!
//! The exact view over the real local store, on the home that the answers were recorded on, without any SQLite file.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use codex_app_server::Server;
use codex_test_support::fixture;
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use serde::Deserialize;
use serde_json::{Value, json};
use support::recording::{turn_started, whole_turn};
use support::{Wire, recording, request};

/// Any id that no thread has.
const UNKNOWN_ID: &str = "01a2022a-82c3-7663-abc7-517271747ac9";

#[derive(Deserialize)]
struct Probe {
    n: u32,
    label: String,
    conn: String,
    /// Name of the thread in the answer, for later requests.
    bind: Option<String>,
    /// Names of values in the result, by their JSON pointers, for later requests.
    #[serde(default)]
    names: BTreeMap<String, String>,
    request: Call,
    response: Value,
    /// What the connection was told around the answer, in order.
    notifications: Option<Vec<Told>>,
}

#[derive(Deserialize)]
struct Told {
    method: String,
    params: Value,
}

#[derive(Deserialize)]
struct Call {
    method: String,
    params: Value,
}

fn probes(file: &str) -> Vec<Probe> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/probes")
        .join(file);
    let text = std::fs::read_to_string(path).expect("the probes are in the repository");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a probe"))
        .collect()
}

/// A home with its server.
struct Replay {
    _folder: tempfile::TempDir,
    home: String,
    server: Arc<Server>,
    connections: BTreeMap<String, Wire>,
    /// Ids of threads, and of what else has a name.
    threads: BTreeMap<String, String>,
}

impl Replay {
    fn new(fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("home");
        std::fs::create_dir_all(home.join("sessions")).expect("writable");
        fill(&home);
        let mut options = LocalStoreOptions::new(&home);
        options.default_provider = "mock".to_owned();
        let store = LocalStore::open(options).expect("a home");
        let home = home.display().to_string();
        let server = support::server_at(store, View::Codex, &home);
        Self {
            _folder: folder,
            home,
            server,
            connections: BTreeMap::new(),
            threads: (1..=21)
                .map(|number| (format!("F{number}"), fixture::id(number)))
                .collect(),
        }
    }

    fn with_fixture() -> Self {
        Self::new(|home| {
            fixture::listing_home(home).expect("writable");
        })
    }

    /// Records one turn in each of five threads.
    async fn with_spoken_threads() -> Self {
        let mut replay = Self::new(|_| {});
        let here = std::env::current_dir().expect("a working directory");
        let two = here.join("two").display().to_string();
        let here = here.display().to_string();
        for (name, mode, cwd, text) in [
            ("T1", "paginated", &here, "Apple PIE one"),
            ("T2", "legacy", &here, "banana split two 100% _x"),
            ("T3", "paginated", &two, "Cherry \"quoted\" three"),
            ("T4", "paginated", &here, "date back\\slash four"),
            ("T5", "legacy", &here, "Éclair unicode five"),
        ] {
            let wire = replay.connection("experimental").await;
            let start = json!({"historyMode": mode, "cwd": cwd, "eventStyle": "canonical"});
            wire.send(&request(1, "thread/start", start)).await;
            let id = wire.receive().await["result"]["thread"]["id"]
                .as_str()
                .expect("an id")
                .to_owned();
            let items = [
                recording::turn_started("turn"),
                recording::user(&id, "turn", text),
                recording::agent(&id, "turn", "msg", "ok"),
                recording::turn_completed("turn"),
            ];
            let append = json!({"threadId": id, "items": items});
            wire.send(&request(2, "thread/append", append)).await;
            wire.send(&request(3, "thread/inject_items", json!({"threadId": id, "items": []})))
                .await;
            while wire.receive().await["id"] != 3 {}
            replay.threads.insert(name.to_owned(), id);
        }
        replay
    }

    /// An empty home in which clients have started threads of both modes, and talked once in each.
    async fn with_threads() -> Self {
        let mut replay = Self::new(|_| {});
        for (name, mode) in [("T1", "paginated"), ("T2", "legacy"), ("Q", "paginated")] {
            let wire = replay.connection("experimental").await;
            let thread = wire.start_thread(mode).await;
            wire.append(&thread, &whole_turn(&thread, "t1")).await;
            replay.quieten(&thread).await;
            replay.threads.insert(name.to_owned(), thread);
        }
        replay
    }

    /// Lets a turn run in each thread, so that nothing that waits for a turn would begin.
    async fn busy(mut self) -> Self {
        for name in ["T1", "T2", "Q"] {
            let thread = self.threads[name].clone();
            let wire = self.connection("experimental").await;
            wire.append(&thread, &[turn_started("t2")]).await;
            self.quieten(&thread).await;
        }
        self
    }

    /// Lets three submissions wait.
    async fn with_queue(mut self) -> Self {
        let thread = self.threads["Q"].clone();
        for name in ["q0", "q1", "q2"] {
            let wire = self.connection("experimental").await;
            let text = json!([{"type": "text", "text": name}]);
            let client_id = name.replace('q', "c");
            let params = json!({"threadId": thread, "input": text, "clientUserMessageId": client_id});
            let added = wire.result("thread/queue/add", params).await;
            let id = added["queuedSubmission"]["id"].as_str().expect("an id").to_owned();
            self.threads.insert(name.to_owned(), id);
            self.quieten(&thread).await;
        }
        self
    }

    /// Records three turns of a thread that is loaded, and one turn of a thread that is not.
    async fn with_turns(mut self) -> Self {
        let wire = self.connection("experimental").await;
        let other = wire.start_thread("paginated").await;
        let thread = wire.start_thread("paginated").await;
        for (turn, text) in ["r0", "r1", "r2"].into_iter().enumerate() {
            let turn = format!("turn{}", turn + 1);
            let mut started = turn_started(&turn);
            started["payload"]["root_turn_id"] = json!(turn);
            let items = [
                started,
                recording::user(&thread, &turn, text),
                recording::agent(&thread, &turn, &format!("msg_{turn}"), "ok"),
                recording::turn_completed(&turn),
            ];
            let wire = self.connection("experimental").await;
            wire.append(&thread, &items).await;
            self.quieten(&thread).await;
        }
        // What comes back from the archive is not loaded.
        for method in ["thread/archive", "thread/unarchive"] {
            let wire = self.connection("experimental").await;
            wire.result(method, json!({"threadId": other})).await;
            self.quieten(&other).await;
        }
        let wire = self.connection("experimental").await;
        let newest = json!({"threadId": thread, "limit": 1, "itemsView": "notLoaded"});
        let page = wire.result("thread/turns/list", newest).await;
        let cursor = page["backwardsCursor"].as_str().expect("a cursor");
        let cursor: Value = serde_json::from_str(cursor).expect("an object");
        let ordinal = cursor["rolloutOrdinal"].to_string();
        for turn in ["turn1", "turn2"] {
            self.threads.insert(format!("R1.{turn}"), turn.to_owned());
        }
        self.threads.insert("R1.turn3.ordinal".to_owned(), ordinal);
        self.threads.insert("R1".to_owned(), thread);
        self.threads.insert("R2".to_owned(), other);
        self
    }

    /// Records another turn in the thread that was reverted.
    async fn say_once_more(&mut self) {
        let thread = self.threads["R1"].clone();
        let wire = self.connection("experimental").await;
        let mut items = whole_turn(&thread, UNKNOWN_ID);
        items[0]["payload"]["root_turn_id"] = json!(UNKNOWN_ID);
        wire.append(&thread, &items).await;
        self.quieten(&thread).await;
    }

    /// Names how far each thread was read.
    async fn with_revisions(mut self) -> Self {
        for name in ["T1", "T2"] {
            let thread = self.threads[name].clone();
            let wire = self.connection("experimental").await;
            let read = wire.result("thread/read", json!({"threadId": thread})).await;
            assert_eq!(
                read["readState"]["firstUnread"],
                json!({"type": "turn", "turnId": "t1"})
            );
            let revision = read["readState"]["revision"].as_str().expect("a text").to_owned();
            self.threads.insert(format!("{name}.revision"), revision);
        }
        self
    }

    /// Reads what is told of a thread until nothing more comes.
    async fn quieten(&mut self, thread: &str) {
        let wire = self.connection("experimental").await;
        let nothing = json!({"threadId": thread, "items": []});
        wire.send(&request(-1, "thread/inject_items", nothing)).await;
        while wire.receive().await["id"] != -1 {}
    }

    async fn connection(&mut self, name: &str) -> &mut Wire {
        if !self.connections.contains_key(name) {
            let server = Arc::clone(&self.server);
            let wire = match name {
                "uninit" => Wire::open(server),
                "stable" => Wire::initialized(server, false).await,
                "experimental" => Wire::initialized(server, true).await,
                "stable-optout" => Wire::without(server, &["thread/started"]).await,
                other => panic!("unknown connection {other}"),
            };
            self.connections.insert(name.to_owned(), wire);
        }
        self.connections.get_mut(name).expect("just inserted")
    }

    /// Sends a request; returns its answer and what else came.
    async fn answer(&mut self, probe: &Probe) -> (Value, Vec<Value>) {
        let params = self.bind(&probe.request.params);
        let home = self.home.clone();
        let wire = self.connection(&probe.conn).await;
        let number = i64::from(probe.n);
        wire.send(&request(number, &probe.request.method, params.clone())).await;
        let (mut result, mut told) = (Value::Null, Vec::new());
        let mut last = number;
        loop {
            let mut message = wire.receive().await;
            assert!(!message.is_null(), "the server hung up");
            if message.get("id").is_none() {
                told.push(hide_home(&message, &home));
            } else if message["id"] != number {
                break;
            } else {
                message.as_object_mut().expect("an object").remove("id");
                let bound = |kind: &str| message["result"][kind]["id"].as_str();
                let thread = bound("thread").or(params["threadId"].as_str()).map(str::to_owned);
                let named = bound("section").or(bound("project")).or(thread.as_deref());
                if let (Some(name), Some(id)) = (&probe.bind, named) {
                    self.threads.insert(name.clone(), id.to_owned());
                }
                for (name, pointer) in &probe.names {
                    let value = message["result"].pointer(pointer).and_then(Value::as_str);
                    self.threads.insert(name.clone(), value.expect("a text").to_owned());
                }
                result = hide_home(&message, &home);
                // What is ordered behind a call is answered when all that the call tells has come.
                let (method, nothing) = match thread.filter(|_| probe.conn != "uninit") {
                    Some(thread) => ("thread/inject_items", json!({"threadId": thread, "items": []})),
                    None if probe.request.method.starts_with("project/") => ("project/read", json!({"projectId": ""})),
                    None => break,
                };
                last += 1_000;
                let wire = self.connections.get_mut(&probe.conn).expect("in use");
                wire.send(&request(last, method, nothing)).await;
                return (result, self.rest(&probe.conn, last, told).await);
            }
        }
        (result, told)
    }

    async fn rest(&mut self, conn: &str, last: i64, mut told: Vec<Value>) -> Vec<Value> {
        let wire = self.connections.get_mut(conn).expect("in use");
        loop {
            let message = wire.receive().await;
            if message["id"] == last {
                return told;
            }
            told.push(hide_home(&message, &self.home));
        }
    }

    /// Puts real ids and paths in place of the placeholders of a request.
    fn bind(&self, params: &Value) -> Value {
        let mut text = params.to_string();
        let mut rest = text.as_str();
        // A rollout is named by its thread.
        let mut paths = Vec::new();
        while let Some(start) = rest.find("$CODEX_HOME/sessions") {
            let end = start + rest[start..].find('"').expect("inside a string");
            paths.push(rest[start..end].to_owned());
            rest = &rest[end..];
        }
        for (name, id) in &self.threads {
            text = text.replace(&format!("${{{name}}}"), id);
        }
        for path in paths {
            let (_, name) = path.rsplit_once("-${").expect("a rollout");
            let id = &self.threads[name.trim_end_matches("}.jsonl")];
            let found = rollout_of(Path::new(&self.home), id).expect("recorded");
            let (start, _) = path.split_once("${").expect("a rollout");
            text = text.replace(&format!("{start}{id}.jsonl"), &found);
        }
        let here = std::env::current_dir().expect("a working directory");
        let folder = here.file_name().expect("not the root").display().to_string();
        let text = text
            .replace("<uuid>", UNKNOWN_ID)
            .replace("$WD/../wd/", &format!("$WD/../{folder}/"))
            .replace("$WD", &here.display().to_string());
        serde_json::from_str(&text).expect("placeholders stand inside strings")
    }

    /// Tells whether something has the recorded form; placeholders stand for any value of their kind.
    fn fits(&self, recorded: &Value, answer: &Value) -> bool {
        let mut text = recorded.to_string();
        for (name, id) in &self.threads {
            text = text.replace(&format!("${{{name}}}"), id);
        }
        fits(
            &serde_json::from_str(&text).expect("placeholders stand inside strings"),
            answer,
        )
    }

    /// Tells whether the notifications are the recorded ones.
    fn fits_told(&self, recorded: &[Told], told: &[Value]) -> bool {
        recorded.len() == told.len()
            && recorded.iter().zip(told).all(|(recorded, told)| {
                recorded.method == told["method"] && self.fits(&recorded.params, &told["params"])
            })
    }
}

fn rollout_of(folder: &Path, id: &str) -> Option<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("readable").path()).find_map(|path| {
        if path.is_dir() {
            return rollout_of(&path, id);
        }
        let path = path.display().to_string();
        path.ends_with(&format!("{id}.jsonl")).then_some(path)
    })
}

/// Puts the recorded places in place of those of this machine.
fn hide_home(value: &Value, home: &str) -> Value {
    let here = std::env::current_dir().expect("a working directory");
    let text = value.to_string().replace(home, "$CODEX_HOME");
    serde_json::from_str(&text.replace(&here.display().to_string(), "/home/user/wd"))
        .expect("paths stand inside strings")
}

/// Tells whether an answer has the recorded form; placeholders stand for any value of their kind.
fn fits(recorded: &Value, answer: &Value) -> bool {
    match (recorded, answer) {
        (Value::Object(recorded), Value::Object(answer)) => {
            recorded.len() == answer.len()
                && recorded
                    .iter()
                    .all(|(name, value)| answer.get(name).is_some_and(|other| fits(value, other)))
        }
        (Value::Array(recorded), Value::Array(answer)) => {
            recorded.len() == answer.len() && recorded.iter().zip(answer).all(|(value, other)| fits(value, other))
        }
        (Value::String(pattern), Value::Number(_)) => NUMBERS.contains(&pattern.as_str()),
        (Value::String(pattern), Value::String(text)) => {
            !NUMBERS.contains(&pattern.as_str()) && fits_text(pattern, text)
        }
        (recorded, answer) => recorded == answer,
    }
}

/// Placeholders of numbers.
const NUMBERS: [&str; 3] = ["<unix-s>", "<unix-ms>", "<ms>"];

/// Placeholders of texts, and of numbers in texts.
const HOLES: [&str; 11] = [
    "<cli-version>",
    "<uuid>",
    "<iso-ts>",
    "<unix-s>",
    "<Y>",
    "<M>",
    "<D>",
    "<local-ts>",
    "<user-agent>",
    "<unix-ms>",
    "<ordinal>",
];

fn fits_text(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.to_owned();
    for hole in HOLES {
        pattern = pattern.replace(hole, "\u{0}");
    }
    let parts: Vec<&str> = pattern.split('\u{0}').collect();
    let Some(mut rest) = text.strip_prefix(parts[0]) else {
        return false;
    };
    let Some((last, middle)) = parts[1..].split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Why an answer may differ.
struct Named {
    differs: fn(&Probe) -> bool,
    why: &'static str,
}

/// Replays a file; every difference must be named, and every named one must be real.
async fn check(file: &str, mut replay: Replay, named: &[Named]) -> Replay {
    let mut wrong = Vec::new();
    for probe in probes(file) {
        let (answer, told) = replay.answer(&probe).await;
        let fits_told = probe
            .notifications
            .as_ref()
            .is_none_or(|recorded| replay.fits_told(recorded, &told));
        let fits = replay.fits(&probe.response, &answer) && fits_told;
        let expected_to_differ = named.iter().find(|named| (named.differs)(&probe));
        let (n, label, params) = (probe.n, &probe.label, &probe.request.params);
        match (fits, expected_to_differ) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(named)) => wrong.push(format!(
                "{n} {label}: fits although it is said to differ: {}",
                named.why
            )),
            (false, None) => wrong.push(format!(
                "{n} {label} {} {params}\n  recorded {}\n  answered {answer}\n  told {told:?}",
                probe.request.method, probe.response
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences in {file}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    replay
}

/// F21 has no header. The real server knows it from its database only, so some calls show it and others do not.
fn shows_f21(probe: &Probe) -> bool {
    let f21 = fixture::id(21);
    let data = probe.response["result"]["data"].as_array();
    data.is_some_and(|rows| rows.iter().any(|row| row["id"] == f21 || row["thread"]["id"] == f21))
}

/// Paginated threads had no projection while these were recorded, and read as empty.
fn empty_for_want_of_projection(probe: &Probe) -> bool {
    let paginated = [2, 12, 13, 18].map(fixture::id);
    let asked = probe.request.params["threadId"]
        .as_str()
        .is_some_and(|id| paginated.contains(&id.to_owned()));
    let result = &probe.response["result"];
    let empty = result["data"] == json!([]) || result["thread"]["turns"] == json!([]);
    let found = match probe.request.params["searchTerm"].as_str() {
        None => true,
        Some(term) => ["widget", "needle", "new line", "\"inner\"", "tab here"].contains(&term),
    };
    asked && empty && found
}

/// F7 and F8 say who spawned them in their source only, not in their header.
fn shows_spawned_threads(probe: &Probe) -> bool {
    let spawned = [7, 8].map(fixture::id);
    let result = &probe.response["result"];
    let rows = result["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alone = rows
        .iter()
        .all(|row| row["parentThreadId"].is_null() && row["source"].get("subAgent").is_some());
    let row = |id: &Value| spawned.iter().any(|spawned| id == spawned);
    row(&result["thread"]["id"]) || (alone && rows.iter().any(|row_| row(&row_["id"])))
}

/// Codex takes the time of a file for its first recency; the rollout itself knows the start of its newest turn.
fn sorts_by_recency(probe: &Probe) -> bool {
    probe.request.params["sortKey"] == "recency_at"
}

const F21: Named = Named {
    differs: shows_f21,
    why: "a rollout without header is known from SQLite only",
};
const EMPTY: Named = Named {
    differs: empty_for_want_of_projection,
    why: "reads catch up first",
};
const SPAWNED: Named = Named {
    differs: shows_spawned_threads,
    why: "a spawned thread shows its parent",
};
const RECENCY: Named = Named {
    differs: sorts_by_recency,
    why: "recency is the start of the newest turn",
};

/// Codex takes the preview out of raw messages here; the index takes it out of what the user said.
const HISTORY: Named = Named {
    differs: |probe| !probe.request.params["history"].is_null(),
    why: "raw messages alone make no preview",
};

/// Codex lists a reverted thread with its oldest file, and keeps the text of a revert's first list.
const OLDEST_FILE: Named = Named {
    differs: |probe| probe.request.method == "thread/list",
    why: "a thread is listed with its current file",
};

#[tokio::test]
async fn lists() {
    check("listing-fixture.jsonl", Replay::with_fixture(), &[SPAWNED, RECENCY]).await;
}

#[tokio::test]
async fn searches() {
    check("search-fixture.jsonl", Replay::with_fixture(), &[F21, RECENCY]).await;
}

#[tokio::test]
async fn cold_reads() {
    check("cold-fixture.jsonl", Replay::with_fixture(), &[EMPTY, SPAWNED]).await;
}

#[tokio::test]
async fn occurrences() {
    check("occurrences-fixture.jsonl", Replay::with_fixture(), &[EMPTY]).await;
}

#[tokio::test]
async fn projected_threads() {
    check("tree-fixture.jsonl", Replay::with_fixture(), &[HISTORY]).await;
}

#[tokio::test]
async fn reverts() {
    let replay = Replay::new(|_| {}).with_turns().await;
    let mut replay = check("revert.jsonl", replay, &[OLDEST_FILE]).await;
    replay.say_once_more().await;
    check("revert-again.jsonl", replay, &[]).await;
}

#[tokio::test]
async fn an_ephemeral_thread_from_its_start_to_its_end() {
    let mut replay = Replay::new(|_| {});
    let wire = replay.connection("experimental").await;
    let start = json!({"historyMode": "paginated", "ephemeral": true});
    let started = wire.result("thread/start", start).await;
    let thread = started["thread"]["id"].as_str().expect("an id").to_owned();
    replay.quieten(&thread).await;
    replay.threads.insert("E1".to_owned(), thread);
    check("ephemeral-thread.jsonl", replay, &[]).await;
}

#[tokio::test]
async fn handshakes() {
    check("handshake.jsonl", Replay::new(|_| {}), &[]).await;
}

#[tokio::test]
async fn ids() {
    check("id-errors.jsonl", Replay::new(|_| {}), &[]).await;
}

#[tokio::test]
async fn recording() {
    check("recording.jsonl", Replay::new(|_| {}), &[]).await;
}

#[tokio::test]
async fn goals() {
    check("goals.jsonl", Replay::with_threads().await, &[]).await;
}

#[tokio::test]
async fn queues() {
    let replay = Replay::with_threads().await.busy().await.with_queue().await;
    check("queue.jsonl", replay, &[]).await;
}

#[tokio::test]
async fn attachments() {
    check("attachments.jsonl", Replay::with_threads().await, &[]).await;
}

#[tokio::test]
async fn read_states() {
    let replay = Replay::with_threads().await.with_revisions().await;
    check("read-state.jsonl", replay, &[]).await;
}

#[tokio::test]
async fn threads_that_are_not_loaded_are_organised() {
    check("organise-fixture.jsonl", Replay::with_fixture(), &[]).await;
}

#[tokio::test]
async fn resuming() {
    check("resume-fixture.jsonl", Replay::with_fixture(), &[HISTORY]).await;
}

#[tokio::test]
async fn lifecycle() {
    check("lifecycle-fixture.jsonl", Replay::with_fixture(), &[SPAWNED]).await;
}

#[tokio::test]
async fn ephemeral_threads() {
    check("ephemeral.jsonl", Replay::with_fixture(), &[SPAWNED]).await;
}

#[tokio::test]
async fn sections_and_projects() {
    let replay = Replay::with_spoken_threads().await;
    check("sections-projects.jsonl", replay, &[]).await;
}

#[test]
fn placeholders_fit_their_kind_only() {
    assert!(fits(
        &json!({"a": "<unix-s>", "b": "x<uuid>y"}),
        &json!({"a": 5, "b": "x123y"})
    ));
    assert!(!fits(&json!({"a": "<unix-s>"}), &json!({"a": "5"})));
    assert!(!fits(&json!({"b": "x<uuid>y"}), &json!({"b": "x123z"})));
    assert!(!fits(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
    assert!(!fits(&json!([1, 2]), &json!([2, 1])));
    assert!(fits_text("a", "a") && !fits_text("a", "ab"));
}
