//! Appends to the journal, under its file lock, and cuts what a dead writer left unfinished.
//!
//! The lock is on a file of its own, because compaction replaces the journal. A call opens and closes everything that it
//! needs, so any number of processes may share a journal.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{JournalError, JournalResult, failed};
use super::fact::JournalFact;
use super::line::{FORMAT, Header, encode_fact, encode_header};
use super::reader::{JournalPosition, JournalRead, OpenJournal, open};
use crate::fs::{FileLock, LogFileMut, LogFs, create_folders, sync_folders};
use crate::recorder::Durability;

/// Folder of the journal in a home.
pub const JOURNAL_FOLDER: &str = "codex-threads/journal";
/// The journal in its folder.
pub const JOURNAL_FILE: &str = "facts.jsonl";
const LOCK_FILE: &str = "facts.lock";
const TORN_FILE: &str = "facts.torn";
/// Generation of a new journal.
const FIRST_GENERATION: u64 = 1;

/// The journal of one home. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    pub(super) fs: Arc<dyn LogFs>,
    pub(super) home: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) path: PathBuf,
}

impl Journal {
    /// Uses the journal of a home. Nothing is created before the first append.
    pub fn new(fs: Arc<dyn LogFs>, home: &Path) -> Self {
        let folder = home.join(JOURNAL_FOLDER);
        Self {
            fs,
            home: home.to_owned(),
            path: folder.join(JOURNAL_FILE),
            folder,
        }
    }

    /// Where the journal is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what was appended after a position; everything if the position is the default one or of another journal.
    pub fn read_from(&self, position: JournalPosition) -> JournalResult<JournalRead> {
        match open(&*self.fs, &self.path)? {
            Some(journal) => journal.read(position),
            None => Ok(JournalRead {
                is_whole: true,
                facts: Vec::new(),
                position: JournalPosition::default(),
                damage: Vec::new(),
            }),
        }
    }

    /// Appends facts in one write and returns once they have come as far as asked; `Queued` counts as `Written`.
    ///
    /// All or nothing, except that a crash during the call may leave a prefix of the facts. On error none of them counts, now
    /// or after a power loss; [`InDoubt`](JournalError::InDoubt) says that this is not sure.
    pub fn append(&self, facts: &[JournalFact], durability: Durability) -> JournalResult<()> {
        if facts.is_empty() {
            return Ok(());
        }
        let buffer = encoded(facts)?;
        create_folders(&*self.fs, &self.home, &self.folder)?;
        let _lock = self.lock()?;
        self.append_locked(buffer, durability)
    }

    /// Decides on the facts as they are, and appends the decision before anybody else can append.
    ///
    /// `decide` is given what was appended after `position` (see [`read_from`](Self::read_from)); returns what it decided as
    /// a reader finds it who goes on behind that; nothing of it, with the position before it, if it cannot be read now. On
    /// error nothing was decided, as with [`append`](Self::append).
    ///
    /// # Errors
    /// Those of `decide`, and as [`append`](Self::append).
    pub fn transact<E: From<JournalError>>(
        &self,
        position: JournalPosition,
        durability: Durability,
        decide: impl FnOnce(JournalRead) -> Result<Vec<JournalFact>, E>,
    ) -> Result<JournalRead, E> {
        create_folders(&*self.fs, &self.home, &self.folder).map_err(JournalError::from)?;
        let _lock = self.lock()?;
        let news = self.read_from(position)?;
        let position = news.position;
        let facts = decide(news)?;
        if !facts.is_empty() {
            self.append_locked(encoded(&facts)?, durability)?;
        }
        // What is appended is decided, whoever can read it now.
        Ok(self.read_from(position).unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "a decision cannot be read back");
            JournalRead {
                is_whole: false,
                facts: Vec::new(),
                position,
                damage: Vec::new(),
            }
        }))
    }

    /// Brings the journal as it is read now to stable storage: no power loss takes back what it says, nor brings back what
    /// it says no longer.
    ///
    /// # Errors
    /// If it cannot be synced.
    pub fn settle(&self) -> JournalResult<()> {
        match self.fs.stat(&self.path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("stat", &self.path)(error)),
        }
        let _lock = self.lock()?;
        let mut file = self.fs.open_append(&self.path).map_err(failed("open", &self.path))?;
        file.sync().map_err(failed("sync", &self.path))?;
        Ok(sync_folders(&*self.fs, &self.home, &self.folder)?)
    }

    fn append_locked(&self, mut buffer: Vec<u8>, durability: Durability) -> JournalResult<()> {
        let mut file = match open(&*self.fs, &self.path)? {
            Some(journal) => self.open_whole(&journal)?,
            None => {
                let header = Header {
                    journal_format: FORMAT,
                    generation: FIRST_GENERATION,
                };
                buffer.splice(0..0, encode_header(header));
                self.create_anew()?
            }
        };
        let before_len = file.stat().map_err(failed("stat", &self.path))?.len;
        let Err(failure) = self.write_and_sync(&mut *file, &buffer, durability) else {
            return Ok(());
        };
        // Facts that were refused must not count, least of all the deletion of a thread. Some may be on stable storage, so
        // the cut has to get there, too.
        match file.set_len(before_len).and_then(|()| file.sync()) {
            Ok(()) => Err(failure),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "cannot cut off what a failed append left");
                Err(JournalError::InDoubt {
                    path: self.path.clone(),
                    source: Box::new(failure),
                })
            }
        }
    }

    fn write_and_sync(&self, file: &mut dyn LogFileMut, buffer: &[u8], durability: Durability) -> JournalResult<()> {
        file.write_all(buffer).map_err(failed("append to", &self.path))?;
        if durability == Durability::Synced {
            file.sync().map_err(failed("sync", &self.path))?;
            sync_folders(&*self.fs, &self.home, &self.folder)?;
        }
        Ok(())
    }

    /// Opens the journal for appending, without the line that a dead writer did not finish.
    fn open_whole(&self, journal: &OpenJournal) -> JournalResult<Box<dyn LogFileMut>> {
        let whole_len = journal.whole_len()?;
        let mut file = self.fs.open_append(&self.path).map_err(failed("open", &self.path))?;
        if whole_len < journal.len() {
            file.set_len(whole_len)
                .map_err(failed("cut the torn end of", &self.path))?;
        }
        Ok(file)
    }

    /// Makes the journal. What a dead writer left of a header makes way, but is not deleted.
    fn create_anew(&self) -> JournalResult<Box<dyn LogFileMut>> {
        let torn = self.folder.join(TORN_FILE);
        match self.fs.rename(&self.path, &torn) {
            Ok(()) => tracing::warn!(path = %torn.display(), "the beginning of a journal was torn and is kept there"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("rename", &self.path)(error)),
        }
        self.fs.create(&self.path).map_err(failed("create", &self.path))
    }

    /// Waits for the exclusive right to change the journal.
    pub(super) fn lock(&self) -> JournalResult<Box<dyn FileLock>> {
        let path = self.folder.join(LOCK_FILE);
        self.fs.lock(&path).map_err(failed("lock", &path))
    }
}

fn encoded(facts: &[JournalFact]) -> JournalResult<Vec<u8>> {
    let mut buffer = Vec::new();
    for fact in facts {
        buffer.extend(encode_fact(fact)?);
    }
    Ok(buffer)
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
