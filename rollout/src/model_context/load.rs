//! Reads the lines of a model context: backwards and no further than needed where that is possible, else forwards.
//!
//! Works on open rollouts; which ones make the history is decided by [`lineage`](crate::lineage).

use codex_protocol::log::{HistoryMode, RolloutLine};

use super::error::ModelContextError;
use super::scan::Scan;
use crate::discover::Encoding;
use crate::head::{Head, read_head};
use crate::lines::LineEvent;
use crate::source::RolloutSource;

/// One rollout of a history.
#[derive(Debug, Clone)]
pub struct ContextSegment {
    /// The rollout, open.
    pub source: RolloutSource,
    /// Offset at which the next rollout of the history takes over; `None` for the newest one, which is read to its end.
    pub end_offset: Option<u64>,
}

/// A line of a model context as it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextLine {
    /// Index of the rollout in the history, oldest first.
    pub segment: usize,
    /// Offset of the line.
    pub offset: u64,
    /// Its bytes without the newline.
    pub bytes: Vec<u8>,
}

/// How much of a history a model context is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContextReach {
    /// From the latest usable compaction, or from the start of the turn before it.
    Suffix,
    /// All of it.
    Whole,
}

/// A model context in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelContext {
    /// How much of the history it is.
    pub reach: ContextReach,
    /// The session metadata of the newest rollout, then the lines, oldest first. Only lines that decode.
    pub lines: Vec<ContextLine>,
}

/// Loads the model context of a history, whose rollouts are given oldest first.
///
/// Costs as much as the suffix that is returned, as long as all rollouts are paginated and plain; other histories are
/// read whole, and [`visit_model_context`] does so without holding them in memory.
pub fn load_model_context(segments: &[ContextSegment]) -> Result<ModelContext, ModelContextError> {
    let mut lines = Vec::new();
    let reach = visit_model_context(segments, &mut |line| lines.push(line))?;
    Ok(ModelContext { reach, lines })
}

/// Hands the lines of a model context to `visit`, in the order of [`ModelContext::lines`].
pub fn visit_model_context(
    segments: &[ContextSegment],
    visit: &mut dyn FnMut(ContextLine),
) -> Result<ContextReach, ModelContextError> {
    let heads = segments.iter().map(own_head).collect::<Result<Vec<_>, _>>()?;
    let Some((newest, newest_head)) = segments.last().zip(heads.last()) else {
        return Err(ModelContextError::NoSegments);
    };
    let len = newest_head.end - newest_head.offset;
    let mut bytes = newest.source.read_at(newest_head.offset, len)?;
    bytes.truncate(bytes.trim_ascii_end().len());
    visit(ContextLine {
        segment: segments.len() - 1,
        offset: newest_head.offset,
        bytes,
    });
    let is_paginated = newest_head.history_mode == HistoryMode::Paginated;
    let is_plain = |segment: &ContextSegment| segment.source.encoding() == Encoding::Plain;
    if is_paginated && segments.iter().all(is_plain) {
        let (reach, lines) = scan_back(segments, &heads)?;
        lines.into_iter().rev().for_each(visit);
        return Ok(reach);
    }
    for (number, (segment, head)) in segments.iter().zip(&heads).enumerate() {
        read_forward(number, segment, head, visit)?;
    }
    Ok(ContextReach::Whole)
}

/// Where a rollout's own session metadata is.
struct OwnHead {
    offset: u64,
    end: u64,
    history_mode: HistoryMode,
}

fn own_head(segment: &ContextSegment) -> Result<OwnHead, ModelContextError> {
    match read_head(&segment.source)? {
        Head::Envelope { meta, offset, end, .. } => Ok(OwnHead {
            offset,
            end,
            history_mode: meta.history_mode,
        }),
        Head::Bare(_) => Err(ModelContextError::Bare {
            path: segment.source.path().to_owned(),
        }),
    }
}

/// Returns the lines newest first.
fn scan_back(
    segments: &[ContextSegment],
    heads: &[OwnHead],
) -> Result<(ContextReach, Vec<ContextLine>), ModelContextError> {
    let mut scan = Scan::default();
    let mut kept = Vec::new();
    for (number, (segment, head)) in segments.iter().zip(heads).enumerate().rev() {
        let end = match segment.end_offset {
            Some(end) => end,
            None => segment.source.plain_len()?,
        };
        let mut lines = segment.source.lines_rev(end);
        while let Some(event) = lines.next()? {
            // A rollout's own metadata begins it; what stands before that is garbage.
            if event.offset() <= head.offset {
                break;
            }
            let LineEvent::Line { offset, bytes, .. } = event else {
                continue;
            };
            let Ok(line) = RolloutLine::decode(bytes) else { continue };
            scan.line(&line.item);
            kept.push(ContextLine {
                segment: number,
                offset,
                bytes: bytes.to_vec(),
            });
            if scan.is_complete() {
                return Ok((ContextReach::Suffix, kept));
            }
        }
    }
    Ok((ContextReach::Whole, kept))
}

fn read_forward(
    number: usize,
    segment: &ContextSegment,
    head: &OwnHead,
    visit: &mut dyn FnMut(ContextLine),
) -> Result<(), ModelContextError> {
    let mut lines = segment.source.lines(0);
    if let Some(end) = segment.end_offset {
        lines = lines.until(end);
    }
    while let Some(event) = lines.next()? {
        let LineEvent::Line { offset, bytes, .. } = event else {
            continue;
        };
        if offset != head.offset && RolloutLine::decode(bytes).is_ok() {
            visit(ContextLine {
                segment: number,
                offset,
                bytes: bytes.to_vec(),
            });
        }
    }
    Ok(())
}
