//! When databases are read, and what stays known if that fails.
#![expect(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::sync::atomic::{AtomicI64, Ordering};

use codex_rollout::fs::{FaultFs, FsOp, StdFs};
use codex_test_support::codex_db::{CodexDb, GOALS_SCHEMA, QUEUE_SCHEMA, STATE_SCHEMA};
use tempfile::TempDir;

use super::*;

struct Home {
    folder: TempDir,
    fs: FaultFs,
    databases: CodexDatabases,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (home, copies) = (folder.path().join("home"), folder.path().join("copies"));
        std::fs::create_dir(&home).unwrap();
        let fs = FaultFs::new(Arc::new(StdFs));
        let databases = CodexDatabases::new(Arc::new(fs.clone()), home, copies);
        Self { folder, fs, databases }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("home").join(name)
    }

    fn state(&self) -> CodexDb {
        CodexDb::create(&self.path("state_5.sqlite"), STATE_SCHEMA)
    }

    /// Ids of the sections that are known at a time.
    fn sections(&self, now_ms: i64) -> Option<Vec<String>> {
        let state = self.databases.knowledge(&at(now_ms)).state?;
        Some(state.sections.rows.iter().map(|row| row.id.clone()).collect())
    }

    fn copies_taken(&self) -> usize {
        let operations = self.fs.operations();
        let created = operations.iter().filter(|(op, _)| *op == FsOp::Create);
        created
            .filter(|(_, path)| path.extension().is_some_and(|it| it == "sqlite"))
            .count()
    }

    /// Names, sizes and times of everything in the home.
    fn listing(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("")).unwrap();
        let mut listing: Vec<String> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                let modified = metadata.modified().unwrap();
                format!("{:?} {} {modified:?}", entry.file_name(), metadata.len())
            })
            .collect();
        listing.sort();
        listing
    }
}

fn ids(ids: &[&str]) -> Option<Vec<String>> {
    Some(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// A clock that stands still.
fn at(now_ms: i64) -> Clock {
    Clock::from_fn(move || now_ms)
}

#[test]
fn a_home_without_databases_knows_nothing_and_says_so() {
    let home = Home::new();
    let knowledge = home.databases.knowledge(&at(0));
    assert!(knowledge.state.is_none() && knowledge.goals.is_none() && knowledge.queue.is_none());
    assert_eq!(knowledge.version, 0);
    assert_eq!(home.databases.reports(), []);
}

#[test]
fn the_home_is_left_as_it_was_and_what_is_only_in_the_log_is_seen() {
    let home = Home::new();
    let state = home.state();
    state.checkpoint();
    state.run("INSERT INTO thread_sections VALUES ('s1', 'One', NULL)");
    let goals = CodexDb::create(&home.path("goals_1.sqlite"), GOALS_SCHEMA);
    let queue = CodexDb::create(&home.path("queue_1.sqlite"), QUEUE_SCHEMA);
    let running = home.listing();
    assert_eq!(home.sections(0), ids(&["s1"]));
    assert_eq!(home.listing(), running);
    drop((state, goals, queue));
    let stopped = home.listing();
    assert_eq!(stopped.len(), 3);
    assert_eq!(home.sections(10_000), ids(&["s1"]));
    assert_eq!(home.listing(), stopped);
    assert!(home.databases.reports().iter().all(|report| report.current));
}

#[test]
fn a_look_that_took_long_is_trusted_for_longer_but_not_for_ever() {
    let home = Home::new();
    let state = home.state();
    let ticks = Arc::new(AtomicI64::new(0));
    let slow = Clock::from_fn(move || ticks.fetch_add(300, Ordering::Relaxed));
    home.databases.knowledge(&slow); // from 0 to 300: trusted for 6 s
    state.run("INSERT INTO thread_sections VALUES ('s1', 'One', NULL)");
    home.databases.knowledge(&at(6_000));
    assert_eq!(home.copies_taken(), 1);
    home.databases.knowledge(&at(6_300));
    assert_eq!(home.copies_taken(), 2);
    state.run("INSERT INTO thread_sections VALUES ('s2', 'Two', NULL)");
    home.databases.knowledge(&at(7_300)); // a look that took no time
    assert_eq!(home.copies_taken(), 3);
}

#[test]
fn what_has_not_changed_is_not_copied_again() {
    let home = Home::new();
    let state = home.state();
    let first = home.databases.knowledge(&at(0));
    assert_eq!(home.copies_taken(), 1);
    let second = home.databases.knowledge(&at(5_000));
    assert_eq!((home.copies_taken(), second.version), (1, first.version));
    state.run("INSERT INTO thread_sections VALUES ('s1', 'One', NULL)");
    let third = home.databases.knowledge(&at(10_000));
    assert_eq!(home.copies_taken(), 2);
    assert!(third.version > first.version);
}

#[test]
fn a_look_is_trusted_for_a_second() {
    let home = Home::new();
    let state = home.state();
    assert_eq!(home.sections(100), ids(&[]));
    state.run("INSERT INTO thread_sections VALUES ('s1', 'One', NULL)");
    assert_eq!(home.sections(1_099), ids(&[]));
    assert_eq!(home.sections(1_100), ids(&["s1"]));
}

#[test]
fn the_newest_schema_counts_and_facts_of_an_older_file_are_forgotten() {
    let home = Home::new();
    let old = home.state();
    old.run("INSERT INTO thread_sections VALUES ('old', 'One', NULL)");
    assert_eq!(home.sections(0), ids(&["old"]));
    std::fs::write(home.path("state_6.sqlite"), "x".repeat(5_000)).unwrap();
    assert_eq!(home.sections(10_000), None);
    let report = home.databases.reports().remove(0);
    assert_eq!((report.path, report.current), (home.path("state_6.sqlite"), false));
    assert!(
        report.problems[0].contains("file is not a database"),
        "{:?}",
        report.problems
    );
    std::fs::remove_file(home.path("state_6.sqlite")).unwrap();
    assert_eq!(home.sections(20_000), ids(&["old"]));
}

#[test]
fn a_database_that_becomes_unreadable_stays_known() {
    let home = Home::new();
    let state = home.state();
    state.run("INSERT INTO thread_sections VALUES ('s1', 'One', NULL)");
    assert_eq!(home.sections(0), ids(&["s1"]));
    drop(state);
    std::fs::write(home.path("state_5.sqlite"), "x".repeat(5_000)).unwrap();
    assert_eq!(home.sections(10_000), ids(&["s1"]));
    assert!(!home.databases.reports()[0].current);
    let taken = home.copies_taken();
    assert_eq!(home.sections(20_000), ids(&["s1"]));
    assert_eq!(
        home.copies_taken(),
        taken,
        "bytes that are no database are not read twice"
    );
}

#[test]
fn one_unreadable_database_hides_no_other() {
    let home = Home::new();
    let _state = home.state();
    std::fs::write(home.path("goals_1.sqlite"), "no database".repeat(100)).unwrap();
    let knowledge = home.databases.knowledge(&at(0));
    assert!(knowledge.state.is_some() && knowledge.goals.is_none());
    let current: Vec<bool> = home.databases.reports().iter().map(|report| report.current).collect();
    assert_eq!(current, [true, false]);
}

#[test]
fn a_database_that_is_gone_says_nothing_any_more() {
    let home = Home::new();
    drop(home.state());
    let before = home.databases.knowledge(&at(0));
    assert!(before.state.is_some());
    std::fs::remove_file(home.path("state_5.sqlite")).unwrap();
    let after = home.databases.knowledge(&at(10_000));
    assert!(after.state.is_none() && after.version > before.version);
}
