//! What is acknowledged of records that nobody keeps, and what is left of a closed thread.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use serde_json::json;

use super::EphemeralStore;
use crate::Clock;
use crate::error::StoreError;
use crate::live::{Appended, LiveOptions, LiveThread, LiveUpdate, RawItem};
use crate::store::ThreadStore;
use crate::types::{ThreadReadQuery, View};
use crate::writes::{Durability, NewThread, WriterKey};

fn id() -> ThreadId {
    "01a0c400-0000-7000-8000-000000000001".parse().expect("a uuid")
}

fn event(payload: serde_json::Value) -> RawItem {
    RawItem::new("event_msg", codex_protocol::RawJson::of(&payload).expect("a value"))
}

async fn open(store: &Arc<EphemeralStore>, mode: HistoryMode) -> LiveThread {
    let store: Arc<dyn ThreadStore> = Arc::clone(store) as _;
    let options = LiveOptions::new(Clock::from_fn(|| 1_790_000_000_000));
    let thread = LiveThread::create(store, NewThread::new(id(), mode, "/"), options).await;
    thread.expect("nobody writes it")
}

async fn turn(thread: &LiveThread, name: &str, durability: Option<Durability>) -> Appended {
    let items = [
        event(json!({"type": "task_started", "turn_id": name, "model_context_window": 1000})),
        event(
            json!({"type": "task_complete", "turn_id": name, "last_agent_message": null,
            "started_at": 1, "completed_at": 3, "duration_ms": 2_000}),
        ),
    ];
    thread.append(&items, durability).await.expect("appended")
}

#[tokio::test]
async fn records_are_numbered_and_acknowledged_as_queued() {
    for (mode, second) in [
        (HistoryMode::Paginated, (Some(2), Some(4))),
        (HistoryMode::Legacy, (None, None)),
    ] {
        let store = Arc::new(EphemeralStore::default());
        let thread = open(&store, mode).await;
        turn(&thread, "t1", None).await;
        let appended = turn(&thread, "t2", Some(Durability::Synced)).await;
        assert_eq!((appended.first_ordinal, appended.next_ordinal), second, "{mode:?}");
        assert_eq!(appended.durability, Durability::Queued);
        let Some(LiveUpdate::TurnEnded { turn_id, ending, .. }) = appended.updates.last() else {
            panic!("no end of a turn: {appended:?}");
        };
        assert_eq!(turn_id.as_deref(), Some("t2"));
        assert_eq!(
            (ending.started_at, ending.completed_at, ending.duration_ms),
            (Some(1), Some(3), Some(2_000))
        );
    }
}

#[tokio::test]
async fn to_readers_the_thread_is_not_there() {
    let store = Arc::new(EphemeralStore::default());
    let thread = open(&store, HistoryMode::Paginated).await;
    turn(&thread, "t1", None).await;
    let query = ThreadReadQuery {
        thread_id: id(),
        view: View::Full,
        turns: None,
    };
    assert!(matches!(
        store.read_thread(query).await,
        Err(StoreError::ThreadNotFound { thread_id }) if thread_id == id()
    ));
}

#[tokio::test]
async fn a_closed_thread_is_gone_and_its_key_does_nothing() {
    let store = Arc::new(EphemeralStore::default());
    let first = open(&store, HistoryMode::Paginated).await;
    let writes = store.writes().expect("it records");
    let conflict = writes
        .create_thread(NewThread::new(id(), HistoryMode::Paginated, "/"))
        .await;
    assert!(matches!(conflict, Err(StoreError::WriterConflict { .. })));
    first.close().await.expect("open");
    assert!(matches!(
        writes.resume_thread(id()).await,
        Err(StoreError::ThreadNotFound { .. })
    ));
    let stale = WriterKey {
        thread_id: id(),
        number: 1,
    };
    let second = open(&store, HistoryMode::Paginated).await;
    assert!(matches!(
        writes.close_thread(stale).await,
        Err(StoreError::NotOpen { .. })
    ));
    turn(&second, "t1", None).await;
    drop(second);
    assert!(store.writers().open.is_empty(), "dropping closes");
}
