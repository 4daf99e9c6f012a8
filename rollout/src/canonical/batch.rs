//! What the canonicalizer hands out: the lines to write, what was dropped, the ids given, and what subscribers are told.
//!
//! Values only. Lines are complete except for timestamp and ordinal, which the recorder adds.

use std::fmt;
use std::sync::Arc;

use codex_protocol::item::TurnItem;
use codex_protocol::log::{RawJson, RolloutItem, RolloutLine};

/// The outcome of one batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DurableBatch {
    /// Lines to write, in this order.
    pub lines: Vec<DurableLine>,
    /// Items of the batch that have no line, and why.
    pub dropped: Vec<Dropped>,
    /// Ids given or confirmed, one entry per item of the batch.
    pub ids: Vec<GivenIds>,
    /// Whether the lines end a turn.
    pub ends_turn: bool,
    /// What subscribers are told, in order.
    pub live: Vec<LiveEvent>,
}

/// One line to write.
#[derive(Debug, Clone, PartialEq)]
pub struct DurableLine {
    /// Name of the line for [`LiveId::OfLine`]; unique in one canonicalizer, not an ordinal.
    pub number: u64,
    /// The record, decoded.
    pub item: Arc<RolloutItem>,
    /// The payload to write; holds members that the decoded record does not know.
    pub payload: RawJson,
    /// The metadata to write beside it.
    pub metadata: Option<RawJson>,
    /// Index of the batch item that it came from; `None` when that item was in an earlier batch.
    pub source: Option<usize>,
}

impl DurableLine {
    /// Encodes the line, without newline.
    #[must_use]
    pub fn encode(&self, timestamp: &str, ordinal: Option<u64>) -> Vec<u8> {
        RolloutLine::encode_parts(
            timestamp,
            ordinal,
            self.item.kind(),
            &self.payload,
            self.metadata.as_ref(),
        )
    }
}

/// An item that got no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Index in the batch.
    pub index: usize,
    /// Why.
    pub reason: DropReason,
}

/// Why an item has no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// Events of this kind are told to subscribers, or to nobody, and never kept (format 3.1).
    NotDurable,
    /// Legacy rollouts have no line for the item; raw calls, if recorded, rebuild it (format 13.1).
    NoLegacyLine,
    /// Legacy rollouts keep the item in its Responses item only (format 13.1).
    CarriedByResponseItem,
    /// The item comes in the other form too: the agent declared so, or declared that form.
    OtherForm,
    /// A message or reasoning without text has no line.
    Empty,
    /// The turn holds the item already, in its other form.
    AlreadyRecorded,
    /// Responses items of this kind are not kept (format 3.3).
    ResponseKindNotKept,
    /// The kind of the injected Responses item is not known.
    UnknownResponseKind,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDurable => "events of this kind are not kept",
            Self::NoLegacyLine => "legacy rollouts have no line for this item, only for its raw call",
            Self::CarriedByResponseItem => "legacy rollouts keep this item in its response item",
            Self::OtherForm => "the other form of this item, which the agent declared, carries it",
            Self::Empty => "an empty text has no line",
            Self::AlreadyRecorded => "the turn holds this item already",
            Self::ResponseKindNotKept => "response items of this kind are not kept",
            Self::UnknownResponseKind => "the kind of this response item is not known",
        })
    }
}

/// Ids of one item of the batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenIds {
    /// Id of the Responses item.
    pub response_item_id: Option<String>,
    /// Id of the item of the turn; not known yet for reasoning that may continue.
    pub item_id: Option<LiveId>,
    /// Turn that the record belongs to.
    pub turn_id: Option<String>,
}

/// The id under which every later read shows an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveId {
    /// Stands in the log.
    Recorded(String),
    /// Legacy lines of messages, reasoning and compactions have no id: it follows from the position of the line with
    /// this number, which may be one of an earlier batch, see
    /// [`Canonicalizer::oldest_open_line`](super::Canonicalizer::oldest_open_line).
    OfLine(u64),
    /// Stands nowhere: the item has no line. If the raw call is recorded, it rebuilds the item under this id.
    Unrecorded(String),
}

/// Something that subscribers are told.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveEvent {
    /// A line that is no item: index in [`DurableBatch::lines`].
    Line(usize),
    /// An item begins.
    Started(LiveItem),
    /// An item is complete; for reasoning in legacy threads as soon as it cannot grow any more.
    Completed(LiveItem),
}

/// The canonical form of an accepted item.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveItem {
    /// Index of the batch item that it came from; `None` when that item was in an earlier batch.
    pub source: Option<usize>,
    /// Turn that it is read back in.
    pub turn_id: String,
    /// Its id; [`LiveId::OfLine`] has to be resolved before anyone is told.
    pub id: LiveId,
    /// The item; its own id is the one of `id`, or empty for [`LiveId::OfLine`].
    pub item: TurnItem,
    /// When it began, if known.
    pub started_at_ms: Option<i64>,
    /// When it ended, if known.
    pub completed_at_ms: Option<i64>,
}
