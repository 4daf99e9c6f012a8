//! Why a command failed, what the user can do about it, and the exit code.
//!
//! The texts follow `error: ` on stderr.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use codex_thread_store::{StoreError, StoreErrorKind};

use crate::transport::{CallError, TransportError};

/// Result of a command.
pub(super) type CliResult<T = ()> = Result<T, CliError>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// Standard output cannot be written to.
    #[error("write the output")]
    Output(#[source] io::Error),
    /// A file or folder of ours cannot be used.
    #[error("use {}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// No home is named and there is no home folder to look in.
    #[error("no Codex home: neither --home, nor CODEX_HOME, nor a home folder")]
    NoHome,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A call was refused.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The connection to the client failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nothing fits.
    #[error("no thread has the id, the beginning of an id, or the name `{wanted}`")]
    NoSuchThread { wanted: String },
    /// Too much fits.
    #[error("`{wanted}` fits {count} threads")]
    Ambiguous { wanted: String, count: usize },
    /// No section or project fits.
    #[error("no {what} has the id or the name `{wanted}`")]
    NoSuchGroup { what: &'static str, wanted: String },
    /// Several sections or projects have the name.
    #[error("{count} {what}s have the name `{wanted}`")]
    AmbiguousGroup {
        what: &'static str,
        wanted: String,
        count: usize,
    },
    /// The folder for the sample home is in use.
    #[error("{} is not empty", path.display())]
    NotEmpty { path: PathBuf },
    /// The store lacks a capability that the command needs.
    #[error("this store cannot do that")]
    Unsupported,
    /// Nothing in the trash fits.
    #[error("nothing in the trash has the id or the name `{wanted}`")]
    NotInTrash { wanted: String },
    /// What cannot be undone was not confirmed.
    #[error("{what}: not confirmed")]
    Unconfirmed { what: String },
    /// What needs a terminal has none.
    #[error("search -i needs a terminal")]
    NoTerminal,
    /// A query cannot be read; the text shows where.
    #[error("{text}")]
    Query { text: String },
    /// Everything worked, but what was looked at is not well.
    #[error("{what}")]
    Problems { what: String },
    /// The program could not start.
    #[error("start")]
    Start(#[source] io::Error),
}

impl CliError {
    /// Problems with a number of things of a kind.
    pub(super) fn problems(count: usize, one: &str, several: &str) -> Self {
        let what = if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {several}")
        };
        Self::Problems { what }
    }

    /// Returns the exit code.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::NoSuchThread { .. }
            | Self::Ambiguous { .. }
            | Self::NoSuchGroup { .. }
            | Self::NotInTrash { .. }
            | Self::AmbiguousGroup { .. } => 3,
            Self::Store(error) if error.kind() == StoreErrorKind::NotFound => 3,
            Self::Unconfirmed { .. } | Self::Query { .. } | Self::NoTerminal => 2,
            Self::Problems { .. } => 4,
            _ => 1,
        }
    }

    /// Tells whether the reader of our output went away, which is no failure of ours.
    pub(super) fn is_broken_pipe(&self) -> bool {
        let source = match self {
            Self::Output(source) | Self::Transport(TransportError::Write(source)) => source,
            _ => return false,
        };
        source.kind() == io::ErrorKind::BrokenPipe
    }

    /// Returns what the user can do next.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoHome => Some("name one with --home DIR, or try `codex-threads demo`"),
            Self::NoSuchThread { .. } => {
                Some("`codex-threads list --all` shows every thread; sub-agents need --source")
            }
            Self::Ambiguous { .. } => Some("give more of the id"),
            Self::AmbiguousGroup { .. } => Some("give the id"),
            Self::NotInTrash { .. } => Some("`codex-threads trash list` shows what is there"),
            Self::Unconfirmed { .. } => Some("add --yes, or delete with --trash, which can be undone"),
            Self::Query { .. } => Some("docs/queries.md describes queries; --literal finds a text as it is"),
            Self::NotEmpty { .. } => Some("name a folder that does not exist yet"),
            Self::Store(StoreError::NotAHome { .. }) => {
                Some("a home has a `sessions` folder; name another one with --home DIR, or try `codex-threads demo`")
            }
            Self::Store(StoreError::Index { .. }) => {
                Some("keep the index elsewhere with --index-dir DIR; deleting it loses nothing")
            }
            Self::Store(StoreError::Header { .. } | StoreError::Lineage { .. }) => {
                Some("`codex-threads doctor THREAD` tells what is wrong with its files")
            }
            _ => None,
        }
    }

    /// Returns the error and its causes in one line.
    pub(super) fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let next = error.to_string();
            if !text.ends_with(&next) {
                text = format!("{text}: {next}");
            }
            cause = error.source();
        }
        text
    }
}
