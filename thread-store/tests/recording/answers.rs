//! What a store answers and a file says, reduced to what the tests compare.

use codex_protocol::ids::ThreadId;
use codex_thread_store::{ItemsView, StoreResult, ThreadReadQuery, ThreadRecord, ThreadStore, View};
use serde_json::Value;

/// Turn and id of an item.
pub(crate) type ItemName = (String, String);

/// Reads a thread with all its items.
pub(crate) async fn read(store: &dyn ThreadStore, thread_id: ThreadId) -> StoreResult<ThreadRecord> {
    let query = ThreadReadQuery {
        thread_id,
        view: View::Full,
        turns: Some(ItemsView::Full),
    };
    store.read_thread(query).await
}

/// Names the items of a thread, in order.
pub(crate) fn items_of(record: &ThreadRecord) -> Vec<ItemName> {
    let turns = record.turns.iter();
    let items = turns.flat_map(|turn| {
        let names = turn.items.iter();
        names.map(|item| (turn.turn_id.clone(), item.item.id().to_owned()))
    });
    items.collect()
}

/// One line of a rollout without its time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogLine {
    pub(crate) ordinal: Option<u64>,
    pub(crate) kind: String,
    pub(crate) payload: Value,
}

/// Decodes a rollout; every line must be whole and known.
pub(crate) fn log_lines(bytes: &[u8]) -> Vec<LogLine> {
    let text = std::str::from_utf8(bytes).expect("a rollout is text");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(log_line).collect()
}

fn log_line(text: &str) -> LogLine {
    let mut line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let kind = line["type"].as_str().expect("a kind").to_owned();
    let mut payload = line["payload"].take();
    if kind == "session_meta" {
        payload["timestamp"] = Value::Null;
    }
    LogLine {
        ordinal: line["ordinal"].as_u64(),
        kind,
        payload,
    }
}

/// The lines that a reader accepts: all but a fragment at the end.
pub(crate) fn whole_lines(bytes: &[u8]) -> Vec<LogLine> {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (whole, tail) = bytes.split_at(end);
    let mut lines = log_lines(whole);
    if !tail.is_empty() && serde_json::from_slice::<Value>(tail).is_ok() {
        let mut tail = tail.to_vec();
        tail.push(b'\n');
        lines.extend(log_lines(&tail));
    }
    lines
}

/// Checks that ordinals count up from 0 without a gap, or that there are none.
pub(crate) fn assert_ordinals(lines: &[LogLine]) {
    let is_numbered = lines.first().is_some_and(|line| line.ordinal.is_some());
    for (line, expected) in lines.iter().zip(0..) {
        assert_eq!(line.ordinal, is_numbered.then_some(expected), "{line:?}");
    }
}
