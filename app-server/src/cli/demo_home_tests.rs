//! The files in the program are the files in the folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{DEMO_FILES, write_demo_home};
use crate::cli::error::CliError;
use crate::files::Files;

fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below the root").to_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn every_sample_file_is_in_the_program() {
    let inside: BTreeMap<PathBuf, Vec<u8>> = DEMO_FILES
        .iter()
        .map(|(name, bytes)| (PathBuf::from(name), bytes.to_vec()))
        .collect();
    assert_eq!(inside, tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo")));
}

#[test]
fn the_sample_home_is_written_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path().join("home");
    write_demo_home(&Files::default(), &home).expect("writable");
    assert_eq!(
        tree(&home),
        tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo"))
    );
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("mine"), "text").expect("writable");
    let refused = write_demo_home(&Files::default(), folder.path());
    assert!(matches!(refused, Err(CliError::NotEmpty { .. })), "{refused:?}");
    assert_eq!(tree(folder.path()).len(), 1);
}
