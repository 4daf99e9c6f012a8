//! Codex's append-only name index, `session_index.jsonl` (format section 1.2): reads it, and appends to it.
//!
//! Tolerant: what is not an entry is counted and skipped, never changed. Memory grows with the number of threads that
//! have a name, not with the number of renames. Whether a named thread still has a rollout is the caller's question.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use serde::{Deserialize, Serialize};

use crate::error::{Result, RolloutError};
use crate::fs::{FileStat, FsFailure, LogFileMut, LogFs, create_folders, read_full_at, sync_folders};
use crate::lines::{LineEvent, Lines};
use crate::source::{ByteReader, PlainBody};

/// Name of the index in a home.
pub const SESSION_INDEX_FILE: &str = "session_index.jsonl";
/// Empty file beside it that its writers lock (0.169).
pub(crate) const LOCK_FILE: &str = "session_index.jsonl.lock";
/// Longest entry that is read; a longer line is a bad line.
pub const MAX_NAME_LINE_BYTES: u64 = 1024 * 1024;
/// Most bad lines that are listed; all are counted.
pub const MAX_LISTED_BAD_LINES: usize = 100;

/// One entry of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameEntry {
    /// The name as written; empty when the name was cleared.
    pub name: String,
    /// When it was set, as written (RFC 3339).
    pub updated_at: Option<String>,
    /// Offset of the entry's line: a greater one is newer.
    pub offset: u64,
}

/// Why a line of the index is no entry.
#[derive(Debug, thiserror::Error)]
pub enum BadNameLineReason {
    /// Not a JSON entry with an id and a name.
    #[error("line is not a name entry")]
    NotAnEntry(#[source] serde_json::Error),
    /// Longer than [`MAX_NAME_LINE_BYTES`].
    #[error("line of {len} bytes is too long")]
    TooLong {
        /// Its length.
        len: u64,
    },
}

/// A line of the index that is no entry.
#[derive(Debug)]
pub struct BadNameLine {
    /// Offset of the line.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: BadNameLineReason,
}

/// The names of threads as the index has them.
#[derive(Debug, Default)]
pub struct NameIndex {
    threads: BTreeMap<ThreadId, Names>,
    bad_lines: Vec<BadNameLine>,
    bad_line_count: u64,
    stat: Option<FileStat>,
}

#[derive(Debug)]
struct Names {
    newest: NameEntry,
    /// Only where the newest entry is blank.
    last_filled: Option<NameEntry>,
    /// Names before the newest one.
    earlier: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: ThreadId,
    thread_name: String,
    #[serde(default)]
    updated_at: Option<String>,
}

/// Reads the name index of a home. A home without one has no names.
///
/// # Errors
/// Only when the file exists and cannot be read to its end.
pub fn read_names(fs: &dyn LogFs, home: &Path) -> Result<NameIndex> {
    let path = home.join(SESSION_INDEX_FILE);
    let file = match fs.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(NameIndex::default()),
        Err(source) => return Err(RolloutError::Open { path, source }),
    };
    let stat = file.stat().map_err(|source| RolloutError::Open {
        path: path.clone(),
        source,
    })?;
    let body = PlainBody::new(&path, Arc::from(file), stat.len);
    let mut lines = Lines::new(&path, ByteReader::Plain { body, position: 0 }, 0).max_line_bytes(MAX_NAME_LINE_BYTES);
    let mut index = NameIndex {
        stat: Some(stat),
        ..NameIndex::default()
    };
    while let Some(event) = lines.next()? {
        match event {
            LineEvent::Line { bytes, .. } if bytes.trim_ascii().is_empty() => {}
            LineEvent::Line { offset, bytes, .. } => match serde_json::from_slice::<Entry>(bytes) {
                Ok(entry) => index.add(entry, offset),
                Err(error) => index.bad(offset, BadNameLineReason::NotAnEntry(error)),
            },
            LineEvent::Oversized { offset, len, .. } => index.bad(offset, BadNameLineReason::TooLong { len }),
        }
    }
    Ok(index)
}

/// The index could not be changed.
#[derive(Debug, thiserror::Error)]
#[error("{action} {path}")]
pub struct AppendNameError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl From<FsFailure> for AppendNameError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self { action, path, source }
    }
}

#[derive(Serialize)]
struct NewEntry<'a> {
    id: ThreadId,
    thread_name: &'a str,
    updated_at: &'a str,
}

/// Appends a thread's name, under the index's lock and synced; an empty name says that it was cleared.
///
/// `updated_at` is RFC 3339 in UTC. A torn last line is ended by a newline, never changed. A crash during the call may
/// leave a prefix of the entry, which readers skip.
pub fn append_name(
    fs: &dyn LogFs,
    home: &Path,
    thread_id: ThreadId,
    name: &str,
    updated_at: &str,
) -> Result<(), AppendNameError> {
    let entry = NewEntry {
        id: thread_id,
        thread_name: name,
        updated_at,
    };
    let mut line = serde_json::to_vec(&entry).expect("texts always serialise");
    line.push(b'\n');
    create_folders(fs, home, home)?;
    let lock_path = home.join(LOCK_FILE);
    let _lock = fs.lock(&lock_path).map_err(failed("lock", &lock_path))?;
    let path = home.join(SESSION_INDEX_FILE);
    let mut file = match fs.open_append(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs.create(&path).map_err(failed("create", &path))?,
        Err(error) => return Err(failed("open", &path)(error)),
    };
    if !ends_with_newline(fs, &path)? {
        line.insert(0, b'\n');
    }
    write_entry(&mut *file, &path, &line)?;
    Ok(sync_folders(fs, home, home)?)
}

fn write_entry(file: &mut dyn LogFileMut, path: &Path, line: &[u8]) -> Result<(), AppendNameError> {
    let before_len = file.stat().map_err(failed("stat", path))?.len;
    if let Err(source) = file.write_all(line) {
        if let Err(error) = file.set_len(before_len) {
            tracing::warn!(path = %path.display(), %error, "cannot cut off what a failed write left");
        }
        return Err(failed("append to", path)(source));
    }
    file.sync().map_err(failed("sync", path))
}

fn ends_with_newline(fs: &dyn LogFs, path: &Path) -> Result<bool, AppendNameError> {
    let file = fs.open(path).map_err(failed("open", path))?;
    let len = file.stat().map_err(failed("stat", path))?.len;
    let Some(last) = len.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = [0];
    let n = read_full_at(&*file, &mut byte, last).map_err(failed("read", path))?;
    Ok(n == 1 && byte == *b"\n")
}

pub(crate) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> AppendNameError + 'p {
    move |source| AppendNameError {
        action,
        path: path.to_owned(),
        source,
    }
}

impl NameIndex {
    /// Returns a thread's newest entry, which is blank when the name was cleared.
    pub fn newest(&self, thread_id: ThreadId) -> Option<&NameEntry> {
        self.threads.get(&thread_id).map(|names| &names.newest)
    }

    /// Returns a thread's current name, trimmed; `None` if it has none or it was cleared.
    pub fn name(&self, thread_id: ThreadId) -> Option<&str> {
        self.newest(thread_id)
            .map(|entry| entry.name.trim())
            .filter(|name| !name.is_empty())
    }

    /// Returns the last name that a thread had, trimmed, even if it was cleared later: what Codex's batch lookup shows.
    pub fn last_name(&self, thread_id: ThreadId) -> Option<&str> {
        let names = self.threads.get(&thread_id)?;
        let entry = names.last_filled.as_ref().unwrap_or(&names.newest);
        Some(entry.name.trim()).filter(|name| !name.is_empty())
    }

    /// Returns whether the thread has, or once had, a name; ends of names do not count.
    pub fn was_named(&self, thread_id: ThreadId, name: &str) -> bool {
        self.threads.get(&thread_id).is_some_and(|names| {
            names.newest.name.trim() == name || names.earlier.iter().any(|earlier| earlier == name)
        })
    }

    /// Returns the threads whose newest name is exactly `name`, newest entry first.
    pub fn threads_named(&self, name: &str) -> Vec<ThreadId> {
        let same = self.threads.iter().filter(|(_, names)| names.newest.name == name);
        let mut found: Vec<(u64, ThreadId)> = same.map(|(id, names)| (names.newest.offset, *id)).collect();
        found.sort_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Iterates over the threads that ever had an entry, with their newest one, by thread id.
    pub fn iter(&self) -> impl Iterator<Item = (ThreadId, &NameEntry)> {
        self.threads.iter().map(|(id, names)| (*id, &names.newest))
    }

    /// The first lines that are no entries, at most [`MAX_LISTED_BAD_LINES`].
    pub fn bad_lines(&self) -> &[BadNameLine] {
        &self.bad_lines
    }

    /// How many lines are no entries.
    pub fn bad_line_count(&self) -> u64 {
        self.bad_line_count
    }

    /// Status of the file when it was read; `None` if there was none.
    pub fn stat(&self) -> Option<&FileStat> {
        self.stat.as_ref()
    }

    fn add(&mut self, entry: Entry, offset: u64) {
        let Entry {
            id,
            thread_name: name,
            updated_at,
        } = entry;
        let newest = NameEntry {
            name,
            updated_at,
            offset,
        };
        let blank = newest.name.trim().is_empty();
        let mut names = Names {
            newest,
            last_filled: None,
            earlier: Vec::new(),
        };
        if let Some(before) = self.threads.remove(&id) {
            names.earlier = before.earlier;
            let name = before.newest.name.trim();
            if !names.earlier.iter().any(|earlier| earlier == name) {
                names.earlier.push(name.to_owned());
            }
            if blank {
                let filled = Some(before.newest).filter(|entry| !entry.name.trim().is_empty());
                names.last_filled = filled.or(before.last_filled);
            }
        }
        self.threads.insert(id, names);
    }

    fn bad(&mut self, offset: u64, reason: BadNameLineReason) {
        self.bad_line_count += 1;
        if self.bad_lines.len() < MAX_LISTED_BAD_LINES {
            self.bad_lines.push(BadNameLine { offset, reason });
        }
    }
}

#[cfg(test)]
#[path = "session_index_tests.rs"]
mod session_index_tests;
