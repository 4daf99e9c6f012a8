//! One raw record, checked and decoded: the first step of a batch.
//!
//! Looks at one record at a time. Does not know turns.

use std::sync::Arc;

use codex_protocol::ThreadId;
use codex_protocol::log::event::EventMsg;
use codex_protocol::log::{RawJson, RolloutItem, payload_tag};

use super::error::{CanonicalError, Rejection};
use super::json_text::one_line;
use super::raw_item::{ItemOrigin, RawItem};

/// What a line needs beside payload and metadata, at most: timestamp, ordinal, kind, punctuation.
const ENVELOPE_BYTES: u64 = 160;

/// A record that decodes and belongs to the thread.
#[derive(Debug, Clone)]
pub(super) struct Input {
    /// Index in the batch.
    pub(super) index: usize,
    /// The record; shared with its line.
    pub(super) item: Arc<RolloutItem>,
    /// Its payload, on one line.
    pub(super) payload: RawJson,
    /// Its metadata, on one line.
    pub(super) metadata: Option<RawJson>,
    /// Where it comes from.
    pub(super) origin: ItemOrigin,
}

impl Input {
    /// Checks and decodes one record.
    pub(super) fn read(
        index: usize,
        raw: &RawItem,
        thread_id: ThreadId,
        max_item_bytes: u64,
    ) -> Result<Self, CanonicalError> {
        let read = || -> Result<Self, Rejection> {
            check_size(&raw.payload, raw.metadata.as_ref(), max_item_bytes)?;
            let payload = one_line(&raw.payload)?;
            let metadata = raw.metadata.as_ref().map(one_line).transpose()?;
            let item = RolloutItem::decode(&raw.kind, payload.as_raw(), metadata.as_ref().map(RawJson::as_raw))?;
            check_thread(&item, thread_id)?;
            Ok(Self {
                index,
                item: Arc::new(item),
                payload,
                metadata,
                origin: raw.origin,
            })
        };
        read().map_err(|rejection| CanonicalError {
            index,
            kind: kind_of(&raw.kind, &raw.payload),
            rejection,
        })
    }

    /// Makes the error of this record.
    pub(super) fn reject(&self, rejection: impl Into<Rejection>) -> CanonicalError {
        CanonicalError {
            index: self.index,
            kind: kind_of(self.item.kind(), &self.payload),
            rejection: rejection.into(),
        }
    }
}

/// Names a record for errors: its kind, and that of its payload.
fn kind_of(kind: &str, payload: &RawJson) -> String {
    match payload_tag(payload.as_raw()) {
        Some(tag) if matches!(kind, "event_msg" | "response_item") => format!("{kind}/{tag}"),
        _ => kind.to_owned(),
    }
}

/// Refuses what would make a line longer than the limit.
pub(super) fn check_size(payload: &RawJson, metadata: Option<&RawJson>, max_item_bytes: u64) -> Result<(), Rejection> {
    let len = |json: &RawJson| json.get().len() as u64;
    let len_bytes = len(payload) + metadata.map_or(0, len) + ENVELOPE_BYTES;
    if len_bytes > max_item_bytes {
        return Err(Rejection::TooLarge {
            len_bytes,
            max_item_bytes,
        });
    }
    Ok(())
}

/// Refuses records that name another thread; an empty or absent id names none.
fn check_thread(item: &RolloutItem, thread_id: ThreadId) -> Result<(), Rejection> {
    let named = match item {
        RolloutItem::SessionMeta(meta) => Some(meta.id.to_string()),
        RolloutItem::EventMsg(event) => event_thread(event).map(str::to_owned),
        RolloutItem::TokenUsageRecord(record) => Some(record.thread_id.clone()),
        RolloutItem::DynamicToolsUpdated(update) => update.thread_id.clone(),
        RolloutItem::ResponseItem(_)
        | RolloutItem::TurnContext(_)
        | RolloutItem::Compacted(_)
        | RolloutItem::WorldState(_)
        | RolloutItem::InterAgentCommunication(_)
        | RolloutItem::InterAgentCommunicationMetadata(_)
        | RolloutItem::SecurityRiskScore(_)
        | RolloutItem::RealtimeItem(_)
        | RolloutItem::RetainedContext(_) => None,
    };
    match named.filter(|named| !named.is_empty()) {
        Some(named) if !named.eq_ignore_ascii_case(&thread_id.to_string()) => {
            Err(Rejection::OtherThread { thread_id: named })
        }
        _ => Ok(()),
    }
}

fn event_thread(event: &EventMsg) -> Option<&str> {
    match event {
        EventMsg::ItemCompleted(event) => Some(&event.thread_id),
        EventMsg::ItemStarted(event) => Some(&event.thread_id),
        EventMsg::ThreadGoalUpdated(event) => Some(&event.thread_id),
        EventMsg::ThreadSettingsApplied(event) => event.thread_id.as_deref(),
        _ => None,
    }
}
