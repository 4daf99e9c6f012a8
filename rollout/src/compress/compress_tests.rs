//! The compressor never loses a byte, whatever the machine does.

use std::path::Path;
use std::sync::Arc;

use super::{Compressed, CompressionRun, FRAME_PLAIN_BYTES, RUN_INTERVAL_MS, compress_file};
use crate::fs::{Crash, Fault, FaultFs, LogFs, SimFs};
use crate::recorder::materialize;

const HOME: &str = "/home";
const PLAIN: &str = "/home/sessions/2026/03/02/rollout-a.jsonl";
const ZST: &str = "/home/sessions/2026/03/02/rollout-a.jsonl.zst";
const FOLDER: &str = "/home/sessions/2026/03/02";

fn content() -> Vec<u8> {
    b"{\"line\":\"of a rollout\"}\n".repeat(2_000)
}

fn home() -> SimFs {
    let disk = SimFs::new();
    disk.put(Path::new(PLAIN), &content()).expect("a file");
    disk
}

fn seam(disk: &SimFs) -> Arc<dyn LogFs> {
    Arc::new(disk.clone())
}

fn names(disk: &SimFs) -> Vec<String> {
    let mut names: Vec<_> = disk
        .read_dir(Path::new(FOLDER))
        .expect("a folder")
        .into_iter()
        .collect();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    names
        .into_iter()
        .map(|entry| entry.name.into_string().expect("text"))
        .collect()
}

/// What a reader finds: the plain form if there is one.
fn readable(disk: &SimFs) -> Vec<u8> {
    let after = disk.clone();
    materialize(&seam(&after), Path::new(PLAIN)).expect("readable");
    after.bytes(Path::new(PLAIN)).expect("plain")
}

#[test]
fn a_compressed_rollout_is_smaller_and_comes_back_as_it_was() {
    let disk = home();
    let before = disk.stat(Path::new(PLAIN)).expect("stat");
    let done = compress_file(&seam(&disk), Path::new(PLAIN)).expect("compresses");
    let Compressed::Done {
        plain_bytes,
        stored_bytes,
    } = done
    else {
        panic!("{done:?}");
    };
    assert_eq!(plain_bytes, content().len() as u64);
    assert!(stored_bytes * 50 < plain_bytes, "{stored_bytes}");
    assert_eq!(names(&disk), ["rollout-a.jsonl.zst"]);
    assert_eq!(disk.stat(Path::new(ZST)).expect("stat").mtime_ns, before.mtime_ns);
    assert_eq!(readable(&disk), content());
}

#[test]
fn a_crash_at_any_step_leaves_the_rollout_readable_and_the_next_run_finishes() {
    for at in 0.. {
        let disk = home();
        let faulty = FaultFs::new(Arc::new(disk.clone())).with(Fault::FailFrom {
            at,
            kind: std::io::ErrorKind::Other,
        });
        let faulty = Arc::new(faulty);
        let compressed = compress_file(&(Arc::clone(&faulty) as Arc<dyn LogFs>), Path::new(PLAIN)).is_ok();
        for crash in Crash::ALL {
            let after = disk.crash(crash);
            assert!(
                after.bytes(Path::new(PLAIN)).is_ok_and(|bytes| bytes == content()) || readable(&after) == content(),
                "lost at {at} by {crash:?}"
            );
            if after.bytes(Path::new(PLAIN)).is_ok() {
                let again = compress_file(&seam(&after), Path::new(PLAIN)).expect("compresses");
                assert!(
                    matches!(again, Compressed::Done { .. }),
                    "{again:?} at {at} after {crash:?}"
                );
            }
            assert!(after.bytes(Path::new(PLAIN)).is_err());
            assert_eq!(readable(&after), content());
        }
        if compressed && faulty.operation_count() <= at {
            return;
        }
    }
}

#[test]
fn another_compressed_form_is_left_alone() {
    let disk = home();
    disk.put(Path::new(ZST), b"something else").expect("a file");
    let taken = compress_file(&seam(&disk), Path::new(PLAIN)).expect("answers");
    assert_eq!(taken, Compressed::Taken);
    assert_eq!(disk.bytes(Path::new(ZST)).expect("file"), b"something else");
    assert_eq!(disk.bytes(Path::new(PLAIN)).expect("file"), content());
    assert_eq!(names(&disk), ["rollout-a.jsonl", "rollout-a.jsonl.zst"]);
}

#[test]
fn runs_are_hours_apart_unless_one_was_not_completed() {
    let disk = SimFs::new();
    disk.put(Path::new(PLAIN), b"lines\n").expect("a file");
    let now_ms = i64::try_from(disk.stat(Path::new(PLAIN)).expect("stat").mtime_ns / 1_000_000).expect("a time");
    let begin = |now_ms| CompressionRun::begin(&seam(&disk), Path::new(HOME), now_ms).expect("answers");
    let first = begin(now_ms).expect("nobody runs");
    assert!(begin(now_ms).is_none(), "two at once");
    drop(first);
    begin(now_ms).expect("the first was not completed").complete();
    assert!(begin(now_ms + RUN_INTERVAL_MS / 2).is_none(), "too soon");
    assert!(begin(now_ms + 2 * RUN_INTERVAL_MS).is_some());
}

#[test]
fn old_leftovers_go_and_young_ones_stay() {
    let disk = home();
    let leftover = Path::new(FOLDER).join("rollout-compress-1-1.tmp");
    disk.put(&leftover, b"half").expect("a file");
    let now_ms = i64::try_from(disk.stat(&leftover).expect("stat").mtime_ns / 1_000_000).expect("a time");
    let clean = |now_ms| {
        let run = CompressionRun::begin(&seam(&disk), Path::new(HOME), now_ms).expect("answers");
        run.expect("nobody runs")
            .remove_stale_files(Path::new(FOLDER))
            .expect("cleans");
    };
    clean(now_ms);
    assert_eq!(names(&disk).len(), 2);
    clean(now_ms + RUN_INTERVAL_MS);
    assert_eq!(names(&disk), ["rollout-a.jsonl"]);
}

#[test]
fn what_is_written_are_frames_of_one_length_that_any_decoder_reads() {
    let frame_bytes = usize::try_from(FRAME_PLAIN_BYTES).expect("small");
    let line = b"{\"a\":\"line of a rollout\"}\n";
    for (len, frames) in [
        (0, 1),
        (1, 1),
        (frame_bytes - 1, 1),
        (frame_bytes, 1),
        (frame_bytes + 1, 2),
        (3 * frame_bytes, 3),
        (3 * frame_bytes + 5, 4),
    ] {
        let plain: Vec<u8> = line.iter().copied().cycle().take(len).collect();
        let disk = SimFs::new();
        disk.put(Path::new(PLAIN), &plain).expect("a file");
        compress_file(&seam(&disk), Path::new(PLAIN)).expect("compresses");
        let stored = disk.bytes(Path::new(ZST)).expect("a file");
        assert_eq!(zstd::decode_all(&stored[..]).expect("sound"), plain, "{len} bytes");
        let (mut at, mut plain_lengths) = (0, Vec::new());
        while !stored[at..].starts_with(&0x184D_2A5E_u32.to_le_bytes()) {
            let end = at + zstd::zstd_safe::find_frame_compressed_size(&stored[at..]).expect("a frame");
            plain_lengths.push(
                zstd::bulk::decompress(&stored[at..end], frame_bytes)
                    .expect("alone")
                    .len(),
            );
            // The checksum of the content is on.
            assert_eq!(stored[at + 4] & 0x04, 0x04);
            at = end;
        }
        assert_eq!(plain_lengths.len(), frames, "{len} bytes");
        assert!(plain_lengths.iter().rev().skip(1).all(|plain| *plain == frame_bytes));
        assert_eq!(stored.len() - at, 8 + 8 * frames + 9);
        assert_eq!(readable(&disk), plain);
    }
}

#[test]
fn a_compressed_form_of_codex_that_is_already_there_is_as_good() {
    let disk = home();
    disk.put(Path::new(ZST), &zstd::encode_all(&content()[..], 3).expect("in memory"))
        .expect("a file");
    let done = compress_file(&seam(&disk), Path::new(PLAIN)).expect("compresses");
    assert!(matches!(done, Compressed::Done { .. }), "{done:?}");
    assert_eq!(names(&disk), ["rollout-a.jsonl.zst"]);
    assert_eq!(readable(&disk), content());
}
