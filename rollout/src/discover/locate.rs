//! Finds single rollouts: by thread id, by rollout id, by path.
//!
//! Decides from names alone and opens nothing; which revision of a thread is the current one is the store's decision.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::{RolloutId, ThreadId};

use super::types::{Location, RolloutFile};
use super::walk::{ARCHIVED_FOLDER, SESSIONS_FOLDER, other_form, rollout_file, visit};
use crate::fs::{EntryKind, LogFs};

/// Finds all revisions of a thread by file name, newest name first (format section 10, cases 45 and 46).
///
/// A weakly named file counts when its name ends with the thread id.
pub fn find_thread(fs: &dyn LogFs, home: &Path, thread_id: ThreadId) -> Vec<RolloutFile> {
    let mut found = Vec::new();
    visit(fs, home, &mut |file| {
        let same = match &file.name {
            Some(name) => name.thread_id == thread_id,
            None => file.weak_id == Some(RolloutId::from(thread_id)),
        };
        if same {
            found.push(Arc::unwrap_or_clone(file));
        }
        ControlFlow::Continue(())
    });
    // Weakly named ones have no time and come last; a stable sort keeps active before archived among equals.
    found.sort_by(|a, b| name_time(b).cmp(&name_time(a)));
    found
}

/// Finds the file of exactly one rollout by its name.
pub fn find_rollout(fs: &dyn LogFs, home: &Path, rollout_id: RolloutId) -> Option<RolloutFile> {
    let mut found = None;
    visit(fs, home, &mut |file| {
        if file.weak_id == Some(rollout_id) {
            found = Some(Arc::unwrap_or_clone(file));
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found
}

/// Describes the rollout at an explicit path, whatever its name (format section 10, case 48).
///
/// Where only the other form (`.zst` or plain) exists, that one is taken; a plain file wins over its compressed form.
pub fn rollout_at(fs: &dyn LogFs, home: &Path, path: &Path) -> io::Result<RolloutFile> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "path has no usable file name");
    let file_name = path.file_name().and_then(|name| name.to_str()).ok_or_else(invalid)?;
    let logical = crate::name::logical_name(file_name);
    let compressed = other_form(logical);
    // Plain again at the end: whoever changes the form publishes the new file before removing the old one.
    for candidate in [logical, &compressed, logical] {
        let candidate_path = path.with_file_name(candidate);
        match fs.stat(&candidate_path) {
            Ok(stat) if stat.kind == EntryKind::File => {
                let (location, canonical_folder) = place(home, &candidate_path);
                return Ok(rollout_file(home, candidate_path, location, canonical_folder, stat));
            }
            Ok(stat) => {
                let kind = if stat.kind == EntryKind::Dir {
                    io::ErrorKind::IsADirectory
                } else {
                    io::ErrorKind::InvalidInput
                };
                return Err(io::Error::new(kind, "not a regular file"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "no such rollout"))
}

fn name_time(file: &RolloutFile) -> Option<(&str, RolloutId)> {
    file.name
        .as_ref()
        .map(|name| (name.timestamp.as_str(), name.rollout_id))
}

/// Which tree a path is in, and whether Codex's walkers look into its folder.
fn place(home: &Path, path: &Path) -> (Location, bool) {
    let Ok(below) = path.strip_prefix(home) else {
        return (Location::Active, false);
    };
    let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
    match parts.split_first() {
        Some((&ARCHIVED_FOLDER, _)) => (Location::Archived, true),
        Some((&SESSIONS_FOLDER, [year, month, day, _file])) => (
            Location::Active,
            [year, month, day].iter().all(|part| part.parse::<u16>().is_ok()),
        ),
        _ => (Location::Active, false),
    }
}
