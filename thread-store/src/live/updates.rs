//! What subscribers are told of an append, under the ids that every later read shows.
//!
//! Pure: from the canonicalizer's batch and the positions of its lines.

use std::collections::BTreeMap;

use codex_protocol::item::{ThreadItem, TurnError, TurnItem};
use codex_protocol::log::event::TokenUsageInfo;
use codex_protocol::log::{EventMsg, RolloutItem};
use codex_rollout::canonical::{DurableBatch, DurableLine, GivenIds, LiveEvent, LiveId};

/// Something that happened in a thread, after it became as durable as was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveUpdate {
    /// A turn began.
    TurnStarted {
        /// The turn.
        turn_id: String,
        /// When, Unix seconds.
        started_at: Option<i64>,
    },
    /// An item began. Not in the log.
    ItemStarted {
        /// Its turn.
        turn_id: String,
        /// The item so far.
        item: Box<ThreadItem>,
        /// When, Unix milliseconds.
        started_at_ms: Option<i64>,
    },
    /// An item is complete.
    ItemCompleted {
        /// Its turn.
        turn_id: String,
        /// The item.
        item: Box<ThreadItem>,
        /// When it began, Unix milliseconds.
        started_at_ms: Option<i64>,
        /// When it ended, Unix milliseconds.
        completed_at_ms: Option<i64>,
    },
    /// Tokens were used.
    TokenUsage {
        /// The open turn.
        turn_id: Option<String>,
        /// As recorded.
        usage: Box<TokenUsageInfo>,
    },
    /// A turn ended.
    TurnEnded {
        /// The turn; old events name none.
        turn_id: Option<String>,
        /// Whether it was interrupted.
        aborted: bool,
        /// What the record of its end tells.
        ending: Box<TurnEnding>,
    },
}

/// What the record of a turn's end tells; the log may tell more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TurnEnding {
    /// Turn at the root of the agent tree.
    pub root_turn_id: Option<String>,
    /// Why it failed.
    pub error: Option<TurnError>,
    /// When it began, Unix seconds.
    pub started_at: Option<i64>,
    /// When it ended, Unix seconds.
    pub completed_at: Option<i64>,
    /// How long it took.
    pub duration_ms: Option<i64>,
}

/// Ids that one item of a batch got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemIds {
    /// Id of the Responses item.
    pub response_item_id: Option<String>,
    /// Id of the item of the turn; absent for reasoning that may continue.
    pub item_id: Option<String>,
    /// Turn that the record belongs to.
    pub turn_id: Option<String>,
}

/// The ids that follow from lines, by number of the line.
#[derive(Debug, Default)]
pub(super) struct LineIds(BTreeMap<u64, String>);

impl LineIds {
    /// Remembers the ids that items get which the lines of a batch make.
    pub(super) fn add(&mut self, numbers: impl IntoIterator<Item = u64>, ids: impl IntoIterator<Item = String>) {
        self.0.extend(numbers.into_iter().zip(ids));
    }

    /// Forgets lines that no later id can follow from.
    pub(super) fn keep_from(&mut self, oldest: Option<u64>) {
        match oldest {
            Some(oldest) => self.0 = self.0.split_off(&oldest),
            None => self.0.clear(),
        }
    }

    fn resolve(&self, id: &LiveId) -> Option<String> {
        match id {
            LiveId::Recorded(id) | LiveId::Unrecorded(id) => Some(id.clone()),
            LiveId::OfLine(number) => self.0.get(number).cloned(),
        }
    }
}

/// Returns the numbers of the lines that ids of a batch follow from.
pub(super) fn naming_lines(batch: &DurableBatch) -> Vec<u64> {
    let live = batch.live.iter().filter_map(|event| match event {
        LiveEvent::Started(item) | LiveEvent::Completed(item) => Some(&item.id),
        LiveEvent::Line(_) => None,
    });
    let given = batch.ids.iter().filter_map(|ids| ids.item_id.as_ref());
    let mut numbers: Vec<u64> = live
        .chain(given)
        .filter_map(|id| match id {
            LiveId::OfLine(number) => Some(*number),
            LiveId::Recorded(_) | LiveId::Unrecorded(_) => None,
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Translates the ids of a batch.
pub(super) fn ids_of(given: &[GivenIds], line_ids: &LineIds) -> Vec<ItemIds> {
    let resolved = given.iter().map(|ids| ItemIds {
        response_item_id: ids.response_item_id.clone(),
        item_id: ids.item_id.as_ref().and_then(|id| line_ids.resolve(id)),
        turn_id: ids.turn_id.clone(),
    });
    resolved.collect()
}

/// Translates what a batch tells subscribers, in order; `turn_id` is the turn that is open after it.
pub(super) fn updates_of(
    live: Vec<LiveEvent>,
    lines: &[DurableLine],
    line_ids: &LineIds,
    turn_id: Option<&str>,
) -> Vec<LiveUpdate> {
    let mut open = turn_id.map(str::to_owned);
    let mut updates = Vec::new();
    for event in live {
        let update = match event {
            LiveEvent::Line(at) => lines.get(at).and_then(|line| update_of_line(&line.item, &mut open)),
            LiveEvent::Started(told) => line_ids.resolve(&told.id).map(|id| LiveUpdate::ItemStarted {
                turn_id: told.turn_id,
                item: Box::new(shown(told.item, id)),
                started_at_ms: told.started_at_ms,
            }),
            LiveEvent::Completed(told) => line_ids.resolve(&told.id).map(|id| LiveUpdate::ItemCompleted {
                turn_id: told.turn_id,
                item: Box::new(shown(told.item, id)),
                started_at_ms: told.started_at_ms,
                completed_at_ms: told.completed_at_ms,
            }),
        };
        updates.extend(update);
    }
    updates
}

fn shown(mut item: TurnItem, id: String) -> ThreadItem {
    item.set_id(id);
    ThreadItem::from(item)
}

fn update_of_line(item: &RolloutItem, open: &mut Option<String>) -> Option<LiveUpdate> {
    let RolloutItem::EventMsg(event) = item else {
        return None;
    };
    match event.as_ref() {
        EventMsg::TaskStarted(started) => {
            *open = Some(started.turn_id.clone());
            Some(LiveUpdate::TurnStarted {
                turn_id: started.turn_id.clone(),
                started_at: started.started_at,
            })
        }
        EventMsg::TaskComplete(complete) => Some(LiveUpdate::TurnEnded {
            turn_id: Some(complete.turn_id.clone()),
            aborted: false,
            ending: Box::new(TurnEnding {
                root_turn_id: complete.root_turn_id.clone(),
                error: complete.error.as_ref().map(TurnError::from),
                started_at: complete.started_at,
                completed_at: complete.completed_at,
                duration_ms: complete.duration_ms,
            }),
        }),
        EventMsg::TurnAborted(aborted) => Some(LiveUpdate::TurnEnded {
            turn_id: aborted.turn_id.clone().or_else(|| open.clone()),
            aborted: true,
            ending: Box::new(TurnEnding {
                root_turn_id: aborted.root_turn_id.clone(),
                error: None,
                started_at: aborted.started_at,
                completed_at: aborted.completed_at,
                duration_ms: aborted.duration_ms,
            }),
        }),
        EventMsg::TokenCount(count) => count.info.clone().map(|usage| LiveUpdate::TokenUsage {
            turn_id: open.clone(),
            usage: Box::new(usage),
        }),
        _ => None,
    }
}
