//! What is known of threads in the trash: one manifest per deletion, beside the files that it names.
//!
//! The first line says what was where, and when; the others are the facts of the threads, framed as in the journal. The
//! name of a manifest says what is being done with it, so that one rename decides. Moves no rollout.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use serde::{Deserialize, Serialize};

use super::error::{JournalError, JournalResult, failed};
use super::fact::JournalFact;
use super::line::{decode_fact, encode_fact};
use super::writer::Journal;
use crate::discover::{ARCHIVED_FOLDER, SESSIONS_FOLDER};
use crate::fs::{Attributes, EntryKind, LogFs, create_folders, remove_if_there, replace_file, sync_folders};
use crate::lines::{LineEvent, Lines};
use crate::name::looks_like_rollout;
use crate::source::{ByteReader, PlainBody};

/// Folder of deleted files in a home.
pub const TRASH_FOLDER: &str = "codex-threads/trash";
/// The format of manifests that is written, and the only one that is read.
const FORMAT: u64 = 1;
/// Ends the name of a manifest that is being written.
const TEMPORARY: &str = "manifest.tmp";
/// Longest line of a manifest: a header names every file and every thread of a deletion, so it may be longer than a fact.
const MAX_MANIFEST_LINE_BYTES: u64 = 32 * 1024 * 1024;

/// What is being done with the files of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrashState {
    /// They are being deleted; the journal says whether that is decided.
    Deleting,
    /// They are kept.
    Kept,
    /// They go back to where they were.
    Restoring,
    /// They are removed for good.
    Emptying,
}

impl TrashState {
    const ALL: [Self; 4] = [Self::Deleting, Self::Kept, Self::Restoring, Self::Emptying];

    /// Ends the name of a manifest in this state.
    fn suffix(self) -> &'static str {
        match self {
            Self::Deleting => "deleting.manifest",
            Self::Kept => "kept.manifest",
            Self::Restoring => "restoring.manifest",
            Self::Emptying => "emptying.manifest",
        }
    }
}

/// The first line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrashHeader {
    /// The deletion, which names the files in the trash.
    pub operation: String,
    /// The thread that was deleted.
    pub thread_id: ThreadId,
    /// It and the threads that were deleted with it, parents first.
    pub threads: Vec<ThreadId>,
    /// When, Unix milliseconds.
    pub deleted_at_ms: i64,
    /// What the thread was called.
    pub name: Option<String>,
    /// Beginning of its first message.
    pub preview: String,
    /// The files, in the order in which they go back.
    pub files: Vec<TrashFile>,
    /// Rollouts of other threads that these continue.
    pub needs: Vec<String>,
    /// What Codex's name index had, oldest first.
    pub names: Vec<TrashName>,
}

/// A file in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrashFile {
    /// Where it was, below the home, with `/` between folders.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// An entry of Codex's name index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrashName {
    /// The thread.
    pub thread_id: ThreadId,
    /// Its name.
    pub name: String,
    /// When it was given, as written.
    pub updated_at: String,
}

#[derive(Serialize, Deserialize)]
struct Framed<H> {
    trash_format: u64,
    #[serde(flatten)]
    header: H,
}

/// The manifests of one home.
#[derive(Clone)]
pub struct TrashManifests {
    fs: Arc<dyn LogFs>,
    home: PathBuf,
    folder: PathBuf,
}

impl TrashManifests {
    /// Uses the manifests of a home. Nothing is created before the first one.
    pub fn new(fs: Arc<dyn LogFs>, home: &Path) -> Self {
        Self {
            fs,
            home: home.to_owned(),
            folder: home.join(TRASH_FOLDER),
        }
    }

    /// Lists the manifests, oldest deletion first.
    ///
    /// # Errors
    /// If the folder exists and cannot be read.
    pub fn list(&self) -> JournalResult<Vec<(String, TrashState)>> {
        let names = self.file_names()?;
        let mut found: Vec<_> = names.iter().filter_map(|name| manifest_name(name)).collect();
        found.sort();
        Ok(found)
    }

    /// Removes what dead writers left of manifests that they did not finish.
    ///
    /// # Errors
    /// If the folder cannot be read or changed.
    pub fn remove_unfinished(&self, journal: &Journal) -> JournalResult<()> {
        if self.unfinished()?.is_empty() {
            return Ok(());
        }
        create_folders(&*self.fs, &self.home, &journal.folder)?;
        // Whoever writes a manifest decides a deletion, and holds this lock: what is there now is nobody's.
        let _lock = journal.lock()?;
        for name in self.unfinished()? {
            remove_if_there(&*self.fs, &self.folder.join(name))?;
        }
        Ok(sync_folders(&*self.fs, &self.home, &self.folder)?)
    }

    fn unfinished(&self) -> JournalResult<Vec<String>> {
        let is_unfinished = |name: &String| name.split_once('.').is_some_and(|(_, suffix)| suffix == TEMPORARY);
        Ok(self.file_names()?.into_iter().filter(is_unfinished).collect())
    }

    fn file_names(&self) -> JournalResult<Vec<String>> {
        let entries = match self.fs.read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read folder", &self.folder)(error)),
        };
        let files = entries.into_iter().filter(|entry| entry.kind == EntryKind::File);
        Ok(files.filter_map(|entry| entry.name.into_string().ok()).collect())
    }

    /// Writes a manifest in the state of deleting; it is on stable storage when this returns. The caller holds the lock of
    /// the journal, as in a decision (see [`Journal::transact`]).
    ///
    /// # Errors
    /// If it cannot be written, names what it may not, or the header or a fact is too long.
    pub fn write(&self, header: &TrashHeader, facts: &[JournalFact]) -> JournalResult<()> {
        let path = self.path(&header.operation, TrashState::Deleting);
        checked(header, &header.operation, &path)?;
        let framed = Framed {
            trash_format: FORMAT,
            header,
        };
        let mut bytes = serde_json::to_vec(&framed).expect("texts and numbers always serialise");
        let len = bytes.len() as u64;
        if len > MAX_MANIFEST_LINE_BYTES {
            return Err(JournalError::HeaderTooLong {
                len,
                max_bytes: MAX_MANIFEST_LINE_BYTES,
            });
        }
        bytes.push(b'\n');
        for fact in facts {
            bytes.extend(encode_fact(fact)?);
        }
        create_folders(&*self.fs, &self.home, &self.folder)?;
        let temporary = self.folder.join(format!("{}.{TEMPORARY}", header.operation));
        let attributes = Attributes::New;
        Ok(replace_file(
            &*self.fs, &self.home, &temporary, &path, &bytes, attributes,
        )?)
    }

    /// Changes what is being done with the files of a manifest. One caller gets through; a crash leaves either state.
    ///
    /// # Errors
    /// If there is no manifest in the state `from`; if the change may not survive the power, it is taken back.
    pub fn turn(&self, operation: &str, from: TrashState, to: TrashState) -> JournalResult<()> {
        let (old, new) = (self.path(operation, from), self.path(operation, to));
        self.fs.rename(&old, &new).map_err(failed("rename", &old))?;
        if let Err(failure) = sync_folders(&*self.fs, &self.home, &self.folder) {
            if let Err(error) = self.fs.rename(&new, &old) {
                tracing::error!(path = %new.display(), %error, "a manifest of the trash could not be renamed back");
            }
            return Err(failure.into());
        }
        Ok(())
    }

    /// Removes a manifest for good; a missing one is removed.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, operation: &str, state: TrashState) -> JournalResult<()> {
        remove_if_there(&*self.fs, &self.path(operation, state))?;
        Ok(sync_folders(&*self.fs, &self.home, &self.folder)?)
    }

    /// Reads what a manifest says of its files; `None` if there is none in this state.
    ///
    /// # Errors
    /// If it cannot be read, is none, or leads anywhere but to its own files and to rollouts of the home.
    pub fn header(&self, operation: &str, state: TrashState) -> JournalResult<Option<TrashHeader>> {
        let path = self.path(operation, state);
        let Some(mut lines) = self.open(&path)? else {
            return Ok(None);
        };
        header_of(&mut lines, operation, &path).map(Some)
    }

    /// Reads the facts of a manifest; one that was damaged is reported and left out.
    ///
    /// # Errors
    /// If it cannot be read or is none, as [`header`](Self::header).
    pub fn facts(&self, operation: &str, state: TrashState) -> JournalResult<Vec<JournalFact>> {
        let path = self.path(operation, state);
        let Some(mut lines) = self.open(&path)? else {
            return Err(failed("open", &path)(io::ErrorKind::NotFound.into()));
        };
        header_of(&mut lines, operation, &path)?;
        let mut facts = Vec::new();
        while let Some(event) = lines.next()? {
            let fact = match event {
                LineEvent::Line { bytes, .. } => decode_fact(bytes),
                LineEvent::Oversized { .. } => None,
            };
            match fact {
                Some(fact) => facts.push(fact),
                None => tracing::warn!(path = %path.display(), "a fact in the trash is damaged"),
            }
        }
        Ok(facts)
    }

    fn open(&self, path: &Path) -> JournalResult<Option<Lines>> {
        let file = match self.fs.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", path)(error)),
        };
        let len = file.stat().map_err(failed("stat", path))?.len;
        let body = PlainBody::new(path, Arc::from(file), len);
        let reader = ByteReader::Plain { body, position: 0 };
        Ok(Some(
            Lines::new(path, reader, 0).max_line_bytes(MAX_MANIFEST_LINE_BYTES),
        ))
    }

    fn path(&self, operation: &str, state: TrashState) -> PathBuf {
        self.folder.join(format!("{operation}.{}", state.suffix()))
    }
}

impl std::fmt::Debug for TrashManifests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrashManifests")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

fn header_of(lines: &mut Lines, operation: &str, path: &Path) -> JournalResult<TrashHeader> {
    let no_header = || JournalError::NoHeader { path: path.to_owned() };
    match lines.next()? {
        Some(LineEvent::Line { bytes, .. }) => {
            let framed: Framed<TrashHeader> = serde_json::from_slice(bytes).map_err(|_| no_header())?;
            match framed.trash_format {
                FORMAT => checked(&framed.header, operation, path).map(|()| framed.header),
                format => Err(JournalError::UnknownFormat {
                    path: path.to_owned(),
                    format,
                }),
            }
        }
        _ => Err(no_header()),
    }
}

/// Refuses a manifest that names files of another deletion, or places where no rollout of the home is: whoever gave us the
/// home may have written it.
fn checked(header: &TrashHeader, operation: &str, path: &Path) -> JournalResult<()> {
    let is_ours = header.operation == operation && leads_below(operation);
    if is_ours && header.files.iter().all(|file| is_place_of_rollout(&file.path)) {
        return Ok(());
    }
    Err(JournalError::LeadsAstray { path: path.to_owned() })
}

/// Tells whether a path with `/` between folders leads from the home to a place where rollouts are.
fn is_place_of_rollout(path: &str) -> bool {
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    [SESSIONS_FOLDER, ARCHIVED_FOLDER].contains(&first) && looks_like_rollout(last) && path.split('/').all(leads_below)
}

/// Tells whether a part of a path leads into the folder before it, and nowhere else.
pub fn leads_below(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(['/', '\0'])
}

/// Returns the deletion and the state that the name of a manifest tells.
fn manifest_name(name: &str) -> Option<(String, TrashState)> {
    let (operation, suffix) = name.split_once('.')?;
    let state = TrashState::ALL.into_iter().find(|state| state.suffix() == suffix)?;
    Some((operation.to_owned(), state))
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod manifest_tests;
