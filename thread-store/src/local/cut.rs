//! What a reader sees through the end of an inherited segment, where the stored rows know more than that.
//!
//! A row tells the newest state of its turn or item; a turn that was open at the cut is looked at again, line by line.

use codex_protocol::log::{EventMsg, LineHead, RolloutItem};
use codex_rollout::source::RolloutSource;
use codex_state::fold::class_of_item;
use codex_state::rows::{ItemClass, ItemRow, RowKey, TurnRow};

use super::line_fetch::Lines;
use super::open_rollout::read_error;
use crate::error::StoreResult;

/// Returns the offset after the last line that lies before a cut: a cut inside a line inherits nothing of it.
pub(super) fn line_cut(source: &RolloutSource, cut: u64) -> StoreResult<u64> {
    let failed = |error| read_error(source, cut, error);
    if cut == 0 || cut == source.plain_len().map_err(failed)? {
        return Ok(cut);
    }
    if source.read_at(cut - 1, 2).map_err(failed)?.contains(&b'\n') {
        return Ok(cut);
    }
    let mut lines = source.lines_rev(cut);
    let start = lines.next().map_err(failed)?.map(|event| event.offset());
    Ok(start.unwrap_or_default())
}

/// First user message and final agent message.
pub(super) type SummaryKeys = (Option<RowKey>, Option<RowKey>);

/// Returns the summary that a turn had at a cut before its end, by the rules that the projector goes by
/// (`rollout-format.md` 8.2): records and snapshots in file order.
pub(super) fn open_summary(
    source: &RolloutSource,
    cut: u64,
    turn: &TurnRow,
    items: &[ItemRow],
) -> StoreResult<SummaryKeys> {
    let mut steps: Vec<(u64, Option<(RowKey, ItemClass)>)> = Vec::new();
    let records = turn.records.iter().filter(|span| span.end() <= cut);
    steps.extend(records.map(|span| (span.offset, None)));
    for item in items {
        let lines = match item.spans.len() {
            1 => Lines::default(),
            _ => Lines::fetch(
                source,
                item.spans.iter().filter(|span| span.end() <= cut).copied().collect(),
            )?,
        };
        for span in item.spans.iter().filter(|span| span.end() <= cut) {
            let class = lines.get(*span).and_then(class_of_line).unwrap_or(item.class);
            steps.push((span.offset, Some((item.key, class))));
        }
    }
    steps.sort_by_key(|step| step.0);
    Ok(replay(&steps))
}

fn replay(steps: &[(u64, Option<(RowKey, ItemClass)>)]) -> SummaryKeys {
    let mut summary: SummaryKeys = (None, None);
    let mut begun = false;
    let mut newest: Vec<(RowKey, ItemClass)> = Vec::new();
    for (_, step) in steps {
        let Some((key, class)) = step else {
            // A record of the turn looks at all items so far.
            begun = true;
            newest.sort_by_key(|(key, _)| *key);
            let first = newest.iter().find(|(_, class)| *class == ItemClass::User);
            let last = newest.iter().rfind(|(_, class)| *class == ItemClass::AgentFinal);
            summary.0 = summary.0.or(first.map(|(key, _)| *key));
            summary.1 = last.map(|(key, _)| *key).or(summary.1);
            continue;
        };
        newest.retain(|(other, _)| other != key);
        newest.push((*key, *class));
        match class {
            ItemClass::User if begun => summary.0 = summary.0.or(Some(*key)),
            ItemClass::AgentFinal if begun => summary.1 = Some(*key),
            _ => {}
        }
    }
    summary
}

fn class_of_line(bytes: &[u8]) -> Option<ItemClass> {
    let head = LineHead::parse(bytes).ok()?;
    let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
    let RolloutItem::EventMsg(event) = item else {
        return None;
    };
    match *event {
        EventMsg::ItemCompleted(completed) => Some(class_of_item(&completed.item)),
        _ => None,
    }
}
