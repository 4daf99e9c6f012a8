//! Where a fold stands: the bounded state between two steps.
//!
//! Everything that grows with the thread lives in rows instead; every list here has a named bound.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::content_hash::ContentHash;
use crate::rows::RowKey;

/// Damaged lines that are stored one by one; more are only counted.
pub(super) const MAX_STORED_DAMAGE: u64 = 1_000;
/// Running terminal sessions that `write_stdin` can still continue; the oldest is forgotten first.
pub(super) const MAX_OPEN_SESSIONS: usize = 32;
/// Web searches of a turn that still wait for their event or their call.
pub(super) const MAX_OPEN_WEB_CALLS: usize = 64;

/// How a rollout is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Canonical items with ordinals (`rollout-format.md` 8).
    Paginated,
    /// Legacy events (`rollout-format.md` 7), and raw items where a file has no user event (12).
    Legacy,
    /// Lines without envelope (`rollout-format.md` 12).
    Bare,
}

/// A terminal session that a raw call left running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCall {
    /// Session number as the tool printed it.
    pub session: String,
    /// Item of the call that started it.
    pub item: RowKey,
}

/// A web search that waits for its other half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebCall {
    /// Hash of the query.
    pub query: i64,
    /// The item.
    pub item: RowKey,
    /// Whether the event came first.
    pub from_event: bool,
}

/// State of the legacy fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegacyState {
    /// Records that Codex's pre-filter keeps, so far; numbers synthetic turns (`rollout-<n>`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub record_index: u64,
    /// Number of the next item without recorded id (`item-<n>`).
    pub next_item: u64,
    /// Open turn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub turn: Option<RowKey>,
    /// Whether the open turn was opened by `task_started`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub explicit: bool,
    /// Whether the open turn saw a compaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub saw_compaction: bool,
    /// Whether the open turn has an item that Codex shows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub has_items: bool,
    /// The open turn's last item, if it is made of reasoning events.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reasoning: Option<RowKey>,
    /// Turn that late raw items join when none is open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_turn: Option<RowKey>,
    /// Running sessions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sessions: VecDeque<SessionCall>,
    /// Web searches of the open turn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub web: VecDeque<WebCall>,
}

/// State of the raw fold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawState {
    /// Open turn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub turn: Option<RowKey>,
    /// Whether a real user message was seen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_seen: bool,
    /// Running sessions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sessions: VecDeque<SessionCall>,
}

/// Where a fold stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How the rollout is folded.
    pub mode: Mode,
    /// First byte that is not folded.
    pub offset: u64,
    /// Checksum of the lines before it.
    pub content_hash: ContentHash,
    /// Lines folded, blank and bad ones included.
    #[serde(default, skip_serializing_if = "is_default")]
    pub line_no: u64,
    /// Ordinal that the next line should carry.
    #[serde(default, skip_serializing_if = "is_default")]
    pub next_ordinal: u64,
    /// Whether a line has carried an ordinal.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ordinal_seen: bool,
    /// Undecodable lines since the last good one; they explain a gap of as many ordinals.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rejected_pending: u64,
    /// Whether ordinals alone do not name positions in this rollout.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ordinals_ambiguous: bool,
    /// Lines below this ordinal are copied parent context and project to nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub subagent_start_ordinal: Option<u64>,
    /// Damaged lines.
    #[serde(default, skip_serializing_if = "is_default")]
    pub damage_count: u64,
    /// Whether a user event (or canonical user item) was seen; then events alone decide.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user_event_seen: bool,
    /// Legacy fold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub legacy: LegacyState,
    /// Raw fold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub raw: RawState,
}

impl Default for LegacyState {
    fn default() -> Self {
        Self {
            record_index: 0,
            next_item: 1,
            turn: None,
            explicit: false,
            saw_compaction: false,
            has_items: false,
            reasoning: None,
            last_turn: None,
            sessions: VecDeque::new(),
            web: VecDeque::new(),
        }
    }
}

impl Checkpoint {
    /// Starts a fold at the first byte; `start_ordinal` is what a segment with `history_base` begins with.
    pub fn start(mode: Mode, start_ordinal: u64, subagent_start_ordinal: Option<u64>) -> Self {
        Self {
            mode,
            offset: 0,
            content_hash: ContentHash::START,
            line_no: 0,
            next_ordinal: start_ordinal,
            ordinal_seen: false,
            rejected_pending: 0,
            ordinals_ambiguous: false,
            subagent_start_ordinal,
            damage_count: 0,
            user_event_seen: false,
            legacy: LegacyState::default(),
            raw: RawState::default(),
        }
    }
}

/// Whether a value needs not be stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Remembers `value` in a bounded list, forgetting the oldest.
pub(super) fn push_bounded<T>(list: &mut VecDeque<T>, value: T, bound: usize) {
    if list.len() >= bound {
        list.pop_front();
    }
    list.push_back(value);
}
