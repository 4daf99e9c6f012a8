//! Archives threads and brings them back (`rollout-format.md` 8.8, `app-server-api.md` 3.12).
//!
//! Moves whole files under the thread's lock. The order of the moves keeps the current revision current at every moment:
//! it leaves last and comes back first, because an active file counts more than an archived one.

use std::path::PathBuf;

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::{Location, RolloutFile};
use codex_rollout::relocate::{active_path, archived_path, move_file};

use super::owned::Owned;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::types::{ArchivedFilter, View};

impl Inner {
    /// Archives a thread and its live descendants.
    pub(super) fn archive(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        let _turn = self.lifecycle_turn();
        self.settle_open(thread_id)?;
        self.catalog.expire();
        self.repairing(|| self.files_of(thread_id, View::Full))?;
        let mut group = vec![thread_id];
        group.extend(self.descendants(thread_id, ArchivedFilter::Live)?);
        // All locks first: a descendant that somebody writes keeps everything where it is.
        let leases = group.iter().map(|id| self.writers.hold(*id));
        let leases = leases.collect::<StoreResult<Vec<_>>>()?;
        let owned = group.iter().zip(leases).map(|(id, lease)| self.owned(*id, lease));
        let owned = owned.collect::<StoreResult<Vec<_>>>()?;
        let mut owned = owned.into_iter();
        let Some(root) = owned.next().filter(|root| root.location == Location::Active) else {
            return Err(StoreError::ThreadNotFound { thread_id });
        };
        self.archive_one(&root)?;
        let mut archived = Vec::new();
        for thread in owned {
            match self.archive_one(&thread) {
                Ok(()) => archived.push(thread.thread_id),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, thread = %thread.thread_id, "a spawned thread is not archived with its parent");
                }
            }
        }
        archived.push(root.thread_id);
        archived.reverse();
        self.catalog.expire();
        Ok(archived)
    }

    fn archive_one(&self, thread: &Owned) -> StoreResult<()> {
        self.writers.close_held(thread.thread_id)?;
        let mut moves = Vec::new();
        for file in thread.files.iter().filter(|file| file.location == Location::Active) {
            moves.push(self.planned(thread.thread_id, file, archived_path)?);
        }
        self.move_all("archive", thread.thread_id, &moves)
    }

    /// Brings a thread and its archived descendants back.
    pub(super) fn unarchive(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        let _turn = self.lifecycle_turn();
        self.catalog.expire();
        self.repairing(|| self.files_of(thread_id, View::Full))?;
        let root = self.owned(thread_id, self.writers.hold(thread_id)?)?;
        if root.location != Location::Archived {
            return Err(StoreError::NotArchived { thread_id });
        }
        let spawned = self.descendants(thread_id, ArchivedFilter::Archived)?;
        self.unarchive_one(&root)?;
        let mut back = vec![thread_id];
        for id in spawned {
            let moved = self
                .writers
                .hold(id)
                .and_then(|lease| self.owned(id, lease))
                .and_then(|thread| self.unarchive_one(&thread));
            match moved {
                Ok(()) => back.push(id),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, thread = %id, "a spawned thread stays archived");
                }
            }
        }
        self.catalog.expire();
        Ok(back)
    }

    fn unarchive_one(&self, thread: &Owned) -> StoreResult<()> {
        let thread_id = thread.thread_id;
        let mut moves = Vec::new();
        let archived = thread.files.iter().filter(|file| file.location == Location::Archived);
        for file in archived.rev() {
            moves.push(self.planned(thread_id, file, active_path)?);
        }
        self.move_all("unarchive", thread_id, &moves)?;
        if let Some((_, current)) = moves.first()
            && let Err(error) = self.fs.touch(current)
        {
            // The thread is back; it only sorts where it was before.
            tracing::warn!(%error, thread = %thread_id, "the time of an unarchived rollout is not updated");
        }
        Ok(())
    }

    fn planned(
        &self,
        thread_id: ThreadId,
        file: &RolloutFile,
        place: fn(&std::path::Path, &RolloutFile) -> Option<PathBuf>,
    ) -> StoreResult<(PathBuf, PathBuf)> {
        let to = place(&self.home, file).ok_or_else(|| {
            Self::lifecycle_error("move", thread_id)(format!("{} has no file name", file.path.display()).into())
        })?;
        Ok((file.path.clone(), to))
    }

    /// Moves files in order; if one cannot be moved, those before it go back.
    pub(super) fn move_all(
        &self,
        operation: &'static str,
        thread_id: ThreadId,
        moves: &[(PathBuf, PathBuf)],
    ) -> StoreResult<()> {
        for (done, (from, to)) in moves.iter().enumerate() {
            if let Err(error) = move_file(self.fs.as_ref(), &self.home, from, to) {
                self.move_back(&moves[..done]);
                self.catalog.expire();
                return Err(Self::lifecycle_error(operation, thread_id)(Box::new(error)));
            }
        }
        Ok(())
    }

    /// Undoes moves, the last one first.
    pub(super) fn move_back(&self, moves: &[(PathBuf, PathBuf)]) {
        for (from, to) in moves.iter().rev() {
            if let Err(error) = move_file(self.fs.as_ref(), &self.home, to, from) {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, path = %to.display(), "a moved rollout could not be moved back");
            }
        }
    }
}
