//! Which rollouts a power loss may have changed without a trace in their status.
//!
//! The index can outlive the end of a log: lines that it knows were never synced, and are zeros now in a file of the same
//! length, time and number. Whoever reads a rollout compares its content (`design` 5); sweeps, which only compare status,
//! do that for the few files that are in question. Decides by times alone, opens nothing.

use std::path::Path;

use codex_rollout::discover::RolloutFile;
use codex_rollout::fs::LogFs;

/// How long the system may keep written bytes to itself; its own limit is half a minute or so.
const WRITE_BACK_NS: i128 = 600 * 1_000_000_000;

/// When the index was last written before this process opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EarlierIndex {
    written_ns: i128,
}

impl EarlierIndex {
    /// Looks at an index that is not open yet.
    pub(super) fn at(fs: &dyn LogFs, index_path: &Path) -> Self {
        let mut log_path = index_path.as_os_str().to_owned();
        log_path.push("-wal");
        let times = [index_path, Path::new(&log_path)].map(|path| fs.stat(path).map(|stat| stat.mtime_ns).ok());
        // An index that cannot be looked at vouches for nothing.
        let written_ns = times.into_iter().flatten().max().unwrap_or(i128::MIN);
        Self { written_ns }
    }

    /// Whether the index may know lines of a file that a power loss took.
    ///
    /// What it knows was written before it was; what a power loss takes was written shortly before that, which was not
    /// before the index was last written. So only files that are hardly older than the index are in question.
    pub(super) fn may_be_ahead_of(&self, file: &RolloutFile) -> bool {
        file.stat.mtime_ns >= self.written_ns.saturating_sub(WRITE_BACK_NS)
    }
}

#[cfg(test)]
#[path = "power_loss_tests.rs"]
mod power_loss_tests;
