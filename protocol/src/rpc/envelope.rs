//! The message envelope of the JSON-RPC that Codex clients speak (`app-server-api.md` 1.1).
//!
//! Decides what a received line is and how answers look on the wire. Knows no method and no parameter.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::de::value::SeqDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::log::RawJson;

/// Id of a request; echoed verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum RequestId {
    /// Text, the empty one included.
    Text(String),
    /// A 64-bit integer.
    Number(i64),
}

/// What a received line turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Must be answered.
    Request(Request),
    /// Must not be answered; also a request whose id is neither text nor a 64-bit integer.
    Notification {
        /// Its method.
        method: String,
    },
    /// Answers something that the server asked.
    Response,
}

/// A request before its method and parameters are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Echoed in the answer.
    pub id: RequestId,
    /// Name of the method.
    pub method: String,
    /// Parameters as written; `None` when absent or null.
    pub params: Option<RawJson>,
}

/// Why a line is no message.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON.
    #[error("decode message")]
    Json(#[from] serde_json::Error),
    /// Not a JSON object.
    #[error("message is not an object")]
    NotAnObject,
    /// JSON, but neither a request nor a notification nor an answer.
    #[error("message has no method")]
    NoMethod,
}

#[derive(Deserialize)]
struct RawMessage {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<Value>,
    #[serde(default)]
    params: Option<RawJson>,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

/// Decodes one line.
///
/// Unknown top-level members, `jsonrpc` among them, are ignored. Batch arrays are not messages.
///
/// # Errors
/// When the text is not JSON or not a message; such a line gets no answer.
pub fn decode_message(text: &[u8]) -> Result<Incoming, EnvelopeError> {
    // A derived decoder would take an array for a struct by position.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(EnvelopeError::NotAnObject);
    }
    let raw: RawMessage = serde_json::from_slice(text)?;
    let Some(Value::String(method)) = raw.method else {
        if raw.id.is_some() && (raw.result.is_some() || raw.error.is_some()) {
            return Ok(Incoming::Response);
        }
        return Err(EnvelopeError::NoMethod);
    };
    let id = match raw.id {
        Some(Value::String(text)) => Some(RequestId::Text(text)),
        Some(Value::Number(number)) => number.as_i64().map(RequestId::Number),
        _ => None,
    };
    Ok(match id {
        Some(id) => Incoming::Request(Request {
            id,
            method,
            params: raw.params,
        }),
        None => Incoming::Notification { method },
    })
}

/// Decodes parameters, an array by position.
///
/// # Errors
/// In the words of the real server, which clients see.
pub fn decode_params<P: DeserializeOwned>(params: Value) -> Result<P, serde_json::Error> {
    match params {
        // The decoder of `Value` itself has other words for an array that is too long.
        Value::Array(values) => P::deserialize(SeqDeserializer::new(values.into_iter())),
        other => serde_json::from_value(other),
    }
}

/// Decodes parameters from their text, so that what is only passed on keeps its text: numbers, order, escapes.
///
/// # Errors
/// As [`decode_params`].
pub fn decode_exact_params<P: DeserializeOwned>(params: &RawJson) -> Result<P, serde_json::Error> {
    params.parse().or_else(|from_text: serde_json::Error| {
        // The other decoder has the words that clients know. It may take what this one refuses: doubled members.
        match decode_params::<P>(params.parse()?) {
            Ok(_) => Err(from_text),
            Err(from_value) => Err(from_value),
        }
    })
}

/// A successful answer.
#[derive(Debug, Clone, Serialize, JsonSchema, TS)]
pub struct Response<T> {
    /// Id of the request.
    pub id: RequestId,
    /// The result.
    pub result: T,
}

/// A failed answer; `error` precedes `id` on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ErrorResponse {
    /// What went wrong.
    pub error: ErrorObject,
    /// Id of the request.
    pub id: RequestId,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ErrorObject {
    /// One of [`error_code`].
    pub code: i64,
    /// Details for programs; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "unknown")]
    pub data: Option<Value>,
    /// Text for people.
    pub message: String,
}

/// The codes in use (`app-server-api.md` 1.10).
pub mod error_code {
    /// Nearly everything: decoding, validation, not found, conflicts.
    pub const INVALID_REQUEST: i64 = -32600;
    /// The operation does not exist for this thread, this store or this server.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// A few checks of single parameters.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The server or its store failed.
    pub const INTERNAL: i64 = -32603;
    /// Reserved by Codex for an overloaded server; this one makes the sender wait instead.
    pub const OVERLOADED: i64 = -32001;
}

/// A notification of the server; the time stands beside the parameters.
#[derive(Debug, Clone, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServerNotification<T> {
    /// Name of the notification.
    pub method: String,
    /// Its content.
    pub params: T,
    /// When it was sent, Unix milliseconds.
    pub emitted_at_ms: i64,
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod envelope_tests;
