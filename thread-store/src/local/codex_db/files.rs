//! Finds Codex's databases in a folder.
//!
//! Looks at names and status only; opens nothing.

use std::io;
use std::path::{Path, PathBuf};

use codex_rollout::fs::{EntryKind, Fingerprint, LogFs};

/// What the name of every database ends with.
const DATABASE_SUFFIX: &str = ".sqlite";
/// Files beside a database that belong to what is in it: the write-ahead log, and the journal of older modes. The third
/// kind, `-shm`, is made anew from the log.
pub(super) const CONTENT_SUFFIXES: [&str; 2] = ["-wal", "-journal"];

/// A database that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    State,
    Goals,
    Queue,
}

impl Database {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::State, Self::Goals, Self::Queue];

    /// Returns the beginning of its name.
    pub(super) fn stem(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Goals => "goals",
            Self::Queue => "queue",
        }
    }

    /// Returns the number in `<stem>_<number>.sqlite`; `None` for any other name.
    fn number(self, name: &str) -> Option<u32> {
        let digits = name.strip_prefix(self.stem())?.strip_prefix('_')?;
        let digits = digits.strip_suffix(DATABASE_SUFFIX)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    }
}

/// Finds the newest file of each database, in the order of [`Database::ALL`].
///
/// Codex counts its schemas in the file names (`state_5.sqlite`) and leaves older files behind, so the highest number
/// counts, also one that is not known yet: columns are looked up, not expected.
pub(super) fn newest(fs: &dyn LogFs, folder: &Path) -> io::Result<[Option<PathBuf>; 3]> {
    let entries = fs.read_dir(folder)?;
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let names: Vec<&str> = files.filter_map(|entry| entry.name.to_str()).collect();
    Ok(Database::ALL.map(|database| {
        let numbered = names.iter().filter_map(|name| Some((database.number(name)?, *name)));
        numbered.max().map(|(_, name)| folder.join(name))
    }))
}

/// Returns the path of a file beside a database.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Identity and version of a database with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prints {
    pub(super) database: Fingerprint,
    /// In the order of [`CONTENT_SUFFIXES`].
    pub(super) beside: [Option<Fingerprint>; CONTENT_SUFFIXES.len()],
}

impl Prints {
    /// Takes them as they are now.
    pub(super) fn of(fs: &dyn LogFs, database: &Path) -> io::Result<Self> {
        let mut prints = Self {
            database: fs.stat(database)?.fingerprint,
            beside: [None; CONTENT_SUFFIXES.len()],
        };
        for (print, suffix) in prints.beside.iter_mut().zip(CONTENT_SUFFIXES) {
            match fs.stat(&beside(database, suffix)) {
                Ok(stat) => *print = Some(stat.fingerprint),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(prints)
    }

    /// Returns how many bytes they are of.
    pub(super) fn len(&self) -> u64 {
        let beside: u64 = self.beside.iter().flatten().map(|print| print.len).sum();
        self.database.len.saturating_add(beside)
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod files_tests;
