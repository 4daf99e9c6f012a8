//! How a turn ended: its status and, if it failed, the error (api 2.2).
//!
//! Maps the stored error of `task_complete` and `error` events to the wire. Error kinds that we
//! do not know keep their content.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::log::RawJson;

/// State of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TurnStatus {
    /// Ended with success.
    Completed,
    /// Stopped before its end.
    Interrupted,
    /// Ended with an error.
    Failed,
    /// Running.
    InProgress,
}

impl TurnStatus {
    /// Returns the word of the wire, which is also stored in the index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::InProgress => "inProgress",
        }
    }

    /// Reads the word of the wire.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "completed" => Some(Self::Completed),
            "interrupted" => Some(Self::Interrupted),
            "failed" => Some(Self::Failed),
            "inProgress" => Some(Self::InProgress),
            _ => None,
        }
    }
}

/// Why a turn failed, as it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TurnError {
    /// Text for the user.
    pub message: String,
    /// Kind of the error: a word or an object with one member.
    #[serde(default)]
    pub codex_error_info: Option<RawJson>,
    /// Further text.
    #[serde(default)]
    pub additional_details: Option<String>,
    /// Details of a policy violation, as stored.
    #[serde(default)]
    pub misalignment: Option<RawJson>,
}

/// Why a turn failed, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTurnError {
    /// Text for the user.
    pub message: String,
    /// Kind of the error, snake_case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codex_error_info: Option<RawJson>,
    /// Further text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_details: Option<String>,
    /// Details of a policy violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misalignment: Option<RawJson>,
}

impl From<&StoredTurnError> for TurnError {
    fn from(stored: &StoredTurnError) -> Self {
        Self {
            message: stored.message.clone(),
            codex_error_info: stored.codex_error_info.as_ref().map(camel_case_words),
            additional_details: stored.additional_details.clone(),
            misalignment: stored.misalignment.as_ref().map(camel_case_words),
        }
    }
}

impl StoredTurnError {
    /// Tells whether such an `error` event changes the turn's status (format 7.1).
    #[must_use]
    pub fn affects_turn_status(&self) -> bool {
        let Some(info) = &self.codex_error_info else {
            return true;
        };
        match info.parse::<Value>() {
            Ok(Value::String(word)) => word != "thread_rollback_failed",
            Ok(Value::Object(members)) => !members.contains_key("active_turn_not_steerable"),
            _ => true,
        }
    }
}

/// Turns the kind and the member names of a stored error object to camelCase. Member values stay,
/// except that the top level word is itself a name.
fn camel_case_words(raw: &RawJson) -> RawJson {
    // Error objects hold words and small integers only, so a generic value loses nothing.
    let Ok(value) = raw.parse::<Value>() else {
        return raw.clone();
    };
    let renamed = match value {
        Value::String(word) => Value::String(camel_case(&word)),
        other => camel_case_keys(other),
    };
    RawJson::of(&renamed).expect("a json value always serialises")
}

fn camel_case_keys(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, member)| (camel_case(&name), camel_case_keys(member)))
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(camel_case_keys).collect()),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

fn camel_case(word: &str) -> String {
    let mut result = String::with_capacity(word.len());
    let mut upper_next = false;
    for character in word.chars() {
        if character == '_' && !result.is_empty() {
            upper_next = true;
        } else if upper_next {
            result.extend(character.to_uppercase());
            upper_next = false;
        } else {
            result.push(character);
        }
    }
    result
}
