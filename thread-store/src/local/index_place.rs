//! Where the index is kept: in the home, where the user asked, or, if the home cannot keep one, in a folder of the user's.
//!
//! Chooses and prepares folders; opens nothing. A home that cannot be written or that several machines may share must not
//! stop anybody from reading it: SQLite needs a file that it can lock, the log does not.

use std::io;
use std::path::{Path, PathBuf};

use codex_rollout::fs::{LogFs, Storage};
use uuid::Uuid;

use super::store::LocalStoreOptions;
use crate::error::{StoreError, StoreResult};

/// Our folder in a home.
pub(super) const OWN_FOLDER: &str = "codex-threads";
/// Folders in it, and in the folder that stands in for it.
const INDEX_FOLDER: &str = "index";
const CACHE_FOLDER: &str = "cache";

/// Folders of what can be derived from the log.
#[derive(Debug, Clone)]
pub(super) struct IndexPlace {
    /// Folder of the index.
    pub(super) index: PathBuf,
    /// Folder of seekable copies of compressed rollouts.
    pub(super) cache: PathBuf,
    /// Folder of what is copied from elsewhere to be looked at: where an index can be kept, a copy can be, too.
    pub(super) copies: PathBuf,
    /// Why it is there.
    pub(super) why: PlaceReason,
}

/// Why the index is where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlaceReason {
    /// The home keeps it.
    Home,
    /// The user named the folder.
    Asked,
    /// The home cannot be written.
    Unwritable(String),
    /// The home is on a file system of this sort, which several machines may share.
    Network(&'static str),
}

impl PlaceReason {
    /// Says it in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Home => "in the home".to_owned(),
            Self::Asked => "in the folder that was named".to_owned(),
            Self::Unwritable(error) => format!("outside the home, which cannot be written ({error})"),
            Self::Network(sort) => format!("outside the home, which is on a network file system ({sort})"),
        }
    }
}

/// Finds a folder for the index and makes it.
pub(super) fn find_place(options: &LocalStoreOptions) -> StoreResult<IndexPlace> {
    let fs = options.fs.as_ref();
    let own = options.home.join(OWN_FOLDER);
    let cache = own.join(CACHE_FOLDER);
    if let Some(index) = &options.index_dir {
        prepare(fs, index).map_err(|error| cannot_keep(index, error))?;
        warn_of_network(fs, index);
        return Ok(IndexPlace {
            index: index.clone(),
            cache,
            copies: index.clone(),
            why: PlaceReason::Asked,
        });
    }
    let index = own.join(INDEX_FOLDER);
    let fallback = options.fallback_dir.as_ref();
    let why = match fs.storage(&options.home) {
        // Before anything is written: a home that is shared is left alone.
        Ok(Storage::Network(sort)) if fallback.is_some() => PlaceReason::Network(sort),
        _ => match prepare(fs, &index) {
            Ok(()) => {
                warn_of_network(fs, &index);
                return Ok(IndexPlace {
                    index,
                    copies: cache.clone(),
                    cache,
                    why: PlaceReason::Home,
                });
            }
            Err(error) if is_unwritable(&error) && fallback.is_some() => PlaceReason::Unwritable(error.to_string()),
            Err(error) => return Err(cannot_keep(&index, error)),
        },
    };
    let own = fallback.map_or(own, |folder| folder.join(name_of_home(&options.home)));
    let index = own.join(INDEX_FOLDER);
    prepare(fs, &index).map_err(|error| cannot_keep(&index, error))?;
    tracing::warn!(folder = %index.display(), "the index is kept {}", why.words());
    let cache = own.join(CACHE_FOLDER);
    Ok(IndexPlace {
        index,
        copies: cache.clone(),
        cache,
        why,
    })
}

/// Says that an index is where another machine may write it, which SQLite cannot notice: it is made anew when it is spoilt.
fn warn_of_network(fs: &dyn LogFs, folder: &Path) {
    if let Ok(Storage::Network(sort)) = fs.storage(folder) {
        tracing::warn!(folder = %folder.display(), sort, "the index is on a network file system; use it from one machine only");
    }
}

/// Makes the folder, and a file in it for as long as it takes to know that one can be made.
fn prepare(fs: &dyn LogFs, index: &Path) -> io::Result<()> {
    fs.create_dir_all(index)?;
    let probe = index.join(format!(".writable-{}", std::process::id()));
    match fs.create(&probe) {
        Ok(_) => fs.remove(&probe)?,
        // Another store of this process is trying the same, so that the folder can be written.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn is_unwritable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Names the folder that stands in for a home's own.
fn name_of_home(home: &Path) -> String {
    let path = home.as_os_str().as_encoded_bytes();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, path).simple().to_string()
}

fn cannot_keep(folder: &Path, source: io::Error) -> StoreError {
    StoreError::Index {
        path: folder.to_owned(),
        source: Box::new(source),
    }
}
