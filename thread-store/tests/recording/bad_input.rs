//! Records that cannot be recorded: refused with the item's index, as a whole batch, and the thread goes on.
//!
//! What is already promised of every store is in the conformance suite; here is the local store and its bytes.

use std::error::Error;
use std::sync::Arc;

use codex_protocol::log::RawJson;
use codex_rollout::fs::SimFs;
use codex_test_support::agent::Form;
use codex_thread_store::live::{ItemOrigin, LiveThread, RawItem};
use codex_thread_store::{Durability, StoreError, ThreadStore};
use serde_json::json;

use crate::agent::{MODES, event, new_thread, options, thread, turn_batches};
use crate::answers::{assert_ordinals, log_lines, read};
use crate::sim_home::SimHome;

const THREAD: u32 = 1;
/// What one item may have at most, and what of it is not payload.
const MAX_ITEM_BYTES: usize = 16 * 1024 * 1024;
const ENVELOPE_BYTES: usize = 160;

fn text(kind: &str, payload: &str) -> RawItem {
    RawItem::new(kind, RawJson::from_text(payload.to_owned()).expect("JSON"))
}

fn message(text: &str) -> String {
    format!(
        r#"{{"type":"item_completed","thread_id":"{}","turn_id":"t1","item":{{"type":"AgentMessage","id":"big","content":[{{"type":"Text","text":"{text}"}}]}},"completed_at_ms":5}}"#,
        thread(THREAD)
    )
}

fn message_of(payload_bytes: usize) -> RawItem {
    let frame = message("").len();
    text("event_msg", &message(&"x".repeat(payload_bytes - frame)))
}

fn causes(error: &StoreError) -> String {
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    causes
}

/// Records that are refused, and what the error says.
fn bad_items() -> Vec<(RawItem, &'static str)> {
    let nested = format!(
        "{{\"type\":\"world_state\",\"deep\":{}{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let lone = message(r"a secret \ud83d");
    let swapped = message(r"a secret \ude00\ud83d");
    let streamed = text("response_item", r#"{"type":"reasoning","summary":[]}"#);
    let mut bad = vec![
        (text("event_msg", &lone), "invalid utf-16 escape at byte"),
        (text("event_msg", &swapped), "invalid utf-16 escape at byte"),
        (text("world_state", &nested), "nested deeper than 120"),
        (text("event_msg", "[]"), "not a known record"),
        (text("event_msg", "null"), "not a known record"),
        (text("event_msg", r#"{"type":"no_such_event"}"#), "no_such_event"),
        (text("no_such_kind", "{}"), "no_such_kind"),
        (
            text("event_msg", r#"{"type":"task_complete","turn_id":"t7"}"#),
            "turn t7 was not started",
        ),
        (
            message_of(MAX_ITEM_BYTES - ENVELOPE_BYTES + 1),
            "line of 16777217 bytes, the limit is 16777216",
        ),
    ];
    let with_metadata = text("response_item", r#"{"type":"message","role":"user","content":[]}"#);
    let metadata = RawJson::from_text(r#"{"note":"\udc00"}"#.to_owned()).expect("JSON");
    bad.push((with_metadata.with_metadata(metadata), "invalid utf-16 escape at byte"));
    bad.push((
        event(json!({"type": "item_completed", "thread_id": thread(9), "turn_id": "t1", "item": {"type": "Plan", "id": "p", "text": ""}})),
        "item of another thread",
    ));
    bad.push((streamed.with_origin(ItemOrigin::Streamed), "no server id"));
    bad
}

#[test]
fn a_bad_record_is_refused_by_its_index_and_leaves_no_byte() {
    for mode in MODES {
        let home = SimHome::new(SimFs::new(), 0);
        let store: Arc<dyn ThreadStore> = home.open().expect("a home");
        home.run(async {
            let new = new_thread(thread(THREAD), mode);
            let live = LiveThread::create(Arc::clone(&store), new, options(Form::Canonical));
            let live = live.await.expect("a new thread");
            let [ask, work, answer] = turn_batches(thread(THREAD), "t1");
            live.append(&ask, None).await.expect("recorded");
            let before = home.rollout_of(thread(THREAD));
            for (bad, expected) in bad_items() {
                if bad.origin == ItemOrigin::Streamed && mode == codex_thread_store::HistoryMode::Legacy {
                    continue; // only paginated threads need the ids of servers
                }
                let batch: Vec<RawItem> = work.iter().cloned().chain([bad]).collect();
                let error = live.append(&batch, Some(Durability::Written)).await;
                let error = error.expect_err(expected);
                let said = causes(&error);
                assert!(
                    matches!(error, StoreError::Rejected { index, .. } if index == work.len()),
                    "{said}"
                );
                assert!(said.contains(expected), "{mode:?}: {said}");
                assert!(!said.contains("secret"), "errors say nothing of the text: {said}");
                assert_eq!(home.rollout_of(thread(THREAD)), before, "{mode:?}: {said}");
            }
            for batch in [work, answer] {
                live.append(&batch, None).await.expect("the thread goes on");
            }
            live.close().await.expect("closed");
            let record = read(&*store, thread(THREAD)).await.expect("readable");
            assert_eq!(record.turns[0].items.len(), 5);
        });
        let rollout = home.rollout_of(thread(THREAD)).expect("a file");
        assert_ordinals(&log_lines(&rollout.bytes));
    }
}

#[test]
fn the_largest_item_is_recorded_and_read_back() {
    for mode in MODES {
        let home = SimHome::new(SimFs::new(), 0);
        let store: Arc<dyn ThreadStore> = home.open().expect("a home");
        home.run(async {
            let new = new_thread(thread(THREAD), mode);
            let live = LiveThread::create(Arc::clone(&store), new, options(Form::Canonical));
            let live = live.await.expect("a new thread");
            let [ask, ..] = turn_batches(thread(THREAD), "t1");
            live.append(&ask, None).await.expect("recorded");
            let largest = message_of(MAX_ITEM_BYTES - ENVELOPE_BYTES);
            live.append(&[largest], None).await.expect("recorded");
            live.close().await.expect("closed");
            let record = read(&*store, thread(THREAD)).await.expect("readable");
            let codex_protocol::item::ThreadItem::AgentMessage(message) = &record.turns[0].items[1].item else {
                panic!("{mode:?}: not a message");
            };
            assert!(message.text.len() > MAX_ITEM_BYTES - 1_000);
        });
    }
}

#[test]
fn a_thread_that_was_given_up_takes_nothing_more() {
    let home = SimHome::new(SimFs::new(), 0);
    let store: Arc<dyn ThreadStore> = home.open().expect("a home");
    home.run(async {
        for mode in MODES {
            let new = new_thread(thread(THREAD), mode);
            let live = LiveThread::create(Arc::clone(&store), new, options(Form::Canonical));
            let live = live.await.expect("a new thread");
            live.discard().await.expect("discarded");
            let [ask, ..] = turn_batches(thread(THREAD), "t1");
            let refused = [
                live.append(&ask, None).await.map(|_| ()),
                live.settle().await.map(|_| ()),
                live.flush(Durability::Synced).await,
                live.persist().await,
            ];
            for error in refused {
                let error = error.expect_err("given up");
                assert!(matches!(error, StoreError::NotOpen { thread_id } if thread_id == thread(THREAD)));
            }
            assert_eq!(home.rollout_of(thread(THREAD)), None);
        }
    });
}
