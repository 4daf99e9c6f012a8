//! Framing, order, back-pressure and survival of a connection (`app-server-api.md` 1.2, 1.6, 1.7).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use codex_app_server::TransportError;
use codex_app_server::limits::{DRAIN_TIMEOUT_SECONDS, MAX_REQUESTS_IN_FLIGHT};
use codex_thread_store::View;
use serde_json::{Value, json};
use support::{FakeStore, Script, Wire, id, initialize, record, request, server};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

/// More than all queues and pipes together hold.
const BURST: i64 = 2_000;

fn list(number: i64) -> String {
    format!("{}\n", request(number, "thread/list", json!({})))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_one_of_2000_pipelined_requests_is_answered_once() {
    let store = FakeStore::new(Script {
        rows: (0..5).map(record).collect(),
        ..Script::default()
    });
    let Wire {
        mut reader,
        mut writer,
        serving,
    } = Wire::initialized(server(store, View::Full), true).await;
    let sending = tokio::spawn(async move {
        for number in 1..=BURST {
            writer
                .write_all(list(number).as_bytes())
                .await
                .expect("the server reads");
        }
        writer.shutdown().await.expect("open");
    });
    let mut seen = HashSet::new();
    let mut line = String::new();
    while tokio::io::AsyncBufReadExt::read_line(&mut reader, &mut line)
        .await
        .expect("the server writes")
        > 0
    {
        let answer: Value = serde_json::from_str(&line).expect("one message per line");
        assert_eq!(answer["result"]["data"].as_array().map(Vec::len), Some(5));
        assert!(seen.insert(answer["id"].as_i64()), "answered twice: {}", answer["id"]);
        line.clear();
    }
    sending.await.expect("sent");
    assert_eq!(seen.len(), BURST as usize);
    assert!(serving.await.expect("served").is_ok());
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_the_server_down() {
    let store = FakeStore::new(Script {
        rows: (0..5).map(record).collect(),
        ..Script::default()
    });
    let Wire {
        mut reader,
        mut writer,
        serving,
    } = Wire::initialized(server(Arc::clone(&store) as _, View::Full), true).await;
    let sending = tokio::spawn(async move {
        for number in 1..=BURST {
            writer
                .write_all(list(number).as_bytes())
                .await
                .expect("the server reads");
        }
        writer.shutdown().await.expect("open");
    });
    let mut calls = (0, 0);
    while calls.1 < 1_000 {
        tokio::task::yield_now().await;
        let now = store.calls.load(Ordering::SeqCst);
        calls = if now == calls.0 { (now, calls.1 + 1) } else { (now, 0) };
    }
    let most = MAX_REQUESTS_IN_FLIGHT + 16;
    assert!(
        calls.0 >= MAX_REQUESTS_IN_FLIGHT && calls.0 <= most,
        "{} calls without a reader",
        calls.0
    );
    assert!(!sending.is_finished(), "the sender is held up");
    let mut answers = 0;
    let mut line = String::new();
    while tokio::io::AsyncBufReadExt::read_line(&mut reader, &mut line)
        .await
        .expect("the server writes")
        > 0
    {
        answers += 1;
        line.clear();
    }
    assert_eq!(answers, BURST);
    assert!(serving.await.expect("served").is_ok());
}

#[tokio::test]
async fn requests_of_one_thread_keep_their_order_and_others_overtake() {
    let gate = Arc::new(Semaphore::new(0));
    let store = FakeStore::new(Script {
        gate: Some((id(1), Arc::clone(&gate))),
        ..Script::default()
    });
    let mut wire = Wire::initialized(server(store, View::Full), true).await;
    let read = |number, thread| request(number, "thread/read", json!({"threadId": id(thread).to_string()}));
    for message in [
        read(1, 1),
        read(2, 1),
        read(3, 1),
        read(4, 2),
        request(5, "thread/list", json!({})),
    ] {
        wire.send(&message).await;
    }
    let mut overtaking = [wire.receive().await["id"].as_i64(), wire.receive().await["id"].as_i64()];
    overtaking.sort_unstable();
    assert_eq!(overtaking, [Some(4), Some(5)]);
    gate.add_permits(3);
    for expected in 1..=3 {
        assert_eq!(wire.receive().await["id"], expected);
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_server_lives() {
    let mut script = Script::default();
    script.reads.insert(id(1), Arc::new(|| panic!("a bug")));
    let mut wire = Wire::initialized(server(FakeStore::new(script), View::Full), true).await;
    let (code, message) = wire.error("thread/read", json!({"threadId": id(1).to_string()})).await;
    assert_eq!((code, message.contains("a bug")), (-32603, false), "{message}");
    let next = wire.result("thread/read", json!({"threadId": id(2).to_string()})).await;
    assert_eq!(next["thread"]["id"], id(2).to_string());
    let again = wire.error("thread/read", json!({"threadId": id(1).to_string()})).await;
    assert_eq!(again.0, -32603, "the queue of the thread is not stuck");
}

#[tokio::test]
async fn one_value_per_line_and_everything_else_is_passed_over() {
    let mut wire = Wire::initialized(server(FakeStore::new(Script::default()), View::Full), true).await;
    let good = request(7, "thread/loaded/list", json!({}));
    let noise = "\n  \nnot json\n5\n[]\n{}\n{\"id\":1}\n{\"id\":null,\"method\":\"thread/list\",\"params\":{}}\n\
                 {\"id\":3,\"result\":1}\n{\"method\":\"initialized\"}\n\u{feff}\n";
    wire.send_text(noise).await;
    wire.send_text(&format!(
        "[{good}]\n{good} {good}\n{}\r\n",
        request(8, "thread/loaded/list", json!({}))
    ))
    .await;
    assert_eq!(wire.receive().await["id"], 8);
    wire.writer
        .write_all(b"{\"id\":9,\"method\":\"\xff\",\"params\":{}}\n")
        .await
        .expect("open");
    assert_eq!(wire.call("thread/loaded/list", json!({})).await["id"], 1);
}

#[tokio::test]
async fn ids_are_echoed_and_duplicates_both_answered() {
    let mut wire = Wire::initialized(server(FakeStore::new(Script::default()), View::Full), true).await;
    for id in [json!("x"), json!(""), json!(i64::MIN), json!("x")] {
        wire.send(&json!({"id": id, "method": "thread/loaded/list", "params": {}, "jsonrpc": "2.0"}))
            .await;
        let answer = wire.receive().await;
        assert_eq!(answer["id"], id);
        assert_eq!(answer.get("jsonrpc"), None);
    }
}

#[tokio::test]
async fn the_end_of_input_lets_everything_finish() {
    let gate = Arc::new(Semaphore::new(0));
    let store = FakeStore::new(Script {
        gate: Some((id(1), Arc::clone(&gate))),
        ..Script::default()
    });
    let mut wire = Wire::initialized(server(store, View::Full), true).await;
    wire.send(&request(1, "thread/read", json!({"threadId": id(1).to_string()})))
        .await;
    // The last line needs no line end.
    wire.send_text(&request(2, "thread/read", json!({"threadId": id(2).to_string()})).to_string())
        .await;
    wire.writer.shutdown().await.expect("open");
    assert_eq!(wire.receive().await["id"], 2);
    assert!(!wire.serving.is_finished(), "one answer is missing");
    gate.add_permits(1);
    assert_eq!(wire.receive().await["id"], 1);
    assert_eq!(wire.receive().await, Value::Null);
    assert!(wire.serving.await.expect("served").is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_given_up_when_its_client_has_gone_for_long_enough() {
    let limit = Duration::from_secs(DRAIN_TIMEOUT_SECONDS);
    let gate = Arc::new(Semaphore::new(0));
    let store = FakeStore::new(Script {
        rows: vec![record(1)],
        gate: Some((id(1), Arc::clone(&gate))),
        ..Script::default()
    });
    let mut wire = Wire::initialized(server(store, View::Full), true).await;
    wire.send(&request(1, "thread/read", json!({"threadId": id(1)}))).await;
    let gone_at = tokio::time::Instant::now();
    wire.writer.shutdown().await.expect("open");
    assert!(wire.serving.await.expect("served").is_ok());
    let waited = gone_at.elapsed();
    assert!(waited >= limit && waited < limit + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn a_client_that_has_gone_ends_the_connection() {
    let Wire {
        reader,
        mut writer,
        serving,
    } = Wire::initialized(server(FakeStore::new(Script::default()), View::Full), true).await;
    writer.write_all(list(1).as_bytes()).await.expect("open");
    drop((reader, writer));
    let ended = serving.await.expect("no panic");
    assert!(matches!(ended, Ok(()) | Err(TransportError::Write(_))), "{ended:?}");
}

#[tokio::test]
async fn two_connections_do_not_share_a_handshake() {
    let server = server(FakeStore::new(Script::default()), View::Full);
    let _first = Wire::initialized(Arc::clone(&server), true).await;
    let mut second = Wire::open(server);
    let refused = second.error("thread/list", json!({})).await;
    assert_eq!(refused, (-32600, "Not initialized".to_owned()));
    second.send(&initialize(2, false)).await;
    assert_eq!(second.receive().await["id"], 2);
}
