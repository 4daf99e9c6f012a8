//! Events that carry messages, reasoning, reviews and whole canonical items (format 3.2).
//!
//! Old shapes are read here; mapping to items is done in `item::legacy`.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::kinds::members;
use crate::item::{
    AgentMessageDelivery, AgentMessageModeration, AsyncUserInputQuestion, CustomTarget, ImageDetail, MessagePhase,
    ReviewOutput, ReviewTarget, StoredMemoryCitation, StoredTextElement, TagFirst, TurnItem,
};
use crate::log::RawJson;
use crate::log::error::LineError;
use crate::log::tagged::{known_word, null_as_default};

/// An item is complete.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemCompletedEvent {
    /// Thread that the item came from; may name another thread (format 3.2).
    pub thread_id: String,
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item: TurnItem,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at_ms: Option<i64>,
    /// When it ended; 0 means unknown.
    pub completed_at_ms: i64,
}

impl ItemCompletedEvent {
    /// Returns when the item ended, unless that is not known.
    #[must_use]
    pub fn known_completed_at_ms(&self) -> Option<i64> {
        (self.completed_at_ms != 0).then_some(self.completed_at_ms)
    }

    /// Decodes a line that is known to complete an item, in one pass less than its envelope and then its payload need.
    ///
    /// Returns `None` for all other lines, and for some that only the general way understands, such as repeated members.
    #[must_use]
    pub fn decode_line(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        // Where the tag of the item comes first, as writers put it, the item is read with its line, and not once more.
        let tag = text.split_once(TAGGED_ITEM).map(|(_, tag)| tag);
        let tag_is_first = tag.is_some_and(|tag| !tag.starts_with(EXTENSION_TAG));
        if tag_is_first && let Ok(line) = serde_json::from_str::<ItemLine<'_, TagFirst>>(text) {
            return line.is_completed().then(|| line.payload.into_event(|item| item.0));
        }
        let line: ItemLine<'_, &RawValue> = serde_json::from_str(text).ok()?;
        if !line.is_completed() {
            return None;
        }
        let item = TurnItem::decode(line.payload.item).ok()?;
        Some(line.payload.into_event(|_| item))
    }

    pub(super) fn decode(text: &str) -> Result<Self, LineError> {
        Self::from_fields(members(text, "item_completed")?)
    }

    fn from_fields(fields: ItemFields<'_>) -> Result<Self, LineError> {
        Ok(Self {
            item: TurnItem::decode(fields.item)?,
            thread_id: fields.thread_id,
            turn_id: fields.turn_id,
            started_at_ms: fields.started_at_ms,
            completed_at_ms: fields.completed_at_ms,
        })
    }
}

/// An item begins; only in old files and live.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemStartedEvent {
    /// Thread that the item came from.
    pub thread_id: String,
    /// Turn of the item.
    pub turn_id: String,
    /// The item so far.
    pub item: TurnItem,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at_ms: Option<i64>,
}

impl ItemStartedEvent {
    pub(super) fn decode(text: &str) -> Result<Self, LineError> {
        let fields: ItemFields<'_> = members(text, "item_started")?;
        Ok(Self {
            item: TurnItem::decode(fields.item)?,
            thread_id: fields.thread_id,
            turn_id: fields.turn_id,
            started_at_ms: fields.started_at_ms,
        })
    }
}

#[derive(Deserialize)]
struct ItemFields<'a> {
    #[serde(default)]
    thread_id: String,
    turn_id: String,
    #[serde(borrow)]
    item: &'a RawValue,
    #[serde(default)]
    started_at_ms: Option<i64>,
    #[serde(default, deserialize_with = "null_as_default")]
    completed_at_ms: i64,
}

/// How the member of an item begins whose tag comes first; a text cannot have it, because its quotes are escaped.
const TAGGED_ITEM: &str = "\"item\":{\"type\":\"";
/// The kind whose members depend on one that comes later.
const EXTENSION_TAG: &str = "Extension\"";

/// A whole line with such a payload.
#[derive(Deserialize)]
struct ItemLine<'a, I> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: TaggedFields<'a, I>,
}

impl<I> ItemLine<'_, I> {
    fn is_completed(&self) -> bool {
        self.kind == "event_msg" && self.payload.kind == "item_completed"
    }
}

// Flattening would read everything into values of its own first.
#[derive(Deserialize)]
struct TaggedFields<'a, I> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    thread_id: String,
    turn_id: String,
    item: I,
    #[serde(default)]
    started_at_ms: Option<i64>,
    #[serde(default, deserialize_with = "null_as_default")]
    completed_at_ms: i64,
}

impl<I> TaggedFields<'_, I> {
    fn into_event(self, item: impl FnOnce(I) -> TurnItem) -> ItemCompletedEvent {
        ItemCompletedEvent {
            thread_id: self.thread_id,
            turn_id: self.turn_id,
            item: item(self.item),
            started_at_ms: self.started_at_ms,
            completed_at_ms: self.completed_at_ms,
        }
    }
}

/// The user said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMessageEvent {
    /// Id that the client gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The text.
    pub message: String,
    /// Image URLs.
    #[serde(default)]
    pub images: Option<Vec<String>>,
    /// Kinds of the images in order, e.g. `inline` (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_order: Option<RawJson>,
    /// Detail of each image.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub image_details: Vec<Option<ImageDetail>>,
    /// Image files.
    #[serde(default, deserialize_with = "null_as_default")]
    pub local_images: Vec<String>,
    /// Detail of each image file.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub local_image_details: Vec<Option<ImageDetail>>,
    /// Audio URLs.
    #[serde(default)]
    pub audio: Option<Vec<String>>,
    /// Kinds of the audio in order (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_order: Option<RawJson>,
    /// Audio files.
    #[serde(default, deserialize_with = "null_as_default")]
    pub local_audio: Vec<String>,
    /// Spans of the text that stand for something else.
    #[serde(default, deserialize_with = "null_as_default")]
    pub text_elements: Vec<StoredTextElement>,
    /// Uploaded files (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id_details: Option<RawJson>,
}

/// The agent said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentMessageEvent {
    /// The text.
    pub message: String,
    /// Commentary or answer.
    #[serde(default, deserialize_with = "known_word")]
    pub phase: Option<MessagePhase>,
    /// Memories that the text cites.
    #[serde(default)]
    pub memory_citation: Option<StoredMemoryCitation>,
    /// How it was delivered.
    #[serde(default, deserialize_with = "known_word", skip_serializing_if = "Option::is_none")]
    pub delivery: Option<AgentMessageDelivery>,
    /// Moderation verdict (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<AgentMessageModeration>,
    /// Questions to the user (0.169).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<AsyncUserInputQuestion>>,
}

/// The model thought something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasoningEvent {
    /// The text.
    pub text: String,
}

/// A review begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnteredReviewModeEvent {
    /// What is reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<ReviewTarget>,
    /// Text to show for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_facing_hint: Option<String>,
    /// Turn of the review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Id of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
}

impl<'de> Deserialize<'de> for EnteredReviewModeEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default)]
            target: Option<ReviewTarget>,
            // Very old: the instructions stood in `prompt` (format 3.2, 8.9).
            #[serde(default)]
            prompt: Option<String>,
            #[serde(default)]
            user_facing_hint: Option<String>,
            #[serde(default)]
            turn_id: Option<String>,
            #[serde(default)]
            item_id: Option<String>,
        }
        let fields = Fields::deserialize(deserializer)?;
        let from_prompt = || {
            fields
                .prompt
                .map(|instructions| ReviewTarget::Custom(CustomTarget { instructions }))
        };
        Ok(Self {
            target: fields.target.or_else(from_prompt),
            user_facing_hint: fields.user_facing_hint,
            turn_id: fields.turn_id,
            item_id: fields.item_id,
        })
    }
}

/// A review ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitedReviewModeEvent {
    /// Turn of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Id of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// What it found.
    #[serde(default)]
    pub review_output: Option<ReviewOutput>,
}
