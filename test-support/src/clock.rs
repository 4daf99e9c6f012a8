//! Turns milliseconds since the epoch into the time texts of a home. Never asks what time it is.

use jiff::{Timestamp, tz::TimeZone};

/// 2026-03-02T09:00:00Z, where a builder starts unless told otherwise.
pub const DEFAULT_START_MS: i64 = 1_772_442_000_000;

/// Returns `YYYY-MM-DDTHH:MM:SS.mmmZ`, the form of line times (rollout format 2.1).
pub fn line_time(unix_ms: i64) -> String {
    zoned(unix_ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Returns `YYYY-MM-DDThh-mm-ss`, the form of file names and of some very old headers (1.1, 2.3).
pub fn file_time(unix_ms: i64) -> String {
    zoned(unix_ms).strftime("%Y-%m-%dT%H-%M-%S").to_string()
}

/// Returns `YYYY/MM/DD`, the date folders below `sessions/` (1.1).
pub fn date_folder(unix_ms: i64) -> String {
    zoned(unix_ms).strftime("%Y/%m/%d").to_string()
}

fn zoned(unix_ms: i64) -> jiff::Zoned {
    Timestamp::from_millisecond(unix_ms)
        .expect("test times lie within jiff's range")
        .to_zoned(TimeZone::UTC)
}
