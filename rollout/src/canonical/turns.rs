//! Which turns are open and which items they hold: the memory of a canonicalizer.
//!
//! Bounded: the ids of items are forgotten when a turn has ended and another one begins, the ids of ended turns after
//! [`MAX_ENDED_TURNS`] more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::error::TurnFault;

/// Most turns whose items are remembered at a time. Codex has two open during a review.
pub(super) const MAX_TRACKED_TURNS: usize = 16;
/// Most ids of ended turns that are remembered.
pub(super) const MAX_ENDED_TURNS: usize = 64;

/// In which form the turn got an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemForm {
    /// As `item_completed`.
    Canonical,
    /// As an event of its own.
    Event,
}

/// Ids of the items of the tracked turns, by number of the turn.
pub(super) type SeenItems = HashMap<u32, HashMap<String, ItemForm>>;

#[derive(Debug, Clone)]
struct Turn {
    number: u32,
    id: String,
    begins_as: TurnKind,
    has_ended: bool,
    /// The review that it ran in is over: records without a turn id do not mean it any more.
    is_left: bool,
}

/// What begins a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnKind {
    /// A record of its own.
    Plain,
    /// The entering of a review. The reviewer's own turn begins inside it, and Codex never ends that one (format 7.2).
    Review,
}

/// The turns of a thread as far as they matter for the next record. Small: copied for every batch, but for the ids of ended
/// turns, which are shared until another one ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// Oldest first.
    tracked: Vec<Turn>,
    ended: Arc<VecDeque<Arc<str>>>,
    next_number: u32,
}

impl Turns {
    /// Starts with turns that are open already.
    pub(super) fn resumed(open: &[String]) -> Self {
        let mut turns = Self::default();
        for id in open {
            turns.track(id, TurnKind::Plain);
        }
        turns
    }

    /// Returns the turn that records without a turn id belong to.
    pub(super) fn current(&self) -> Option<&str> {
        self.tracked
            .iter()
            .rev()
            .find(|turn| !turn.has_ended && !turn.is_left)
            .map(|turn| turn.id.as_str())
    }

    /// Begins a turn; turns that have ended are forgotten but for their ids.
    pub(super) fn start(&mut self, turn_id: &str, kind: TurnKind) -> Result<(), TurnFault> {
        if self.knows(turn_id) {
            return Err(TurnFault::StartedTwice {
                turn_id: turn_id.to_owned(),
            });
        }
        self.tracked.retain(|turn| !turn.has_ended);
        self.track(turn_id, kind);
        Ok(())
    }

    /// Ends a turn. A turn that is not known may have begun before this process; but not while another one is open.
    pub(super) fn end(&mut self, turn_id: &str) -> Result<(), TurnFault> {
        let turn_id = turn_id.to_owned();
        if let Some(at) = self.tracked.iter().rposition(|turn| turn.id == turn_id) {
            let (turn, inside) = self.tracked[at..].split_first_mut().expect("a position is inside");
            if turn.has_ended {
                return Err(TurnFault::EndedTwice { turn_id });
            }
            turn.has_ended = true;
            if turn.begins_as == TurnKind::Review {
                inside.iter_mut().for_each(|turn| turn.is_left = true);
            }
        } else if self.has_ended(&turn_id) {
            return Err(TurnFault::EndedTwice { turn_id });
        } else if self.current().is_some() {
            return Err(TurnFault::Unknown { turn_id });
        }
        let ended = Arc::make_mut(&mut self.ended);
        ended.push_back(turn_id.into());
        if ended.len() > MAX_ENDED_TURNS {
            ended.pop_front();
        }
        Ok(())
    }

    /// Leaves the turns that began inside a review: what follows belongs to the turn of the review.
    pub(super) fn leave_review(&mut self, turn_id: &str) {
        if let Some(at) = self.tracked.iter().rposition(|turn| turn.id == turn_id) {
            self.tracked[at + 1..].iter_mut().for_each(|turn| turn.is_left = true);
        }
    }

    /// Tells whether the turn was begun here, or was open when the thread was resumed.
    pub(super) fn knows(&self, turn_id: &str) -> bool {
        self.number(turn_id).is_some() || self.has_ended(turn_id)
    }

    fn has_ended(&self, turn_id: &str) -> bool {
        self.ended.iter().any(|id| **id == *turn_id)
    }

    /// Returns the number under which the items of a turn are remembered, if they still are.
    pub(super) fn number(&self, turn_id: &str) -> Option<u32> {
        let turn = self.tracked.iter().rev().find(|turn| turn.id == turn_id)?;
        Some(turn.number)
    }

    /// Tells whether items of the turn with this number are remembered.
    pub(super) fn tracks(&self, number: u32) -> bool {
        self.tracked.iter().any(|turn| turn.number == number)
    }

    fn track(&mut self, turn_id: &str, begins_as: TurnKind) {
        if self.tracked.len() == MAX_TRACKED_TURNS {
            self.tracked.remove(0);
        }
        self.tracked.push(Turn {
            number: self.next_number,
            id: turn_id.to_owned(),
            begins_as,
            has_ended: false,
            is_left: false,
        });
        self.next_number = self.next_number.wrapping_add(1);
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod turns_tests;
