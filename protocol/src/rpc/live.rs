//! Notifications about threads (`app-server-api.md` 3.25, 3.26).
//!
//! Wire types only. Who gets which one, and when, is the server's business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::thread::{Thread, ThreadReadState, ThreadStatus};
use super::turn::Turn;
use crate::item::TimedItem;
use crate::log::event::{TokenUsage, TokenUsageInfo};

/// Content of `thread/started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadStartedNotification {
    /// The new thread.
    pub thread: Thread,
}

/// Content of `thread/status/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadStatusChangedNotification {
    /// The thread.
    pub thread_id: String,
    /// What it is doing now.
    pub status: ThreadStatus,
}

/// Content of `thread/closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadClosedNotification {
    /// The thread that is not loaded any more.
    pub thread_id: String,
}

/// Content of `thread/name/updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadNameUpdatedNotification {
    /// The thread.
    pub thread_id: String,
    /// Its new name.
    pub thread_name: Option<String>,
}

/// Content of `thread/readState/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadReadStateChangedNotification {
    /// The thread.
    pub thread_id: String,
    /// How far it was read.
    pub read_state: ThreadReadState,
}

/// Content of `deprecationNotice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeprecationNoticeNotification {
    /// What is deprecated, and what to do instead.
    pub summary: String,
    /// More.
    pub details: Option<String>,
}

/// Content of `turn/started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TurnStartedNotification {
    /// The thread.
    pub thread_id: String,
    /// The turn, in progress and without items.
    pub turn: Turn,
}

/// Content of `turn/completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TurnCompletedNotification {
    /// The thread.
    pub thread_id: String,
    /// The turn, with its final agent message only.
    pub turn: Turn,
}

/// Content of `item/started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ItemStartedNotification {
    /// The item so far.
    pub item: TimedItem,
    /// The thread.
    pub thread_id: String,
    /// The turn.
    pub turn_id: String,
    /// When it began, Unix milliseconds.
    pub started_at_ms: i64,
}

/// Content of `item/completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ItemCompletedNotification {
    /// The item.
    pub item: TimedItem,
    /// The thread.
    pub thread_id: String,
    /// The turn.
    pub turn_id: String,
    /// Size of the content; always null here.
    pub content_token_count: Option<u64>,
    /// When it ended, Unix milliseconds.
    pub completed_at_ms: i64,
}

/// Content of `thread/tokenUsage/updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTokenUsageUpdatedNotification {
    /// The thread.
    pub thread_id: String,
    /// The turn.
    pub turn_id: String,
    /// What was used.
    pub token_usage: ThreadTokenUsage,
}

/// What a thread has used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadTokenUsage {
    /// All responses.
    pub total: TokenUsageBreakdown,
    /// The last response.
    pub last: TokenUsageBreakdown,
    /// Size of the model's context.
    pub model_context_window: Option<i64>,
}

/// Numbers of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsageBreakdown {
    /// All.
    pub total_tokens: i64,
    /// Sent.
    pub input_tokens: i64,
    /// Of these, read from the cache.
    pub cached_input_tokens: i64,
    /// Of these, written to the cache.
    pub cache_write_input_tokens: i64,
    /// Received.
    pub output_tokens: i64,
    /// Of these, reasoning.
    pub reasoning_output_tokens: i64,
}

impl From<&TokenUsageInfo> for ThreadTokenUsage {
    fn from(info: &TokenUsageInfo) -> Self {
        Self {
            total: TokenUsageBreakdown::from(&info.total_token_usage),
            last: TokenUsageBreakdown::from(&info.last_token_usage),
            model_context_window: info.model_context_window,
        }
    }
}

impl From<&TokenUsage> for TokenUsageBreakdown {
    fn from(usage: &TokenUsage) -> Self {
        Self {
            total_tokens: usage.total_tokens,
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            cache_write_input_tokens: usage.cache_write_input_tokens,
            output_tokens: usage.output_tokens,
            reasoning_output_tokens: usage.reasoning_output_tokens,
        }
    }
}
