//! Takes over what Codex changed in its databases since the last look.
//!
//! Runs before facts are read, at most as often as databases are looked at. Nothing here fails a request: what cannot be
//! journalled counts in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use codex_protocol::ids::ThreadId;
use codex_rollout::session_index::NameIndex;
use codex_state::threads;

use super::claims::Claims;
use super::decide::decide;
use super::files::Database;
use super::live::{LiveThreads, live_threads};
use super::look::Knowledge;
use super::organise_claims::{claim_goals, claim_queue, claim_state};
use super::thread_claims::{Completeness, HomeFacts, claim_threads};
use crate::error::StoreResult;
use crate::local::catalog::{Freshness, Sweep};
use crate::local::list::error_chain;
use crate::local::store::Inner;
use crate::store::KeptByCodex;
use crate::thread_row::{NamedRevisions, current_revision};
use crate::types::GitInfo;

/// What was taken over so far.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// Version of the knowledge that was taken over; 0 before any.
    version: u64,
    /// Whether something has to wait until more rollouts are indexed.
    postponed: bool,
    live: Arc<LiveThreads>,
    /// Repository states that are those of the headers of their rollouts, which never change.
    recorded_git: HashMap<ThreadId, GitInfo>,
    problems: Vec<String>,
    /// Whether rows were brought up to date that a database had a part in which is gone.
    rows_checked: bool,
    /// Whether it was said that the journal cannot be written.
    warned: bool,
}

/// Whether claims that had to wait are looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) enum Postponed {
    /// Not now.
    Leave,
    /// Rollouts were indexed meanwhile.
    Retry,
}

impl Inner {
    /// Takes over what Codex changed, and returns what its databases say at the moment.
    pub(in crate::local) fn import_codex(&self, names: Option<&NameIndex>, postponed: Postponed) -> Arc<LiveThreads> {
        let knowledge = self.codex.knowledge(&self.clock);
        let mut imported = self.codex.imported.lock().unwrap_or_else(PoisonError::into_inner);
        let retry = postponed == Postponed::Retry && imported.postponed;
        if imported.version != knowledge.version || retry {
            match names {
                Some(names) => self.take_over(&knowledge, names, &mut imported),
                None => match self.names() {
                    Ok(names) => self.take_over(&knowledge, &names, &mut imported),
                    // The next look tries again; what is known counts until then.
                    Err(error) => imported.problems = vec![error_chain(&error)],
                },
            }
        }
        Arc::clone(&imported.live)
    }

    /// Returns whether Codex keeps goals in a database that can be read: what it does not have there is cleared.
    pub(in crate::local) fn codex_keeps_goals(&self) -> bool {
        self.codex.knowledge(&self.clock).goals.is_some()
    }

    /// Returns what the databases have of a thread.
    pub(in crate::local) fn kept_by_codex(&self, thread_id: ThreadId) -> KeptByCodex {
        let thread = self.import_codex(None, Postponed::Leave).contains_key(&thread_id);
        KeptByCodex {
            thread,
            goal: thread && self.codex_keeps_goals(),
        }
    }

    /// Returns whether something waits for rollouts to be indexed.
    pub(in crate::local) fn has_postponed_import(&self) -> bool {
        self.codex
            .imported
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .postponed
    }

    /// Returns what of the databases could not be taken over.
    pub(in crate::local) fn import_problems(&self) -> Vec<String> {
        let imported = self.codex.imported.lock().unwrap_or_else(PoisonError::into_inner);
        imported.problems.clone()
    }

    /// Returns the threads whose rows may still say what a database said that is gone since before this process; none once
    /// [`rows_are_checked`](Self::rows_are_checked) was told that their rows are right.
    pub(in crate::local) fn threads_of_lost_databases(&self) -> StoreResult<Vec<String>> {
        let is_needless = {
            let imported = self.codex.imported.lock().unwrap_or_else(PoisonError::into_inner);
            imported.rows_checked || !imported.live.is_empty()
        };
        if is_needless || !self.had_state_database()? {
            return Ok(Vec::new());
        }
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let files = reader.files().map_err(|error| self.index_error(error))?;
        Ok(files.into_iter().map(|(_, thread_id, _)| thread_id).collect())
    }

    /// Notes that the rows of all threads say what the databases say.
    pub(in crate::local) fn rows_are_checked(&self) {
        let mut imported = self.codex.imported.lock().unwrap_or_else(PoisonError::into_inner);
        imported.rows_checked = true;
    }

    fn take_over(&self, knowledge: &Knowledge, names: &NameIndex, imported: &mut Imported) {
        let mut claims = Claims::default();
        let home = HomeView {
            inner: self,
            sweep: self.sweep(Freshness::Recent),
            names,
            recorded_git: Mutex::new(std::mem::take(&mut imported.recorded_git)),
        };
        imported.postponed = false;
        let mut live = Arc::default();
        if let Some(state) = &knowledge.state {
            imported.postponed = claim_threads(state, &home, &mut claims) == Completeness::Postponed;
            claim_state(state, &mut claims);
            claims.made_at.push((Database::State, state.made_at.clone()));
            live = Arc::new(live_threads(state));
        }
        if let Some(goals) = &knowledge.goals {
            claim_goals(goals, &mut claims);
            claims.made_at.push((Database::Goals, goals.made_at.clone()));
        }
        if let Some(queue) = &knowledge.queue {
            claim_queue(queue, &mut claims);
            claims.made_at.push((Database::Queue, queue.made_at.clone()));
        }
        imported.recorded_git = home.recorded_git.into_inner().unwrap_or_else(PoisonError::into_inner);
        imported.live = live;
        imported.version = knowledge.version;
        self.journal_claims(&claims, imported);
        // Rows of lists carry what is said here.
        self.catalog.expire();
        imported.problems = claims.problems;
    }

    fn journal_claims(&self, claims: &Claims, imported: &mut Imported) {
        let now_ms = self.clock.now_ms();
        let journalled = self.take_seen(|seen| decide(claims, seen, now_ms));
        let Err(error) = journalled else { return };
        let problem = error_chain(&error);
        if !imported.warned {
            imported.warned = true;
            tracing::warn!(
                problem,
                "what Codex changed cannot be journalled; it counts in this process only"
            );
        }
    }
}

/// The files of the home, as far as claims are compared with them.
struct HomeView<'i> {
    inner: &'i Inner,
    sweep: Arc<Sweep>,
    names: &'i NameIndex,
    recorded_git: Mutex<HashMap<ThreadId, GitInfo>>,
}

impl HomeView<'_> {
    /// Returns the repository state that the header of a thread's rollout tells; `None` if it is not indexed.
    fn header_git(&self, thread_id: ThreadId) -> Option<GitInfo> {
        let index = self.inner.index();
        let reader = index.reader().ok()?;
        let revisions = reader.rollouts_of(&thread_id.to_string()).ok()?;
        let header = &current_revision(&revisions, &NamedRevisions::default())?.meta.header;
        Some(GitInfo {
            sha: header.git_sha.clone(),
            branch: header.git_branch.clone(),
            origin_url: header.git_origin_url.clone(),
        })
    }
}

impl HomeFacts for HomeView<'_> {
    fn has_thread(&self, thread_id: ThreadId) -> bool {
        if !self.sweep.named(thread_id.0).is_empty() {
            return true;
        }
        // A file may be named after another thread than the one in its header.
        let index = self.inner.index();
        let row = index.reader().ok().and_then(|reader| {
            let row = threads::get(reader.connection(), &thread_id.to_string());
            row.ok().flatten()
        });
        row.is_some()
    }

    fn was_named(&self, thread_id: ThreadId, name: &str) -> bool {
        self.names.was_named(thread_id, name)
    }

    fn records_git(&self, thread_id: ThreadId, git: &GitInfo) -> Option<bool> {
        let mut known = self.recorded_git.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recorded) = known.get(&thread_id) {
            return Some(recorded == git);
        }
        let recorded = self.header_git(thread_id)?;
        let same = recorded == *git;
        known.insert(thread_id, recorded);
        Some(same)
    }
}
