//! Ends of logs.

use super::{TailState, tail_state};
use crate::head::Head;
use crate::limits::MAX_LINE_BYTES;
use crate::test_files::{plain_source, zstd_source};

const FIRST: &str = r#"{"timestamp":"2026-11-22T07:43:16.000Z","ordinal":4,"type":"event_msg","payload":{"type":"user_message","message":"one"}}"#;
const LAST: &str = r#"{"timestamp":"2026-11-22T07:43:16.000Z","ordinal":5,"type":"event_msg","payload":{"type":"user_message","message":"two"}}"#;

fn envelope() -> Head {
    let line = r#"{"timestamp":"t","type":"session_meta","payload":{"id":"01a20235-994b-7d00-be10-0c5c1ecfe4fb","timestamp":"t","cwd":"","originator":"","cli_version":""}}"#;
    crate::head::read_head(&plain_source(line.as_bytes())).unwrap()
}

fn bare() -> Head {
    let line = r#"{"id":"01a20235-994b-7d00-be10-0c5c1ecfe4fb","timestamp":"t"}"#;
    crate::head::read_head(&plain_source(line.as_bytes())).unwrap()
}

fn check(tail: &str, head: &Head, expected: impl Fn(u64, u64) -> TailState) {
    let text = format!("{FIRST}\n{tail}");
    let expected = expected(FIRST.len() as u64 + 1, tail.len() as u64);
    for source in [plain_source(text.as_bytes()), zstd_source(text.as_bytes())] {
        assert_eq!(tail_state(&source, head).unwrap(), expected, "{tail:?}");
    }
}

#[test]
fn nothing_white_space_or_a_newline_at_the_end_is_clean() {
    check("", &envelope(), |_, _| TailState::Clean);
    check(" \t\r", &envelope(), |_, _| TailState::Clean);
    check("garbage\n", &envelope(), |_, _| TailState::Clean);
    assert_eq!(tail_state(&plain_source(b""), &envelope()).unwrap(), TailState::Clean);
}

#[test]
fn a_known_record_without_newline_is_complete() {
    check(LAST, &envelope(), |offset, len| TailState::CompleteWithoutNewline {
        offset,
        len,
    });
    assert_eq!(
        tail_state(&plain_source(LAST.as_bytes()), &envelope()).unwrap(),
        TailState::CompleteWithoutNewline {
            offset: 0,
            len: LAST.len() as u64
        }
    );
}

#[test]
fn every_proper_prefix_of_a_record_is_torn() {
    for len in 1..LAST.len() {
        check(&LAST[..len], &envelope(), |offset, len| TailState::Torn { offset, len });
    }
}

#[test]
fn bytes_that_are_not_utf8_are_torn() {
    let mut text = format!("{FIRST}\n{}", &LAST[..40]).into_bytes();
    text.push(0xc3);
    let expected = TailState::Torn {
        offset: FIRST.len() as u64 + 1,
        len: 41,
    };
    assert_eq!(tail_state(&plain_source(&text), &envelope()).unwrap(), expected);
}

#[test]
fn whole_json_of_an_unknown_kind_is_not_torn() {
    let future = r#"{"timestamp":"t","ordinal":6,"type":"future_kind","payload":{}}"#;
    check(future, &envelope(), |offset, len| TailState::UnknownRecord {
        offset,
        len,
    });
}

#[test]
fn a_bare_item_is_a_record_only_in_a_bare_rollout() {
    let item = r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}"#;
    check(item, &bare(), |offset, len| TailState::CompleteWithoutNewline {
        offset,
        len,
    });
    check(item, &envelope(), |offset, len| TailState::UnknownRecord {
        offset,
        len,
    });
}

#[test]
fn a_tail_above_the_line_limit_is_never_called_torn() {
    let text = format!("{FIRST}\n{}", "x".repeat(MAX_LINE_BYTES as usize + 1));
    let expected = TailState::Oversized {
        offset: FIRST.len() as u64 + 1,
        len: MAX_LINE_BYTES + 1,
    };
    assert_eq!(
        tail_state(&plain_source(text.as_bytes()), &envelope()).unwrap(),
        expected
    );
}
