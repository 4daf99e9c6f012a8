//! Keeps the rows of threads in the index up to date with their rollouts.
//!
//! Which rollouts count and what is stored; what a row says is decided in `crate::thread_row`.

use codex_protocol::ids::ThreadId;
use codex_state::db::{Index, Reader, RolloutRow, Settled};
use codex_state::threads::{self, ThreadRow};

use super::catalog::{Freshness, Sweep};
use super::catch_up::plain_end;
use super::facts::Facts;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::thread_row::{Lookup, RowFacts, row_of};

impl Inner {
    /// Brings the thread's row up to date after its rollouts changed; a failure is repaired by the next list.
    pub(super) fn refresh_thread_row(&self, thread_id: &str) {
        let sweep = self.sweep(Freshness::Recent);
        let refreshed = self
            .facts()
            .and_then(|facts| self.store_thread_rows(&sweep, &facts, &[thread_id.to_owned()]));
        if let Err(error) = refreshed {
            tracing::debug!(%error, thread_id, "thread row not refreshed");
        }
    }

    /// Recomputes and stores the rows of these threads; threads without rollouts lose theirs.
    pub(super) fn store_thread_rows(&self, sweep: &Sweep, facts: &Facts, threads: &[String]) -> StoreResult<()> {
        let index = self.index();
        let mut unseen = Vec::new();
        let rows = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            let mut stored = Vec::new();
            for thread_id in threads {
                let revisions = reader.rollouts_of(thread_id).map_err(|error| self.index_error(error))?;
                let missing = self.unseen_revisions(sweep, &revisions);
                // A file that cannot be looked at now is not gone: the row stays as it is until it can.
                if missing.is_empty() || sweep.problems.is_empty() {
                    stored.push((thread_id, revisions));
                    unseen.extend(missing);
                }
            }
            stored
                .into_iter()
                .map(|(thread_id, revisions)| {
                    let revisions = self.with_tails(&reader, sweep, revisions)?;
                    let lookup = |id: &str| {
                        let ancestor = reader.rollout(id).map_err(|error| self.index_error(error))?;
                        let ancestor = self.with_tails(&reader, sweep, ancestor.into_iter().collect())?;
                        Ok(ancestor.into_iter().next())
                    };
                    Ok((
                        thread_id,
                        self.thread_row(&revisions, &lookup, sweep, facts, thread_id)?,
                    ))
                })
                .collect::<StoreResult<Vec<_>>>()?
        };
        let write = |index: &Index| {
            index.write(|transaction| {
                Index::settle_in(transaction, &unseen)?;
                for (thread_id, row) in &rows {
                    match row {
                        Some(row) => threads::upsert(transaction, row)?,
                        None => threads::remove(transaction, thread_id)?,
                    }
                }
                Ok(())
            })
        };
        write(&index).map_err(|error| self.index_error(error))
    }

    /// Returns the stored revisions whose files the sweep has not met, as no longer settled. If a file comes back, it is looked at
    /// again, because the row that is made now does without it.
    fn unseen_revisions(&self, sweep: &Sweep, revisions: &[RolloutRow]) -> Vec<Settled> {
        let mut unseen = Vec::new();
        for row in revisions {
            let rollout_id = row.rollout_id.parse().ok();
            if rollout_id.and_then(|id| sweep.rollout(id)).is_some() {
                continue;
            }
            if let Some(rollout_id) = rollout_id {
                self.catalog.forget_rollout(rollout_id);
            }
            unseen.push(Settled {
                rollout_id: row.rollout_id.clone(),
                fingerprint: row.file.fingerprint.clone(),
                mark: 0,
            });
        }
        unseen
    }

    /// Adds what a complete last line without newline says: it is shown, but not stored, since it may still grow.
    fn with_tails(
        &self,
        reader: &Reader<'_>,
        sweep: &Sweep,
        mut revisions: Vec<RolloutRow>,
    ) -> StoreResult<Vec<RolloutRow>> {
        for row in &mut revisions {
            let Some(file) = row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
                continue;
            };
            if plain_end(file, row) > row.checkpoint.offset {
                match self.open_into(reader, file, super::catch_up::Sink::Offer) {
                    Ok(open) => (row.checkpoint, row.meta) = (open.checkpoint, open.meta),
                    // Gone or replaced since the sweep: the next one sees it.
                    Err(StoreError::Header { .. } | StoreError::Read { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(revisions)
    }

    /// Makes the row of a thread from its revisions; `None` when no rollout of it is left.
    pub(super) fn thread_row(
        &self,
        revisions: &[RolloutRow],
        lookup: Lookup<'_>,
        sweep: &Sweep,
        facts: &Facts,
        thread_id: &str,
    ) -> StoreResult<Option<ThreadRow>> {
        let mut revisions = revisions.to_vec();
        revisions.retain(|row| row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)).is_some());
        let id: Option<ThreadId> = thread_id.parse().ok();
        let known = RowFacts {
            thread_id,
            name: id.and_then(|id| facts.name(id)),
            git: id.map(|id| facts.git(id)).unwrap_or_default(),
            current: id.map(|id| facts.named_revisions(id)).unwrap_or_default(),
            recency_at_ms: id.and_then(|id| facts.codex_recency_ms(id)),
            belonging: id.map(|id| facts.belonging(id)).unwrap_or_default(),
            default_provider: &self.default_provider,
        };
        row_of(&revisions, lookup, known)
    }
}
