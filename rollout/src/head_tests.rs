//! Heads of good, old and damaged files.

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::log::HistoryMode;

use super::{Head, HeadError, MAX_HEAD_BYTES, MAX_HEAD_LINES, head_of_bytes, read_head};
use crate::discover::Encoding;
use crate::error::RolloutError;
use crate::fs::{FileStat, LogFile};
use crate::source::RolloutSource;
use crate::test_files::{MemFile, plain_source, zstd_source};

const ID: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";
const ROOT: &str = "01a20236-0df7-73b0-9076-184986bf2d16";
const EVENT: &str = r#"{"timestamp":"2026-11-22T07:43:16.000Z","type":"event_msg","payload":{"type":"user_message","message":"early"}}"#;
const RESPONSE: &str = r#"{"timestamp":"2026-11-22T07:43:16.000Z","type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}}"#;

fn meta_with(members: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-11-22T07:43:16.000Z","type":"session_meta","payload":{{"id":"{ID}","timestamp":"2026-11-22T07:43:15.000Z","cwd":"/w","originator":"o","cli_version":"0.1"{members}}}}}"#
    )
}

fn meta() -> String {
    meta_with("")
}

/// Reads the head of lines, plain, compressed and from memory, which must agree.
fn head(text: &[u8]) -> Result<Head, HeadError> {
    let plain = plain_source(text);
    let in_memory = head_of_bytes(plain.path(), text);
    let (plain, compressed) = (read_head(&plain), read_head(&zstd_source(text)));
    for other in [&in_memory, &compressed] {
        match (&plain, other) {
            (Ok(a), Ok(b)) => assert_eq!(a, b),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
            _ => panic!("{plain:?} and {other:?}"),
        }
    }
    plain
}

fn head_of(lines: &[&str]) -> Result<Head, HeadError> {
    head(lines.join("\n").as_bytes())
}

/// Returns offset and skipped lines of an envelope head.
fn position(head: Result<Head, HeadError>) -> (u64, u64) {
    match head.unwrap() {
        Head::Envelope {
            meta,
            offset,
            skipped_lines,
            ..
        } => {
            assert_eq!(meta.id.to_string(), ID);
            (offset, skipped_lines)
        }
        Head::Bare(header) => panic!("{header:?}"),
    }
}

/// Edge case 17.
#[test]
fn edge_017_session_id_defaults_to_the_thread_id() {
    let Head::Envelope { meta: without, .. } = head_of(&[&meta()]).unwrap() else {
        panic!("bare")
    };
    assert_eq!(without.session_id, without.id);
    let given = meta_with(&format!(r#","session_id":"{ROOT}""#));
    let Head::Envelope { meta: with, .. } = head_of(&[&given]).unwrap() else {
        panic!("bare")
    };
    assert_eq!(with.session_id.to_string(), ROOT);
}

/// Edge case 18, the head's part.
#[test]
fn edge_018_an_unknown_history_mode_in_a_later_copy_is_not_looked_at() {
    let later = meta_with(r#","history_mode":"future""#);
    assert_eq!(position(head_of(&[&meta(), &later])), (0, 0));
}

/// Edge cases 19 and 31.
#[test]
fn edge_019_and_031_an_unknown_history_mode_in_the_first_meta_is_an_error() {
    let unknown = meta_with(r#","history_mode":"future""#);
    for lines in [vec![unknown.as_str()], vec!["garbage", &unknown, &meta()]] {
        let error = head_of(&lines).unwrap_err();
        assert!(
            matches!(&error, HeadError::UnknownHistoryMode { mode, .. } if mode == "future"),
            "{error:?}"
        );
    }
}

/// Edge case 29.
#[test]
fn edge_029_blank_garbage_and_an_early_event_are_passed_over() {
    let blank_and_garbage = "  \nnot json at all {\n";
    let text = format!("{blank_and_garbage}{EVENT}\n{}\n", meta());
    let expected = (blank_and_garbage.len() + EVENT.len() + 1) as u64;
    assert_eq!(position(head(text.as_bytes())), (expected, 2));
}

/// Edge case 30.
#[test]
fn edge_030_content_before_the_meta_is_an_error_that_says_so() {
    let agent = r#"{"timestamp":"t","type":"inter_agent_communication","payload":{"author":"/root","recipient":"/root/a","other_recipients":[],"content":"hi","trigger_turn":true}}"#;
    for content in [RESPONSE, agent] {
        let error = head_of(&[EVENT, content, &meta()]).unwrap_err();
        assert!(
            error.to_string().contains("does not start with session metadata"),
            "{error}"
        );
        let HeadError::NotStartedWithMeta { offset, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(offset, EVENT.len() as u64 + 1);
    }
}

/// Edge case 32.
#[test]
fn edge_032_only_garbage_is_empty() {
    for text in [
        "",
        "\n \n\t\n",
        "garbage\n",
        "[1]\n2\n\"x\"\n{}\n",
        "\u{0}\u{0}",
        r#"{"type":"future","payload":{}}"#,
    ] {
        let error = head(text.as_bytes()).unwrap_err();
        assert!(matches!(error, HeadError::Empty { .. }), "{text:?}: {error:?}");
        assert!(error.to_string().contains("is empty"));
    }
    let binary: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(matches!(head(&binary).unwrap_err(), HeadError::Empty { .. }));
}

/// Edge case 33.
#[test]
fn edge_033_invalid_utf8_after_the_meta_does_not_matter() {
    let mut text = meta().into_bytes();
    text.extend(b"\n\xff\xfe\xfd\n");
    assert_eq!(position(head(&text)), (0, 0));
}

#[test]
fn invalid_utf8_before_the_meta_is_garbage_like_any_other() {
    let mut text = b"\xff\xfe\xfd\n".to_vec();
    text.extend(meta().bytes());
    assert_eq!(position(head(&text)), (4, 1));
}

#[test]
fn events_without_a_meta_are_told_from_an_empty_file() {
    assert!(matches!(
        head_of(&[EVENT, "garbage"]).unwrap_err(),
        HeadError::NoMeta { .. }
    ));
}

#[test]
fn a_last_meta_without_newline_counts_and_a_torn_one_does_not() {
    assert_eq!(position(head(meta().as_bytes())), (0, 0));
    assert!(matches!(
        head(&meta().as_bytes()[..100]).unwrap_err(),
        HeadError::Empty { .. }
    ));
}

#[test]
fn the_head_of_a_paginated_rollout_tells_mode_base_and_where_its_line_ends() {
    let line = meta_with(&format!(
        r#","history_mode":"paginated","history_base":{{"thread_id":"{ROOT}","end_ordinal_exclusive":41,"end_byte_offset":9000}}"#
    ));
    let Head::Envelope { meta, end, .. } = head(format!("{line}\n{EVENT}\n").as_bytes()).unwrap() else {
        panic!("bare")
    };
    assert_eq!(
        (meta.history_mode, end),
        (HistoryMode::Paginated, line.len() as u64 + 1)
    );
    assert_eq!(meta.history_base.unwrap().end_ordinal_exclusive, 41);
}

#[test]
fn a_bare_rollout_is_recognised_by_its_header() {
    let header =
        format!(r#"{{"id":"{ID}","timestamp":"2025-08-19T10-00-00","instructions":null,"git":{{"branch":"main"}}}}"#);
    let item = r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}"#;
    for lines in [
        vec!["", &header, r#"{"record_type":"state"}"#, item],
        vec!["garbage", &header],
    ] {
        let Head::Bare(found) = head_of(&lines).unwrap() else {
            panic!("envelope")
        };
        assert_eq!(
            (found.id.to_string().as_str(), found.timestamp.as_str()),
            (ID, "2025-08-19T10-00-00")
        );
    }
}

#[test]
fn a_bare_header_after_envelope_records_is_garbage() {
    let header = format!(r#"{{"id":"{ID}","timestamp":"2025-08-19T10-00-00"}}"#);
    assert_eq!(position(head_of(&[EVENT, &header, &meta()])).1, 2);
}

#[test]
fn a_single_document_session_is_named_as_such() {
    let compact = r#"{"session":{"id":"x"},"items":[]}"#;
    let indented = "{\n  \"session\": {\n    \"id\": \"x\"\n  },\n  \"items\": []\n}\n";
    let endless = format!(
        "{{\n  \"items\": [\n{}",
        "    1,\n".repeat(MAX_HEAD_LINES as usize + 10)
    );
    for text in [compact, indented, &endless] {
        let error = head(text.as_bytes()).unwrap_err();
        assert!(matches!(error, HeadError::SingleDocument { .. }), "{error:?}");
        assert!(error.to_string().contains("single-document session"));
    }
}

#[test]
fn the_search_ends_at_the_named_number_of_lines() {
    let found_at_limit = format!("{}{}\n", "x\n".repeat(MAX_HEAD_LINES as usize - 1), meta());
    assert_eq!(position(head(found_at_limit.as_bytes())).1, MAX_HEAD_LINES - 1);
    let error = head(format!("x\n{found_at_limit}").as_bytes()).unwrap_err();
    assert!(
        matches!(error, HeadError::NotFoundWithinLimits { offset: 20_000, .. }),
        "{error:?}"
    );
}

/// Lines of 1 MiB up to an offset, then a header.
struct LongStart {
    start_bytes: u64,
    header: String,
}

const LONG_START_LINE_BYTES: u64 = 1 << 20;

impl LogFile for LongStart {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.start_bytes {
            return MemFile(self.header.clone().into_bytes()).read_at(buf, offset - self.start_bytes);
        }
        let line_end = LONG_START_LINE_BYTES - 1 - offset % LONG_START_LINE_BYTES;
        let len = (line_end + 1).min(buf.len() as u64).min(self.start_bytes - offset) as usize;
        buf[..len].fill(b'x');
        if let Some(newline) = buf[..len].get_mut(line_end as usize) {
            *newline = b'\n';
        }
        Ok(len)
    }

    fn stat(&self) -> io::Result<FileStat> {
        let mut stat = MemFile(Vec::new()).stat()?;
        stat.len = self.start_bytes + self.header.len() as u64;
        stat.fingerprint.len = stat.len;
        Ok(stat)
    }
}

#[test]
fn the_search_ends_at_the_named_number_of_bytes() {
    for (start_bytes, is_found) in [(MAX_HEAD_BYTES - LONG_START_LINE_BYTES, true), (MAX_HEAD_BYTES, false)] {
        let header = meta() + "\n";
        let file = Arc::new(LongStart { start_bytes, header });
        let source = RolloutSource::from_file(Path::new("mem"), Encoding::Plain, file, None).unwrap();
        match read_head(&source) {
            Ok(Head::Envelope { offset, .. }) => assert_eq!((offset, is_found), (start_bytes, true)),
            Err(HeadError::NotFoundWithinLimits { offset, .. }) => {
                assert_eq!((offset, is_found), (MAX_HEAD_BYTES, false));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A file whose disk fails.
struct FailingFile(u64);

impl LogFile for FailingFile {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Err(io::Error::other("the disk failed"))
    }

    fn stat(&self) -> io::Result<FileStat> {
        MemFile(vec![0; self.0 as usize]).stat()
    }
}

#[test]
fn a_failing_disk_says_nothing_about_the_head_and_damaged_bytes_do() {
    for encoding in [Encoding::Plain, Encoding::Zstd] {
        let failing = RolloutSource::from_file(Path::new("mem"), encoding, Arc::new(FailingFile(100)), None).unwrap();
        let error = read_head(&failing).unwrap_err();
        let failed = matches!(
            &error,
            HeadError::Read(RolloutError::Read { source, .. }) if source.to_string() == "the disk failed"
        );
        assert!(failed, "{encoding:?}: {error:?}");
    }
    let damaged = Arc::new(MemFile(b"no frame".to_vec()));
    let damaged = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, damaged, None).unwrap();
    let error = read_head(&damaged).unwrap_err();
    assert!(
        matches!(error, HeadError::Undecodable(RolloutError::Decompress { .. })),
        "{error:?}"
    );
}
