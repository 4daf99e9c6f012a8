//! Folds rollouts in memory and writes what comes out as short lines, for tests that state what history shows.
#![allow(dead_code, reason = "each test file uses its own part")]

use codex_protocol::item::ThreadItem;
use codex_state::db::StoredRows;
use codex_state::fold::{FoldContext, fold_item};
use codex_state::projector::{
    Checkpoint, KeyRange, LineAt, MemoryRows, Mode, Order, Projector, RolloutMeta, RowReader,
};
use codex_state::rows::{DamageCode, ItemRow, RowSet, Span, TurnRow, TurnState};
use codex_test_support::RolloutBuilder;
use serde_json::Value;
use uuid::Uuid;

/// The rollout that all tests fold.
pub(crate) const ROLLOUT: Uuid = Uuid::from_u128(0x019c_af1a_1400_7000_8000_0000_0000_abcd);

/// A folded rollout.
pub(crate) struct Folded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: MemoryRows<StoredRows<'static>>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) meta: RolloutMeta,
}

/// Starts a rollout of a legacy thread.
pub(crate) fn legacy() -> RolloutBuilder {
    RolloutBuilder::legacy(&ROLLOUT.to_string())
}

/// Starts a rollout of a paginated thread.
pub(crate) fn paginated() -> RolloutBuilder {
    RolloutBuilder::paginated(&ROLLOUT.to_string())
}

/// Folds the complete lines of a rollout.
pub(crate) fn fold(rollout: &RolloutBuilder) -> Folded {
    let mode = match rollout.mode() {
        codex_test_support::Mode::Paginated => Mode::Paginated,
        codex_test_support::Mode::Legacy => Mode::Legacy,
        codex_test_support::Mode::Bare => Mode::Bare,
    };
    fold_from(rollout.build(), Checkpoint::start(mode, 0, None))
}

/// Folds complete lines from a state on.
pub(crate) fn fold_from(bytes: Vec<u8>, start: Checkpoint) -> Folded {
    let mut rows = MemoryRows::empty();
    let mut projector = Projector::new(ROLLOUT, start, RolloutMeta::default(), &mut rows);
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = offset + line.len() as u64;
        if let Some(bytes) = line.strip_suffix(b"\n") {
            projector.line(LineAt { offset, bytes, end }).expect("rows in memory");
        }
        offset = end;
    }
    let (checkpoint, meta) = projector.finish();
    Folded {
        bytes,
        rows,
        checkpoint,
        meta,
    }
}

impl Folded {
    pub(crate) fn turns(&self, set: RowSet) -> Vec<TurnRow> {
        self.rows
            .turns(set, KeyRange::ALL, Order::Ascending, usize::MAX)
            .expect("rows in memory")
    }

    pub(crate) fn items(&self, set: RowSet, link: Option<i64>) -> Vec<ItemRow> {
        self.rows
            .items(set, link, KeyRange::ALL, Order::Ascending, usize::MAX)
            .expect("rows in memory")
    }

    pub(crate) fn item(&self, row: &ItemRow, set: RowSet) -> ThreadItem {
        let lines: Vec<(Span, &[u8])> = row.spans.iter().map(|span| (*span, self.line(*span))).collect();
        let context = FoldContext {
            rollout_id: ROLLOUT,
            set,
            cwd: "/home/user/project",
            thread_id: "",
        };
        fold_item(row, context, &lines).expect("the row's own lines").item.item
    }

    pub(crate) fn line(&self, span: Span) -> &[u8] {
        let range = usize::try_from(span.offset).expect("small")..usize::try_from(span.end()).expect("small");
        &self.bytes[range]
    }

    pub(crate) fn damage(&self) -> Vec<DamageCode> {
        self.rows.changes().damage.iter().map(|row| row.code).collect()
    }

    /// Writes turns and their items, one per line, as Codex shows them.
    pub(crate) fn codex(&self) -> Vec<String> {
        self.outline(RowSet::Codex)
    }

    /// Writes turns and their items, one per line, as the full view shows them.
    pub(crate) fn full(&self) -> Vec<String> {
        self.outline(RowSet::Full)
    }

    fn outline(&self, set: RowSet) -> Vec<String> {
        let mut lines = Vec::new();
        for turn in self.turns(set) {
            let id = match turn.alias {
                Some(number) if set == RowSet::Codex => format!("rollout-{number}"),
                Some(_) => "implicit".to_owned(),
                None => turn.turn_id.clone(),
            };
            lines.push(format!("{id} {}", state_name(turn.state)));
            for row in self.items(set, Some(turn.link)) {
                lines.push(format!(
                    "  {}",
                    item_line(&self.item(&row, set), row.alias.is_none() || set == RowSet::Codex)
                ));
            }
        }
        lines
    }
}

fn state_name(state: TurnState) -> &'static str {
    match state {
        TurnState::InProgress => "open",
        TurnState::Completed => "completed",
        TurnState::Interrupted => "interrupted",
        TurnState::Failed => "failed",
    }
}

/// Writes what matters of an item: its id where it is recorded or shown, its kind, its text or status.
fn item_line(item: &ThreadItem, with_id: bool) -> String {
    let value = serde_json::to_value(item).expect("items always encode");
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let list = |name: &str| {
        value[name]
            .as_array()
            .map(|parts| parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"))
    };
    let said = value["content"][0]["text"].as_str().map(str::to_owned);
    let told = match item {
        ThreadItem::Reasoning(_) => Some(format!(
            "{}|{}",
            list("summary").unwrap_or_default(),
            list("content").unwrap_or_default()
        )),
        ThreadItem::HookPrompt(_) => value["fragments"][0]["text"].as_str().map(str::to_owned),
        _ => text("status").or(said).or(text("text")).or(text("review")),
    };
    let kind = text("type").unwrap_or_default();
    let id = if with_id {
        format!("{} ", item.id())
    } else {
        String::new()
    };
    format!("{id}{kind} {}", told.unwrap_or_default()).trim_end().to_owned()
}
