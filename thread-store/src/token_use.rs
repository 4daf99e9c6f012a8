//! Finds the latest use of tokens from the end of a log.
//!
//! Pure but for the lines that it is handed, newest first.

use codex_protocol::log::event::TokenUsageInfo;
use codex_protocol::log::{EventMsg, LineHead, RolloutItem, payload_tag};

/// Bytes before the end of a log that are looked through.
pub(crate) const TOKEN_SCAN_BYTES: u64 = 1024 * 1024;

/// Returns what a line says of the use of tokens, if it does.
pub(crate) fn usage_of_line(line: &[u8]) -> Option<TokenUsageInfo> {
    let head = LineHead::parse(line).ok()?;
    if &*head.kind != "event_msg" || payload_tag(head.payload).as_deref() != Some("token_count") {
        return None;
    }
    match RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()? {
        RolloutItem::EventMsg(event) => match *event {
            EventMsg::TokenCount(count) => count.info,
            _ => None,
        },
        _ => None,
    }
}
