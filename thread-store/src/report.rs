//! What a store reports about its index: lag, damage, totals, and why a thread is or is not listed.
//!
//! Plain data; no wire names, no SQL.

use std::path::PathBuf;

use codex_protocol::ids::RolloutId;

/// How current the index of a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexStateKind {
    /// Nothing is left to project.
    Current,
    /// Lines wait to be projected.
    Behind,
    /// The index of this thread is being rebuilt.
    Rebuilding,
    /// Projected, with damage reported.
    Damaged,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DamageKind {
    /// Not JSON.
    MalformedJson,
    /// JSON of an unknown kind or shape.
    UnknownLine,
    /// Not valid UTF-8.
    InvalidUtf8,
    /// A line of a paginated rollout without ordinal; projected.
    MissingOrdinal,
    /// An ordinal not above an earlier one; projected.
    RegressedOrdinal,
    /// Ordinals were skipped; projected.
    OrdinalGap,
    /// A timestamp that cannot be read where one is needed.
    InvalidTimestamp,
    /// Longer than `max_line_bytes`; not read.
    Oversized,
    /// The last line is incomplete.
    TornTail,
}

/// One damaged line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// Start of the line in the plain file.
    pub offset: u64,
    /// Length of the line.
    pub length: u64,
    /// What is wrong.
    pub kind: DamageKind,
}

/// State of a thread's index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexState {
    /// First byte of the current rollout that is not projected.
    pub projected_offset: u64,
    /// Plain length of the current rollout.
    pub file_bytes: u64,
    /// Bytes not yet projected.
    pub lag_bytes: u64,
    /// Summary.
    pub state: IndexStateKind,
    /// Damaged lines, oldest first, at most the first 1,000.
    pub damage: Vec<Damage>,
}

/// Totals of an indexing run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexReport {
    /// Threads in the home.
    pub threads: u64,
    /// Rollout files.
    pub rollouts: u64,
    /// Turns indexed.
    pub turns: u64,
    /// Items indexed.
    pub items: u64,
    /// Damaged lines.
    pub damaged_lines: u64,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Bytes of all rollouts.
    pub log_bytes: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
}

/// Outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Rollouts compared.
    pub rollouts: u64,
    /// Rows compared.
    pub rows: u64,
    /// Rollouts whose index differed, with the first difference.
    pub differing: Vec<(PathBuf, String)>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Damaged lines.
    pub damaged_lines: u64,
}

/// One fact that a doctor found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorFinding {
    /// Short name of the check, e.g. `header`.
    pub check: &'static str,
    /// Whether it is fine.
    pub ok: bool,
    /// What was seen, and what to do about it.
    pub detail: String,
}

impl DoctorFinding {
    pub(crate) fn new(check: &'static str, ok: bool, detail: String) -> Self {
        Self { check, ok, detail }
    }
}

/// How a home as a whole is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeReport {
    /// The home.
    pub home: PathBuf,
    /// The checks, in order.
    pub findings: Vec<DoctorFinding>,
}

/// Why a thread is, or is not, listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorReport {
    /// What was asked about.
    pub subject: String,
    /// Whether the default view lists it.
    pub listed: bool,
    /// Whether the exact view lists it.
    pub listed_by_codex: bool,
    /// The checks, in order.
    pub findings: Vec<DoctorFinding>,
}

/// What a run of the compressor did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompressionReport {
    /// Whether it ran: not while somebody else maintains the home, and not within six hours after a complete run.
    pub ran: bool,
    /// Rollouts that are compressed now.
    pub compressed: u64,
    /// Their length as plain files.
    pub plain_bytes: u64,
    /// Their length now.
    pub stored_bytes: u64,
    /// Rollouts that stay plain: in use, not idle for long enough, part of another history, or not readable.
    pub left_plain: u64,
    /// Rollouts that could not be compressed, and why.
    pub problems: Vec<(PathBuf, String)>,
}
