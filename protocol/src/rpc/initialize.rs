//! The handshake (`app-server-api.md` 1.8).
//!
//! Field order decides the wording of decoding errors; it is the real server's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// Parameters of `initialize`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct InitializeParams {
    /// Who connects.
    pub client_info: ClientInfo,
    /// What the client understands.
    pub capabilities: Option<InitializeCapabilities>,
}

/// Who connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct ClientInfo {
    /// Short name; must be a legal HTTP header value.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// Version of the client.
    pub version: String,
}

/// What a client understands; every member may be omitted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields = nullable)]
pub struct InitializeCapabilities {
    /// Presents approvals to a person.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub required_human_approval: bool,
    /// Logs in to gateways explicitly.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub explicit_gateway_oauth: bool,
    /// Opts into experimental methods and fields.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub experimental_api: bool,
    /// Answers attestation requests.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub request_attestation: bool,
    /// Understands a form extension of MCP.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub mcp_server_openai_form_elicitation: bool,
    /// Notifications that this connection must not receive, by exact name.
    pub opt_out_notification_methods: Option<Vec<String>>,
    /// Settings of extensions.
    #[ts(type = "Record<string, unknown> | null")]
    pub extensions: Option<BTreeMap<String, Value>>,
}

/// Result of `initialize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct InitializeResponse {
    /// What the server calls itself.
    pub user_agent: String,
    /// Absolute path of the home that is served.
    pub codex_home: String,
    /// `unix` or `windows`.
    pub platform_family: String,
    /// `linux`, `macos` and so on.
    pub platform_os: String,
}
