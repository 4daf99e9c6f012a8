//! The agent of these tests: how its records become raw items, with ids and times that are the same in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_test_support::agent::{Form, Record, Turn};
use codex_thread_store::live::{EventStyle, IdSource, LiveOptions, RawItem};
use codex_thread_store::{Clock, HistoryMode, NewThread};
use uuid::Uuid;

/// Both history modes.
pub(crate) const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];
/// The time of the agent, Unix milliseconds.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

/// Ids that count up.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl IdSource for Counter {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

/// Returns the thread with a number.
pub(crate) fn thread(number: u32) -> ThreadId {
    ThreadId(Uuid::from_u128(
        0x019c_af1a_1400_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}

/// Makes a thread to be recorded.
pub(crate) fn new_thread(thread_id: ThreadId, mode: HistoryMode) -> NewThread {
    NewThread::new(thread_id, mode, "/home/user/project")
}

/// Makes options of an agent; its ids count up from the first one.
pub(crate) fn options(form: Form) -> LiveOptions {
    LiveOptions {
        event_style: match form {
            Form::Canonical => EventStyle::Canonical,
            Form::Legacy => EventStyle::Legacy,
            Form::Both => EventStyle::Both,
        },
        ids: Arc::new(Counter::default()),
        ..LiveOptions::new(Clock::from_fn(|| NOW_MS))
    }
}

/// Makes raw items of records.
pub(crate) fn raw(records: &[Record]) -> Vec<RawItem> {
    let raw = |record: &Record| {
        let payload = RawJson::of(&record.payload).expect("a value serialises");
        RawItem::new(record.kind, payload)
    };
    records.iter().map(raw).collect()
}

/// One event.
pub(crate) fn event(payload: serde_json::Value) -> RawItem {
    raw(&[Record::event(payload)]).remove(0)
}

/// A turn in three batches: question, work, answer.
pub(crate) fn turn_batches(thread_id: ThreadId, name: &str) -> [Vec<RawItem>; 3] {
    let turn = Turn::new(thread_id, name);
    let emitted = |facts: &[codex_test_support::agent::Fact]| -> Vec<RawItem> {
        let records = facts.iter().flat_map(|fact| fact.emitted(Form::Canonical));
        raw(&records.collect::<Vec<_>>())
    };
    [
        emitted(&[turn.started(), turn.user(&format!("ask {name}"))]),
        emitted(&[
            turn.reasoning(&format!("think {name}")),
            turn.command(&format!("call_{name}"), name),
            turn.patch(&format!("patch_{name}"), name),
        ]),
        emitted(&[turn.message(&format!("answer {name} \u{1f600}")), turn.complete()]),
    ]
}
