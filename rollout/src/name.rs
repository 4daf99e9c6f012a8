//! The grammar of rollout file names (format section 1.1).
//!
//! Pure text: no files. A name that passes only the weak test is kept, because such a file can still be opened by path.

use std::fmt;

use codex_protocol::ids::{RolloutId, ThreadId};
use uuid::Uuid;

const PREFIX: &str = "rollout-";
const PLAIN_SUFFIX: &str = ".jsonl";
const ZSTD_SUFFIX: &str = ".zst";
/// `YYYY-MM-DDThh-mm-ss`.
const TIMESTAMP_LEN: usize = 19;
/// Hyphenated UUID text.
const UUID_LEN: usize = 36;

/// What a canonical rollout file name says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RolloutName {
    /// `YYYY-MM-DDThh-mm-ss`, exactly 19 characters, in the writer's local time.
    pub timestamp: String,
    /// The thread that the rollout belongs to.
    pub thread_id: ThreadId,
    /// The rollout itself; equal to the thread id except for files created by a revert.
    pub rollout_id: RolloutId,
}

impl RolloutName {
    /// Parses a file name, with or without `.zst`. Returns `None` unless it follows the whole grammar.
    pub fn parse(file_name: &str) -> Option<Self> {
        let stem = logical_name(file_name)
            .strip_prefix(PREFIX)?
            .strip_suffix(PLAIN_SUFFIX)?;
        let (timestamp, ids) = (
            stem.get(..TIMESTAMP_LEN)?,
            stem.get(TIMESTAMP_LEN..)?.strip_prefix('-')?,
        );
        civil_time(timestamp)?;
        let (thread, rollout) = match ids.split_once('_') {
            Some((thread, rollout)) => (thread, rollout),
            None => (ids, ids),
        };
        Some(Self {
            timestamp: timestamp.to_owned(),
            thread_id: ThreadId(parse_uuid(thread)?),
            rollout_id: RolloutId(parse_uuid(rollout)?),
        })
    }

    /// Returns the plain file name; `_<rollout id>` is left out when it equals the thread id, as Codex does.
    pub fn render(&self) -> String {
        let Self {
            timestamp,
            thread_id,
            rollout_id,
        } = self;
        if RolloutId::from(*thread_id) == *rollout_id {
            format!("{PREFIX}{timestamp}-{thread_id}{PLAIN_SUFFIX}")
        } else {
            format!("{PREFIX}{timestamp}-{thread_id}_{rollout_id}{PLAIN_SUFFIX}")
        }
    }

    /// Returns the time in the name as milliseconds since 1970, read *as if it were UTC* (format section 1.1).
    ///
    /// It is off by the writer's offset from UTC; `session_meta.timestamp` is better where there is one.
    /// `None` only for a value that did not come from [`parse`](Self::parse).
    pub fn time_utc_ms(&self) -> Option<i64> {
        let time = civil_time(&self.timestamp)?;
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp().as_millisecond())
    }
}

impl fmt::Display for RolloutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

/// Tells whether walkers take a file of this name for a rollout at all (the weak test of format section 1.1).
pub fn looks_like_rollout(file_name: &str) -> bool {
    let logical = logical_name(file_name);
    logical.starts_with(PREFIX) && logical.ends_with(PLAIN_SUFFIX) && logical.len() >= PREFIX.len() + PLAIN_SUFFIX.len()
}

/// Returns the name without `.zst`; APIs keep this name even while only the compressed file exists.
pub fn logical_name(file_name: &str) -> &str {
    file_name.strip_suffix(ZSTD_SUFFIX).unwrap_or(file_name)
}

/// Returns the rollout id that ends a weakly valid name: `rollout-<text>-<uuid>.jsonl`, or `_<uuid>` after another id.
pub fn weak_rollout_id(file_name: &str) -> Option<RolloutId> {
    let stem = logical_name(file_name)
        .strip_prefix(PREFIX)?
        .strip_suffix(PLAIN_SUFFIX)?;
    let start = stem.len().checked_sub(UUID_LEN)?;
    let (before, id) = (stem.get(..start)?, stem.get(start..)?);
    let separated = before.is_empty() || before.ends_with(['-', '_']);
    if separated { parse_uuid(id).map(RolloutId) } else { None }
}

fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == UUID_LEN {
        Uuid::try_parse(text).ok()
    } else {
        None
    }
}

fn civil_time(text: &str) -> Option<jiff::civil::DateTime> {
    let bytes = text.as_bytes();
    if bytes.len() != TIMESTAMP_LEN {
        return None;
    }
    for (byte, expected) in bytes.iter().zip(b"0000-00-00T00-00-00") {
        let fits = if *expected == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == expected
        };
        if !fits {
            return None;
        }
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i16>().ok();
    let small = |from: usize| text[from..from + 2].parse::<i8>().ok();
    jiff::civil::DateTime::new(
        number(0, 4)?,
        small(5)?,
        small(8)?,
        small(11)?,
        small(14)?,
        small(17)?,
        0,
    )
    .ok()
}

#[cfg(test)]
#[path = "name_tests.rs"]
mod name_tests;
