//! Looks whether Codex's databases changed, and keeps what they know.
//!
//! Decides when to copy and what to keep if that fails; what the facts mean is decided elsewhere. Nothing that is wrong
//! with a database fails a request.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_rollout::fs::LogFs;
use codex_state::codex_db::{
    CodexDbError, CodexDbRead, GoalsDb, QueueDb, StateDb, read_goals_db, read_queue_db, read_state_db,
};

use super::copy::{CopyError, DatabaseCopy};
use super::files::{Prints, newest};
use super::import::Imported;
use crate::clock::Clock;
use crate::local::list::error_chain;

/// How long a look is trusted at least, as that at the folders.
const LOOK_TRUST_MS: i64 = 1_000;
/// How long a look is trusted at most, however long it took.
const MAX_LOOK_TRUST_MS: i64 = 10_000;
/// A look is trusted so many times longer than it took: a large database that is written all the time is copied again
/// and again, and requests wait for that.
const TRUST_PER_COST: i64 = 20;

/// What the databases know, as of one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Knowledge {
    /// Grows whenever anything in it changed.
    pub(super) version: u64,
    /// Threads, sections, projects and what belongs to them.
    pub(super) state: Option<Arc<StateDb>>,
    /// Goals.
    pub(super) goals: Option<Arc<GoalsDb>>,
    /// Queues.
    pub(super) queue: Option<Arc<QueueDb>>,
}

/// What became of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct DatabaseReport {
    /// The file.
    pub(in crate::local) path: PathBuf,
    /// Whether the newest state of it is known.
    pub(in crate::local) current: bool,
    /// What could not be read, or why it is not current.
    pub(in crate::local) problems: Vec<String>,
}

/// The databases of one home.
pub(in crate::local) struct CodexDatabases {
    fs: Arc<dyn LogFs>,
    folder: PathBuf,
    copies: PathBuf,
    known: Mutex<Known>,
    pub(super) imported: Mutex<Imported>,
}

#[derive(Default)]
struct Known {
    /// When the last look ended, and for how long it is trusted.
    looked: Option<(i64, i64)>,
    version: u64,
    folder_problem: Option<String>,
    state: Source<StateDb>,
    goals: Source<GoalsDb>,
    queue: Source<QueueDb>,
}

/// One database, and what is known of it.
struct Source<T> {
    path: Option<PathBuf>,
    /// What was read last; `None` if it has to be read again.
    prints: Option<Prints>,
    facts: Option<Arc<T>>,
    /// Whether the facts are of what was read last.
    current: bool,
    problems: Vec<String>,
}

impl<T> Default for Source<T> {
    fn default() -> Self {
        Self {
            path: None,
            prints: None,
            facts: None,
            current: false,
            problems: Vec::new(),
        }
    }
}

impl CodexDatabases {
    /// Uses the databases in `folder`; `copies` is a folder of ours for their copies. Nothing is looked at yet.
    pub(in crate::local) fn new(fs: Arc<dyn LogFs>, folder: PathBuf, copies: PathBuf) -> Self {
        Self {
            fs,
            folder,
            copies,
            known: Mutex::default(),
            imported: Mutex::default(),
        }
    }

    /// Returns what the databases know, after a look if the last one is too old.
    pub(super) fn knowledge(&self, clock: &Clock) -> Knowledge {
        let now_ms = clock.now_ms();
        let mut known = self.lock();
        let trusted = |(at, trust): (i64, i64)| (0..trust).contains(&(now_ms - at));
        if !known.looked.is_some_and(trusted) {
            self.look(&mut known);
            let ended_ms = clock.now_ms();
            let cost_ms = ended_ms.saturating_sub(now_ms);
            let trust = cost_ms.saturating_mul(TRUST_PER_COST);
            known.looked = Some((ended_ms, trust.clamp(LOOK_TRUST_MS, MAX_LOOK_TRUST_MS)));
        }
        Knowledge {
            version: known.version,
            state: known.state.facts.clone(),
            goals: known.goals.facts.clone(),
            queue: known.queue.facts.clone(),
        }
    }

    /// Returns what became of each database that is there, as of the last look.
    pub(in crate::local) fn reports(&self) -> Vec<DatabaseReport> {
        let known = self.lock();
        let mut reports: Vec<DatabaseReport> = [known.state.report(), known.goals.report(), known.queue.report()]
            .into_iter()
            .flatten()
            .collect();
        reports.extend(known.folder_problem.as_ref().map(|problem| DatabaseReport {
            path: self.folder.clone(),
            current: false,
            problems: vec![problem.clone()],
        }));
        reports
    }

    fn look(&self, known: &mut Known) {
        let [state, goals, queue] = match newest(self.fs.as_ref(), &self.folder) {
            Ok(found) => found,
            Err(error) => {
                // A folder that cannot be looked at now hides databases, it does not delete them.
                known.folder_problem = Some(format!("cannot look for Codex's databases: {error}"));
                return;
            }
        };
        known.folder_problem = None;
        let changed = [
            self.refresh(&mut known.state, state, read_state_db),
            self.refresh(&mut known.goals, goals, read_goals_db),
            self.refresh(&mut known.queue, queue, read_queue_db),
        ];
        if changed.contains(&true) {
            known.version += 1;
        }
    }

    /// Brings what is known of one database up to date, and tells whether it changed.
    fn refresh<T>(&self, source: &mut Source<T>, path: Option<PathBuf>, read: ReadDb<T>) -> bool {
        let Some(path) = path else {
            let was_known = source.facts.is_some();
            *source = Source::default();
            return was_known;
        };
        let moved = source.path.as_ref() != Some(&path);
        let prints = Prints::of(self.fs.as_ref(), &path).ok();
        if !moved && prints.is_some() && prints == source.prints {
            return false;
        }
        source.prints = None;
        source.current = false;
        source.path = Some(path.clone());
        match self.read_copy(&path, read) {
            Ok((prints, read)) => {
                source.prints = Some(prints);
                source.current = true;
                source.problems = read.problems.iter().map(|problem| error_chain(problem)).collect();
                source.facts = Some(Arc::new(read.facts));
                for problem in &source.problems {
                    tracing::warn!(path = %path.display(), problem, "part of a database of Codex cannot be read");
                }
                true
            }
            Err(error) => {
                let problem = error_chain(&error);
                if source.problems != [problem.clone()] {
                    tracing::warn!(
                        path = %path.display(),
                        problem,
                        "a database of Codex cannot be read; what was known of it is kept"
                    );
                }
                source.problems = vec![problem];
                if let LookError::Read { prints, .. } = error {
                    // These bytes are no database, and will not become one by being copied again.
                    source.prints = Some(*prints);
                }
                // Facts of an older file are no facts of this one.
                moved && source.facts.take().is_some()
            }
        }
    }

    fn read_copy<T>(&self, path: &Path, read: ReadDb<T>) -> Result<(Prints, CodexDbRead<T>), LookError> {
        let copy = DatabaseCopy::take(&self.fs, path, &self.copies)?;
        let prints = copy.prints;
        match read(copy.path()) {
            Ok(read) => Ok((prints, read)),
            Err(source) => Err(LookError::Read {
                prints: Box::new(prints),
                source,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Source<T> {
    fn report(&self) -> Option<DatabaseReport> {
        Some(DatabaseReport {
            path: self.path.clone()?,
            current: self.current,
            problems: self.problems.clone(),
        })
    }
}

/// Reads the copy of a database.
type ReadDb<T> = fn(&Path) -> Result<CodexDbRead<T>, CodexDbError>;

/// Why what a database knows is not known.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error("read it")]
    Read { prints: Box<Prints>, source: CodexDbError },
}

impl fmt::Debug for CodexDatabases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodexDatabases")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod look_tests;
