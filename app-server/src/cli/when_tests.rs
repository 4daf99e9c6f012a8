//! Words for times, durations and sizes at their borders.

use super::{ago, bytes, count, date, duration, minute};

const NOW: i64 = 1_790_000_000;

#[test]
fn times_become_dates_when_they_are_far() {
    for (seconds, expected) in [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (3_600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "yesterday"),
        (172_800, "2 days ago"),
        (14 * 86_400 - 1, "13 days ago"),
        (14 * 86_400, "2026-09-07"),
        (-60, "just now"),
        (-61, "2026-09-21"),
    ] {
        assert_eq!(ago(NOW, NOW - seconds), expected, "{seconds}");
    }
    assert_eq!(
        (minute(NOW).as_str(), date(NOW).as_str()),
        ("2026-09-21 14:13", "2026-09-21")
    );
    assert_eq!(minute(i64::MAX), "1970-01-01 00:00", "what is no time is the first one");
}

#[test]
fn durations_and_sizes_are_rounded_down() {
    for (ms, expected) in [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_999, "59.9 s"),
        (60_000, "1 min 0 s"),
        (3_599_999, "59 min 59 s"),
        (7_260_000, "2 h 1 min"),
    ] {
        assert_eq!(duration(ms), expected);
    }
    for (number, expected) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 KB"),
        (9_990, "9.9 KB"),
        (10_500, "10 KB"),
        (4_200_000, "4.2 MB"),
        (u64::MAX, "18446744 TB"),
    ] {
        assert_eq!(bytes(number), expected);
    }
    for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(count(number), expected);
    }
}
