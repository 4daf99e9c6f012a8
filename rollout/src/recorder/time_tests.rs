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
