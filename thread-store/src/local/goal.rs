//! The goal that a thread's own rollouts tell of (`rollout-format.md` 3.2 and 9.5).
//!
//! The projection knows the line; one line is read. Decides nothing about goals that are kept elsewhere.

use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;
use codex_state::rows::Span;

use super::catalog::Freshness;
use super::open_rollout::read_error;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::organise::Goal;
use crate::types::View;

/// A rollout with a goal: its time and path, by which revisions are ordered, and the line.
type Place = (Option<i64>, String, Span);

impl Inner {
    /// Returns the newest goal that the rollouts of a thread tell of, if Codex keeps no goals where we could know them.
    ///
    /// A goal belongs to the thread, not to its history: neither a rollback nor a revert takes it back, and a fork does not
    /// inherit it.
    pub(super) fn recorded_goal(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>> {
        // A goal that was cleared leaves no record: what is not in Codex's database is no goal any more.
        if self.codex_keeps_goals() {
            return Ok(None);
        }
        let newest = match self.goal_places(thread_id) {
            Ok(places) => places
                .into_iter()
                .max_by(|a, b| a.1.0.cmp(&b.1.0).then_with(|| a.1.1.cmp(&b.1.1))),
            Err(StoreError::ThreadNotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let Some((rollout_id, (_, _, span))) = newest else {
            return Ok(None);
        };
        let sweep = self.sweep(Freshness::Recent);
        let Some(file) = rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
            return Ok(None);
        };
        let source = self.source(file)?;
        let _hold = source.rules().hold_once(u64::from(span.len));
        let bytes = source
            .read_at(span.offset, u64::from(span.len))
            .map_err(|error| read_error(&source, span.offset, error))?;
        Ok(Goal::of_line(&bytes))
    }

    /// Finds the rollouts of a thread that tell of a goal, by id.
    fn goal_places(&self, thread_id: ThreadId) -> StoreResult<BTreeMap<String, Place>> {
        let own = thread_id.to_string();
        let mut places = self.with_history(thread_id, View::Full, |history| {
            let rollouts = history.segments.iter().map(|segment| segment.rollout.as_row());
            Ok(rollouts
                .filter(|row| row.thread_id == own)
                .map(|row| (row.rollout_id.clone(), row))
                .collect::<BTreeMap<_, _>>())
        })?;
        // Revisions that the current one does not continue.
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        for row in reader.rollouts_of(&own).map_err(|error| self.index_error(error))? {
            places.entry(row.rollout_id.clone()).or_insert(row);
        }
        let with_goal = places.into_iter().filter_map(|(id, row)| {
            let place = (row.meta.header.created_at_ms, row.file.path, row.meta.goal?);
            Some((id, place))
        });
        Ok(with_goal.collect())
    }
}
