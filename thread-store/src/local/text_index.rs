//! Feeds the word index: the second checkpoint, behind the positions.
//!
//! A search first brings it up to date, and reads from the log what could not be indexed.

use codex_protocol::item::TurnItem;
use codex_protocol::log::{EventMsg, LineHead, RolloutItem};
use codex_rollout::discover::RolloutFile;
use codex_rollout::lines::LineEvent;
use codex_state::db::{Index, RolloutRow};
use codex_state::messages::{Speaker, said, said_in_bare};
use codex_state::projector::Mode;
use codex_state::text::{is_context_text, markdown_to_plain};
use codex_state::words::{WordTable, WordWriter};

use super::catalog::Freshness;
use super::list::error_chain;
use super::open_rollout::read_error;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};

/// Documents that one transaction stores at most.
const STEP_DOCUMENTS: usize = 4_000;
/// Bytes of texts after which a transaction stores them.
const STEP_TEXT_BYTES: usize = 16 * 1024 * 1024;

impl Inner {
    /// Brings the word index up to the positions of every rollout.
    pub(super) fn catch_up_text(&self, progress: &mut dyn FnMut(u64)) -> StoreResult<()> {
        self.catch_up_some_text(u64::MAX, progress).map(|_| ())
    }

    /// Brings the word index nearer to the positions until so many bytes were read; returns whether it is there.
    ///
    /// A rollout whose lines cannot be read stays behind; searches go on without it.
    pub(super) fn catch_up_some_text(&self, max_bytes: u64, progress: &mut dyn FnMut(u64)) -> StoreResult<bool> {
        let sweep = self.sweep(Freshness::Recent);
        if self.is_text_synced(&sweep) {
            return Ok(true);
        }
        let index = self.index();
        let behind: Vec<String> = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            reader
                .rollouts_with_text_behind()
                .map_err(|error| self.index_error(error))?
        };
        let mut batch = Vec::new();
        let mut read_bytes = 0;
        for rollout_id in behind {
            if read_bytes >= max_bytes {
                self.store_texts(&mut batch)?;
                return Ok(false);
            }
            let Some(file) = rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
                continue;
            };
            let row = {
                let reader = index.reader().map_err(|error| self.index_error(error))?;
                reader.rollout(&rollout_id).map_err(|error| self.index_error(error))?
            };
            let Some(row) = row else { continue };
            match self.bulk.pass(|| self.index_text(file, &row, &mut batch)) {
                Ok(()) => {}
                Err(error @ StoreError::Read { .. }) => {
                    tracing::warn!(error = %error_chain(&error), "the text of a rollout could not be indexed");
                    // Not counted: steps that only meet such rollouts would never come to the others.
                    continue;
                }
                Err(error) => return Err(error),
            }
            let bytes = row.checkpoint.offset.saturating_sub(row.text_offset);
            read_bytes += bytes;
            progress(bytes);
        }
        self.store_texts(&mut batch)?;
        self.mark_text_synced(&sweep);
        Ok(true)
    }

    /// Collects the texts of one rollout from its text checkpoint to its position checkpoint.
    fn index_text(&self, file: &RolloutFile, row: &RolloutRow, batch: &mut Vec<TextStep>) -> StoreResult<()> {
        let source = self.source(file)?;
        let end = row.checkpoint.offset;
        let mut from = row.text_offset;
        let mut lines = source.lines(from).until(end);
        while from < end {
            let mut documents = Vec::new();
            let mut reached = from;
            let mut text_bytes = 0;
            while documents.len() < STEP_DOCUMENTS && text_bytes < STEP_TEXT_BYTES {
                let at = lines.offset();
                let Some(event) = lines.next().map_err(|error| read_error(&source, at, error))? else {
                    reached = end;
                    break;
                };
                reached = event.end();
                if let LineEvent::Line { offset, bytes, .. } = event
                    && let Some(said) = document_of(bytes, row.checkpoint.mode)
                {
                    text_bytes += said.text_bytes();
                    documents.push(Document { offset, said });
                }
            }
            batch.push(TextStep {
                rollout: row.key,
                from,
                reached,
                documents,
            });
            from = reached;
            let documents = || batch.iter().flat_map(|step| &step.documents);
            let text_bytes = documents().map(|document| document.said.text_bytes()).sum::<usize>();
            if documents().count() >= STEP_DOCUMENTS || text_bytes >= STEP_TEXT_BYTES {
                self.store_texts(batch)?;
            }
        }
        Ok(())
    }

    /// Stores collected texts with their checkpoints; steps that another process took meanwhile are skipped.
    fn store_texts(&self, batch: &mut Vec<TextStep>) -> StoreResult<()> {
        let stored = self.index().write(|transaction| {
            let mut writer = WordWriter::new(transaction);
            for step in batch.iter() {
                if Index::advance_text(transaction, step.rollout, step.from, step.reached)? {
                    for document in &step.documents {
                        let texts: Vec<&str> = document.said.texts().collect();
                        writer.insert(document.said.table, step.rollout, document.offset, &texts)?;
                    }
                }
            }
            Ok(())
        });
        batch.clear();
        stored.map_err(|error| self.index_error(error))
    }
}

/// What one line says, and where it stands.
struct Document {
    offset: u64,
    said: Said,
}

/// Texts between two checkpoints of one rollout.
struct TextStep {
    rollout: i64,
    from: u64,
    reached: u64,
    documents: Vec<Document>,
}

/// What a line says, by whose rules it is searched.
pub(super) struct Said {
    /// Table that it belongs into.
    pub(super) table: WordTable,
    /// Text as written.
    text: String,
    /// Text as a reader of the rendered Markdown sees it, where its words may be others.
    plain: Option<String>,
}

impl Said {
    /// Returns how many bytes of text this is.
    fn text_bytes(&self) -> usize {
        self.text.len() + self.plain.as_ref().map_or(0, String::len)
    }

    /// Returns the texts by whose words the line is found.
    fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.text).chain(self.plain.as_deref())
    }
}

/// Returns what of a line belongs into which table.
pub(super) fn document_of(bytes: &[u8], mode: Mode) -> Option<Said> {
    let (speaker, text, is_markdown) = if mode == Mode::Bare {
        let (speaker, text) = said_in_bare(bytes)?;
        (speaker, text, false)
    } else {
        let head = LineHead::parse(bytes).ok()?;
        if !matches!(&*head.kind, "event_msg" | "response_item") {
            return None;
        }
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
        let (speaker, text) = said(&item)?;
        (speaker, text, is_agent_message(&item))
    };
    let table = match speaker {
        Speaker::Visible => WordTable::Said,
        Speaker::Raw if mode == Mode::Bare && !is_context_text(&text) => WordTable::Said,
        Speaker::Raw => WordTable::Hidden,
    };
    let plain = (is_markdown && may_join_words(&text)).then(|| markdown_to_plain(&text));
    Some(Said { table, text, plain })
}

/// Tells whether a line is what occurrences are looked for in as rendered Markdown.
fn is_agent_message(item: &RolloutItem) -> bool {
    match item {
        RolloutItem::EventMsg(event) => match event.as_ref() {
            EventMsg::AgentMessage(_) => true,
            EventMsg::ItemCompleted(completed) => matches!(completed.item, TurnItem::AgentMessage(_)),
            _ => false,
        },
        _ => false,
    }
}

/// Tells whether rendering Markdown can make words that are not in the source: by markup that vanishes within a word, by a
/// character that is written in another way, or by blocks that follow each other without a separator.
fn may_join_words(markdown: &str) -> bool {
    markdown.bytes().any(|byte| b"*_`[]()\\&<>~\n\r".contains(&byte))
}

#[cfg(test)]
#[path = "text_index_tests.rs"]
mod text_index_tests;
