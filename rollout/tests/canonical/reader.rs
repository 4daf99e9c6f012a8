//! What a reader shows of written lines: items with ids, by the rules of format 7.2 and 8.1.
//!
//! Small on purpose: an independent second opinion on the live items of the canonicalizer.

use codex_protocol::item::{
    ReasoningItem, ReasoningPart, TurnItem, canonical_from_event, canonical_reasoning, hook_prompt_from_message,
};
use codex_protocol::log::{EventMsg, HistoryMode, RolloutItem};
use codex_rollout::canonical::{DurableLine, LiveEvent, LiveId, LiveItem};

/// An item as it is read back: id (or `#` and the number of its line), turn, and the item without id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) turn_id: String,
    pub(crate) item: TurnItem,
}

fn shown(id: String, turn_id: &str, item: &TurnItem) -> Shown {
    let mut item = item.clone();
    item.set_id(String::new());
    Shown {
        id,
        turn_id: turn_id.to_owned(),
        item,
    }
}

/// The items of a rollout.
pub(crate) fn read(mode: HistoryMode, lines: &[DurableLine]) -> Vec<Shown> {
    match mode {
        HistoryMode::Legacy => read_legacy(lines),
        HistoryMode::Paginated => lines.iter().filter_map(read_paginated).collect(),
    }
}

fn read_paginated(line: &DurableLine) -> Option<Shown> {
    let RolloutItem::EventMsg(event) = &*line.item else {
        return None;
    };
    let EventMsg::ItemCompleted(completed) = &**event else {
        return None;
    };
    Some(shown(
        completed.item.id().to_owned(),
        &completed.turn_id,
        &completed.item,
    ))
}

fn read_legacy(lines: &[DurableLine]) -> Vec<Shown> {
    let mut items: Vec<Shown> = Vec::new();
    let mut turn = String::new();
    let mut reasoning: Option<usize> = None;
    for line in lines {
        let by_line = format!("#{}", line.number);
        let event = match &*line.item {
            RolloutItem::EventMsg(event) => &**event,
            RolloutItem::ResponseItem(response) => {
                if let Some(prompt) = hook_prompt_from_message(&response.item) {
                    reasoning = None;
                    let id = Some(prompt.id().to_owned()).filter(|id| !id.is_empty());
                    items.push(shown(id.unwrap_or(by_line), &turn, &prompt));
                }
                continue;
            }
            _ => continue,
        };
        if let EventMsg::TaskStarted(started) = event {
            turn.clone_from(&started.turn_id);
            reasoning = None;
        }
        let ended = match event {
            EventMsg::TaskComplete(complete) => Some(complete.turn_id.as_str()),
            EventMsg::TurnAborted(aborted) => Some(aborted.turn_id.as_deref().unwrap_or(&turn)),
            _ => None,
        };
        if ended == Some(turn.as_str()) {
            turn.clear();
            reasoning = None;
        }
        if let Some(part) = canonical_reasoning(event) {
            let at = *reasoning.get_or_insert_with(|| {
                let empty = ReasoningItem {
                    id: String::new(),
                    summary_text: Vec::new(),
                    raw_content: Vec::new(),
                };
                items.push(shown(by_line.clone(), &turn, &TurnItem::Reasoning(empty)));
                items.len() - 1
            });
            if let TurnItem::Reasoning(item) = &mut items[at].item {
                match part {
                    ReasoningPart::Summary(text) => item.summary_text.push(text),
                    ReasoningPart::Raw(text) => item.raw_content.push(text),
                }
            }
        } else if let Some(item) = canonical_from_event(event) {
            if let (EventMsg::EnteredReviewMode(_), Some(named)) = (event, &item.turn_id) {
                turn.clone_from(named);
            }
            let turn_id = item.turn_id.unwrap_or_else(|| turn.clone());
            if turn_id == turn {
                reasoning = None;
            }
            items.push(shown(item.natural_id.unwrap_or(by_line), &turn_id, &item.item));
        }
    }
    items
}

/// The completed items that subscribers are told and that have a line.
pub(crate) fn told(live: &[LiveEvent]) -> Vec<Shown> {
    let item = |live: &LiveItem| {
        let id = match &live.id {
            LiveId::Recorded(id) => id.clone(),
            LiveId::OfLine(number) => format!("#{number}"),
            LiveId::Unrecorded(_) => return None,
        };
        Some(shown(id, &live.turn_id, &live.item))
    };
    live.iter()
        .filter_map(|live| match live {
            LiveEvent::Completed(live) => item(live),
            LiveEvent::Started(_) | LiveEvent::Line(_) => None,
        })
        .collect()
}
