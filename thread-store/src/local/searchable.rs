//! What a line says, for the word index: its text, and the table that it belongs into.
//!
//! Looks at one line; knows neither files nor the index.

use codex_protocol::item::{ThreadItem, TurnItem, canonical_from_event};
use codex_protocol::log::{BareLine, EventMsg, LineHead, PEEK_BYTES, RolloutItem, peek};
use codex_state::messages::{Speaker, message_from_raw, said, said_in_bare};
use codex_state::projector::Mode;
use codex_state::query::{Outputs, fields_of};
use codex_state::text::is_context_text;
use codex_state::words::WordTable;

/// What a line says, by whose rules it is searched.
pub(super) struct Said {
    /// Table that it belongs into.
    pub(super) table: WordTable,
    /// Text as written.
    text: String,
    /// What the item that the line tells is found by besides: its parts put together in another way, paths, and the text as a
    /// reader of the rendered Markdown sees it, where its words may be others.
    more: Vec<String>,
}

impl Said {
    /// Returns the texts by whose words the line is found.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.text).chain(self.more.iter().map(String::as_str))
    }
}

/// Returns what of a line belongs into which table.
pub(super) fn document_of(bytes: &[u8], mode: Mode) -> Option<Said> {
    let (speaker, text, more) = if mode == Mode::Bare {
        let (speaker, text) = said_in_bare(bytes)?;
        let Ok(BareLine::Item(item)) = BareLine::decode(bytes) else {
            return None;
        };
        let more = more_texts(message_from_raw(&item), &text);
        (speaker, text, more)
    } else {
        if says_nothing(bytes) {
            return None;
        }
        let head = LineHead::parse(bytes).ok()?;
        if !matches!(&*head.kind, "event_msg" | "response_item") {
            return None;
        }
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
        let (speaker, text) = said(&item)?;
        let more = match &item {
            RolloutItem::ResponseItem(line) => more_texts(message_from_raw(&line.item), &text),
            RolloutItem::EventMsg(event) => match event.as_ref() {
                EventMsg::ItemCompleted(completed) => more_texts(Some(completed.item.clone()), &text),
                EventMsg::UserMessage(_) | EventMsg::AgentMessage(_) => {
                    more_texts(canonical_from_event(event).map(|told| told.item), &text)
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        (speaker, text, more)
    };
    let table = match speaker {
        Speaker::Visible => WordTable::Said,
        Speaker::Raw if mode == Mode::Bare && !is_context_text(&text) => WordTable::Said,
        Speaker::Raw => WordTable::Hidden,
    };
    Some(Said { table, text, more })
}

/// Returns the texts that a message is searched by, but for the one that is known.
fn more_texts(message: Option<TurnItem>, known: &str) -> Vec<String> {
    let Some(message) = message else { return Vec::new() };
    let item = ThreadItem::from(message);
    fields_of(&item, Outputs::Searched)
        .into_iter()
        .map(|field| field.text.into_owned())
        .filter(|text| text != known)
        .collect()
}

/// Tells by its first bytes that a line is none of those that say something. Most bytes of a log are in such lines.
fn says_nothing(bytes: &[u8]) -> bool {
    let Some(prefix) = peek(bytes) else { return false };
    match (prefix.kind, prefix.payload_tag) {
        ("event_msg", Some("item_completed")) => item_kind(bytes).is_some_and(|kind| !is_message(kind)),
        ("event_msg", Some(tag)) => !matches!(tag, "user_message" | "agent_message"),
        ("response_item", Some(tag)) => tag != "message",
        ("event_msg" | "response_item", None) => false,
        _ => true,
    }
}

/// Returns the kind of a completed item if its first members are those that Codex and we write, in that order.
pub(super) fn item_kind(line: &[u8]) -> Option<&str> {
    let prefix = &line[..line.len().min(2 * PEEK_BYTES)];
    let before = b"\"payload\":{\"type\":\"item_completed\",\"thread_id\":\"";
    let at = prefix.windows(before.len()).position(|window| window == before)?;
    let rest = plain_text(&prefix[at + before.len()..])?.1;
    let rest = plain_text(rest.strip_prefix(b",\"turn_id\":\"")?)?.1;
    let (kind, _) = plain_text(rest.strip_prefix(b",\"item\":{\"type\":\"")?)?;
    std::str::from_utf8(kind).ok()
}

/// Splits a JSON text without escapes behind its closing quote.
fn plain_text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    (rest[end] == b'"').then(|| (&rest[..end], &rest[end + 1..]))
}

pub(super) fn is_message(kind: &str) -> bool {
    matches!(kind, "UserMessage" | "AgentMessage")
}

#[cfg(test)]
#[path = "searchable_tests.rs"]
mod searchable_tests;
