//! Deleted threads that are kept in the trash, or removed for good (`restore.rs` brings them back).
//!
//! A deletion with a manifest is kept. The state in the manifest's name decides what becomes of its files; whoever opens
//! the store finishes what a crash interrupted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::RolloutFile;
use codex_rollout::forget_names::forget_names;
use codex_rollout::head::{Head, read_head};
use codex_rollout::journal::{JournalError, JournalPosition, TrashFile, TrashHeader, TrashName, TrashState};
use codex_rollout::recorder::Durability;
use codex_rollout::relocate::remove_file;
use uuid::Uuid;

use super::catch_up::rollout_uuid;
use super::delete::{Undecided, deletion_facts};
use super::owned::Owned;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::trash::{TrashEntry, TrashPage, TrashQuery, TrashSelection, preview_of};
use crate::types::{ThreadReadQuery, View};

/// Time of a name that had none: every other name is newer.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

impl Inner {
    /// Writes down what a deletion is about to take; what the journal knows follows when it is decided.
    pub(super) fn manifest_of(&self, operation: &str, root: ThreadId, owned: &[Owned]) -> StoreResult<TrashHeader> {
        let query = ThreadReadQuery {
            thread_id: root,
            view: View::Full,
            turns: None,
        };
        // One that cannot be read is kept all the same.
        let record = self.repairing(|| self.read(query)).ok();
        let files = owned.iter().flat_map(|thread| &thread.files);
        let own: BTreeSet<Uuid> = files.clone().map(rollout_uuid).collect();
        let mut needs = BTreeSet::new();
        for file in files.clone() {
            if let Some(base) = self.base_in_head(file)
                && !own.contains(&base)
            {
                needs.insert(base.to_string());
            }
        }
        let mut kept = Vec::new();
        for file in files {
            let stat = self.fs.stat(&file.path);
            let stat = stat.map_err(|error| Self::lifecycle_error("delete", root)(Box::new(error)))?;
            let (path, bytes) = (self.path_below_home(&file.path), stat.fingerprint.len);
            kept.push(TrashFile { path, bytes });
        }
        let threads: Vec<ThreadId> = owned.iter().map(|thread| thread.thread_id).collect();
        Ok(TrashHeader {
            operation: operation.to_owned(),
            thread_id: root,
            deleted_at_ms: self.clock.now_ms(),
            name: record.as_ref().and_then(|record| record.name.clone()),
            preview: preview_of(record.as_ref().map_or("", |record| &record.preview)),
            files: kept,
            needs: needs.into_iter().collect(),
            names: self.listed_names(&threads)?,
            threads,
        })
    }

    /// Returns the rollout that a file says to continue; what cannot be read continues nothing that could be missed.
    fn base_in_head(&self, file: &RolloutFile) -> Option<Uuid> {
        match read_head(&self.source(file).ok()?) {
            Ok(Head::Envelope { meta, .. }) => meta.history_base.map(|base| base.thread_id.0),
            _ => None,
        }
    }

    pub(super) fn path_below_home(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.home).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    }

    /// Returns what Codex's name index has of some threads: the last name that was not blank, and the newest entry.
    fn listed_names(&self, threads: &[ThreadId]) -> StoreResult<Vec<TrashName>> {
        let names = self.names()?;
        let mut listed = Vec::new();
        for thread_id in threads {
            let Some(newest) = names.newest(*thread_id) else {
                continue;
            };
            let updated_at = newest.updated_at.as_deref().unwrap_or(NO_TIME);
            let mut add = |name: &str| {
                listed.push(TrashName {
                    thread_id: *thread_id,
                    name: name.to_owned(),
                    updated_at: updated_at.to_owned(),
                });
            };
            match names.last_name(*thread_id).filter(|last| *last != newest.name) {
                Some(last) => {
                    add(last);
                    add(&newest.name);
                }
                None => add(&newest.name),
            }
        }
        Ok(listed)
    }

    /// Decides a deletion whose files are kept: with the facts as they are then, alone among all processes.
    pub(super) fn decide_to_keep(&self, header: &TrashHeader) -> Result<(), Undecided> {
        let threads: BTreeSet<ThreadId> = header.threads.iter().copied().collect();
        let everything = JournalPosition::default();
        let decided = self.journal.journal.transact(everything, Durability::Synced, |read| {
            self.trash.write(header, &read.standing_of(&threads))?;
            Ok::<_, JournalError>(deletion_facts(&header.operation, &header.threads, header.deleted_at_ms))
        });
        let Err(error) = decided else { return Ok(()) };
        let undecided = Self::undecided(header.thread_id, error);
        // If it is decided nevertheless, the manifest has the only copy of the facts.
        if matches!(undecided, Undecided::Refused(_))
            && let Err(error) = self.trash.remove(&header.operation, TrashState::Deleting)
        {
            let error: &dyn std::error::Error = &error;
            // Without a decision it means nothing; it goes when a store is opened here again.
            tracing::warn!(error, "a manifest of the trash stays behind");
        }
        Err(undecided)
    }

    /// Does what is left to do when files are to be kept.
    pub(super) fn finish_keeping(&self, header: &TrashHeader) -> StoreResult<()> {
        self.forget_names_of(header, "delete")?;
        self.trash
            .turn(&header.operation, TrashState::Deleting, TrashState::Kept)
            .map_err(|error| self.trash_error("delete", header, error))
    }

    pub(super) fn forget_names_of(&self, header: &TrashHeader, operation: &'static str) -> StoreResult<()> {
        let threads: BTreeSet<ThreadId> = header.threads.iter().copied().collect();
        forget_names(self.fs.as_ref(), &self.home, &threads)
            .map(|_| ())
            .map_err(|error| Self::lifecycle_error(operation, header.thread_id)(Box::new(error)))
    }

    /// Lists what is kept.
    pub(super) fn list_trash(&self, query: &TrashQuery) -> StoreResult<TrashPage> {
        let after = query.after.as_deref();
        let mut kept = self.kept_operations()?;
        kept.retain(|operation| after.is_none_or(|after| operation.as_str() < after));
        let has_more = kept.len() > query.limit;
        kept.truncate(query.limit);
        let mut entries = Vec::new();
        for operation in kept {
            match self.trash.header(&operation, TrashState::Kept) {
                Ok(Some(header)) => entries.push(entry(header)),
                // It has been brought back or removed meanwhile.
                Ok(None) => {}
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, operation, "a manifest of the trash cannot be read");
                }
            }
        }
        Ok(TrashPage { entries, has_more })
    }

    /// Returns the deletions whose files are kept, the last one first.
    pub(super) fn kept_operations(&self) -> StoreResult<Vec<String>> {
        let manifests = self.trash.list().map_err(|error| self.unreadable_trash(error))?;
        let kept = manifests
            .into_iter()
            .rev()
            .filter(|(_, state)| *state == TrashState::Kept);
        Ok(kept.map(|(operation, _)| operation).collect())
    }

    /// Removes what some deletions took for good.
    pub(super) fn empty_trash(&self, which: &TrashSelection) -> StoreResult<Vec<String>> {
        let _turn = self.lifecycle_turn();
        self.recover_trash()?;
        let mut kept = self.kept_operations()?;
        if let TrashSelection::Of(wanted) = which {
            if let Some(unknown) = wanted.iter().find(|id| !kept.contains(id)) {
                let trash_id = unknown.clone();
                return Err(StoreError::TrashNotFound { trash_id });
            }
            kept.retain(|operation| wanted.contains(operation));
        }
        let (mut emptied, mut refused) = (Vec::new(), None);
        for operation in kept {
            if let Err(error) = self.trash.turn(&operation, TrashState::Kept, TrashState::Emptying) {
                // Somebody else may be at it. What is gone for good has to be told all the same.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    operation,
                    "something stays in the trash"
                );
                refused.get_or_insert(error);
                continue;
            }
            if let Err(error) = self.remove_kept(&operation) {
                let error: &dyn std::error::Error = &error;
                // Decided is done: what is left is removed when a store is opened here again.
                tracing::warn!(error, operation, "an emptied trash leaves files for now");
            }
            emptied.push(operation);
        }
        match refused {
            Some(error) if emptied.is_empty() => Err(self.unreadable_trash(error)),
            _ => Ok(emptied),
        }
    }

    fn remove_kept(&self, operation: &str) -> StoreResult<()> {
        let files: Vec<(ThreadId, PathBuf)> = match self.trash.header(operation, TrashState::Emptying) {
            Ok(Some(header)) => {
                let ways = self.ways_back(&header)?.into_iter();
                ways.map(|way| (header.thread_id, way.kept)).collect()
            }
            Ok(None) => return Ok(()),
            // By their names: what a damaged manifest named must not stay for ever.
            Err(_) => {
                let named = self.trashed()?.into_iter().filter(|file| file.operation == operation);
                named.map(|file| (file.thread_id, file.path)).collect()
            }
        };
        for (thread_id, kept) in files {
            remove_file(self.fs.as_ref(), &self.home, &kept)
                .map_err(|error| Self::lifecycle_error("empty the trash of", thread_id)(Box::new(error)))?;
        }
        let removed = self.trash.remove(operation, TrashState::Emptying);
        removed.map_err(|error| self.unreadable_trash(error))
    }

    /// Finishes or undoes what a crash interrupted of deletions with a manifest; returns those that have one now.
    pub(super) fn recover_manifests(&self) -> StoreResult<BTreeSet<String>> {
        let manifests = self.trash.list().map_err(|error| self.unreadable_trash(error))?;
        if manifests.is_empty() {
            return Ok(BTreeSet::new());
        }
        for (operation, state) in manifests {
            let recovered = match state {
                TrashState::Kept => continue,
                TrashState::Emptying => self.remove_kept(&operation),
                TrashState::Deleting | TrashState::Restoring => self.recover_manifest(&operation, state),
            };
            if let Err(error) = recovered {
                let error: &dyn std::error::Error = &error;
                // Its files stay where they are until it can be read or finished.
                tracing::warn!(
                    error,
                    operation,
                    "a deletion in the trash could not be finished or undone"
                );
            }
            self.catalog.expire();
        }
        let left = self.trash.list().map_err(|error| self.unreadable_trash(error))?;
        Ok(left.into_iter().map(|(operation, _)| operation).collect())
    }

    fn recover_manifest(&self, operation: &str, state: TrashState) -> StoreResult<()> {
        let header = || self.trash.header(operation, state);
        let Some(found) = header().map_err(|error| self.unreadable_trash(error))? else {
            return Ok(());
        };
        // Whoever deletes or restores a thread holds its lock to the end.
        let leases = found.threads.iter().map(|id| self.writers.acquire(*id));
        let _leases = match leases.collect::<StoreResult<Vec<_>>>() {
            Ok(leases) => leases,
            Err(StoreError::WriterConflict { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        // Their last holder may have come to the end meanwhile; the threads may even be back.
        let Some(header) = header().map_err(|error| self.unreadable_trash(error))? else {
            return Ok(());
        };
        if state == TrashState::Restoring {
            return self.finish_restoring(&header);
        }
        if self.decided(operation)?.is_empty() {
            let removed = self.trash.remove(operation, TrashState::Deleting);
            return removed.map_err(|error| self.trash_error("delete", &header, error));
        }
        // The fact of the thread itself is the first one: those of its descendants may be lost.
        let facts = deletion_facts(operation, &header.threads, header.deleted_at_ms);
        let decided = self.journal.journal.append(&facts, Durability::Synced);
        decided.map_err(|error| self.trash_error("delete", &header, error))?;
        self.finish_keeping(&header)
    }

    pub(super) fn trash_error(&self, operation: &'static str, header: &TrashHeader, error: JournalError) -> StoreError {
        Self::lifecycle_error(operation, header.thread_id)(Box::new(error))
    }
}

fn entry(header: TrashHeader) -> TrashEntry {
    TrashEntry {
        trash_id: header.operation,
        thread_id: header.thread_id,
        threads: header.threads,
        deleted_at_ms: header.deleted_at_ms,
        name: header.name,
        preview: header.preview,
        bytes: header.files.iter().map(|file| file.bytes).sum(),
        files: header.files.into_iter().map(|file| file.path).collect(),
    }
}
