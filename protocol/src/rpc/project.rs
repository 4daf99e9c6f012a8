//! Projects (`app-server-api.md` 3.19).
//!
//! Wire types only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use super::common::SortDirection;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its folders.
    pub roots: Vec<ProjectRoot>,
    /// Whatever clients keep with it.
    pub metadata: BTreeMap<String, String>,
    /// Place in the list, from 0 without gaps.
    pub position: i64,
    /// Creation, Unix seconds.
    pub created_at: i64,
    /// Last change, Unix seconds.
    pub updated_at: i64,
    /// Newest recency of its threads that are not archived, Unix seconds.
    pub recency_at: Option<i64>,
}

/// A folder of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectRoot {
    /// Absolute path; need not exist.
    #[serde(deserialize_with = "absolute_path")]
    pub path: String,
}

/// Order of a list of projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProjectSortKey {
    /// By place.
    Position,
    /// By the newest recency of their threads.
    RecencyAt,
}

/// Parameters of `project/list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ProjectListParams {
    /// Where to continue.
    pub cursor: Option<String>,
    /// Page size.
    pub limit: Option<u32>,
    /// Order; places by default.
    pub sort_key: Option<ProjectSortKey>,
    /// Direction; needs an order.
    pub sort_direction: Option<SortDirection>,
}

/// Result of `project/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectListResponse {
    /// The projects.
    pub data: Vec<Project>,
    /// Continues after the last project; null at the end.
    pub next_cursor: Option<String>,
}

/// Parameters of `project/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectReadParams {
    /// The project.
    pub project_id: String,
}

/// Result of `project/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectReadResponse {
    /// The project.
    pub project: Project,
}

/// Parameters of `project/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ProjectCreateParams {
    /// The name; blanks at both ends are removed.
    pub name: String,
    /// Its folders.
    pub roots: Vec<ProjectRoot>,
    /// Whatever clients keep with it.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Names the request: the same key makes no second project.
    pub idempotency_key: String,
}

/// Result of `project/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectCreateResponse {
    /// The project.
    pub project: Project,
}

/// Parameters of `project/import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ProjectImportParams {
    /// The name; blanks at both ends are removed.
    pub name: String,
    /// Its folders.
    pub roots: Vec<ProjectRoot>,
    /// Threads that are put into it.
    pub threads: Option<Vec<String>>,
    /// Whatever clients keep with it.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Names the request: the same key makes no second project.
    pub idempotency_key: String,
}

/// Result of `project/import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectImportResponse {
    /// The project.
    pub project: Project,
}

/// Parameters of `project/update`; absent members stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ProjectUpdateParams {
    /// The project.
    pub project_id: String,
    /// A new name; blanks at both ends are removed.
    pub name: Option<String>,
    /// New folders, in place of the old ones.
    pub roots: Option<Vec<ProjectRoot>>,
    /// New metadata, in place of the old one.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// Result of `project/update`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectUpdateResponse {
    /// The project after the change.
    pub project: Project,
}

/// Parameters of `project/move`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ProjectMoveParams {
    /// The project.
    pub project_id: String,
    /// The project that it is put before; else it comes last.
    pub before_project_id: Option<String>,
}

/// Result of `project/move`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ProjectMoveResponse {}

/// Parameters of `project/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectDeleteParams {
    /// The project.
    pub project_id: String,
}

/// Result of `project/delete`: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ProjectDeleteResponse {}

/// What became of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProjectChangeType {
    /// It is new.
    Created,
    /// It is another one than before.
    Updated,
    /// It is gone.
    Deleted,
}

/// Content of `project/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectChangedNotification {
    /// The project.
    pub project_id: String,
    /// What became of it.
    pub change_type: ProjectChangeType,
}

/// Content of `thread/project/updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadProjectUpdatedNotification {
    /// The thread.
    pub thread_id: String,
    /// The project that it belongs to now.
    pub project_id: Option<String>,
}

/// Decodes an absolute path; the wording of the error is Codex's.
fn absolute_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    match std::path::Path::new(&path).is_absolute() {
        true => Ok(path),
        false => Err(serde::de::Error::custom(
            "AbsolutePathBuf deserialized without a base path",
        )),
    }
}
