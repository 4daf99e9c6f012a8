//! Cursors of lists of threads: times and ids.

use codex_protocol::ids::ThreadId;
use codex_thread_store::{Direction, ThreadAnchor};

use super::{
    backwards_rank_cursor, backwards_thread_cursor, iso_millis, parse_rank_cursor, parse_thread_cursor, rank_cursor,
    thread_cursor,
};

const ID: &str = "01a0c400-0000-7000-8000-000000000011";

#[track_caller]
fn check(text: &str, time_ms: i64, id: Option<&str>) {
    let thread_id = id.map(|id| id.parse().expect("a uuid"));
    assert_eq!(
        parse_thread_cursor(text),
        Some(ThreadAnchor { time_ms, thread_id }),
        "{text}"
    );
}

#[test]
fn times_are_written_without_trailing_zeros() {
    let cursor = |time_ms| thread_cursor(time_ms, ID.parse().expect("a uuid"));
    assert_eq!(cursor(1_790_001_021_900), format!("2026-09-21T14:30:21.9Z|{ID}"));
    assert_eq!(cursor(1_790_001_020_000), format!("2026-09-21T14:30:20Z|{ID}"));
    assert_eq!(cursor(1_790_001_020_005), format!("2026-09-21T14:30:20.005Z|{ID}"));
    assert_eq!(cursor(-1), format!("1969-12-31T23:59:59.999Z|{ID}"));
}

#[test]
fn the_way_back_is_a_millisecond_against_the_direction() {
    assert_eq!(
        backwards_thread_cursor(1_790_001_020_000, Direction::Descending),
        "2026-09-21T14:30:19.999Z"
    );
    assert_eq!(
        backwards_thread_cursor(1_790_001_020_000, Direction::Ascending),
        "2026-09-21T14:30:20.001Z"
    );
    assert_eq!(iso_millis(1_790_001_020_000), "2026-09-21T14:30:20.000Z");
}

#[test]
fn the_real_servers_forms_are_read() {
    check(&format!("2026-09-21T14:30:20Z|{ID}"), 1_790_001_020_000, Some(ID));
    check("2026-09-21T14:30:19.999Z", 1_790_001_019_999, None);
    check("2026-09-21T14:30:20+02:00", 1_789_993_820_000, None);
    check("2026-09-21 14:30:20Z", 1_790_001_020_000, None);
    check("2026-09-21T14-30-20", 1_790_001_020_000, None);
    check(
        &format!("2026-09-21T14:30:20.123456789Z|{ID}"),
        1_790_001_020_123,
        Some(ID),
    );
}

#[test]
fn what_the_real_server_refuses_is_refused() {
    for text in [
        "",
        "zz",
        "2026-09-21",
        "2026-09-21T14:30:20",
        "2026-09-21T14:30Z",
        "2026-09-21T14:30:60Z",
        "2026-09-21T24:00:00Z",
        " 2026-09-21T14:30:20Z",
        "2026-09-21T14:30:20Z|",
        "2026-09-21T14:30:20Z|x",
        "1790000000",
        "2026-09-21T14:30:20Z|01a0c400-0000-7000-8000-000000000011|x",
        "2026-13-01T00:00:00Z",
        "2026-09-21T14:30:20Zé",
    ] {
        assert_eq!(parse_thread_cursor(text), None, "{text}");
    }
}

#[test]
fn ranks_of_a_section_shift_by_one_for_the_way_back() {
    let thread: ThreadId = "01a0c400-0000-7000-8000-000000000001".parse().expect("a UUID");
    assert_eq!(rank_cursor(-5, thread), format!("-5|{thread}"));
    assert_eq!(
        backwards_rank_cursor(500_000, thread, Direction::Ascending),
        format!("500001|{thread}")
    );
    assert_eq!(
        backwards_rank_cursor(i64::MIN, thread, Direction::Descending),
        rank_cursor(i64::MIN, thread)
    );
    let anchor = parse_rank_cursor(&format!("-5|{thread}")).expect("a cursor");
    assert_eq!((anchor.time_ms, anchor.thread_id), (-5, Some(thread)));
    for text in ["", "5", "x|y", "5|y", "5.0|01a0c400-0000-7000-8000-000000000001"] {
        assert!(parse_rank_cursor(text).is_none(), "{text}");
    }
}
