//! Lines of rollouts from before the envelope (format 12).
//!
//! A header, state markers, and bare Responses items. Does not look at file names.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::LineError;
use super::head::parse_object;
use super::response::ResponseItem;
use super::session_meta::GitInfo;
use crate::ids::ThreadId;

/// First line of a bare rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BareHeader {
    /// The thread.
    pub id: ThreadId,
    /// Creation; RFC 3339, or the old form with dashes.
    pub timestamp: String,
    /// Instructions of the user.
    pub instructions: Option<String>,
    /// State of the git repository.
    pub git: Option<GitInfo>,
}

/// One line of a bare rollout.
#[derive(Debug, Clone, PartialEq)]
pub enum BareLine {
    /// The header.
    Header(BareHeader),
    /// A marker without meaning for us.
    StateMarker,
    /// A Responses item.
    Item(ResponseItem),
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(rename = "type", borrow, default)]
    tag: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    record_type: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct HeaderFields {
    id: ThreadId,
    timestamp: String,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    git: Option<GitInfo>,
}

impl BareLine {
    /// Decodes one line, with or without its newline.
    ///
    /// # Errors
    /// `UnknownKind` for a line with an envelope, else as for any line.
    pub fn decode(bytes: &[u8]) -> Result<Self, LineError> {
        let text = std::str::from_utf8(bytes).map_err(|source| LineError::NotUtf8 { source })?;
        let fields: Fields<'_> = parse_object(text, "bare line")?;
        if fields.payload.is_some() && fields.tag.is_some() {
            return Err(LineError::UnknownKind {
                kind: "envelope".to_owned(),
            });
        }
        if fields.tag.is_some() {
            let raw: &RawValue = serde_json::from_str(text.trim()).map_err(LineError::shape("bare item"))?;
            return ResponseItem::decode(raw).map(Self::Item);
        }
        if fields.record_type.is_some() {
            return Ok(Self::StateMarker);
        }
        let header: HeaderFields = parse_object(text, "bare header")?;
        Ok(Self::Header(BareHeader {
            id: header.id,
            timestamp: header.timestamp,
            instructions: header.instructions,
            git: header.git,
        }))
    }
}
