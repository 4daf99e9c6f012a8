//! A finished rollout as a file of a home: its name by Codex' grammar, its bytes, its modification time.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::builder::RolloutBuilder;
use crate::clock;

/// One rollout file, ready to be written into a home.
#[derive(Clone, Debug)]
pub struct RolloutFile {
    /// The path below the home.
    pub relative_path: PathBuf,
    /// The bytes on disk.
    pub bytes: Vec<u8>,
    /// The modification time on disk.
    pub modified_ms: i64,
}

impl RolloutBuilder {
    /// The file below `sessions/YYYY/MM/DD`, last changed at the builder's present.
    pub fn file(&self) -> RolloutFile {
        let folder = format!("sessions/{}", clock::date_folder(self.header.created_ms));
        self.file_in(Path::new(&folder))
    }

    /// The file below `archived_sessions`.
    pub fn archived_file(&self) -> RolloutFile {
        self.file_in(Path::new("archived_sessions"))
    }

    fn file_in(&self, folder: &Path) -> RolloutFile {
        RolloutFile {
            relative_path: folder.join(self.file_name()),
            bytes: self.build(),
            modified_ms: self.now_ms,
        }
    }

    /// `rollout-TIME-THREAD[_ROLLOUT].jsonl` (rollout format 1.1).
    pub fn file_name(&self) -> String {
        let time = clock::file_time(self.header.created_ms);
        let thread_id = &self.header.thread_id;
        match &self.header.rollout_id {
            Some(rollout_id) if rollout_id != thread_id => format!("rollout-{time}-{thread_id}_{rollout_id}.jsonl"),
            _ => format!("rollout-{time}-{thread_id}.jsonl"),
        }
    }
}

impl RolloutFile {
    /// The same rollout compressed as Codex does it: level 3, one frame, `.zst` behind the name.
    pub fn compressed(&self) -> Self {
        let mut relative_path = self.relative_path.clone().into_os_string();
        relative_path.push(".zst");
        Self {
            relative_path: relative_path.into(),
            bytes: zstd::encode_all(self.bytes.as_slice(), 3).expect("compressing memory into memory cannot fail"),
            modified_ms: self.modified_ms,
        }
    }

    /// Writes the file below `home` with its modification time, and returns its path.
    pub fn write_to(&self, home: &Path) -> io::Result<PathBuf> {
        let path = home.join(&self.relative_path);
        write_file(&path, &self.bytes, self.modified_ms)?;
        Ok(path)
    }
}

/// Writes a file with its folders and its modification time.
pub(crate) fn write_file(path: &Path, bytes: &[u8], modified_ms: i64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)?;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(modified_ms.unsigned_abs());
    fs::File::options().write(true).open(path)?.set_modified(modified)
}
