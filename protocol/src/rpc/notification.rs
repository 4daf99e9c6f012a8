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
    /// Something that was asked for is deprecated.
    pub const DEPRECATION_NOTICE: &str = "deprecationNotice";
    /// The index of the home got nearer to the rollouts; an addition of this project.
    pub const INDEX_PROGRESS: &str = "index/progress";
    /// A thread was made.
    pub const THREAD_STARTED: &str = "thread/started";
    /// A thread was loaded, began or ended a turn, or was unloaded.
    pub const THREAD_STATUS_CHANGED: &str = "thread/status/changed";
    /// A thread is not loaded any more.
    pub const THREAD_CLOSED: &str = "thread/closed";
    /// A thread was archived.
    pub const THREAD_ARCHIVED: &str = "thread/archived";
    /// A thread was brought back from the archive.
    pub const THREAD_UNARCHIVED: &str = "thread/unarchived";
    /// A thread was deleted.
    pub const THREAD_DELETED: &str = "thread/deleted";
    /// The deletion of a thread was undone; an addition of this project.
    pub const THREAD_RESTORED: &str = "thread/restored";
    /// The latest turns of a thread were dropped.
    pub const THREAD_REVERTED: &str = "thread/reverted";
    /// A thread got a name.
    pub const THREAD_NAME_UPDATED: &str = "thread/name/updated";
    /// A project was made, changed or deleted.
    pub const PROJECT_CHANGED: &str = "project/changed";
    /// A thread was put into a project, or out of it.
    pub const THREAD_PROJECT_UPDATED: &str = "thread/project/updated";
    /// A thread was put into a section, or out of it.
    pub const THREAD_SECTION_CHANGED: &str = "thread/section/changed";
    /// How far a thread was read has changed.
    pub const THREAD_READ_STATE_CHANGED: &str = "thread/readState/changed";
    /// Something was attached to a thread, or detached.
    pub const THREAD_ATTACHMENT_UPDATED: &str = "thread/attachment/updated";
    /// The goal of a thread has changed.
    pub const THREAD_GOAL_UPDATED: &str = "thread/goal/updated";
    /// What waits in the queue of a thread has changed.
    pub const THREAD_QUEUE_CHANGED: &str = "thread/queue/changed";
    /// A thread has no goal.
    pub const THREAD_GOAL_CLEARED: &str = "thread/goal/cleared";
    /// Tokens were used.
    pub const THREAD_TOKEN_USAGE_UPDATED: &str = "thread/tokenUsage/updated";
    /// A turn began.
    pub const TURN_STARTED: &str = "turn/started";
    /// A turn ended.
    pub const TURN_COMPLETED: &str = "turn/completed";
    /// An item began.
    pub const ITEM_STARTED: &str = "item/started";
    /// An item is complete.
    pub const ITEM_COMPLETED: &str = "item/completed";
}

/// Tells whether a notification is withheld from clients without the `experimentalApi` capability.
pub fn is_experimental(method: &str) -> bool {
    // Others of gated families are sent to everybody (`app-server-api.md` 1.9).
    matches!(
        method,
        notification_name::PROJECT_CHANGED | notification_name::THREAD_QUEUE_CHANGED
    )
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
