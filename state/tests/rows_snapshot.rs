//! Lines to rows to items, as snapshots: every kind of line, folded as each history mode folds it.

mod support;

use codex_protocol::item::TimedItem;
use codex_state::fold::{FoldContext, fold_item};
use codex_state::projector::{Checkpoint, Mode};
use codex_state::rows::{ItemRow, RowSet, RowSets, Span, TurnRow};

use support::{Folded, ROLLOUT, fold_from};

const TODAY: &str = include_str!("../../protocol/tests/lines/today.jsonl");
const OLD: &str = include_str!("../../protocol/tests/lines/old.jsonl");

fn sets(sets: RowSets) -> String {
    let name = |set, name| if sets.contains(set) { name } else { "" };
    [
        name(RowSet::Full, "full "),
        name(RowSet::Codex, "codex "),
        name(RowSet::Raw, "raw "),
    ]
    .concat()
}

/// Names lines by number: offsets would change with every byte of the samples.
struct Numbers(Vec<u64>);

impl Numbers {
    fn of(folded: &Folded) -> Self {
        let mut starts = vec![0];
        let newlines = folded.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        starts.extend(newlines.map(|(at, _)| at as u64 + 1));
        Self(starts)
    }

    fn at(&self, offset: u64) -> String {
        match self.0.binary_search(&offset) {
            Ok(index) => format!("L{}", index + 1),
            Err(_) => format!("inside a line at {offset}"),
        }
    }

    fn all(&self, spans: &[Span]) -> String {
        let lines: Vec<String> = spans.iter().map(|span| self.at(span.offset)).collect();
        lines.join("+")
    }

    fn turn(&self, turn: &TurnRow) -> String {
        format!(
            "turn {} {}{:?} records {} end {} first user {} final agent {} removed {} alias {:?} times {:?} {:?} {:?}",
            self.at(turn.key.offset()),
            sets(turn.sets),
            turn.state,
            self.all(&turn.records),
            turn.end.map_or("-".to_owned(), |end| self.at(end.span.offset)),
            turn.first_user.map_or("-".to_owned(), |key| self.at(key.offset())),
            turn.final_agent.map_or("-".to_owned(), |key| self.at(key.offset())),
            turn.removed_at.map_or("-".to_owned(), |at| self.at(at)),
            turn.alias,
            turn.started_at,
            turn.completed_at,
            turn.duration_ms,
        )
    }

    fn item(&self, item: &ItemRow) -> String {
        format!(
            "  item {} {}{:?} {:?} of {} removed {} alias {:?}",
            self.at(item.key.offset()),
            sets(item.sets),
            item.class,
            item.fold,
            self.all(&item.spans),
            item.removed_at.map_or("-".to_owned(), |at| self.at(at)),
            item.alias,
        )
    }
}

fn served(folded: &Folded, row: &ItemRow, set: RowSet) -> String {
    let lines: Vec<(Span, &[u8])> = row.spans.iter().map(|span| (*span, folded.line(*span))).collect();
    let context = FoldContext {
        rollout_id: ROLLOUT,
        set,
        cwd: "/home/user/project",
        thread_id: "019caf1a-1400-7000-8000-00000000abcd",
    };
    let item: TimedItem = fold_item(row, context, &lines).expect("the row's own lines").item;
    serde_json::to_string(&item).expect("items always encode")
}

fn picture(lines: &str, mode: Mode, set: RowSet) -> String {
    let folded = fold_from(lines.as_bytes().to_vec(), Checkpoint::start(mode, 0, None));
    let numbers = Numbers::of(&folded);
    let mut picture = Vec::new();
    for turn in folded.turns(set) {
        picture.push(numbers.turn(&turn));
        for item in folded.items(set, Some(turn.link)) {
            picture.push(numbers.item(&item));
            picture.push(format!("    {}", served(&folded, &item, set)));
        }
    }
    for row in &folded.rows.changes().damage {
        picture.push(format!("damage {} {:?}", numbers.at(row.offset), row.code));
    }
    picture.join("\n")
}

#[test]
fn paginated_lines_as_rows_and_items() {
    insta::assert_snapshot!(picture(TODAY, Mode::Paginated, RowSet::Full));
}

#[test]
fn legacy_lines_as_rows_and_items() {
    insta::assert_snapshot!(picture(TODAY, Mode::Legacy, RowSet::Full));
}

#[test]
fn legacy_lines_as_codex_shows_them() {
    insta::assert_snapshot!(picture(TODAY, Mode::Legacy, RowSet::Codex));
}

#[test]
fn old_lines_as_rows_and_items() {
    insta::assert_snapshot!(picture(OLD, Mode::Legacy, RowSet::Full));
}
