//! Reads the journal, all of it or what is new.
//!
//! Never changes anything. A torn last line is not there yet; a line whose checksum is wrong is reported and skipped.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::error::{JournalError, JournalResult, failed};
use super::fact::{FactKind, JournalFact};
use super::line::{FORMAT, Header, MAX_JOURNAL_LINE_BYTES, decode_fact, decode_header};
use crate::fs::LogFs;
use crate::lines::{LineEvent, Lines};
use crate::source::{ByteReader, PlainBody};

/// Most bytes before a position that vouch for it.
const ANCHOR_BYTES: u64 = 512;

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct JournalPosition {
    /// Generation of the journal; 0 before anything was read.
    pub generation: u64,
    /// Offset after the last line that was read.
    pub offset: u64,
    /// Hash of the bytes just before `offset`: after a power loss the same offset may be in the middle of other lines.
    pub anchor: u64,
}

/// A fact and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFact {
    /// Offset of its line.
    pub offset: u64,
    /// The fact.
    pub fact: JournalFact,
}

/// A line that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalDamage {
    /// Offset of the line.
    pub offset: u64,
    /// Its length without the newline.
    pub len: u64,
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRead {
    /// Whether the facts are the whole journal, because the position that was given means nothing in it. A reader drops
    /// what it knew.
    pub is_whole: bool,
    /// The facts, oldest first.
    pub facts: Vec<StoredFact>,
    /// Where to go on.
    pub position: JournalPosition,
    /// Lines that were skipped.
    pub damage: Vec<JournalDamage>,
}

impl JournalRead {
    /// Returns what these facts say of some threads since each was deleted last, without what newer ones replace.
    pub fn standing_of(&self, threads: &BTreeSet<ThreadId>) -> Vec<JournalFact> {
        let mut standing: Vec<&JournalFact> = Vec::new();
        for StoredFact { fact, .. } in &self.facts {
            if !fact.thread_id.is_some_and(|thread_id| threads.contains(&thread_id)) {
                continue;
            }
            if fact.kind == FactKind::ThreadDeleted {
                standing.retain(|earlier| earlier.thread_id != fact.thread_id);
                continue;
            }
            if fact.kind.newest_counts() {
                let subject = (&fact.kind, fact.thread_id, &fact.key);
                standing.retain(|earlier| (&earlier.kind, earlier.thread_id, &earlier.key) != subject);
            }
            standing.push(fact);
        }
        standing.into_iter().cloned().collect()
    }
}

/// An open journal with a frozen length.
pub(super) struct OpenJournal {
    body: PlainBody,
    pub(super) header: Header,
    /// Offset after the header line.
    start: u64,
}

/// Opens the journal; `None` if there is none, or not even one whole line of it.
pub(super) fn open(fs: &dyn LogFs, path: &Path) -> JournalResult<Option<OpenJournal>> {
    let file = match fs.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let len = file.stat().map_err(failed("stat", path))?.len;
    let body = PlainBody::new(path, Arc::from(file), len);
    let no_header = || JournalError::NoHeader { path: path.to_owned() };
    let mut first = lines(&body, path, 0);
    let Some(event) = first.next()? else { return Ok(None) };
    if !event.is_terminated() {
        return Ok(None);
    }
    let LineEvent::Line { bytes, end, .. } = event else {
        return Err(no_header());
    };
    let header = decode_header(bytes).ok_or_else(no_header)?;
    if header.journal_format != FORMAT {
        return Err(JournalError::UnknownFormat {
            path: path.to_owned(),
            format: header.journal_format,
        });
    }
    Ok(Some(OpenJournal {
        body,
        header,
        start: end,
    }))
}

impl OpenJournal {
    /// Reads from a position, or everything if the position is of another journal.
    pub(super) fn read(&self, from: JournalPosition) -> JournalResult<JournalRead> {
        let continues = from.generation == self.header.generation
            && (self.start..=self.body.len()).contains(&from.offset)
            && self.anchor(from.offset)? == from.anchor;
        let start = if continues { from.offset } else { self.start };
        let mut read = JournalRead {
            is_whole: !continues,
            facts: Vec::new(),
            position: JournalPosition::default(),
            damage: Vec::new(),
        };
        let end = self.visit(start, |line| match line.fact() {
            Some(fact) => read.facts.push(StoredFact {
                offset: line.offset,
                fact,
            }),
            None => read.damage.push(JournalDamage {
                offset: line.offset,
                len: line.len,
            }),
        })?;
        read.position = JournalPosition {
            generation: self.header.generation,
            offset: end,
            anchor: self.anchor(end)?,
        };
        Ok(read)
    }

    /// Visits every whole line after the header and returns where the last one ends.
    pub(super) fn visit_all(&self, visit: impl FnMut(JournalLine<'_>)) -> JournalResult<u64> {
        self.visit(self.start, visit)
    }

    /// Length of the file when it was opened.
    pub(super) fn len(&self) -> u64 {
        self.body.len()
    }

    /// Offset after the last newline.
    pub(super) fn whole_len(&self) -> JournalResult<u64> {
        let mut end = self.body.len();
        let mut bytes = [0; ANCHOR_BYTES as usize];
        while end > self.start {
            let start = end.saturating_sub(ANCHOR_BYTES).max(self.start);
            let bytes = &mut bytes[..(end - start) as usize];
            self.body.read_exact_at(start, bytes)?;
            if let Some(at) = memchr::memrchr(b'\n', bytes) {
                return Ok(start + at as u64 + 1);
            }
            end = start;
        }
        Ok(self.start)
    }

    fn visit(&self, start: u64, mut visit: impl FnMut(JournalLine<'_>)) -> JournalResult<u64> {
        let mut end = start;
        let mut lines = lines(&self.body, self.body.path(), start);
        while let Some(event) = lines.next()? {
            if !event.is_terminated() {
                break;
            }
            end = event.end();
            let line = match event {
                LineEvent::Line { offset, bytes, .. } => JournalLine {
                    offset,
                    len: bytes.len() as u64,
                    bytes: Some(bytes),
                },
                LineEvent::Oversized { offset, len, .. } => JournalLine {
                    offset,
                    len,
                    bytes: None,
                },
            };
            visit(line);
        }
        Ok(end)
    }

    fn anchor(&self, offset: u64) -> JournalResult<u64> {
        let start = offset.saturating_sub(ANCHOR_BYTES);
        let mut bytes = [0; ANCHOR_BYTES as usize];
        let bytes = &mut bytes[..(offset - start) as usize];
        self.body.read_exact_at(start, bytes)?;
        Ok(xxh3_64(bytes))
    }
}

/// One whole line of the journal.
pub(super) struct JournalLine<'a> {
    pub(super) offset: u64,
    pub(super) len: u64,
    /// `None` for a line that is too long.
    pub(super) bytes: Option<&'a [u8]>,
}

impl JournalLine<'_> {
    pub(super) fn fact(&self) -> Option<JournalFact> {
        decode_fact(self.bytes?)
    }
}

fn lines(body: &PlainBody, path: &Path, offset: u64) -> Lines {
    let reader = ByteReader::Plain {
        body: body.clone(),
        position: offset,
    };
    Lines::new(path, reader, offset).max_line_bytes(MAX_JOURNAL_LINE_BYTES)
}
