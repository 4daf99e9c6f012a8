//! Notifications that a server of stored threads sends.
//!
//! Wire types only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names of notifications.
pub mod notification_name {
    /// Sent once after the handshake.
    pub const REMOTE_CONTROL_STATUS_CHANGED: &str = "remoteControl/status/changed";
    /// Something in the configuration could not be used.
    pub const CONFIG_WARNING: &str = "configWarning";
}

/// Content of `remoteControl/status/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RemoteControlStatusChangedNotification {
    /// State of the remote control.
    pub status: RemoteControlConnectionStatus,
    /// Name of the machine.
    pub server_name: String,
    /// Identity of the installation.
    pub installation_id: String,
    /// Environment, when connected.
    pub environment_id: Option<String>,
}

/// State of the remote control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum RemoteControlConnectionStatus {
    /// Switched off, always the case here.
    Disabled,
    /// Being set up.
    Connecting,
    /// Set up.
    Connected,
    /// Failed.
    Errored,
}

/// Content of `configWarning`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigWarningNotification {
    /// What is wrong.
    pub summary: String,
    /// What to do about it.
    pub details: Option<String>,
    /// The file concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path: Option<String>,
}
