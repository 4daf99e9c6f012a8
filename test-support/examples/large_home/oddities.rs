//! What few files are: with a hole, or compressed.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

const GIGABYTE: u64 = 1 << 30;
/// The level at which Codex compresses.
const ZSTD_LEVEL: i32 = 3;

/// Appends one line of zeros that takes no room on the disk.
pub(crate) fn append_hole(mut file: &File, gigabytes: u64) -> io::Result<()> {
    file.seek(SeekFrom::Current(
        i64::try_from(gigabytes * GIGABYTE).map_err(io::Error::other)?,
    ))?;
    file.write_all(b"\n")
}

/// Replaces a file by its compressed form; returns the new path below the home.
pub(crate) fn compress(full: &Path, below_home: &str) -> io::Result<String> {
    let modified = fs::metadata(full)?.modified()?;
    let target = full.with_extension("jsonl.zst");
    let out = File::create(&target)?;
    zstd::stream::copy_encode(File::open(full)?, &out, ZSTD_LEVEL)?;
    out.set_modified(modified)?;
    fs::remove_file(full)?;
    Ok(format!("{below_home}.zst"))
}
