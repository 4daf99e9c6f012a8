//! Any bytes as a rollout: the projector never fails or panics, two steps give the rows of one, and every row's lines
//! still make its item.
//!
//! The first byte chooses the mode, the second one where the steps are split.
#![no_main]

mod no_rows;

use codex_state::{
    fold::{FoldContext, fold_item, fold_turn},
    projector::{Checkpoint, LineAt, MemoryRows, Mode, Projector, RolloutMeta, RowChanges, RowReader},
    rows::{RowSet, RowSets, Span},
};
use libfuzzer_sys::fuzz_target;
use no_rows::NoRows;
use uuid::Uuid;

const ROLLOUT: Uuid = Uuid::from_u128(0x019c_af1a_1400_7000_8000_0000_0000_abcd);

fuzz_target!(|data: &[u8]| {
    let [mode, split, bytes @ ..] = data else { return };
    let mode = [Mode::Legacy, Mode::Paginated, Mode::Bare][usize::from(*mode) % 3];
    let lines = lines_of(bytes);
    let start = (Checkpoint::start(mode, 0, None), RolloutMeta::default());

    let mut whole = MemoryRows::<NoRows>::empty();
    let whole_end = fold(&lines, start.clone(), &mut whole);

    let (first, second) = lines.split_at(usize::from(*split) * lines.len() / 256);
    let mut base = MemoryRows::<NoRows>::empty();
    let middle = fold(first, start, &mut base);
    let base_changes = base.changes().clone();
    let mut rest = MemoryRows::over_unknown(base);
    let split_end = fold(second, middle, &mut rest);
    assert_eq!(split_end, whole_end, "two steps end where one does");
    same_rows(&stored(base_changes, rest.changes()), whole.changes());

    contents(bytes, whole.changes());
});

fn lines_of(bytes: &[u8]) -> Vec<LineAt<'_>> {
    let mut offset = 0;
    let whole_lines = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"\n"));
    whole_lines
        .map(|line| {
            let at = LineAt {
                offset,
                bytes: &line[..line.len() - 1],
                end: offset + line.len() as u64,
            };
            offset = at.end;
            at
        })
        .collect()
}

fn fold<B: RowReader>(
    lines: &[LineAt<'_>],
    (checkpoint, meta): (Checkpoint, RolloutMeta),
    rows: &mut MemoryRows<B>,
) -> (Checkpoint, RolloutMeta) {
    let mut projector = Projector::new(ROLLOUT, checkpoint, meta, rows);
    for line in lines {
        projector.line(*line).expect("rows in memory never fail");
    }
    projector.finish()
}

/// What an index holds after it stored `first` and then `second`.
fn stored(mut first: RowChanges, second: &RowChanges) -> RowChanges {
    if second.raw_removed {
        first.turns.retain(|_, row| row.sets != RowSets::RAW);
        first.items.retain(|_, row| row.sets != RowSets::RAW);
    }
    first.turns.extend(second.turns.clone());
    first.items.extend(second.items.clone());
    first.damage.extend(second.damage.iter().copied());
    first
}

fn same_rows(split: &RowChanges, whole: &RowChanges) {
    assert_eq!(split.turns, whole.turns, "turns do not depend on the steps");
    assert_eq!(split.items, whole.items, "items do not depend on the steps");
    assert_eq!(split.damage, whole.damage, "damage does not depend on the steps");
}

fn contents(bytes: &[u8], rows: &RowChanges) {
    let at = |spans: &[Span]| -> Vec<(Span, Vec<u8>)> {
        spans
            .iter()
            .map(|span| (*span, bytes[span.offset as usize..span.end() as usize].to_vec()))
            .collect()
    };
    for row in rows.items.values() {
        let owned = at(&row.spans);
        let lines: Vec<(Span, &[u8])> = owned.iter().map(|(span, line)| (*span, line.as_slice())).collect();
        for set in [RowSet::Full, RowSet::Codex, RowSet::Raw]
            .into_iter()
            .filter(|set| row.sets.contains(*set))
        {
            let context = FoldContext {
                rollout_id: ROLLOUT,
                set,
                cwd: "/home/user",
                thread_id: "thread",
            };
            fold_item(row, context, &lines).expect("a row's own lines make its item");
        }
    }
    for row in rows.turns.values() {
        let owned = at(&row.records);
        let lines: Vec<(Span, &[u8])> = owned.iter().map(|(span, line)| (*span, line.as_slice())).collect();
        // Legacy turns keep records of other kinds too; folding them may say so, and must not panic.
        let _ = fold_turn(&lines);
    }
}
