//! Homes that cannot keep an index: it is kept elsewhere, and nothing is put into the home.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, LogFs, StdFs};
use codex_test_support::fixture;
use codex_thread_store::{LocalStore, LocalStoreOptions, StoreError, ThreadStore};

use crate::split_fs::SplitFs;
use crate::{LISTED, listed};

/// Options over a home whose file system refuses what is written, with a folder that takes it.
fn options(home: &Path, fallback: &Path, home_fs: FaultFs) -> LocalStoreOptions {
    LocalStoreOptions {
        fs: Arc::new(SplitFs {
            real_folder: fallback.to_owned(),
            rest: Arc::new(home_fs),
        }),
        fallback_dir: Some(fallback.to_owned()),
        ..LocalStoreOptions::new(home)
    }
}

fn std_fs() -> FaultFs {
    FaultFs::new(Arc::new(StdFs))
}

/// Refuses like a disk that is mounted for reading.
fn read_only() -> FaultFs {
    let kind = ErrorKind::ReadOnlyFilesystem;
    [
        FsOp::CreateDirAll,
        FsOp::Create,
        FsOp::OpenAppend,
        FsOp::Rename,
        FsOp::Remove,
    ]
    .into_iter()
    .fold(std_fs(), |fs, op| fs.with(Fault::FailAll { op, kind }))
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => BTreeSet::from([path]),
        })
        .collect()
}

#[tokio::test]
async fn a_home_that_cannot_be_written_is_read_with_an_index_elsewhere() {
    let (home, fallback) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    fixture::listing_home(home.path()).expect("writable");
    let before = files(home.path());
    for round in 0..2 {
        let store = LocalStore::open(options(home.path(), fallback.path(), read_only())).expect("a home");
        assert_eq!(listed(&store).await, LISTED, "round {round}");
        let report = store
            .maintenance()
            .expect("kept")
            .doctor_home()
            .await
            .expect("examined");
        let index = report
            .findings
            .iter()
            .find(|finding| finding.check == "index")
            .expect("told");
        assert!(index.detail.contains("cannot be written"), "{}", index.detail);
    }
    assert_eq!(files(home.path()), before);
}

#[test]
fn without_another_folder_a_home_that_cannot_be_written_is_an_error() {
    let home = tempfile::tempdir().expect("a folder");
    fixture::listing_home(home.path()).expect("writable");
    let options = LocalStoreOptions {
        fs: Arc::new(read_only()),
        ..LocalStoreOptions::new(home.path())
    };
    let error = LocalStore::open(options).expect_err("nowhere to keep an index");
    assert!(
        matches!(&error, StoreError::Index { path, .. } if path.starts_with(home.path())),
        "{error}"
    );
}

#[tokio::test]
async fn a_home_on_a_network_file_system_has_its_index_elsewhere() {
    let (home, fallback) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    fixture::listing_home(home.path()).expect("writable");
    let fs = std_fs().on_network("nfs");
    let before = files(home.path());
    let store = LocalStore::open(options(home.path(), fallback.path(), fs)).expect("a home");
    assert_eq!(listed(&store).await, LISTED);
    assert_eq!(files(home.path()), before);
    let report = store
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.detail.contains("network file system (nfs)"))
    );
}

#[tokio::test]
async fn two_homes_share_a_folder_for_indexes_and_no_index() {
    let fallback = tempfile::tempdir().expect("a folder");
    let homes = [
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    ];
    fixture::listing_home(homes[0].path()).expect("writable");
    std::fs::create_dir(homes[1].path().join("sessions")).expect("writable");
    for (home, expected) in homes.iter().zip([LISTED, 0]) {
        let store = LocalStore::open(options(home.path(), fallback.path(), read_only())).expect("a home");
        assert_eq!(listed(&store).await, expected);
    }
}

#[test]
fn every_existing_folder_has_a_storage() {
    // What this machine has is not known; only that the question has an answer for what exists, and none for what does not.
    let folder = tempfile::tempdir().expect("a folder");
    assert!(StdFs.storage(folder.path()).is_ok());
    let missing = StdFs.storage(&folder.path().join("missing"));
    assert_eq!(missing.expect_err("nothing there").kind(), ErrorKind::NotFound);
}
