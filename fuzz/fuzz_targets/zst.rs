//! Any bytes as a compressed rollout: it is read to an end or refused, forward and backward alike, within bounds.
//!
//! The first byte chooses what is stored: the bytes; one sound frame of them, so that only their content is not; sound frames
//! with a true seek table; the same with a table that the second byte spoils somewhere.
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
    let [choice, detail, bytes @ ..] = data else { return };
    let choice = choice % 4;
    let stored = match choice {
        0 => bytes.to_vec(),
        1 => zstd::encode_all(bytes, 1).expect("in memory"),
        _ => seekable(bytes, usize::from(*detail) + 1, choice == 3),
    };
    let fs = SimFs::new();
    fs.put(Path::new(PATH), &stored).expect("in memory");
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
    assert!(choice == 0 || len == bytes.len() as u64);
    assert!(choice != 2 || source.is_seekable().is_ok_and(|is| is), "a true table is believed");
    if choice != 0 {
        for offset in [0, len / 3, len / 2, len.saturating_sub(1)] {
            let read = source.read_at(offset, (len - offset).min(300)).expect("it was read before");
            assert!(bytes[offset as usize..].starts_with(&read), "bytes of another place");
        }
    }
    let mut lines = source.lines_rev(len);
    let mut backward = Vec::new();
    while let Some(event) = lines.next().expect("it was read before") {
        backward.push((event.offset(), event.end()));
    }
    backward.reverse();
    assert_eq!(backward, forward, "both directions see the same lines");
});

/// Frames and their table, as the compressor writes them; `spoil` changes one byte of the table.
fn seekable(bytes: &[u8], frame_bytes: usize, spoil: bool) -> Vec<u8> {
    let (mut stored, mut entries, mut frames) = (Vec::new(), Vec::new(), 0_u32);
    for plain in bytes.chunks(frame_bytes) {
        let frame = zstd::bulk::compress(plain, 1).expect("in memory");
        entries.extend((frame.len() as u32).to_le_bytes());
        entries.extend((plain.len() as u32).to_le_bytes());
        stored.extend(frame);
        frames += 1;
    }
    let mut table = 0x184D_2A5E_u32.to_le_bytes().to_vec();
    table.extend((entries.len() as u32 + 9).to_le_bytes());
    table.extend(entries);
    table.extend(frames.to_le_bytes());
    table.push(0);
    table.extend(0x8F92_EAB1_u32.to_le_bytes());
    if spoil {
        let at = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte)) % table.len();
        table[at] ^= (frame_bytes as u8) | 1;
    }
    stored.extend(table);
    stored
}
