//! Keeps the sample home's files in `app-server/assets/demo` equal to what is built here.

use std::{collections::BTreeMap, fs, path::Path};

use super::demo_files;

fn assets() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../app-server/assets/demo")
}

/// All files below a folder with their paths below it.
fn tree(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            tree(root, &path, found);
        } else {
            let below = path
                .strip_prefix(root)
                .expect("found below the root")
                .to_string_lossy()
                .into_owned();
            found.insert(below, fs::read(&path).expect("a readable file"));
        }
    }
}

#[test]
fn demo_assets_are_what_the_builders_make() {
    let mut committed = BTreeMap::new();
    tree(&assets(), &assets(), &mut committed);
    let built: BTreeMap<String, Vec<u8>> = demo_files()
        .into_iter()
        .map(|file| (file.relative_path.to_string_lossy().into_owned(), file.bytes))
        .collect();
    assert_eq!(committed.keys().collect::<Vec<_>>(), built.keys().collect::<Vec<_>>());
    for (path, bytes) in &built {
        assert!(committed[path] == *bytes, "{path} differs: run `just bless`");
    }
}

#[test]
fn demo_home_is_small() {
    let bytes: usize = demo_files().iter().map(|file| file.bytes.len()).sum();
    assert!(bytes < 150_000, "{bytes} bytes");
}
