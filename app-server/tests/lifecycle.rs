//! Forks, reverts, the archive and deletion over JSON-RPC, end to end: what is answered, what becomes of loaded threads,
//! and who is told what in which order (`app-server-api.md` 3.3, 3.12, 3.13, 3.15).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_test_support::fixture;
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};
use support::recording::{Home, names, turn_started, user, whole_turn};
use support::{Wire, request};

const UNKNOWN: &str = "01a0c400-0000-7000-8000-000000000001";
const DEPRECATION: &str = "deprecationNotice";
const STATUS: &str = "thread/status/changed";

/// Sends a call; returns its result and everything told until nothing more can come.
async fn done(wire: &mut Wire, method: &str, params: Value) -> (Value, Vec<Value>) {
    wire.send(&request(1, method, params.clone())).await;
    let thread = params["threadId"].clone();
    wire.send(&request(
        2,
        "thread/inject_items",
        json!({"threadId": thread, "items": []}),
    ))
    .await;
    let (mut result, mut told) = (Value::Null, Vec::new());
    loop {
        let mut message = wire.receive().await;
        match message.get("id").and_then(Value::as_i64) {
            None => told.push(message),
            Some(1) => {
                assert_eq!(message.get("error"), None, "{method}");
                result = message["result"].take();
            }
            Some(_) => return (result, told),
        }
    }
}

/// Starts a thread with some turns; everything that is told of it is read.
async fn recorded(wire: &mut Wire, mode: &str, turns: &[&str]) -> String {
    let thread = wire.start_thread(mode).await;
    for turn in turns {
        wire.append(&thread, &whole_turn(&thread, turn)).await;
        wire.told(10).await;
    }
    thread
}

async fn loaded(wire: &mut Wire) -> Vec<String> {
    let list = wire.result("thread/loaded/list", json!({})).await;
    serde_json::from_value(list["data"].clone()).expect("ids")
}

fn turn_ids(thread: &Value) -> Vec<&str> {
    let turns = thread["turns"].as_array().expect("turns");
    turns.iter().map(|turn| turn["id"].as_str().expect("an id")).collect()
}

async fn fixture_wire() -> (tempfile::TempDir, Wire) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fixture::listing_home(folder.path()).expect("writable");
    let store = LocalStore::open(LocalStoreOptions::new(folder.path())).expect("a home");
    let wire = Wire::initialized(support::server(store, View::Codex), true).await;
    (folder, wire)
}

fn told_threads(told: &[Value], method: &str) -> Vec<String> {
    assert!(names(told).iter().all(|name| *name == method), "{told:?}");
    let id = |message: &Value| message["params"]["threadId"].as_str().expect("an id").to_owned();
    told.iter().map(id).collect()
}

#[tokio::test]
async fn archiving_unloads_and_unarchiving_does_not_load() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let mut wire = Wire::initialized(home.server(), true).await;
        let thread = recorded(&mut wire, mode, &["t1"]).await;
        let id = json!({"threadId": thread});
        let (result, told) = done(&mut wire, "thread/archive", id.clone()).await;
        assert_eq!(result, json!({}));
        assert_eq!(names(&told), [STATUS, "thread/archived"]);
        assert_eq!(
            told[0]["params"],
            json!({"threadId": thread, "status": {"type": "notLoaded"}})
        );
        assert_eq!(told[1]["params"], id);
        assert!(loaded(&mut wire).await.is_empty());
        let read = wire
            .result("thread/read", json!({"threadId": thread, "includeTurns": true}))
            .await;
        assert_eq!(turn_ids(&read["thread"]), ["t1"]);

        let missing = (-32600, format!("no rollout found for thread id {thread}"));
        assert_eq!(wire.error("thread/archive", id.clone()).await, missing);
        for method in ["thread/resume", "thread/fork"] {
            let archived =
                format!("session {thread} is archived. Run `codex unarchive {thread}` to unarchive it first.");
            assert_eq!(wire.error(method, id.clone()).await, (-32600, archived));
        }

        let (result, told) = done(&mut wire, "thread/unarchive", id.clone()).await;
        assert_eq!(result["thread"]["status"], json!({"type": "notLoaded"}));
        assert_eq!(result["thread"]["id"], thread);
        assert_eq!(names(&told), ["thread/unarchived"]);
        assert!(loaded(&mut wire).await.is_empty());
        let missing = (-32600, format!("no archived rollout found for thread id {thread}"));
        assert_eq!(wire.error("thread/unarchive", id.clone()).await, missing);
        // The lock is free, and the thread goes on.
        let (_, told) = done(
            &mut wire,
            "thread/resume",
            json!({"threadId": thread, "excludeTurns": true}),
        )
        .await;
        assert_eq!(names(&told)[0], STATUS);
    }
}

#[tokio::test]
async fn a_turn_that_runs_is_told_to_be_interrupted_before_its_thread_goes() {
    for (method, last) in [
        ("thread/archive", "thread/archived"),
        ("thread/delete", "thread/deleted"),
    ] {
        let home = Home::new();
        let mut wire = Wire::initialized(home.server(), true).await;
        let thread = wire.start_thread("paginated").await;
        wire.append(&thread, &[turn_started("t1"), user(&thread, "t1", "go")])
            .await;
        wire.told(4).await;
        let (_, told) = done(&mut wire, method, json!({"threadId": thread})).await;
        assert_eq!(names(&told), [STATUS, "turn/completed", STATUS, last]);
        assert_eq!(told[0]["params"]["status"], json!({"type": "idle"}));
        assert_eq!(told[1]["params"]["turn"]["status"], "interrupted");
        assert_eq!(told[2]["params"]["status"], json!({"type": "notLoaded"}));
    }
}

#[tokio::test]
async fn a_thread_without_records_is_archived_with_a_rollout_and_deleted_without() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let first = wire.start_thread("paginated").await;
    let (_, told) = done(&mut wire, "thread/archive", json!({"threadId": first})).await;
    assert_eq!(names(&told), [STATUS, "thread/archived"]);
    assert_eq!(
        wire.result("thread/read", json!({"threadId": first})).await["thread"]["id"],
        first
    );
    let second = wire.start_thread("paginated").await;
    let (_, told) = done(&mut wire, "thread/delete", json!({"threadId": second})).await;
    assert_eq!(names(&told), [STATUS, "thread/deleted"]);
    assert!(home.rollouts().is_empty(), "{:?}", home.rollouts());
}

#[tokio::test]
async fn spawned_threads_go_with_theirs_in_the_real_order() {
    let (_folder, mut wire) = fixture_wire().await;
    let [parent, child, grandchild] = [2, 7, 8].map(fixture::id);
    let id = json!({"threadId": parent});
    let (_, told) = done(&mut wire, "thread/archive", id.clone()).await;
    assert_eq!(
        told_threads(&told, "thread/archived"),
        [&*parent, &*grandchild, &*child]
    );
    let (_, told) = done(&mut wire, "thread/unarchive", id.clone()).await;
    assert_eq!(
        told_threads(&told, "thread/unarchived"),
        [&*parent, &*child, &*grandchild]
    );
    let (_, told) = done(&mut wire, "thread/delete", id).await;
    assert_eq!(told_threads(&told, "thread/deleted"), [&*grandchild, &*child, &*parent]);
}

#[tokio::test]
async fn a_spawned_thread_that_is_loaded_is_unloaded_with_its_parent() {
    let (_folder, mut wire) = fixture_wire().await;
    let [parent, child] = [2, 7].map(fixture::id);
    done(
        &mut wire,
        "thread/resume",
        json!({"threadId": child, "excludeTurns": true}),
    )
    .await;
    let (_, told) = done(&mut wire, "thread/archive", json!({"threadId": parent})).await;
    assert_eq!(names(&told)[0], STATUS);
    assert_eq!(
        told[0]["params"],
        json!({"threadId": child, "status": {"type": "notLoaded"}})
    );
    assert_eq!(told_threads(&told[1..], "thread/archived").len(), 3);
    assert!(loaded(&mut wire).await.is_empty());
}

#[tokio::test]
async fn a_refused_deletion_leaves_the_thread_loaded() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut wire, "paginated", &["t1"]).await;
    let fork = json!({"threadId": thread, "excludeTurns": true, "attachToSource": true});
    let (attached, told) = done(&mut wire, "thread/fork", fork).await;
    assert_eq!(names(&told), <[&str; 0]>::default(), "nobody hears of an attached fork");
    let attached = attached["thread"]["id"].as_str().expect("an id").to_owned();
    let id = json!({"threadId": thread});
    let refused =
        format!("cannot delete thread while attached thread {attached} exists; delete the attached thread first");
    assert_eq!(wire.error("thread/delete", id.clone()).await, (-32600, refused));
    done(&mut wire, "thread/delete", json!({"threadId": attached})).await;

    let (fork, _) = done(
        &mut wire,
        "thread/fork",
        json!({"threadId": thread, "excludeTurns": true}),
    )
    .await;
    let refused = format!("cannot delete thread {thread}: forked history still references it");
    assert_eq!(wire.error("thread/delete", id.clone()).await, (-32600, refused));
    assert!(loaded(&mut wire).await.contains(&thread));
    wire.append(&thread, &whole_turn(&thread, "t2")).await;
    wire.told(10).await;

    done(&mut wire, "thread/delete", json!({"threadId": fork["thread"]["id"]})).await;
    let (_, told) = done(&mut wire, "thread/delete", id.clone()).await;
    assert_eq!(names(&told), [STATUS, "thread/deleted"]);
    assert!(home.rollouts().is_empty(), "{:?}", home.rollouts());
    let missing = (-32600, format!("no rollout found for thread id {thread}"));
    assert_eq!(wire.error("thread/delete", id).await, missing);
}

#[tokio::test]
async fn what_another_server_writes_is_neither_archived_nor_deleted_but_forked() {
    let home = Home::new();
    let mut writer = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut writer, "paginated", &["t1"]).await;
    let mut wire = Wire::initialized(home.server(), true).await;
    let refused = (-32600, format!("thread {thread} already has an active writer"));
    for method in ["thread/archive", "thread/delete"] {
        assert_eq!(wire.error(method, json!({"threadId": thread})).await, refused);
    }
    let (fork, told) = done(
        &mut wire,
        "thread/fork",
        json!({"threadId": thread, "excludeTurns": true}),
    )
    .await;
    assert_eq!(fork["thread"]["forkedFromId"], thread);
    assert_eq!(names(&told), ["thread/started"]);
}

#[tokio::test]
async fn a_fork_has_the_turns_up_to_the_cut_and_the_name() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let server = home.server();
        let mut other = Wire::initialized(Arc::clone(&server), true).await;
        let mut wire = Wire::initialized(server, true).await;
        let thread = recorded(&mut wire, mode, &["t1", "t2", "t3"]).await;
        done(&mut wire, "thread/name/set", json!({"threadId": thread, "name": "n"})).await;
        other.told(8).await;
        let before: &[&str] = if mode == "paginated" { &[DEPRECATION] } else { &[] };
        for (cut, turns) in [
            (json!({}), &["t1", "t2", "t3"][..]),
            (json!({"lastTurnId": "t2"}), &["t1", "t2"]),
            (json!({"beforeTurnId": "t2"}), &["t1"]),
            (json!({"beforeTurnId": "t1"}), &[]),
        ] {
            let mut params = cut.clone();
            params["threadId"] = json!(thread);
            let (result, told) = done(&mut wire, "thread/fork", params.clone()).await;
            let fork = &result["thread"];
            assert_eq!(turn_ids(fork), turns, "{mode} {cut}");
            assert_eq!(
                (
                    &fork["forkedFromId"],
                    &fork["name"],
                    &fork["historyMode"],
                    &fork["status"]["type"]
                ),
                (&json!(thread), &json!("n"), &json!(mode), &json!("idle"))
            );
            let preview = if turns.is_empty() { "" } else { "ask t1" };
            assert_eq!(fork["preview"], preview);
            let seen: Vec<&str> = names(&told)
                .into_iter()
                .filter(|name| !name.contains("tokenUsage"))
                .collect();
            assert_eq!(seen, [before, &["thread/started"]].concat(), "{mode} {cut}");
            let started = &told.last().expect("told")["params"]["thread"];
            assert_eq!((&started["id"], &started["turns"]), (&fork["id"], &json!([])));
            let heard = other.told(1).await;
            assert_eq!(heard[0]["params"]["thread"]["id"], fork["id"]);

            params["excludeTurns"] = json!(true);
            let (result, told) = done(&mut wire, "thread/fork", params).await;
            assert_eq!(turn_ids(&result["thread"]), <[&str; 0]>::default());
            assert_eq!(names(&told), ["thread/started"]);
            other.told(1).await;
        }
    }
}

#[tokio::test]
async fn a_legacy_fork_tells_the_use_of_tokens_between_the_answer_and_its_start() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut wire, "legacy", &["t1", "t2"]).await;
    let (fork, told) = done(
        &mut wire,
        "thread/fork",
        json!({"threadId": thread, "lastTurnId": "t1"}),
    )
    .await;
    assert_eq!(names(&told), ["thread/tokenUsage/updated", "thread/started"]);
    assert_eq!(told[0]["params"]["threadId"], fork["thread"]["id"]);
    assert_eq!(told[0]["params"]["turnId"], "t1");
}

#[tokio::test]
async fn forks_that_cannot_be_are_refused_in_the_real_words() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let paginated = recorded(&mut wire, "paginated", &["t1"]).await;
    let legacy = recorded(&mut wire, "legacy", &["t1"]).await;
    let running = wire.start_thread("paginated").await;
    wire.append(&running, &[turn_started("t1"), user(&running, "t1", "go")])
        .await;
    wire.told(4).await;
    let files = home.rollouts().len();
    for (thread, params, code, expected) in [
        (
            &*paginated,
            json!({"lastTurnId": "a", "beforeTurnId": "b"}),
            -32600,
            "`beforeTurnId` cannot be combined with `lastTurnId`",
        ),
        (
            &*paginated,
            json!({"permissions": "p", "sandbox": "read-only"}),
            -32600,
            "`permissions` cannot be combined with `sandbox`",
        ),
        (&*paginated, json!({"lastTurnId": "zz"}), -32600, "turn not found: zz"),
        (&*paginated, json!({"beforeTurnId": "zz"}), -32600, "turn not found: zz"),
        (
            &*legacy,
            json!({"lastTurnId": "zz"}),
            -32600,
            "lastTurnId 'zz' was not found in the source thread",
        ),
        (
            &*running,
            json!({"lastTurnId": "t1"}),
            -32600,
            "lastTurnId 't1' identifies an in-progress turn",
        ),
        (
            &*legacy,
            json!({"attachToSource": true}),
            -32600,
            "attachToSource requires a paginated parent",
        ),
        (
            &*paginated,
            json!({"ephemeral": true}),
            -32600,
            "ephemeral paginated thread/fork requires `excludeTurns: true`",
        ),
        (
            &*paginated,
            json!({"ephemeral": true, "attachToSource": true}),
            -32600,
            "attachToSource cannot be combined with ephemeral or deferGoalContinuation",
        ),
        (
            &*paginated,
            json!({"deferGoalContinuation": true, "ephemeral": true}),
            -32600,
            "`deferGoalContinuation` cannot be combined with `ephemeral`",
        ),
        (
            UNKNOWN,
            json!({}),
            -32600,
            "no rollout found for thread id 01a0c400-0000-7000-8000-000000000001",
        ),
        (
            UNKNOWN,
            json!({"path": "/nope.jsonl"}),
            -32600,
            "failed to resolve rollout path `/nope.jsonl`: file does not exist",
        ),
        (
            "abc",
            json!({}),
            -32600,
            "invalid session id: invalid length: expected length 32 for simple format, found 3",
        ),
    ] {
        let mut params = params;
        params["threadId"] = json!(thread);
        assert_eq!(wire.error("thread/fork", params).await, (code, expected.to_owned()));
    }
    assert_eq!(home.rollouts().len(), files, "nothing was made");
}

#[tokio::test]
async fn a_fork_by_path_ignores_the_id_and_can_be_recorded_into() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut wire, "paginated", &["t1"]).await;
    let path = home.rollouts()[0].display().to_string();
    let params = json!({"threadId": UNKNOWN, "path": path, "excludeTurns": true, "threadSource": "x"});
    let (fork, _) = done(&mut wire, "thread/fork", params).await;
    assert_eq!(fork["thread"]["forkedFromId"], thread);
    assert_eq!(fork["thread"]["threadSource"], "x");
    let fork = fork["thread"]["id"].as_str().expect("an id").to_owned();
    wire.append(&fork, &whole_turn(&fork, "t2")).await;
    wire.told(9).await;
    let read = wire
        .result("thread/read", json!({"threadId": fork, "includeTurns": true}))
        .await;
    assert_eq!(turn_ids(&read["thread"]), ["t1", "t2"]);
}

#[tokio::test]
async fn a_reverted_thread_goes_on_behind_the_kept_turns() {
    let home = Home::new();
    let server = home.server();
    let mut other = Wire::initialized(Arc::clone(&server), true).await;
    let mut wire = Wire::initialized(server, true).await;
    let thread = recorded(&mut wire, "paginated", &["t1", "t2", "t3"]).await;
    other.told(7).await;
    let revert = json!({"threadId": thread, "beforeTurnId": "t2"});
    let (result, told) = done(&mut wire, "thread/revert", revert.clone()).await;
    assert_eq!(names(&told), [STATUS, STATUS, "thread/reverted"]);
    assert_eq!(told[0]["params"]["status"], json!({"type": "notLoaded"}));
    assert_eq!(told[1]["params"]["status"], json!({"type": "idle"}));
    assert_eq!(told[2]["params"], json!({"threadId": thread}));
    assert_eq!(names(&other.told(3).await), [STATUS, STATUS, "thread/reverted"]);
    assert_eq!(
        (&result["thread"]["turns"], &result["thread"]["status"]["type"]),
        (&json!([]), &json!("idle"))
    );
    for cursor in ["turnsBackwardsCursor", "itemsBackwardsCursor"] {
        assert!(result[cursor].is_string(), "{result}");
    }
    let missing = (-32600, "turn not found: t2".to_owned());
    assert_eq!(wire.error("thread/revert", revert).await, missing);

    wire.append(&thread, &whole_turn(&thread, "t4")).await;
    assert_eq!(
        names(&wire.told(10).await)[9],
        "turn/completed",
        "subscribers listen on"
    );
    let read = wire
        .result("thread/read", json!({"threadId": thread, "includeTurns": true}))
        .await;
    assert_eq!(turn_ids(&read["thread"]), ["t1", "t4"]);
    assert_eq!(
        read["readState"]["firstUnread"],
        json!({"type": "turn", "turnId": "t1"})
    );
    assert_eq!(home.rollouts().len(), 2);
}

#[tokio::test]
async fn reverting_everything_leaves_nothing_unread_and_no_cursors() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut wire, "paginated", &["t1"]).await;
    let revert = json!({"threadId": thread, "beforeTurnId": "t1"});
    let (result, told) = done(&mut wire, "thread/revert", revert).await;
    assert_eq!(
        names(&told),
        [STATUS, "thread/readState/changed", STATUS, "thread/reverted"]
    );
    assert_eq!(told[1]["params"]["readState"]["firstUnread"], Value::Null);
    assert_eq!(result["turnsBackwardsCursor"], Value::Null);
    assert_eq!(result["itemsBackwardsCursor"], Value::Null);
    let read = wire.result("thread/read", json!({"threadId": thread})).await;
    assert_eq!(read["readState"], told[1]["params"]["readState"]);
}

#[tokio::test]
async fn a_turn_that_runs_is_interrupted_by_a_revert() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = recorded(&mut wire, "paginated", &["t1"]).await;
    wire.append(&thread, &[turn_started("t2"), user(&thread, "t2", "go")])
        .await;
    wire.told(4).await;
    let (_, told) = done(
        &mut wire,
        "thread/revert",
        json!({"threadId": thread, "beforeTurnId": "t2"}),
    )
    .await;
    assert_eq!(
        names(&told),
        [STATUS, "turn/completed", STATUS, STATUS, "thread/reverted"]
    );
    assert_eq!(told[1]["params"]["turn"]["status"], "interrupted");
}

#[tokio::test]
async fn reverts_need_a_loaded_thread_and_in_the_exact_view_a_paginated_one() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    for (thread, expected) in [
        (UNKNOWN, format!("thread not found: {UNKNOWN}")),
        (
            "abc",
            "invalid thread id: invalid length: expected length 32 for simple format, found 3".to_owned(),
        ),
    ] {
        let params = json!({"threadId": thread, "beforeTurnId": "x"});
        assert_eq!(wire.error("thread/revert", params).await, (-32600, expected));
    }
    let unwritten = wire.start_thread("paginated").await;
    let params = json!({"threadId": unwritten, "beforeTurnId": "x"});
    let missing = (-32600, "turn not found: x".to_owned());
    assert_eq!(wire.error("thread/revert", params).await, missing);
    assert!(home.rollouts().is_empty());

    // The full view reverts legacy threads with the marker that old versions understand.
    let legacy = recorded(&mut wire, "legacy", &["t1", "t2"]).await;
    let (result, told) = done(
        &mut wire,
        "thread/revert",
        json!({"threadId": legacy, "beforeTurnId": "t2"}),
    )
    .await;
    assert_eq!(names(&told), [STATUS, STATUS, "thread/reverted"]);
    assert_eq!(result["turnsBackwardsCursor"], Value::Null);
    assert!(home.rollout().contains("thread_rolled_back"));

    let (_folder, mut exact) = fixture_wire().await;
    let thread = exact.start_thread("legacy").await;
    let params = json!({"threadId": thread, "beforeTurnId": "x"});
    let refused = (-32600, "thread/revert only supports paginated threads".to_owned());
    assert_eq!(exact.error("thread/revert", params).await, refused);
}

#[tokio::test]
async fn stores_that_only_read_say_so() {
    let store = support::FakeStore::new(support::Script::default());
    let mut wire = Wire::initialized(support::server(store, View::Full), true).await;
    for method in ["thread/archive", "thread/unarchive", "thread/delete", "thread/fork"] {
        let refused = (-32601, format!("{method} is not supported by this store"));
        let id = json!({"threadId": support::id(3).to_string()});
        assert_eq!(wire.error(method, id).await, refused);
    }
}
