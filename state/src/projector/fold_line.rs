//! Folds one line: hands it to the fold of its kind of rollout, and keeps the books on damage.
//!
//! No clock, no files, no SQL; the folds themselves are in the files beside this one.

use codex_protocol::log::{LineError, LineHead, RolloutItem};
use uuid::Uuid;

use super::checkpoint::{Checkpoint, MAX_STORED_DAMAGE, Mode};
use super::meta::RolloutMeta;
use super::row_store::RowStore;
use crate::error::StateResult;
use crate::rows::{DamageCode, DamageRow, Span};

/// One complete line handed to the projector.
#[derive(Debug, Clone, Copy)]
pub struct LineAt<'a> {
    /// Offset of the first byte in the plain file.
    pub offset: u64,
    /// Bytes without the newline.
    pub bytes: &'a [u8],
    /// Offset right after the line and its newline.
    pub end: u64,
}

impl LineAt<'_> {
    /// Returns the span of the line.
    pub fn span(&self) -> Span {
        // Lines are at most `max_line_bytes` long, far below 4 GiB; a longer one is handed over as oversized.
        Span {
            offset: self.offset,
            len: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Folds the lines of one rollout.
#[derive(Debug)]
pub struct Projector<'s, S: RowStore> {
    pub(super) rollout_id: Uuid,
    pub(super) checkpoint: Checkpoint,
    pub(super) meta: RolloutMeta,
    pub(super) rows: &'s mut S,
}

impl<'s, S: RowStore> Projector<'s, S> {
    /// Continues at `checkpoint`.
    pub fn new(rollout_id: Uuid, checkpoint: Checkpoint, meta: RolloutMeta, rows: &'s mut S) -> Self {
        Self {
            rollout_id,
            checkpoint,
            meta,
            rows,
        }
    }

    /// Returns what is to be stored besides the rows.
    pub fn finish(self) -> (Checkpoint, RolloutMeta) {
        (self.checkpoint, self.meta)
    }

    /// Returns the state reached so far.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns how many rows wait to be stored.
    pub fn changed_rows(&self) -> usize {
        self.rows.changed_rows()
    }

    /// Folds one complete line.
    ///
    /// A line that cannot be decoded is reported as damage and never stops what follows.
    ///
    /// # Errors
    /// Only those of the row store.
    pub fn line(&mut self, line: LineAt<'_>) -> StateResult<()> {
        if !line.bytes.iter().all(u8::is_ascii_whitespace) {
            match self.checkpoint.mode {
                Mode::Paginated => self.paginated_line(line)?,
                Mode::Legacy => self.legacy_line(line)?,
                Mode::Bare => self.bare_line(line)?,
            }
        }
        self.checkpoint.offset = line.end;
        self.checkpoint.content_hash = self.checkpoint.content_hash.with_line(line.bytes, line.end);
        self.checkpoint.line_no += 1;
        Ok(())
    }

    /// Passes over a line that is longer than the limit.
    ///
    /// # Errors
    /// Only those of the row store.
    pub fn oversized(&mut self, offset: u64, len: u64, end: u64) -> StateResult<()> {
        self.damage(offset, len, DamageCode::Oversized)?;
        self.checkpoint.offset = end;
        self.checkpoint.content_hash = self.checkpoint.content_hash.with_oversized(end);
        self.checkpoint.line_no += 1;
        Ok(())
    }

    pub(super) fn damage(&mut self, offset: u64, len: u64, code: DamageCode) -> StateResult<()> {
        self.checkpoint.damage_count += 1;
        if self.checkpoint.damage_count <= MAX_STORED_DAMAGE {
            self.rows.put_damage(DamageRow { offset, len, code })?;
        }
        Ok(())
    }

    pub(super) fn damaged_line(&mut self, line: LineAt<'_>, code: DamageCode) -> StateResult<()> {
        self.damage(line.offset, line.bytes.len() as u64, code)
    }

    pub(super) fn reject(&mut self, line: LineAt<'_>, error: &LineError) -> StateResult<()> {
        self.checkpoint.rejected_pending += 1;
        self.damaged_line(line, damage_of(error))
    }
}

/// Returns the damage that a decoding error amounts to.
pub fn damage_of(error: &LineError) -> DamageCode {
    match error {
        LineError::NotUtf8 { .. } => DamageCode::InvalidUtf8,
        LineError::NotJson { .. } | LineError::NotAnObject => DamageCode::MalformedJson,
        _ => DamageCode::UnknownLine,
    }
}

/// Decodes the item of a line whose head is known.
pub(super) fn decode_item(head: &LineHead<'_>) -> Result<RolloutItem, LineError> {
    RolloutItem::decode(&head.kind, head.payload, head.metadata)
}

/// Parses a line timestamp into Unix milliseconds.
pub(crate) fn timestamp_ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond())
}
