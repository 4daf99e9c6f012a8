//! Takes a thread's names out of Codex's name index (format section 1.2).
//!
//! The index is written anew beside the old one and renamed over it, under the index's lock. Lines that are not entries
//! of the thread stay as they are, byte by byte.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use codex_protocol::ids::ThreadId;
use serde::Deserialize;

use crate::fs::{Attributes, LogFs, replace_file};
use crate::session_index::{AppendNameError, LOCK_FILE, SESSION_INDEX_FILE, failed};

const TEMPORARY_FILE: &str = "session_index.jsonl.tmp";
/// Bytes that are read at once.
const CHUNK_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
struct Entry {
    id: ThreadId,
    #[serde(rename = "thread_name")]
    _name: String,
}

/// Drops the entries of these threads and returns how many there were; without any the file is not touched.
///
/// A crash leaves the old index or the new one.
pub fn forget_names(fs: &dyn LogFs, home: &Path, threads: &BTreeSet<ThreadId>) -> Result<u64, AppendNameError> {
    let path = home.join(SESSION_INDEX_FILE);
    match fs.stat(&path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed("stat", &path)(error)),
    }
    let lock_path = home.join(LOCK_FILE);
    let _lock = fs.lock(&lock_path).map_err(failed("lock", &lock_path))?;
    let bytes = read_whole(fs, &path)?;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut dropped = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Entry>(line) {
            Ok(entry) if threads.contains(&entry.id) => dropped += 1,
            _ => kept.extend_from_slice(line),
        }
    }
    if dropped == 0 {
        return Ok(0);
    }
    let temporary = home.join(TEMPORARY_FILE);
    replace_file(fs, home, &temporary, &path, &kept, Attributes::Inherited)?;
    Ok(dropped)
}

fn read_whole(fs: &dyn LogFs, path: &Path) -> Result<Vec<u8>, AppendNameError> {
    let file = fs.open(path).map_err(failed("open", path))?;
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        bytes.resize(start + CHUNK_BYTES, 0);
        let n = crate::fs::read_full_at(&*file, &mut bytes[start..], start as u64).map_err(failed("read", path))?;
        bytes.truncate(start + n);
        if n < CHUNK_BYTES {
            return Ok(bytes);
        }
    }
}

#[cfg(test)]
#[path = "forget_names_tests.rs"]
mod forget_names_tests;
