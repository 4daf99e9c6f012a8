//! The rollouts and names that a memory store holds, and which files belong to which thread.
//!
//! Looks at file names only; bytes are folded in `rollout.rs`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;
use codex_rollout::name::{RolloutName, weak_rollout_id};
use uuid::Uuid;

use super::rollout::Rollout;
use super::trash::Kept;
use super::writes::Writers;
use crate::organise::{Goal, Organised};
use crate::writes::GitPatch;

/// One rollout as plain bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRollout {
    /// Name of the file, `rollout-TIME-THREAD[_ROLLOUT].jsonl`.
    pub file_name: String,
    /// Plain bytes.
    pub bytes: Vec<u8>,
    /// Time of the last change, Unix milliseconds.
    pub mtime_ms: i64,
    /// Whether it lies under `archived_sessions`.
    pub archived: bool,
}

impl MemoryRollout {
    /// Returns the path below a home: by date folders when active, flat when archived (`rollout-format.md` 1).
    pub fn relative_path(&self) -> String {
        if self.archived {
            return format!("archived_sessions/{}", self.file_name);
        }
        active_path(&self.file_name)
    }

    pub(super) fn name(&self) -> Option<RolloutName> {
        RolloutName::parse(&self.file_name)
    }

    /// Returns the rollout's id: that of its name, else one made of its path.
    pub(super) fn rollout_id(&self) -> Uuid {
        match (self.name(), weak_rollout_id(&self.file_name)) {
            (Some(name), _) => name.rollout_id.0,
            (None, Some(id)) => id.0,
            (None, None) => Uuid::new_v5(&Uuid::NAMESPACE_URL, self.relative_path().as_bytes()),
        }
    }

    fn named_thread(&self) -> Option<Uuid> {
        self.name()
            .map(|name| name.thread_id.0)
            .or_else(|| weak_rollout_id(&self.file_name).map(|id| id.0))
    }
}

/// Returns where a rollout of this name lies while it is active.
pub(super) fn active_path(file_name: &str) -> String {
    match RolloutName::parse(file_name) {
        Some(name) => {
            let (year, month, day) = (&name.timestamp[..4], &name.timestamp[5..7], &name.timestamp[8..10]);
            format!("sessions/{year}/{month}/{day}/{file_name}")
        }
        None => format!("sessions/{file_name}"),
    }
}

/// All rollouts by path, and the names in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Home {
    pub(super) files: BTreeMap<String, MemoryRollout>,
    pub(super) names: Vec<(ThreadId, String)>,
    pub(super) git: BTreeMap<String, GitPatch>,
    pub(super) organised: Organised,
    pub(super) writers: Writers,
    /// What deletions took and is kept, oldest first.
    pub(super) trash: Vec<Kept>,
}

impl Home {
    /// Adds a rollout, or replaces the one at the same path.
    pub(super) fn insert(&mut self, rollout: MemoryRollout) {
        self.files.insert(rollout.relative_path(), rollout);
    }

    /// Appends to every rollout with this file name.
    pub(super) fn append(&mut self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        for file in self.files.values_mut().filter(|file| file.file_name == file_name) {
            file.bytes.extend_from_slice(bytes);
            file.mtime_ms = mtime_ms;
        }
    }

    /// Removes every rollout with this file name.
    pub(super) fn remove(&mut self, file_name: &str) {
        self.files.retain(|_, file| file.file_name != file_name);
    }

    /// Gives a thread a name; a blank one clears it.
    pub(super) fn set_name(&mut self, thread_id: ThreadId, name: &str) {
        self.names.push((thread_id, name.trim().to_owned()));
    }

    /// Changes the repository state of a paginated thread.
    pub(super) fn patch_git(&mut self, thread_id: ThreadId, patch: &GitPatch) {
        self.git.entry(thread_id.to_string()).or_default().merge(patch);
    }

    /// Returns all changes of a thread's repository state.
    pub(super) fn git_of(&self, thread_id: &str) -> GitPatch {
        self.git.get(thread_id).cloned().unwrap_or_default()
    }

    /// Returns the length of the rollout with this file name.
    pub(super) fn len_of(&self, file_name: &str) -> u64 {
        let file = self.files.values().find(|file| file.file_name == file_name);
        file.map_or(0, |file| file.bytes.len() as u64)
    }

    /// Returns the last name that was not blank: a cleared name still shows in Codex's lists.
    pub(super) fn name_of(&self, thread_id: ThreadId) -> Option<String> {
        let filled = self
            .names
            .iter()
            .rev()
            .find(|(id, name)| *id == thread_id && !name.is_empty());
        filled.map(|(_, name)| name.clone())
    }

    /// Returns the rollouts that count: of several with one id the active one, then the one with the newest name.
    pub(super) fn rollouts(&self) -> Vec<&MemoryRollout> {
        let mut files: Vec<&MemoryRollout> = self.files.values().collect();
        files.sort_by_key(|file| {
            let name = file.name();
            (
                name.is_none(),
                file.archived,
                Reverse(name.map(|name| (name.timestamp, name.thread_id))),
            )
        });
        let mut seen = std::collections::HashSet::new();
        files.retain(|file| seen.insert(file.rollout_id()));
        files
    }

    /// Returns the rollout with this id.
    pub(super) fn rollout(&self, rollout_id: Uuid) -> Option<&MemoryRollout> {
        self.rollouts().into_iter().find(|file| file.rollout_id() == rollout_id)
    }

    /// Returns the newest goal that a thread's own rollouts tell of.
    pub(super) fn recorded_goal(&self, thread_id: ThreadId) -> Option<Goal> {
        let thread_id = thread_id.to_string();
        let folded = self.rollouts().into_iter().filter_map(|file| Rollout::fold(file).ok());
        let own = folded.filter(|rollout| rollout.thread_id == thread_id && rollout.meta.goal.is_some());
        let newest = own.max_by_key(|rollout| (rollout.meta.header.created_at_ms, rollout.file.relative_path()))?;
        Goal::of_line(newest.line(newest.meta.goal?))
    }

    /// Returns the rollouts whose file names carry this thread id.
    pub(super) fn named(&self, thread_id: ThreadId) -> Vec<&MemoryRollout> {
        let mut files = self.rollouts();
        files.retain(|file| file.named_thread() == Some(thread_id.0));
        files
    }
}
