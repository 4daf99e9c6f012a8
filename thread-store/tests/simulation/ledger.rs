//! The ledger: what was recorded, how safely, and what may be left of it after a crash.
//!
//! Knows nothing of files or rows. A message is known by its mark, a word that is in the whole run once.

use codex_protocol::ids::ThreadId;
use codex_thread_store::{HistoryMode, ThreadRecord};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) turn_id: String,
    pub(crate) word: String,
    pub(crate) synced: bool,
}

/// A thread as it should be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) marks: Vec<Mark>,
    pub(crate) archived: bool,
    pub(crate) name: Option<String>,
}

/// A thread as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Turn and word.
    pub(crate) marks: Vec<(String, String)>,
    pub(crate) archived: bool,
    pub(crate) name: Option<String>,
}

/// A thread that was begun.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) thread_id: ThreadId,
    pub(crate) mode: HistoryMode,
    pub(crate) expected: Expected,
    /// The turn that is open.
    pub(crate) turn: Option<String>,
    /// What it was before changes that a kill cut short: nothing was acknowledged, so a power loss may bring it back.
    pub(crate) undoable: Vec<Expected>,
}

/// What survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survives {
    /// What was handed to the system.
    Written,
    /// What is on stable storage.
    Synced,
}

/// Makes the word of a message.
pub(crate) fn word(step: usize, part: usize) -> String {
    format!("m{step}x{part}e")
}

/// Reads the marks of a thread.
pub(crate) fn found(record: &ThreadRecord) -> Found {
    let mut marks = Vec::new();
    for turn in &record.turns {
        for item in &turn.items {
            let text = serde_json::to_string(&item.item).expect("an item serialises");
            if let Some(word) = text.split(['"', ' ']).find(|word| is_word(word)) {
                marks.push((turn.turn_id.clone(), word.to_owned()));
            }
        }
    }
    Found {
        marks,
        archived: record.archived,
        name: record.name.clone(),
    }
}

fn is_word(word: &str) -> bool {
    let numbers = word.strip_prefix('m').and_then(|rest| rest.strip_suffix('e'));
    let numbers = numbers.and_then(|numbers| numbers.split_once('x'));
    numbers.is_some_and(|(step, part)| [step, part].iter().all(|text| text.parse::<usize>().is_ok()))
}

impl Known {
    /// Takes over what an acknowledged change made. What is on stable storage keeps older states from coming back.
    pub(crate) fn believe(&mut self, after: Expected) {
        let is_moved = (&after.marks, after.archived) != (&self.expected.marks, self.expected.archived);
        if is_moved && after.marks.last().is_none_or(|mark| mark.synced) {
            self.undoable.clear();
        }
        self.expected = after;
    }

    /// Takes over what a crash left of the thread: of the state before an act or after it, or of what an earlier kill left
    /// undoable.
    pub(crate) fn settle(
        &mut self,
        before: &Expected,
        after: &Expected,
        found: Option<&Found>,
        survives: Survives,
    ) -> Result<(), String> {
        let settled = match Expected::settle(before, after, found, survives) {
            Err(_) if survives == Survives::Synced && !self.undoable.is_empty() => {
                let older = self.undoable.iter().rev().find_map(|older| {
                    let named = Expected {
                        name: before.name.clone(),
                        ..older.clone()
                    };
                    Expected::settle(older, &named, found, survives).ok()
                });
                older.ok_or_else(|| {
                    let undoable = &self.undoable;
                    format!("{found:?} is nothing of {before:?}, {after:?} or {undoable:?} ({survives:?})")
                })?
            }
            settled => settled?,
        };
        if survives == Survives::Synced {
            self.undoable.clear();
        } else if before != after && settled != *before {
            self.undoable.push(before.clone());
        }
        self.expected = settled;
        Ok(())
    }
}

impl Expected {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.marks
            .iter()
            .map(|mark| (mark.turn_id.as_str(), mark.word.as_str()))
    }

    /// Compares with what was read when nothing went wrong. A thread without messages may be there or not.
    pub(crate) fn check(&self, found: Option<&Found>) -> Result<(), String> {
        let nothing = Found::default();
        let found = found.unwrap_or(&nothing);
        let pairs: Vec<(&str, &str)> = self.pairs().collect();
        let read: Vec<(&str, &str)> = found
            .marks
            .iter()
            .map(|(turn, word)| (turn.as_str(), word.as_str()))
            .collect();
        if pairs != read {
            return Err(format!("read {read:?}, recorded {pairs:?}"));
        }
        if !pairs.is_empty() && (self.archived, &self.name) != (found.archived, &found.name) {
            return Err(format!(
                "archived {}, name {:?}, but {self:?}",
                found.archived, found.name
            ));
        }
        Ok(())
    }

    /// How many messages must be left; `before` says what was there before the act that failed.
    fn guaranteed(&self, before: &Self, survives: Survives) -> usize {
        let is_safe = |mark: &Mark| match survives {
            Survives::Written => before.marks.iter().any(|old| old.word == mark.word),
            Survives::Synced => mark.synced && before.marks.iter().any(|old| old.word == mark.word),
        };
        self.marks.iter().rposition(is_safe).map_or(0, |at| at + 1)
    }

    /// Takes over what is left after a failure, if it may be what is left: of the state before, or of the state after.
    pub(crate) fn settle(
        before: &Self,
        after: &Self,
        found: Option<&Found>,
        survives: Survives,
    ) -> Result<Self, String> {
        let nothing = Found::default();
        let left = found.unwrap_or(&nothing);
        for state in [after, before] {
            let count = left.marks.len();
            let is_prefix = count <= state.marks.len()
                && state
                    .pairs()
                    .zip(&left.marks)
                    .all(|(mine, (turn, word))| mine == (turn.as_str(), word.as_str()));
            // Of something new nothing at all may be there; of something deleted everything may be.
            if !is_prefix || count < state.guaranteed(before, survives) {
                continue;
            }
            let mut marks = state.marks[..count].to_vec();
            if survives == Survives::Synced {
                marks.iter_mut().for_each(|mark| mark.synced = true);
            }
            let is_known = |archived, name: &Option<String>| {
                [before, after].iter().any(|state| state.archived == archived)
                    && [before, after].iter().any(|state| state.name == *name)
            };
            if count > 0 && !is_known(left.archived, &left.name) {
                return Err(format!("left {left:?} of {before:?} or {after:?}"));
            }
            return Ok(Self {
                marks,
                archived: left.archived,
                name: left.name.clone(),
            });
        }
        Err(format!(
            "left {left:?}, which is neither\n{before:?} nor\n{after:?} ({survives:?})"
        ))
    }
}
