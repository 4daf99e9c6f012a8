//! Positioned reads and anchors, plain and compressed.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::{ANCHOR_BYTES, RolloutSource};
use crate::RolloutError;
use crate::discover::Encoding;
use crate::test_files::{MemFile, collect, plain_source, zstd, zstd_source};

/// Bytes that repeat nowhere near, so that a wrong position shows.
fn counted(len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 16);
    let mut n = 0_u64;
    while bytes.len() < len {
        bytes.extend(format!("{n:x}\n").bytes());
        n += 1;
    }
    bytes.truncate(len);
    bytes
}

proptest! {
    #[test]
    fn compressed_reads_equal_plain_reads_in_any_order(
        len in 0_usize..5000,
        ranges in prop::collection::vec((0_usize..5200, 0_usize..600), 1..12),
    ) {
        let bytes = counted(len);
        let (plain, compressed) = (plain_source(&bytes), zstd_source(&bytes));
        for (offset, read_len) in ranges {
            let expected = bytes.get(offset..offset + read_len).map(<[u8]>::to_vec);
            for source in [&plain, &compressed] {
                match (source.read_at(offset as u64, read_len as u64), &expected) {
                    (Ok(found), Some(expected)) => prop_assert_eq!(&found, expected),
                    (Err(RolloutError::BeyondEnd { plain_len, .. }), None) => prop_assert_eq!(plain_len, len as u64),
                    (found, expected) => prop_assert!(false, "{:?} instead of {:?}", found, expected),
                }
            }
        }
        prop_assert_eq!(compressed.plain_len().unwrap(), len as u64);
    }
}

#[test]
fn an_absurd_range_is_an_error_and_reserves_nothing() {
    for source in [plain_source(b"{}\n"), zstd_source(b"{}\n")] {
        for (offset, len) in [(0, u64::MAX), (u64::MAX, 1), (u64::MAX, u64::MAX), (1, 3), (4, 0)] {
            let error = source.read_at(offset, len).unwrap_err();
            assert!(matches!(error, RolloutError::BeyondEnd { .. }), "{error:?}");
        }
    }
}

#[test]
fn read_into_appends_and_keeps_the_length_on_error() {
    let source = plain_source(b"abcdef");
    let mut out = b"x".to_vec();
    source.read_into(2, 3, &mut out).unwrap();
    assert_eq!(out, b"xcde");
    source.read_into(2, 30, &mut out).unwrap_err();
    assert_eq!(out, b"xcde");
}

#[test]
fn a_truncated_compressed_file_gives_what_it_has_and_then_an_error() {
    let bytes = counted(3_000_000);
    let mut stored = zstd(&bytes);
    stored.truncate(stored.len() / 2);
    let file = Arc::new(MemFile(stored));
    let source = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, file, None).unwrap();
    let mut lines = source.lines(0);
    let mut good = Vec::new();
    let error = loop {
        match lines.next() {
            Ok(Some(crate::lines::LineEvent::Line { bytes, .. })) => {
                good.extend_from_slice(bytes);
                good.push(b'\n');
            }
            Ok(other) => panic!("{other:?} before an error"),
            Err(error) => break error,
        }
    };
    assert!(
        good.len() > 100_000 && bytes.starts_with(&good),
        "{} good bytes",
        good.len()
    );
    assert!(matches!(error, RolloutError::Decompress { .. }), "{error:?}");
    assert!(error.offset().unwrap() >= good.len() as u64);
    assert!(matches!(
        source.plain_len().unwrap_err(),
        RolloutError::Decompress { .. }
    ));
    assert_eq!(source.read_at(0, 100).unwrap(), bytes[..100]);
    source.read_at(2_999_900, 100).unwrap_err();
}

#[test]
fn garbage_named_zst_is_an_error_from_every_reader() {
    let file = Arc::new(MemFile(b"this is not zstd at all".to_vec()));
    let source = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, file, None).unwrap();
    assert!(matches!(
        source.read_at(0, 1).unwrap_err(),
        RolloutError::Decompress { offset: 0, .. }
    ));
    assert!(matches!(
        source.plain_len().unwrap_err(),
        RolloutError::Decompress { offset: 0, .. }
    ));
    assert!(matches!(
        collect(source.lines(0)).unwrap_err(),
        RolloutError::Decompress { offset: 0, .. }
    ));
}

#[test]
fn two_frames_in_one_compressed_file_read_as_one() {
    let mut stored = zstd(b"{\"a\":1}\n");
    stored.extend(zstd(b"{\"b\":2}\n"));
    let source = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, Arc::new(MemFile(stored)), None).unwrap();
    assert_eq!(source.plain_len().unwrap(), 16);
    assert_eq!(source.read_at(8, 8).unwrap(), b"{\"b\":2}\n");
}

#[test]
fn an_anchor_survives_appending_and_compressing() {
    let bytes = counted(20_000);
    let anchor = plain_source(&bytes[..12_000]).anchor(10_000).unwrap();
    for source in [
        plain_source(&bytes),
        zstd_source(&bytes),
        plain_source(&bytes[..10_000]),
    ] {
        assert!(source.check_anchor(&anchor).unwrap());
    }
}

#[test]
fn an_anchor_fails_on_any_change_that_it_covers_and_on_a_short_file() {
    let bytes = counted(20_000);
    let at_offset = 10_000_u64;
    let anchor = plain_source(&bytes).anchor(at_offset).unwrap();
    let first_line_end = 1;
    let tail = (at_offset - ANCHOR_BYTES) as usize..at_offset as usize;
    for position in (0..=first_line_end).chain(tail.step_by(97)) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        assert!(
            !plain_source(&changed).check_anchor(&anchor).unwrap(),
            "change at {position}"
        );
    }
    assert!(!plain_source(&bytes[..9_999]).check_anchor(&anchor).unwrap());
    assert!(!zstd_source(&bytes[..9_999]).check_anchor(&anchor).unwrap());
}

#[test]
fn anchors_of_short_files_and_at_zero_are_defined() {
    let source = plain_source(b"{}");
    assert_eq!(source.anchor(0).unwrap(), plain_source(b"other").anchor(0).unwrap());
    assert_ne!(source.anchor(2).unwrap(), source.anchor(1).unwrap());
    assert!(matches!(source.anchor(3).unwrap_err(), RolloutError::BeyondEnd { .. }));
}

#[test]
fn the_anchor_of_known_bytes_never_changes() {
    // Stored in indexes: a change here makes every one of them rebuild.
    assert_eq!(
        plain_source(&counted(20_000)).anchor(10_000).unwrap().hash,
        16_486_622_533_159_533_155
    );
}
