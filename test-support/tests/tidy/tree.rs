//! Finds the files of the workspace and says which of them are tests. Does not judge them.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// The crates that ship, in the order of the arrows.
pub(crate) const CRATES: [&str; 5] = ["protocol", "rollout", "state", "thread-store", "app-server"];

/// Folders that hold no source of ours.
const SKIPPED: [&str; 6] = [".git", "target", "node_modules", "corpus", "artifacts", "__pycache__"];

/// One file: its path below the workspace, with `/`, and its text.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    /// True for test code: test folders, benches, examples, `*_tests.rs`, and the crate that only tests use.
    fn is_test_by_name(&self) -> bool {
        let in_folder = |name: &str| self.path.split('/').any(|part| part == name);
        let stem = self.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        ["tests", "benches", "examples", "fuzz", "test-support"]
            .iter()
            .any(|name| in_folder(name))
            || stem.ends_with("_tests")
            || stem == "tests"
    }

    /// The paths of the modules that this file declares for tests only.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        let own = self.path.trim_end_matches(".rs");
        let folder = ["/mod", "/lib", "/main"]
            .iter()
            .find_map(|root| own.strip_suffix(root))
            .unwrap_or(own);
        let declared = self.text.split("#[cfg(test)]").skip(1).filter_map(|rest| {
            let line = rest.trim_start().lines().next()?.trim_start_matches("pub(crate) ");
            line.strip_prefix("mod ")?.strip_suffix(';')
        });
        declared.map(move |name| format!("{folder}/{name}.rs"))
    }

    /// The lines of shipped code with their numbers: no comments, nothing behind an inline test module, and each `use`
    /// statement as one line.
    pub(crate) fn code_lines(&self) -> Vec<(usize, String)> {
        let shipped = self
            .text
            .split_once("\n#[cfg(test)]\nmod tests {")
            .map_or(self.text.as_str(), |parts| parts.0);
        let mut lines: Vec<(usize, String)> = Vec::new();
        let mut in_use = false;
        for (index, line) in shipped.lines().enumerate() {
            let line = line.trim();
            if line.starts_with("//") {
                continue;
            }
            match lines.last_mut() {
                Some((_, statement)) if in_use => *statement += line,
                _ => lines.push((index + 1, line.to_owned())),
            }
            in_use = (in_use || line.starts_with("use ") || line.starts_with("pub use ")) && !line.ends_with(';');
        }
        lines
    }

    /// True if the file lies below this folder of the workspace.
    pub(crate) fn is_below(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
        .to_owned()
}

/// The text of a file that must be there.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// All Rust files of the workspace and of the fuzz targets.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    text_files()
        .into_iter()
        .filter(|file| file.path.ends_with(".rs"))
        .collect()
}

/// The Rust files of the crates that ship, without their tests.
pub(crate) fn shipped_files() -> Vec<SourceFile> {
    let files = rust_files();
    let for_tests: HashSet<String> = files.iter().flat_map(SourceFile::test_modules).collect();
    let ships = |file: &SourceFile| {
        CRATES.iter().any(|name| file.is_below(name)) && !file.is_test_by_name() && !for_tests.contains(&file.path)
    };
    files.into_iter().filter(ships).collect()
}

/// All files that are UTF-8.
pub(crate) fn text_files() -> Vec<SourceFile> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("a known type");
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                folders.push(entry.path());
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                let below = entry
                    .path()
                    .strip_prefix(&root)
                    .expect("found below the root")
                    .to_owned();
                files.push(SourceFile {
                    path: below.to_string_lossy().replace('\\', "/"),
                    text,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Fails with all offenders, or passes if there are none.
pub(crate) fn check(rule: &str, offenders: impl IntoIterator<Item = String>) {
    let offenders: Vec<String> = offenders.into_iter().collect();
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}
