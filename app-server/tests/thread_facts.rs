//! Goals, queues, attachments and read states over JSON-RPC, end to end: kept across servers, told to whom, and refused
//! when (`app-server-api.md` 3.20 to 3.23). The real server's words are checked in `probes.rs`.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_app_server::Server;
use codex_thread_store::organise::{MAX_PAYLOAD_BYTES, MAX_QUEUED_SUBMISSIONS, MAX_SUBMISSION_BYTES};
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};
use support::recording::{Home, names, turn_aborted, turn_started, whole_turn};
use support::{Wire, request};

const UNKNOWN: &str = "01a0c400-0000-7000-8000-000000000001";

/// Sends a call; returns its answer and everything told until nothing more can come.
async fn answered(wire: &mut Wire, method: &str, params: Value) -> (Value, Vec<Value>) {
    wire.send(&request(1, method, params.clone())).await;
    let thread = params.get("threadId").cloned().unwrap_or_else(|| json!(UNKNOWN));
    let nothing = json!({"threadId": thread, "items": []});
    let (mut answer, mut told) = (Value::Null, Vec::new());
    let mut is_last = false;
    loop {
        let message = wire.receive().await;
        match message.get("id").and_then(Value::as_i64) {
            None => told.push(message),
            // Changes of a thread are answered in order, so that everything has come when this is refused.
            Some(1) => {
                answer = message;
                wire.send(&request(2, "thread/inject_items", nothing.clone())).await;
                is_last = true;
            }
            Some(_) if is_last => return (answer, told),
            Some(other) => panic!("unexpected answer {other}: {message}"),
        }
    }
}

/// Sends a call; returns its result and everything told until nothing more can come.
async fn done(wire: &mut Wire, method: &str, params: Value) -> (Value, Vec<Value>) {
    let (mut answer, told) = answered(wire, method, params).await;
    assert_eq!(answer.get("error"), None, "{method}");
    (answer["result"].take(), told)
}

/// Sends a call; returns code and text of its error. Nobody is told anything.
async fn refused(wire: &mut Wire, method: &str, params: Value) -> (i64, String) {
    let (answer, told) = answered(wire, method, params).await;
    assert_eq!(told, Vec::<Value>::new(), "{method}");
    let error = &answer["error"];
    let code = error["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"));
    (code, error["message"].as_str().expect("a text").to_owned())
}

/// A thread of one turn.
async fn recorded(wire: &mut Wire, mode: &str) -> String {
    let thread = wire.start_thread(mode).await;
    wire.append(&thread, &whole_turn(&thread, "t1")).await;
    wire.told(10).await;
    thread
}

/// A server of the exact view over a home.
fn exact(home: &Home) -> Arc<Server> {
    let store = LocalStore::open(LocalStoreOptions::new(home.path())).expect("a home");
    support::server(store, View::Codex)
}

async fn client(server: Arc<Server>) -> Wire {
    Wire::initialized(server, true).await
}

fn input(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn archived(thread: &str) -> (i64, String) {
    let message = format!("session {thread} is archived. Run `codex unarchive {thread}` to unarchive it first.");
    (-32600, message)
}

/// Deletes the index: what is kept must not need it.
fn delete_index(home: &Home) {
    let folder = home.path().join("codex-threads");
    for entry in std::fs::read_dir(&folder).expect("our folder") {
        let path = entry.expect("readable").path();
        if path.is_file() {
            std::fs::remove_file(path).expect("writable");
        }
    }
}

#[tokio::test]
async fn a_goal_is_told_to_everybody_and_at_every_resume() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let server = home.server();
        let mut wire = client(Arc::clone(&server)).await;
        let mut other = client(Arc::clone(&server)).await;
        let thread = wire.start_thread(mode).await;
        other.told(1).await;
        // A thread that was started only gets its rollout with its goal.
        let set = json!({"threadId": thread, "objective": "ship it", "status": "paused", "tokenBudget": 5});
        let (result, told) = done(&mut wire, "thread/goal/set", set).await;
        assert_eq!(names(&told), ["thread/goal/updated"]);
        assert_eq!(told[0]["params"]["goal"], result["goal"]);
        assert_eq!(other.told(1).await[0]["params"], told[0]["params"]);
        assert_eq!(home.rollouts().len(), 1);
        server.shutdown().await.expect("closes");
        delete_index(&home);

        let mut wire = client(home.server()).await;
        let read = wire.result("thread/goal/get", json!({"threadId": thread})).await;
        assert_eq!(read["goal"], result["goal"]);
        let resume = json!({"threadId": thread, "excludeTurns": true});
        for _ in 0..2 {
            let (_, told) = done(&mut wire, "thread/resume", resume.clone()).await;
            let last = told.last().expect("told");
            assert_eq!(last["method"], "thread/goal/updated", "{told:?}");
            assert_eq!(
                last["params"],
                json!({"threadId": thread, "turnId": null, "goal": result["goal"]})
            );
        }
        let (cleared, told) = done(&mut wire, "thread/goal/clear", json!({"threadId": thread})).await;
        assert_eq!(
            (cleared, names(&told)),
            (json!({"cleared": true}), vec!["thread/goal/cleared"])
        );
        let (_, told) = done(&mut wire, "thread/resume", resume).await;
        assert_eq!(names(&told).last(), Some(&"thread/goal/cleared"));
    }
}

#[tokio::test]
async fn archived_threads_show_their_goal_and_queue_outside_the_exact_view() {
    let home = Home::new();
    let server = home.server();
    let mut wire = client(Arc::clone(&server)).await;
    let thread = recorded(&mut wire, "paginated").await;
    let named = json!({"threadId": thread});
    done(
        &mut wire,
        "thread/goal/set",
        json!({"threadId": thread, "objective": "o"}),
    )
    .await;
    let add = json!({"threadId": thread, "input": input("x"), "clientUserMessageId": "c"});
    done(&mut wire, "thread/queue/add", add.clone()).await;
    done(&mut wire, "thread/archive", named.clone()).await;

    let goal = wire.result("thread/goal/get", named.clone()).await;
    assert_eq!(goal["goal"]["objective"], "o");
    let queue = wire.result("thread/queue/list", named.clone()).await;
    assert_eq!(queue["data"].as_array().map(Vec::len), Some(1));
    let set = json!({"threadId": thread, "status": "paused"});
    assert_eq!(
        refused(&mut wire, "thread/goal/set", set.clone()).await,
        archived(&thread)
    );
    assert_eq!(
        refused(&mut wire, "thread/goal/clear", named.clone()).await,
        archived(&thread)
    );
    assert_eq!(refused(&mut wire, "thread/queue/add", add).await, archived(&thread));
    server.shutdown().await.expect("closes");

    let mut wire = client(exact(&home)).await;
    let missing = (-32600, format!("thread not found: {thread}"));
    assert_eq!(refused(&mut wire, "thread/goal/get", named.clone()).await, missing);
    assert_eq!(refused(&mut wire, "thread/goal/set", set).await, missing);
    assert_eq!(refused(&mut wire, "thread/queue/list", named).await, archived(&thread));
}

#[tokio::test]
async fn a_queue_is_kept_and_its_changes_are_told_to_experimental_listeners_only() {
    let home = Home::new();
    let server = home.server();
    let mut wire = client(Arc::clone(&server)).await;
    let thread = recorded(&mut wire, "paginated").await;
    let mut listener = Wire::initialized(Arc::clone(&server), false).await;
    let resume = json!({"threadId": thread, "excludeTurns": true});
    done(&mut listener, "thread/resume", resume).await;
    wire.told(1).await;
    let mut stranger = client(Arc::clone(&server)).await;
    let add = |text: &str| json!({"threadId": thread, "input": input(text), "clientUserMessageId": "c"});
    let (first, told) = done(&mut wire, "thread/queue/add", add("one")).await;
    assert_eq!(names(&told), ["thread/queue/changed"]);
    assert_eq!(told[0]["params"], json!({"threadId": thread}));
    let (second, _) = done(&mut wire, "thread/queue/add", add("two")).await;
    listener.hears_nothing_more(&thread).await;
    stranger.hears_nothing_more(&thread).await;
    let (first, second) = (&first["queuedSubmission"], &second["queuedSubmission"]);

    let order = json!({"threadId": thread, "queuedSubmissionIds": [second["id"], first["id"]]});
    let (_, told) = done(&mut wire, "thread/queue/reorder", order.clone()).await;
    assert_eq!(names(&told), ["thread/queue/changed"]);
    let (_, told) = done(&mut wire, "thread/queue/reorder", order).await;
    assert_eq!(names(&told), [""; 0], "the same order");
    server.shutdown().await.expect("closes");
    delete_index(&home);

    let mut wire = client(home.server()).await;
    let listed = wire.result("thread/queue/list", json!({"threadId": thread})).await;
    assert_eq!(listed, json!({"data": [second, first], "nextCursor": null}));
    let page = json!({"threadId": thread, "cursor": "1", "limit": 0});
    let page = wire.result("thread/queue/list", page).await;
    assert_eq!(page, json!({"data": [first], "nextCursor": null}));
    let beyond = json!({"threadId": thread, "cursor": "18446744073709551615"});
    let beyond = wire.result("thread/queue/list", beyond).await;
    assert_eq!(beyond, json!({"data": [], "nextCursor": null}));
    // Nobody listens to a thread that is not loaded.
    let delete = json!({"threadId": thread, "queuedSubmissionId": first["id"]});
    let (deleted, told) = done(&mut wire, "thread/queue/delete", delete).await;
    assert_eq!((deleted, names(&told)), (json!({"deleted": true}), Vec::new()));
}

#[tokio::test]
async fn starting_from_the_queue_says_that_there_is_no_model() {
    let home = Home::new();
    let mut wire = client(home.server()).await;
    let thread = recorded(&mut wire, "paginated").await;
    let (code, text) = refused(&mut wire, "thread/queue/start", json!({"threadId": thread})).await;
    assert_eq!(code, -32601);
    assert!(text.contains("it has no model"), "{text}");
    let unknown = json!({"threadId": thread, "queuedSubmissionId": UNKNOWN});
    let (code, text) = refused(&mut wire, "thread/queue/start", unknown).await;
    assert_eq!(
        (code, text),
        (-32600, format!("queued submission not found: {UNKNOWN}"))
    );
}

#[tokio::test]
async fn queues_and_payloads_have_limits_that_their_errors_name() {
    let home = Home::new();
    let mut wire = client(home.server()).await;
    let thread = recorded(&mut wire, "paginated").await;
    let add = |text: &str| json!({"threadId": thread, "input": input(text), "clientUserMessageId": "c"});
    let too_long = "x".repeat(MAX_SUBMISSION_BYTES);
    let (code, text) = refused(&mut wire, "thread/queue/add", add(&too_long)).await;
    assert_eq!(code, -32600);
    assert!(
        text.ends_with(&format!("exceeds the limit of {MAX_SUBMISSION_BYTES} bytes")),
        "{text}"
    );
    for n in 0..MAX_QUEUED_SUBMISSIONS {
        done(&mut wire, "thread/queue/add", add(&n.to_string())).await;
    }
    let full = "queue cannot contain more than 100 submissions".to_owned();
    assert_eq!(refused(&mut wire, "thread/queue/add", add("x")).await, (-32600, full));

    let attach =
        |payload: &str| json!({"threadId": thread, "attachmentType": "pr", "identityKey": "k", "payload": payload});
    let longest = "x".repeat(MAX_PAYLOAD_BYTES - 2);
    let long = "attachment payload must not exceed 65536 bytes".to_owned();
    let refusal = refused(&mut wire, "thread/attachment/add", attach(&format!("{longest}x"))).await;
    assert_eq!(refusal, (-32602, long));
    done(&mut wire, "thread/attachment/add", attach(&longest)).await;
}

#[tokio::test]
async fn attachments_are_paged_and_lead_to_their_threads() {
    let home = Home::new();
    let server = home.server();
    let mut wire = client(Arc::clone(&server)).await;
    let mut threads = Vec::new();
    for mode in ["paginated", "legacy", "paginated"] {
        threads.push(recorded(&mut wire, mode).await);
    }
    for thread in &threads {
        for key in ["shared", "k1", "k2"] {
            let add = json!({"threadId": thread, "attachmentType": "pr", "identityKey": key, "payload": {"key": key}});
            let (added, told) = done(&mut wire, "thread/attachment/add", add.clone()).await;
            assert_eq!(added["outcome"], "created");
            assert_eq!(names(&told), ["thread/attachment/updated"]);
            let (again, told) = done(&mut wire, "thread/attachment/add", add).await;
            assert_eq!(
                (&again["outcome"], &again["attachment"]),
                (&json!("existing"), &added["attachment"])
            );
            assert_eq!(names(&told), [""; 0]);
        }
    }
    done(&mut wire, "thread/archive", json!({"threadId": threads[1]})).await;
    server.shutdown().await.expect("closes");
    delete_index(&home);

    let mut wire = client(home.server()).await;
    let whole = wire
        .result("thread/attachment/list", json!({"threadId": threads[1]}))
        .await;
    assert_eq!(whole["nextCursor"], Value::Null);
    let (mut walked, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let params = json!({"threadId": threads[1], "limit": 1, "cursor": cursor});
        let page = wire.result("thread/attachment/list", params).await;
        walked.extend(page["data"].as_array().expect("a page").clone());
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(json!(walked), whole["data"]);
    let last = whole["data"][2]["id"].as_str().expect("an id");
    for wrong in [
        format!("{}|1|{last}", threads[0]),
        format!("{}|x|{last}", threads[1]),
        String::new(),
    ] {
        let params = json!({"threadId": threads[1], "cursor": wrong});
        let (code, text) = refused(&mut wire, "thread/attachment/list", params).await;
        assert_eq!((code, text.as_str()), (-32602, "invalid pagination cursor"));
    }
    owners_are_paged(&mut wire, &threads).await;
}

/// The second of three threads is archived.
async fn owners_are_paged(wire: &mut Wire, threads: &[String]) {
    let owner = |n: usize| json!({"threadId": threads[n], "archived": n == 1});
    let asked = |archived: Value, limit: u32, cursor: &Value| {
        json!({"attachmentType": "pr", "identityKey": "shared", "archived": archived, "limit": limit,
            "cursor": cursor})
    };
    let method = "thread/attachmentOwner/list";
    for (filter, expected) in [
        (json!(null), json!([owner(0), owner(1), owner(2)])),
        (json!(true), json!([owner(1)])),
        (json!(false), json!([owner(0), owner(2)])),
    ] {
        let page = wire.result(method, asked(filter, 25, &Value::Null)).await;
        assert_eq!(page, json!({"data": expected, "nextCursor": null}));
    }
    let page = wire.result(method, asked(json!(false), 1, &Value::Null)).await;
    assert_eq!(page["data"], json!([owner(0)]));
    let cursor = &page["nextCursor"];
    let rest = wire.result(method, asked(json!(false), 1, cursor)).await;
    assert_eq!(rest, json!({"data": [owner(2)], "nextCursor": null}));
    let refusal = wire.error(method, asked(json!(null), 1, cursor)).await;
    assert_eq!(
        refusal,
        (-32602, "invalid pagination cursor".to_owned()),
        "of another question"
    );
}

#[tokio::test]
async fn read_states_are_kept_and_a_stale_change_is_told_the_present_one() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let server = home.server();
        let mut wire = client(Arc::clone(&server)).await;
        let thread = recorded(&mut wire, mode).await;
        let named = json!({"threadId": thread});
        let unread = wire.result("thread/read", named.clone()).await["readState"].clone();
        assert_eq!(unread["firstUnread"], json!({"type": "turn", "turnId": "t1"}));
        server.shutdown().await.expect("closes");
        delete_index(&home);

        let server = home.server();
        let mut wire = client(Arc::clone(&server)).await;
        let listed = wire.result("thread/list", json!({"sourceKinds": ["vscode"]})).await;
        assert_eq!(listed["readStates"][&thread], unread, "{mode}");
        done(
            &mut wire,
            "thread/resume",
            json!({"threadId": thread, "excludeTurns": true}),
        )
        .await;
        let update = |operation: &str, revision: &Value| json!({"threadId": thread, "operation": {"type": operation}, "expectedRevision": revision});
        let method = "thread/readState/update";
        let (answer, told) = answered(&mut wire, method, update("read", &json!("stale"))).await;
        assert_eq!(
            answer["error"]["data"],
            json!({"reason": "readStateConflict", "readState": unread})
        );
        assert_eq!(names(&told), [""; 0]);
        let (read, told) = done(&mut wire, method, update("read", &unread["revision"])).await;
        assert_eq!(read["readState"]["firstUnread"], Value::Null);
        assert_eq!(names(&told), ["thread/readState/changed"]);
        assert_eq!(
            told[0]["params"],
            json!({"threadId": thread, "readState": read["readState"]})
        );

        // An interrupted turn is nothing to read.
        let items = json!({"threadId": thread, "items": [turn_started("t2"), turn_aborted("t2")]});
        let (_, told) = done(&mut wire, "thread/append", items).await;
        assert!(!names(&told).contains(&"thread/readState/changed"));
        let items = json!({"threadId": thread, "items": whole_turn(&thread, "t3")});
        done(&mut wire, "thread/append", items).await;
        let now = wire.result("thread/read", named.clone()).await["readState"].clone();
        assert_eq!(now["firstUnread"], json!({"type": "turn", "turnId": "t3"}));
        server.shutdown().await.expect("closes");
        let mut wire = client(exact(&home)).await;
        assert_eq!(wire.result("thread/read", named).await["readState"], now, "{mode}");
    }
}

#[tokio::test]
async fn the_end_of_a_turn_is_acknowledged_while_its_read_state_waits() {
    let home = Home::new();
    let mut wire = client(home.server()).await;
    let thread = recorded(&mut wire, "paginated").await;
    let busy = home.path().join("codex-threads/journal/facts.lock");
    let busy = std::fs::File::open(busy).expect("the lock of the journal");
    busy.lock().expect("another process decides");
    wire.append(&thread, &whole_turn(&thread, "t2")).await;
    let told = wire.told(7).await;
    assert_eq!(names(&told).last(), Some(&"thread/tokenUsage/updated"));
    // What needs no order is answered meanwhile, and says what was so far.
    let listed = wire.result("thread/list", json!({})).await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    busy.unlock().expect("decided");
    let told = wire.told(3).await;
    let expected = ["thread/readState/changed", "thread/status/changed", "turn/completed"];
    assert_eq!(names(&told), expected);
    let read = wire.result("thread/read", json!({"threadId": thread})).await;
    assert_eq!(read["readState"], told[0]["params"]["readState"]);
}

#[tokio::test]
async fn it_is_not_tracked_how_far_programs_threads_and_empty_ones_are_read() {
    let home = Home::new();
    let mut wire = client(home.server()).await;
    let started = wire.result("thread/start", json!({"threadSource": "my-tool"})).await;
    wire.told(1).await;
    let thread = started["thread"]["id"].as_str().expect("an id").to_owned();
    let update = |thread: &str| json!({"threadId": thread, "operation": {"type": "read"}, "expectedRevision": format!("initial:{thread}")});
    let unavailable = (-32600, "thread read state unavailable".to_owned());
    assert_eq!(
        refused(&mut wire, "thread/readState/update", update(&thread)).await,
        unavailable
    );
    let items = json!({"threadId": thread, "items": whole_turn(&thread, "t1")});
    let (_, told) = done(&mut wire, "thread/append", items).await;
    assert!(!names(&told).contains(&"thread/readState/changed"));
    assert_eq!(
        refused(&mut wire, "thread/readState/update", update(&thread)).await,
        unavailable
    );
}

#[tokio::test]
async fn what_is_organised_looks_like_codexs() {
    let home = Home::new();
    let mut wire = client(home.server()).await;
    let thread = recorded(&mut wire, "paginated").await;
    let image = json!([{"type": "text", "text": "see"}, {"type": "localImage", "path": "/tmp/a.png"}]);
    let calls = [
        ("thread/goal/set", json!({"objective": " do it ", "tokenBudget": 9})),
        (
            "thread/queue/add",
            json!({"input": image, "clientUserMessageId": "c", "responsesapiClientMetadata": {"k": "v"}}),
        ),
        (
            "thread/attachment/add",
            json!({"attachmentType": "pr", "identityKey": "a/b#1", "payload": {"z": 1, "a": [null, "é"]}}),
        ),
        (
            "thread/readState/update",
            json!({"operation": {"type": "unread"}, "expectedRevision": "bogus"}),
        ),
    ];
    let mut shown = Vec::new();
    for (method, mut params) in calls {
        params["threadId"] = json!(thread);
        let (mut answer, told) = answered(&mut wire, method, params).await;
        answer.as_object_mut().expect("an object").remove("id");
        shown.push(json!({"method": method, "answer": answer}));
        shown.extend(told);
    }
    shown.iter_mut().for_each(hide);
    insta::assert_json_snapshot!(shown);
}

/// Puts names in the place of ids and times.
fn hide(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), &value) {
                    ("threadId", _) => *value = json!("<thread>"),
                    ("id" | "revision" | "attachmentId", Value::String(_)) => *value = json!("<id>"),
                    ("createdAt" | "updatedAt" | "emittedAtMs", _) => *value = json!("<time>"),
                    _ => hide(value),
                }
            }
        }
        _ => {}
    }
}
