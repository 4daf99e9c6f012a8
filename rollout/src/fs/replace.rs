//! Gives a file its whole content at once: written beside it, synced, and renamed over it.
//!
//! A crash leaves the old content or the new one. Locks nothing: two writers of one file need a lock of their own.

use std::path::Path;

use super::folders::{FsFailure, failed, remove_if_there, sync_folders};
use super::log_fs::LogFs;

/// What permissions and time the new file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attributes {
    /// Those of a new file.
    New,
    /// Those of the file that it replaces.
    Inherited,
}

/// Replaces `path`, which may be missing; it is on stable storage when this returns.
///
/// After an error the temporary file is gone, if the file system lets it. Only if the folders could not be synced, the new
/// content is in place nevertheless.
pub(crate) fn replace_file(
    fs: &dyn LogFs,
    home: &Path,
    temporary: &Path,
    path: &Path,
    bytes: &[u8],
    attributes: Attributes,
) -> Result<(), FsFailure> {
    remove_if_there(fs, temporary)?;
    let written = write_new(fs, temporary, bytes).and_then(|()| {
        if attributes == Attributes::Inherited {
            fs.copy_attributes(path, temporary)
                .map_err(failed("copy the attributes to", temporary))?;
        }
        fs.rename(temporary, path).map_err(failed("rename to", path))
    });
    if let Err(failure) = written {
        if let Err(left) = remove_if_there(fs, temporary) {
            tracing::warn!(path = %temporary.display(), error = %left.source, "a temporary file stays behind");
        }
        return Err(failure);
    }
    sync_folders(fs, home, path.parent().unwrap_or(home))
}

fn write_new(fs: &dyn LogFs, path: &Path, bytes: &[u8]) -> Result<(), FsFailure> {
    let mut file = fs.create(path).map_err(failed("create", path))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.sync().map_err(failed("sync", path))
}
