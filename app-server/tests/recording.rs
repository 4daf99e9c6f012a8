//! Recording over JSON-RPC, end to end: what is answered, what is written, and who is told what in which order
//! (`app-server-api.md` 3.25, 3.26).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use codex_app_server::TransportError;
use codex_app_server::limits::{MAX_APPEND_ITEMS, MAX_OUTBOUND_NOTIFICATIONS};
use serde_json::{Value, json};
use support::recording::{
    Home, agent, agent_begins, names, tokens, turn_aborted, turn_completed, turn_started, user, whole_turn,
};
use support::{Wire, request};

/// What subscribers hear of [`whole_turn`].
const WHOLE_TURN: [&str; 9] = [
    "thread/status/changed",
    "turn/started",
    "item/started",
    "item/completed",
    "item/started",
    "item/completed",
    "thread/tokenUsage/updated",
    "thread/readState/changed",
    "thread/status/changed",
];

async fn two(home: &Home) -> (Wire, Wire) {
    let server = home.server();
    let first = Wire::initialized(Arc::clone(&server), true).await;
    (first, Wire::initialized(server, true).await)
}

#[tokio::test]
async fn subscribers_hear_a_turn_in_the_real_order_and_others_its_status_only() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let (mut agent, mut other) = two(&home).await;
        let thread = agent.start_thread(mode).await;
        let started = other.told(1).await;
        assert_eq!(names(&started), ["thread/started"]);
        assert_eq!(started[0]["params"]["thread"]["id"], thread);

        let answer = agent.append(&thread, &whole_turn(&thread, "t1")).await;
        assert_eq!(answer["durability"], "synced", "the end of a turn");
        let told = agent.told(WHOLE_TURN.len() + 1).await;
        let expected: Vec<&str> = WHOLE_TURN.into_iter().chain(["turn/completed"]).collect();
        assert_eq!(names(&told), expected, "{mode}");
        assert_eq!(
            told[0]["params"]["status"],
            json!({"type": "active", "activeFlags": []})
        );
        assert_eq!(told[1]["params"]["turn"]["status"], "inProgress");
        assert_eq!(told[1]["params"]["turn"]["startedAt"], 1_790_000_000);
        assert_eq!(told[2]["params"]["item"]["completedAtMs"], Value::Null);
        assert_eq!(told[6]["params"]["tokenUsage"]["total"]["totalTokens"], 360);
        assert_eq!(
            told[7]["params"]["readState"]["firstUnread"],
            json!({"type": "turn", "turnId": "t1"})
        );
        assert_eq!(told[8]["params"]["status"], json!({"type": "idle"}));
        let turn = &told[9]["params"]["turn"];
        assert_eq!(
            (&turn["status"], &turn["durationMs"], &turn["itemsView"]),
            (&json!("completed"), &json!(9_000), &json!("summary"))
        );
        assert_eq!(turn["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(turn["items"][0]["text"], "answer t1");

        let heard = other.told(2).await;
        assert_eq!(names(&heard), ["thread/status/changed", "thread/status/changed"]);
        other.hears_nothing_more(&thread).await;
        agent.hears_nothing_more(&thread).await;
        ids_are_those_of_later_reads(&mut agent, &thread, &answer, &told).await;
    }
}

/// The ids in the answer, in the notifications and in every later read are the same.
async fn ids_are_those_of_later_reads(wire: &mut Wire, thread: &str, answer: &Value, told: &[Value]) {
    let read = wire
        .result("thread/read", json!({"threadId": thread, "includeTurns": true}))
        .await;
    let read: Vec<&Value> = read["thread"]["turns"][0]["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| &item["id"])
        .collect();
    let heard: Vec<&Value> = told
        .iter()
        .filter(|message| message["method"] == "item/completed")
        .map(|message| &message["params"]["item"]["id"])
        .collect();
    let given: Vec<&Value> = answer["ids"]
        .as_array()
        .expect("one entry per item")
        .iter()
        .map(|ids| &ids["itemId"])
        .filter(|id| !id.is_null())
        .collect();
    assert_eq!(read, heard);
    assert_eq!(read, given);
}

#[tokio::test]
async fn the_beginning_of_an_item_is_told_once() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let items = [
        turn_started("t1"),
        agent_begins(&thread, "t1", "m1"),
        agent(&thread, "t1", "m1", "done"),
    ];
    let answer = wire.append(&thread, &items).await;
    assert_eq!(answer["dropped"][0]["index"], 1, "the beginning is not kept");
    let told = wire.told(4).await;
    assert_eq!(names(&told)[2..], ["item/started", "item/completed"]);
    wire.hears_nothing_more(&thread).await;
}

#[tokio::test]
async fn an_interrupted_turn_is_told_without_items_and_marks_nothing_unread() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let items = [
        turn_started("t1"),
        user(&thread, "t1", "go"),
        agent(&thread, "t1", "m1", "so far"),
        turn_aborted("t1"),
    ];
    wire.append(&thread, &items).await;
    let told = wire.told(8).await;
    assert_eq!(names(&told)[6..], ["thread/status/changed", "turn/completed"]);
    let turn = &told[7]["params"]["turn"];
    assert_eq!(
        (&turn["status"], &turn["items"], &turn["itemsView"]),
        (&json!("interrupted"), &json!([]), &json!("notLoaded"))
    );
    let read = wire.result("thread/read", json!({"threadId": thread})).await;
    assert_eq!(read["readState"]["firstUnread"], Value::Null);
}

#[tokio::test]
async fn the_first_unread_turn_stays_and_its_revision_changes() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let mut states = Vec::new();
    for turn in ["t1", "t2"] {
        wire.append(&thread, &whole_turn(&thread, turn)).await;
        states.push(wire.told(10).await[7]["params"]["readState"].clone());
    }
    assert_eq!(states[0]["firstUnread"], states[1]["firstUnread"]);
    assert_ne!(states[0]["revision"], states[1]["revision"]);
    let read = wire.result("thread/read", json!({"threadId": thread})).await;
    assert_eq!(read["readState"], states[1]);
    let list = wire.result("thread/list", json!({})).await;
    assert_eq!(list["readStates"][&thread], states[1]);
}

#[tokio::test]
async fn what_a_caller_may_not_say_is_refused_with_its_place_and_nothing_is_recorded() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let good = turn_started("t1");
    let with = |member: &str, value: Value| {
        let mut item = user(&thread, "t1", "x");
        item[member] = value;
        item
    };
    let refusals = [
        (
            with("timestamp", json!("2026-01-01T00:00:00Z")),
            "items[1]: `timestamp`",
        ),
        (with("ordinal", Value::Null), "items[1]: `ordinal`"),
        (json!({"type": "no_such_kind", "payload": {}}), "item 1 (no_such_kind)"),
        (
            user("01a0c400-0000-7000-8000-000000000001", "t1", "x"),
            "of another thread",
        ),
        (user(&thread, "t9", "x"), "turn t9 was not started"),
        (
            json!({"type": "response_item", "streamed": true, "payload": {"type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": "x"}]}}),
            "server id",
        ),
    ];
    for (item, expected) in refusals {
        let items = json!({"threadId": thread, "items": [good, item]});
        let (code, message) = wire.error("thread/append", items).await;
        assert!(
            code == -32600 && message.contains(expected),
            "{expected}: {code} {message}"
        );
    }
    assert!(home.rollouts().is_empty(), "all or nothing");
    for (params, expected) in [
        (json!({"threadId": thread, "items": []}), "items must not be empty"),
        (json!({"threadId": thread}), "Invalid request: missing field `items`"),
        (
            json!({"threadId": thread, "items": [{"type": "event_msg"}]}),
            "Invalid request: missing field `payload`",
        ),
        (
            json!({"threadId": thread, "items": [good], "durability": "safe"}),
            "Invalid request: unknown variant `safe`, expected one of `queued`, `written`, `synced`",
        ),
    ] {
        assert_eq!(wire.error("thread/append", params).await, (-32600, expected.to_owned()));
    }
    let (code, message) = wire
        .error(
            "thread/append",
            json!({"threadId": support::id(1).to_string(), "items": [good]}),
        )
        .await;
    assert!(code == -32600 && message.contains("thread/resume"), "{message}");
    // The thread is as usable as before.
    assert_eq!(wire.append(&thread, &whole_turn(&thread, "t1")).await["persisted"], 5);
}

#[tokio::test]
async fn an_append_of_as_many_items_as_the_limit_is_taken_and_one_more_is_refused() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let note = json!({"type": "event_msg", "payload": {"type": "warning", "message": "w"}});
    let mut items = vec![note; MAX_APPEND_ITEMS];
    assert_eq!(wire.append(&thread, &items).await["persisted"], 0);
    items.push(items[0].clone());
    let (_, message) = wire
        .error("thread/append", json!({"threadId": thread, "items": items}))
        .await;
    assert_eq!(message, format!("items accepts at most {MAX_APPEND_ITEMS} entries"));
}

#[tokio::test]
async fn payloads_are_recorded_as_they_were_written() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let payload = r#"{"type":"message","zebra":1.10,"role":"user","id":"msg_1","big":123456789012345678901234567890,"content":[{"type":"input_text","text":"\u0041"}],"internal_chat_message_metadata_passthrough":{"turn_id":"t1"}}"#;
    wire.send_text(&format!(
        r#"{{"id":5,"method":"thread/append","params":{{"threadId":"{thread}","items":[{{"type":"response_item","payload":{payload}}}]}}}}{}"#,
        "\n"
    ))
    .await;
    assert_eq!(wire.receive().await["result"]["persisted"], 1);
    assert!(home.rollout().contains(payload), "{}", home.rollout());
}

#[tokio::test]
async fn text_that_is_no_unicode_is_refused_with_its_place() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let thread = wire.start_thread("paginated").await;
    let item = r#"{"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"\ud800"}]}}"#;
    wire.send_text(&format!(
        r#"{{"id":5,"method":"thread/append","params":{{"threadId":"{thread}","items":[{item}]}}}}{}"#,
        "\n"
    ))
    .await;
    let answer = wire.receive().await;
    let message = answer["error"]["message"].as_str().expect("refused");
    assert!(message.contains("item 0 (response_item/message)"), "{message}");
}

#[tokio::test]
async fn joining_shows_the_running_turn_and_hears_the_rest_of_it() {
    let home = Home::new();
    let (mut agent_wire, mut other) = two(&home).await;
    let thread = agent_wire.start_thread("paginated").await;
    let items = [turn_started("t1"), user(&thread, "t1", "go"), tokens()];
    agent_wire.append(&thread, &items).await;
    agent_wire.told(5).await;
    other.told(2).await;

    other
        .send(&request(3, "thread/resume", json!({"threadId": thread})))
        .await;
    assert_eq!(other.receive().await["method"], "deprecationNotice");
    let joined = other.receive().await["result"].take();
    assert_eq!(joined["thread"]["status"]["type"], "active");
    assert_eq!(joined["thread"]["turns"][0]["status"], "inProgress");
    assert_eq!(joined["thread"]["canAcceptDirectInput"], true);
    let place = |scope: &str| format!("\"scope\":{{\"kind\":\"{scope}\"}}");
    for (cursor, scope) in [
        ("turnsBackwardsCursor", "turns"),
        ("itemsBackwardsCursor", "itemsByCreatedAtOrdinal"),
    ] {
        let cursor = joined[cursor].as_str().expect("a cursor");
        assert!(cursor.contains(&place(scope)), "{cursor}");
    }
    let told = other.told(2).await;
    assert_eq!(names(&told), ["thread/tokenUsage/updated", "thread/goal/cleared"]);
    let turns = other.result("thread/turns/list", json!({"threadId": thread})).await;
    assert_eq!(turns["data"][0]["status"], "inProgress");
    let list = other.result("thread/list", json!({})).await;
    assert_eq!(list["data"][0]["status"]["type"], "active");
    assert_eq!(list["data"][0]["canAcceptDirectInput"], Value::Null);

    let page = json!({"threadId": thread, "excludeTurns": true, "initialTurnsPage": {"limit": 1, "itemsView": "full"}});
    let again = other.result("thread/resume", page).await;
    assert_eq!(again["thread"]["turns"], json!([]));
    assert_eq!(
        again["initialTurnsPage"]["data"][0]["items"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(names(&other.told(1).await), ["thread/goal/cleared"]);

    // Whoever has joined may record, too, and both hear it in the same order.
    let rest = [agent(&thread, "t1", "m1", "done"), turn_completed("t1")];
    other.append(&thread, &rest).await;
    let expected = [
        "item/started",
        "item/completed",
        "thread/readState/changed",
        "thread/status/changed",
        "turn/completed",
    ];
    assert_eq!(names(&other.told(5).await), expected);
    let heard = agent_wire.told(7).await;
    assert_eq!(names(&heard)[..2], ["thread/goal/cleared", "thread/goal/cleared"]);
    assert_eq!(names(&heard)[2..], expected);
}

#[tokio::test]
async fn a_thread_is_unloaded_when_nobody_listens_and_goes_on_when_it_is_resumed() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let server = home.server_that_unloads_after(Duration::ZERO);
        let mut wire = Wire::initialized(Arc::clone(&server), true).await;
        let mut other = Wire::initialized(server, true).await;
        let thread = wire.start_thread(mode).await;
        let first = wire.append(&thread, &whole_turn(&thread, "t1")).await;
        wire.told(10).await;
        other.told(3).await;
        let left = json!({"threadId": thread});
        let status = wire.result("thread/unsubscribe", left.clone()).await["status"].take();
        assert_eq!(status, "unsubscribed");
        let told = wire.told(2).await;
        assert_eq!(names(&told), ["thread/status/changed", "thread/closed"]);
        assert_eq!(told[0]["params"]["status"]["type"], "notLoaded");
        assert_eq!(names(&other.told(2).await), ["thread/status/changed", "thread/closed"]);
        let status = wire.result("thread/unsubscribe", left).await["status"].take();
        assert_eq!(status, "notLoaded");
        let read = wire.result("thread/read", json!({"threadId": thread})).await;
        assert_eq!(read["thread"]["status"]["type"], "notLoaded");
        assert_eq!(read["thread"]["environments"], Value::Null);

        let resumed = other
            .result("thread/resume", json!({"threadId": thread, "excludeTurns": true}))
            .await;
        assert_eq!(resumed["thread"]["preview"], "ask t1");
        // The last use of tokens is told of a paginated thread that was not loaded (`app-server-api.md` 3.2).
        let expected = match mode {
            "paginated" => &[
                "thread/status/changed",
                "thread/tokenUsage/updated",
                "thread/goal/cleared",
            ][..],
            _ => &["thread/status/changed", "thread/goal/cleared"][..],
        };
        assert_eq!(names(&other.told(expected.len()).await), expected);
        let second = other.append(&thread, &whole_turn(&thread, "t2")).await;
        assert_eq!(second["firstOrdinal"], first["nextOrdinal"], "{mode}");
        assert_eq!(names(&other.told(10).await)[9], "turn/completed");
    }
}

#[tokio::test]
async fn a_connection_that_closes_listens_no_longer() {
    let home = Home::new();
    let server = home.server_that_unloads_after(Duration::ZERO);
    let mut agent = Wire::initialized(Arc::clone(&server), true).await;
    let mut other = Wire::initialized(server, true).await;
    let thread = agent.start_thread("paginated").await;
    agent.append(&thread, &whole_turn(&thread, "t1")).await;
    other.told(3).await;
    drop(agent);
    assert_eq!(names(&other.told(2).await), ["thread/status/changed", "thread/closed"]);
    let loaded = other.result("thread/loaded/list", json!({})).await;
    assert_eq!(loaded["data"], json!([]));
}

#[tokio::test]
async fn one_server_writes_a_thread_and_gives_it_back_when_it_ends() {
    let home = Home::new();
    let (server, rival) = (home.server(), home.server());
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let mut other = Wire::initialized(rival, true).await;
    let thread = wire.start_thread("paginated").await;
    wire.append(&thread, &[turn_started("t1"), user(&thread, "t1", "go")])
        .await;
    wire.told(4).await;
    let resume = json!({"threadId": thread, "excludeTurns": true});
    assert_eq!(
        other.error("thread/resume", resume.clone()).await,
        (-32600, format!("thread {thread} already has an active writer"))
    );
    let named = other
        .result("thread/name/set", json!({"threadId": thread, "name": " from outside "}))
        .await;
    assert_eq!(named, json!({}));
    assert_eq!(other.told(1).await[0]["params"]["threadName"], "from outside");
    server.shutdown().await.expect("everything is on stable storage");
    let (code, _) = wire.error("thread/start", json!({})).await;
    assert_eq!(code, -32603, "nothing is loaded any more");
    let resumed = other.result("thread/resume", resume).await;
    assert_eq!(resumed["thread"]["name"], "from outside");
    assert_eq!(resumed["thread"]["status"]["type"], "idle");
}

#[tokio::test]
async fn loaded_threads_are_listed_in_pages_and_counted() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(wire.start_thread("paginated").await);
    }
    ids.sort();
    let list = |params| ("thread/loaded/list", params);
    let (method, params) = list(json!({}));
    let all = wire.result(method, params).await;
    assert_eq!((&all["data"], &all["nextCursor"]), (&json!(ids), &Value::Null));
    let (method, params) = list(json!({"limit": 0}));
    let first = wire.result(method, params).await;
    assert_eq!(
        (&first["data"], &first["nextCursor"]),
        (&json!(ids[..1]), &json!(ids[0]))
    );
    let (method, params) = list(json!({"limit": 2, "cursor": ids[0]}));
    let rest = wire.result(method, params).await;
    assert_eq!((&rest["data"], &rest["nextCursor"]), (&json!(ids[1..]), &Value::Null));

    wire.append(&ids[0], &[turn_started("t1")]).await;
    wire.told(2).await;
    let gauges = wire.result("server/diagnostics", json!({})).await["gauges"].take();
    let value = |name: &str| {
        let gauge = gauges.as_array()?.iter().find(|gauge| gauge["name"] == name)?;
        gauge["value"].as_u64()
    };
    assert_eq!(
        (value("core.threads.live"), value("core.turns.active")),
        (Some(3), Some(1))
    );
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_given_up_and_holds_up_nobody() {
    let home = Home::new();
    let server = home.server();
    let mut agent = Wire::without(Arc::clone(&server), &["item/started", "thread/goal/cleared"]).await;
    let mut sleeper = Wire::initialized(server, true).await;
    let started = agent.result("thread/start", json!({})).await;
    let thread = started["thread"]["id"].as_str().expect("an id").to_owned();
    agent.told(1).await;
    sleeper.told(1).await;
    sleeper
        .result("thread/resume", json!({"threadId": thread, "excludeTurns": true}))
        .await;
    sleeper.told(1).await;
    agent.append(&thread, &[turn_started("t1")]).await;
    agent.told(2).await;
    // Beginnings are told and not kept.
    let batch = vec![agent_begins(&thread, "t1", "m1"); MAX_APPEND_ITEMS];
    for _ in 0..=MAX_OUTBOUND_NOTIFICATIONS / MAX_APPEND_ITEMS {
        agent.append(&thread, &batch).await;
    }
    let ended = sleeper.serving.await.expect("no panic");
    assert!(matches!(ended, Err(TransportError::TooSlow)), "{ended:?}");
    assert_eq!(agent.append(&thread, &[turn_completed("t1")]).await["persisted"], 1);
}

#[tokio::test]
async fn legacy_events_are_recorded_as_items_when_the_agent_says_so() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let started = wire.result("thread/start", json!({"eventStyle": "legacy"})).await;
    let thread = started["thread"]["id"].as_str().expect("an id").to_owned();
    wire.told(1).await;
    let said = json!({"type": "event_msg", "payload": {"type": "user_message", "message": "hello", "images": []}});
    wire.append(&thread, &[turn_started("t1"), said]).await;
    let told = wire.told(4).await;
    assert_eq!(names(&told)[3], "item/completed");
    assert_eq!(told[3]["params"]["item"]["content"][0]["text"], "hello");
    assert!(home.rollout().contains("\"item_completed\""), "{}", home.rollout());
}

#[tokio::test]
async fn clients_hear_only_what_they_want() {
    let home = Home::new();
    let server = home.server();
    let mut wire = Wire::without(Arc::clone(&server), &["thread/started", "item/started"]).await;
    let started = wire.result("thread/start", json!({})).await;
    let thread = started["thread"]["id"].as_str().expect("an id").to_owned();
    wire.append(&thread, &whole_turn(&thread, "t1")).await;
    let told = wire.told(8).await;
    assert!(!names(&told).contains(&"item/started"), "{:?}", names(&told));
    assert_eq!(names(&told)[7], "turn/completed");
    // Nobody is told anything before the handshake.
    let mut silent = Wire::open(server);
    wire.result("thread/name/set", json!({"threadId": thread, "name": "n"}))
        .await;
    wire.told(1).await;
    silent.send(&support::initialize(4, true)).await;
    assert_eq!(silent.receive().await["id"], 4);
}

/// Talks to the program: everything that was asked is answered, and then it ends.
fn serve(home: &Home, lines: &[Value]) -> Vec<Value> {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let mut program = Command::new(env!("CARGO_BIN_EXE_codex-threads"))
        .arg("--home")
        .arg(home.path())
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = program.stdin.take().expect("piped");
    for line in [support::initialize(0, true)].iter().chain(lines) {
        writeln!(input, "{line}").expect("the program reads");
    }
    drop(input);
    let output = program.wait_with_output().expect("the program ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one message per line"))
        .collect()
}

#[test]
fn a_program_that_ends_has_told_everything_and_gives_its_threads_back() {
    let home = Home::new();
    let told = serve(&home, &[request(1, "thread/start", json!({}))]);
    let started = told.iter().find(|message| message["id"] == 1).expect("answered");
    assert_eq!(started["result"]["approvalPolicy"], "on-request");
    assert!(home.rollouts().is_empty(), "a thread without records leaves nothing");

    let history = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}]);
    let resume = json!({"threadId": support::id(1).to_string(), "history": history});
    let told = serve(&home, &[request(1, "thread/resume", resume)]);
    let thread = told.iter().find(|message| message["id"] == 1).expect("answered")["result"]["thread"]["id"].clone();
    let thread = thread.as_str().expect("an id");
    assert_eq!(told.last().expect("told")["method"], "thread/goal/cleared");

    let append = json!({"threadId": thread, "items": whole_turn(thread, "t1")});
    let resume = json!({"threadId": thread, "excludeTurns": true});
    let lines = [request(1, "thread/resume", resume), request(2, "thread/append", append)];
    let told = serve(&home, &lines);
    assert_eq!(
        told.last().expect("told")["method"],
        "turn/completed",
        "requests keep their order"
    );
}

#[test]
fn the_configuration_fills_in_what_a_client_does_not_say() {
    let home = Home::new();
    std::fs::write(
        home.path().join("config.toml"),
        "approval_policy = \"never\"\nmodel = \"m\"\n",
    )
    .expect("writable");
    let told = serve(&home, &[request(1, "thread/start", json!({}))]);
    let started = told.iter().find(|message| message["id"] == 1).expect("answered");
    let result = &started["result"];
    assert_eq!(
        (&result["approvalPolicy"], &result["model"]),
        (&json!("never"), &json!("m"))
    );
}

#[tokio::test]
async fn an_archived_thread_is_neither_resumed_nor_named() {
    let home = Home::new();
    let server = home.server();
    let mut wire = Wire::initialized(Arc::clone(&server), true).await;
    let thread = wire.start_thread("paginated").await;
    wire.append(&thread, &whole_turn(&thread, "t1")).await;
    server.shutdown().await.expect("closed");
    let archive = home.path().join("archived_sessions");
    std::fs::create_dir(&archive).expect("writable");
    let rollout = home.rollouts().remove(0);
    std::fs::rename(&rollout, archive.join(rollout.file_name().expect("a file"))).expect("writable");

    let mut wire = Wire::initialized(home.server(), true).await;
    let resumed = wire.error("thread/resume", json!({"threadId": thread})).await;
    let expected = format!("session {thread} is archived. Run `codex unarchive {thread}` to unarchive it first.");
    assert_eq!(resumed, (-32600, expected));
    let missing = format!("no rollout found for thread id {thread}");
    for (method, params) in [
        ("thread/name/set", json!({"threadId": thread, "name": "n"})),
        (
            "thread/metadata/update",
            json!({"threadId": thread, "gitInfo": {"sha": "s"}}),
        ),
    ] {
        assert_eq!(wire.error(method, params).await, (-32600, missing.clone()), "{method}");
    }
    assert_eq!(
        wire.result("thread/loaded/list", json!({})).await["data"],
        json!([]),
        "a refused resume leaves nothing loaded"
    );
}

#[tokio::test]
async fn changes_from_two_connections_happen_in_the_order_of_arrival() {
    let home = Home::new();
    let (mut first, mut second) = two(&home).await;
    let thread = first.start_thread("paginated").await;
    second.told(1).await;
    second
        .result("thread/resume", json!({"threadId": thread, "excludeTurns": true}))
        .await;
    second.told(1).await;
    first.told(1).await;
    let mut expected = 0;
    for round in 0..20 {
        let turn = format!("t{round}");
        let (one, other) = if round % 2 == 0 {
            (&mut first, &mut second)
        } else {
            (&mut second, &mut first)
        };
        let answer = one.append(&thread, &whole_turn(&thread, &turn)).await;
        if round > 0 {
            assert_eq!(answer["firstOrdinal"], expected);
        }
        expected = answer["nextOrdinal"].as_u64().expect("a number");
        let (told, heard) = (one.told(10).await, other.told(10).await);
        assert_eq!(told, heard, "subscribers hear the same in the same order");
    }
}
