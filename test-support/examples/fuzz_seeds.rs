//! Writes seeds for the fuzz targets: `cargo run -p codex-test-support --example fuzz_seeds -- fuzz/corpus`.
#![allow(clippy::disallowed_methods, reason = "a tool for developers")]

use std::{env, fs, io, path::Path};

use codex_test_support::{Mode, arbitrary::history_from_seed, demo};

/// Seeds of arbitrary histories, per mode; more add little coverage.
const HISTORIES: u64 = 24;
const MAX_STEPS: usize = 12;

const CURSORS: [&str; 5] = [
    r#"{"requestedThreadId":"019c0000-0000-7000-8000-000000000001","rolloutOrdinal":7,"includeAnchor":true,"scope":{"kind":"turns"},"offset":812}"#,
    r#"{"turnId":"019c0000-0000-7000-8000-000000000002","includeAnchor":false}"#,
    r#"{"threadId":"019c0000-0000-7000-8000-000000000001","searchTerm":"needle","nextRolloutOrdinal":3,"nextOccurrenceIndex":1}"#,
    r#"{"threadId":"019c0000-0000-7000-8000-000000000001","position":9,"kind":1,"id":"item"}"#,
    r#"{"id":1,"method":"thread/list","params":{"limit":3,"cursor":"2026-09-21T14:30:20Z|019c0000-0000-7000-8000-000000000001"}}"#,
];

const QUERIES: [&str; 6] = [
    r#"parse "history base"* -old (a OR b) in:message,plan"#,
    r#"'it''s' literal:"a%_b" /err(or)?/ regex:"^x\s+y$""#,
    "path:src/lib.rs command:(cargo OR make) -in:output --lib",
    "cwd:/home/me provider:openai,azure model:gpt source:cli name:plan archived:no",
    "before:2026-03-31 after:7d std::fs http://x.y:80 foo_bar fooBar",
    "検索 Codex検索 \"検 索\" gr\u{f6}\u{df}e",
];

fn main() -> io::Result<()> {
    let dir = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: fuzz_seeds DIR"))?;
    let dir = Path::new(&dir);
    let mut lines = Vec::new();
    let mut rollouts = Vec::new();
    for (choice, mode) in (0..).zip([Mode::Legacy, Mode::Paginated, Mode::Bare]) {
        for seed in 0..HISTORIES {
            let history = history_from_seed(seed, mode, MAX_STEPS);
            // The target takes the mode from the first byte and the split from the second.
            rollouts.push([vec![choice, 128], history.bytes()].concat());
            lines.extend(history.lines);
        }
    }
    lines.extend(demo::demo_files().iter().flat_map(|file| {
        file.bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    }));
    // The other targets take a choice from the first byte.
    let chosen = |bytes: &[u8]| [0_u8, 1, 2, 3].map(|choice| [&[choice][..], bytes].concat());
    let ends: Vec<Vec<u8>> = lines.iter().step_by(9).flat_map(|line| chosen(line)).collect();
    let terms = lines
        .iter()
        .step_by(9)
        .map(|line| [&[6][..], &b"needle"[..], &line[..]].concat());
    write(&dir.join("recover"), &ends)?;
    // Stored as they are: files with a seek table, a few of them cut.
    let seekable = lines.iter().step_by(60).enumerate().map(|(number, line)| {
        let mut stored = seekable(&line.repeat(3), line.len().max(1));
        stored.truncate(stored.len() - [0, 0, 1, 12][number % 4].min(stored.len()));
        [vec![0, 0], stored].concat()
    });
    write(&dir.join("zst"), &seekable.chain(ends).collect::<Vec<_>>())?;
    let queries = QUERIES.iter().flat_map(|query| {
        let texts = lines.iter().step_by(40);
        let seed = |line: &Vec<u8>| {
            [
                &[u8::try_from(query.len()).unwrap_or(u8::MAX)][..],
                query.as_bytes(),
                line,
            ]
            .concat()
        };
        texts.map(seed).collect::<Vec<_>>()
    });
    write(&dir.join("query"), &queries.collect::<Vec<_>>())?;
    write(&dir.join("search"), &terms.collect::<Vec<_>>())?;
    lines.iter_mut().for_each(|line| line.retain(|byte| *byte != b'\n'));
    write(&dir.join("decode_line"), &lines)?;
    write(&dir.join("project_bytes"), &rollouts)?;
    write(&dir.join("wire"), &CURSORS.map(|text| text.as_bytes().to_vec()))
}

/// Frames of one length and their seek table, in the public format.
fn seekable(bytes: &[u8], frame_bytes: usize) -> Vec<u8> {
    let (mut stored, mut entries, mut frames) = (Vec::new(), Vec::new(), 0_u32);
    let word = |len: usize| u32::try_from(len).expect("a seed is small").to_le_bytes();
    for plain in bytes.chunks(frame_bytes) {
        let frame = zstd::bulk::compress(plain, 3).expect("in memory");
        entries.extend([word(frame.len()), word(plain.len())].concat());
        stored.extend(frame);
        frames += 1;
    }
    stored.extend([0x184D_2A5E_u32.to_le_bytes(), word(entries.len() + 9)].concat());
    stored.extend(entries);
    stored.extend(frames.to_le_bytes());
    stored.push(0);
    stored.extend(0x8F92_EAB1_u32.to_le_bytes());
    stored
}

fn write(folder: &Path, seeds: &[Vec<u8>]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    seeds
        .iter()
        .enumerate()
        .try_for_each(|(number, seed)| fs::write(folder.join(format!("seed-{number:04}")), seed))
}
