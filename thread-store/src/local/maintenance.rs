//! Brings the whole index up to date, and compares it with a fresh fold of the log.
//!
//! The comparison is row for row, and of the checksum of all lines: an index that was built step by step must equal one that
//! is built at once.

use codex_protocol::ids::ThreadId;
use codex_rollout::discover::RolloutFile;
use codex_rollout::head::{HeadError, read_head};
use codex_rollout::lines::LineEvent;
use codex_state::db::{RolloutRow, StoredRows};
use codex_state::projector::{KeyRange, LineAt, MemoryRows, Order, Projector, RowReader};
use codex_state::rows::RowSet;
use codex_state::threads;

use super::catalog::Freshness;
use super::catch_up::rollout_uuid;
use super::list::error_chain;
use super::open_rollout::{checkpoint_of, head_error, read_error};
use super::store::Inner;
use super::text_index::TextPart;
use crate::error::{StoreError, StoreResult};
use crate::report::{IndexReport, VerifyReport};
use crate::store::IndexProgress;

/// Row sets, for counts and comparisons.
const SETS: [RowSet; 3] = [RowSet::Full, RowSet::Codex, RowSet::Raw];

impl Inner {
    /// Brings positions and texts of every rollout up to date.
    pub(super) fn index_all(&self, progress: &dyn IndexProgress) -> StoreResult<IndexReport> {
        let sweep = self.sweep(Freshness::Now);
        let total_bytes: u64 = sweep.files.iter().map(|file| file.stat.len).sum();
        let total_files = sweep.files.len() as u64;
        let mut done_bytes = 0;
        self.bring_up_to_date(&mut |file, done| {
            progress.advance(done_bytes, total_bytes, done as u64, total_files);
            done_bytes += file.stat.len;
        })?;
        self.catch_up_titles()?;
        for part in [TextPart::Said, TextPart::Done] {
            self.catch_up_text(part, &mut |_| {
                progress.advance(total_bytes, total_bytes, total_files, total_files);
            })?;
        }
        progress.advance(total_bytes, total_bytes, total_files, total_files);
        let sweep = self.sweep(Freshness::Recent);
        let index = self.index();
        let mut report = IndexReport {
            rollouts: total_files,
            log_bytes: total_bytes,
            unreadable: self.unreadable(&sweep),
            ..IndexReport::default()
        };
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        report.threads = threads::count(reader.connection()).map_err(|error| self.index_error(error))?;
        for (rollout_id, _, _) in reader.files().map_err(|error| self.index_error(error))? {
            let Some(row) = reader.rollout(&rollout_id).map_err(|error| self.index_error(error))? else {
                continue;
            };
            let stored = StoredRows::new(reader.connection(), row.key);
            let (turns, items) = stored.counts().map_err(|error| self.index_error(error))?;
            report.turns += turns;
            report.items += items;
            report.damaged_lines += row.checkpoint.damage_count;
        }
        drop(reader);
        report.index_bytes = index.size_bytes().map_err(|error| self.index_error(error))?;
        Ok(report)
    }

    /// Looks through the index for contradictions; one with any counts as unusable.
    pub(super) fn check_index(&self) -> StoreResult<()> {
        self.index().check().map_err(|error| self.index_error(error))
    }

    /// Compares every stored rollout with a fresh fold of its log.
    pub(super) fn verify(&self, progress: &dyn IndexProgress) -> StoreResult<VerifyReport> {
        self.check_index()?;
        let sweep = self.sweep(Freshness::Now);
        self.bring_up_to_date_if_there_is_room()?;
        let total_bytes: u64 = sweep.files.iter().map(|file| file.stat.len).sum();
        let mut report = VerifyReport {
            unreadable: self.unreadable(&sweep),
            ..VerifyReport::default()
        };
        let mut done_bytes = 0;
        for (done, file) in sweep.files.iter().enumerate() {
            progress.advance(done_bytes, total_bytes, done as u64, sweep.files.len() as u64);
            done_bytes += file.stat.len;
            match self.verify_file(file) {
                Ok(None) => {}
                Ok(Some(found)) => {
                    report.rollouts += 1;
                    report.rows += found.rows;
                    report.damaged_lines += found.damaged_lines;
                    if let Some(difference) = found.difference {
                        report.differing.push((file.path.clone(), difference));
                    }
                }
                Err(error @ StoreError::Read { .. }) => {
                    report.unreadable.push((file.path.clone(), error_chain(&error)));
                }
                Err(error) => return Err(error),
            }
        }
        progress.advance(
            total_bytes,
            total_bytes,
            sweep.files.len() as u64,
            sweep.files.len() as u64,
        );
        Ok(report)
    }

    fn verify_file(&self, file: &RolloutFile) -> StoreResult<Option<Verified>> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let stored = reader
            .rollout(&rollout_uuid(file).to_string())
            .map_err(|error| self.index_error(error))?;
        let Some(stored) = stored else { return Ok(None) };
        let source = self.source(file)?;
        let checkpoint = match read_head(&source) {
            Ok(head) => checkpoint_of(&head),
            Err(error @ HeadError::Read(_)) => return Err(head_error(&source, error)),
            Err(_) => codex_state::projector::Checkpoint::start(stored.checkpoint.mode, 0, None),
        };
        let mut fresh: MemoryRows<StoredRows<'_>> = MemoryRows::empty();
        let mut projector = Projector::new(rollout_uuid(file), checkpoint, Default::default(), &mut fresh);
        let mut lines = source.lines(0).until(stored.checkpoint.offset);
        loop {
            let at = lines.offset();
            let Some(event) = lines.next().map_err(|error| read_error(&source, at, error))? else {
                break;
            };
            let fed = match event {
                LineEvent::Line { offset, bytes, end, .. } => projector.line(LineAt { offset, bytes, end }),
                LineEvent::Oversized { offset, len, end } => projector.oversized(offset, len, end),
            };
            fed.map_err(|error| self.index_error(error))?;
        }
        let (checkpoint, meta) = projector.finish();
        let rows = StoredRows::new(reader.connection(), stored.key);
        let difference = if checkpoint.content_hash != stored.checkpoint.content_hash {
            Some(changed_bytes(&stored))
        } else if checkpoint != stored.checkpoint {
            Some("the checkpoint differs".to_owned())
        } else if meta != stored.meta {
            Some("the metadata differs".to_owned())
        } else {
            self.first_difference(&rows, &fresh)?
        };
        let damaged_lines = checkpoint.damage_count;
        Ok(Some(Verified {
            rows: fresh.changes().len() as u64,
            damaged_lines,
            difference,
        }))
    }

    fn first_difference(
        &self,
        stored: &StoredRows<'_>,
        fresh: &MemoryRows<StoredRows<'_>>,
    ) -> StoreResult<Option<String>> {
        for set in SETS {
            let both_turns = (
                stored.turns(set, KeyRange::ALL, Order::Ascending, usize::MAX),
                fresh.turns(set, KeyRange::ALL, Order::Ascending, usize::MAX),
            );
            let (left, right) = match both_turns {
                (Ok(left), Ok(right)) => (left, right),
                (Err(error), _) | (_, Err(error)) => return Err(self.index_error(error)),
            };
            if let Some(at) = first_unequal(&left, &right) {
                return Ok(Some(format!("turn row {at} of the {set:?} set differs")));
            }
            let both_items = (
                stored.items(set, None, KeyRange::ALL, Order::Ascending, usize::MAX),
                fresh.items(set, None, KeyRange::ALL, Order::Ascending, usize::MAX),
            );
            let (left, right) = match both_items {
                (Ok(left), Ok(right)) => (left, right),
                (Err(error), _) | (_, Err(error)) => return Err(self.index_error(error)),
            };
            if let Some(at) = first_unequal(&left, &right) {
                return Ok(Some(format!("item row {at} of the {set:?} set differs")));
            }
        }
        Ok(None)
    }

    /// Finds the stored rollouts of a thread.
    pub(super) fn stored_rollouts(&self, thread_id: ThreadId) -> StoreResult<Vec<RolloutRow>> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        reader
            .rollouts_of(&thread_id.to_string())
            .map_err(|error| self.index_error(error))
    }
}

/// What comparing one rollout found.
struct Verified {
    rows: u64,
    damaged_lines: u64,
    difference: Option<String>,
}

/// Says that the log was changed behind the index. Rows hold positions, so they may agree nevertheless.
fn changed_bytes(stored: &RolloutRow) -> String {
    format!(
        "thread {}: the first {} bytes are no longer those that were indexed (checksum {}); something changed the log, \
         which is only ever appended to. A rebuild indexes what is there now",
        stored.thread_id, stored.checkpoint.offset, stored.checkpoint.content_hash
    )
}

fn first_unequal<T: PartialEq>(left: &[T], right: &[T]) -> Option<usize> {
    let at = left.iter().zip(right).position(|(left, right)| left != right);
    at.or((left.len() != right.len()).then(|| left.len().min(right.len())))
}
