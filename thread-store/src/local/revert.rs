//! Reverts: a new revision for paginated threads, a rollback marker for legacy ones (`rollout-format.md` 8.7).
//!
//! Publishing the new rollout is the switch: its header is newer than that of every other revision. The journal names it
//! as well. Nothing of an earlier rollout changes.

use std::sync::Arc;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode, RawJson, SessionMeta};
use codex_rollout::discover::{Location, RolloutFile, rollout_at};
use codex_rollout::head::{Head, HeadError, read_head};
use codex_rollout::journal::{FactKind, JournalFact};
use codex_rollout::locks::WriterLease;
use codex_rollout::recorder::{Durability, NewRollout, RolloutDraft, RolloutWriter, TornTailRule};
use codex_rollout::relocate::remove_file;
use codex_state::projector::{KeyRange, Order, RowReader};
use codex_state::rows::RowSet;

use super::fork::{Referred, head_meta};
use super::fork_place::place_of;
use super::open_rollout::{head_error, index_error};
use super::segments::History;
use super::store::Inner;
use super::writers::record_error;
use crate::error::{StoreError, StoreResult};
use crate::lifecycle::ForkCut;
use crate::successor::{revision_meta, revision_time_ms, rollback};
use crate::types::View;

/// What a revert does, as read from the thread.
enum RevertPlan {
    /// A new rollout that continues a place, with the files that lead there.
    Revision {
        meta: Box<SessionMeta>,
        base: Option<HistoryBase>,
        files: Vec<Referred>,
        current: RolloutFile,
    },
    /// A marker that says how many turns it removes.
    Marker { file: RolloutFile },
}

impl Inner {
    /// Drops a turn and everything after it.
    pub(super) fn revert(&self, thread_id: ThreadId, before_turn_id: &str) -> StoreResult<()> {
        let _turn = self.lifecycle_turn();
        if self.is_unborn(thread_id) {
            // It has no turns, and gets no file because somebody asked.
            return Err(StoreError::TurnNotFound {
                thread_id,
                turn_id: before_turn_id.to_owned(),
            });
        }
        self.settle_open(thread_id)?;
        self.catalog.expire();
        self.repairing(|| self.files_of(thread_id, View::Full))?;
        let lease = self.writers.hold(thread_id)?;
        self.look_everywhere()?;
        let cut = ForkCut::BeforeTurn(before_turn_id.to_owned());
        let plan = self.repairing(|| {
            self.with_history(thread_id, View::Full, |history| {
                plan_revert(history, &cut, before_turn_id)
            })
        })?;
        let reverted = match plan {
            RevertPlan::Marker { file } => self.mark_rollback(thread_id, lease, before_turn_id, &file),
            RevertPlan::Revision {
                meta,
                base,
                files,
                current,
            } => {
                self.make_referable(thread_id, &files, &lease)?;
                let suspended = self.writers.suspend(thread_id)?;
                let published = self.publish_revision(thread_id, &lease, &meta, base);
                // What was open stays open: behind the kept prefix, or where it was.
                if let Some(suspended) = suspended {
                    let file = published.as_ref().unwrap_or(&current);
                    if let Err(error) = self.resume_suspended(&suspended, lease, file) {
                        self.writers.forget(&suspended);
                        let error: &dyn std::error::Error = &error;
                        // Its next append opens it anew, or says why not.
                        tracing::warn!(error, %thread_id, "a reverted thread does not stay open");
                    }
                }
                published.map(|_| ())
            }
        };
        self.catalog.expire();
        reverted
    }

    /// Appends the marker. While its turns are counted nobody begins another one, which it would remove in place of one of
    /// them.
    fn mark_rollback(
        &self,
        thread_id: ThreadId,
        lease: Arc<WriterLease>,
        before_turn_id: &str,
        file: &RolloutFile,
    ) -> StoreResult<()> {
        let suspended = self.writers.suspend(thread_id)?;
        self.catalog.expire();
        let marker = self
            .repairing(|| self.with_history(thread_id, View::Full, |history| turns_from(history, before_turn_id)))
            .map(|num_turns| rollback(num_turns).encoded());
        if let Some(suspended) = suspended {
            // What was open stays open, whatever becomes of the marker.
            let reopened = self.reopen_suspended(&suspended, lease, file);
            let writer = reopened.inspect_err(|_| drop(self.writers.forget(&suspended)))?;
            let marked = marker.and_then(|marker| writer.append_synced(&[marker]));
            self.writers.replace(writer);
            return marked;
        }
        let items = [marker?];
        let resumed = RolloutWriter::resume(Arc::clone(&self.fs), &self.home, lease, file, TornTailRule::CutAside);
        let written = resumed.and_then(|resumed| {
            let mut log = resumed.writer;
            log.append(&items, self.clock.now_ms())?;
            log.sync()
        });
        written.map(|_| ()).map_err(|error| record_error(thread_id, error))
    }

    fn publish_revision(
        &self,
        thread_id: ThreadId,
        lease: &WriterLease,
        current: &SessionMeta,
        base: Option<HistoryBase>,
    ) -> StoreResult<RolloutFile> {
        let failed = Self::lifecycle_error("revert", thread_id);
        let created = self.created_times(thread_id)?;
        let now_ms = revision_time_ms(self.clock.now_ms(), created);
        let rollout_id = RolloutId(self.ids.uuid_v7());
        let rollout = NewRollout {
            rollout_id,
            meta: revision_meta(current, base, now_ms).map_err(|error| failed(Box::new(error)))?,
            prepared: self.local_time(now_ms),
        };
        let draft = RolloutDraft::begin(&self.fs, &self.home, lease, rollout, now_ms);
        let path = draft
            .and_then(RolloutDraft::publish)
            .map_err(|error| failed(Box::new(error)))?;
        let undo =
            |error: Box<dyn std::error::Error + Send + Sync>| match remove_file(self.fs.as_ref(), &self.home, &path) {
                Ok(()) => failed(error),
                Err(error) => failed(Box::new(error)),
            };
        let file = rollout_at(self.fs.as_ref(), &self.home, &path).map_err(|error| undo(Box::new(error)))?;
        let current = RawJson::string(&rollout_id.to_string());
        let fact = JournalFact::of_thread(FactKind::CurrentRevision, thread_id, now_ms, current);
        let journalled = self.journal.journal.append(&[fact], Durability::Synced);
        journalled.map_err(|error| undo(Box::new(error)))?;
        Ok(file)
    }

    /// Returns when the headers of a thread's revisions say that they were made.
    fn created_times(&self, thread_id: ThreadId) -> StoreResult<Vec<i64>> {
        let mut times = Vec::new();
        for file in self.repairing(|| self.files_of(thread_id, View::Full))? {
            let source = self.source(&file)?;
            let meta = match read_head(&source) {
                Ok(Head::Envelope { meta, .. }) => meta,
                Err(error @ HeadError::Read(_)) => return Err(head_error(&source, error)),
                // A file that is no rollout is no revision.
                Ok(Head::Bare(_)) | Err(_) => continue,
            };
            if let Ok(time) = meta.timestamp.parse::<jiff::Timestamp>() {
                times.push(time.as_millisecond());
            }
        }
        Ok(times)
    }
}

fn plan_revert(history: &History<'_>, cut: &ForkCut, turn_id: &str) -> StoreResult<RevertPlan> {
    let current = history.current();
    let thread_id = history.thread_id;
    if current.file.location == Location::Archived {
        return Err(StoreError::Archived { thread_id });
    }
    let meta = Box::new(head_meta(current, "revert", thread_id)?);
    if history.mode() == HistoryMode::Legacy {
        // Refuses now what it would refuse once the thread is suspended.
        turns_from(history, turn_id)?;
        return Ok(RevertPlan::Marker {
            file: current.file.clone(),
        });
    }
    let place = place_of(history, cut)?;
    let files = place.map_or(0, |place| place.at + 1);
    Ok(RevertPlan::Revision {
        meta,
        base: place.map(|place| place.base(history)),
        files: history.segments[..files]
            .iter()
            .map(|segment| Referred::new(&segment.rollout))
            .collect(),
        current: current.file.clone(),
    })
}

/// Counts the turns from one on as replay counts them: a marker says nothing else.
fn turns_from(history: &History<'_>, turn_id: &str) -> StoreResult<u32> {
    let thread_id = history.thread_id;
    let row = history.turn_row(0, turn_id)?.ok_or_else(|| StoreError::TurnNotFound {
        thread_id,
        turn_id: turn_id.to_owned(),
    })?;
    let current = history.current();
    if !row.sets.contains(RowSet::Codex) {
        return Err(StoreError::Unsupported {
            operation: "revert to a turn that replay does not count",
            thread_id,
        });
    }
    let range = KeyRange {
        low: row.key,
        high: KeyRange::ALL.high,
    };
    let turns = current
        .rows
        .turns(RowSet::Codex, range, Order::Descending, usize::MAX)
        .map_err(|error| index_error(&current.file.path, error))?;
    Ok(u32::try_from(turns.len()).unwrap_or(u32::MAX))
}
