//! What a rollout that does not exist yet will be: its path, its first line, its first ordinal.
//!
//! Pure: nothing is created here.

use std::path::{Path, PathBuf};

use codex_protocol::ids::RolloutId;
use codex_protocol::log::{HistoryMode, SessionMeta};

use super::error::{WriteError, WriteResult};
use super::time::LocalTime;
use crate::discover::SESSIONS_FOLDER;
use crate::name::RolloutName;

/// A rollout to be created at its first append.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRollout {
    /// The rollout; the thread's id, except for a revert.
    pub rollout_id: RolloutId,
    /// Payload of its first line. Names the thread, the history mode and what is inherited.
    pub meta: SessionMeta,
    /// When it was prepared: gives the file name and the folder.
    pub prepared: LocalTime,
}

impl NewRollout {
    /// Returns where the file will be (format section 1.1).
    pub fn path(&self, home: &Path) -> WriteResult<PathBuf> {
        let out_of_range = || WriteError::TimeOutOfRange {
            unix_ms: self.prepared.unix_ms,
        };
        let timestamp = self.prepared.file_time().ok_or_else(out_of_range)?;
        let name = RolloutName {
            timestamp,
            thread_id: self.meta.id,
            rollout_id: self.rollout_id,
        };
        let mut path = home.join(SESSIONS_FOLDER);
        path.extend(self.prepared.date_folders().ok_or_else(out_of_range)?);
        path.push(name.render());
        Ok(path)
    }

    /// Ordinal of the session metadata (format section 5): where the inherited part ends, else 0.
    pub(super) fn start_ordinal(&self) -> Option<u64> {
        match self.meta.history_mode {
            HistoryMode::Legacy => None,
            HistoryMode::Paginated => Some(self.meta.history_base.map_or(0, |base| base.end_ordinal_exclusive)),
        }
    }
}
