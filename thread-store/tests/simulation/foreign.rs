//! What others do with rollouts: Codex that appends, its torn tails, migrations that rename, its compressor.
//!
//! Knows bytes only. Whoever appends does not sync, as Codex.

use std::path::{Path, PathBuf};

use codex_rollout::fs::{LogFs as _, SimFs};
use codex_test_support::RolloutFile;
use codex_test_support::agent::{Fact, Form, Turn};
use codex_thread_store::HistoryMode;
use serde_json::{Value, json};

use crate::plan::Foreign;

/// A turn of two messages, and where it is to be written.
pub(crate) struct ForeignTurn<'t> {
    pub(crate) thread_id: &'t str,
    pub(crate) mode: HistoryMode,
    pub(crate) turn_id: &'t str,
    pub(crate) words: [&'t str; 2],
    /// Time of the lines.
    pub(crate) at: &'static str,
}

/// Writes as somebody else; tells whether anything was written, and whether all of the file is on stable storage now.
pub(crate) fn write(disk: &SimFs, path: &Path, kind: Foreign, turn: &ForeignTurn<'_>) -> std::io::Result<Option<bool>> {
    let Ok(bytes) = disk.bytes(path) else {
        return Ok(None); // compressed: Codex would make it plain first
    };
    let mut lines = match bytes.last() {
        None | Some(b'\n') => Vec::new(),
        // What is unfinished is left as it is.
        Some(_) => b"\n".to_vec(),
    };
    match kind {
        Foreign::Turn | Foreign::RenamedOver => lines.extend(turn_lines(&bytes, turn, true)),
        Foreign::NoOrdinals => lines.extend(turn_lines(&bytes, turn, false)),
        Foreign::Unterminated => {
            lines.extend(turn_lines(&bytes, turn, true));
            lines.pop();
        }
        Foreign::Torn => {
            let line = turn_lines(&bytes, turn, true);
            let first = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
            lines.extend_from_slice(&line[..first / 2]);
        }
        Foreign::Garbage => lines.extend_from_slice(b"{\"timestamp\":\"2026-03-02T0 no line\n"),
        Foreign::Compressed => return compress(disk, path, bytes).map(|()| Some(true)),
    }
    if kind == Foreign::RenamedOver {
        let copy = path.with_extension("tmp");
        let mut file = disk.create(&copy)?;
        file.write_all(&bytes)?;
        file.write_all(&lines)?;
        disk.copy_attributes(path, &copy)?;
        file.sync()?;
        disk.rename(&copy, path)?;
        sync_folders(disk, path)?;
        return Ok(Some(true));
    }
    disk.open_append(path)?.write_all(&lines)?;
    Ok(Some(false))
}

/// Codex's compressor syncs before it renames and removes.
fn compress(disk: &SimFs, path: &Path, bytes: Vec<u8>) -> std::io::Result<()> {
    let file = RolloutFile {
        relative_path: "rollout.jsonl".into(),
        bytes,
        modified_ms: 0,
    };
    let compressed = PathBuf::from(format!("{}.zst", path.display()));
    let copy = path.with_extension("tmp");
    let mut written = disk.create(&copy)?;
    written.write_all(&file.compressed().bytes)?;
    disk.copy_attributes(path, &copy)?;
    written.sync()?;
    disk.rename(&copy, &compressed)?;
    sync_folders(disk, path)?;
    disk.remove(path)?;
    sync_folders(disk, path)
}

fn sync_folders(disk: &SimFs, path: &Path) -> std::io::Result<()> {
    path.ancestors().skip(1).try_for_each(|folder| disk.sync_dir(folder))
}

fn turn_lines(before: &[u8], foreign: &ForeignTurn<'_>, numbered: bool) -> Vec<u8> {
    let turn = Turn::new(foreign.thread_id, foreign.turn_id);
    let form = match foreign.mode {
        HistoryMode::Legacy => Form::Legacy,
        HistoryMode::Paginated => Form::Canonical,
    };
    let [question, answer] = foreign.words;
    let facts: [Fact; 4] = [
        turn.started(),
        turn.user(&format!("please {question} now")),
        turn.message(&format!("done {answer} now")),
        turn.complete(),
    ];
    let mut ordinal = next_ordinal(before).filter(|_| numbered && foreign.mode == HistoryMode::Paginated);
    let mut bytes = Vec::new();
    for (number, record) in facts.iter().flat_map(|fact| fact.emitted(form)).enumerate() {
        let mut payload = record.payload;
        if let Some(id) = payload.get_mut("item").and_then(|item| item.get_mut("id")) {
            *id = json!(format!("{}-{number}", foreign.turn_id));
        }
        let mut line = serde_json::Map::new();
        line.insert("timestamp".to_owned(), json!(foreign.at));
        if let Some(ordinal) = &mut ordinal {
            line.insert("ordinal".to_owned(), json!(*ordinal));
            *ordinal += 1;
        }
        line.insert("type".to_owned(), json!(record.kind));
        line.insert("payload".to_owned(), payload);
        bytes.extend(serde_json::to_vec(&Value::Object(line)).expect("a value serialises"));
        bytes.push(b'\n');
    }
    bytes
}

/// Finds the ordinal behind the last one.
fn next_ordinal(bytes: &[u8]) -> Option<u64> {
    let lines = bytes.rsplit(|byte| *byte == b'\n');
    let mut ordinals = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()?["ordinal"].as_u64());
    ordinals.next().map(|ordinal| ordinal + 1)
}
