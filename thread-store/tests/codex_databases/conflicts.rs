//! Codex and we change the same things.

use crate::home::{A, B, CodexHome};

#[test]
fn what_codex_did_not_change_since_stays_ours() {
    let home = CodexHome::new();
    home.codex_names(A, "codex", "name");
    assert_eq!(home.name(A).as_deref(), Some("codex"));
    home.set_name(A, "ours");
    assert_eq!(home.name(A).as_deref(), Some("ours"));
    home.state.run("UPDATE threads SET updated_at = updated_at + 1");
    assert_eq!(home.name(A).as_deref(), Some("ours"));
    home.reopen_without_index();
    assert_eq!(home.name(A).as_deref(), Some("ours"));
}

#[test]
fn what_codex_changed_since_wins() {
    for (id, column) in [(A, "name"), (B, "title")] {
        let home = CodexHome::new();
        home.codex_names(id, "codex", column);
        assert_eq!(home.name(id).as_deref(), Some("codex"));
        home.set_name(id, "ours");
        home.codex_names(id, "codex again", column);
        assert_eq!(home.name(id).as_deref(), Some("codex again"));
        home.set_name(id, "ours again");
        assert_eq!(home.name(id).as_deref(), Some("ours again"));
        home.codex_names(id, "codex", column);
        assert_eq!(home.name(id).as_deref(), Some("codex"), "back at an earlier name");
    }
}

#[test]
fn a_name_of_the_name_index_is_no_news() {
    let home = CodexHome::new();
    let line = format!("{{\"id\":\"{A}\",\"thread_name\":\"indexed\",\"updated_at\":\"2026-01-01T00:00:00Z\"}}\n");
    std::fs::write(home.path().join("session_index.jsonl"), line).expect("writes");
    home.codex_names(A, "indexed", "name");
    assert_eq!(home.name(A).as_deref(), Some("indexed"));
    assert_eq!(home.journal(), "");
    // Ours is newer than what the index says, and the database still says what it said.
    home.set_name(A, "ours");
    home.state.run("UPDATE threads SET updated_at = updated_at + 1");
    assert_eq!(home.name(A).as_deref(), Some("ours"));
    home.reopen_without_index();
    assert_eq!(home.name(A).as_deref(), Some("ours"));
}

#[test]
fn repository_state_is_three_way_too() {
    let home = CodexHome::new();
    assert_eq!(home.branch(A).as_deref(), Some("main"));
    home.set_branch(A, "ours");
    assert_eq!(
        home.branch(A).as_deref(),
        Some("ours"),
        "the database says what the header says"
    );
    home.reopen();
    assert_eq!(home.branch(A).as_deref(), Some("ours"));
    home.state
        .run(&format!("UPDATE threads SET git_branch = 'codex' WHERE id = '{A}'"));
    assert_eq!(home.branch(A).as_deref(), Some("codex"));
    home.set_branch(A, "ours again");
    assert_eq!(home.branch(A).as_deref(), Some("ours again"));
    home.state
        .run(&format!("UPDATE threads SET git_branch = NULL WHERE id = '{A}'"));
    assert_eq!(home.branch(A), None);
}

#[test]
fn a_legacy_rollout_says_its_repository_itself() {
    let home = CodexHome::new();
    home.state
        .run(&format!("UPDATE threads SET git_branch = 'codex' WHERE id = '{B}'"));
    assert_eq!(home.branch(B).as_deref(), Some("main"));
    assert_eq!(home.journal(), "");
}

#[test]
fn what_was_deleted_here_is_not_brought_back_by_the_database() {
    let home = CodexHome::new();
    home.codex_names(A, "codex", "name");
    home.listed(A);
    let store = home.store();
    let lifecycle = codex_thread_store::ThreadStore::lifecycle(&*store).expect("lifecycle");
    crate::support::block_on(lifecycle.delete_thread(crate::home::thread(A))).expect("deletes");
    let before = home.journal();
    home.state.run("UPDATE threads SET updated_at = updated_at + 1");
    home.listed(B);
    assert_eq!(home.journal(), before);
}

#[test]
fn what_comes_back_from_the_trash_is_what_we_made_of_it() {
    for (id, column) in [(A, "name"), (B, "title")] {
        let home = CodexHome::new();
        home.codex_names(id, "codex", column);
        assert_eq!(home.name(id).as_deref(), Some("codex"));
        home.set_name(id, "ours");
        let store = home.store();
        let trash = codex_thread_store::ThreadStore::trash(&*store).expect("trash");
        let trashed = crate::support::block_on(trash.trash_thread(crate::home::thread(id))).expect("deletes");
        home.listed(if id == A { B } else { A });
        home.reopen();
        let store = home.store();
        let trash = codex_thread_store::ThreadStore::trash(&*store).expect("trash");
        crate::support::block_on(trash.restore_trash(&trashed.trash_id.expect("kept"))).expect("restores");
        assert_eq!(home.name(id).as_deref(), Some("ours"), "Codex has not changed it since");
        home.codex_names(id, "codex again", column);
        assert_eq!(home.name(id).as_deref(), Some("codex again"));
    }
}
