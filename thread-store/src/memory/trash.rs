//! Deleted threads that are kept, in memory: what the local store does with files and a manifest.
//!
//! A call changes a copy of the home that replaces the old one at the end, so nothing is ever half done.

use std::collections::BTreeMap;

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use uuid::Uuid;

use super::history::files_of;
use super::home::{Home, MemoryRollout};
use super::list;
use super::rollout::Rollout;
use super::store::MemoryStore;
use crate::error::{StoreError, StoreResult};
use crate::organise::Organised;
use crate::trash::{
    RestoreObstacle, ThreadTrash, TrashEntry, TrashPage, TrashQuery, TrashSelection, Trashed, preview_of,
};
use crate::types::View;
use crate::writes::GitPatch;

/// What was taken of deleted threads.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// The threads, parents first.
    threads: Vec<ThreadId>,
    files: Vec<MemoryRollout>,
    names: Vec<(ThreadId, String)>,
    git: BTreeMap<String, GitPatch>,
    organised: Organised,
    /// What the thread was called, and what it began with.
    shown: (Option<String>, String),
}

/// What a deletion took and is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    trash_id: String,
    deleted_at_ms: i64,
    taken: Taken,
}

impl Kept {
    fn entry(&self) -> TrashEntry {
        let Taken {
            threads, files, shown, ..
        } = &self.taken;
        TrashEntry {
            trash_id: self.trash_id.clone(),
            // The thread itself comes before its descendants.
            thread_id: threads[0],
            threads: threads.clone(),
            deleted_at_ms: self.deleted_at_ms,
            name: shown.0.clone(),
            preview: preview_of(&shown.1),
            files: files.iter().map(MemoryRollout::relative_path).collect(),
            bytes: files.iter().map(|file| file.bytes.len() as u64).sum(),
        }
    }
}

impl Home {
    /// Takes threads out of the home with all that is known of them.
    pub(super) fn take(&mut self, root: ThreadId, group: &[ThreadId], owned: &[Uuid]) -> Taken {
        let record = list::record(self, root).ok();
        let taken = Taken {
            threads: group.to_vec(),
            files: self
                .files
                .values()
                .filter(|file| owned.contains(&file.rollout_id()))
                .cloned()
                .collect(),
            names: self
                .names
                .iter()
                .filter(|(id, _)| group.contains(id))
                .cloned()
                .collect(),
            git: group
                .iter()
                .filter_map(|id| self.git.get_key_value(&id.to_string()))
                .map(|(id, patch)| (id.clone(), patch.clone()))
                .collect(),
            organised: self.organised.clone(),
            shown: record.map_or_else(Default::default, |record| (record.name, record.preview)),
        };
        self.files.retain(|_, file| !owned.contains(&file.rollout_id()));
        self.names.retain(|(id, _)| !group.contains(id));
        for id in group {
            self.git.remove(&id.to_string());
            self.organised.forget_thread(*id);
        }
        taken
    }

    fn restore(&mut self, trash_id: &str) -> StoreResult<Vec<ThreadId>> {
        let at = self.trash.iter().position(|kept| kept.trash_id == trash_id);
        let at = at.ok_or_else(|| StoreError::TrashNotFound {
            trash_id: trash_id.to_owned(),
        })?;
        let Kept { taken, .. } = self.trash.remove(at);
        let blocked = |obstacle| StoreError::RestoreBlocked {
            trash_id: trash_id.to_owned(),
            obstacle,
        };
        for thread_id in &taken.threads {
            self.refuse_second_writer(*thread_id)?;
        }
        if let Some(thread_id) = taken.threads.iter().find(|id| files_of(self, **id, View::Full).is_ok()) {
            let thread_id = *thread_id;
            return Err(blocked(RestoreObstacle::ThreadExists { thread_id }));
        }
        let mut paths = taken.files.iter().map(MemoryRollout::relative_path);
        if let Some(path) = paths.find(|path| self.files.contains_key(path)) {
            return Err(blocked(RestoreObstacle::FileInTheWay { path }));
        }
        let own: Vec<Uuid> = taken.files.iter().map(MemoryRollout::rollout_id).collect();
        let folded = taken.files.iter().filter_map(|file| Rollout::fold(file).ok());
        let mut bases = folded.filter_map(|rollout| rollout.base.map(|base| base.thread_id.0));
        if let Some(base) = bases.find(|base| !own.contains(base) && self.rollout(*base).is_none()) {
            let rollout_id = base.to_string();
            return Err(blocked(RestoreObstacle::MissingBase { rollout_id }));
        }
        for file in taken.files {
            self.insert(file);
        }
        self.names.extend(taken.names);
        self.git.extend(taken.git);
        for thread_id in &taken.threads {
            self.organised.recall_thread(*thread_id, &taken.organised);
        }
        Ok(taken.threads)
    }

    fn empty_trash(&mut self, which: &TrashSelection) -> StoreResult<Vec<String>> {
        let mut removed: Vec<String> = self.trash.iter().rev().map(|kept| kept.trash_id.clone()).collect();
        if let TrashSelection::Of(wanted) = which {
            if let Some(unknown) = wanted.iter().find(|id| !removed.contains(id)) {
                let trash_id = unknown.clone();
                return Err(StoreError::TrashNotFound { trash_id });
            }
            removed.retain(|id| wanted.contains(id));
        }
        self.trash.retain(|kept| !removed.contains(&kept.trash_id));
        Ok(removed)
    }
}

#[async_trait]
impl ThreadTrash for MemoryStore {
    async fn trash_thread(&self, thread_id: ThreadId) -> StoreResult<Trashed> {
        let (deleted_at_ms, trash_id) = (self.clock.now_ms(), self.ids.uuid_v7().to_string());
        self.attempt(|home| {
            let (threads, taken) = home.delete(thread_id)?;
            let trash_id = taken.map(|taken| {
                home.trash.push(Kept {
                    trash_id: trash_id.clone(),
                    deleted_at_ms,
                    taken,
                });
                trash_id
            });
            Ok(Trashed { threads, trash_id })
        })
    }

    async fn list_trash(&self, query: TrashQuery) -> StoreResult<TrashPage> {
        let home = self.home();
        let after = query.after.as_deref();
        let newest_first = home.trash.iter().rev();
        let mut fitting = newest_first.filter(|kept| after.is_none_or(|after| kept.trash_id.as_str() < after));
        let entries = fitting.by_ref().take(query.limit).map(Kept::entry).collect();
        Ok(TrashPage {
            entries,
            has_more: fitting.next().is_some(),
        })
    }

    async fn restore_trash(&self, trash_id: &str) -> StoreResult<Vec<ThreadId>> {
        self.attempt(|home| home.restore(trash_id))
    }

    async fn empty_trash(&self, which: TrashSelection) -> StoreResult<Vec<String>> {
        self.attempt(|home| home.empty_trash(&which))
    }
}
