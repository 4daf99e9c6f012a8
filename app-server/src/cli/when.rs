//! Times, durations and sizes in words.
//!
//! Pure: the present is handed in.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Tells how long ago a time was, or its date when that is long.
pub(super) fn ago(now_s: i64, then_s: i64) -> String {
    match now_s - then_s {
        seconds if seconds < -MINUTE => date(then_s),
        seconds if seconds < MINUTE => "just now".to_owned(),
        seconds if seconds < HOUR => format!("{} min ago", seconds / MINUTE),
        seconds if seconds < DAY => format!("{} h ago", seconds / HOUR),
        seconds if seconds < 2 * DAY => "yesterday".to_owned(),
        seconds if seconds < 14 * DAY => format!("{} days ago", seconds / DAY),
        _ => date(then_s),
    }
}

/// Formats the day of a time.
pub(super) fn date(time_s: i64) -> String {
    minute(time_s).chars().take(10).collect()
}

/// Formats a time to the minute, in UTC.
pub(super) fn minute(time_s: i64) -> String {
    let time = Timestamp::from_second(time_s)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string();
    format!(
        "{} {}",
        time.get(..10).unwrap_or_default(),
        time.get(11..16).unwrap_or_default()
    )
}

/// Formats a duration.
pub(super) fn duration(duration_ms: i64) -> String {
    match duration_ms {
        ms if ms < 1000 => format!("{ms} ms"),
        ms if ms < 60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        ms if ms < 3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
        ms => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// Formats a number of bytes.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut scaled = bytes;
    let mut tenths = 0;
    let mut unit = "B";
    for next in UNITS {
        if scaled < 1000 {
            break;
        }
        tenths = scaled % 1000 / 100;
        scaled /= 1000;
        unit = next;
    }
    if scaled < 10 {
        format!("{scaled}.{tenths} {unit}")
    } else {
        format!("{scaled} {unit}")
    }
}

/// Formats a count with thin groups of three.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "when_tests.rs"]
mod when_tests;
