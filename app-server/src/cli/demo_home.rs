//! The sample home that `demo` makes: its files are part of the program.
//!
//! Writes into an empty folder only.

use std::path::Path;

use super::error::{CliError, CliResult};
use crate::files::Files;

macro_rules! demo_files {
    ($($name:literal,)*) => {
        /// Every file of the sample home, by path inside it.
        const DEMO_FILES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../assets/demo/", $name)))),*];
    };
}

demo_files! {
    "archived_sessions/rollout-2026-02-25T14-05-00-019c96e2-0480-7086-94b7-7e80a1b23f06.jsonl",
    "session_index.jsonl",
    "sessions/2025/08/21/rollout-2025-08-21T16-20-00-0198cc11-7e80-7f75-83a6-5d7f90a12e05.jsonl",
    "sessions/2026/03/02/rollout-2026-03-02T09-58-00-019cae30-52f0-7a31-9c55-1f0b6a7d2e01.jsonl",
    "sessions/2026/03/03/rollout-2026-03-03T09-37-00-019cb354-3a10-7c42-8d12-6f2f3c9b4a02.jsonl",
    "sessions/2026/03/04/rollout-2026-03-04T09-40-00-019cb8a1-9bc0-7d53-a1e4-0b5d7e8f9c03.jsonl",
    "sessions/2026/03/05/rollout-2026-03-05T08-45-00-019cbd95-1f40-7e64-b2f5-3c6e8f901d04.jsonl",
}

/// Writes the sample home into a folder that does not exist yet or is empty.
pub(super) fn write_demo_home(files: &Files, home: &Path) -> CliResult {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::File { path, source }
    };
    if !files.is_empty_dir(home).map_err(failed(home))? {
        return Err(CliError::NotEmpty { path: home.to_owned() });
    }
    for (name, bytes) in DEMO_FILES {
        let path = home.join(name);
        let folder = path.parent().unwrap_or(home);
        files.create_dir_all(folder).map_err(failed(folder))?;
        files.write(&path, bytes).map_err(failed(&path))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "demo_home_tests.rs"]
mod demo_home_tests;
