//! Thread ids out of parameters, with the wording that each parameter has (`app-server-api.md` 1.10).
//!
//! Pure.

use codex_protocol::ids::ThreadId;

use crate::rpc_error::{RpcError, RpcResult};

/// Parses a `threadId`.
pub(super) fn thread_id(text: &str) -> RpcResult<ThreadId> {
    parse(text, "thread id").map_err(RpcError::invalid_request)
}

/// Parses an id; the error names it as `what` in the words of the uuid parser.
pub(super) fn parse(text: &str, what: &str) -> Result<ThreadId, String> {
    text.parse().map_err(|error| format!("invalid {what}: {error}"))
}
