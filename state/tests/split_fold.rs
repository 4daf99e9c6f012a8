//! Any split of a log into catch-up steps gives the rows of one fold over the whole log (design 2.5).
//!
//! Histories are arbitrary, damage, rollbacks and late events included. Steps go through a real index file, so the
//! comparison covers storing and reading back as well.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_state::db::{FileState, Index, RolloutUpdate, StoredRows, WriteOutcome};
use codex_state::projector::{
    Checkpoint, KeyRange, LineAt, MemoryRows, Mode, Order, Projector, RolloutMeta, RowChanges, RowReader, RowStore,
};
use codex_state::rows::{RowSet, RowSets, id_hash};
use codex_test_support::arbitrary::{any_mode, history};
use codex_test_support::{Mode as FileMode, RolloutBuilder};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use uuid::Uuid;

const SETS: [RowSet; 3] = [RowSet::Full, RowSet::Codex, RowSet::Raw];

/// State after a fold.
#[derive(Debug, PartialEq)]
struct Folded {
    checkpoint: Checkpoint,
    meta: RolloutMeta,
    rows: RowChanges,
}

/// How the steps of a fold see what earlier ones stored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Steps {
    /// Each step knows only the stored rows, as a request does.
    Cold,
    /// Ids are handed from step to step, as bulk catch-up does.
    Warm,
}

fn start(mode: FileMode) -> Checkpoint {
    let mode = match mode {
        FileMode::Paginated => Mode::Paginated,
        FileMode::Legacy => Mode::Legacy,
        FileMode::Bare => Mode::Bare,
    };
    Checkpoint::start(mode, 0, None)
}

/// Complete lines with their offsets, as `(start, end without newline)`.
fn complete_lines(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    let mut from = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        lines.push((from, at));
        from = at + 1;
    }
    lines
}

fn feed<S: RowStore>(projector: &mut Projector<'_, S>, bytes: &[u8], lines: &[(usize, usize)]) {
    for (from, to) in lines {
        let line = LineAt {
            offset: *from as u64,
            bytes: &bytes[*from..*to],
            end: *to as u64 + 1,
        };
        projector.line(line).expect("rows can be read");
    }
}

fn fold_at_once(id: Uuid, mode: FileMode, bytes: &[u8]) -> Folded {
    let mut rows: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
    let mut projector = Projector::new(id, start(mode), RolloutMeta::default(), &mut rows);
    feed(&mut projector, bytes, &complete_lines(bytes));
    let (checkpoint, meta) = projector.finish();
    Folded {
        checkpoint,
        meta,
        rows: rows.into_parts().0,
    }
}

fn index() -> &'static Index {
    static INDEX: OnceLock<(tempfile::TempDir, Index)> = OnceLock::new();
    let (_, index) = INDEX.get_or_init(|| {
        let folder = tempfile::tempdir().expect("temporary folder");
        let index = Index::open(&folder.path().join("index.sqlite")).expect("empty index");
        (folder, index)
    });
    index
}

fn new_rollout_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Folds in steps that begin at these lines, storing after each; returns the merged changes.
fn fold_in_steps(id: Uuid, mode: FileMode, bytes: &[u8], cuts: &[usize], steps: Steps) -> Folded {
    let lines = complete_lines(bytes);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (lines.len() + 1)).collect();
    cuts.push(lines.len());
    cuts.sort_unstable();
    let mut state = (start(mode), RolloutMeta::default());
    let mut merged = RowChanges::default();
    let mut stored = None;
    let mut known_ids = Some(Default::default());
    let mut from = 0;
    for cut in cuts {
        let reader = index().reader().expect("reader");
        let base = stored.map(|(key, _)| StoredRows::new(reader.connection(), key));
        let mut rows = match (steps, base) {
            (Steps::Warm, base) => MemoryRows::resume(base, known_ids.take()),
            (Steps::Cold, Some(base)) => MemoryRows::over_unknown(base),
            (Steps::Cold, None) => MemoryRows::empty(),
        };
        let mut projector = Projector::new(id, state.0.clone(), state.1.clone(), &mut rows);
        feed(&mut projector, bytes, &lines[from..cut]);
        state = projector.finish();
        let (changes, ids) = rows.into_parts();
        known_ids = ids;
        drop(reader);
        merge(&mut merged, &changes);
        let update = RolloutUpdate {
            rollout_id: id.to_string(),
            thread_id: id.to_string(),
            file: FileState {
                path: id.to_string(),
                archived: false,
                compressed: false,
                len: bytes.len() as u64,
                mtime_ns: 0,
                fingerprint: String::new(),
            },
            plain_end: bytes.len() as u64,
            anchor_hash: 0,
            base: None,
            expected_offset: stored.map(|(_, offset)| offset),
            checkpoint: state.0.clone(),
            meta: state.1.clone(),
            header_error: None,
            changes,
        };
        let WriteOutcome::Stored(key) = index().store(&update).expect("store") else {
            panic!("nobody else moves this checkpoint");
        };
        stored = Some((key, state.0.offset));
        from = cut;
    }
    Folded {
        checkpoint: state.0,
        meta: state.1,
        rows: merged,
    }
}

/// Applies a step's changes as the index does.
fn merge(merged: &mut RowChanges, step: &RowChanges) {
    if step.raw_removed {
        merged.turns.retain(|_, row| row.sets != RowSets::RAW);
        merged.items.retain(|_, row| row.sets != RowSets::RAW);
        merged.raw_removed = true;
    }
    merged.turns.extend(step.turns.clone());
    merged.items.extend(step.items.clone());
    merged.damage.extend(step.damage.iter().copied());
}

/// Compares what the index answers with the rows of one fold, query by query.
fn assert_stored(id: Uuid, expected: &Folded) {
    let reader = index().reader().expect("reader");
    let row = reader.rollout(&id.to_string()).expect("row").expect("stored");
    assert_eq!(row.checkpoint, expected.checkpoint);
    assert_eq!(row.meta, expected.meta);
    let stored = StoredRows::new(reader.connection(), row.key);
    for (key, turn) in &expected.rows.turns {
        assert_eq!(stored.turn(*key).expect("turn").as_ref(), Some(turn));
    }
    for (key, item) in &expected.rows.items {
        assert_eq!(stored.item(*key).expect("item").as_ref(), Some(item));
    }
    assert_eq!(
        stored.damage(usize::MAX).expect("damage").len(),
        expected.rows.damage.len()
    );
    let mut fresh: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
    for turn in expected.rows.turns.values() {
        fresh.put_turn(turn.clone()).expect("memory");
    }
    for item in expected.rows.items.values() {
        fresh.put_item(item.clone()).expect("memory");
    }
    for set in SETS {
        for order in [Order::Ascending, Order::Descending] {
            let all = (KeyRange::ALL, order, usize::MAX);
            assert_eq!(
                stored.turns(set, all.0, all.1, all.2).ok(),
                fresh.turns(set, all.0, all.1, all.2).ok()
            );
            let items = |rows: &dyn RowReader| rows.items(set, None, all.0, all.1, all.2).ok();
            assert_eq!(items(&stored), items(&fresh));
            let messages = |rows: &dyn RowReader| rows.messages(set, all.0, all.1, all.2).ok();
            assert_eq!(messages(&stored), messages(&fresh));
            let ended = |rows: &dyn RowReader| rows.ended_turns(set, all.0, all.1, all.2).ok();
            assert_eq!(ended(&stored), ended(&fresh));
        }
        assert_eq!(stored.item_count(set).ok(), fresh.item_count(set).ok());
        for turn in expected.rows.turns.values() {
            let hash = id_hash(&turn.turn_id);
            assert_eq!(stored.turn_by_id(hash, set).ok(), fresh.turn_by_id(hash, set).ok());
        }
    }
}

fn check_split(id: Uuid, mode: FileMode, bytes: &[u8], cuts: &[usize], steps: Steps) {
    let mut expected = fold_at_once(id, mode, bytes);
    let mut found = fold_in_steps(id, mode, bytes, cuts, steps);
    // Only a step that has a base needs to say that its raw rows went.
    expected.rows.raw_removed = false;
    found.rows.raw_removed = false;
    assert_eq!(found, expected, "split at {cuts:?}, {steps:?}");
    assert_stored(id, &expected);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: proptest_cases(96),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/split_fold.txt"),
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn prop_rows_do_not_depend_on_the_steps(
        history in any_mode().prop_flat_map(|mode| history(mode, 60)),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        warm in any::<bool>(),
    ) {
        let steps = if warm { Steps::Warm } else { Steps::Cold };
        check_split(new_rollout_id(), history.mode, &history.bytes(), &cuts, steps);
    }

    #[test]
    fn prop_a_step_per_line_gives_the_same_rows(history in any_mode().prop_flat_map(|mode| history(mode, 25))) {
        let cuts: Vec<usize> = (0..complete_lines(&history.bytes()).len()).collect();
        check_split(new_rollout_id(), history.mode, &history.bytes(), &cuts, Steps::Cold);
    }

    #[test]
    fn prop_folding_again_gives_the_same_rows(history in any_mode().prop_flat_map(|mode| history(mode, 60))) {
        let id = new_rollout_id();
        let bytes = history.bytes();
        let first = fold_at_once(id, history.mode, &bytes);
        prop_assert_eq!(&first, &fold_at_once(id, history.mode, &bytes));
        // Synced twice in a row: the second step has nothing to fold and changes nothing (edge case 95).
        let end = complete_lines(&bytes).len();
        let again = fold_in_steps(id, history.mode, &bytes, &[end, end], Steps::Cold);
        prop_assert_eq!(again.checkpoint, first.checkpoint);
        prop_assert_eq!(again.rows.items, first.rows.items);
    }
}

/// A turn id is used twice, the newer turn is rolled back, and then the older one ends: the base still shows the newer.
#[test]
fn a_rolled_back_turn_uncovers_an_older_one_with_its_id() {
    let mut rollout = RolloutBuilder::legacy("019caf1a-1400-7000-8000-00000000abcd");
    rollout
        .start_turn_as("twice")
        .user("first")
        .forget_turn()
        .start_turn_as("twice")
        .user("second");
    let split = rollout.line_offsets().len();
    rollout.roll_back(1).task_complete("twice");
    check_split(
        new_rollout_id(),
        FileMode::Legacy,
        &rollout.build(),
        &[split],
        Steps::Cold,
    );
}

/// Fewer cases than usual, unless the environment asks for more.
fn proptest_cases(default: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    asked.unwrap_or(default)
}
