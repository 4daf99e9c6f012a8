//! The times of names and lines against format sections 1.1 and 2.1.

use super::*;

/// 2026-03-02T09:00:00.007Z.
const NOW_MS: i64 = 1_772_442_000_007;

#[test]
fn lines_have_utc_with_three_digits() {
    assert_eq!(line_time(NOW_MS).unwrap(), "2026-03-02T09:00:00.007Z");
    assert_eq!(line_time(NOW_MS - 7).unwrap(), "2026-03-02T09:00:00.000Z");
    assert_eq!(line_time(-1).unwrap(), "1969-12-31T23:59:59.999Z");
}

#[test]
fn names_and_folders_have_local_time() {
    let time = LocalTime {
        unix_ms: NOW_MS,
        utc_offset_seconds: -10 * 3600,
    };
    assert_eq!(time.file_time().unwrap(), "2026-03-01T23-00-00");
    assert_eq!(time.date_folders().unwrap(), ["2026", "03", "01"]);
}

#[test]
fn a_time_that_no_name_and_no_line_can_say_is_refused() {
    let error = line_time(i64::MAX).unwrap_err();
    assert!(
        matches!(error, WriteError::TimeOutOfRange { unix_ms: i64::MAX }),
        "{error:?}"
    );
    assert_eq!(LocalTime::utc(i64::MIN).file_time(), None);
}

#[test]
fn the_time_of_a_line_is_what_its_template_says() {
    let template = |unix_ms| LocalTime::utc(unix_ms).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    // From before the year 0 to after 9999, at all times of day.
    let step_ms = 86_400_000 * 97 + 12_345_678;
    let mut unix_ms = -63_000_000_000_000;
    while unix_ms < 253_500_000_000_000 {
        assert_eq!(line_time(unix_ms).ok(), template(unix_ms), "{unix_ms}");
        unix_ms += step_ms;
    }
    for last_ms in [
        -62_167_219_200_001,
        -62_167_219_200_000,
        253_402_300_799_999,
        253_402_300_800_000,
    ] {
        assert_eq!(line_time(last_ms).ok(), template(last_ms), "{last_ms}");
    }
}
