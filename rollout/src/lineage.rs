//! Resolves which ranges of which rollouts make up one visible history (format section 8.5).
//!
//! Pure: heads are handed in by a lookup, nothing is read here.

use std::collections::HashSet;
use std::error::Error;

use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::{HistoryBase, HistoryMode, SessionMeta};

/// Most rollouts that one history may run through.
pub const MAX_LINEAGE_SEGMENTS: usize = 1024;

/// What the resolution needs to know about one rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentInfo {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// The thread that the file name states; `None` for a name without ids.
    pub named_thread_id: Option<ThreadId>,
    /// The thread that the session metadata states.
    pub thread_id: ThreadId,
    /// How the rollout stores its history.
    pub history_mode: HistoryMode,
    /// What it inherits.
    pub history_base: Option<HistoryBase>,
    /// First ordinal that is its own, where it starts with copied context of its parent.
    pub subagent_start_ordinal: Option<u64>,
    /// Length of its plain bytes.
    pub plain_len: u64,
}

impl SegmentInfo {
    /// Takes what the session metadata says.
    pub fn new(rollout_id: RolloutId, named_thread_id: Option<ThreadId>, meta: &SessionMeta, plain_len: u64) -> Self {
        Self {
            rollout_id,
            named_thread_id,
            thread_id: meta.id,
            history_mode: meta.history_mode,
            history_base: meta.history_base,
            subagent_start_ordinal: meta.subagent_history_start_ordinal,
            plain_len,
        }
    }
}

/// Where an inherited segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// First ordinal that is not inherited.
    pub ordinal_exclusive: u64,
    /// Offset in the plain bytes after the last inherited line.
    pub byte_offset: u64,
}

/// One rollout's contribution to a visible history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// First visible ordinal, one after that of the rollout's own session metadata; 0 in a legacy rollout, whose lines
    /// have none.
    pub start_ordinal: u64,
    /// Where it ends; `None` for the newest segment, which is open.
    pub end: Option<Cut>,
    /// First ordinal that is the rollout's own, where it starts with copied context of its parent.
    pub subagent_start: Option<u64>,
}

/// Why a history cannot be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineageError {
    /// An inherited rollout does not exist.
    #[error("rollout {rollout_id} continues rollout {base_id}, which is missing")]
    MissingSource {
        /// The rollout that inherits.
        rollout_id: RolloutId,
        /// The rollout that is missing.
        base_id: RolloutId,
    },
    /// An inherited rollout could not be looked up.
    #[error("look up rollout {base_id}, which rollout {rollout_id} continues")]
    Lookup {
        /// The rollout that inherits.
        rollout_id: RolloutId,
        /// The rollout that was looked up.
        base_id: RolloutId,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A rollout inherits, directly or not, from itself.
    #[error("rollout {rollout_id} inherits from itself")]
    Cycle {
        /// The rollout met twice.
        rollout_id: RolloutId,
    },
    /// A cut before the first ordinal.
    #[error("rollout {rollout_id} cuts its base at ordinal 0")]
    CutAtZero {
        /// The rollout that inherits.
        rollout_id: RolloutId,
    },
    /// A cut beyond the inherited rollout's end.
    #[error("rollout {rollout_id} cuts its base {base_id} at byte {byte_offset} of {plain_len}")]
    CutBeyondEnd {
        /// The rollout that inherits.
        rollout_id: RolloutId,
        /// The rollout that is inherited from.
        base_id: RolloutId,
        /// The cut.
        byte_offset: u64,
        /// Length of the inherited rollout.
        plain_len: u64,
    },
    /// An inherited rollout stores no ordinals.
    #[error("rollout {rollout_id} continues rollout {base_id}, which is not paginated")]
    NotPaginated {
        /// The rollout that inherits.
        rollout_id: RolloutId,
        /// The rollout that is inherited from.
        base_id: RolloutId,
    },
    /// The session metadata names another thread than the file does.
    #[error("rollout {rollout_id} is named after thread {named} but belongs to thread {found}")]
    OtherThread {
        /// The rollout.
        rollout_id: RolloutId,
        /// The thread in the file name.
        named: ThreadId,
        /// The thread in the session metadata.
        found: ThreadId,
    },
    /// More rollouts than [`MAX_LINEAGE_SEGMENTS`].
    #[error("history of rollout {rollout_id} runs through more than {MAX_LINEAGE_SEGMENTS} rollouts")]
    TooDeep {
        /// The rollout whose history was asked for.
        rollout_id: RolloutId,
    },
}

/// Finds the head of a rollout by its id; `None` if there is no such rollout.
pub type SegmentLookup<'a> = &'a mut dyn FnMut(RolloutId) -> Result<Option<SegmentInfo>, Box<dyn Error + Send + Sync>>;

/// Returns the segments of a rollout's visible history, oldest first.
///
/// A legacy rollout is one segment whatever its head says: only paginated ones inherit by reference.
pub fn resolve(head: &SegmentInfo, lookup: SegmentLookup<'_>) -> Result<Vec<Segment>, LineageError> {
    let mut segments = Vec::new();
    let mut seen = HashSet::from([head.rollout_id]);
    let mut current = head.clone();
    let mut end = None;
    loop {
        let rollout_id = current.rollout_id;
        let base = match current.history_mode {
            HistoryMode::Legacy => {
                segments.push(Segment {
                    rollout_id,
                    start_ordinal: 0,
                    end,
                    subagent_start: None,
                });
                break;
            }
            HistoryMode::Paginated => current.history_base,
        };
        check_thread(&current)?;
        let start_ordinal = base
            .as_ref()
            .map_or(1, |base| base.end_ordinal_exclusive.saturating_add(1));
        segments.push(Segment {
            rollout_id,
            start_ordinal,
            end,
            subagent_start: current.subagent_start_ordinal,
        });
        let Some(base) = base else { break };
        if !seen.insert(base.thread_id) {
            return Err(LineageError::Cycle {
                rollout_id: base.thread_id,
            });
        }
        if segments.len() >= MAX_LINEAGE_SEGMENTS {
            return Err(LineageError::TooDeep {
                rollout_id: head.rollout_id,
            });
        }
        let (parent, cut) = parent_of(rollout_id, &base, &mut *lookup)?;
        current = parent;
        end = Some(cut);
    }
    segments.reverse();
    Ok(segments)
}

fn check_thread(info: &SegmentInfo) -> Result<(), LineageError> {
    match info.named_thread_id {
        Some(named) if named != info.thread_id => Err(LineageError::OtherThread {
            rollout_id: info.rollout_id,
            named,
            found: info.thread_id,
        }),
        _ => Ok(()),
    }
}

fn parent_of(
    rollout_id: RolloutId,
    base: &HistoryBase,
    lookup: SegmentLookup<'_>,
) -> Result<(SegmentInfo, Cut), LineageError> {
    let base_id = base.thread_id;
    let cut = Cut {
        ordinal_exclusive: base.end_ordinal_exclusive,
        byte_offset: base.end_byte_offset,
    };
    if cut.ordinal_exclusive == 0 {
        return Err(LineageError::CutAtZero { rollout_id });
    }
    let found = lookup(base_id).map_err(|source| LineageError::Lookup {
        rollout_id,
        base_id,
        source,
    })?;
    let parent = found.ok_or(LineageError::MissingSource { rollout_id, base_id })?;
    if parent.history_mode != HistoryMode::Paginated {
        return Err(LineageError::NotPaginated { rollout_id, base_id });
    }
    if cut.byte_offset > parent.plain_len {
        let (byte_offset, plain_len) = (cut.byte_offset, parent.plain_len);
        return Err(LineageError::CutBeyondEnd {
            rollout_id,
            base_id,
            byte_offset,
            plain_len,
        });
    }
    Ok((parent, cut))
}

#[cfg(test)]
#[path = "lineage_tests.rs"]
mod lineage_tests;
