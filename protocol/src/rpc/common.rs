//! Small values that several methods share.
//!
//! Wire names only; no defaults and no limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Direction of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum SortDirection {
    /// Oldest or smallest first.
    Asc,
    /// Newest or largest first.
    Desc,
}

/// How much of a turn's items an answer carries (`app-server-api.md` 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TurnItemsView {
    /// None.
    NotLoaded,
    /// The first user message and the final agent message.
    Summary,
    /// All.
    Full,
}

/// Decodes a field for which "absent" and "null" mean different things: the outer `Option` is "present".
pub(crate) fn double_option<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Decodes an optional list of absolute paths; the wording of the error is Codex's.
pub(crate) fn absolute_paths<'de, D>(deserializer: D) -> Result<Option<Vec<String>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let paths = Option::<Vec<String>>::deserialize(deserializer)?;
    let relative = |path: &String| !std::path::Path::new(path).is_absolute();
    if paths.as_ref().is_some_and(|paths| paths.iter().any(relative)) {
        return Err(serde::de::Error::custom(
            "AbsolutePathBuf deserialized without a base path",
        ));
    }
    Ok(paths)
}
