//! What a tool returned to the model: a text, or content parts (format 3.3).
//!
//! Kept as written; read on demand.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::kinds::ContentPart;
use crate::log::raw_json::RawJson;

/// Output of a tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolOutput(pub RawJson);

impl ToolOutput {
    /// Makes an output that is a text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(RawJson::string(text))
    }

    /// Returns the output when it is one text.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        self.0.as_text()
    }

    /// Returns the content parts when the output is a list of parts.
    #[must_use]
    pub fn parts(&self) -> Option<Vec<ContentPart>> {
        // Neither a text nor a list of parts: nothing that can be shown as parts.
        if self.0.get().starts_with('[') {
            self.0.parse().ok()
        } else {
            None
        }
    }

    /// Returns all text of the output, parts joined by newlines.
    #[must_use]
    pub fn joined_text(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_text() {
            return text;
        }
        // Very old outputs are objects with the text under `content`.
        if let Some(text) = crate::log::member_text(self.0.as_raw(), "content") {
            return text;
        }
        let parts = self.parts().unwrap_or_default();
        let texts: Vec<String> = parts
            .into_iter()
            .filter_map(|part| match part {
                ContentPart::InputText(text) | ContentPart::OutputText(text) => Some(text.text),
                ContentPart::InputImage(_)
                | ContentPart::InputAudio(_)
                | ContentPart::EncryptedContent(_)
                | ContentPart::Other(_) => None,
            })
            .collect();
        Cow::Owned(texts.join("\n"))
    }
}
