//! What an agent hands in: one record, not yet checked.
//!
//! Values only; decoding is in `input`.

use codex_protocol::log::event::EventMsg;
use codex_protocol::log::{RawJson, RolloutItem};

/// Where a record comes from; decides how its ids are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemOrigin {
    /// The agent made the record.
    #[default]
    Recorded,
    /// The record is output that a model's server streamed: in paginated threads it must bring its id.
    Streamed,
    /// The record was put into the history by a client: Responses items of unknown kinds are accepted, and dropped.
    Injected,
}

/// One record of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct RawItem {
    /// Record kind, e.g. `event_msg`.
    pub kind: String,
    /// Payload as JSON text; members that we do not know survive.
    pub payload: RawJson,
    /// Metadata beside a Responses item (format 2.11).
    pub metadata: Option<RawJson>,
    /// Where the record comes from.
    pub origin: ItemOrigin,
}

impl RawItem {
    /// Makes a record that the agent made itself.
    #[must_use]
    pub fn new(kind: impl Into<String>, payload: RawJson) -> Self {
        Self {
            kind: kind.into(),
            payload,
            metadata: None,
            origin: ItemOrigin::Recorded,
        }
    }

    /// Sets where the record comes from.
    #[must_use]
    pub fn with_origin(mut self, origin: ItemOrigin) -> Self {
        self.origin = origin;
        self
    }

    /// Sets the metadata beside a Responses item.
    #[must_use]
    pub fn with_metadata(mut self, metadata: RawJson) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

impl From<&RolloutItem> for RawItem {
    fn from(item: &RolloutItem) -> Self {
        let metadata = match item {
            RolloutItem::ResponseItem(line) => line.metadata.clone(),
            _ => None,
        };
        Self {
            metadata,
            ..Self::new(item.kind(), item.payload())
        }
    }
}

impl From<EventMsg> for RawItem {
    fn from(event: EventMsg) -> Self {
        Self::from(&RolloutItem::EventMsg(Box::new(event)))
    }
}
