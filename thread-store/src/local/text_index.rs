//! Feeds the word index: the second checkpoint, behind the positions.
//!
//! A search first brings it up to date, and reads from the log what could not be indexed. Lines are read and cut into words
//! on a thread of their own while the one before stores.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use codex_rollout::discover::RolloutFile;
use codex_rollout::lines::LineEvent;
use codex_state::db::{Index, RolloutRow};
use codex_state::query::Field;
use codex_state::words::{DocumentWords, KnownTokens, WordTable, WordWriter, deeds};

use super::catalog::{Freshness, Sweep};
use super::list::error_chain;
use super::open_rollout::read_error;
use super::searchable::document_of;
use super::store::Inner;
use crate::answer_room::AnswerRoom;
use crate::error::{StoreError, StoreResult};

/// Documents that one transaction stores at most, and the bytes of their words.
const STEP_DOCUMENTS: usize = 16_000;
const STEP_BYTES: usize = 8 * 1024 * 1024;
/// The same of what waits to be stored at once; some of these make a transaction.
const PARCEL_DOCUMENTS: usize = 1_000;
const PARCEL_BYTES: usize = 1024 * 1024;
/// Parcels that wait at most: as many as a transaction stores, or reading would wait for storing and then storing for reading.
const MAX_WAITING_PARCELS: usize = 16;

/// What of a history documents are made of; each has a checkpoint of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextPart {
    /// Messages: what `thread/search` waits for.
    Said,
    /// Everything else.
    Done,
}

impl Inner {
    /// Brings a part of the word index up to the positions of every rollout.
    pub(super) fn catch_up_text(&self, part: TextPart, progress: &mut dyn FnMut(u64)) -> StoreResult<()> {
        self.catch_up_some_text(part, u64::MAX, progress).map(|_| ())
    }

    /// Brings a part of the word index nearer to the positions until so many bytes were read; returns whether it is there.
    ///
    /// A rollout whose lines cannot be read stays behind; searches go on without it.
    pub(super) fn catch_up_some_text(
        &self,
        part: TextPart,
        max_bytes: u64,
        progress: &mut dyn FnMut(u64),
    ) -> StoreResult<bool> {
        let sweep = self.sweep(Freshness::Recent);
        if self.is_text_synced(&sweep, part) {
            return Ok(true);
        }
        let behind: Vec<String> = {
            let index = self.index();
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            let behind = match part {
                TextPart::Said => reader.rollouts_with_text_behind(),
                TextPart::Done => deeds::behind(reader.connection()),
            };
            behind.map_err(|error| self.index_error(error))?
        };
        let complete = behind.is_empty() || self.index_texts(&sweep, (part, &behind), max_bytes, progress)?;
        if complete {
            self.mark_text_synced(&sweep, part);
        }
        Ok(complete)
    }

    /// Reads on one thread, stores on this one; returns whether no rollout is left.
    fn index_texts(
        &self,
        sweep: &Arc<Sweep>,
        behind: (TextPart, &[String]),
        max_bytes: u64,
        progress: &mut dyn FnMut(u64),
    ) -> StoreResult<bool> {
        // The reader works for the same request: if it holds memory already, the reader waits for no more.
        let room = AnswerRoom::of_thread();
        std::thread::scope(|scope| {
            let (parcels, received) = sync_channel(MAX_WAITING_PARCELS);
            let reading = scope.spawn(move || {
                let _entered = room.map(AnswerRoom::enter);
                let mut cutter = Cutter::new(parcels);
                let complete = self.read_texts(sweep, behind, max_bytes, &mut cutter)?;
                cutter.hand_over();
                Ok(complete)
            });
            // If it fails, it hangs up, and the reader sees that nobody waits for more.
            let stored = self.store_parcels(received, progress);
            let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            stored.and(read)
        })
    }

    /// Reads rollouts that are behind, one after the other; returns whether none is left.
    fn read_texts(
        &self,
        sweep: &Sweep,
        (part, behind): (TextPart, &[String]),
        max_bytes: u64,
        cutter: &mut Cutter,
    ) -> StoreResult<bool> {
        let index = self.index();
        let mut read_bytes = 0;
        for rollout_id in behind {
            if read_bytes >= max_bytes || cutter.is_unwanted {
                return Ok(false);
            }
            let Some(file) = rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
                continue;
            };
            let Some((row, from)) = self.text_checkpoint(&index, rollout_id, part)? else {
                continue;
            };
            let read = || match part {
                TextPart::Said => self.read_text(file, &row, cutter),
                TextPart::Done => self.read_deeds(file, &row, from, cutter),
            };
            match self.bulk.pass(&self.budget, read) {
                Ok(()) => {}
                Err(error @ StoreError::Read { .. }) => {
                    tracing::warn!(error = %error_chain(&error), "the text of a rollout could not be indexed");
                    cutter.forget_words();
                    // Not counted: steps that only meet such rollouts would never come to the others.
                    continue;
                }
                Err(error) => return Err(error),
            }
            let bytes = row.checkpoint.offset.saturating_sub(from);
            read_bytes += bytes;
            cutter.end_rollout(bytes);
        }
        Ok(true)
    }

    /// Returns a rollout, and where a part of its texts is to go on.
    fn text_checkpoint(
        &self,
        index: &Index,
        rollout_id: &str,
        part: TextPart,
    ) -> StoreResult<Option<(RolloutRow, u64)>> {
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let Some(row) = reader.rollout(rollout_id).map_err(|error| self.index_error(error))? else {
            return Ok(None);
        };
        let from = match part {
            TextPart::Said => row.text_offset,
            TextPart::Done => deeds::offset(reader.connection(), row.key).map_err(|error| self.index_error(error))?,
        };
        Ok(Some((row, from)))
    }

    /// Cuts one rollout into words from its text checkpoint to its position checkpoint.
    fn read_text(&self, file: &RolloutFile, row: &RolloutRow, cutter: &mut Cutter) -> StoreResult<()> {
        let stretch = Stretch {
            part: TextPart::Said,
            from: row.text_offset,
        };
        self.read_lines(file, row, stretch, cutter, |cutter, offset, bytes| {
            let said = document_of(bytes, row.checkpoint.mode)?;
            let words = cutter.words_of(said.texts());
            let table = Some(said.table);
            Some(Document { offset, table, words })
        })
    }

    /// Makes documents of lines up to the position checkpoint, and hands them over in steps.
    pub(super) fn read_lines(
        &self,
        file: &RolloutFile,
        row: &RolloutRow,
        Stretch { part, mut from }: Stretch,
        cutter: &mut Cutter,
        mut document: impl FnMut(&mut Cutter, u64, &[u8]) -> Option<Document>,
    ) -> StoreResult<()> {
        let source = self.source(file)?;
        let end = row.checkpoint.offset;
        let mut lines = source.lines(from).until(end);
        while from < end && !cutter.is_unwanted {
            let mut documents = Vec::new();
            let mut reached = from;
            while cutter.has_room() {
                let at = lines.offset();
                let Some(event) = lines.next().map_err(|error| read_error(&source, at, error))? else {
                    reached = end;
                    break;
                };
                reached = event.end();
                if let LineEvent::Line { offset, bytes, .. } = event {
                    documents.extend(document(cutter, offset, bytes));
                }
            }
            cutter.add(TextStep {
                part,
                rollout: row.key,
                from,
                reached,
                documents,
            });
            from = reached;
        }
        Ok(())
    }

    fn store_parcels(&self, received: Receiver<Parcel>, progress: &mut dyn FnMut(u64)) -> StoreResult<()> {
        let mut waiting = Parcel::default();
        for parcel in received {
            waiting.add(parcel);
            if waiting.documents >= STEP_DOCUMENTS || waiting.words_bytes >= STEP_BYTES {
                self.store_texts(&waiting.steps)?;
                progress(waiting.read_bytes);
                waiting = Parcel::default();
            }
        }
        self.store_texts(&waiting.steps)?;
        progress(waiting.read_bytes);
        Ok(())
    }

    /// Stores texts with their checkpoints; steps that another process took meanwhile are skipped.
    fn store_texts(&self, steps: &[TextStep]) -> StoreResult<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let stored = self.index().write(|transaction| {
            let mut writer = WordWriter::new(transaction);
            for step in steps {
                // Later documents count on these words, also if the other process has not come to them.
                step.documents.iter().try_for_each(|it| writer.learn(&it.words))?;
                let advanced = match step.part {
                    TextPart::Said => Index::advance_text(transaction, step.rollout, step.from, step.reached)?,
                    TextPart::Done => deeds::advance(transaction, step.rollout, step.from, step.reached)?,
                };
                for document in step.documents.iter().filter(|_| advanced) {
                    let (offset, words) = (document.offset, &document.words);
                    match document.table {
                        Some(table) => writer.insert_words(table, step.rollout, offset, words)?,
                        None => deeds::insert(transaction, step.rollout, offset, words)?,
                    }
                }
            }
            Ok(())
        });
        stored.map_err(|error| self.index_error(error))
    }
}

/// The words of one line or item, and where it stands.
pub(super) struct Document {
    pub(super) offset: u64,
    /// Table of a message; none for what was done.
    pub(super) table: Option<WordTable>,
    pub(super) words: DocumentWords,
}

/// What is read of a rollout: a part of its texts, from an offset on.
pub(super) struct Stretch {
    pub(super) part: TextPart,
    pub(super) from: u64,
}

/// Documents between two checkpoints of one rollout.
pub(super) struct TextStep {
    pub(super) part: TextPart,
    pub(super) rollout: i64,
    pub(super) from: u64,
    pub(super) reached: u64,
    pub(super) documents: Vec<Document>,
}

/// Steps that are handed over together.
#[derive(Default)]
struct Parcel {
    steps: Vec<TextStep>,
    documents: usize,
    words_bytes: usize,
    /// Bytes of the rollouts that end in it.
    read_bytes: u64,
}

impl Parcel {
    fn add(&mut self, other: Self) {
        self.steps.extend(other.steps);
        self.documents += other.documents;
        self.words_bytes += other.words_bytes;
        self.read_bytes += other.read_bytes;
    }
}

/// Cuts texts into words, and hands them over in parcels.
pub(super) struct Cutter {
    known: KnownTokens,
    parcel: Parcel,
    parcels: SyncSender<Parcel>,
    /// Whether nobody takes parcels any more.
    pub(super) is_unwanted: bool,
}

impl Cutter {
    fn new(parcels: SyncSender<Parcel>) -> Self {
        Self {
            known: KnownTokens::default(),
            parcel: Parcel::default(),
            parcels,
            is_unwanted: false,
        }
    }

    fn words_of<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> DocumentWords {
        let words = self.known.words_of(texts);
        self.parcel.documents += 1;
        self.parcel.words_bytes += words.len_bytes();
        words
    }

    pub(super) fn words_of_fields(&mut self, fields: &[Field<'_>]) -> DocumentWords {
        let words = self.known.words_of_fields(fields);
        self.parcel.documents += 1;
        self.parcel.words_bytes += words.len_bytes();
        words
    }

    /// Of what was cut last, nothing will be handed over.
    fn forget_words(&mut self) {
        self.known = KnownTokens::default();
    }

    pub(super) fn has_room(&self) -> bool {
        self.parcel.documents < PARCEL_DOCUMENTS && self.parcel.words_bytes < PARCEL_BYTES
    }

    /// Adds a step, of documents that were cut since the last one.
    pub(super) fn add(&mut self, step: TextStep) {
        self.parcel.steps.push(step);
        if !self.has_room() {
            self.hand_over();
        }
    }

    fn end_rollout(&mut self, bytes: u64) {
        self.parcel.read_bytes += bytes;
    }

    fn hand_over(&mut self) {
        self.is_unwanted |= self.parcels.send(std::mem::take(&mut self.parcel)).is_err();
    }
}

#[cfg(test)]
#[path = "text_index_tests.rs"]
mod text_index_tests;
