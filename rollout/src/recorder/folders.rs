//! Folders and their entries on stable storage.

use std::io;
use std::path::Path;

use super::error::{WriteError, WriteResult};
use crate::fs::LogFs;

/// Creates a folder below `home` with what is missing above it, and syncs the entry of every folder that it creates.
pub(crate) fn create_folders(fs: &dyn LogFs, home: &Path, folder: &Path) -> WriteResult<()> {
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
pub(crate) fn sync_folders(fs: &dyn LogFs, home: &Path, folder: &Path) -> WriteResult<()> {
    for ancestor in folder.ancestors() {
        fs.sync_dir(ancestor).map_err(failed("sync folder", ancestor))?;
        if ancestor == home || !ancestor.starts_with(home) {
            break;
        }
    }
    Ok(())
}

pub(crate) fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> WriteError + 'p {
    move |source| WriteError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
