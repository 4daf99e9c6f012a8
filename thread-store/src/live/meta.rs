//! Session metadata: the first line of a new rollout (`rollout-format.md` 13.5), and copies with newer values (9.5).
//!
//! Pure.

use codex_protocol::log::{GitInfo as LoggedGit, RawJson, SessionMeta};
use codex_rollout::recorder::{WriteResult, line_time};
use codex_state::projector::HeaderMeta;

use crate::types::GitInfo;
use crate::writes::{MetadataPatch, NewThread};

/// Makes the session metadata of a new thread, unless its time cannot be written.
pub(crate) fn session_meta(new: &NewThread, now_ms: i64) -> WriteResult<SessionMeta> {
    let instructions = new
        .base_instructions
        .as_ref()
        .map(|text| RawJson::of(&serde_json::json!({ "text": text })).expect("an object of texts always serialises"));
    Ok(SessionMeta {
        account_scoped: None,
        session_id: new.thread_id,
        id: new.thread_id,
        forked_from_id: None,
        attached_thread: None,
        forked_from_ordinal_exclusive: None,
        parent_thread_id: None,
        timestamp: line_time(now_ms)?,
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

/// What the newest lines of a legacy rollout say that its first one may not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LatestMeta {
    /// State of the repository.
    pub(crate) git: GitInfo,
    /// Memory mode as written; absent is enabled.
    pub(crate) memory_mode: Option<String>,
}

impl LatestMeta {
    /// Takes what the header lines say together.
    pub(crate) fn of(header: &HeaderMeta) -> Self {
        Self {
            git: GitInfo {
                sha: header.git_sha.clone(),
                branch: header.git_branch.clone(),
                origin_url: header.git_origin_url.clone(),
            },
            memory_mode: header.memory_mode.clone(),
        }
    }
}

/// Copies session metadata with the latest values: what was known so far, and a patch.
pub(crate) fn patched_meta(head: SessionMeta, known: &LatestMeta, patch: &MetadataPatch) -> SessionMeta {
    let mut meta = head;
    meta.memory_mode.clone_from(&known.memory_mode);
    let git = patch.git.applied(Some(&known.git));
    // An empty object says that nothing is known any more; no object says nothing.
    let git = git.or_else(|| (!patch.git.is_empty()).then(GitInfo::default));
    meta.git = git.as_ref().map(logged_git);
    if let Some(memory) = patch.memory_mode {
        meta.memory_mode = Some(memory.as_str().to_owned());
    }
    meta
}

/// Writes a repository's state as the log has it.
pub(crate) fn logged_git(git: &GitInfo) -> LoggedGit {
    LoggedGit {
        commit_hash: git.sha.clone(),
        branch: git.branch.clone(),
        repository_url: git.origin_url.clone(),
    }
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod meta_tests;
