//! Sections of the list of threads (`app-server-api.md` 3.18).
//!
//! Wire types only; what a section is stands in `thread.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use super::codex_database::CodexDatabaseNotice;
use super::common::double_option;
use super::thread::{ThreadSection, ThreadSectionAppearance};

/// Parameters of `threadSection/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadSectionListParams {
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
}

/// Result of `threadSection/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionListResponse {
    /// The sections, by id.
    pub data: Vec<ThreadSection>,
    /// Continues after the last section; null at the end.
    pub next_cursor: Option<String>,
}

/// Parameters of `threadSection/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ThreadSectionCreateParams {
    /// The name; blanks at both ends are removed.
    pub name: String,
    /// Looks.
    pub appearance: Option<ThreadSectionAppearance>,
}

/// Result of `threadSection/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionCreateResponse {
    /// The new section.
    pub section: ThreadSection,
}

/// Parameters of `threadSection/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionUpdateParams {
    /// The section.
    pub section_id: String,
    /// Its name; blanks at both ends are removed.
    pub name: String,
    /// Looks: absent keeps, null clears.
    #[serde(default, deserialize_with = "double_option", skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "ThreadSectionAppearance | null")]
    pub appearance: Option<Option<ThreadSectionAppearance>>,
}

/// Result of `threadSection/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionUpdateResponse {
    /// The section after the change.
    pub section: ThreadSection,
}

/// Parameters of `threadSection/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionDeleteParams {
    /// The section.
    pub section_id: String,
}

/// Result of `threadSection/delete`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ThreadSectionDeleteResponse {}

/// Parameters of `thread/section/move`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionMoveParams {
    /// The thread, loaded or not.
    pub thread_id: String,
    /// The section that it is put into; null for none. Must be given.
    #[serde(deserialize_with = "given")]
    pub section_id: Option<String>,
    /// A thread of that section that it is put before; else it comes last.
    #[ts(optional = nullable)]
    pub before_thread_id: Option<String>,
}

/// Result of `thread/section/move`: nothing, but perhaps a notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionMoveResponse {
    /// What Codex goes on showing as it was. An addition of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub codex_database: Option<CodexDatabaseNotice>,
}

/// Content of `thread/section/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadSectionChangedNotification {
    /// The thread.
    pub thread_id: String,
    /// The section that it is in now.
    pub section_id: Option<String>,
}

/// Decodes a field that may be null but not absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}
