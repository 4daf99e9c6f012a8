//! Deletes threads with all that belongs to them (`rollout-format.md` 8.8, `app-server-api.md` 3.13).
//!
//! Refusals come before anything changes. Files leave their places first, then the deletion is decided by one write to
//! the journal, then what is left is removed, or kept in the trash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalError, JournalFact};
use codex_rollout::recorder::Durability;

use super::catch_up::rollout_uuid;
use super::owned::Owned;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::trash::Trashed;
use crate::types::{ArchivedFilter, RelationFilter, View};

/// Why a deletion is not acknowledged.
pub(super) enum Undecided {
    /// It is refused: the files go back.
    Refused(StoreError),
    /// It may be decided: the files wait in the trash until the journal can be asked.
    InDoubt(StoreError),
}

/// What becomes of the files of a deleted thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// They are removed.
    ForGood,
    /// They are kept in the trash.
    ToTrash,
}

impl Inner {
    /// Deletes a thread and its descendants.
    pub(super) fn delete(&self, thread_id: ThreadId, removal: Removal) -> StoreResult<Trashed> {
        let _turn = self.lifecycle_turn();
        self.recover_trash()?;
        if self.is_unborn(thread_id) {
            // Nothing is recorded: with the writer the thread is gone.
            self.writers.close_held(thread_id)?;
            return Ok(Trashed {
                threads: vec![thread_id],
                trash_id: None,
            });
        }
        self.settle_open(thread_id)?;
        self.catalog.expire();
        self.repairing(|| self.files_of(thread_id, View::Full))?;
        let mut group = vec![thread_id];
        group.extend(self.descendants(thread_id, ArchivedFilter::Any)?);
        let leases = group.iter().map(|id| self.writers.hold(*id));
        let leases = leases.collect::<StoreResult<Vec<_>>>()?;
        let owned = group.iter().zip(leases).map(|(id, lease)| self.owned(*id, lease));
        let owned = owned.collect::<StoreResult<Vec<_>>>()?;
        self.refuse_needed(thread_id, &owned)?;
        for thread in &owned {
            self.writers.close_held(thread.thread_id)?;
        }
        let operation = self.ids.uuid_v7().to_string();
        let manifest = match removal {
            Removal::ForGood => None,
            Removal::ToTrash => Some(self.manifest_of(&operation, thread_id, &owned)?),
        };
        let moves = self.moves_to_trash(&operation, &owned)?;
        self.move_all("delete", thread_id, &moves)?;
        self.catalog.expire();
        let needed = self.refuse_needed(thread_id, &owned).map_err(Undecided::Refused);
        let decided = needed.and_then(|()| match &manifest {
            None => self.decide_deletion(thread_id, &operation, &group),
            Some(manifest) => self.decide_to_keep(manifest),
        });
        if let Err(undecided) = decided {
            let error = match undecided {
                Undecided::Refused(error) => {
                    self.move_back(&moves);
                    error
                }
                Undecided::InDoubt(error) => error,
            };
            self.catalog.expire();
            return Err(error);
        }
        let trash: Vec<PathBuf> = moves.into_iter().map(|(_, to)| to).collect();
        let finished = match &manifest {
            None => self.purge(thread_id, &group.iter().copied().collect(), &trash),
            Some(manifest) => self.finish_keeping(manifest),
        };
        if let Err(error) = finished {
            let error: &dyn std::error::Error = &error;
            // Decided is done: what is left is removed when a store is opened here again.
            tracing::warn!(error, %thread_id, "a deleted thread leaves files in the trash for now");
        }
        self.catalog.expire();
        group.reverse();
        Ok(Trashed {
            threads: group,
            trash_id: manifest.map(|manifest| manifest.operation),
        })
    }

    /// Refuses to delete what other threads need.
    fn refuse_needed(&self, thread_id: ThreadId, owned: &[Owned]) -> StoreResult<()> {
        let group: BTreeSet<ThreadId> = owned.iter().map(|thread| thread.thread_id).collect();
        self.look_everywhere()?;
        let attached = self.related(RelationFilter::AttachedTo(thread_id), ArchivedFilter::Any)?;
        if let Some(attached) = attached.iter().find(|record| !group.contains(&record.thread_id)) {
            return Err(StoreError::HasAttachedThread {
                thread_id,
                attached: attached.thread_id,
            });
        }
        let heirs = self.repairing(|| self.heirs(owned))?;
        self.saw_everything()?;
        match heirs.into_values().find(|heir| !group.contains(heir)) {
            Some(fork) => Err(StoreError::HasForks { thread_id, fork }),
            None => Ok(()),
        }
    }

    /// Finds the rollouts that continue those of some threads, and the threads that they are of.
    fn heirs(&self, owned: &[Owned]) -> StoreResult<BTreeMap<String, ThreadId>> {
        self.bring_up_to_date(&mut |_, _| {})?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut heirs: BTreeMap<String, ThreadId> = BTreeMap::new();
        for file in owned.iter().flat_map(|thread| &thread.files) {
            let continuing = reader.continuing(&rollout_uuid(file).to_string());
            let continuing = continuing.map_err(|error| self.index_error(error))?;
            heirs.extend(
                continuing
                    .into_iter()
                    .filter_map(|(rollout_id, heir)| Some((rollout_id, heir.parse().ok()?))),
            );
        }
        Ok(heirs)
    }

    /// Plans the way of every file into the trash.
    fn moves_to_trash(&self, operation: &str, owned: &[Owned]) -> StoreResult<Vec<(PathBuf, PathBuf)>> {
        let mut moves = Vec::new();
        for thread in owned {
            for file in &thread.files {
                let to = self.trash_path(operation, &file.path).ok_or_else(|| {
                    let reason = format!("{} cannot be moved into the trash", file.path.display());
                    Self::lifecycle_error("delete", thread.thread_id)(reason.into())
                })?;
                moves.push((file.path.clone(), to));
            }
        }
        Ok(moves)
    }

    fn decide_deletion(&self, thread_id: ThreadId, operation: &str, group: &[ThreadId]) -> Result<(), Undecided> {
        let facts = deletion_facts(operation, group, self.clock.now_ms());
        let appended = self.journal.journal.append(&facts, Durability::Synced);
        appended.map_err(|error| Self::undecided(thread_id, error))
    }

    /// Tells what a failure of the journal means for a deletion.
    pub(super) fn undecided(thread_id: ThreadId, error: JournalError) -> Undecided {
        let is_in_doubt = matches!(error, JournalError::InDoubt { .. });
        let error = Self::lifecycle_error("delete", thread_id)(Box::new(error));
        match is_in_doubt {
            true => Undecided::InDoubt(error),
            false => Undecided::Refused(error),
        }
    }
}

/// Makes the facts that decide the deletion of threads.
pub(super) fn deletion_facts(operation: &str, threads: &[ThreadId], at_ms: i64) -> Vec<JournalFact> {
    let fact = |id: &ThreadId| JournalFact::of_thread(FactKind::ThreadDeleted, *id, at_ms, RawJson::string(operation));
    threads.iter().map(fact).collect()
}
