//! Forward and reverse lines against splitting in memory.

use proptest::prelude::*;

use super::reverse::MAX_FETCH_BYTES;
use crate::RolloutError;
use crate::limits::MAX_LINE_BYTES;
use crate::lines::{CHUNK_BYTES, LINE_COPIES, LONG_LINE_BYTES, LineBudget, LineEvent, ReadRules};
use crate::test_files::{MemFile, Owned, collect, collect_rev, naive, plain_source, zstd_source};

/// Short lines, long lines, blank lines, newlines everywhere, any bytes.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(b'\n'), 6 => any::<u8>()];
    let runs = prop::collection::vec((byte.clone(), 1_usize..200), 0..12).prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(byte, n)| std::iter::repeat_n(byte, n))
            .collect::<Vec<u8>>()
    });
    prop_oneof![prop::collection::vec(byte, 0..400), runs]
}

/// Reads `bytes` forward and backward, plain and compressed, and compares all with the model.
fn check(bytes: &[u8], chunk_bytes: usize, max_line_bytes: u64) {
    let expected = naive(bytes, 0, max_line_bytes);
    let mut reversed = expected.clone();
    reversed.reverse();
    for source in [plain_source(bytes), zstd_source(bytes)] {
        let forward = source.lines(0).chunk_bytes(chunk_bytes).max_line_bytes(max_line_bytes);
        assert_eq!(collect(forward).unwrap(), expected);
        let backward = source
            .lines_rev(bytes.len() as u64)
            .chunk_bytes(chunk_bytes)
            .max_line_bytes(max_line_bytes);
        assert_eq!(collect_rev(backward).unwrap(), reversed);
    }
}

proptest! {
    #[test]
    fn lines_equal_a_split_in_memory_in_both_directions(bytes in any_bytes(), chunk in 1_usize..70, max in 0_u64..90) {
        check(&bytes, chunk, max);
        check(&bytes, chunk, MAX_LINE_BYTES);
    }

    #[test]
    fn measured_lines_equal_a_split_in_memory(bytes in any_bytes(), chunk in 1_usize..70, long in 0_u64..60, max in 0_u64..90) {
        let budget = LineBudget::new(200);
        let rules = ReadRules { max_line_bytes: max, long_line_bytes: long, budget: Some(budget.clone()), ..ReadRules::default() };
        let expected = naive(&bytes, 0, max);
        let mut reversed = expected.clone();
        reversed.reverse();
        for source in [plain_source(&bytes), zstd_source(&bytes)] {
            let source = source.with_rules(rules.clone());
            prop_assert_eq!(collect(source.lines(0).chunk_bytes(chunk)).unwrap(), expected.clone());
            let end = bytes.len() as u64;
            prop_assert_eq!(collect(source.lines(0).until(end).chunk_bytes(chunk)).unwrap(), expected.clone());
            prop_assert_eq!(collect_rev(source.lines_rev(end).chunk_bytes(chunk)).unwrap(), reversed.clone());
            prop_assert_eq!(budget.in_use_bytes(), 0);
        }
    }

    #[test]
    fn a_frozen_end_hides_what_follows(bytes in any_bytes(), cut in any::<prop::sample::Index>(), chunk in 1_usize..70) {
        let end = cut.index(bytes.len() + 1);
        let expected = naive(&bytes[..end], 0, MAX_LINE_BYTES);
        let mut reversed = expected.clone();
        reversed.reverse();
        for source in [plain_source(&bytes), zstd_source(&bytes)] {
            let forward = source.lines(0).until(end as u64).chunk_bytes(chunk);
            prop_assert_eq!(collect(forward).unwrap(), expected.clone());
            let backward = source.lines_rev(end as u64).chunk_bytes(chunk);
            prop_assert_eq!(collect_rev(backward).unwrap(), reversed.clone());
        }
    }

    #[test]
    fn reading_from_any_offset_gives_the_rest(bytes in any_bytes(), cut in any::<prop::sample::Index>(), chunk in 1_usize..70) {
        let from = cut.index(bytes.len() + 1);
        for source in [plain_source(&bytes), zstd_source(&bytes)] {
            let lines = source.lines(from as u64).chunk_bytes(chunk);
            prop_assert_eq!(collect(lines).unwrap(), naive(&bytes, from, MAX_LINE_BYTES));
        }
    }
}

/// Edge case 34, at the reader's own chunk size.
#[test]
fn edge_034_reverse_over_one_two_and_three_chunks() {
    for len in [
        100,
        super::REVERSE_CHUNK_BYTES,
        super::REVERSE_CHUNK_BYTES * 2 + 1,
        super::REVERSE_CHUNK_BYTES * 3,
    ] {
        let mut bytes = b"{\"first\":1}\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', len));
        bytes.extend(b"\n{\"last\":1}\n");
        let mut expected = naive(&bytes, 0, MAX_LINE_BYTES);
        expected.reverse();
        assert_eq!(
            collect_rev(plain_source(&bytes).lines_rev(bytes.len() as u64)).unwrap(),
            expected
        );
    }
}

/// Edge case 35: the reader delivers garbage like any other line and goes on.
#[test]
fn edge_035_garbage_in_the_middle_or_at_the_end_does_not_stop_the_reverse_reader() {
    check(b"{\"a\":1}\n\xff\xfe garbage\n{\"b\":2}\n\x00\x01", 3, MAX_LINE_BYTES);
}

/// Edge case 36.
#[test]
fn edge_036_last_line_without_newline_is_delivered_unterminated() {
    let lines = collect_rev(plain_source(b"{}\n{\"a\":1}").lines_rev(10)).unwrap();
    assert_eq!(
        lines[0],
        Owned::Line {
            offset: 3,
            bytes: b"{\"a\":1}".to_vec(),
            end: 10,
            terminated: false
        }
    );
}

/// Edge case 37 and the line limit: exactly the limit is delivered, one byte more is reported.
#[test]
fn edge_037_lines_above_the_limit_are_reported_with_their_position_and_the_next_ones_read() {
    let limit = 1000_u64;
    let mut bytes = b"{}\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', limit as usize));
    bytes.push(b'\n');
    bytes.extend(std::iter::repeat_n(b'y', limit as usize + 1));
    bytes.extend(b"\n{}\n");
    for chunk in [1, 7, 999, 1000, 1001, 1002, 4096] {
        check(&bytes, chunk, limit);
    }
    let events = collect(plain_source(&bytes).lines(0).max_line_bytes(limit)).unwrap();
    assert_eq!(
        events[2],
        Owned::Oversized {
            offset: 1004,
            len: 1001,
            end: 2006
        }
    );
    assert!(matches!(events[1], Owned::Line { terminated: true, .. }));
}

#[test]
fn a_line_above_the_default_limit_is_never_buffered() {
    let mut bytes = vec![b'x'; MAX_LINE_BYTES as usize + 1];
    bytes.extend(b"\n{}\n");
    let source = plain_source(&bytes);
    let expected = [
        Owned::Oversized {
            offset: 0,
            len: MAX_LINE_BYTES + 1,
            end: MAX_LINE_BYTES + 2,
        },
        Owned::Line {
            offset: MAX_LINE_BYTES + 2,
            bytes: b"{}".to_vec(),
            end: MAX_LINE_BYTES + 5,
            terminated: true,
        },
    ];
    assert_eq!(collect(source.lines(0)).unwrap(), expected);
    assert_eq!(
        collect_rev(source.lines_rev(bytes.len() as u64)).unwrap(),
        [expected[1].clone(), expected[0].clone()]
    );
    let at_limit = plain_source(&bytes[1..]);
    assert!(matches!(collect(at_limit.lines(0)).unwrap()[0], Owned::Line { end, .. } if end == MAX_LINE_BYTES + 1));
}

#[test]
fn a_long_line_is_measured_first_and_one_above_the_limit_keeps_no_memory() {
    let (short, long) = (b"{}\n", 3 * LONG_LINE_BYTES as usize);
    let mut bytes = short.to_vec();
    bytes.extend(std::iter::repeat_n(b'x', long));
    bytes.extend(b"\n{}\n");
    for (max_line_bytes, is_line) in [(long as u64, true), (long as u64 - 1, false)] {
        let budget = LineBudget::new(u64::MAX);
        let rules = ReadRules {
            max_line_bytes,
            budget: Some(budget.clone()),
            ..ReadRules::default()
        };
        let source = plain_source(&bytes).with_rules(rules);
        let mut lines = source.lines(0);
        lines.next().unwrap();
        assert_eq!(matches!(lines.next().unwrap(), Some(LineEvent::Line { .. })), is_line);
        let needed = if is_line { long as u64 * LINE_COPIES } else { 0 };
        assert_eq!((budget.in_use_bytes(), budget.peak_bytes()), (needed, needed));
        if !is_line {
            // Buffers double when they grow.
            let most = 2 * (LONG_LINE_BYTES as usize + CHUNK_BYTES);
            assert!(lines.kept_bytes() <= most, "{}", lines.kept_bytes());
        }
        lines.next().unwrap();
        assert_eq!(budget.in_use_bytes(), 0, "given back with the next line");
        assert!(
            lines.kept_bytes() <= 2 * CHUNK_BYTES + 3 || !is_line,
            "{}",
            lines.kept_bytes()
        );

        let mut lines = source.lines_rev(bytes.len() as u64);
        lines.next().unwrap();
        assert_eq!(matches!(lines.next().unwrap(), Some(LineEvent::Line { .. })), is_line);
        assert_eq!((budget.in_use_bytes(), budget.peak_bytes()), (needed, needed));
        lines.next().unwrap();
        assert_eq!(budget.in_use_bytes(), 0);
    }
}

/// Edge case 38.
#[test]
fn edge_038_offset_beyond_the_end_is_an_error_and_later_bytes_are_ignored() {
    let bytes = b"{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";
    for source in [plain_source(bytes), zstd_source(bytes)] {
        assert_eq!(collect_rev(source.lines_rev(16)).unwrap().len(), 2);
        let beyond = collect_rev(source.lines_rev(25)).unwrap_err();
        assert!(
            matches!(
                beyond,
                RolloutError::BeyondEnd {
                    offset: 25,
                    plain_len: 24,
                    ..
                }
            ),
            "{beyond:?}"
        );
        let beyond = collect(source.lines(0).until(25)).unwrap_err();
        assert!(
            matches!(
                beyond,
                RolloutError::BeyondEnd {
                    offset: 25,
                    plain_len: 24,
                    ..
                }
            ),
            "{beyond:?}"
        );
        let beyond = collect(source.lines(25)).unwrap_err();
        assert!(
            matches!(
                beyond,
                RolloutError::BeyondEnd {
                    offset: 25,
                    plain_len: 24,
                    ..
                }
            ),
            "{beyond:?}"
        );
        assert_eq!(collect(source.lines(24)).unwrap(), []);
    }
}

#[test]
fn blank_lines_are_delivered() {
    let events = collect(plain_source(b"\n  \n\n").lines(0)).unwrap();
    assert_eq!(events, naive(b"\n  \n\n", 0, MAX_LINE_BYTES));
    assert_eq!(events.len(), 3);
}

#[test]
fn an_empty_file_has_no_lines_in_either_direction() {
    check(b"", 1, MAX_LINE_BYTES);
}

#[test]
fn a_reader_stays_finished_after_its_end() {
    let mut lines = plain_source(b"{}\n").lines(0);
    assert!(lines.next().unwrap().is_some());
    assert!(lines.next().unwrap().is_none());
    assert!(lines.next().unwrap().is_none());
}

/// A file that keeps the length of its longest read.
struct Measured {
    file: MemFile,
    longest_read: std::sync::atomic::AtomicUsize,
}

impl crate::fs::LogFile for Measured {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        self.longest_read
            .fetch_max(buf.len(), std::sync::atomic::Ordering::Relaxed);
        self.file.read_at(buf, offset)
    }

    fn stat(&self) -> std::io::Result<crate::fs::FileStat> {
        self.file.stat()
    }
}

#[test]
fn a_long_line_is_gathered_backwards_in_steps_up_to_the_limit() {
    for (line_bytes, expected) in [
        (MAX_FETCH_BYTES / 2, MAX_FETCH_BYTES / 4),
        (3 * MAX_FETCH_BYTES, MAX_FETCH_BYTES),
    ] {
        let mut bytes = vec![b'x'; line_bytes];
        bytes.push(b'\n');
        let len = bytes.len() as u64;
        let file = std::sync::Arc::new(Measured {
            file: MemFile(bytes),
            longest_read: Default::default(),
        });
        let source = crate::source::RolloutSource::from_file(
            std::path::Path::new("mem"),
            crate::discover::Encoding::Plain,
            file.clone(),
            None,
        );
        let mut lines = source.expect("in memory").lines_rev(len);
        let line = lines.next().expect("readable").expect("a line");
        assert_eq!((line.offset(), line.end()), (0, len));
        let longest = file.longest_read.load(std::sync::atomic::Ordering::Relaxed);
        assert!(
            (expected..=MAX_FETCH_BYTES).contains(&longest),
            "{longest} of {line_bytes}"
        );
    }
}
