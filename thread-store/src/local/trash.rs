//! Where the files of a thread go while it is deleted: `<home>/codex-threads/trash`.
//!
//! A deletion is decided by its fact in the journal. Files of a decided one are removed, files of another one go back to
//! where they were: so a crash leaves the thread whole or gone. Files with a manifest are kept (`kept.rs`).

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;
use codex_rollout::forget_names::forget_names;
use codex_rollout::fs::EntryKind;
use codex_rollout::journal::TRASH_FOLDER;
use codex_rollout::name::{RolloutName, weak_rollout_id};
use codex_rollout::relocate::{move_file, remove_file};

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

    /// Finishes or undoes deletions that a crash interrupted; those that another process is at are left to it.
    pub(super) fn recover_trash(&self) -> StoreResult<()> {
        let kept = self.recover_manifests()?;
        for trashed in self.trashed()? {
            if kept.contains(&trashed.operation) {
                continue;
            }
            // Whoever deletes a thread holds its lock to the end.
            let lease = match self.writers.hold(trashed.thread_id) {
                Ok(lease) => lease,
                Err(StoreError::WriterConflict { .. }) => continue,
                Err(error) => return Err(error),
            };
            let thread_id = trashed.thread_id;
            if self.is_deleted(thread_id, &trashed.operation)? {
                self.purge(
                    thread_id,
                    &BTreeSet::from([thread_id]),
                    std::slice::from_ref(&trashed.path),
                )?;
            } else {
                move_file(self.fs.as_ref(), &self.home, &trashed.path, &trashed.original)
                    .map_err(|error| Self::lifecycle_error("restore", thread_id)(Box::new(error)))?;
            }
            drop(lease);
            self.catalog.expire();
        }
        Ok(())
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
fn trashed_name(name: &str) -> Option<(&str, PathBuf)> {
    let (operation, path) = name.split_once('.')?;
    let parts: Vec<String> = path.split(SEPARATOR).map(|part| part.replace(PERCENT, "%")).collect();
    let leads_below = |part: &String| !matches!(part.as_str(), "" | "." | "..") && !part.contains('/');
    parts
        .iter()
        .all(leads_below)
        .then(|| (operation, parts.iter().collect()))
}

#[cfg(test)]
#[path = "trash_tests.rs"]
mod trash_tests;
