//! Where the bytes go that recovery cuts off a log (design section 6).
//!
//! `<home>/codex-threads/torn/<rollout id>-<offset>-<hash>.bin`: the name says what it is a piece of, and cutting the
//! same piece twice keeps it once. Truncates nothing itself.

use std::io;
use std::path::{Path, PathBuf};

use codex_protocol::ids::RolloutId;
use xxhash_rust::xxh3::xxh3_64;

use super::error::{WriteResult, failed};
use crate::fs::{LogFs, create_folders, remove_if_there, sync_folders};

/// Folder of the pieces in a home.
pub const KEPT_ASIDE_FOLDER: &str = "codex-threads/torn";

/// Puts a piece on stable storage and returns its path.
pub(super) fn keep_aside(
    fs: &dyn LogFs,
    home: &Path,
    rollout_id: RolloutId,
    offset: u64,
    bytes: &[u8],
) -> WriteResult<PathBuf> {
    let folder = home.join(KEPT_ASIDE_FOLDER);
    let path = folder.join(format!("{rollout_id}-{offset}-{:016x}.bin", xxh3_64(bytes)));
    create_folders(fs, home, &folder)?;
    // A whole piece appears by rename, so a file of this name is the piece, whoever wrote it.
    match fs.stat(&path) {
        Ok(_) => {
            sync_folders(fs, home, &folder)?;
            return Ok(path);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("stat", &path)(error)),
    }
    let temporary = path.with_extension("tmp");
    remove_if_there(fs, &temporary)?;
    let mut file = fs.create(&temporary).map_err(failed("create", &temporary))?;
    file.write_all(bytes).map_err(failed("write", &temporary))?;
    file.sync().map_err(failed("sync", &temporary))?;
    fs.rename(&temporary, &path).map_err(failed("rename to", &path))?;
    sync_folders(fs, home, &folder)?;
    Ok(path)
}
