//! Compressed files with seek tables: what is believed, what is decoded, and that nothing is ever wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::frame_cache::FrameCache;
use super::seek_body::SeekBody;
use super::seek_table::{SeekTable, TableFault, TableFound};
use super::zstd_frame::{FrameShape, Headers};
use super::{
    FrameLengths, MAX_CACHED_FRAME_BYTES, MAX_CACHED_FRAMES, MAX_FRAME_PLAIN_BYTES, MAX_SEEK_FRAMES, RolloutSource,
    SeekCache, encode_table,
};
use crate::RolloutError;
use crate::discover::Encoding;
use crate::fs::{FileStat, LogFile, StdFs};
use crate::test_files::{MemFile, collect, collect_rev, naive, plain_source, stored_source, zstd, zstd_frames};

/// Lines that repeat nowhere near, so that a wrong position shows.
fn lines(len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0_u64..)
        .flat_map(|n| format!("{{\"n\":{n:x}}}\n").into_bytes())
        .take(len)
        .collect();
    if let Some(last) = bytes.last_mut() {
        *last = b'\n';
    }
    bytes
}

fn fault(stored: &[u8]) -> Option<TableFault> {
    let file: Arc<dyn LogFile> = Arc::new(MemFile(stored.to_vec()));
    match SeekTable::read(&file, stored.len() as u64).unwrap() {
        TableFound::Refused(fault) => Some(fault),
        TableFound::None | TableFound::Table(_) => None,
    }
}

/// The table at the end of a file replaced by another one.
fn with_table(stored: &[u8], old: &[FrameLengths], new: &[u8]) -> Vec<u8> {
    let table_len = encode_table(old).unwrap().len();
    [&stored[..stored.len() - table_len], new].concat()
}

/// Reads at places that a wrong position would show at.
fn assert_reads(source: &RolloutSource, plain: &[u8]) {
    assert_eq!(source.plain_len().unwrap(), plain.len() as u64);
    for offset in (0..plain.len()).step_by(plain.len() / 7 + 1).rev() {
        let end = (offset + 300).min(plain.len());
        assert_eq!(
            source.read_at(offset as u64, (end - offset) as u64).unwrap(),
            plain[offset..end]
        );
    }
    assert_eq!(collect(source.lines(0)).unwrap(), naive(plain, 0, u64::MAX));
}

#[test]
fn a_true_table_is_read_by_position_and_by_any_decoder() {
    let plain = lines(10_000);
    for frame_bytes in [1, 7, 1000, 9_999, 10_000, 20_000] {
        let (stored, _) = zstd_frames(&plain, frame_bytes);
        assert_eq!(zstd::decode_all(&stored[..]).unwrap(), plain);
        let source = stored_source(stored);
        assert!(source.is_seekable().unwrap(), "frames of {frame_bytes}");
        assert_reads(&source, &plain);
    }
}

#[test]
fn a_table_with_checksums_is_read_as_well() {
    let plain = lines(5_000);
    let (stored, lengths) = zstd_frames(&plain, 1_000);
    let mut table = 0x184D_2A5E_u32.to_le_bytes().to_vec();
    table.extend((lengths.len() as u32 * 12 + 9).to_le_bytes());
    for FrameLengths { stored, plain } in &lengths {
        table.extend([stored.to_le_bytes(), plain.to_le_bytes(), [1, 2, 3, 4]].concat());
    }
    table.extend((lengths.len() as u32).to_le_bytes());
    table.push(0x80);
    table.extend(0x8F92_EAB1_u32.to_le_bytes());
    let source = stored_source(with_table(&stored, &lengths, &table));
    assert!(source.is_seekable().unwrap());
    assert_reads(&source, &plain);
}

#[test]
fn the_bytes_of_a_table_are_those_of_the_public_format() {
    let table = encode_table(&[FrameLengths {
        stored: 0x0102,
        plain: 0x0304,
    }])
    .unwrap();
    let expected = [
        &[0x5E, 0x2A, 0x4D, 0x18, 17, 0, 0, 0][..],
        &[2, 1, 0, 0, 4, 3, 0, 0],
        &[1, 0, 0, 0, 0, 0xB1, 0xEA, 0x92, 0x8F],
    ];
    assert_eq!(table, expected.concat());
}

#[test]
fn a_table_that_is_not_true_is_refused_and_the_bytes_stay_right() {
    let plain = lines(3_000);
    let (stored, true_lengths) = zstd_frames(&plain, 1_000);
    let [a, b, c] = true_lengths[..] else {
        panic!("three frames")
    };
    let lie = |change: &dyn Fn(&mut Vec<FrameLengths>)| {
        let mut lengths = true_lengths.clone();
        change(&mut lengths);
        with_table(&stored, &true_lengths, &encode_table(&lengths).unwrap())
    };
    let raw = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut table = encode_table(&true_lengths).unwrap();
        change(&mut table);
        with_table(&stored, &true_lengths, &table)
    };
    let joined = FrameLengths {
        stored: a.stored + b.stored,
        plain: a.plain,
    };
    let frames_end = u64::from(a.stored + b.stored + c.stored);
    let at_b = u64::from(a.stored);
    let too_large = MAX_FRAME_PLAIN_BYTES as u32 + 1;
    let sum = |end, table| TableFault::Sum { end, table };
    let cases: Vec<(Vec<u8>, TableFault)> = vec![
        // Plain lengths that add up, with a wrong place between.
        (
            lie(&|l| (l[0].plain, l[1].plain) = (1_010, 990)),
            TableFault::Lie { frame: 0, offset: 0 },
        ),
        (
            lie(&|l| (l[1].plain, l[2].plain) = (990, 1_010)),
            TableFault::Lie { frame: 1, offset: at_b },
        ),
        (
            lie(&|l| l[2].plain += 1),
            TableFault::Lie {
                frame: 2,
                offset: frames_end - u64::from(c.stored),
            },
        ),
        // Frames that begin elsewhere, although the sum is right.
        (
            lie(&|l| (l[0].stored, l[1].stored) = (a.stored + 1, b.stored - 1)),
            TableFault::Lie { frame: 0, offset: 0 },
        ),
        // Two frames as one whose stated length is that of the first.
        (
            lie(&|l| drop(l.splice(0..2, [joined]))),
            TableFault::Lie { frame: 0, offset: 0 },
        ),
        (lie(&|l| l[2].stored += 1), sum(frames_end + 1, frames_end)),
        (
            lie(&|l| l.truncate(2)),
            sum(frames_end - u64::from(c.stored), frames_end),
        ),
        (
            lie(&|l| l[0].plain = too_large),
            TableFault::TooLarge {
                frame: 0,
                stored: a.stored,
                plain: too_large,
            },
        ),
        (
            lie(&|l| l[1].stored = u32::MAX),
            TableFault::TooLarge {
                frame: 1,
                stored: u32::MAX,
                plain: b.plain,
            },
        ),
        (
            raw(&|t| *t.iter_mut().rev().nth(4).unwrap() = 0x04),
            TableFault::Reserved,
        ),
    ];
    for (number, (stored, expected)) in cases.into_iter().enumerate() {
        assert_eq!(fault(&stored).as_ref(), Some(&expected), "case {number}");
        let source = stored_source(stored);
        assert!(!source.is_seekable().unwrap());
        assert_reads(&source, &plain);
    }
    // Tables that are no skippable frame of their length: no decoder reads such a file to its end, and none reads it wrong.
    let count_at = encode_table(&true_lengths).unwrap().len() - 9;
    for (change, expected) in [
        ((0, 0x51), TableFault::Length),
        ((4, 7), TableFault::Length),
        ((count_at, 200), TableFault::Length),
        ((count_at + 3, 1), TableFault::TooManyFrames { frames: 0x0100_0003 }),
    ] {
        let stored = raw(&|table| table[change.0] = change.1);
        assert_eq!(fault(&stored), Some(expected));
        let source = stored_source(stored);
        assert!(!source.is_seekable().unwrap());
        assert_eq!(source.read_at(1_500, 100).unwrap(), plain[1_500..1_600]);
    }
}

#[test]
fn frames_that_do_not_state_their_length_and_files_behind_files_are_streamed() {
    let plain = lines(3_000);
    let streamed: Vec<Vec<u8>> = plain.chunks(1_000).map(zstd).collect();
    let lengths: Vec<FrameLengths> = streamed
        .iter()
        .map(|frame| FrameLengths {
            stored: frame.len() as u32,
            plain: 1_000,
        })
        .collect();
    let unstated = [streamed.concat(), encode_table(&lengths).unwrap()].concat();
    assert_eq!(fault(&unstated), Some(TableFault::Lie { frame: 0, offset: 0 }));
    let twice = [zstd_frames(&plain[..1_500], 500).0, zstd_frames(&plain[1_500..], 500).0].concat();
    assert!(matches!(fault(&twice), Some(TableFault::Sum { .. })));
    let without = streamed.concat();
    assert_eq!(fault(&without), None);
    for stored in [unstated, twice, without] {
        let source = stored_source(stored);
        assert!(!source.is_seekable().unwrap());
        assert_reads(&source, &plain);
    }
}

#[test]
fn a_file_cut_anywhere_gives_right_bytes_or_an_error() {
    let plain = lines(3_000);
    let (stored, lengths) = zstd_frames(&plain, 1_000);
    let table_at = stored.len() - encode_table(&lengths).unwrap().len();
    for len in 0..stored.len() {
        let source = stored_source(stored[..len].to_vec());
        assert!(!source.is_seekable().unwrap(), "cut to {len}");
        for offset in [0, 999, 1_500, 2_900] {
            match source.read_at(offset, 100) {
                Ok(bytes) => assert_eq!(bytes, plain[offset as usize..][..100], "cut to {len}"),
                Err(RolloutError::Decompress { .. } | RolloutError::BeyondEnd { .. }) => {
                    assert!(len < table_at, "cut to {len}, {offset} cannot be read");
                }
                Err(error) => panic!("{error:?} after a cut to {len}"),
            }
        }
    }
    // Without its table it is a file like any other.
    assert_reads(&stored_source(stored[..table_at].to_vec()), &plain);
}

#[test]
fn a_damaged_frame_is_an_error_of_its_bytes_and_of_no_others() {
    let plain = lines(3_000);
    let (mut stored, lengths) = zstd_frames(&plain, 1_000);
    // The last byte of the middle frame's only block.
    stored[(lengths[0].stored + lengths[1].stored) as usize - 1] ^= 0x55;
    let source = stored_source(stored);
    assert!(source.is_seekable().unwrap());
    assert_eq!(source.read_at(0, 1_000).unwrap(), plain[..1_000]);
    assert_eq!(source.read_at(2_000, 1_000).unwrap(), plain[2_000..]);
    // Without a checksum of the frame the decoder may take it for another text; it may not change the length.
    for range in [(990, 20), (1_500, 1), (1_999, 2)] {
        match source.read_at(range.0, range.1) {
            Err(RolloutError::Decompress { offset, .. }) => assert_eq!(offset, 1_000),
            other => assert_eq!(other.unwrap().len() as u64, range.1),
        }
    }
}

#[test]
fn a_file_of_nothing_has_a_table_of_one_empty_frame_or_of_none() {
    for (frame, lengths) in [(zstd::bulk::compress(&[], 3).unwrap(), Some(0)), (Vec::new(), None)] {
        let lengths: Vec<_> = lengths
            .iter()
            .map(|plain| FrameLengths {
                stored: frame.len() as u32,
                plain: *plain,
            })
            .collect();
        let source = stored_source([frame, encode_table(&lengths).unwrap()].concat());
        assert!(source.is_seekable().unwrap());
        assert_eq!(source.plain_len().unwrap(), 0);
        assert_eq!(source.read_at(0, 0).unwrap(), b"");
        assert!(matches!(source.read_at(0, 1), Err(RolloutError::BeyondEnd { .. })));
        assert_eq!(collect(source.lines(0)).unwrap(), []);
        assert_eq!(collect_rev(source.lines_rev(0)).unwrap(), []);
    }
}

#[test]
fn a_frame_at_the_limit_is_decoded_in_memory_and_a_longer_one_is_streamed() {
    for (over, is_seekable) in [(0, true), (1, false)] {
        let plain = vec![b'\n'; MAX_FRAME_PLAIN_BYTES as usize + over];
        let (stored, _) = zstd_frames(&plain, plain.len());
        let source = stored_source(stored);
        assert_eq!(source.is_seekable().unwrap(), is_seekable);
        assert_eq!(source.plain_len().unwrap(), plain.len() as u64);
        assert_eq!(source.read_at(plain.len() as u64 - 1, 1).unwrap(), b"\n");
    }
}

#[test]
fn a_table_has_at_most_so_many_frames() {
    let lengths = vec![FrameLengths { stored: 9, plain: 0 }; MAX_SEEK_FRAMES + 1];
    assert!(encode_table(&lengths[..MAX_SEEK_FRAMES]).is_some());
    assert_eq!(encode_table(&lengths), None);
}

/// A file that counts the bytes that are read of it.
struct Counted {
    file: MemFile,
    bytes: AtomicU64,
}

impl LogFile for Counted {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let n = self.file.read_at(buf, offset)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn stat(&self) -> std::io::Result<FileStat> {
        self.file.stat()
    }
}

/// Bytes that do not compress.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn seek_body(file: &Arc<dyn LogFile>, frames: &FrameCache) -> SeekBody {
    let stat = file.stat().unwrap();
    SeekBody::find(Path::new("mem"), file, &stat, frames)
        .unwrap()
        .expect("a table")
}

fn read(body: &SeekBody, offset: u64, len: u64) -> Vec<u8> {
    let mut out = Vec::new();
    body.read(offset, len, &mut out).unwrap();
    out
}

#[test]
fn a_read_fetches_its_frames_once_for_all_who_open_the_file() {
    let plain = noise(4 << 20);
    let (stored, _) = zstd_frames(&plain, 64 << 10);
    let counted = Arc::new(Counted {
        file: MemFile(stored),
        bytes: AtomicU64::new(0),
    });
    let file: Arc<dyn LogFile> = Arc::clone(&counted) as _;
    let frames = FrameCache::shared();
    let taken = || counted.bytes.swap(0, Ordering::Relaxed);
    let body = seek_body(&file, &frames);
    let table_bytes = taken();
    // 64 frames of a header and a block each, several in a fetch of 4 KiB only where they are small.
    assert!(
        table_bytes < 65 * 4096 + 600,
        "{table_bytes} bytes read to compare a table"
    );
    assert_eq!(read(&body, 3_000_000, 1000), plain[3_000_000..3_001_000]);
    let one_frame = taken();
    assert!(
        (64 << 10..70 << 10).contains(&one_frame),
        "{one_frame} bytes read for a page"
    );
    let again = seek_body(&file, &frames);
    assert_eq!(read(&again, 3_000_100, 500), plain[3_000_100..3_000_600]);
    assert_eq!(taken(), 0);
}

#[test]
fn decoded_frames_are_kept_up_to_their_limits() {
    let plain = vec![b'\n'; 3 * MAX_CACHED_FRAME_BYTES as usize / 2];
    for (frame_bytes, expected) in [(1 << 20, 16), (128 << 10, MAX_CACHED_FRAMES)] {
        let file: Arc<dyn LogFile> = Arc::new(MemFile(zstd_frames(&plain, frame_bytes).0));
        let frames = FrameCache::shared();
        let body = seek_body(&file, &frames);
        for offset in (0..plain.len() as u64).step_by(frame_bytes) {
            read(&body, offset, 1);
        }
        assert_eq!(frames.size(), (expected, (expected * frame_bytes) as u64));
        assert!(frames.size().1 <= MAX_CACHED_FRAME_BYTES);
    }
}

#[test]
fn a_reader_that_goes_on_keeps_only_where_it_began() {
    let plain = lines(100_000);
    let cache = SeekCache::new(Arc::new(StdFs), "/nothing/here", 0);
    let file = Arc::new(MemFile(zstd_frames(&plain, 1_000).0));
    let source = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, file, Some(&cache)).unwrap();
    let expected = collect(plain_source(&plain).lines(50_001)).unwrap();
    assert_eq!(collect(source.lines(50_001)).unwrap(), expected);
    assert_eq!(cache.frames().size(), (1, 1_000));
    assert!(cache.frames().frame(&source.stat().fingerprint, 50).is_some());
}

#[test]
fn the_head_of_a_file_is_read_without_its_end() {
    let plain = noise(4 << 20);
    let counted = Arc::new(Counted {
        file: MemFile(zstd_frames(&plain, 64 << 10).0),
        bytes: AtomicU64::new(0),
    });
    let source = RolloutSource::from_file(Path::new("mem"), Encoding::Zstd, Arc::clone(&counted) as _, None).unwrap();
    source.lines(0).next().unwrap().expect("a line");
    let read = counted.bytes.load(Ordering::Relaxed);
    assert!(read <= 512 << 10, "{read} bytes read for a head");
}

proptest! {
    #[test]
    fn reads_of_frames_equal_plain_reads_in_any_order(
        texts in prop::collection::vec("[a-c]{0,40}", 0..60),
        frame_bytes in 1_usize..400,
        ranges in prop::collection::vec((0_usize..2600, 0_usize..600), 1..12),
    ) {
        let bytes = texts.iter().flat_map(|text| format!("{text}\n").into_bytes()).collect::<Vec<u8>>();
        let (plain, compressed) = (plain_source(&bytes), stored_source(zstd_frames(&bytes, frame_bytes).0));
        prop_assert!(compressed.is_seekable().unwrap());
        for (offset, len) in ranges {
            let (expected, found) =
                (plain.read_at(offset as u64, len as u64), compressed.read_at(offset as u64, len as u64));
            match (expected, found) {
                (Ok(expected), Ok(found)) => prop_assert_eq!(expected, found),
                (Err(RolloutError::BeyondEnd { .. }), Err(RolloutError::BeyondEnd { .. })) => {}
                (expected, found) => prop_assert!(false, "{:?} instead of {:?}", found, expected),
            }
            // From the start of a line, in both directions.
            let from = bytes[..offset.min(bytes.len())].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            prop_assert_eq!(
                collect(compressed.lines(from as u64)).unwrap(),
                collect(plain.lines(from as u64)).unwrap()
            );
            prop_assert_eq!(
                collect_rev(compressed.lines_rev(from as u64)).unwrap(),
                collect_rev(plain.lines_rev(from as u64)).unwrap()
            );
        }
    }

    #[test]
    fn a_frame_ends_where_the_decoder_says(
        bytes in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..2000),
        repeats in 1_usize..300,
        (level, checksum, states_length) in (1_i32..6, any::<bool>(), any::<bool>()),
        behind in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let plain = bytes.repeat(repeats);
        let mut compressor = zstd::bulk::Compressor::new(level).unwrap();
        compressor.include_checksum(checksum).unwrap();
        compressor.include_contentsize(states_length).unwrap();
        let frame = compressor.compress(&plain).unwrap();
        let stored_len = frame.len() as u64;
        prop_assert_eq!(zstd::zstd_safe::find_frame_compressed_size(&frame), Ok(frame.len()));
        let file: Arc<dyn LogFile> = Arc::new(MemFile([&frame[..], &behind].concat()));
        let found = Headers::new(Arc::clone(&file), stored_len + behind.len() as u64).frame_at(0).unwrap();
        let plain_len = states_length.then_some(plain.len() as u64);
        prop_assert_eq!(found, Some(FrameShape { stored_len, plain_len }));
        for end in [0, 3, 7, stored_len / 2, stored_len - 1] {
            prop_assert_eq!(Headers::new(Arc::clone(&file), end).frame_at(0).unwrap(), None);
        }
    }
}
