//! Settings of a loaded thread: what `thread/start` and `thread/resume` take and answer (`app-server-api.md` 3.1, 3.2).
//!
//! Wire types only. A server without a model echoes them; it acts on none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// When the user is asked before something is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "kebab-case")]
pub enum AskForApproval {
    /// For everything that is not known to be harmless.
    Untrusted,
    /// When the model asks.
    OnRequest,
    /// By kind of request; members stay in snake case on the wire.
    Granular(GranularApproval),
    /// Never.
    Never,
}

/// Which kinds of requests are put to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[expect(clippy::struct_excessive_bools, reason = "the wire has one switch per kind")]
pub struct GranularApproval {
    /// Leaving the sandbox.
    pub sandbox_approval: bool,
    /// What a rule asks for.
    pub rules: bool,
    /// Running a skill.
    #[serde(default)]
    pub skill_approval: bool,
    /// More permissions.
    #[serde(default)]
    pub request_permissions: bool,
    /// Questions of MCP servers.
    pub mcp_elicitations: bool,
}

/// Who decides about requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalsReviewer {
    /// The user.
    #[default]
    User,
    /// A review by a model.
    AutoReview,
    /// A guardian.
    GuardianSubagent,
}

/// The sandbox in one word, as clients ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// Nothing may be written.
    ReadOnly,
    /// The workspace may be written.
    WorkspaceWrite,
    /// No sandbox.
    DangerFullAccess,
}

/// The sandbox in full, as servers answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SandboxPolicy {
    /// No sandbox.
    DangerFullAccess,
    /// Nothing may be written.
    ReadOnly {
        /// Whether the network may be used.
        network_access: bool,
    },
    /// Somebody else confines the agent.
    ExternalSandbox {
        /// Whether the network may be used.
        network_access: NetworkAccess,
    },
    /// The workspace may be written.
    WorkspaceWrite {
        /// More folders that may be written.
        writable_roots: Vec<String>,
        /// Whether the network may be used.
        network_access: bool,
        /// Leaves `TMPDIR` out.
        exclude_tmpdir_env_var: bool,
        /// Leaves `/tmp` out.
        exclude_slash_tmp: bool,
    },
}

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum NetworkAccess {
    /// No.
    Restricted,
    /// Yes.
    Enabled,
}

impl From<SandboxMode> for SandboxPolicy {
    fn from(mode: SandboxMode) -> Self {
        match mode {
            SandboxMode::ReadOnly => Self::ReadOnly { network_access: false },
            SandboxMode::WorkspaceWrite => Self::WorkspaceWrite {
                writable_roots: Vec::new(),
                network_access: false,
                exclude_tmpdir_env_var: false,
                exclude_slash_tmp: false,
            },
            SandboxMode::DangerFullAccess => Self::DangerFullAccess,
        }
    }
}

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ActivePermissionProfile {
    /// Its id.
    pub id: String,
    /// The profile that it extends.
    pub extends: Option<String>,
}

/// Tone of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum Personality {
    /// None.
    None,
    /// Friendly.
    Friendly,
    /// Pragmatic.
    Pragmatic,
}

/// When an agent spawns others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum MultiAgentMode {
    /// When it is told to.
    #[default]
    ExplicitRequestOnly,
    /// When it sees fit.
    Proactive,
    /// By instructions of its own.
    Custom(String),
}

/// How user and agent work together; the members of the settings stay in snake case on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct CollaborationMode {
    /// The mode.
    pub mode: ModeKind,
    /// Its settings.
    pub settings: CollaborationSettings,
}

/// Name of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ModeKind {
    /// Plans first.
    Plan,
    /// Works on its own.
    #[default]
    Default,
}

/// Settings of a mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct CollaborationSettings {
    /// The model.
    pub model: String,
    /// Its effort.
    pub reasoning_effort: Option<String>,
    /// Instructions of the mode.
    pub developer_instructions: Option<String>,
}

/// What started a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStartSource {
    /// The program started.
    Startup,
    /// The conversation was cleared.
    Clear,
}

/// In which form an agent hands in its items; an addition of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ThreadEventStyle {
    /// As `item_started` and `item_completed`.
    #[default]
    Canonical,
    /// As one event kind per kind of item: `user_message`, `agent_message`, `exec_command_end` and so on.
    Legacy,
    /// Both; nothing is recorded twice.
    Both,
}

/// Settings of a loaded thread, as the results of `thread/start`, `thread/resume` and `thread/fork` have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct AnsweredSettings {
    /// The model; empty when nobody named one.
    pub model: String,
    /// Provider of the model.
    pub model_provider: String,
    /// Service tier.
    pub service_tier: Option<String>,
    /// Plugins that are switched off.
    pub disabled_plugin_ids: Vec<String>,
    /// Working directory.
    pub cwd: String,
    /// Folders that may be worked in.
    pub runtime_workspace_roots: Vec<String>,
    /// Files that instructions came from.
    pub instruction_sources: Vec<String>,
    /// When the user is asked.
    pub approval_policy: AskForApproval,
    /// Who decides.
    pub approvals_reviewer: ApprovalsReviewer,
    /// The sandbox.
    pub sandbox: SandboxPolicy,
    /// Set of permissions.
    pub active_permission_profile: Option<ActivePermissionProfile>,
    /// Effort of the model.
    pub reasoning_effort: Option<String>,
    /// When others are spawned.
    pub multi_agent_mode: MultiAgentMode,
}
