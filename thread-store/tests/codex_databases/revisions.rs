//! Which revision is current, and when a thread was used last.

use codex_test_support::{Header, HomeBuilder, RolloutBuilder};

use codex_thread_store::StoreMaintenance;

use crate::home::{A, B, CodexHome, START_MS, rollout, stored_path};
use crate::support::block_on;

const LATER: &str = "01a0c400-0000-7000-8000-0000000000a1";
const BEGUN: &str = "01a0c400-0000-7000-8000-0000000000a3";
const LATEST: &str = "01a0c400-0000-7000-8000-0000000000a2";

/// A revision of the paginated thread, made at a time.
fn revision(rollout_id: &str, created_ms: i64) -> RolloutBuilder {
    rollout(Header::revert(A, rollout_id, None).created_at(created_ms))
}

fn home_with_revisions() -> CodexHome {
    let home = CodexHome::new();
    let mut files = HomeBuilder::new();
    files.session(&revision(LATER, START_MS + 60_000));
    files.session(&revision(LATEST, START_MS + 120_000));
    files.write_to(home.path()).expect("writes");
    home
}

/// The rollout that is read and listed, by the end of its file name.
fn current(home: &CodexHome) -> String {
    let path = home.read(A).path;
    assert_eq!(path, home.listed(A).path);
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
    name.rsplit(['_', '-']).next().expect("a name").to_owned()
}

fn point_to(home: &CodexHome, path: &str) {
    home.state
        .run(&format!("UPDATE threads SET rollout_path = '{path}' WHERE id = '{A}'"));
}

#[test]
fn the_database_names_the_current_revision_wherever_it_was_written() {
    let home = home_with_revisions();
    assert_eq!(current(&home), "00000000000a", "the row names the first rollout");
    point_to(&home, &stored_path(&revision(LATER, START_MS + 60_000)));
    assert_eq!(current(&home), "0000000000a1");
    home.reopen_without_index();
    assert_eq!(current(&home), "0000000000a1");
}

#[test]
fn without_a_rollout_of_that_name_the_newest_header_counts() {
    let home = home_with_revisions();
    for path in ["/nowhere/rollout-x.jsonl", "", "/home/user/.codex/sessions/2026/11/22/"] {
        point_to(&home, path);
        assert_eq!(current(&home), "0000000000a2", "{path:?}");
    }
    std::fs::remove_file(home.path().join("state_5.sqlite")).expect("removes");
    assert_eq!(current(&home), "0000000000a2");
}

#[test]
fn the_database_knows_the_last_turn_a_moment_better_and_the_log_newer_ones() {
    let home = CodexHome::new();
    let (plain_a, plain_b) = (home.listed(A), home.listed(B));
    let exact = plain_a.recency_at_ms.expect("a turn") + 17;
    home.state.run(&format!(
        "UPDATE threads SET recency_at_ms = {exact}, updated_at_ms = 7 WHERE id = '{A}';
         UPDATE threads SET recency_at_ms = 5, updated_at_ms = 7 WHERE id = '{B}'"
    ));
    assert_eq!(home.listed(A).recency_at_ms, Some(exact));
    assert_eq!(
        home.listed(B).recency_at_ms,
        plain_b.recency_at_ms,
        "older than the log"
    );
    for (id, plain) in [(A, plain_a), (B, plain_b)] {
        assert_eq!(
            home.listed(id).updated_at_ms,
            plain.updated_at_ms,
            "rows follow the file"
        );
    }
}

#[test]
fn the_doctor_shows_a_revision_that_was_begun_and_never_used() {
    let home = home_with_revisions();
    let begun = RolloutBuilder::new(Header::revert(A, BEGUN, None).created_at(START_MS + 180_000));
    let mut files = HomeBuilder::new();
    files.session(&begun);
    files.write_to(home.path()).expect("writes");
    let report = block_on(home.store().doctor(A)).expect("examines");
    let told: Vec<String> = report
        .findings
        .into_iter()
        .filter(|finding| finding.check.contains("revision"))
        .map(|finding| finding.detail)
        .collect();
    let path = |rollout: &RolloutBuilder| rollout.file().relative_path.display().to_string();
    let first = path(&rollout(Header::new(codex_test_support::Mode::Paginated, A)));
    let expected = [
        format!("4 revisions; current is {first}, as Codex's database says"),
        format!("{} has only its header and is not current", path(&begun)),
    ];
    assert_eq!(told, expected);
}

#[test]
fn rows_forget_what_a_database_said_that_vanished_between_two_processes() {
    let home = home_with_revisions();
    home.codex_names(A, "given", "name");
    let late = START_MS + 10_000_000;
    home.state
        .run(&format!("UPDATE threads SET recency_at_ms = {late} WHERE id = '{B}'"));
    assert_eq!(home.listed(B).recency_at_ms, Some(late));
    assert_eq!(current(&home), "00000000000a");
    home.with_closed_store(|| {
        for name in ["state_5.sqlite", "state_5.sqlite-wal"] {
            std::fs::remove_file(home.path().join(name)).expect("removes");
        }
    });
    assert_eq!(current(&home), "0000000000a2");
    assert!(home.listed(B).recency_at_ms < Some(late));
}
