//! Ephemeral threads and forks over JSON-RPC: what is told of them, what is left of them, how many there can be; and what
//! forks of other threads tell of the tokens that were used (`app-server-api.md` 3.1, 3.3, 3.14). The real server's words
//! are checked in `probes.rs`.
#![allow(clippy::disallowed_methods, reason = "tests look at the files")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use codex_app_server::limits::MAX_EPHEMERAL_THREADS;
use codex_test_support::fixture;
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, ThreadStore, View};
use serde_json::{Value, json};
use support::recording::{Home, agent, names, tokens, turn_completed, turn_started, user, whole_turn};
use support::{Wire, request};

const USAGE: &str = "thread/tokenUsage/updated";
const STARTED: &str = "thread/started";
const STATUS: &str = "thread/status/changed";

/// Sends a call; returns its result and everything told until nothing more can come.
async fn done(wire: &mut Wire, method: &str, params: Value) -> (Value, Vec<Value>) {
    wire.send(&request(1, method, params.clone())).await;
    let (mut result, mut told) = (Value::Null, Vec::new());
    loop {
        let mut message = wire.receive().await;
        match message.get("id").and_then(Value::as_i64) {
            None => told.push(message),
            Some(1) => {
                assert_eq!(message.get("error"), None, "{method}");
                result = message["result"].take();
                let thread = result["thread"]["id"].as_str().or(params["threadId"].as_str());
                let nothing = json!({"threadId": thread, "items": []});
                wire.send(&request(2, "thread/inject_items", nothing)).await;
            }
            Some(_) => return (result, told),
        }
    }
}

/// Starts an ephemeral thread, and reads what is told of it.
async fn start(wire: &mut Wire, mode: &str) -> String {
    let params = json!({"ephemeral": true, "historyMode": mode});
    let (started, told) = done(wire, "thread/start", params).await;
    assert_eq!(names(&told), [STARTED]);
    id_of(&started)
}

/// A recorded thread with some turns; everything that is told of it is read.
async fn recorded(wire: &mut Wire, mode: &str, turns: &[&str]) -> String {
    let thread = wire.start_thread(mode).await;
    for turn in turns {
        wire.append(&thread, &whole_turn(&thread, turn)).await;
        wire.told(10).await;
    }
    thread
}

fn id_of(answer: &Value) -> String {
    answer["thread"]["id"].as_str().expect("an id").to_owned()
}

fn turn_ids(thread: &Value) -> Vec<&str> {
    let turns = thread["turns"].as_array().expect("turns");
    turns.iter().map(|turn| turn["id"].as_str().expect("an id")).collect()
}

async fn loaded(wire: &mut Wire) -> Value {
    wire.result("thread/loaded/list", json!({})).await["data"].take()
}

/// Every file below a folder with its bytes.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("readable")));
        }
    }
    found.sort();
}

fn names_of(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|file| file.0.as_str()).collect()
}

/// Whether a text is the name of a file, or anywhere in one.
fn is_anywhere(files: &[(String, Vec<u8>)], text: &str) -> bool {
    files
        .iter()
        .any(|(name, bytes)| name.contains(text) || bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn a_turn_is_told_in_the_real_order_and_read_by_nobody() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let server = home.server();
        let mut other = Wire::initialized(Arc::clone(&server), true).await;
        let mut wire = Wire::initialized(server, true).await;
        let thread = start(&mut wire, mode).await;
        assert_eq!(other.told(1).await[0]["params"]["thread"]["ephemeral"], true);
        let answer = wire.append(&thread, &whole_turn(&thread, "t1")).await;
        assert_eq!(answer["persisted"], 5, "{mode}");
        assert_eq!(answer["durability"], "queued", "nothing survives the server");
        let next = if mode == "paginated" { json!(5) } else { Value::Null };
        assert_eq!(answer["nextOrdinal"], next);
        let told = wire.told(9).await;
        let expected = [
            STATUS,
            "turn/started",
            "item/started",
            "item/completed",
            "item/started",
            "item/completed",
            USAGE,
            STATUS,
            "turn/completed",
        ];
        assert_eq!(names(&told), expected, "{mode}: it is not tracked how far it was read");
        let turn = &told[8]["params"]["turn"];
        assert_eq!(turn["items"][0]["text"], "answer t1");
        let times = [&turn["startedAt"], &turn["completedAt"], &turn["durationMs"]];
        assert_eq!(
            times,
            [1_790_000_000_i64, 1_790_000_009, 9_000]
                .map(|time| json!(time))
                .each_ref()
        );
        assert_eq!((&turn["status"], &turn["error"]), (&json!("completed"), &Value::Null));
        assert_eq!(names(&other.told(2).await), [STATUS, STATUS]);

        let read = wire.result("thread/read", json!({"threadId": thread})).await;
        let shown = &read["thread"];
        assert_eq!((&shown["ephemeral"], &shown["path"]), (&json!(true), &Value::Null));
        assert_eq!((&shown["preview"], &shown["turns"]), (&json!(""), &json!([])));
        assert_eq!(read["readState"], Value::Null);
        assert_eq!(loaded(&mut wire).await, json!([thread]));
        for (method, params) in [
            ("thread/list", json!({})),
            ("thread/list", json!({"sourceKinds": [], "searchTerm": "ask"})),
            ("thread/search", json!({"searchTerm": "answer"})),
        ] {
            assert_eq!(wire.result(method, params).await["data"], json!([]), "{method}");
        }
    }
}

#[tokio::test]
async fn turns_fail_and_break_off_as_their_records_say() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = start(&mut wire, "paginated").await;
    let failed = json!({"type": "event_msg", "payload": {"type": "task_complete", "turn_id": "t1",
        "last_agent_message": null, "error": {"message": "boom", "codex_error_info": "other"}}});
    wire.append(&thread, &[turn_started("t1"), failed]).await;
    let told = wire.told(4).await;
    let turn = &told[3]["params"]["turn"];
    assert_eq!(
        (&turn["status"], &turn["error"]["message"]),
        (&json!("failed"), &json!("boom"))
    );
    assert_eq!(turn["startedAt"], 1_790_000_000, "as the turn began");
    wire.append(&thread, &[turn_started("t2"), support::recording::turn_aborted("t2")])
        .await;
    let told = wire.told(4).await;
    let turn = &told[3]["params"]["turn"];
    assert_eq!(
        (&turn["status"], &turn["completedAt"]),
        (&json!("interrupted"), &json!(1_790_000_005))
    );
}

#[tokio::test]
async fn nothing_of_ephemeral_threads_is_on_disk() {
    for view in [View::Full, View::Codex] {
        let home = Home::new();
        let store = LocalStore::open(LocalStoreOptions::new(home.path())).expect("a home");
        let server = support::server(store, view);
        let mut wire = Wire::initialized(Arc::clone(&server), true).await;
        let legacy = recorded(&mut wire, "legacy", &["t1"]).await;
        let paginated = recorded(&mut wire, "paginated", &["t1"]).await;
        wire.result("thread/list", json!({})).await;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        files(home.path(), &mut before);
        let mut made = Vec::new();
        for mode in ["paginated", "legacy"] {
            made.push(start(&mut wire, mode).await);
        }
        for source in [&legacy, &paginated] {
            let params = json!({"threadId": source, "ephemeral": true, "excludeTurns": true});
            made.push(id_of(&done(&mut wire, "thread/fork", params).await.0));
        }
        for thread in &made {
            let items = [
                turn_started("unkept"),
                user(thread, "unkept", "said in passing"),
                tokens(),
                turn_completed("unkept"),
            ];
            wire.append(thread, &items).await;
            let id = json!({"threadId": thread});
            let (_, told) = done(&mut wire, "thread/unsubscribe", id.clone()).await;
            assert_eq!(names(&told).last(), Some(&"turn/completed"));
            for (method, more) in [
                ("thread/name/set", json!({"name": "n"})),
                ("thread/metadata/update", json!({"gitInfo": {"branch": "b"}})),
                ("thread/goal/set", json!({"objective": "o"})),
                ("thread/archive", json!({})),
                ("thread/delete", json!({})),
            ] {
                let mut params = id.clone();
                params
                    .as_object_mut()
                    .expect("an object")
                    .extend(more.as_object().expect("an object").clone());
                assert_eq!(wire.error(method, params).await.0, -32600, "{method}");
            }
        }
        wire.result("thread/list", json!({})).await;
        server.shutdown().await.expect("closes");
        files(home.path(), &mut after);
        let is_rollout = |name: &String| name.contains("sessions");
        let kept = |files: &[(String, Vec<u8>)]| {
            files
                .iter()
                .filter(|file| is_rollout(&file.0))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&before), kept(&after), "{view:?}: no rollout was made or changed");
        for name in names_of(&after) {
            let is_sqlite = name.contains(".sqlite");
            assert!(
                names_of(&before).contains(&name) || is_sqlite,
                "{view:?}: {name} is new"
            );
        }
        for text in made.iter().map(String::as_str).chain(["said in passing", "unkept"]) {
            assert!(!is_anywhere(&after, text), "{view:?}: {text}");
        }
        assert!(is_anywhere(&after, "ask t1"), "the search looks at the right places");
    }
}

#[tokio::test]
async fn an_ephemeral_thread_is_in_its_project_until_that_is_gone() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let project = json!({"name": "p", "idempotencyKey": "k", "roots": []});
    let created = wire.result("project/create", project).await;
    wire.told(1).await;
    let id = created["project"]["id"].clone();
    let params = json!({"ephemeral": true, "projectId": id});
    let (started, _) = done(&mut wire, "thread/start", params).await;
    assert_eq!(started["thread"]["projectId"], id);
    let thread = json!({"threadId": started["thread"]["id"]});
    wire.result("project/delete", json!({"projectId": id})).await;
    assert_eq!(names(&wire.told(1).await), ["project/changed"]);
    let read = wire.result("thread/read", thread).await;
    assert_eq!(read["thread"]["projectId"], Value::Null);
}

#[tokio::test]
async fn an_ephemeral_fork_of_a_legacy_thread_shows_the_turns_up_to_the_cut() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let source = recorded(&mut wire, "legacy", &["t1", "t2"]).await;
    done(&mut wire, "thread/name/set", json!({"threadId": source, "name": "n"})).await;
    let rollout = home.rollout();
    for (cut, turns, told_of) in [
        (json!({}), &["t1", "t2"][..], Some("t2")),
        (json!({"lastTurnId": "t1"}), &["t1"], Some("t1")),
        (json!({"beforeTurnId": "t2"}), &["t1"], Some("t1")),
        (json!({"beforeTurnId": "t1"}), &[], None),
    ] {
        let mut params = cut.clone();
        params["threadId"] = json!(source);
        params["ephemeral"] = json!(true);
        let (fork, told) = done(&mut wire, "thread/fork", params.clone()).await;
        let thread = &fork["thread"];
        assert_eq!(turn_ids(thread), turns, "{cut}");
        let preview = if turns.is_empty() { "" } else { "ask t1" };
        assert_eq!((&thread["preview"], &thread["name"]), (&json!(preview), &json!("n")));
        assert_eq!(
            (&thread["forkedFromId"], &thread["ephemeral"]),
            (&json!(source), &json!(true))
        );
        let expected: Vec<&str> = told_of.map(|_| USAGE).into_iter().chain([STARTED]).collect();
        assert_eq!(names(&told), expected, "{cut}");
        if let Some(turn) = told_of {
            assert_eq!(
                (&told[0]["params"]["threadId"], &told[0]["params"]["turnId"]),
                (&thread["id"], &json!(turn))
            );
        }
        assert_eq!(told.last().expect("told")["params"]["thread"]["turns"], json!([]));
        // The full view goes on saying where the fork comes from; the real server forgets it.
        let read = wire.result("thread/read", json!({"threadId": thread["id"]})).await;
        assert_eq!(
            (&read["thread"]["forkedFromId"], &read["thread"]["preview"]),
            (&json!(source), &json!(preview))
        );

        params["excludeTurns"] = json!(true);
        let (fork, told) = done(&mut wire, "thread/fork", params).await;
        assert_eq!((turn_ids(&fork["thread"]).len(), names(&told)), (0, vec![STARTED]));
    }
    assert_eq!(home.rollout(), rollout, "the source is as it was");
}

#[tokio::test]
async fn ephemeral_forks_leave_every_source_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fixture::listing_home(folder.path()).expect("writable");
    let mut options = LocalStoreOptions::new(folder.path());
    options.clock = Clock::from_fn(|| 1_900_000_000_000);
    let store = LocalStore::open(options).expect("a home");
    let maintenance = store.maintenance().expect("a store that compresses");
    maintenance.compress().await.expect("compressed");
    let mut before = Vec::new();
    files(folder.path(), &mut before);
    let is_compressed = |file: &&(String, Vec<u8>)| file.0.ends_with(".jsonl.zst");
    assert!(before.iter().filter(is_compressed).count() > 3, "idle for years");
    let server = support::server(store, View::Full);
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let mut forks = 0;
    for number in 1..=21 {
        let params = json!({"threadId": fixture::id(number), "ephemeral": true, "excludeTurns": true});
        wire.send(&request(1, "thread/fork", params)).await;
        let answer = wire.receive().await;
        if answer.get("error").is_none() {
            wire.told(1).await;
            forks += 1;
        }
    }
    assert!(forks >= 17, "{forks} forks");
    server.shutdown().await.expect("closes");
    let mut after = Vec::new();
    files(folder.path(), &mut after);
    for found in [&mut before, &mut after] {
        // Reads may write the index and plain copies of what is compressed; everything else is somebody's data.
        found.retain(|file| !file.0.contains(".sqlite") && !file.0.contains("/cache/"));
    }
    assert_eq!(names_of(&after), names_of(&before));
    let changed = after.iter().zip(&before).find(|(after, before)| after != before);
    assert_eq!(changed.map(|(file, _)| &file.0), None, "it has changed");
}

#[tokio::test]
async fn a_turn_that_runs_in_the_source_is_interrupted_in_the_fork() {
    for mode in ["legacy", "paginated"] {
        let home = Home::new();
        let mut wire = Wire::initialized(home.server(), true).await;
        let source = recorded(&mut wire, mode, &["t1"]).await;
        let begun = [turn_started("t2"), user(&source, "t2", "go on")];
        wire.append(&source, &begun).await;
        wire.told(4).await;
        let mut params = json!({"threadId": source, "ephemeral": true, "excludeTurns": mode == "paginated"});
        let (fork, told) = done(&mut wire, "thread/fork", params.clone()).await;
        assert_eq!(fork["thread"]["status"], json!({"type": "idle"}));
        if mode == "legacy" {
            assert_eq!(turn_ids(&fork["thread"]), ["t1", "t2"]);
            assert_eq!(fork["thread"]["turns"][1]["status"], "interrupted");
            assert_eq!(told[0]["params"]["turnId"], "t1", "the turn that used the tokens");
        }
        params["lastTurnId"] = json!("t2");
        let running = "lastTurnId 't2' identifies an in-progress turn".to_owned();
        assert_eq!(wire.error("thread/fork", params).await, (-32600, running));
    }
}

#[tokio::test]
async fn an_ephemeral_fork_outlives_its_source() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let source = recorded(&mut wire, "paginated", &["t1", "t2"]).await;
    let params = json!({"threadId": source, "ephemeral": true, "excludeTurns": true, "lastTurnId": "t1"});
    let (fork, _) = done(&mut wire, "thread/fork", params).await;
    let fork = id_of(&fork);
    let (_, told) = done(&mut wire, "thread/delete", json!({"threadId": source})).await;
    assert_eq!(names(&told), [STATUS, "thread/deleted"], "no history references it");
    wire.append(&fork, &whole_turn(&fork, "t3")).await;
    assert_eq!(names(&wire.told(9).await)[8], "turn/completed");
    assert_eq!(loaded(&mut wire).await, json!([fork]));
}

#[tokio::test]
async fn an_ephemeral_thread_is_gone_when_it_is_unloaded() {
    let home = Home::new();
    let server = home.server_that_unloads_after(Duration::ZERO);
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let mut other = Wire::initialized(server, true).await;
    let first = start(&mut wire, "paginated").await;
    other.told(1).await;
    let second = start(&mut other, "legacy").await;
    wire.told(1).await;
    let id = json!({"threadId": first});
    let left = wire.result("thread/unsubscribe", id.clone()).await;
    assert_eq!(left["status"], "unsubscribed");
    assert_eq!(names(&wire.told(2).await), [STATUS, "thread/closed"]);
    assert_eq!(loaded(&mut wire).await, json!([second]));
    for (method, message) in [
        ("thread/read", format!("thread not loaded: {first}")),
        ("thread/turns/list", format!("thread not loaded: {first}")),
        ("thread/resume", format!("no rollout found for thread id {first}")),
        ("thread/delete", format!("no rollout found for thread id {first}")),
        ("thread/goal/get", format!("thread not found: {first}")),
    ] {
        assert_eq!(wire.error(method, id.clone()).await, (-32600, message));
    }
    let left = wire.result("thread/unsubscribe", id).await;
    assert_eq!(left["status"], "notLoaded");
    drop(other);
    assert_eq!(
        names(&wire.told(2).await),
        [STATUS, "thread/closed"],
        "its client has gone"
    );
    assert_eq!(loaded(&mut wire).await, json!([]));
}

#[tokio::test]
async fn ephemeral_threads_end_with_the_server() {
    let home = Home::new();
    let server = home.server();
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let thread = start(&mut wire, "paginated").await;
    wire.append(
        &thread,
        &[turn_started("t1"), agent(&thread, "t1", "m", "half a sentence")],
    )
    .await;
    wire.told(4).await;
    server.shutdown().await.expect("there is nothing to sync");
    let mut next = Wire::initialized(home.server(), true).await;
    assert_eq!(loaded(&mut next).await, json!([]));
    let unknown = format!("thread not loaded: {thread}");
    assert_eq!(
        next.error("thread/read", json!({"threadId": thread})).await,
        (-32600, unknown)
    );
}

#[tokio::test]
async fn ephemeral_threads_are_taken_in_up_to_their_limit() {
    let home = Home::new();
    let server = home.server_that_unloads_after(Duration::ZERO);
    let mut wire = Wire::without(server, &[STARTED]).await;
    let recorded = wire.result("thread/start", json!({})).await;
    let params = json!({"ephemeral": true});
    let mut last = String::new();
    for _ in 0..MAX_EPHEMERAL_THREADS {
        last = id_of(&wire.result("thread/start", params.clone()).await);
    }
    let full = format!(
        "at most {MAX_EPHEMERAL_THREADS} ephemeral threads are loaded at a time; unsubscribe from those that are done"
    );
    assert_eq!(wire.error("thread/start", params.clone()).await, (-32600, full.clone()));
    wire.result("thread/start", json!({})).await;
    let source = id_of(&recorded);
    wire.result("thread/name/set", json!({"threadId": source, "name": "n"}))
        .await;
    wire.told(1).await;
    let fork = json!({"threadId": source, "ephemeral": true, "excludeTurns": true});
    assert_eq!(wire.error("thread/fork", fork.clone()).await, (-32600, full));
    assert_eq!(
        loaded(&mut wire).await.as_array().map(Vec::len),
        Some(MAX_EPHEMERAL_THREADS + 2)
    );

    wire.result("thread/unsubscribe", json!({"threadId": last})).await;
    assert_eq!(names(&wire.told(2).await), [STATUS, "thread/closed"]);
    assert_eq!(wire.result("thread/fork", fork).await["thread"]["ephemeral"], true);
    let (code, _) = wire.error("thread/start", params).await;
    assert_eq!(code, -32600, "the fork has taken the place");
}

#[tokio::test]
async fn paginated_forks_tell_the_use_of_tokens_of_what_they_inherit() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let source = recorded(&mut wire, "paginated", &["t1", "t2"]).await;
    for (cut, told_of) in [
        (json!({}), Some("t2")),
        (json!({"lastTurnId": "t1"}), Some("t1")),
        (json!({"beforeTurnId": "t2"}), Some("t1")),
        (json!({"beforeTurnId": "t1"}), None),
    ] {
        let mut params = cut.clone();
        params["threadId"] = json!(source);
        let (fork, told) = done(&mut wire, "thread/fork", params.clone()).await;
        let usage = told_of.map(|_| USAGE);
        let expected: Vec<&str> = ["deprecationNotice"]
            .into_iter()
            .chain(usage)
            .chain([STARTED])
            .collect();
        assert_eq!(names(&told), expected, "{cut}");
        if let Some(turn) = told_of {
            let params = &told[1]["params"];
            assert_eq!(
                (&params["threadId"], &params["turnId"]),
                (&fork["thread"]["id"], &json!(turn))
            );
            assert_eq!(params["tokenUsage"]["total"]["totalTokens"], 360);
        }
        // A fork of the fork has it from further away, and a resume tells it again.
        let again = json!({"threadId": fork["thread"]["id"]});
        let (_, told) = done(&mut wire, "thread/fork", again.clone()).await;
        assert_eq!(names(&told), expected, "{cut}");
        let (_, told) = done(&mut wire, "thread/resume", again).await;
        let expected: Vec<&str> = ["deprecationNotice"]
            .into_iter()
            .chain(usage)
            .chain(["thread/goal/cleared"])
            .collect();
        assert_eq!(names(&told), expected, "{cut}");
        params["excludeTurns"] = json!(true);
        let (_, told) = done(&mut wire, "thread/fork", params).await;
        assert_eq!(names(&told), [STARTED], "{cut}");
    }
}

/// Appends a turn that uses no tokens and says this much.
async fn long_turn(wire: &mut Wire, thread: &str, turn: &str, bytes: usize) {
    let items = [
        turn_started(turn),
        agent(thread, turn, &format!("msg_{turn}"), &"x".repeat(bytes)),
        turn_completed(turn),
    ];
    wire.append(thread, &items).await;
    wire.told(7).await;
}

#[tokio::test]
async fn the_use_of_tokens_is_looked_for_in_one_mebibyte_whatever_it_is_spread_over() {
    const MIB: usize = 1 << 20;
    for (inherited, own, expected) in [
        (MIB - 8_192, 0, Some(USAGE)),
        (MIB + 8_192, 0, None),
        (MIB / 2 - 8_192, MIB / 2 - 8_192, Some(USAGE)),
        (MIB / 2 + 8_192, MIB / 2 + 8_192, None),
    ] {
        let home = Home::new();
        let mut wire = Wire::initialized(home.server(), true).await;
        let mut thread = recorded(&mut wire, "paginated", &["t1"]).await;
        long_turn(&mut wire, &thread, "t2", inherited).await;
        if own > 0 {
            let params = json!({"threadId": thread, "excludeTurns": true, "threadSource": "user"});
            thread = id_of(&done(&mut wire, "thread/fork", params).await.0);
            long_turn(&mut wire, &thread, "t3", own).await;
        }
        let (_, told) = done(&mut wire, "thread/fork", json!({"threadId": thread})).await;
        let names = names(&told);
        let found = names.iter().find(|name| **name == USAGE);
        assert_eq!(found.copied(), expected, "{inherited} and {own} bytes behind it");
    }
}
