//! Copies of databases that are being written, and what is left of them.
#![expect(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::path::PathBuf;
use std::sync::Mutex;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::codex_db::CodexDb;
use tempfile::TempDir;

use super::*;

const TABLE: &str = "CREATE TABLE t (x); INSERT INTO t VALUES (1)";

fn home() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let copies = folder.path().join("ours/copies");
    let database = home.join("state_5.sqlite");
    (folder, database, copies)
}

fn real() -> Arc<dyn LogFs> {
    Arc::new(StdFs)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_has_the_write_ahead_log_and_is_removed_with_it() {
    let (_folder, database, copies) = home();
    let _open = CodexDb::create(&database, TABLE);
    let copy = DatabaseCopy::take(&real(), &database, &copies).unwrap();
    for suffix in ["", "-wal"] {
        let bytes = |path: &Path| std::fs::read(beside(path, suffix)).unwrap();
        assert_eq!(bytes(copy.path()), bytes(&database), "{suffix}");
    }
    drop(copy);
    assert_eq!(names(&copies), Vec::<String>::new());
}

#[test]
fn copies_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, database, copies) = home();
    let _open = CodexDb::create(&database, TABLE);
    let copy = DatabaseCopy::take(&real(), &database, &copies).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(copy.path()), 0o600);
    assert_eq!(mode(&beside(copy.path(), "-wal")), 0o600);
    assert_eq!(mode(&copies), 0o700);
}

#[test]
fn what_a_dead_process_left_is_removed_and_what_is_in_use_stays() {
    let (_folder, database, copies) = home();
    let _open = CodexDb::create(&database, TABLE);
    let in_use = DatabaseCopy::take(&real(), &database, &copies).unwrap();
    for left in ["copy.1.7.sqlite", "copy.1.7.sqlite-shm", "copy.1.7.sqlite.lock"] {
        std::fs::write(copies.join(left), "x").unwrap();
    }
    drop(DatabaseCopy::take(&real(), &database, &copies).unwrap());
    let name = in_use.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(
        names(&copies),
        [name.to_owned(), format!("{name}-wal"), format!("{name}.lock")]
    );
}

/// A file system under which the database changes before each of these operations, and whoever changes it.
fn changing(database: &Path, at: impl IntoIterator<Item = u64>) -> (Arc<dyn LogFs>, Arc<Mutex<CodexDb>>) {
    let writer = Arc::new(Mutex::new(CodexDb::create(database, TABLE)));
    let fs = FaultFs::new(real());
    for at in at {
        let writer = Arc::clone(&writer);
        let action = move || writer.lock().unwrap().run("INSERT INTO t VALUES (2)");
        fs.add(Fault::Before {
            at,
            action: Box::new(action),
        });
    }
    (Arc::new(fs), writer)
}

/// Returns the number of the first read of a copy.
fn first_read() -> u64 {
    let (_folder, database, copies) = home();
    let _open = CodexDb::create(&database, TABLE);
    let counting = FaultFs::new(real());
    let fs: Arc<dyn LogFs> = Arc::new(counting.clone());
    drop(DatabaseCopy::take(&fs, &database, &copies).unwrap());
    let operations = counting.operations();
    operations.iter().position(|(op, _)| *op == FsOp::ReadAt).unwrap() as u64
}

#[test]
fn a_database_that_changes_meanwhile_is_copied_again() {
    let (_folder, database, copies) = home();
    let (fs, _writer) = changing(&database, [first_read()]);
    let copy = DatabaseCopy::take(&fs, &database, &copies).unwrap();
    assert_eq!(copy.prints, Prints::of(&StdFs, &database).unwrap());
    let wal = |path: &Path| std::fs::read(beside(path, "-wal")).unwrap();
    assert_eq!(wal(copy.path()), wal(&database));
}

#[test]
fn a_database_that_changes_all_the_time_is_busy_and_leaves_no_copy() {
    let (_folder, database, copies) = home();
    let (fs, _writer) = changing(&database, 0..400);
    let taken = DatabaseCopy::take(&fs, &database, &copies);
    assert_eq!(
        taken.err().map(|error| error.to_string()),
        Some(CopyError::Busy.to_string())
    );
    assert_eq!(names(&copies), Vec::<String>::new());
}

#[test]
fn a_database_that_vanishes_is_an_error() {
    let (_folder, database, copies) = home();
    let failed = DatabaseCopy::take(&real(), &database, &copies);
    assert!(matches!(failed, Err(CopyError::Io { action: "stat", .. })));
    assert_eq!(names(&copies), Vec::<String>::new());
}

#[test]
fn whatever_fails_the_home_stays_as_it_is_and_no_copy_is_left() {
    let (_folder, database, copies) = home();
    let _open = CodexDb::create(&database, TABLE);
    let before = names(database.parent().unwrap());
    for at in 0..60 {
        let fault = Fault::FailAt {
            at,
            kind: io::ErrorKind::PermissionDenied,
        };
        let fs: Arc<dyn LogFs> = Arc::new(FaultFs::new(real()).with(fault));
        drop(DatabaseCopy::take(&fs, &database, &copies));
        // A copy whose removal failed is removed by the next one.
        drop(DatabaseCopy::take(&real(), &database, &copies).unwrap());
        assert_eq!(names(&copies), Vec::<String>::new(), "operation {at}");
        assert_eq!(names(database.parent().unwrap()), before, "operation {at}");
    }
}

/// Makes a file that takes no room.
fn sparse(database: &Path, bytes: u64) {
    let file = std::fs::File::create(database).unwrap();
    file.set_len(bytes).unwrap();
}

#[test]
fn a_database_above_the_limit_is_not_copied_and_one_at_the_limit_is_begun_with() {
    for (bytes, expected) in [
        (MAX_DATABASE_BYTES, "create"),
        (MAX_DATABASE_BYTES + 1, "it has 1073741825 bytes, more than 1073741824"),
    ] {
        let (_folder, database, copies) = home();
        sparse(&database, bytes);
        let fs = FaultFs::new(real()).with(Fault::FailAll {
            op: FsOp::Create,
            kind: io::ErrorKind::Other,
        });
        let fs: Arc<dyn LogFs> = Arc::new(fs);
        let error = DatabaseCopy::take(&fs, &database, &copies).err().unwrap();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// Copies a database that changes before these operations; tells whether that worked, and the first read of each attempt.
fn copied_with_changes(at: &[u64]) -> (bool, Vec<u64>) {
    let (_folder, database, copies) = home();
    let writer = Arc::new(Mutex::new(CodexDb::create(&database, TABLE)));
    let counting = FaultFs::new(real());
    for at in at {
        let writer = Arc::clone(&writer);
        let action = move || writer.lock().unwrap().run("INSERT INTO t VALUES (2)");
        counting.add(Fault::Before {
            at: *at,
            action: Box::new(action),
        });
    }
    let fs: Arc<dyn LogFs> = Arc::new(counting.clone());
    let is_copied = DatabaseCopy::take(&fs, &database, &copies).is_ok();
    let operations = counting.operations();
    let opens = (0_u64..).zip(&operations);
    let attempts = opens.filter(|(_, (op, path))| *op == FsOp::Open && *path == database);
    (is_copied, attempts.map(|(at, _)| at + 1).collect())
}

#[test]
fn a_database_that_rests_at_the_last_attempt_is_copied_and_one_that_does_not_is_busy() {
    let mut changes = Vec::new();
    for attempt in 1..=MAX_ATTEMPTS {
        let (is_copied, attempts) = copied_with_changes(&changes);
        assert!(is_copied);
        assert_eq!(attempts.len() as u32, attempt);
        changes.push(attempts[attempt as usize - 1]);
    }
    let (is_copied, attempts) = copied_with_changes(&changes);
    assert!(!is_copied);
    assert_eq!(attempts.len() as u32, MAX_ATTEMPTS);
}
