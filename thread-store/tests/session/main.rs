//! One scripted session, from an agent's records to the exact lines of both modes, to rows, to turns.
#![allow(clippy::disallowed_methods, reason = "tests look at the files")]

#[expect(dead_code, reason = "the example plays more than the script")]
#[path = "../../examples/scripted_agent/script.rs"]
mod script;

mod play;

use std::fs;
use std::path::Path;

use codex_protocol::ids::ThreadId;
use codex_state::db::StoredRows;
use codex_state::projector::{
    Checkpoint, KeyRange, LineAt, MemoryRows, Mode, Order, Projector, RolloutMeta, RowReader,
};
use codex_state::rows::RowSet;
use codex_thread_store::{Direction, HistoryMode, ItemsView, ThreadStore, TurnPageQuery, View};

use play::{THREAD, play, shown};

fn rollout(home: &Path) -> Vec<u8> {
    let mut folder = home.join("sessions");
    while folder.is_dir() {
        let mut entries = fs::read_dir(&folder).expect("a folder");
        folder = entries.next().expect("one entry").expect("readable").path();
    }
    fs::read(folder).expect("the rollout")
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
