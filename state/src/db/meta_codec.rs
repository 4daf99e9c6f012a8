//! How the metadata of a rollout is stored: what is absent takes no room, and a text that repeats the one before is stored once.
//!
//! One thread in many has more than one text, and few have half of the header's fields: written out, they were a third of
//! the index of a home of small threads.

use serde::{Deserialize, Serialize};

use crate::projector::{HeaderMeta, RolloutMeta, ShortText};
use crate::rows::Span;

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    header: HeaderMeta,
    header_seen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model_provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recency_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_cwd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    goal: Option<Span>,
    /// First user text, title, preview, raw preview.
    texts: [T; 4],
}

/// A text to be stored: none where it is the one before; whether it is cut; its line.
#[derive(Serialize)]
struct Text<'a>(Option<&'a str>, bool, Option<Span>);

/// A stored text.
#[derive(Deserialize)]
struct OwnedText(Option<String>, bool, Option<Span>);

/// Writes metadata as JSON.
pub(super) fn encode(meta: &RolloutMeta) -> serde_json::Result<String> {
    let texts = [&meta.first_user, &meta.title, &meta.preview, &meta.raw_preview];
    let stored = |at: usize| {
        let text = texts[at];
        let repeats = at > 0 && texts[at - 1].text == text.text;
        Text((!repeats).then_some(text.text.as_str()), text.cut, text.line)
    };
    serde_json::to_string(&Stored {
        header: meta.header.clone(),
        header_seen: meta.header_seen,
        cwd: meta.cwd.clone(),
        model_provider: meta.model_provider.clone(),
        model: meta.model.clone(),
        effort: meta.effort.clone(),
        recency_at_ms: meta.recency_at_ms,
        raw_cwd: meta.raw_cwd.clone(),
        goal: meta.goal,
        texts: [0, 1, 2, 3].map(stored),
    })
}

/// Reads metadata back.
pub(super) fn decode(json: &str) -> serde_json::Result<RolloutMeta> {
    let stored: Stored<OwnedText> = serde_json::from_str(json)?;
    let mut before = String::new();
    let [first_user, title, preview, raw_preview] = stored.texts.map(|OwnedText(text, cut, line)| {
        if let Some(text) = text {
            before = text;
        }
        ShortText {
            text: before.clone(),
            cut,
            line,
        }
    });
    Ok(RolloutMeta {
        header: stored.header,
        header_seen: stored.header_seen,
        cwd: stored.cwd,
        model_provider: stored.model_provider,
        model: stored.model,
        effort: stored.effort,
        recency_at_ms: stored.recency_at_ms,
        first_user,
        title,
        preview,
        raw_preview,
        raw_cwd: stored.raw_cwd,
        goal: stored.goal,
    })
}

#[cfg(test)]
#[path = "meta_codec_tests.rs"]
mod meta_codec_tests;
