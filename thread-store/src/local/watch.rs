//! Notices that something in the folders of rollouts changes, so that a quiet home is not walked for every list.
//!
//! Says only *that* something changed; what, a sweep finds out. Where the system tells of no changes (it is asked for too much, or
//! files are on another machine) nothing is said, and sweeps go by time alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use codex_rollout::discover::{ARCHIVED_FOLDER, SESSIONS_FOLDER};
use codex_rollout::fs::{LogFs, Storage};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// Whether changes of files are watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watching {
    /// No: for a process that answers a few questions and ends.
    #[default]
    Off,
    /// Yes, where the system can.
    On,
}

/// A watch over the rollouts of a home.
#[derive(Debug)]
pub(super) struct Watch {
    heard: Arc<Heard>,
    _watcher: RecommendedWatcher,
}

/// What the system has told.
#[derive(Debug, Default)]
struct Heard {
    changes: AtomicU64,
    /// Whether it may have left something out.
    deaf: AtomicBool,
}

impl Watch {
    /// Begins to watch; `None` where that cannot be relied on.
    pub(super) fn begin(fs: &dyn LogFs, home: &Path) -> Option<Self> {
        if !matches!(fs.storage(home), Ok(Storage::Local)) {
            return None;
        }
        let heard = Arc::new(Heard::default());
        let folders = [SESSIONS_FOLDER, ARCHIVED_FOLDER].map(|name| home.join(name));
        let hear = {
            let (heard, folders) = (Arc::clone(&heard), folders.clone());
            move |event| heard.hear(event, &folders)
        };
        let there: Vec<PathBuf> = folders
            .iter()
            .filter(|folder| fs.stat(folder).is_ok())
            .cloned()
            .collect();
        match watch_folders(home, &there, hear) {
            Ok(watcher) => Some(Self {
                heard,
                _watcher: watcher,
            }),
            Err(error) => {
                tracing::info!(%error, "changes of files cannot be watched; the home is looked through by time");
                None
            }
        }
    }

    /// Returns how many changes were told; `None` when that says nothing.
    pub(super) fn changes(&self) -> Option<u64> {
        (!self.heard.deaf.load(Ordering::Acquire)).then(|| self.heard.changes.load(Ordering::Acquire))
    }
}

impl Heard {
    fn hear(&self, event: notify::Result<notify::Event>, folders: &[PathBuf]) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::info!(%error, "changes of files are no longer told; the home is looked through by time");
                self.deaf.store(true, Ordering::Release);
                return;
            }
        };
        let is_below = |path: &PathBuf| folders.iter().any(|folder| path.starts_with(folder));
        if event.need_rescan() || (!event.kind.is_access() && event.paths.iter().any(is_below)) {
            self.changes.fetch_add(1, Ordering::Release);
        }
        // A folder that is made or moved now is not the one that is watched, and nothing would be told of what is in it.
        let is_folder = event.paths.iter().any(|path| folders.contains(path));
        if is_folder && (event.kind.is_create() || event.kind.is_remove() || event.kind.is_modify()) {
            self.deaf.store(true, Ordering::Release);
        }
    }
}

fn watch_folders(
    home: &Path,
    folders: &[PathBuf],
    hear: impl Fn(notify::Result<notify::Event>) + Send + 'static,
) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(hear)?;
    // Tells of folders of rollouts that are made later.
    watcher.watch(home, RecursiveMode::NonRecursive)?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}
