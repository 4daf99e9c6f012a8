//! The first line of a new rollout (`rollout-format.md` 13.5).
//!
//! Pure.

use codex_protocol::log::{GitInfo as LoggedGit, RawJson, SessionMeta};

use crate::types::GitInfo;
use crate::writes::NewThread;

/// Makes the session metadata of a new thread; `None` if the time cannot be written.
pub(crate) fn session_meta(new: &NewThread, now_ms: i64) -> Option<SessionMeta> {
    let moment = jiff::Timestamp::from_millisecond(now_ms).ok()?;
    let instructions = new
        .base_instructions
        .as_ref()
        .map(|text| RawJson::of(&serde_json::json!({ "text": text })).expect("an object of texts always serialises"));
    Some(SessionMeta {
        account_scoped: None,
        session_id: new.thread_id,
        id: new.thread_id,
        forked_from_id: None,
        attached_thread: None,
        forked_from_ordinal_exclusive: None,
        parent_thread_id: None,
        timestamp: moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        cwd: new.cwd.clone(),
        runtime_workspace_roots: Some(new.runtime_workspace_roots.clone()),
        originator: new.originator.clone(),
        cli_version: new.cli_version.clone(),
        source: new.source.clone(),
        thread_source: new.thread_source.clone(),
        agent_nickname: None,
        agent_role: None,
        agent_path: None,
        model_provider: Some(new.model_provider.clone()),
        base_instructions: instructions,
        dynamic_tools: None,
        selected_capability_roots: Vec::new(),
        memory_mode: None,
        history_mode: new.history_mode,
        history_base: None,
        subagent_history_start_ordinal: None,
        multi_agent_version: None,
        context_window: None,
        creator_user_id: None,
        creator_account_id: None,
        git: new.git.as_ref().map(logged_git),
    })
}

/// Writes a repository's state as the log has it.
pub(crate) fn logged_git(git: &GitInfo) -> LoggedGit {
    LoggedGit {
        commit_hash: git.sha.clone(),
        branch: git.branch.clone(),
        repository_url: git.origin_url.clone(),
    }
}
