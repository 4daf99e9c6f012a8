//! A failed call on its way to the client.
//!
//! Codes and texts are made here and in `error_map`, nowhere else.

use codex_protocol::rpc::envelope::{ErrorObject, error_code};
use serde_json::Value;

/// Result of a handler.
pub type RpcResult<T> = Result<T, RpcError>;

/// Why a call failed, as the client sees it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// One of [`error_code`].
    pub code: i64,
    /// Text for people.
    pub message: String,
    /// Details for programs, where Codex gives some.
    pub data: Option<Value>,
}

impl RpcError {
    /// The request is wrong: -32600.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self {
            code: error_code::INVALID_REQUEST,
            message: message.into(),
            data: None,
        }
    }

    /// A parameter is wrong where Codex tells that apart: -32602.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self {
            code: error_code::INVALID_PARAMS,
            message: message.into(),
            data: None,
        }
    }

    /// The operation does not exist here: -32601.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self {
            code: error_code::METHOD_NOT_FOUND,
            message: message.into(),
            data: None,
        }
    }

    /// The server failed: -32603.
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            code: error_code::INTERNAL,
            message: message.into(),
            data: None,
        }
    }

    /// There is no room now, and will be again: -32001.
    pub fn overloaded(message: impl Into<String>) -> Self {
        Self {
            code: error_code::OVERLOADED,
            message: message.into(),
            data: None,
        }
    }

    /// Adds details for programs.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self {
            data: Some(data),
            ..self
        }
    }

    /// Parameters that could not be decoded, in the decoder's words.
    pub fn undecodable(error: &serde_json::Error) -> Self {
        Self::invalid_request(format!("Invalid request: {error}"))
    }

    /// A cursor that this call did not make.
    pub fn invalid_cursor(raw: &str) -> Self {
        Self::invalid_request(format!("invalid cursor: {raw}"))
    }
}

impl From<RpcError> for ErrorObject {
    fn from(error: RpcError) -> Self {
        Self {
            code: error.code,
            data: error.data,
            message: error.message,
        }
    }
}
