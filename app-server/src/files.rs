//! The few small files that the server and the command line touch themselves: configuration in, generated texts out.
//!
//! Goes through the file seam of the log. Never reads or writes a rollout.

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_thread_store::fs::{LogFs, StdFs};

/// Longest small file; a longer one is not what it seems to be.
const MAX_SMALL_FILE_BYTES: usize = 4 << 20;

/// Reads and writes small files.
#[derive(Clone)]
pub struct Files(Arc<dyn LogFs>);

impl Default for Files {
    fn default() -> Self {
        Self(Arc::new(StdFs))
    }
}

impl Files {
    /// Reads a text file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, is too long or not UTF-8.
    pub fn read_small_text(&self, path: &Path) -> io::Result<Option<String>> {
        let file = match self.0.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 << 10];
        loop {
            match file.read_at(&mut chunk, bytes.len() as u64) {
                Ok(0) => break,
                Ok(read) => bytes.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if bytes.len() > MAX_SMALL_FILE_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    "longer than a small file may be",
                ));
            }
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Creates a folder and its parents.
    ///
    /// # Errors
    /// When that is not possible.
    pub fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir_all(path)
    }

    /// Tells whether a folder has no entries; a missing one has none.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn is_empty_dir(&self, path: &Path) -> io::Result<bool> {
        match self.0.read_dir(path) {
            Ok(entries) => Ok(entries.is_empty()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Writes a file, replacing what was there at once.
    ///
    /// # Errors
    /// When it cannot be written; then the old file is still there.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let fresh = path.with_file_name(name);
        let mut file = self.0.create(&fresh)?;
        let written = file.write_all(bytes).and_then(|()| self.0.rename(&fresh, path));
        if written.is_err() {
            // Best effort: the error that matters is the one that is returned.
            let _ = self.0.remove(&fresh);
        }
        written
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod files_tests;
