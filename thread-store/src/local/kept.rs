//! Deleted threads that are kept in the trash, brought back, or removed for good.
//!
//! A deletion with a manifest is kept. The state in the manifest's name decides what becomes of its files; whoever opens
//! the store finishes what a crash interrupted.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::RolloutFile;
use codex_rollout::forget_names::forget_names;
use codex_rollout::head::{Head, read_head};
use codex_rollout::journal::{JournalError, JournalPosition, TrashFile, TrashHeader, TrashName, TrashState};
use codex_rollout::recorder::Durability;
use codex_rollout::relocate::{move_file, remove_file};
use codex_rollout::session_index::append_name;
use uuid::Uuid;

use super::catch_up::rollout_uuid;
use super::delete::deletion_facts;
use super::owned::Owned;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::trash::{RestoreObstacle, TrashEntry, TrashPage, TrashQuery, TrashSelection, preview_of};
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

    fn path_below_home(&self, path: &Path) -> String {
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
    pub(super) fn decide_to_keep(&self, header: &TrashHeader) -> StoreResult<()> {
        let threads: BTreeSet<ThreadId> = header.threads.iter().copied().collect();
        let everything = JournalPosition::default();
        let decided = self.journal.journal.transact(everything, Durability::Synced, |read| {
            self.trash.write(header, &read.standing_of(&threads))?;
            Ok::<_, JournalError>(deletion_facts(&header.operation, &header.threads, header.deleted_at_ms))
        });
        let Err(error) = decided else { return Ok(()) };
        if let Err(error) = self.trash.remove(&header.operation, TrashState::Deleting) {
            let error: &dyn std::error::Error = &error;
            // Without a decision it means nothing; it goes when a store is opened here again.
            tracing::warn!(error, "a manifest of the trash stays behind");
        }
        Err(self.trash_error("delete", header, error))
    }

    /// Does what is left to do when files are to be kept.
    pub(super) fn finish_keeping(&self, header: &TrashHeader) -> StoreResult<()> {
        self.forget_names_of(header, "delete")?;
        self.trash
            .turn(&header.operation, TrashState::Deleting, TrashState::Kept)
            .map_err(|error| self.trash_error("delete", header, error))
    }

    fn forget_names_of(&self, header: &TrashHeader, operation: &'static str) -> StoreResult<()> {
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
    fn kept_operations(&self) -> StoreResult<Vec<String>> {
        let manifests = self.trash.list().map_err(|error| self.unreadable_trash(error))?;
        let kept = manifests
            .into_iter()
            .rev()
            .filter(|(_, state)| *state == TrashState::Kept);
        Ok(kept.map(|(operation, _)| operation).collect())
    }

    /// Brings back what a deletion took.
    pub(super) fn restore(&self, trash_id: &str) -> StoreResult<Vec<ThreadId>> {
        let _turn = self.lifecycle_turn();
        self.recover_trash()?;
        let not_found = || StoreError::TrashNotFound {
            trash_id: trash_id.to_owned(),
        };
        if !self.kept_operations()?.iter().any(|operation| operation == trash_id) {
            return Err(not_found());
        }
        let header = self.trash.header(trash_id, TrashState::Kept);
        let header = header
            .map_err(|error| self.unreadable_trash(error))?
            .ok_or_else(not_found)?;
        let leases = header.threads.iter().map(|id| self.writers.acquire(*id));
        let _leases = leases.collect::<StoreResult<Vec<_>>>()?;
        self.refuse_restore(&header)?;
        self.trash
            .turn(trash_id, TrashState::Kept, TrashState::Restoring)
            .map_err(|error| self.trash_error("restore", &header, error))?;
        let restored = self.put_back(&header);
        if restored.is_err() {
            self.take_back(&header);
        }
        self.catalog.expire();
        restored.map(|()| header.threads)
    }

    /// Refuses to bring back what has no place any more. The locks of the threads are held.
    fn refuse_restore(&self, header: &TrashHeader) -> StoreResult<()> {
        let blocked = |obstacle| {
            Err(StoreError::RestoreBlocked {
                trash_id: header.operation.clone(),
                obstacle,
            })
        };
        self.look_everywhere()?;
        for thread_id in &header.threads {
            match self.repairing(|| self.files_of(*thread_id, View::Full)) {
                Ok(_) => {
                    let thread_id = *thread_id;
                    return blocked(RestoreObstacle::ThreadExists { thread_id });
                }
                Err(StoreError::ThreadNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for (_, to) in self.ways_back(header)? {
            if self.is_there(&to, header)? {
                let path = self.path_below_home(&to);
                return blocked(RestoreObstacle::FileInTheWay { path });
            }
        }
        self.saw_everything()?;
        let sweep = self.catalog.last_sweep();
        let is_known = |id: &String| id.parse().is_ok_and(|id: Uuid| sweep.rollout(id).is_some());
        match header.needs.iter().find(|id| !is_known(id)) {
            Some(rollout_id) => blocked(RestoreObstacle::MissingBase {
                rollout_id: rollout_id.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Returns where the files of a deletion are, and where they were.
    fn ways_back(&self, header: &TrashHeader) -> StoreResult<Vec<(PathBuf, PathBuf)>> {
        let way = |file: &TrashFile| {
            let original = self.home.join(&file.path);
            let kept = self.trash_path(&header.operation, &original).ok_or_else(|| {
                let reason = format!("{} is no place in the home", file.path);
                Self::lifecycle_error("restore", header.thread_id)(reason.into())
            })?;
            Ok((kept, original))
        };
        header.files.iter().map(way).collect()
    }

    fn is_there(&self, path: &Path, header: &TrashHeader) -> StoreResult<bool> {
        match self.fs.stat(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Self::lifecycle_error("restore", header.thread_id)(Box::new(error))),
        }
    }

    /// Puts facts and files back where they were; goes on where an earlier attempt stopped.
    fn put_back(&self, header: &TrashHeader) -> StoreResult<()> {
        let ways = self.ways_back(header)?;
        let mut left = Vec::new();
        let mut is_untouched = true;
        for (kept, original) in ways {
            let (is_kept, is_back) = (self.is_there(&kept, header)?, self.is_there(&original, header)?);
            is_untouched &= !is_back;
            match (is_kept, is_back) {
                (true, _) => left.push((kept, original)),
                (false, true) => {}
                (false, false) => {
                    let reason = format!("{} is gone from the trash", kept.display());
                    return Err(Self::lifecycle_error("restore", header.thread_id)(reason.into()));
                }
            }
        }
        // Facts come first: a thread never shows without them, and what is changed once it shows is not overwritten.
        if is_untouched {
            self.put_facts_back(header)?;
        }
        for (kept, original) in &left {
            move_file(self.fs.as_ref(), &self.home, kept, original)
                .map_err(|error| Self::lifecycle_error("restore", header.thread_id)(Box::new(error)))?;
        }
        if let Err(error) = self.trash.remove(&header.operation, TrashState::Restoring) {
            let error: &dyn std::error::Error = &error;
            // Everything is back; the manifest goes when a store is opened here again.
            tracing::warn!(error, "a manifest of the trash stays behind");
        }
        Ok(())
    }

    fn put_facts_back(&self, header: &TrashHeader) -> StoreResult<()> {
        let facts = self.trash.facts(&header.operation, TrashState::Restoring);
        let facts = facts.map_err(|error| self.trash_error("restore", header, error))?;
        self.journal
            .journal
            .append(&facts, Durability::Synced)
            .map_err(|error| self.trash_error("restore", header, error))?;
        // What an earlier attempt wrote is written anew, so that no name is there twice.
        self.forget_names_of(header, "restore")?;
        for TrashName {
            thread_id,
            name,
            updated_at,
        } in &header.names
        {
            append_name(self.fs.as_ref(), &self.home, *thread_id, name, updated_at)
                .map_err(|error| Self::lifecycle_error("restore", header.thread_id)(Box::new(error)))?;
        }
        Ok(())
    }

    /// Undoes what was put back of a deletion; what cannot be undone is brought back when a store is opened here again.
    fn take_back(&self, header: &TrashHeader) {
        let undone = self.ways_back(header).and_then(|ways| {
            for (kept, original) in ways.iter().rev() {
                self.take_file_back(kept, original, header)?;
            }
            let facts = deletion_facts(&header.operation, &header.threads, self.clock.now_ms());
            let forgotten = self.journal.journal.append(&facts, Durability::Synced);
            forgotten.map_err(|error| self.trash_error("restore", header, error))?;
            self.forget_names_of(header, "restore")?;
            self.trash
                .turn(&header.operation, TrashState::Restoring, TrashState::Kept)
                .map_err(|error| self.trash_error("restore", header, error))
        });
        if let Err(error) = undone {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, thread = %header.thread_id, "a thread stays half way between the trash and its place");
        }
    }

    fn take_file_back(&self, kept: &Path, original: &Path, header: &TrashHeader) -> StoreResult<()> {
        if !self.is_there(original, header)? {
            return Ok(());
        }
        let failed = |error| Self::lifecycle_error("restore", header.thread_id)(error);
        if self.is_there(kept, header)? {
            let [ours, other] = [kept, original].map(|path| self.fs.stat(path));
            let ours = ours.map_err(|error| failed(Box::new(error)))?.fingerprint;
            let other = other.map_err(|error| failed(Box::new(error)))?.fingerprint;
            if (ours.dev, ours.ino) != (other.dev, other.ino) {
                // Somebody else's, which is why the thread could not come back.
                return Ok(());
            }
        }
        move_file(self.fs.as_ref(), &self.home, original, kept).map_err(|error| failed(Box::new(error)))
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
                ways.map(|(kept, _)| (header.thread_id, kept)).collect()
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
        let header = self.trash.header(operation, state);
        let Some(header) = header.map_err(|error| self.unreadable_trash(error))? else {
            return Ok(());
        };
        // Whoever deletes or restores a thread holds its lock to the end.
        let leases = header.threads.iter().map(|id| self.writers.acquire(*id));
        let _leases = match leases.collect::<StoreResult<Vec<_>>>() {
            Ok(leases) => leases,
            Err(StoreError::WriterConflict { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        if state == TrashState::Restoring {
            let restored = self.put_back(&header);
            if restored.is_err() {
                self.take_back(&header);
            }
            return restored;
        }
        if !self.is_deleted(header.thread_id, operation)? {
            let removed = self.trash.remove(operation, TrashState::Deleting);
            return removed.map_err(|error| self.trash_error("delete", &header, error));
        }
        // The fact of the thread itself is the first one: those of its descendants may be lost.
        let facts = deletion_facts(operation, &header.threads, header.deleted_at_ms);
        let decided = self.journal.journal.append(&facts, Durability::Synced);
        decided.map_err(|error| self.trash_error("delete", &header, error))?;
        self.finish_keeping(&header)
    }

    fn trash_error(&self, operation: &'static str, header: &TrashHeader, error: JournalError) -> StoreError {
        Self::lifecycle_error(operation, header.thread_id)(Box::new(error))
    }

    fn unreadable_trash(&self, error: JournalError) -> StoreError {
        StoreError::Read {
            path: self.home.join(codex_rollout::journal::TRASH_FOLDER),
            offset: 0,
            source: Box::new(error),
        }
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
