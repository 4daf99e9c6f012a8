//! The canonicalizer of one live thread: takes batches, remembers turns.
//!
//! All or nothing: a batch works on a draft, which is taken over only as a whole. Ids and the time come from the caller.

use std::fmt;
use std::sync::Arc;

use codex_protocol::ThreadId;
use codex_protocol::log::HistoryMode;
use uuid::Uuid;

use super::batch::DurableBatch;
use super::draft::{Context, Draft, Memory};
use super::error::CanonicalError;
use super::input::Input;
use super::link::Links;
use super::raw_item::RawItem;
use super::turns::Turns;
use crate::limits::MAX_ITEM_BYTES;

/// Makes ids.
pub trait IdSource: Send + Sync {
    /// Returns a new UUIDv7, never the same twice.
    fn uuid_v7(&self) -> Uuid;
}

/// In which form an agent emits its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventStyle {
    /// As `item_completed`.
    #[default]
    Canonical,
    /// As the legacy event of each kind.
    Legacy,
    /// Each item in both forms.
    Both,
}

/// Whether Responses items of legacy threads get ids; those of paginated threads always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemIdFeature {
    /// They get ids, as those of today's Codex.
    #[default]
    On,
    /// They stay as they are.
    Off,
}

/// What a canonicalizer has to know about its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalOptions {
    /// The thread.
    pub thread_id: ThreadId,
    /// How its history is stored.
    pub history_mode: HistoryMode,
    /// What the agent emits.
    pub event_style: EventStyle,
    /// Whether Responses items of a legacy thread get ids.
    pub item_ids: ItemIdFeature,
    /// Turns that are open already, oldest first: those of a resumed thread.
    pub open_turns: Vec<String>,
    /// Longest line.
    pub max_item_bytes: u64,
}

impl CanonicalOptions {
    /// The defaults for a new thread.
    #[must_use]
    pub fn new(thread_id: ThreadId, history_mode: HistoryMode) -> Self {
        Self {
            thread_id,
            history_mode,
            event_style: EventStyle::default(),
            item_ids: ItemIdFeature::default(),
            open_turns: Vec::new(),
            max_item_bytes: MAX_ITEM_BYTES,
        }
    }
}

/// Turns the records of an agent into the lines that the thread's rollout keeps.
pub struct Canonicalizer {
    options: CanonicalOptions,
    ids: Arc<dyn IdSource>,
    memory: Memory,
}

impl Canonicalizer {
    /// Makes a canonicalizer for one writer of one thread.
    #[must_use]
    pub fn new(options: CanonicalOptions, ids: Arc<dyn IdSource>) -> Self {
        let memory = Memory::new(Turns::resumed(&options.open_turns));
        Self { options, ids, memory }
    }

    /// Returns the options.
    #[must_use]
    pub fn options(&self) -> &CanonicalOptions {
        &self.options
    }

    /// Returns the turn that a record without a turn id would belong to.
    #[must_use]
    pub fn current_turn(&self) -> Option<&str> {
        self.memory.turns.current()
    }

    /// Returns the smallest line number that a later [`LiveId::OfLine`](super::LiveId::OfLine) may name, of the lines
    /// handed out so far; `None` when it can only name new lines.
    #[must_use]
    pub fn oldest_open_line(&self) -> Option<u64> {
        self.memory.pending.as_ref().and_then(|pending| pending.first_line)
    }

    /// Canonicalizes a batch: all of it, or nothing.
    ///
    /// `now_ms` is the time of completion of items that bring none.
    ///
    /// # Errors
    /// Names the first item that cannot be taken; the canonicalizer is as before then.
    pub fn canonicalize(&mut self, batch: &[RawItem], now_ms: i64) -> Result<DurableBatch, CanonicalError> {
        let read = |(index, raw)| Input::read(index, raw, self.options.thread_id, self.options.max_item_bytes);
        let inputs: Vec<Input> = batch.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let mut draft = Draft::new(self.context(now_ms), &self.memory, Links::of(&inputs), inputs.len());
        for input in &inputs {
            draft.record(input).map_err(|rejection| input.reject(rejection))?;
        }
        let (batch, change) = draft.finish();
        self.memory.apply(change);
        Ok(batch)
    }

    /// Ends what is still open in the canonicalizer itself, reasoning that could have continued; for the end of a turn
    /// without a record of its own, and for close. Does not end turns.
    #[must_use]
    pub fn finish(&mut self, now_ms: i64) -> DurableBatch {
        let mut draft = Draft::new(self.context(now_ms), &self.memory, Links::of(&[]), 0);
        draft
            .settle_reasoning(None)
            .expect("reasoning that is not linked gets an id that is new");
        let (batch, change) = draft.finish();
        self.memory.apply(change);
        batch
    }

    /// Returns of how many turns the items are remembered.
    #[cfg(test)]
    pub(super) fn remembered_turns(&self) -> usize {
        self.memory.remembered_turns()
    }

    fn context(&self, now_ms: i64) -> Context<'_> {
        Context {
            options: &self.options,
            ids: &*self.ids,
            now_ms,
        }
    }
}

impl fmt::Debug for Canonicalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canonicalizer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
