//! Decides how an existing log is continued: its next ordinal, and what must be done to its end first.
//!
//! Only looks; the writer carries the plan out at its first append, so that opening a log changes nothing (design
//! section 6, format section 5).

use std::path::PathBuf;

use codex_protocol::log::{HistoryMode, LineHead, RolloutItem, SessionMeta};
use serde::Deserialize;

use super::error::{WriteError, WriteResult};
use crate::head::{Head, HeadError, read_head};
use crate::lines::LineEvent;
use crate::source::RolloutSource;
use crate::tail::{TailState, tail_state};

/// How far back, at least, ordinals are looked at: a foreign writer may have gone back to lower ones at the very end.
const ORDINAL_SCAN_BYTES: u64 = 64 * 1024;

/// What a writer may do with a fragment at the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TornTailRule {
    /// Cut it off and keep its bytes aside.
    CutAside,
    /// End it with a newline, as Codex does. For logs of which a projection points beyond the fragment's start.
    TerminateInPlace,
}

/// A fragment that was found at the end of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// Offset of the fragment.
    pub offset: u64,
    /// Its length.
    pub len: u64,
    /// Where its bytes are kept; `None` if it stays in the log, or as long as nothing was appended.
    pub kept_aside: Option<PathBuf>,
}

/// What was found at the end of a log that is to be continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailReport {
    /// What follows the last newline.
    pub state: TailState,
    /// Highest ordinal near the end; `None` in legacy rollouts.
    pub highest_ordinal: Option<u64>,
}

/// What the writer does before its first append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    Nothing,
    AddNewline,
    CutAside { offset: u64, len: u64 },
}

/// How a log goes on.
#[derive(Debug)]
pub(super) struct TailPlan {
    /// The canonical session metadata; `None` for a file without any byte.
    pub(super) meta: Option<Box<SessionMeta>>,
    /// Length of the file.
    pub(super) len: u64,
    /// Ordinal of the next line; `None` if lines have none. `u64::MAX` is never given to a line.
    pub(super) next_ordinal: Option<u64>,
    pub(super) repair: Repair,
    pub(super) report: TailReport,
}

/// Looks at an open plain rollout.
pub(super) fn plan(source: &RolloutSource, rule: TornTailRule) -> WriteResult<TailPlan> {
    let len = source.plain_len()?;
    if len == 0 {
        // Codex continues an empty file as a legacy one (format section 5).
        return Ok(TailPlan {
            meta: None,
            len,
            next_ordinal: None,
            repair: Repair::Nothing,
            report: TailReport {
                state: TailState::Clean,
                highest_ordinal: None,
            },
        });
    }
    let head = read_head(source)?;
    let state = tail_state(source, &head)?;
    let meta = match head {
        Head::Envelope { meta, .. } => meta,
        Head::Bare(_) => {
            return Err(WriteError::Bare {
                path: source.path().to_owned(),
            });
        }
    };
    let highest_ordinal = match meta.history_mode {
        HistoryMode::Legacy => None,
        HistoryMode::Paginated => highest_ordinal(source, len, &state)?,
    };
    let next_ordinal = next_ordinal(source, &meta, highest_ordinal)?;
    let repair = match (state, rule) {
        (TailState::Torn { offset, len }, TornTailRule::CutAside) => Repair::CutAside { offset, len },
        _ if source.read_at(len - 1, 1)? != b"\n" => Repair::AddNewline,
        _ => Repair::Nothing,
    };
    Ok(TailPlan {
        meta: Some(meta),
        len,
        next_ordinal,
        repair,
        report: TailReport { state, highest_ordinal },
    })
}

fn next_ordinal(source: &RolloutSource, meta: &SessionMeta, highest: Option<u64>) -> WriteResult<Option<u64>> {
    if meta.history_mode == HistoryMode::Legacy {
        return Ok(None);
    }
    if let Some(start) = meta.subagent_history_start_ordinal
        && highest.is_none_or(|highest| highest.saturating_add(1) < start)
    {
        return Err(WriteError::IncompletePrefix {
            path: source.path().to_owned(),
            last_ordinal: highest,
            subagent_start_ordinal: start,
        });
    }
    match highest {
        Some(highest) => Ok(Some(highest.saturating_add(1))),
        None => Err(WriteError::NoOrdinal {
            path: source.path().to_owned(),
        }),
    }
}

/// Highest ordinal that a decodable line claims, known kind or not, from the end back to a line of a known kind.
///
/// A number that a reader may have accepted is never given out again, so lines of unknown kinds count too.
fn highest_ordinal(source: &RolloutSource, len: u64, state: &TailState) -> WriteResult<Option<u64>> {
    let mut highest = None;
    let mut lines = source.lines_rev(len);
    while let Some(event) = lines.next()? {
        let offset = event.offset();
        let LineEvent::Line { bytes, .. } = event else { continue };
        if matches!(state, TailState::Torn { offset: torn, .. } if *torn == offset) {
            continue;
        }
        highest = highest.max(claimed_ordinal(bytes));
        if highest.is_some() && len - offset >= ORDINAL_SCAN_BYTES && is_known(bytes) {
            break;
        }
    }
    Ok(highest)
}

fn claimed_ordinal(bytes: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Claim {
        ordinal: Option<u64>,
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    // What is no JSON object, or has another sort of ordinal, claims none.
    serde_json::from_slice::<Claim>(bytes).ok()?.ordinal
}

fn is_known(bytes: &[u8]) -> bool {
    LineHead::parse(bytes)
        .and_then(|line| RolloutItem::decode(&line.kind, line.payload, line.metadata))
        .is_ok()
}

/// Tells whether a file whose head was looked for holds no session metadata: its creation did not get that far.
pub(super) fn is_unborn(error: &WriteError) -> bool {
    matches!(
        error,
        WriteError::Head(HeadError::Empty { .. } | HeadError::NoMeta { .. })
    )
}
