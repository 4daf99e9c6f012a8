//! Names of databases.
#![expect(clippy::disallowed_methods, reason = "tests prepare their own files")]

use super::*;

#[test]
fn only_numbered_names_are_databases() {
    let number = |name: &str| Database::State.number(name);
    assert_eq!(number("state_5.sqlite"), Some(5));
    assert_eq!(number("state_12.sqlite"), Some(12));
    for other in [
        "state.sqlite",
        "state_.sqlite",
        "state_+5.sqlite",
        "state_5.sqlite-wal",
        "state_5.db",
        "goals_1.sqlite",
        "my_state_5.sqlite",
        "state_99999999999.sqlite",
    ] {
        assert_eq!(number(other), None, "{other}");
    }
}

#[test]
fn the_highest_number_counts_whatever_the_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "state_10.sqlite",
        "state_9.sqlite",
        "state_5.sqlite",
        "queue_1.sqlite",
        "queue_x.sqlite",
    ] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("goals_1.sqlite")).unwrap();
    let found = newest(&codex_rollout::fs::StdFs, folder.path()).unwrap();
    let path = |name: &str| Some(folder.path().join(name));
    assert_eq!(found, [path("state_10.sqlite"), None, path("queue_1.sqlite")]);
}
