//! Lists of threads (`app-server-api.md` 3.5, 5).
//!
//! Wire types only. The order of the parameters decides the wording of decoding errors; it is the real server's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::common::{SortDirection, double_option};
use super::thread::{Thread, ThreadReadState};

/// Parameters of `thread/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadListParams {
    /// Also attached threads; needs a search term.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub include_attached_threads: bool,
    /// Only what the signed-in account may see; makes no difference to a local home.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub current_account_only: bool,
    /// Where to continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Page size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Threads to leave out; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_thread_ids: Option<Vec<String>>,
    /// Order; creation by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<ThreadSortKey>,
    /// Direction; newest first by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_direction: Option<SortDirection>,
    /// Accepted providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_providers: Option<Vec<String>>,
    /// Accepted sources; the interactive ones by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_kinds: Option<Vec<ThreadSourceKind>>,
    /// Accepted originators; a local server refuses a non-empty list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originators: Option<Vec<String>>,
    /// Archived threads instead of live ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Absent: any section; null: none; else only this one.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string | null")]
    pub section_id: Option<Option<String>>,
    /// Absent: any project; null: none; else only this one.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "string | null")]
    pub project_id: Option<Option<String>>,
    /// Accepted working directories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<ThreadListCwdFilter>,
    /// Answer without looking at the files; this server's index is always current, so it makes no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub use_state_db_only: bool,
    /// Case-sensitive substring of name, title or preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
    /// Only threads spawned by this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<String>,
    /// Only descendants of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ancestor_thread_id: Option<String>,
    /// Only threads attached to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_to_thread_id: Option<String>,
}

/// Order of a list of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThreadSortKey {
    /// By creation.
    CreatedAt,
    /// By last change.
    UpdatedAt,
    /// By start of the newest turn.
    RecencyAt,
    /// By place in a section.
    SectionPosition,
}

/// Kind of source that a list can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadSourceKind {
    /// The terminal program.
    Cli,
    /// Editors.
    Vscode,
    /// Scripts.
    Exec,
    /// Programs that speak to a server.
    AppServer,
    /// Any sub-agent.
    SubAgent,
    /// Reviews.
    SubAgentReview,
    /// Compactions.
    SubAgentCompact,
    /// Spawned agents.
    SubAgentThreadSpawn,
    /// Other sub-agents.
    SubAgentOther,
    /// Not recorded, or not understood.
    Unknown,
}

/// One working directory or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum ThreadListCwdFilter {
    /// One.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

/// Result of `thread/list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadListResponse {
    /// The threads.
    pub data: Vec<Thread>,
    /// How far each eligible thread of the page was read, by thread id.
    pub read_states: Option<BTreeMap<String, ThreadReadState>>,
    /// Continues after the last thread; null at the end.
    pub next_cursor: Option<String>,
    /// Starts at the first thread, for the opposite direction.
    pub backwards_cursor: Option<String>,
}

/// Parameters of `thread/loaded/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadLoadedListParams {
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size; everything by default.
    pub limit: Option<u32>,
}

/// Result of `thread/loaded/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadLoadedListResponse {
    /// Ids, ascending.
    pub data: Vec<String>,
    /// Continues after the last id; null at the end.
    pub next_cursor: Option<String>,
}
