//! Lays out a Codex home: rollouts, the name index, `config.toml`. Writes files, reads none.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    clock, json,
    rollout::{RolloutBuilder, RolloutFile, write_file},
};

/// Collects the files of a home and writes them in one go.
#[derive(Clone, Debug, Default)]
pub struct HomeBuilder {
    files: Vec<RolloutFile>,
    names: Vec<u8>,
    newest_ms: i64,
}

impl HomeBuilder {
    /// An empty home.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an active thread's rollout.
    pub fn session(&mut self, rollout: &RolloutBuilder) -> &mut Self {
        self.file(rollout.file())
    }

    /// Adds an archived thread's rollout.
    pub fn archived(&mut self, rollout: &RolloutBuilder) -> &mut Self {
        self.file(rollout.archived_file())
    }

    /// Adds a cold, compressed rollout below `sessions/`.
    pub fn compressed(&mut self, rollout: &RolloutBuilder) -> &mut Self {
        self.file(rollout.file().compressed())
    }

    /// Adds any file.
    pub fn file(&mut self, file: RolloutFile) -> &mut Self {
        self.newest_ms = self.newest_ms.max(file.modified_ms);
        self.files.push(file);
        self
    }

    /// Appends a line to `session_index.jsonl`.
    pub fn name(&mut self, thread_id: &str, thread_name: &str, updated_ms: i64) -> &mut Self {
        let entry = json!({ "id": thread_id, "thread_name": thread_name, "updated_at": clock::line_time(updated_ms) });
        self.newest_ms = self.newest_ms.max(updated_ms);
        self.names.extend(json::compact(&entry));
        self.names.push(b'\n');
        self
    }

    /// Adds `config.toml` with this text.
    pub fn config(&mut self, toml: &str) -> &mut Self {
        let modified_ms = self.newest_ms.max(clock::DEFAULT_START_MS);
        self.file(RolloutFile {
            relative_path: "config.toml".into(),
            bytes: toml.as_bytes().to_vec(),
            modified_ms,
        })
    }

    /// All files with their paths below the home, the name index last.
    pub fn files(&self) -> Vec<RolloutFile> {
        let mut files = self.files.clone();
        if !self.names.is_empty() {
            files.push(RolloutFile {
                relative_path: "session_index.jsonl".into(),
                bytes: self.names.clone(),
                modified_ms: self.newest_ms,
            });
        }
        files
    }

    /// Writes the home below `dir`, which need not exist, and returns the paths of its files.
    pub fn write_to(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::create_dir_all(dir)?;
        self.files()
            .iter()
            .map(|file| {
                let path = dir.join(&file.relative_path);
                write_file(&path, &file.bytes, file.modified_ms)?;
                Ok(path)
            })
            .collect()
    }
}
