//! Walks `sessions/`, then `archived_sessions/`, newest date folder first.
//!
//! Everything that passes the weak name test is handed out exactly once: canonical names as they are met, weakly named
//! files after them, so that a copy with an odd name never hides the real file. What another program moves between the two
//! trees meanwhile is looked for again. Only lists and stats.

use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_protocol::ids::{RolloutId, ThreadId};

use super::types::{
    Discovery, DiscoveryProblem, Encoding, HomeKind, Location, Placement, RolloutFile, Shadowed, VisitReport,
};
use crate::fs::{DirEntry, EntryKind, FileStat, LogFs};
use crate::name::{RolloutName, logical_name, looks_like_rollout, weak_rollout_id};

/// Folder of active rollouts.
pub const SESSIONS_FOLDER: &str = "sessions";
/// Folder of archived rollouts.
pub const ARCHIVED_FOLDER: &str = "archived_sessions";
/// Deepest folder below `sessions/` or `archived_sessions/` that is visited (Codex uses three levels).
pub const MAX_FOLDER_DEPTH: usize = 16;

/// Finds all rollouts of a home.
pub fn discover(fs: &dyn LogFs, home: &Path) -> Discovery {
    let mut files = Vec::new();
    let report = visit(fs, home, &mut |file| {
        files.push(Arc::unwrap_or_clone(file));
        ControlFlow::Continue(())
    });
    let VisitReport {
        home_kind,
        shadowed,
        problems,
    } = report;
    Discovery {
        home_kind,
        files,
        shadowed,
        problems,
    }
}

/// Hands out the rollouts of a home one by one, newest first, until the visitor breaks.
///
/// Order: active before archived; within a tree folders with numeric names descending, then other folders; within a
/// folder (timestamp, thread id) descending; weakly named files after them, and last of all what was moved from one tree to
/// the other during the visit. A file that is there all the time is handed out, wherever it is moved to, if its name ends
/// with an id; only one that is moved again during the second look can be missed. Memory grows with the number of files
/// (their ids are remembered to find duplicates), not with their sizes.
pub fn visit(fs: &dyn LogFs, home: &Path, visitor: &mut dyn FnMut(Arc<RolloutFile>) -> ControlFlow<()>) -> VisitReport {
    let mut walk = Walk {
        fs,
        home,
        visitor,
        seen: HashMap::new(),
        folders: HashSet::new(),
        awaited: HashSet::new(),
        pass: Pass::All,
        weak: Vec::new(),
        shadowed: Vec::new(),
        problems: Vec::new(),
        told: HashSet::new(),
    };
    let home_kind = walk.run();
    VisitReport {
        home_kind,
        shadowed: walk.shadowed,
        problems: walk.problems,
    }
}

struct Walk<'a> {
    fs: &'a dyn LogFs,
    home: &'a Path,
    visitor: &'a mut dyn FnMut(Arc<RolloutFile>) -> ControlFlow<()>,
    /// Rollout ids handed out, and the file that has each.
    seen: HashMap<RolloutId, Arc<RolloutFile>>,
    /// Device and inode of the folders visited: a link back up ends there.
    folders: HashSet<(u64, u64)>,
    /// Rollouts that were there and have not been met yet.
    awaited: HashSet<RolloutId>,
    pass: Pass,
    weak: Vec<Arc<RolloutFile>>,
    shadowed: Vec<Shadowed>,
    problems: Vec<DiscoveryProblem>,
    /// Paths of the problems.
    told: HashSet<PathBuf>,
}

/// Which files a walk through both trees is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// All of them.
    All,
    /// Those that were there and have not been met: they were moved, or removed, meanwhile.
    Awaited,
}

/// A folder on the way down, and whether the way so far is one that Codex walks.
struct Folder {
    path: PathBuf,
    location: Location,
    depth: usize,
    numeric: bool,
    /// The path below the home, with a `/` after each part.
    below_home: String,
}

/// A name that a folder lists, and what it says.
struct Listed {
    text: String,
    name: Option<RolloutName>,
}

impl Listed {
    fn new(text: String) -> Self {
        let name = RolloutName::parse(&text);
        Self { text, name }
    }

    /// (time, thread id) descending. `.zst` comes after its plain form in spite of the descending order.
    fn order(&self, other: &Self) -> Ordering {
        key_of(other)
            .cmp(&key_of(self))
            .then_with(|| logical_name(&other.text).cmp(logical_name(&self.text)))
            .then_with(|| self.text.len().cmp(&other.text.len()))
    }
}

impl Walk<'_> {
    fn run(&mut self) -> HomeKind {
        match self.fs.stat(self.home) {
            Ok(stat) if stat.kind == EntryKind::Dir => {}
            Ok(_) => return HomeKind::NotADirectory,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return HomeKind::Missing,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return HomeKind::NotADirectory,
            Err(error) => {
                self.problem(self.home.to_owned(), error);
                return HomeKind::Unreadable;
            }
        }
        self.await_archived();
        let mut home_kind = HomeKind::NoRolloutFolders;
        for pass in [Pass::All, Pass::Awaited] {
            self.pass = pass;
            self.folders.clear();
            if self.both_trees(&mut home_kind).is_break() || self.awaited.is_empty() {
                break;
            }
        }
        home_kind
    }

    /// Remembers what is archived before the active tree is walked: what is moved from there to here would be met in
    /// neither. What is moved the other way is met in the archive, which is walked later.
    fn await_archived(&mut self) {
        let mut open = vec![(self.home.join(ARCHIVED_FOLDER), 0)];
        let mut seen = HashSet::new();
        while let Some((folder, depth)) = open.pop() {
            let entries = match self.fs.read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.problem(folder, error);
                    continue;
                }
            };
            for entry in entries {
                match entry.kind {
                    EntryKind::File => self.awaited.extend(entry.name.to_str().and_then(weak_rollout_id)),
                    // Too deep, or not to be looked at: told when the tree is walked.
                    EntryKind::Dir if depth < MAX_FOLDER_DEPTH => {
                        let path = folder.join(&entry.name);
                        if let Ok(stat) = self.fs.stat(&path)
                            && seen.insert((stat.fingerprint.dev, stat.fingerprint.ino))
                        {
                            open.push((path, depth + 1));
                        }
                    }
                    EntryKind::Dir | EntryKind::Other => {}
                }
            }
        }
    }

    fn both_trees(&mut self, home_kind: &mut HomeKind) -> ControlFlow<()> {
        let trees = [
            (SESSIONS_FOLDER, Location::Active),
            (ARCHIVED_FOLDER, Location::Archived),
        ];
        for (name, location) in trees {
            let path = self.home.join(name);
            match self.fs.stat(&path) {
                Ok(stat) if stat.kind == EntryKind::Dir => {
                    *home_kind = HomeKind::Home;
                    self.folders.insert((stat.fingerprint.dev, stat.fingerprint.ino));
                    let tree = Folder {
                        path,
                        location,
                        depth: 0,
                        numeric: true,
                        below_home: format!("{name}/"),
                    };
                    self.folder(&tree)?;
                }
                Ok(_) => self.problem(path, io::Error::from(io::ErrorKind::NotADirectory)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    // It is there, so this is a home, whatever keeps us from looking into it.
                    *home_kind = HomeKind::Home;
                    self.problem(path, error);
                }
            }
        }
        for file in std::mem::take(&mut self.weak) {
            self.hand_out(file)?;
        }
        ControlFlow::Continue(())
    }

    /// Remembers what could not be looked into, once for each path.
    fn problem(&mut self, path: PathBuf, error: io::Error) {
        if self.told.insert(path.clone()) {
            self.problems.push(DiscoveryProblem { path, error });
        }
    }

    fn folder(&mut self, folder: &Folder) -> ControlFlow<()> {
        let entries = match self.fs.read_dir(&folder.path) {
            Ok(entries) => entries,
            // Removed between listing its parent and now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return ControlFlow::Continue(()),
            Err(error) => {
                self.problem(folder.path.clone(), error);
                return ControlFlow::Continue(());
            }
        };
        let (folders, files): (Vec<DirEntry>, Vec<DirEntry>) =
            entries.into_iter().partition(|entry| entry.kind == EntryKind::Dir);
        self.folders_below(folder, folders)?;
        self.files_of(folder, files)
    }

    fn folders_below(&mut self, parent: &Folder, mut entries: Vec<DirEntry>) -> ControlFlow<()> {
        entries.sort_by_cached_key(|entry| Reverse((folder_number(&entry.name), entry.name.clone())));
        for entry in entries {
            let path = parent.path.join(&entry.name);
            if parent.depth >= MAX_FOLDER_DEPTH {
                self.problem(path, io::Error::other("folder is too deep to be visited"));
                continue;
            }
            match self.fs.stat(&path) {
                Ok(stat) => {
                    if !self.folders.insert((stat.fingerprint.dev, stat.fingerprint.ino)) {
                        continue;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.problem(path, error);
                    continue;
                }
            }
            let numeric = parent.numeric && folder_number(&entry.name).is_some();
            self.folder(&Folder {
                below_home: format!("{}{}/", parent.below_home, entry.name.to_string_lossy()),
                path,
                location: parent.location,
                depth: parent.depth + 1,
                numeric,
            })?;
        }
        ControlFlow::Continue(())
    }

    fn files_of(&mut self, folder: &Folder, entries: Vec<DirEntry>) -> ControlFlow<()> {
        // A plain file and its compressed form share a logical name; the plain one is looked at first.
        let mut names: Vec<String> = Vec::new();
        for entry in entries {
            match (entry.kind, entry.name.into_string()) {
                (EntryKind::File, Ok(name)) if looks_like_rollout(&name) => names.push(name),
                (EntryKind::File, Err(name)) if looks_like_rollout(&name.to_string_lossy()) => {
                    self.problem(folder.path.join(name), io::Error::other("file name is not UTF-8"));
                }
                (EntryKind::Other, Ok(name)) if looks_like_rollout(&name) => {
                    self.problem(folder.path.join(name), io::Error::other("not a regular file"));
                }
                _ => {}
            }
        }
        if self.pass == Pass::Awaited {
            names.retain(|name| weak_rollout_id(name).is_some_and(|id| self.awaited.contains(&id)));
        }
        let mut listed: Vec<Listed> = names.into_iter().map(Listed::new).collect();
        listed.sort_by(Listed::order);
        let mut used: Option<Arc<RolloutFile>> = None;
        for listed in listed {
            let Some(file) = self.file(folder, listed) else {
                continue;
            };
            match &used {
                // Of one folder: the same name means the same logical path.
                Some(plain) if plain.relative == file.relative => {
                    self.shadowed.push(Shadowed {
                        file,
                        by: plain.path.clone(),
                    });
                }
                _ => {
                    let file = Arc::new(file);
                    used = Some(Arc::clone(&file));
                    if file.name.is_some() {
                        self.hand_out(file)?;
                    } else {
                        self.weak.push(file);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Stats one name. A file that went away may have changed its form (compressed or back) since the listing.
    fn file(&mut self, folder: &Folder, mut listed: Listed) -> Option<RolloutFile> {
        let other = other_form(&listed.text);
        for candidate in [&listed.text, &other] {
            let path = folder.path.join(candidate);
            match self.fs.stat(&path) {
                Ok(stat) if stat.kind == EntryKind::File => {
                    let canonical = match folder.location {
                        Location::Active => folder.numeric && folder.depth == 3,
                        Location::Archived => true,
                    };
                    let logical = logical_name(candidate);
                    return Some(described(Described {
                        relative: format!("{}{logical}", folder.below_home),
                        encoding: encoding_of(candidate),
                        name: listed.name.take(),
                        location: folder.location,
                        canonical_folder: canonical,
                        logical,
                        path,
                        stat,
                    }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    self.problem(path, error);
                    self.meet(weak_rollout_id(&listed.text));
                    return None;
                }
            }
        }
        // Listed a moment ago: it was moved or removed.
        self.awaited.extend(weak_rollout_id(&listed.text));
        None
    }

    fn meet(&mut self, id: Option<RolloutId>) {
        if let Some(id) = id {
            self.awaited.remove(&id);
        }
    }

    fn hand_out(&mut self, file: Arc<RolloutFile>) -> ControlFlow<()> {
        self.meet(file.weak_id);
        if let Some(id) = file.weak_id {
            if let Some(first) = self.seen.get(&id) {
                // The same path twice: its form changed between two stats of one listing.
                if first.path != file.path {
                    let (by, file) = (first.path.clone(), Arc::unwrap_or_clone(file));
                    self.shadowed.push(Shadowed { file, by });
                }
                return ControlFlow::Continue(());
            }
            self.seen.insert(id, Arc::clone(&file));
        }
        (self.visitor)(file)
    }
}

fn key_of(listed: &Listed) -> Option<(&str, ThreadId, RolloutId)> {
    let name = listed.name.as_ref()?;
    Some((name.timestamp.as_str(), name.thread_id, name.rollout_id))
}

/// The number that a date folder is named with; Codex skips folders without one.
fn folder_number(name: &OsStr) -> Option<u16> {
    name.to_str()?.parse().ok()
}

/// The name under which the same rollout is stored in the other form.
pub(super) fn other_form(file_name: &str) -> String {
    let logical = logical_name(file_name);
    if logical.len() == file_name.len() {
        format!("{file_name}.zst")
    } else {
        logical.to_owned()
    }
}

/// Describes a file from its path and status.
pub(super) fn rollout_file(
    home: &Path,
    path: PathBuf,
    location: Location,
    canonical_folder: bool,
    stat: FileStat,
) -> RolloutFile {
    let file_name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    let logical = logical_name(&file_name);
    described(Described {
        relative: relative(home, &path.with_file_name(logical)),
        encoding: encoding_of(&file_name),
        name: RolloutName::parse(logical),
        path: path.clone(),
        location,
        canonical_folder,
        logical,
        stat,
    })
}

/// What is known of a file before its description is complete.
struct Described<'n> {
    path: PathBuf,
    relative: String,
    name: Option<RolloutName>,
    /// Its name without `.zst`.
    logical: &'n str,
    location: Location,
    encoding: Encoding,
    canonical_folder: bool,
    stat: FileStat,
}

fn described(file: Described<'_>) -> RolloutFile {
    let placement = match file.canonical_folder && file.name.is_some() {
        true => Placement::Canonical,
        false => Placement::Unusual,
    };
    let named = file.name.as_ref().map(|name| name.rollout_id);
    RolloutFile {
        weak_id: named.or_else(|| weak_rollout_id(file.logical)),
        path: file.path,
        relative: file.relative,
        name: file.name,
        location: file.location,
        encoding: file.encoding,
        placement,
        stat: file.stat,
    }
}

fn encoding_of(file_name: &str) -> Encoding {
    match logical_name(file_name).len() == file_name.len() {
        true => Encoding::Plain,
        false => Encoding::Zstd,
    }
}

/// The path below the home with `/` between its parts; a path outside the home stays whole.
fn relative(home: &Path, path: &Path) -> String {
    match path.strip_prefix(home) {
        Ok(below) => {
            let parts: Vec<_> = below
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            parts.join("/")
        }
        Err(_) => path.to_string_lossy().into_owned(),
    }
}
