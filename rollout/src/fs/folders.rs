//! Folders and their entries on stable storage.
//!
//! Built on the seam like any other code; here because every writer needs it.

use std::io;
use std::path::{Path, PathBuf};

use super::log_fs::LogFs;

/// An operation that failed; each writer turns it into its own error.
#[derive(Debug)]
pub(crate) struct FsFailure {
    pub(crate) action: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// Creates a folder below `home` with what is missing above it, and syncs the entry of every folder that it creates.
pub(crate) fn create_folders(fs: &dyn LogFs, home: &Path, folder: &Path) -> Result<(), FsFailure> {
    let mut missing = Vec::new();
    for ancestor in folder.ancestors() {
        match fs.stat(ancestor) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(ancestor),
            Err(error) => return Err(failed("stat", ancestor)(error)),
        }
        if ancestor == home {
            break;
        }
    }
    for folder in missing.into_iter().rev() {
        fs.create_dir_all(folder).map_err(failed("create folder", folder))?;
        if let Some(parent) = folder.parent() {
            fs.sync_dir(parent).map_err(failed("sync folder", parent))?;
        }
    }
    Ok(())
}

/// Syncs the entries of `folder` and of every folder between it and `home`: whoever created them may have died before.
pub(crate) fn sync_folders(fs: &dyn LogFs, home: &Path, folder: &Path) -> Result<(), FsFailure> {
    for ancestor in folder.ancestors() {
        fs.sync_dir(ancestor).map_err(failed("sync folder", ancestor))?;
        if ancestor == home || !ancestor.starts_with(home) {
            break;
        }
    }
    Ok(())
}

/// Removes a file that may be missing.
pub(crate) fn remove_if_there(fs: &dyn LogFs, path: &Path) -> Result<(), FsFailure> {
    match fs.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed("remove", path)),
    }
}

pub(super) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> FsFailure + 'p {
    move |source| FsFailure {
        action,
        path: path.to_owned(),
        source,
    }
}
