//! The home stays as it is, whatever is read of it.

use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Fault, FaultFs, FsOp, StdFs};
use codex_test_support::codex_db::{CodexDb, GOALS_SCHEMA, QUEUE_SCHEMA};
use codex_thread_store::organise::Goals;
use codex_thread_store::{LocalStore, LocalStoreOptions, StoreMaintenance, ThreadStore};

use crate::home::{A, B, CodexHome, all_threads, thread};
use crate::support::block_on;

/// Names, sizes and times of everything in a folder, but for what is ours.
fn listing(folder: &Path) -> Vec<String> {
    let mut listing = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("reads") {
            let path = entry.expect("reads").path();
            let metadata = std::fs::metadata(&path).expect("reads");
            if metadata.is_dir() {
                if !path.ends_with("codex-threads") {
                    folders.push(path);
                }
            } else {
                let modified = metadata.modified().expect("reads");
                listing.push(format!("{} {} {modified:?}", path.display(), metadata.len()));
            }
        }
    }
    listing.sort();
    listing
}

fn use_everything(home: &CodexHome) {
    home.listed(A);
    home.read(A);
    home.read(B);
    let store = home.store();
    let store: &dyn ThreadStore = &*store;
    block_on(Goals::of(store.facts().expect("facts")).get(thread(A))).expect("reads");
    block_on(store.maintenance().expect("maintenance").doctor(A)).expect("examines");
}

#[test]
fn a_home_with_databases_is_not_changed_while_codex_runs_and_after() {
    let home = CodexHome::new();
    let goals = CodexDb::create(&home.path().join("goals_1.sqlite"), GOALS_SCHEMA);
    let queue = CodexDb::create(&home.path().join("queue_1.sqlite"), QUEUE_SCHEMA);
    home.codex_names(A, "given", "name");
    let running = listing(home.path());
    assert!(running.iter().any(|line| line.contains("-wal")));
    use_everything(&home);
    assert_eq!(home.name(A).as_deref(), Some("given"));
    assert_eq!(listing(home.path()), running);
    drop((goals, queue));
    home.state.checkpoint();
    let CodexHome { .. } = &home;
    let quiet = listing(home.path());
    use_everything(&home);
    home.reopen();
    use_everything(&home);
    assert_eq!(listing(home.path()), quiet);
    let copies = std::fs::read_dir(home.path().join("codex-threads/cache/codex-databases")).expect("our folder");
    assert_eq!(copies.count(), 0);
}

#[test]
fn what_only_the_databases_know_is_known_without_them_afterwards() {
    let home = CodexHome::new();
    let goals = CodexDb::create(&home.path().join("goals_1.sqlite"), GOALS_SCHEMA);
    goals.run(&format!(
        "INSERT INTO thread_goals VALUES ('{A}', 'g', 'Ship it', 'budget_limited', 9, 5, 6, 7, 8)"
    ));
    home.codex_names(A, "paginated name", "name");
    home.codex_names(B, "legacy name", "title");
    home.state
        .run(&format!("UPDATE threads SET git_branch = 'other' WHERE id = '{A}'"));
    let know = |home: &CodexHome| {
        let store = home.store();
        let goal = block_on(Goals::of(store.facts().expect("facts")).get(thread(A))).expect("reads");
        let goal = goal.map(|goal| (goal.objective, goal.token_budget, goal.updated_at_ms));
        (home.name(A), home.name(B), home.branch(A), goal)
    };
    let text = |text: &str| Some(text.to_owned());
    let expected = (
        text("paginated name"),
        text("legacy name"),
        text("other"),
        Some(("Ship it".to_owned(), Some(9), 8)),
    );
    assert_eq!(know(&home), expected);
    drop(goals);
    for name in ["state_5.sqlite", "state_5.sqlite-wal", "goals_1.sqlite"] {
        std::fs::remove_file(home.path().join(name)).expect("removes");
    }
    assert_eq!(know(&home), expected);
    home.reopen_without_index();
    assert_eq!(know(&home), expected);
}

#[test]
fn what_the_files_say_anyhow_is_not_journalled() {
    let home = CodexHome::new();
    use_everything(&home);
    home.reopen();
    use_everything(&home);
    assert_eq!(home.journal(), "");
}

#[test]
fn reading_one_thread_first_knows_as_much_as_listing_all() {
    let home = CodexHome::new();
    home.state
        .run(&format!("UPDATE threads SET git_branch = 'other' WHERE id = '{A}'"));
    home.reopen_without_index();
    assert_eq!(home.read(A).git.and_then(|git| git.branch).as_deref(), Some("other"));
    assert_eq!(home.branch(A).as_deref(), Some("other"));
}

#[test]
fn what_cannot_be_journalled_counts_in_memory() {
    let home = CodexHome::new();
    home.codex_names(A, "given", "name");
    let denied = Fault::FailAll {
        op: FsOp::Lock,
        kind: std::io::ErrorKind::PermissionDenied,
    };
    let options = LocalStoreOptions {
        fs: Arc::new(FaultFs::new(Arc::new(StdFs)).with(denied)),
        ..home.options()
    };
    let store = LocalStore::open(options).expect("opens");
    for _ in 0..2 {
        let page = block_on(store.list_threads(all_threads())).expect("lists");
        let named = page
            .threads
            .iter()
            .filter(|thread| thread.name.as_deref() == Some("given"));
        assert_eq!(named.count(), 1);
    }
    assert_eq!(home.journal(), "");
    drop(store);
    assert_eq!(
        home.name(A).as_deref(),
        Some("given"),
        "journalled as soon as it can be"
    );
    assert!(home.journal().contains("given"));
}

#[test]
fn a_moved_index_takes_the_copies_with_it() {
    let home = CodexHome::new();
    home.codex_names(A, "given", "name");
    let elsewhere = tempfile::tempdir().expect("temporary folder");
    let options = LocalStoreOptions {
        index_dir: Some(elsewhere.path().to_owned()),
        ..home.options()
    };
    std::fs::remove_dir_all(home.path().join("codex-threads")).expect("removes");
    let store = LocalStore::open(options).expect("opens");
    let page = block_on(store.list_threads(all_threads())).expect("lists");
    assert!(
        page.threads
            .iter()
            .any(|thread| thread.name.as_deref() == Some("given"))
    );
    assert!(elsewhere.path().join("codex-databases").is_dir());
    assert!(!home.path().join("codex-threads/cache").exists());
}

#[test]
fn the_doctor_says_what_was_imported_and_what_was_not() {
    let home = CodexHome::new();
    std::fs::write(home.path().join("goals_1.sqlite"), "no database at all ".repeat(100)).expect("writes");
    home.state
        .run(&format!("UPDATE threads SET git_sha = x'ff' WHERE id = '{A}'"));
    let report = block_on(home.store().doctor(A)).expect("examines");
    let told: Vec<(bool, String)> = report
        .findings
        .into_iter()
        .filter(|finding| finding.check == "codex database")
        .map(|finding| (finding.ok, finding.detail))
        .collect();
    let expected = [
        (true, "state_5.sqlite: imported".to_owned()),
        (false, format!("threads.git_sha of {A} is bytes, not a text")),
        (
            false,
            "goals_1.sqlite: not imported; what was known of it counts".to_owned(),
        ),
    ];
    assert_eq!(told[..3], expected);
    assert!(told[3].1.contains("file is not a database"), "{told:?}");
}
