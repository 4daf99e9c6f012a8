//! What discovery reports.
//!
//! Values only.

use std::io;
use std::path::PathBuf;

use codex_protocol::ids::RolloutId;

use crate::fs::FileStat;
use crate::name::{RolloutName, logical_name};

/// Which of the two trees a rollout is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// Below `sessions/` (or at a path outside both trees that was asked for by name).
    Active,
    /// Below `archived_sessions/`.
    Archived,
}

/// How the bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON lines as they are.
    Plain,
    /// One zstd stream (`.zst`).
    Zstd,
}

/// Whether the file is where, and named how, Codex's own walkers expect it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Canonical name; numeric `YYYY/MM/DD` folders below `sessions/`, or anywhere below `archived_sessions/`.
    Canonical,
    /// Only weakly valid name, or another folder: Codex lists it nowhere, but opens it by path.
    Unusual,
}

/// One rollout file as found in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutFile {
    /// The file itself.
    pub path: PathBuf,
    /// The path without `.zst` relative to the home, parts separated by `/`: what APIs and indexes keep, whichever form is on
    /// disk. An absolute path for files outside the home.
    pub relative: String,
    /// The name, if it follows the whole grammar.
    pub name: Option<RolloutName>,
    /// The rollout id that the name ends with, canonical or not.
    pub weak_id: Option<RolloutId>,
    /// Active or archived.
    pub location: Location,
    /// Plain or compressed.
    pub encoding: Encoding,
    /// Whether Codex's walkers would find it.
    pub placement: Placement,
    /// Status of the file when it was found (length is the stored one).
    pub stat: FileStat,
}

impl RolloutFile {
    /// Returns the path without `.zst`, whichever form is on disk.
    pub fn logical_path(&self) -> PathBuf {
        match self.path.file_name().and_then(|name| name.to_str()) {
            Some(name) => self.path.with_file_name(logical_name(name)),
            None => self.path.clone(),
        }
    }
}

/// A file that another one hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    /// The hidden file.
    pub file: RolloutFile,
    /// The file that is used in its place.
    pub by: PathBuf,
}

/// Something that could not be looked into.
#[derive(Debug, thiserror::Error)]
#[error("read {path}")]
pub struct DiscoveryProblem {
    /// The directory or file.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub error: io::Error,
}

/// What the directory that was given as a home turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HomeKind {
    /// A directory with `sessions/` or `archived_sessions/`.
    Home,
    /// A directory without either: a new home, or not a home at all.
    NoRolloutFolders,
    /// Nothing is there.
    Missing,
    /// Something else than a directory.
    NotADirectory,
    /// It could not be looked at; the problem says why.
    Unreadable,
}

/// What a visit found beside the rollouts that it handed out.
#[derive(Debug)]
pub struct VisitReport {
    /// What the home is.
    pub home_kind: HomeKind,
    /// Files hidden by others: duplicates of a rollout id, and `.zst` files beside their plain form.
    pub shadowed: Vec<Shadowed>,
    /// What could not be read.
    pub problems: Vec<DiscoveryProblem>,
}

/// Everything that is in a home.
#[derive(Debug)]
pub struct Discovery {
    /// What the home is.
    pub home_kind: HomeKind,
    /// The rollouts, in the order of [`visit`](super::visit).
    pub files: Vec<RolloutFile>,
    /// Files hidden by others: duplicates of a rollout id, and `.zst` files beside their plain form.
    pub shadowed: Vec<Shadowed>,
    /// What could not be read.
    pub problems: Vec<DiscoveryProblem>,
}
