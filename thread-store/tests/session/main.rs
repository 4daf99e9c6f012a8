//! One scripted session, from an agent's records to the exact lines of both modes, to rows, to turns.
#![allow(clippy::disallowed_methods, reason = "tests look at the files")]

#[expect(dead_code, reason = "the example plays more than the script")]
#[path = "../../examples/scripted_agent/script.rs"]
mod script;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_state::db::StoredRows;
use codex_state::projector::{
    Checkpoint, KeyRange, LineAt, MemoryRows, Mode, Order, Projector, RolloutMeta, RowReader,
};
use codex_state::rows::RowSet;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread};
use codex_thread_store::{
    Clock, Direction, HistoryMode, ItemsView, LocalStore, LocalStoreOptions, NewThread, ThreadStore, TurnPageQuery,
    View,
};
use serde_json::Value;
use uuid::Uuid;

/// 2026-03-02T09:00:00Z.
const START_MS: i64 = 1_772_442_000_000;
const THREAD: Uuid = Uuid::from_u128(0x019c_af1a_1400_7000_8000_0000_0000_5e55);
/// Characters of a text that a snapshot shows.
const SHOWN_CHARS: usize = 100;

/// Counts instead of drawing lots.
struct Counted(AtomicU64);

impl IdSource for Counted {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x019c_af1a_1400_7000_9000_0000_0000_0000 + u128::from(number))
    }
}

/// Plays the script into a home, and returns the store.
async fn play(home: &Path, mode: HistoryMode) -> Arc<dyn ThreadStore> {
    fs::create_dir_all(home.join("sessions")).expect("a home");
    let now = AtomicI64::new(START_MS);
    let clock = Clock::from_fn(move || now.fetch_add(1, Ordering::Relaxed));
    let store: Arc<dyn ThreadStore> = LocalStore::open(LocalStoreOptions {
        clock: clock.clone(),
        ..LocalStoreOptions::new(home)
    })
    .expect("a store");
    let ids = Arc::new(Counted(AtomicU64::new(0)));
    let options = LiveOptions {
        clock: Clock::from_fn(|| START_MS),
        ids: ids.clone(),
        ..LiveOptions::new(clock)
    };
    let mut new = NewThread::new(ThreadId(THREAD), mode, "/home/user/project");
    new.cli_version = "0.0.0".to_owned();
    let live = LiveThread::create(Arc::clone(&store), new, options)
        .await
        .expect("a thread");
    for (number, play) in script::TURNS.iter().enumerate() {
        let turn = script::Turn {
            thread_id: ThreadId(THREAD),
            turn_id: Uuid::from_u128(0x019c_af1a_1400_7000_a000_0000_0000_0000 + number as u128).to_string(),
            now_ms: START_MS + 1_000 * number as i64,
        };
        for step in play(&turn) {
            live.append(&step, None).await.expect("recorded");
        }
    }
    live.close().await.expect("closed");
    store
}

fn rollout(home: &Path) -> Vec<u8> {
    let mut folder = home.join("sessions");
    while folder.is_dir() {
        let mut entries = fs::read_dir(&folder).expect("a folder");
        folder = entries.next().expect("one entry").expect("readable").path();
    }
    fs::read(folder).expect("the rollout")
}

/// Shortens long texts, and the time of writing, which is the clock's business.
fn shown(line: &[u8]) -> String {
    let mut value: Value = serde_json::from_slice(line).expect("a JSON line");
    shorten(&mut value);
    if let Some(time) = value.get_mut("timestamp") {
        *time = Value::from("-");
    }
    value.to_string()
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > SHOWN_CHARS => {
            let start: String = text.chars().take(SHOWN_CHARS).collect();
            *text = format!("{start}... {} bytes", text.len());
        }
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

fn rows(bytes: &[u8], mode: Mode) -> String {
    let mut rows: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
    let mut projector = Projector::new(
        THREAD,
        Checkpoint::start(mode, 0, None),
        RolloutMeta::default(),
        &mut rows,
    );
    let mut numbers = std::collections::BTreeMap::new();
    let mut offset = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        numbers.insert(offset, number + 1);
        let end = offset + line.len() as u64;
        let bytes = line.strip_suffix(b"\n").expect("a whole line");
        projector.line(LineAt { offset, bytes, end }).expect("rows in memory");
        offset = end;
    }
    projector.finish();
    let mut picture = Vec::new();
    for turn in rows
        .turns(RowSet::Full, KeyRange::ALL, Order::Ascending, usize::MAX)
        .expect("rows")
    {
        let at = |offset: u64| {
            numbers
                .get(&offset)
                .map_or("?".to_owned(), |number| format!("L{number}"))
        };
        let key = |key: Option<codex_state::rows::RowKey>| key.map_or("-".to_owned(), |key| at(key.offset()));
        let records: Vec<String> = turn.records.iter().map(|span| at(span.offset)).collect();
        picture.push(format!(
            "turn {} {:?} sets {} records {} first user {} final agent {}",
            at(turn.key.offset()),
            turn.state,
            turn.sets.0,
            records.join("+"),
            key(turn.first_user),
            key(turn.final_agent),
        ));
        let items = rows.items(
            RowSet::Full,
            Some(turn.link),
            KeyRange::ALL,
            Order::Ascending,
            usize::MAX,
        );
        for item in items.expect("rows") {
            let spans: Vec<String> = item.spans.iter().map(|span| at(span.offset)).collect();
            picture.push(format!(
                "  item {} {:?} {:?} sets {} of {}",
                at(item.key.offset()),
                item.class,
                item.fold,
                item.sets.0,
                spans.join("+"),
            ));
        }
    }
    let damage = rows.changes().damage.iter().map(|row| format!("damage {:?}", row.code));
    picture.extend(damage);
    picture.join("\n")
}

async fn turns(store: &dyn ThreadStore) -> String {
    let query = TurnPageQuery {
        thread_id: ThreadId(THREAD),
        view: View::Full,
        anchor: None,
        limit: 100,
        direction: Direction::Ascending,
        items_view: ItemsView::Full,
    };
    let mut lines = Vec::new();
    for turn in store.list_turns(query).await.expect("turns").turns {
        lines.push(format!("{} {:?} {:?}", turn.turn_id, turn.status, turn.error));
        let items = turn
            .items
            .iter()
            .map(|item| serde_json::to_vec(item).expect("items always encode"));
        lines.extend(items.map(|item| format!("  {}", shown(&item))));
    }
    lines.join("\n")
}

async fn chain(mode: HistoryMode) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let store = play(home.path(), mode).await;
    let bytes = rollout(home.path());
    let lines: Vec<String> = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(shown)
        .collect();
    let projected = rows(
        &bytes,
        match mode {
            HistoryMode::Legacy => Mode::Legacy,
            HistoryMode::Paginated => Mode::Paginated,
        },
    );
    let turns = turns(&*store).await;
    format!("{}\n\nROWS\n{projected}\n\nTURNS\n{turns}", lines.join("\n"))
}

#[tokio::test]
async fn a_legacy_session() {
    insta::assert_snapshot!(chain(HistoryMode::Legacy).await);
}

#[tokio::test]
async fn a_paginated_session() {
    insta::assert_snapshot!(chain(HistoryMode::Paginated).await);
}
