//! `compacted`: the model's history was replaced by a summary (format 2.5).
//!
//! Replacement items stay raw until someone asks for them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::LineError;
use super::head::payload_tag;
use super::raw_json::RawJson;
use super::response::ResponseItem;

/// Payload of a `compacted` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Summary; may be empty.
    pub message: String,
    /// The whole history that the model sees afterwards; absent in the old style.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement_history: Option<Vec<RawJson>>,
    /// Metadata of each replacement item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement_history_metadata: Option<Vec<RawJson>>,
    /// What is kept in full (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retained_context: Option<RawJson>,
    /// Origins of MCP resources as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_resource_origins: Option<RawJson>,
    /// Number of the context window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_number: Option<u64>,
    /// Id of the first window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_window_id: Option<String>,
    /// Id of the window before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_window_id: Option<String>,
    /// Id of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_id: Option<String>,
    /// Response that made the summary (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compaction_response_id: Option<String>,
    /// Token use so far (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_token_usage_record: Option<RawJson>,
    /// What a bounded scan of the tail needs (0.169).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_metadata: Option<RawJson>,
}

#[derive(Deserialize)]
struct Fields {
    message: String,
    replacement_history: Option<Vec<RawJson>>,
    replacement_history_metadata: Option<Vec<RawJson>>,
    mcp_resource_origins: Option<RawJson>,
    window_number: Option<u64>,
    first_window_id: Option<String>,
    previous_window_id: Option<String>,
    window_id: Option<WindowId>,
    retained_context: Option<RawJson>,
    compaction_response_id: Option<String>,
    latest_token_usage_record: Option<RawJson>,
    resume_metadata: Option<RawJson>,
}

/// Old files stored the window's number under `window_id`.
struct WindowId(RawJson);

impl<'de> Deserialize<'de> for WindowId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer).map(Self)
    }
}

impl Compacted {
    /// Decodes the payload of a `compacted` line.
    ///
    /// Retired `ghost_snapshot` items are removed together with their metadata.
    ///
    /// # Errors
    /// `Shape` for malformed members, and when the metadata does not match the items one to one.
    pub fn decode(payload: &RawValue) -> Result<Self, LineError> {
        let shape = LineError::shape("compacted");
        let fields: Fields = match serde_json::from_str(payload.get()) {
            Ok(fields) => fields,
            Err(source) => return Err(shape(source)),
        };
        let mut compacted = Self {
            message: fields.message,
            replacement_history: fields.replacement_history,
            replacement_history_metadata: fields.replacement_history_metadata,
            mcp_resource_origins: fields.mcp_resource_origins,
            window_number: fields.window_number,
            first_window_id: fields.first_window_id,
            previous_window_id: fields.previous_window_id,
            window_id: None,
            retained_context: fields.retained_context,
            compaction_response_id: fields.compaction_response_id,
            latest_token_usage_record: fields.latest_token_usage_record,
            resume_metadata: fields.resume_metadata,
        };
        let adjusted = compacted
            .read_window_id(fields.window_id)
            .and_then(|()| compacted.check_metadata());
        match adjusted {
            Ok(()) => {
                compacted.drop_ghosts();
                Ok(compacted)
            }
            Err(source) => Err(shape(source)),
        }
    }

    fn read_window_id(&mut self, window_id: Option<WindowId>) -> Result<(), serde_json::Error> {
        let Some(WindowId(raw)) = window_id else { return Ok(()) };
        if raw.get().starts_with('"') {
            self.window_id = Some(raw.parse()?);
        } else {
            let number = raw.parse()?;
            self.window_number.get_or_insert(number);
        }
        Ok(())
    }

    fn check_metadata(&self) -> Result<(), serde_json::Error> {
        use serde::de::Error;
        match (&self.replacement_history, &self.replacement_history_metadata) {
            (_, None) => Ok(()),
            (None, Some(_)) => Err(Error::custom("history metadata without a history")),
            (Some(items), Some(metadata)) if items.len() == metadata.len() => Ok(()),
            (Some(items), Some(metadata)) => Err(Error::custom(format_args!(
                "{} history items with {} metadata entries",
                items.len(),
                metadata.len()
            ))),
        }
    }

    fn drop_ghosts(&mut self) {
        let Some(items) = &mut self.replacement_history else {
            return;
        };
        let kept: Vec<bool> = items
            .iter()
            .map(|item| payload_tag(item.as_raw()).as_deref() != Some("ghost_snapshot"))
            .collect();
        let mut flags = kept.iter();
        items.retain(|_| *flags.next().unwrap_or(&true));
        if let Some(metadata) = &mut self.replacement_history_metadata {
            let mut flags = kept.iter();
            metadata.retain(|_| *flags.next().unwrap_or(&true));
        }
    }

    /// Decodes the replacement items.
    ///
    /// # Errors
    /// That of the first item that does not decode.
    pub fn replacement_items(&self) -> Result<Vec<ResponseItem>, LineError> {
        self.replacement_history
            .iter()
            .flatten()
            .map(|item| ResponseItem::decode(item.as_raw()))
            .collect()
    }
}
