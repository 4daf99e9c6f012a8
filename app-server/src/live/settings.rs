//! Settings of a loaded thread: kept to be answered, not acted on (`app-server-api.md` 3.1).
//!
//! Pure.

use codex_protocol::rpc::resume::ThreadResumeParams;
use codex_protocol::rpc::settings::{
    ActivePermissionProfile, AnsweredSettings, ApprovalsReviewer, AskForApproval, CollaborationMode,
    CollaborationSettings, ModeKind, MultiAgentMode, SandboxPolicy, ThreadEventStyle,
};
use codex_protocol::rpc::start::ThreadStartParams;
use codex_protocol::rpc::thread::ThreadEnvironment;
use codex_thread_store::ThreadRecord;

use crate::recording::RecordingSettings;

/// Name of the one environment of a loaded thread.
const LOCAL_ENVIRONMENT: &str = "local";

/// Settings of a loaded thread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ThreadSettings {
    /// The model; empty when nobody named one.
    pub(crate) model: String,
    /// Its provider.
    pub(crate) model_provider: String,
    /// Service tier.
    pub(crate) service_tier: Option<String>,
    /// Working directory.
    pub(crate) cwd: String,
    /// Folders that may be worked in.
    pub(crate) runtime_workspace_roots: Vec<String>,
    /// When the user is asked.
    pub(crate) approval_policy: AskForApproval,
    /// Who decides.
    pub(crate) approvals_reviewer: ApprovalsReviewer,
    /// The sandbox.
    pub(crate) sandbox: SandboxPolicy,
    /// Set of permissions.
    pub(crate) active_permission_profile: Option<ActivePermissionProfile>,
    /// Effort of the model.
    pub(crate) reasoning_effort: Option<String>,
    /// When others are spawned.
    pub(crate) multi_agent_mode: MultiAgentMode,
    /// In which form items are appended; never answered.
    pub(crate) event_style: ThreadEventStyle,
}

impl ThreadSettings {
    /// Settings of a new thread: what the client says, else the configuration.
    pub(crate) fn of_new(
        params: &ThreadStartParams,
        cwd: String,
        configured: &RecordingSettings,
        provider: &str,
    ) -> Self {
        Self {
            model: params
                .model
                .clone()
                .or_else(|| configured.model.clone())
                .unwrap_or_default(),
            model_provider: params.model_provider.clone().unwrap_or_else(|| provider.to_owned()),
            service_tier: params.service_tier.clone(),
            runtime_workspace_roots: params
                .runtime_workspace_roots
                .clone()
                .unwrap_or_else(|| vec![cwd.clone()]),
            cwd,
            approval_policy: params.approval_policy.unwrap_or(configured.approval_policy),
            approvals_reviewer: params.approvals_reviewer.unwrap_or_default(),
            sandbox: params.sandbox.unwrap_or(configured.sandbox).into(),
            active_permission_profile: params.permissions.clone().map(profile),
            reasoning_effort: None,
            multi_agent_mode: params.multi_agent_mode.clone().unwrap_or_default(),
            event_style: params.event_style.unwrap_or_default(),
        }
    }

    /// Settings of a thread that starts with a history.
    pub(crate) fn of_history(
        params: &ThreadResumeParams,
        cwd: String,
        configured: &RecordingSettings,
        provider: &str,
    ) -> Self {
        let params = ThreadStartParams {
            model: params.model.clone(),
            model_provider: params.model_provider.clone(),
            service_tier: params.service_tier.clone(),
            runtime_workspace_roots: params.runtime_workspace_roots.clone(),
            approval_policy: params.approval_policy,
            approvals_reviewer: params.approvals_reviewer,
            sandbox: params.sandbox,
            permissions: params.permissions.clone(),
            event_style: params.event_style,
            ..ThreadStartParams::default()
        };
        Self::of_new(&params, cwd, configured, provider)
    }

    /// Settings of a resumed thread: what the client says, else what was recorded, else the configuration.
    pub(crate) fn of_resumed(
        params: &ThreadResumeParams,
        cwd: Option<String>,
        record: &ThreadRecord,
        configured: &RecordingSettings,
    ) -> Self {
        let cwd = cwd.unwrap_or_else(|| record.cwd.clone());
        let model = params.model.clone().or_else(|| record.model.clone());
        Self {
            model: model.or_else(|| configured.model.clone()).unwrap_or_default(),
            model_provider: params
                .model_provider
                .clone()
                .unwrap_or_else(|| record.model_provider.clone()),
            service_tier: params.service_tier.clone(),
            runtime_workspace_roots: params
                .runtime_workspace_roots
                .clone()
                .unwrap_or_else(|| vec![cwd.clone()]),
            cwd,
            approval_policy: params.approval_policy.unwrap_or(configured.approval_policy),
            approvals_reviewer: params.approvals_reviewer.unwrap_or_default(),
            sandbox: params.sandbox.unwrap_or(configured.sandbox).into(),
            active_permission_profile: params.permissions.clone().map(profile),
            reasoning_effort: record.reasoning_effort.clone(),
            multi_agent_mode: MultiAgentMode::default(),
            event_style: params.event_style.unwrap_or_default(),
        }
    }

    /// The form in which clients are answered.
    pub(crate) fn answered(&self) -> AnsweredSettings {
        let settings = self.clone();
        AnsweredSettings {
            model: settings.model,
            model_provider: settings.model_provider,
            service_tier: settings.service_tier,
            disabled_plugin_ids: Vec::new(),
            cwd: settings.cwd,
            runtime_workspace_roots: settings.runtime_workspace_roots,
            instruction_sources: Vec::new(),
            approval_policy: settings.approval_policy,
            approvals_reviewer: settings.approvals_reviewer,
            sandbox: settings.sandbox,
            active_permission_profile: settings.active_permission_profile,
            reasoning_effort: settings.reasoning_effort,
            multi_agent_mode: settings.multi_agent_mode,
        }
    }

    /// Environments of the thread (`app-server-api.md` 2.1).
    pub(crate) fn environments(&self) -> Vec<ThreadEnvironment> {
        vec![ThreadEnvironment {
            environment_id: LOCAL_ENVIRONMENT.to_owned(),
            cwd: self.cwd.clone(),
            runtime_workspace_roots: self.runtime_workspace_roots.clone(),
        }]
    }

    /// How user and agent work together: always by default.
    pub(crate) fn collaboration_mode(&self) -> CollaborationMode {
        CollaborationMode {
            mode: ModeKind::Default,
            settings: CollaborationSettings {
                model: self.model.clone(),
                reasoning_effort: self.reasoning_effort.clone(),
                developer_instructions: None,
            },
        }
    }
}

fn profile(id: String) -> ActivePermissionProfile {
    ActivePermissionProfile { id, extends: None }
}
