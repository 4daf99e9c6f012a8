//! Tests of `when.rs`.

use jiff::Timestamp;

use super::time_ms;

/// 2026-03-31T14:00:00Z.
const NOW_MS: i64 = 1_774_965_600_000;

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let expected = expected.map(|time| time.parse::<Timestamp>().unwrap().as_millisecond());
    assert_eq!(time_ms(text, NOW_MS), expected, "{text}");
}

#[test]
fn dates_begin_in_utc() {
    check("2026-03-05", Some("2026-03-05T00:00:00Z"));
    check("2026-03", Some("2026-03-01T00:00:00Z"));
    check("2026", Some("2026-01-01T00:00:00Z"));
    check("2026-03-31T16:00:00+02:00", Some("2026-03-31T14:00:00Z"));
    check("2026-03-31T14:00:00.125Z", Some("2026-03-31T14:00:00.125Z"));
    check("today", Some("2026-03-31T00:00:00Z"));
    check("Yesterday", Some("2026-03-30T00:00:00Z"));
}

#[test]
fn how_long_ago_counts_from_the_present() {
    check("12h", Some("2026-03-31T02:00:00Z"));
    check("7d", Some("2026-03-24T14:00:00Z"));
    check("2w", Some("2026-03-17T14:00:00Z"));
    check("1mo", Some("2026-02-28T14:00:00Z"));
    check("1y", Some("2025-03-31T14:00:00Z"));
    check("0d", Some("2026-03-31T14:00:00Z"));
}

#[test]
fn other_texts_are_no_times() {
    for text in [
        "",
        "7",
        "d",
        "7m",
        "2026-13",
        "2026-02-30",
        "26-01-01",
        "soon",
        "99999999999999999999d",
        "9999999y",
        "-7d",
        "2026-1-1",
    ] {
        check(text, None);
    }
}
