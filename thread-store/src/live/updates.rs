//! What subscribers are told of an append, under the ids that every later read shows.
//!
//! Pure: from the canonicalizer's batch and the positions of its lines.

use std::collections::BTreeMap;

use codex_protocol::item::{ThreadItem, TurnItem};
use codex_protocol::log::event::TokenUsageInfo;
use codex_protocol::log::{EventMsg, RolloutItem};
use codex_rollout::canonical::{DurableBatch, GivenIds, LiveEvent, LiveId, LiveItem};
use codex_state::rows::{SyntheticKind, synthetic_id};
use uuid::Uuid;

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
    },
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

/// Where the lines are that ids may follow from: number to offset.
#[derive(Debug, Default)]
pub(super) struct LinePlaces(BTreeMap<u64, u64>);

impl LinePlaces {
    /// Remembers the lines of a batch.
    pub(super) fn add(&mut self, batch: &DurableBatch, offsets: &[u64]) {
        let numbers = batch.lines.iter().map(|line| line.number);
        self.0.extend(numbers.zip(offsets.iter().copied()));
    }

    /// Forgets lines that no later id can follow from.
    pub(super) fn keep_from(&mut self, oldest: Option<u64>) {
        match oldest {
            Some(oldest) => self.0 = self.0.split_off(&oldest),
            None => self.0.clear(),
        }
    }

    fn resolve(&self, rollout_id: Uuid, id: &LiveId) -> Option<String> {
        match id {
            LiveId::Recorded(id) | LiveId::Unrecorded(id) => Some(id.clone()),
            LiveId::OfLine(number) => {
                let offset = self.0.get(number)?;
                Some(synthetic_id(rollout_id, SyntheticKind::Item, *offset, 0))
            }
        }
    }
}

/// Translates the ids of a batch.
pub(super) fn ids_of(given: &[GivenIds], places: &LinePlaces, rollout_id: Uuid) -> Vec<ItemIds> {
    let resolved = given.iter().map(|ids| ItemIds {
        response_item_id: ids.response_item_id.clone(),
        item_id: ids.item_id.as_ref().and_then(|id| places.resolve(rollout_id, id)),
        turn_id: ids.turn_id.clone(),
    });
    resolved.collect()
}

/// Translates what a batch tells subscribers, in order; `turn_id` is the turn that is open after it.
pub(super) fn updates_of(
    batch: &DurableBatch,
    places: &LinePlaces,
    rollout_id: Uuid,
    turn_id: Option<&str>,
) -> Vec<LiveUpdate> {
    let mut open = turn_id.map(str::to_owned);
    let mut updates = Vec::new();
    for event in &batch.live {
        let update = match event {
            LiveEvent::Line(at) => batch
                .lines
                .get(*at)
                .and_then(|line| update_of_line(&line.item, &mut open)),
            LiveEvent::Started(item) => item_of(item, places, rollout_id).map(|shown| LiveUpdate::ItemStarted {
                turn_id: item.turn_id.clone(),
                item: Box::new(shown),
                started_at_ms: item.started_at_ms,
            }),
            LiveEvent::Completed(item) => item_of(item, places, rollout_id).map(|shown| LiveUpdate::ItemCompleted {
                turn_id: item.turn_id.clone(),
                item: Box::new(shown),
                started_at_ms: item.started_at_ms,
                completed_at_ms: item.completed_at_ms,
            }),
        };
        updates.extend(update);
    }
    updates
}

fn item_of(live: &LiveItem, places: &LinePlaces, rollout_id: Uuid) -> Option<ThreadItem> {
    let id = places.resolve(rollout_id, &live.id)?;
    let mut item: TurnItem = live.item.clone();
    item.set_id(id);
    Some(ThreadItem::from(item))
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
        }),
        EventMsg::TurnAborted(aborted) => Some(LiveUpdate::TurnEnded {
            turn_id: aborted.turn_id.clone().or_else(|| open.clone()),
            aborted: true,
        }),
        EventMsg::TokenCount(count) => count.info.clone().map(|usage| LiveUpdate::TokenUsage {
            turn_id: open.clone(),
            usage: Box::new(usage),
        }),
        _ => None,
    }
}
