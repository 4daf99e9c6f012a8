//! Thread ids out of parameters, with the wording that each parameter has (`app-server-api.md` 1.10).
//!
//! Pure. The explanations are part of the wire; they must not change with the version of a library.

use codex_protocol::ids::ThreadId;

use crate::rpc_error::{RpcError, RpcResult};

/// Lengths of the groups of a hyphenated id.
const GROUP_CHARS: [usize; 5] = [8, 4, 4, 4, 12];
/// Characters of an id before its last group.
const LAST_GROUP_START: usize = 24;

/// Parses a `threadId`.
pub(super) fn thread_id(text: &str) -> RpcResult<ThreadId> {
    parse(text, "thread id").map_err(RpcError::invalid_request)
}

/// Parses an id; the error names it as `what`.
pub(super) fn parse(text: &str, what: &str) -> Result<ThreadId, String> {
    text.parse().map_err(|_| format!("invalid {what}: {}", explain(text)))
}

/// Explains why a text is no id: a wrong character, else a wrong length, else wrong groups.
fn explain(text: &str) -> String {
    let braced = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let (body, prefix_bytes, is_plain) = match (braced, text.strip_prefix("urn:uuid:")) {
        (Some(body), _) => (body, 1, false),
        (None, Some(body)) => (body, "urn:uuid:".len(), false),
        (None, None) => (text, 0, true),
    };
    if let Some((index, found)) = body.char_indices().find(|(_, c)| !c.is_ascii_hexdigit() && *c != '-') {
        let place = prefix_bytes + index + 1;
        return format!(
            "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `{found}` at {place}"
        );
    }
    let groups: Vec<usize> = body.split('-').map(str::len).collect();
    if groups.len() == 1 && is_plain {
        return format!(
            "invalid length: expected length 32 for simple format, found {}",
            text.len()
        );
    }
    if groups.len() != GROUP_CHARS.len() {
        return format!("invalid group count: expected 5, found {}", groups.len());
    }
    let wrong = groups
        .iter()
        .zip(GROUP_CHARS)
        .take(4)
        .position(|(found, expected)| *found != expected);
    let (group, found) = match wrong {
        Some(group) => (group, groups[group]),
        // The last group is measured to the end of the whole text, braces and prefix included.
        None => (4, text.len() - LAST_GROUP_START),
    };
    format!(
        "invalid group length in group {group}: expected {}, found {found}",
        GROUP_CHARS[group]
    )
}

#[cfg(test)]
#[path = "ids_tests.rs"]
mod ids_tests;
