//! How long a small file may be.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use super::{Files, MAX_SMALL_FILE_BYTES};

#[test]
fn a_file_at_the_limit_is_read_and_a_longer_one_is_an_error() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("config.toml");
    let read = |bytes: usize| {
        std::fs::write(&path, vec![b'#'; bytes]).expect("written");
        Files::default().read_small_text(&path)
    };
    let text = read(MAX_SMALL_FILE_BYTES).expect("short enough");
    assert_eq!(text.map(|text| text.len()), Some(MAX_SMALL_FILE_BYTES));
    let error = read(MAX_SMALL_FILE_BYTES + 1).expect_err("too long");
    assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
}
