//! Rows of the index: positions of turns and items, and the small states that go with them.
//!
//! Plain values without SQL. A row never holds text of the log, only where the text is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

/// A line of a rollout: its offset in the plain bytes and its length without the newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub offset: u64,
    /// Length in bytes.
    pub len: u32,
}

impl Span {
    /// Returns the offset right after the last byte (before the newline).
    pub fn end(self) -> u64 {
        self.offset + u64::from(self.len)
    }
}

/// One of the row sets that answers are made from; a row can belong to several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RowSet {
    /// Everything that events and canonical items tell, with rebuilt tool calls.
    Full = 1,
    /// What Codex shows of a legacy thread.
    Codex = 2,
    /// Turns read off raw response items, for rollouts without any user event (`rollout-format.md` 12).
    Raw = 4,
}

/// Membership of a row in the [`RowSet`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowSets(pub u8);

impl RowSets {
    /// Shown in both ordinary sets.
    pub const BOTH: Self = Self(RowSet::Full as u8 | RowSet::Codex as u8);
    /// Shown in the full set only.
    pub const FULL: Self = Self(RowSet::Full as u8);
    /// Shown in Codex's set only.
    pub const CODEX: Self = Self(RowSet::Codex as u8);
    /// Shown in the raw set only.
    pub const RAW: Self = Self(RowSet::Raw as u8);

    /// Returns whether the row belongs to `set`.
    pub fn contains(self, set: RowSet) -> bool {
        self.0 & set as u8 != 0
    }
}

/// Key of a row within its rollout: the creating line's offset, and one bit that keeps the raw set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey(pub u64);

impl RowKey {
    /// Makes the key of a row created by the line at `offset`.
    pub fn new(offset: u64, sets: RowSets) -> Self {
        Self(offset << 1 | u64::from(sets == RowSets::RAW))
    }

    /// Returns the offset of the creating line.
    pub fn offset(self) -> u64 {
        self.0 >> 1
    }
}

/// State of a turn as the log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TurnState {
    /// Started, no end recorded.
    InProgress = 0,
    /// Ended well.
    Completed = 1,
    /// Ended by an interruption.
    Interrupted = 2,
    /// Ended with an error.
    Failed = 3,
}

impl TurnState {
    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::InProgress,
            1 => Self::Completed,
            2 => Self::Interrupted,
            3 => Self::Failed,
            _ => return None,
        })
    }
}

/// Where a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TurnEnd {
    /// Ordinal (or line number) of the terminal record.
    pub ordinal: u64,
    /// Terminal record.
    pub span: Span,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TurnRow {
    /// Key of the creating line.
    pub key: RowKey,
    /// Sets that show the turn.
    pub sets: RowSets,
    /// Turn id: the recorded one, or a synthetic UUIDv5.
    pub turn_id: String,
    /// Codex's number of a synthetic turn (`rollout-<n>`).
    pub alias: Option<u64>,
    /// Ties items to the turn: see [`turn_link_of_id`].
    pub link: i64,
    /// Ordinal (or line number) of the creating line.
    pub ordinal: u64,
    /// State.
    pub state: TurnState,
    /// Start, Unix seconds.
    pub started_at: Option<i64>,
    /// End, Unix seconds.
    pub completed_at: Option<i64>,
    /// Duration.
    pub duration_ms: Option<i64>,
    /// Root turn.
    pub root_turn_id: Option<String>,
    /// Where the turn ended, once it has.
    pub end: Option<TurnEnd>,
    /// All records that were folded into the turn, in order.
    pub records: Vec<Span>,
    /// Key of the first user message.
    pub first_user: Option<RowKey>,
    /// Key of the final agent message.
    pub final_agent: Option<RowKey>,
    /// An `error` event of an old file, which only the full set honours.
    pub error_event: Option<Span>,
    /// Offset of the rollback that removed the turn.
    pub removed_at: Option<u64>,
}

impl TurnRow {
    /// Returns the key of the terminal record, once there is one.
    pub fn end_key(&self) -> Option<RowKey> {
        self.end.map(|end| RowKey(end.span.offset << 1))
    }

    /// Makes an open turn without any record.
    pub fn open(key: RowKey, sets: RowSets, turn_id: String, link: i64, ordinal: u64) -> Self {
        Self {
            key,
            sets,
            turn_id,
            alias: None,
            link,
            ordinal,
            state: TurnState::InProgress,
            started_at: None,
            completed_at: None,
            duration_ms: None,
            root_turn_id: None,
            end: None,
            records: Vec::new(),
            first_user: None,
            final_agent: None,
            error_event: None,
            removed_at: None,
        }
    }
}

/// Which message an item is, as far as summaries and search care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ItemClass {
    /// Neither a user nor an agent message.
    Other = 0,
    /// User message.
    User = 1,
    /// Agent message of phase `final_answer`.
    AgentFinal = 2,
    /// Agent message without phase.
    AgentPlain = 3,
    /// Agent message of phase `partial_answer`.
    AgentPartial = 4,
    /// Agent message of another phase.
    AgentOther = 5,
}

impl ItemClass {
    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Other,
            1 => Self::User,
            2 => Self::AgentFinal,
            3 => Self::AgentPlain,
            4 => Self::AgentPartial,
            5 => Self::AgentOther,
            _ => return None,
        })
    }

    /// Returns whether the item is an agent message of any phase.
    pub fn is_agent(self) -> bool {
        matches!(
            self,
            Self::AgentFinal | Self::AgentPlain | Self::AgentPartial | Self::AgentOther
        )
    }
}

/// Names the pure fold that makes an item of the lines at its spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum FoldKind {
    /// `item_completed` snapshots; the last one counts.
    Canonical = 0,
    /// A legacy item event; the last one counts.
    Event = 1,
    /// Consecutive reasoning events, all of them count.
    Reasoning = 2,
    /// A raw call with its outputs, and the event that may tell the same better.
    Call = 3,
    /// A raw response item: message, reasoning or hook prompt.
    RawItem = 4,
}

impl FoldKind {
    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Canonical,
            1 => Self::Event,
            2 => Self::Reasoning,
            3 => Self::Call,
            4 => Self::RawItem,
            _ => return None,
        })
    }
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ItemRow {
    /// Key of the creating line.
    pub key: RowKey,
    /// Sets that show the item.
    pub sets: RowSets,
    /// Link of the item's turn.
    pub turn_link: i64,
    /// Hash of the recorded id, or of the key when there is none.
    pub id_hash: i64,
    /// Codex's number of an item without recorded id (`item-<n>`).
    pub alias: Option<u64>,
    /// Ordinal (or line number) of the creating line.
    pub ordinal: u64,
    /// Message class of the newest snapshot.
    pub class: ItemClass,
    /// The fold.
    pub fold: FoldKind,
    /// The lines to fold, in order; the first is not always the creating line's.
    pub spans: Vec<Span>,
    /// Offset of the rollback that removed the item.
    pub removed_at: Option<u64>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum DamageCode {
    /// Not JSON.
    MalformedJson = 0,
    /// JSON of unknown kind or shape.
    UnknownLine = 1,
    /// Not UTF-8.
    InvalidUtf8 = 2,
    /// No ordinal in a paginated rollout.
    MissingOrdinal = 3,
    /// Ordinal not above an earlier one.
    RegressedOrdinal = 4,
    /// Ordinals skipped.
    OrdinalGap = 5,
    /// Needed timestamp unreadable.
    InvalidTimestamp = 6,
    /// Longer than the line limit.
    Oversized = 7,
    /// Incomplete last line.
    TornTail = 8,
}

impl DamageCode {
    /// Decodes the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::MalformedJson,
            1 => Self::UnknownLine,
            2 => Self::InvalidUtf8,
            3 => Self::MissingOrdinal,
            4 => Self::RegressedOrdinal,
            5 => Self::OrdinalGap,
            6 => Self::InvalidTimestamp,
            7 => Self::Oversized,
            8 => Self::TornTail,
            _ => return None,
        })
    }
}

/// A damaged line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamageRow {
    /// First byte of the line.
    pub offset: u64,
    /// Its length.
    pub len: u64,
    /// What is wrong.
    pub code: DamageCode,
}

/// Hashes an id for the index; equal ids have equal hashes, and 64 bits are enough within one rollout.
pub fn id_hash(id: &str) -> i64 {
    xxh3_64(id.as_bytes()).cast_signed()
}

/// Returns the link between items and the turn that they name by id (paginated rollouts).
pub fn turn_link_of_id(turn_id: &str) -> i64 {
    id_hash(turn_id)
}

/// Returns the link between items and the turn created at `key` (legacy rollouts, where turn ids can repeat).
pub fn turn_link_of_key(key: RowKey) -> i64 {
    key.0.cast_signed()
}

/// Namespace of our synthetic ids; never change it.
const SYNTHETIC_NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_52b3_7d0e_4c57_9a55_4b1e_c9d2_7a01);

/// Kind of a synthetic id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntheticKind {
    /// A turn without recorded id.
    Turn,
    /// An item without recorded id.
    Item,
}

/// Makes the globally unique, deterministic id of something that has none (design section 4).
pub fn synthetic_id(rollout_id: Uuid, kind: SyntheticKind, offset: u64, sub_index: u32) -> String {
    let tag = match kind {
        SyntheticKind::Turn => 1u8,
        SyntheticKind::Item => 2u8,
    };
    let mut name = [0u8; 29];
    name[..16].copy_from_slice(rollout_id.as_bytes());
    name[16] = tag;
    name[17..25].copy_from_slice(&offset.to_be_bytes());
    name[25..].copy_from_slice(&sub_index.to_be_bytes());
    Uuid::new_v5(&SYNTHETIC_NAMESPACE, &name).to_string()
}
