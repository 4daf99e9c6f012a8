//! The rollout line and all its payloads (format 2, 3, 12).
//!
//! Only declares and re-exports.

mod bare;
mod compacted;
mod dynamic_tools;
mod error;
pub mod event;
mod head;
mod line;
mod peek;
mod policy;
mod raw_json;
mod records;
pub mod response;
mod session_meta;
mod session_source;
pub(crate) mod tagged;
mod text_field;
mod turn_context;

pub use bare::{BareHeader, BareLine};
pub use compacted::Compacted;
pub use dynamic_tools::{DynamicFunction, DynamicNamespace, DynamicTool, DynamicTools};
pub use error::LineError;
pub use event::EventMsg;
pub(crate) use head::member_text;
pub use head::{LineHead, payload_tag};
pub use line::{RolloutItem, RolloutLine};
pub use peek::{PEEK_BYTES, Peek, peek};
pub use policy::{EventRole, LegacyForm, event_role, keeps_response_item, legacy_form, legacy_policy_keeps};
pub use raw_json::RawJson;
pub use records::{
    DynamicToolsUpdated, InterAgentCommunication, InterAgentCommunicationMetadata, RealtimeItem, RetainedContext,
    SecurityRiskScore, TokenUsageRecord, WorldState,
};
pub use response::{ResponseItem, ResponseLine};
pub use session_meta::{GitInfo, HistoryBase, HistoryMode, SessionMeta};
pub use session_source::{SessionSource, SourceKind, SubAgentSource, ThreadSpawn};
pub use turn_context::TurnContext;

#[cfg(test)]
mod log_tests;
