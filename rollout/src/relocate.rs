//! Moves whole rollout files between the folders of a home: archive, unarchive, trash (format section 8.8).
//!
//! Whoever moves a rollout holds its thread's writer lock. Never opens a rollout, never replaces a file.

use std::io;
use std::path::{Path, PathBuf};

use crate::discover::{ARCHIVED_FOLDER, RolloutFile, SESSIONS_FOLDER};
use crate::fs::{FsFailure, LogFs, create_folders, sync_folders};

/// A file could not be moved, synced or removed; it is where it was.
#[derive(Debug, thiserror::Error)]
#[error("{action} {path}")]
pub struct RelocateError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl From<FsFailure> for RelocateError {
    fn from(failure: FsFailure) -> Self {
        let FsFailure { action, path, source } = failure;
        Self { action, path, source }
    }
}

/// Moves a file below `home` to a place where nothing is, and returns once both folders are on stable storage.
///
/// The new name exists before the old one goes: a crash leaves the file at one place or at both, never at none. Both
/// names at once are one rollout to every reader, the active one first; moving it again finishes the move.
///
/// # Errors
/// Something else is at `to`, or the file system refuses; then the file is where it was.
pub fn move_file(fs: &dyn LogFs, home: &Path, from: &Path, to: &Path) -> Result<(), RelocateError> {
    let (from_folder, to_folder) = (folder_of(home, from), folder_of(home, to));
    create_folders(fs, home, to_folder)?;
    if has_both_names(fs, from, to)? {
        sync_folders(fs, home, to_folder)?;
    } else {
        match fs.hard_link(from, to) {
            Ok(()) => {
                if let Err(failure) = sync_folders(fs, home, to_folder) {
                    undo_link(fs, to);
                    return Err(failure.into());
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                return Err(failed("move to", to)(error));
            }
            // No hard links here. Nothing else was at `to`, and whoever writes to this thread needs the lock we hold.
            Err(_) => {
                fs.rename(from, to).map_err(failed("rename to", to))?;
                let synced = sync_folders(fs, home, to_folder).and_then(|()| sync_folders(fs, home, from_folder));
                return synced.map_err(|failure| rename_back(fs, from, to, failure));
            }
        }
    }
    if let Err(source) = fs.remove(from) {
        undo_link(fs, to);
        return Err(failed("remove", from)(source));
    }
    sync_folders(fs, home, from_folder).map_err(|failure| rename_back(fs, from, to, failure))
}

fn rename_back(fs: &dyn LogFs, from: &Path, to: &Path, failure: FsFailure) -> RelocateError {
    if let Err(error) = fs.rename(to, from) {
        tracing::error!(path = %to.display(), %error, "a moved file could not be moved back");
    }
    failure.into()
}

/// Whether an earlier move was interrupted after the new name was made.
fn has_both_names(fs: &dyn LogFs, from: &Path, to: &Path) -> Result<bool, RelocateError> {
    let new = match fs.stat(to) {
        Ok(stat) => stat.fingerprint,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("stat", to)(error)),
    };
    let old = fs.stat(from).map_err(failed("stat", from))?.fingerprint;
    if (old.dev, old.ino) == (new.dev, new.ino) {
        return Ok(true);
    }
    Err(failed("move to", to)(io::ErrorKind::AlreadyExists.into()))
}

fn undo_link(fs: &dyn LogFs, to: &Path) {
    if let Err(error) = fs.remove(to) {
        // The same file under two names: readers take it for one, and the next move goes on from there.
        tracing::warn!(path = %to.display(), %error, "a second name of a rollout stays behind");
    }
}

/// Removes a file for good and returns once that is on stable storage; a missing one is removed.
pub fn remove_file(fs: &dyn LogFs, home: &Path, path: &Path) -> Result<(), RelocateError> {
    crate::fs::remove_if_there(fs, path)?;
    let folder = folder_of(home, path);
    match fs.stat(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Ok(sync_folders(fs, home, folder)?),
    }
}

/// Waits until a rollout that somebody else may be writing is on stable storage as it is now: what points into it must
/// not outlive it. A file that nobody can write to has no news to wait for.
pub fn sync_file(fs: &dyn LogFs, home: &Path, path: &Path) -> Result<(), RelocateError> {
    match fs.open_append(path) {
        Ok(mut file) => file.sync().map_err(failed("sync", path))?,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => return Err(failed("open", path)(error)),
    }
    Ok(sync_folders(fs, home, folder_of(home, path))?)
}

/// Returns where a rollout lies when it is archived: flat, under its own name.
pub fn archived_path(home: &Path, file: &RolloutFile) -> Option<PathBuf> {
    Some(home.join(ARCHIVED_FOLDER).join(file.path.file_name()?))
}

/// Returns where a rollout lies when it is active: in the folder of the day that its name says. A name without a day
/// belongs into no folder of a day.
pub fn active_path(home: &Path, file: &RolloutFile) -> Option<PathBuf> {
    let mut path = home.join(SESSIONS_FOLDER);
    if let Some(name) = &file.name {
        path.push(name.timestamp.get(..4)?);
        path.push(name.timestamp.get(5..7)?);
        path.push(name.timestamp.get(8..10)?);
    }
    path.push(file.path.file_name()?);
    Some(path)
}

fn folder_of<'p>(home: &'p Path, path: &'p Path) -> &'p Path {
    path.parent().unwrap_or(home)
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> RelocateError + 'p {
    move |source| RelocateError {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
#[path = "relocate_tests.rs"]
mod relocate_tests;
