//! Any bytes as a compressed rollout: it is read to an end or refused, forward and backward alike, within bounds.
//!
//! The first byte chooses whether the bytes are compressed first, so that the frames are sound and their content is not.
#![no_main]

use std::{path::Path, sync::Arc};

use codex_rollout::{
    discover::rollout_at,
    fs::{LogFs, SimFs},
    head::read_head,
    source::RolloutSource,
};
use libfuzzer_sys::fuzz_target;

const PATH: &str =
    "/home/sessions/2026/03/02/rollout-2026-03-02T09-00-00-01a20235-994b-7d00-be10-0c5c1ecfe4fb.jsonl.zst";
/// Bombs are not what is looked for: a few bytes may say gigabytes.
const MAX_PLAIN_BYTES: u64 = 8 * 1024 * 1024;

fuzz_target!(|data: &[u8]| {
    let [choice, bytes @ ..] = data else { return };
    let compressed;
    let stored = match choice & 1 {
        0 => bytes,
        _ => {
            compressed = zstd::encode_all(bytes, 1).expect("in memory");
            &compressed
        }
    };
    let fs = SimFs::new();
    fs.put(Path::new(PATH), stored).expect("in memory");
    let file = rollout_at(&fs, Path::new("/home"), Path::new(PATH)).expect("there");
    let seam: Arc<dyn LogFs> = Arc::new(fs);
    let Ok(source) = RolloutSource::open(seam, &file, None) else { return };
    let _ = read_head(&source);
    let mut lines = source.lines(0);
    let mut forward = Vec::new();
    loop {
        match lines.next() {
            Ok(Some(event)) if event.end() <= MAX_PLAIN_BYTES => forward.push((event.offset(), event.end())),
            Ok(None) => break,
            // Refused, with the lines before it read; or too large for this target.
            Ok(Some(_)) | Err(_) => return,
        }
    }
    let len = source.plain_len().expect("it was read to its end");
    assert_eq!(forward.last().map_or(0, |(_, end)| *end), len, "lines cover the file");
    assert!(choice & 1 == 0 || len == bytes.len() as u64);
    let mut lines = source.lines_rev(len);
    let mut backward = Vec::new();
    while let Some(event) = lines.next().expect("it was read before") {
        backward.push((event.offset(), event.end()));
    }
    backward.reverse();
    assert_eq!(backward, forward, "both directions see the same lines");
});
