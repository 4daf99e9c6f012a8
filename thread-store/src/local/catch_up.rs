//! Catches the index up with a rollout: in bulk before a request, or as an overlay while it runs.
//!
//! A checkpoint is trusted only if the content anchor stored with it still matches the bytes of the open descriptor.

use codex_rollout::discover::{Encoding, Location, RolloutFile};
use codex_rollout::head::{Head, HeadError, read_head};
use codex_rollout::lines::LineEvent;
use codex_rollout::source::{Anchor, RolloutSource};
use codex_state::StateError;
use codex_state::db::{FileState, Index, Reader, RolloutRow, RolloutUpdate, StoredRows, WriteOutcome};
use codex_state::projector::{Checkpoint, LineAt, MemoryRows, Mode, Projector, RolloutMeta};
use uuid::Uuid;

use super::open_rollout::{OpenRollout, checkpoint_of, head_error, index_error, read_error};
use super::store::Inner;
use crate::error::{StoreError, StoreResult};

/// Suffix above which a rollout is caught up in stored steps before the request looks at it.
pub(super) const BULK_SUFFIX_BYTES: u64 = 1024 * 1024;
/// Rows that one stored step holds at most.
const STEP_ROWS: usize = 20_000;
/// Bytes that one stored step reads at most.
const STEP_BYTES: u64 = 64 * 1024 * 1024;

/// What becomes of rows that were folded on top of the index.
pub(super) enum Sink<'u> {
    /// They are offered to the index, which takes them unless somebody else is writing.
    Offer,
    /// They are kept for the caller, who stores those of many rollouts at once.
    Collect(&'u mut Vec<RolloutUpdate>),
}

/// What a fold starts from.
struct Start {
    checkpoint: Checkpoint,
    meta: RolloutMeta,
    base: Option<(String, u64, u64)>,
    thread_id: String,
    header_error: Option<String>,
    /// Key and offset of the stored state that is continued; `None` starts over.
    stored: Option<(i64, u64)>,
    /// Whether the index remembers the file as it is now: a move or a touch changes that without a new line.
    same_file: bool,
    text_offset: u64,
}

impl Inner {
    /// Opens a rollout, folds what the index does not have yet, and offers the result to the index.
    pub(super) fn open_rollout<'r>(&self, reader: &'r Reader<'_>, file: &RolloutFile) -> StoreResult<OpenRollout<'r>> {
        let open = self.open_into(reader, file, Sink::Offer)?;
        if open.key.is_some() && open.stored_offset != open.complete_offset {
            self.refresh_thread_row(&open.thread_id);
        }
        Ok(open)
    }

    /// Opens a rollout like [`open_rollout`](Self::open_rollout), leaving the thread's row to the caller.
    pub(super) fn open_into<'r>(
        &self,
        reader: &'r Reader<'_>,
        file: &RolloutFile,
        sink: Sink<'_>,
    ) -> StoreResult<OpenRollout<'r>> {
        let source = self.source(file)?;
        let file = &as_opened(file, &source);
        let rollout_id = rollout_uuid(file);
        let row = self.stored_row(reader, rollout_id)?;
        let start = self.start(&source, file, row)?;
        let stored_offset = start.stored.map_or(0, |(_, offset)| offset);
        let rows = match start.stored {
            Some((key, _)) => MemoryRows::over_unknown(StoredRows::new(reader.connection(), key)),
            None => MemoryRows::empty(),
        };
        let mut open = OpenRollout {
            file: file.clone(),
            rollout_id,
            thread_id: start.thread_id.clone(),
            key: start.stored.map(|(key, _)| key),
            checkpoint: start.checkpoint.clone(),
            meta: start.meta.clone(),
            rows,
            stored_offset,
            complete_offset: stored_offset,
            plain_len: 0,
            base: start.base.clone(),
            header_error: start.header_error.clone(),
            text_offset: start.text_offset,
            source,
        };
        self.fold_suffix(&mut open, &start, sink)?;
        Ok(open)
    }

    fn fold_suffix(&self, open: &mut OpenRollout<'_>, start: &Start, sink: Sink<'_>) -> StoreResult<()> {
        let mut lines = open.source.lines(start.checkpoint.offset);
        let mut projector = Projector::new(
            open.rollout_id,
            open.checkpoint.clone(),
            open.meta.clone(),
            &mut open.rows,
        );
        let mut tail = None;
        loop {
            let at = lines.offset();
            let event = lines.next().map_err(|error| read_error(&open.source, at, error))?;
            let Some(event) = event else { break };
            if !event.is_terminated() {
                tail = Some((event.offset(), event.end()));
                break;
            }
            feed(&mut projector, event).map_err(|error| self.index_error(error))?;
        }
        let (checkpoint, meta) = projector.finish();
        open.complete_offset = checkpoint.offset;
        open.plain_len = tail.map_or(checkpoint.offset, |(_, end)| end);
        open.checkpoint = checkpoint;
        open.meta = meta;
        if open.checkpoint.offset != open.stored_offset || start.stored.is_none() || !start.same_file {
            match sink {
                Sink::Offer => self.offer(open, start)?,
                Sink::Collect(updates) => updates.push(self.update_of_open(open, start)?),
            }
        }
        // With it goes the memory of a long last line, which is read anew.
        drop(lines);
        match tail {
            Some((offset, end)) => self.fold_tail(open, offset, end),
            None => Ok(()),
        }
    }

    /// Folds a last line without newline into this answer only: it may still be written.
    fn fold_tail(&self, open: &mut OpenRollout<'_>, offset: u64, end: u64) -> StoreResult<()> {
        if end - offset > self.limits.max_line_bytes {
            return Ok(());
        }
        let _hold = open.source.rules().hold_once(end - offset);
        let bytes = open
            .source
            .read_at(offset, end - offset)
            .map_err(|error| read_error(&open.source, offset, error))?;
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() {
            return Ok(()); // torn, or still being written: reported by the state of the index, not stored as damage
        }
        let mut projector = Projector::new(
            open.rollout_id,
            open.checkpoint.clone(),
            open.meta.clone(),
            &mut open.rows,
        );
        projector
            .line(LineAt {
                offset,
                bytes: &bytes,
                end,
            })
            .map_err(|error| self.index_error(error))?;
        (open.checkpoint, open.meta) = projector.finish();
        Ok(())
    }

    fn update_of_open(&self, open: &OpenRollout<'_>, start: &Start) -> StoreResult<RolloutUpdate> {
        let state = (open.checkpoint.clone(), open.meta.clone());
        let place = Place {
            file: &open.file,
            plain_end: open.plain_len,
            is_whole: true,
        };
        self.update_of(&open.source, place, start, state, open.rows.changes().clone())
    }

    /// Stores the overlay if nobody else is writing; the answer does not depend on it.
    fn offer(&self, open: &mut OpenRollout<'_>, start: &Start) -> StoreResult<()> {
        let update = self.update_of_open(open, start)?;
        match self.index().try_store(&update) {
            Ok(WriteOutcome::Stored(key)) => {
                open.key = Some(key);
                Ok(())
            }
            Ok(WriteOutcome::Skipped) => Ok(()),
            Err(error) if error.is_rebuildable() => Err(self.index_error(error)),
            Err(error) => {
                tracing::warn!(%error, "index not updated; the answer was folded from the log");
                Ok(())
            }
        }
    }

    /// Catches up a rollout in stored steps if a request would have to fold much.
    pub(super) fn catch_up_bulk(&self, file: &RolloutFile) -> StoreResult<()> {
        let rollout_id = rollout_uuid(file);
        if !self.is_far_behind(file, rollout_id)? {
            return Ok(());
        }
        self.locks.with(&self.budget, &rollout_id, || {
            self.bulk.pass(&self.budget, || self.catch_up_steps(file, rollout_id))
        })
    }

    fn is_far_behind(&self, file: &RolloutFile, rollout_id: Uuid) -> StoreResult<bool> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let Some(row) = self.stored_row(&reader, rollout_id)? else {
            return Ok(file.stat.len > BULK_SUFFIX_BYTES);
        };
        Ok(match file.encoding {
            Encoding::Plain => file.stat.len.saturating_sub(row.checkpoint.offset) > BULK_SUFFIX_BYTES,
            Encoding::Zstd => row.file.fingerprint != fingerprint_text(file) && file.stat.len > BULK_SUFFIX_BYTES,
        })
    }

    /// Folds and stores step by step until the last complete line.
    fn catch_up_steps(&self, file: &RolloutFile, rollout_id: Uuid) -> StoreResult<()> {
        let source = self.source(file)?;
        let index = self.index();
        let row = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            self.stored_row(&reader, rollout_id)?
        };
        let mut start = self.start(&source, file, row)?;
        let mut lines = source.lines(start.checkpoint.offset);
        let mut known_ids = start.stored.is_none().then(Default::default);
        loop {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            let base = start.stored.map(|(key, _)| StoredRows::new(reader.connection(), key));
            let mut rows = MemoryRows::resume(base, known_ids.take());
            let mut projector = Projector::new(rollout_id, start.checkpoint.clone(), start.meta.clone(), &mut rows);
            let step_start = start.checkpoint.offset;
            let mut finished = false;
            let mut plain_end = None;
            loop {
                let at = lines.offset();
                let event = lines.next().map_err(|error| read_error(&source, at, error))?;
                let Some(event) = event else {
                    finished = true;
                    break;
                };
                if !event.is_terminated() {
                    plain_end = Some(event.end());
                    finished = true;
                    break;
                }
                feed(&mut projector, event).map_err(|error| self.index_error(error))?;
                let read = projector.checkpoint().offset - step_start;
                if projector.changed_rows() >= STEP_ROWS || read >= STEP_BYTES {
                    break;
                }
            }
            let (checkpoint, meta) = projector.finish();
            let (changes, ids) = rows.into_parts();
            known_ids = ids;
            drop(reader);
            let plain_end = match file.encoding {
                Encoding::Plain => file.stat.len,
                Encoding::Zstd => plain_end.unwrap_or(checkpoint.offset),
            };
            let place = Place {
                file,
                plain_end,
                is_whole: finished,
            };
            let update = self.update_of(&source, place, &start, (checkpoint.clone(), meta.clone()), changes)?;
            match index.store(&update) {
                Ok(WriteOutcome::Stored(key)) => start.stored = Some((key, checkpoint.offset)),
                // Somebody else stored these lines; the request folds what is left.
                Ok(WriteOutcome::Skipped) => return Ok(()),
                Err(error) if error.is_rebuildable() => return Err(self.index_error(error)),
                Err(error) => {
                    tracing::warn!(%error, "index not updated; answers are folded from the log");
                    return Ok(());
                }
            }
            (start.checkpoint, start.meta) = (checkpoint, meta);
            if finished {
                return Ok(());
            }
        }
    }

    fn stored_row(&self, reader: &Reader<'_>, rollout_id: Uuid) -> StoreResult<Option<RolloutRow>> {
        reader
            .rollout(&rollout_id.to_string())
            .map_err(|error| self.index_error(error))
    }

    /// Opens the one descriptor that a request reads a rollout through.
    pub(super) fn source(&self, file: &RolloutFile) -> StoreResult<RolloutSource> {
        let source =
            RolloutSource::open(self.fs.clone(), file, Some(&self.cache)).map_err(|error| StoreError::Read {
                path: file.path.clone(),
                offset: 0,
                source: Box::new(error),
            })?;
        Ok(source.with_rules(self.read_rules()))
    }

    /// Decides what a fold continues: the stored state if its anchor matches, else the beginning.
    fn start(&self, source: &RolloutSource, file: &RolloutFile, row: Option<RolloutRow>) -> StoreResult<Start> {
        if let Some(row) = row {
            let anchor = Anchor {
                at_offset: row.checkpoint.offset,
                hash: row.anchor_hash,
            };
            let unchanged = row.file.compressed && row.file.fingerprint == fingerprint_text(file);
            let matches = unchanged
                || source
                    .check_anchor(&anchor)
                    .map_err(|error| read_error(source, anchor.at_offset, error))?;
            if matches {
                return Ok(Start {
                    stored: Some((row.key, row.checkpoint.offset)),
                    same_file: row.file == file_state(file),
                    checkpoint: row.checkpoint,
                    meta: row.meta,
                    base: row.base,
                    thread_id: row.thread_id,
                    header_error: row.header_error,
                    text_offset: row.text_offset,
                });
            }
            tracing::info!(path = %file.path.display(), "log and index disagree; projecting this rollout anew");
        }
        let named = file.name.as_ref().map(|name| name.thread_id.to_string());
        match read_head(source) {
            Ok(head) => {
                let (own, base) = identity_of(&head);
                let thread_id = own.or(named).unwrap_or_else(|| rollout_uuid(file).to_string());
                Ok(Start {
                    checkpoint: checkpoint_of(&head),
                    meta: RolloutMeta::default(),
                    base,
                    thread_id,
                    header_error: None,
                    stored: None,
                    same_file: false,
                    text_offset: 0,
                })
            }
            // No header, but lines that can be shown: the file name says whose they are.
            Err(HeadError::NotStartedWithMeta { .. } | HeadError::NoMeta { .. }) => Ok(Start {
                checkpoint: Checkpoint::start(Mode::Legacy, 0, None),
                meta: RolloutMeta::default(),
                base: None,
                thread_id: named.unwrap_or_else(|| rollout_uuid(file).to_string()),
                header_error: Some(super::read::no_header_text(&file.path)),
                stored: None,
                same_file: false,
                text_offset: 0,
            }),
            Err(error) => Err(head_error(source, error)),
        }
    }

    fn update_of(
        &self,
        source: &RolloutSource,
        place: Place<'_>,
        start: &Start,
        (checkpoint, meta): (Checkpoint, RolloutMeta),
        changes: codex_state::projector::RowChanges,
    ) -> StoreResult<RolloutUpdate> {
        let anchor = source
            .anchor(checkpoint.offset)
            .map_err(|error| read_error(source, checkpoint.offset, error))?;
        let mut file = file_state(place.file);
        if file.compressed && !place.is_whole {
            // Its length does not tell that there is more: no file has this fingerprint, so it is looked at again.
            file.fingerprint.clear();
        }
        Ok(RolloutUpdate {
            rollout_id: rollout_uuid(place.file).to_string(),
            thread_id: start.thread_id.clone(),
            file,
            plain_end: place.plain_end,
            anchor_hash: anchor.hash,
            base: start.base.clone(),
            expected_offset: start.stored.map(|(_, offset)| offset),
            checkpoint,
            meta,
            header_error: start.header_error.clone(),
            changes,
        })
    }

    /// Wraps a failure of the index.
    pub(super) fn index_error(&self, error: StateError) -> StoreError {
        index_error(self.index().path(), error)
    }
}

/// The file of an update.
struct Place<'f> {
    file: &'f RolloutFile,
    plain_end: u64,
    /// Whether all of it is folded.
    is_whole: bool,
}

/// Hands one complete line to the projector.
fn feed<S: codex_state::projector::RowStore>(
    projector: &mut Projector<'_, S>,
    event: LineEvent<'_>,
) -> Result<(), StateError> {
    match event {
        LineEvent::Line { offset, bytes, end, .. } => projector.line(LineAt { offset, bytes, end }),
        LineEvent::Oversized { offset, len, end } => projector.oversized(offset, len, end),
    }
}

/// Returns where the plain bytes of a file end that is as it was when `row` was stored.
pub(super) fn plain_end(file: &RolloutFile, row: &RolloutRow) -> u64 {
    match file.encoding {
        Encoding::Plain => file.stat.len,
        Encoding::Zstd => row.plain_end,
    }
}

/// Returns the rollout's id: that of its name, else one made of its path.
pub(super) fn rollout_uuid(file: &RolloutFile) -> Uuid {
    match &file.name {
        Some(name) => name.rollout_id.0,
        None => file.weak_id.map_or_else(
            || Uuid::new_v5(&Uuid::NAMESPACE_URL, file.relative.as_bytes()),
            |id| id.0,
        ),
    }
}

/// Returns a file with the status of the descriptor that is read: it may have grown since it was found.
fn as_opened(file: &RolloutFile, source: &RolloutSource) -> RolloutFile {
    let mut file = file.clone();
    // The other form is known by its own name; the next sweep finds it there.
    if file.encoding == source.encoding() {
        file.stat = *source.stat();
    }
    file
}

/// Returns the file as the index remembers it.
pub(super) fn file_state(file: &RolloutFile) -> FileState {
    FileState {
        path: file.relative.clone(),
        archived: file.location == Location::Archived,
        compressed: file.encoding == Encoding::Zstd,
        len: file.stat.len,
        mtime_ns: file.stat.mtime_ns,
        fingerprint: fingerprint_text(file),
    }
}

/// Returns a text that changes whenever a sweep can see that the file changed.
pub(super) fn fingerprint_text(file: &RolloutFile) -> String {
    let print = &file.stat.fingerprint;
    format!(
        "{}:{}:{}:{}:{}",
        print.dev, print.ino, print.len, print.mtime_ns, print.ctime_ns
    )
}

fn identity_of(head: &Head) -> (Option<String>, Option<(String, u64, u64)>) {
    match head {
        Head::Bare(header) => (Some(header.id.to_string()), None),
        Head::Envelope { meta, .. } => {
            let base = meta.history_base.as_ref().map(|base| {
                (
                    base.thread_id.to_string(),
                    base.end_ordinal_exclusive,
                    base.end_byte_offset,
                )
            });
            (Some(meta.id.to_string()), base)
        }
    }
}

/// Tells whether an error means that the index must be thrown away.
pub(super) fn is_rebuildable(error: &StoreError) -> bool {
    match error {
        StoreError::Index { source, .. } => source
            .downcast_ref::<StateError>()
            .is_some_and(StateError::is_rebuildable),
        _ => false,
    }
}

/// Tells whether the index could not be changed because there is no room.
pub(super) fn is_index_full(error: &StoreError) -> bool {
    match error {
        StoreError::Index { source, .. } => source.downcast_ref::<StateError>().is_some_and(StateError::is_full),
        _ => false,
    }
}

/// Returns the rollout whose stored rows do not fit its bytes, if that is what went wrong.
pub(super) fn stale_rollout(error: &StoreError) -> Option<&std::path::Path> {
    match error {
        StoreError::Index { path, source } => {
            let stale = matches!(source.downcast_ref::<StateError>(), Some(StateError::StaleRow { .. }));
            stale.then_some(path.as_path())
        }
        _ => None,
    }
}

/// Marks that an index is shared by the requests of one store.
pub(super) type SharedIndex = std::sync::Arc<Index>;
