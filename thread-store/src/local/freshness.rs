//! Keeps the index up to date with the files of the home, and remembers what needs not be looked at again.
//!
//! A rollout is *settled* when all that follows from its file as it is now is stored: its rows, its thread's row, and those of
//! the threads that continue it. The index keeps that as a mark, so that the next process starts where this one ended.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use codex_rollout::discover::RolloutFile;
use codex_rollout::lines::Turn;
use codex_state::db::{RolloutUpdate, Settled, WriteOutcome};
use codex_state::threads;
use uuid::Uuid;

use super::catalog::{FactDigests, Freshness, Sweep};
use super::catch_up::{fingerprint_text, is_index_full, rollout_uuid};
use super::facts::Facts;
use super::index_files::Folded;
use super::list::error_chain;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};

/// Rollouts and rows that one transaction stores at most while a home is caught up.
const STEP_ROLLOUTS: usize = 500;
const STEP_ROWS: usize = 10_000;
/// Threads whose rows one transaction stores at most.
const STEP_THREADS: usize = 500;
/// Rows whose texts one transaction indexes.
const TITLE_STEP_ROWS: u32 = 1_000;

/// How much of what has changed is brought into the index.
#[derive(Clone, Copy)]
pub(super) struct Share<'s> {
    /// Files at most.
    pub(super) files: usize,
    /// Bytes at most, but for the first file.
    pub(super) bytes: u64,
    /// Tells that it is enough; asked before each file.
    pub(super) is_enough: &'s (dyn Fn() -> bool + Sync),
}

impl Share<'_> {
    /// All of it.
    pub(super) const ALL: Self = Self {
        files: usize::MAX,
        bytes: u64::MAX,
        is_enough: &|| false,
    };

    /// Returns how many files, newest first, it is; one at least.
    fn count(&self, files: &[Arc<RolloutFile>]) -> usize {
        let mut bytes = 0_u64;
        let fits = files.iter().take(self.files).take_while(|file| {
            let first = bytes == 0;
            bytes = bytes.saturating_add(file.stat.len.max(1));
            first || bytes <= self.bytes
        });
        fits.count()
    }
}

/// What the index is compared with: the files, the facts, and what it says of itself.
pub(super) struct Situation {
    pub(super) sweep: Arc<Sweep>,
    pub(super) facts: Facts,
    pub(super) digests: FactDigests,
    /// Rollouts in the index, with their marks.
    pub(super) stored: Vec<(Uuid, i64)>,
}

/// What folded files give, until it is stored.
#[derive(Default)]
struct Gathered {
    updates: Vec<RolloutUpdate>,
    /// Threads whose rows may have to change.
    threads: BTreeSet<String>,
    /// Rollouts that others may inherit something new from.
    news: Vec<Uuid>,
    /// Files of which the index may say that all is stored once it is, with their threads.
    settling: Vec<(Arc<RolloutFile>, String)>,
}

impl Inner {
    /// Catches up before an answer that the index as it is can give, too. On a full disk it gives it if it knows the very
    /// rollouts that there are, so that no thread is missing or there too much; the log of the program says that order and
    /// texts may be older.
    pub(super) fn bring_up_to_date_if_there_is_room(&self) -> StoreResult<()> {
        match self.bring_up_to_date(&mut |_, _| {}) {
            Err(error) if is_index_full(&error) && self.knows_all_rollouts()? => {
                tracing::warn!(error = %error_chain(&error), "no room for the index; order and texts of a list may be older");
                Ok(())
            }
            done => done,
        }
    }

    fn knows_all_rollouts(&self) -> StoreResult<bool> {
        let stored: BTreeSet<Uuid> = self
            .stored_marks()?
            .into_iter()
            .map(|(rollout_id, _)| rollout_id)
            .collect();
        let sweep = self.sweep(Freshness::Recent);
        let there = sweep.files.iter().filter(|file| self.is_readable(file));
        Ok(stored == there.map(|file| rollout_uuid(file)).collect())
    }

    /// Catches up every changed file and stores the rows of the threads that they belong to.
    pub(super) fn bring_up_to_date(&self, progress: &mut dyn FnMut(&RolloutFile, usize)) -> StoreResult<()> {
        let _urgent = self.priority.urgent();
        self.bring_nearer(Share::ALL, progress).map(|_| ())
    }

    /// Catches up some of the changed files, newest first; returns the others.
    pub(super) fn bring_nearer(
        &self,
        share: Share<'_>,
        progress: &mut dyn FnMut(&RolloutFile, usize),
    ) -> StoreResult<Vec<Arc<RolloutFile>>> {
        self.index_own_appends();
        if self.is_synced(&self.sweep(Freshness::Recent)) {
            return Ok(Vec::new());
        }
        let _only = self.catching_up_turn();
        let situation = self.situation()?;
        // Another request may have done it meanwhile.
        if self.is_synced(&situation.sweep) {
            return Ok(Vec::new());
        }
        self.bring_situation_nearer(&situation, share, progress)
    }

    /// Catches up some of the files that changed as a look found them, newest first; returns the others.
    ///
    /// Whoever calls it holds `catching_up`.
    pub(super) fn bring_situation_nearer(
        &self,
        situation: &Situation,
        share: Share<'_>,
        progress: &mut dyn FnMut(&RolloutFile, usize),
    ) -> StoreResult<Vec<Arc<RolloutFile>>> {
        self.remove_vanished(situation)?;
        let mut dirty = self.dirty_files(&situation.sweep);
        let mut rest = dirty.split_off(share.count(&dirty));
        let changed_facts = self.changed_facts(&situation.digests);
        let left = self.bring_files(situation, &dirty, &changed_facts, share.is_enough, progress)?;
        self.remember_facts(&situation.digests);
        rest.splice(0..0, left);
        if rest.is_empty() {
            self.mark_synced(&situation.sweep);
        }
        Ok(rest)
    }

    /// Waits for the turn to bring files into the index.
    pub(super) fn catching_up_turn(&self) -> Turn<MutexGuard<'_, ()>> {
        self.budget
            .turn(|| self.catching_up.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at files, facts and index.
    pub(super) fn situation(&self) -> StoreResult<Situation> {
        let sweep = self.sweep(Freshness::Recent);
        let facts = self.facts()?;
        let digests = facts.digests();
        let stored = self.stored_marks()?;
        self.recall_settled(&sweep, &stored, &digests);
        Ok(Situation {
            sweep,
            facts,
            digests,
            stored,
        })
    }

    fn stored_marks(&self) -> StoreResult<Vec<(Uuid, i64)>> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        reader.settled().map_err(|error| self.index_error(error))
    }

    /// Brings files, and threads whose facts changed, into the index; returns the files that it did not come to.
    ///
    /// Whoever calls it holds `catching_up`.
    pub(super) fn bring_files(
        &self,
        situation: &Situation,
        files: &[Arc<RolloutFile>],
        changed_facts: &[String],
        is_enough: &(dyn Fn() -> bool + Sync),
        progress: &mut dyn FnMut(&RolloutFile, usize),
    ) -> StoreResult<Vec<Arc<RolloutFile>>> {
        let mut threads: BTreeSet<String> = changed_facts.iter().cloned().collect();
        threads.extend(self.threads_of_lost_databases()?);
        if files.is_empty() && threads.is_empty() {
            self.rows_are_checked();
            return Ok(Vec::new());
        }
        let mut seen = vec![false; files.len()];
        let mut gathered = Gathered {
            threads,
            ..Gathered::default()
        };
        let mut done = 0;
        self.fold_files(files, &situation.digests, is_enough, &mut |folded| {
            let file = &files[folded.at];
            seen[folded.at] = true;
            progress(file, done);
            done += 1;
            self.take_folded(file, folded, &mut gathered)
        })?;
        let Gathered {
            mut updates,
            mut threads,
            news,
            mut settling,
        } = gathered;
        self.store_updates(&mut updates)?;
        let postponed = match self.has_postponed_import() {
            true => Some(self.facts_of_indexed()?),
            false => None,
        };
        let facts = postponed.as_ref().unwrap_or(&situation.facts);
        self.add_heirs(&news, &mut threads)?;
        let threads: Vec<String> = threads.into_iter().collect();
        for some in threads.chunks(STEP_THREADS) {
            self.store_thread_rows(&situation.sweep, facts, some)?;
        }
        self.rows_are_checked();
        for file in files.iter().zip(&seen).filter(|(_, seen)| **seen).map(|(file, _)| file) {
            if self.is_readable(file) {
                self.mark_current(file);
            }
        }
        // Facts that came with the files are settled by the next catch-up: it sees that they changed.
        if postponed.is_none() {
            settling.extend(self.files_of_threads(&situation.sweep, changed_facts));
            self.settle(&settling, &situation.digests)?;
        }
        let left = files.iter().zip(seen).filter(|(_, seen)| !seen);
        Ok(left.map(|(file, _)| Arc::clone(file)).collect())
    }

    /// Takes what folding one file gave.
    fn take_folded(&self, file: &Arc<RolloutFile>, folded: Folded, gathered: &mut Gathered) -> StoreResult<()> {
        gathered.updates.extend(folded.updates);
        match folded.outcome {
            Ok(looked) => {
                self.forget_unread(file);
                if looked.is_news {
                    gathered.news.push(rollout_uuid(file));
                    gathered.threads.insert(looked.thread_id.clone());
                    gathered.settling.push((Arc::clone(file), looked.thread_id));
                }
            }
            Err(error @ StoreError::Header { .. }) => {
                gathered.threads.extend(self.forget_rows_of(file)?);
                self.mark_unreadable(file, error_chain(&error));
            }
            // A disk that fails now may not fail the next time.
            Err(error @ StoreError::Read { .. }) => self.mark_unread(file, error_chain(&error)),
            Err(error) => return Err(error),
        }
        let rows: usize = gathered.updates.iter().map(|update| update.changes.len()).sum();
        if gathered.updates.len() >= STEP_ROLLOUTS || rows >= STEP_ROWS {
            self.store_updates(&mut gathered.updates)?;
        }
        Ok(())
    }

    /// Adds the threads that inherit from changed rollouts: what their rows say may come from there.
    fn add_heirs(&self, changed: &[Uuid], threads: &mut BTreeSet<String>) -> StoreResult<()> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut seen: BTreeSet<String> = changed.iter().map(Uuid::to_string).collect();
        let mut open: Vec<String> = seen.iter().cloned().collect();
        while let Some(rollout_id) = open.pop() {
            for (heir, thread_id) in reader
                .continuing(&rollout_id)
                .map_err(|error| self.index_error(error))?
            {
                threads.insert(thread_id);
                if seen.insert(heir.clone()) {
                    open.push(heir);
                }
            }
        }
        Ok(())
    }

    fn store_updates(&self, updates: &mut Vec<RolloutUpdate>) -> StoreResult<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let stored = self.index().store_all(updates);
        updates.clear();
        stored.map_err(|error| self.index_error(error))
    }

    /// Returns the files that carry the ids of threads, with these.
    fn files_of_threads(&self, sweep: &Sweep, threads: &[String]) -> Vec<(Arc<RolloutFile>, String)> {
        let ids = threads
            .iter()
            .filter_map(|thread_id| Some((thread_id, thread_id.parse().ok()?)));
        let files =
            ids.flat_map(|(thread_id, id)| sweep.shared_named(id).into_iter().map(move |file| (file, thread_id)));
        let current = files.filter(|(file, _)| self.is_current(file));
        current
            .map(|(file, thread_id)| (Arc::clone(file), thread_id.clone()))
            .collect()
    }

    /// Marks rollouts as settled, but for those that belong to another thread than their names say: a mark is compared by name.
    fn settle(&self, files: &[(Arc<RolloutFile>, String)], digests: &FactDigests) -> StoreResult<()> {
        let by_name: Vec<_> = files
            .iter()
            .filter(|(file, thread_id)| named_thread(file).as_ref() == Some(thread_id))
            .collect();
        for some in by_name.chunks(STEP_ROLLOUTS) {
            let marks: Vec<Settled> = some
                .iter()
                .map(|(file, _)| Settled {
                    rollout_id: rollout_uuid(file).to_string(),
                    fingerprint: fingerprint_text(file),
                    mark: self.settled_mark(file, digests),
                })
                .collect();
            self.index().settle(&marks).map_err(|error| self.index_error(error))?;
        }
        Ok(())
    }

    /// Feeds the index of names, titles and previews in small steps; lists are right without it, only slower.
    pub(super) fn catch_up_titles(&self) -> StoreResult<()> {
        let index = self.index();
        loop {
            let step = index.try_write(|transaction| threads::index_titles(transaction, TITLE_STEP_ROWS));
            match step.map_err(|error| self.index_error(error))? {
                WriteOutcome::Stored(0) | WriteOutcome::Skipped => return Ok(()),
                WriteOutcome::Stored(_) => {}
            }
        }
    }

    /// Forgets what the index knows of a file that is no rollout, and returns the thread that it was of: after a power loss
    /// the index may know more than the log.
    fn forget_rows_of(&self, file: &RolloutFile) -> StoreResult<Option<String>> {
        self.forget_stored(&rollout_uuid(file).to_string())
    }

    /// Forgets a rollout and returns the thread that it was of, if the index knows it.
    fn forget_stored(&self, rollout_id: &str) -> StoreResult<Option<String>> {
        let index = self.index();
        let row = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            reader.rollout(rollout_id).map_err(|error| self.index_error(error))?
        };
        let Some(row) = row else { return Ok(None) };
        let removed = index.remove_rollout(rollout_id);
        removed.map_err(|error| self.index_error(error))?;
        Ok(Some(row.thread_id))
    }

    /// Forgets rollouts whose files are gone.
    pub(super) fn remove_vanished(&self, situation: &Situation) -> StoreResult<()> {
        if !situation.sweep.problems.is_empty() {
            return Ok(()); // a folder that cannot be read now hides files, it does not delete them
        }
        let mut threads = BTreeSet::new();
        for (rollout_id, _) in &situation.stored {
            if situation.sweep.rollout(*rollout_id).is_none() {
                threads.extend(self.forget_stored(&rollout_id.to_string())?);
                self.catalog.forget_rollout(*rollout_id);
            }
        }
        let threads: Vec<String> = threads.into_iter().collect();
        for some in threads.chunks(STEP_THREADS) {
            self.store_thread_rows(&situation.sweep, &situation.facts, some)?;
        }
        Ok(())
    }
}

/// Returns the thread id that a file's name carries.
pub(super) fn named_thread(file: &RolloutFile) -> Option<String> {
    let name = file.name.as_ref().map(|name| name.thread_id.to_string());
    name.or_else(|| file.weak_id.map(|id| id.to_string()))
}
