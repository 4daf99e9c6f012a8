//! Where the files of a thread go while it is deleted: `<home>/codex-threads/trash`.
//!
//! A deletion is decided by its facts in the journal, for all its threads by the first of them. Files of a decided one are
//! removed, files of another one go back to where they were: so a crash leaves the threads whole or gone. Files with a
//! manifest are kept (`kept.rs`).

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;
use codex_rollout::forget_names::forget_names;
use codex_rollout::fs::EntryKind;
use codex_rollout::journal::{JournalError, TRASH_FOLDER, leads_below};
use codex_rollout::name::{RolloutName, weak_rollout_id};
use codex_rollout::recorder::Durability;
use codex_rollout::relocate::{move_file, remove_file};

use super::delete::deletion_facts;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};

/// Stands for `/` in names of the trash.
const SEPARATOR: &str = "%2F";
/// Stands for `%`, so that a file whose own name has the separator comes back under it.
const PERCENT: &str = "%25";

/// A file in the trash, by its name there.
pub(super) struct Trashed {
    pub(super) operation: String,
    pub(super) path: PathBuf,
    original: PathBuf,
    pub(super) thread_id: ThreadId,
}

impl Inner {
    /// Returns the name that a file of the home has in the trash during an operation.
    pub(super) fn trash_path(&self, operation: &str, file: &Path) -> Option<PathBuf> {
        let name = trash_name(operation, file.strip_prefix(&self.home).ok()?)?;
        Some(self.home.join(TRASH_FOLDER).join(name))
    }

    /// Finishes or undoes deletions that a crash interrupted; those that another process is at are left to it, and those
    /// that cannot be finished or undone now to the next time: they stop nothing else.
    pub(super) fn recover_trash(&self) -> StoreResult<()> {
        if let Err(error) = self.trash.remove_unfinished(&self.journal.journal) {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "manifests that were not finished stay in the trash");
        }
        let with_manifest = self.recover_manifests()?;
        for trashed in self.trashed()? {
            if with_manifest.contains(&trashed.operation) {
                continue;
            }
            if let Err(error) = self.recover_file(&trashed) {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, path = %trashed.path.display(), "a file stays in the trash for now");
            }
            self.catalog.expire();
        }
        Ok(())
    }

    fn recover_file(&self, trashed: &Trashed) -> StoreResult<()> {
        let thread_id = trashed.thread_id;
        // Whoever deletes or restores a thread holds its lock to the end.
        let _lease = match self.writers.hold(thread_id) {
            Ok(lease) => lease,
            Err(StoreError::WriterConflict { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        // Its last holder may have come to the end after the folder was listed.
        if !self.is_unfinished(trashed)? {
            return Ok(());
        }
        let deleted = self.decided(&trashed.operation)?;
        if deleted.is_empty() {
            return move_file(self.fs.as_ref(), &self.home, &trashed.path, &trashed.original)
                .map_err(|error| Self::lifecycle_error("restore", thread_id)(Box::new(error)));
        }
        if !deleted.contains(&thread_id) {
            // A power loss left the facts of the first threads.
            let facts = deletion_facts(&trashed.operation, &[thread_id], self.clock.now_ms());
            let appended = self.journal.journal.append(&facts, Durability::Synced);
            appended.map_err(|error| Self::lifecycle_error("delete", thread_id)(Box::new(error)))?;
        }
        let file = std::slice::from_ref(&trashed.path);
        self.purge(thread_id, &BTreeSet::from([thread_id]), file)
    }

    /// Tells whether a file is in the trash without a manifest. The lock of its thread is held.
    fn is_unfinished(&self, trashed: &Trashed) -> StoreResult<bool> {
        match self.fs.stat(&trashed.path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Self::lifecycle_error("restore", trashed.thread_id)(Box::new(error))),
        }
        let manifests = self.trash.list().map_err(|error| self.unreadable_trash(error))?;
        Ok(!manifests.iter().any(|(operation, _)| *operation == trashed.operation))
    }

    /// Returns the threads that a deletion is decided for; it is decided for none or for all. No power loss takes the answer
    /// back. The locks of the threads are held.
    pub(super) fn decided(&self, operation: &str) -> StoreResult<BTreeSet<ThreadId>> {
        let settled = self.journal.journal.settle();
        settled.map_err(|error| self.journal_error(error))?;
        self.deleted_by(operation)
    }

    pub(super) fn unreadable_trash(&self, error: JournalError) -> StoreError {
        StoreError::Read {
            path: self.home.join(TRASH_FOLDER),
            offset: 0,
            source: Box::new(error),
        }
    }

    /// Removes what is left of a thread and its descendants, whose deletion is decided.
    pub(super) fn purge(&self, thread_id: ThreadId, group: &BTreeSet<ThreadId>, files: &[PathBuf]) -> StoreResult<()> {
        let failed = Self::lifecycle_error("delete", thread_id);
        forget_names(self.fs.as_ref(), &self.home, group).map_err(|error| failed(Box::new(error)))?;
        for file in files {
            remove_file(self.fs.as_ref(), &self.home, file).map_err(|error| failed(Box::new(error)))?;
        }
        Ok(())
    }

    /// Lists the files in the trash.
    pub(super) fn trashed(&self) -> StoreResult<Vec<Trashed>> {
        let folder = self.home.join(TRASH_FOLDER);
        let entries = match self.fs.read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(StoreError::Read {
                    path: folder,
                    offset: 0,
                    source: Box::new(error),
                });
            }
        };
        let files = entries.into_iter().filter(|entry| entry.kind == EntryKind::File);
        let mut trashed = Vec::new();
        for entry in files {
            let Some((operation, original)) = entry.name.to_str().and_then(trashed_name) else {
                continue;
            };
            let file_name = original.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let named = RolloutName::parse(file_name).map(|name| name.thread_id);
            let Some(thread_id) = named.or_else(|| weak_rollout_id(file_name).map(|id| ThreadId(id.0))) else {
                continue; // not put there by us
            };
            trashed.push(Trashed {
                operation: operation.to_owned(),
                path: folder.join(&entry.name),
                original: self.home.join(original),
                thread_id,
            });
        }
        Ok(trashed)
    }
}

/// Returns the name that a file has in the trash; `None` if it cannot be one.
fn trash_name(operation: &str, relative: &Path) -> Option<String> {
    let escaped = relative.iter().map(|part| Some(part.to_str()?.replace('%', PERCENT)));
    let parts: Option<Vec<String>> = escaped.collect();
    Some(format!("{operation}.{}", parts?.join(SEPARATOR)))
}

/// Returns the operation and the path below the home of a file with this name in the trash; `None` for names that we do not
/// give: one of them may lead out of the home.
pub(super) fn trashed_name(name: &str) -> Option<(&str, PathBuf)> {
    let (operation, path) = name.split_once('.')?;
    let parts: Vec<String> = path.split(SEPARATOR).map(|part| part.replace(PERCENT, "%")).collect();
    parts
        .iter()
        .all(|part| leads_below(part))
        .then(|| (operation, parts.iter().collect()))
}

#[cfg(test)]
#[path = "trash_tests.rs"]
mod trash_tests;
