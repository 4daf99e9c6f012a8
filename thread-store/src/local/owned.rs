//! The files that belong to a thread, its descendants, and the right to change both.
//!
//! Looks and locks; moves nothing.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, MutexGuard, PoisonError};

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::{Location, RolloutFile, visit};
use codex_rollout::lines::Turn;
use codex_rollout::locks::WriterLease;
use uuid::Uuid;

use super::catalog::Freshness;
use super::catch_up::rollout_uuid;
use super::store::Inner;
use super::writers::record_error;
use crate::error::{StoreError, StoreResult};
use crate::successor::parents_first;
use crate::types::{
    ArchivedFilter, Direction, GroupFilter, ListQuery, ListSort, RelationFilter, ThreadAnchor, ThreadRecord, View,
};

/// Rows of one page of descendants.
const PAGE_ROWS: usize = 1_000;

/// A thread whose files nobody else changes.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) thread_id: ThreadId,
    /// Every file of the thread: forms and duplicates that others hide, older revisions, the current one.
    pub(super) files: Vec<RolloutFile>,
    /// Where the current revision lies.
    pub(super) location: Location,
    /// The thread's lock.
    pub(super) _lease: Arc<WriterLease>,
}

impl Inner {
    /// Waits until no other call of this process changes what threads there are.
    pub(super) fn lifecycle_turn(&self) -> Turn<MutexGuard<'_, ()>> {
        // The lock guards no data, only turns.
        self.budget
            .turn(|| self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the folders now; whoever changes what threads there are must have seen all of them.
    pub(super) fn look_everywhere(&self) -> StoreResult<()> {
        self.sweep(Freshness::Now);
        self.saw_everything()
    }

    /// Refuses to go on if a folder could not be looked into: it may hide a newer revision, or a fork.
    pub(super) fn saw_everything(&self) -> StoreResult<()> {
        match self.catalog.last_sweep().problems.first().cloned() {
            None => Ok(()),
            Some((path, reason)) => Err(StoreError::Read {
                path,
                offset: 0,
                source: reason.into(),
            }),
        }
    }

    /// Makes the file of a thread that is open here without one, and writes out what was appended.
    pub(super) fn settle_open(&self, thread_id: ThreadId) -> StoreResult<()> {
        let Some(writer) = self.writers.of_thread(thread_id) else {
            return Ok(());
        };
        let failed = |error| record_error(thread_id, error);
        writer.recover()?;
        writer.recorder.persist().wait().map_err(failed)?;
        writer.recorder.sync().wait().map_err(failed)?;
        self.note_birth(&writer);
        Ok(())
    }

    /// Finds the files of a thread whose lock is held.
    pub(super) fn owned(&self, thread_id: ThreadId, lease: Arc<WriterLease>) -> StoreResult<Owned> {
        self.look_everywhere()?;
        let mut files = self.repairing(|| self.files_of(thread_id, View::Full))?;
        // By time of the name, oldest first; the current revision is known if the thread can be read.
        files.sort_by(|a, b| {
            (&a.name.as_ref().map(|name| &name.timestamp), &a.relative)
                .cmp(&(&b.name.as_ref().map(|name| &name.timestamp), &b.relative))
        });
        let current =
            self.repairing(|| self.with_history(thread_id, View::Full, |history| Ok(history.current().rollout_id)));
        if let Ok(current) = current {
            files.sort_by_key(|file| rollout_uuid(file) == current);
        }
        self.saw_everything()?;
        let location = files.last().map_or(Location::Active, |file| file.location);
        let ids: BTreeSet<Uuid> = files.iter().map(rollout_uuid).collect();
        let mut all = self.hidden_files(&ids);
        all.append(&mut files);
        Ok(Owned {
            thread_id,
            files: all,
            location,
            _lease: lease,
        })
    }

    /// Finds files of these rollouts that others hide.
    fn hidden_files(&self, rollouts: &BTreeSet<Uuid>) -> Vec<RolloutFile> {
        let report = visit(self.fs.as_ref(), &self.home, &mut |_| ControlFlow::Continue(()));
        let files = report.shadowed.into_iter().map(|shadowed| shadowed.file);
        files.filter(|file| rollouts.contains(&rollout_uuid(file))).collect()
    }

    /// Finds the threads that a thread spawned, directly or not, parents first.
    pub(super) fn descendants(&self, thread_id: ThreadId, archived: ArchivedFilter) -> StoreResult<Vec<ThreadId>> {
        let related = self.related(RelationFilter::DescendantsOf(thread_id), archived)?;
        let spawned: Vec<_> = related.iter().map(|record| (record.thread_id, record.parent)).collect();
        let mut ordered = parents_first(thread_id, &spawned);
        ordered.remove(0);
        // Those whose parents are filtered out come last.
        for (id, _) in spawned {
            if !ordered.contains(&id) {
                ordered.push(id);
            }
        }
        Ok(ordered)
    }

    /// Lists the threads that stand in a relation, hidden ones included.
    pub(super) fn related(&self, relation: RelationFilter, archived: ArchivedFilter) -> StoreResult<Vec<ThreadRecord>> {
        let mut query = ListQuery {
            view: View::Full,
            sort: ListSort::CreatedAt,
            direction: Direction::Ascending,
            limit: PAGE_ROWS,
            anchor: None,
            archived,
            sources: None,
            providers: None,
            cwds: None,
            search_term: None,
            relation: Some(relation),
            section: GroupFilter::Any,
            project: GroupFilter::Any,
            include_attached: true,
            excluded: Vec::new(),
            include_unpreviewed: true,
            database_rows: false,
        };
        self.sweep(Freshness::Now);
        let mut found = Vec::new();
        loop {
            let page = self.repairing(|| self.list(&query))?;
            query.anchor = page.threads.last().map(|last| ThreadAnchor {
                time_ms: last.created_at_ms,
                thread_id: Some(last.thread_id),
            });
            found.extend(page.threads);
            if !page.has_more || query.anchor.is_none() {
                return Ok(found);
            }
        }
    }

    /// Wraps a failure to change what threads there are.
    pub(super) fn lifecycle_error(
        operation: &'static str,
        thread_id: ThreadId,
    ) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> StoreError {
        move |source| StoreError::Lifecycle {
            operation,
            thread_id,
            source,
        }
    }
}
