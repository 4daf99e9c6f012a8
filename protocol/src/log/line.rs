//! One whole rollout line (format 2.1, 2.2).
//!
//! A decoded line keeps its bytes, so that passing it on changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::compacted::Compacted;
use super::error::LineError;
use super::event::EventMsg;
use super::head::LineHead;
use super::raw_json::RawJson;
use super::records::{
    DynamicToolsUpdated, InterAgentCommunication, InterAgentCommunicationMetadata, RealtimeItem, RetainedContext,
    SecurityRiskScore, TokenUsageRecord, WorldState,
};
use super::response::{ResponseItem, ResponseLine};
use super::session_meta::SessionMeta;
use super::turn_context::TurnContext;

/// The content of a line: its kind and payload.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants are the record kinds of format 2.2")]
pub enum RolloutItem {
    SessionMeta(Box<SessionMeta>),
    ResponseItem(Box<ResponseLine>),
    EventMsg(Box<EventMsg>),
    TurnContext(Box<TurnContext>),
    Compacted(Box<Compacted>),
    WorldState(WorldState),
    InterAgentCommunication(Box<InterAgentCommunication>),
    InterAgentCommunicationMetadata(InterAgentCommunicationMetadata),
    SecurityRiskScore(SecurityRiskScore),
    TokenUsageRecord(Box<TokenUsageRecord>),
    DynamicToolsUpdated(DynamicToolsUpdated),
    RealtimeItem(RealtimeItem),
    RetainedContext(RetainedContext),
}

impl RolloutItem {
    /// Decodes the payload of a line of the given kind.
    ///
    /// # Errors
    /// `UnknownKind`, `UnknownHistoryMode`, `Missing` or `Shape`.
    pub fn decode(kind: &str, payload: &RawValue, metadata: Option<&RawValue>) -> Result<Self, LineError> {
        Ok(match kind {
            "session_meta" => Self::SessionMeta(Box::new(SessionMeta::decode(payload)?)),
            "response_item" => Self::ResponseItem(Box::new(ResponseLine {
                item: ResponseItem::decode(payload)?,
                metadata: metadata.map(RawJson::from),
            })),
            "event_msg" => Self::EventMsg(Box::new(EventMsg::decode(payload)?)),
            "turn_context" => Self::TurnContext(members(payload, kind)?),
            "compacted" => Self::Compacted(Box::new(Compacted::decode(payload)?)),
            "world_state" => Self::WorldState(members(payload, kind)?),
            "inter_agent_communication" => Self::InterAgentCommunication(members(payload, kind)?),
            "inter_agent_communication_metadata" => Self::InterAgentCommunicationMetadata(members(payload, kind)?),
            "security_risk_score" => Self::SecurityRiskScore(members(payload, kind)?),
            "token_usage_record" => Self::TokenUsageRecord(members(payload, kind)?),
            "dynamic_tools_updated" => Self::DynamicToolsUpdated(members(payload, kind)?),
            "realtime_item" => Self::RealtimeItem(members(payload, kind)?),
            "retained_context" => Self::RetainedContext(members(payload, kind)?),
            unknown => {
                return Err(LineError::UnknownKind {
                    kind: unknown.to_owned(),
                });
            }
        })
    }

    /// Returns the record kind as written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SessionMeta(_) => "session_meta",
            Self::ResponseItem(_) => "response_item",
            Self::EventMsg(_) => "event_msg",
            Self::TurnContext(_) => "turn_context",
            Self::Compacted(_) => "compacted",
            Self::WorldState(_) => "world_state",
            Self::InterAgentCommunication(_) => "inter_agent_communication",
            Self::InterAgentCommunicationMetadata(_) => "inter_agent_communication_metadata",
            Self::SecurityRiskScore(_) => "security_risk_score",
            Self::TokenUsageRecord(_) => "token_usage_record",
            Self::DynamicToolsUpdated(_) => "dynamic_tools_updated",
            Self::RealtimeItem(_) => "realtime_item",
            Self::RetainedContext(_) => "retained_context",
        }
    }

    /// Returns the payload as this build writes it.
    ///
    /// Members that this build does not know are gone: to pass a record on unchanged, keep its text.
    #[must_use]
    pub fn payload(&self) -> RawJson {
        self.payload_and_metadata().0
    }

    fn payload_and_metadata(&self) -> (RawJson, Option<&RawJson>) {
        let payload = match self {
            Self::SessionMeta(payload) => RawJson::of(payload),
            Self::ResponseItem(line) => RawJson::of(&line.item),
            Self::EventMsg(payload) => RawJson::of(payload),
            Self::TurnContext(payload) => RawJson::of(payload),
            Self::Compacted(payload) => RawJson::of(payload),
            Self::WorldState(payload) => RawJson::of(payload),
            Self::InterAgentCommunication(payload) => RawJson::of(payload),
            Self::InterAgentCommunicationMetadata(payload) => RawJson::of(payload),
            Self::SecurityRiskScore(payload) => RawJson::of(payload),
            Self::TokenUsageRecord(payload) => RawJson::of(payload),
            Self::DynamicToolsUpdated(payload) => RawJson::of(payload),
            Self::RealtimeItem(payload) => RawJson::of(payload),
            Self::RetainedContext(payload) => RawJson::of(payload),
        };
        let metadata = match self {
            Self::ResponseItem(line) => line.metadata.as_ref(),
            _ => None,
        };
        (
            payload.expect("payload structs have text keys and always serialise"),
            metadata,
        )
    }
}

fn members<'a, T: Deserialize<'a>>(payload: &'a RawValue, kind: &str) -> Result<T, LineError> {
    serde_json::from_str(payload.get()).map_err(LineError::shape(kind))
}

/// One line of a rollout.
///
/// The public members are for reading: a decoded line is written back as the bytes that were
/// read. To change a line, make a new one with [`RolloutLine::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutLine {
    /// Time of writing.
    pub timestamp: String,
    /// Ordinal; paginated rollouts only.
    pub ordinal: Option<u64>,
    /// Kind and payload.
    pub item: RolloutItem,
    raw: Option<Box<[u8]>>,
}

#[derive(Serialize)]
struct Canonical<'a> {
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinal: Option<u64>,
    #[serde(rename = "type")]
    kind: &'a str,
    payload: &'a RawJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawJson>,
}

impl RolloutLine {
    /// Makes a line that was not read from a file.
    #[must_use]
    pub fn new(timestamp: String, ordinal: Option<u64>, item: RolloutItem) -> Self {
        Self {
            timestamp,
            ordinal,
            item,
            raw: None,
        }
    }

    /// Encodes a line whose payload is a text already, without newline, in the canonical key order.
    ///
    /// The payload is written as it is: members that this build does not know survive.
    #[must_use]
    pub fn encode_parts(
        timestamp: &str,
        ordinal: Option<u64>,
        kind: &str,
        payload: &RawJson,
        metadata: Option<&RawJson>,
    ) -> Vec<u8> {
        let canonical = Canonical {
            timestamp,
            ordinal,
            kind,
            payload,
            metadata,
        };
        serde_json::to_vec(&canonical).expect("texts, numbers and raw json always serialise")
    }

    /// Decodes one line, with or without its newline.
    ///
    /// # Errors
    /// Any `LineError`; the timestamp is required here.
    pub fn decode(bytes: &[u8]) -> Result<Self, LineError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let head = LineHead::parse(bytes)?;
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata)?;
        let timestamp = head.timestamp.ok_or(LineError::Missing("timestamp"))?.into_owned();
        Ok(Self {
            timestamp,
            ordinal: head.ordinal,
            item,
            raw: Some(bytes.into()),
        })
    }

    /// Returns the line's bytes without newline: those that were read, or the canonical form
    /// with keys in the order `timestamp, ordinal, type, payload, metadata`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.to_vec();
        }
        let (payload, metadata) = self.item.payload_and_metadata();
        Self::encode_parts(&self.timestamp, self.ordinal, self.item.kind(), &payload, metadata)
    }
}
