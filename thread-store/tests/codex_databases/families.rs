//! What threads are organised by, as Codex left it, and as both sides change it.

use codex_protocol::ids::ThreadId;
use codex_test_support::codex_db::{CodexDb, GOALS_SCHEMA, QUEUE_SCHEMA};
use codex_thread_store::ThreadStore;
use codex_thread_store::organise::{
    Attachments, FactStore, GoalPatch, GoalStatus, Goals, Identity, ProjectQuery, ProjectSort, Projects, Queues,
    ReadChange, ReadStates, SectionMove, Sections, UnreadFrom,
};

use crate::home::{A, B, CodexHome, thread};
use crate::support::block_on;

const SECTIONS: &str = "INSERT INTO thread_sections VALUES ('s1', 'Work', '{\"icon\":\"star\",\"color\":\"red\"}');
    UPDATE threads SET thread_section_id = 's1', section_position = 1000000, section_entered_at_ms = 77;";

/// Runs on the facts of a home's store.
fn with<T>(home: &CodexHome, run: impl AsyncFnOnce(&dyn FactStore) -> T) -> T {
    let store = home.store();
    block_on(run(store.facts().expect("facts")))
}

/// Section and rank of a thread, as listed.
fn place(home: &CodexHome, id: &str) -> Option<(String, String)> {
    let section = home.listed(id).section?;
    Some((section.section.id, section.section.name))
}

fn identity() -> Identity {
    Identity {
        attachment_type: "note".to_owned(),
        identity_key: "n1".to_owned(),
    }
}

#[test]
fn sections_and_projects_are_those_of_codex() {
    let home = CodexHome::new();
    home.state.run(&format!(
        "{SECTIONS}
         INSERT INTO projects VALUES ('p1', 'One', '{{\"k\":\"v\"}}', 0, 10, 11);
         INSERT INTO project_roots VALUES ('p1', 0, '/a');
         INSERT INTO project_idempotency_keys VALUES ('key', 'p1', 10), ('old key', 'p0', 9);
         UPDATE threads SET project_id = 'p1', daybreak_enabled = 1 WHERE id = '{A}'"
    ));
    let work = ("s1".to_owned(), "Work".to_owned());
    assert_eq!((place(&home, A), place(&home, B)), (Some(work.clone()), Some(work)));
    let listed = home.listed(A);
    assert_eq!(listed.project_id.as_deref(), Some("p1"));
    assert_eq!(listed.daybreak, Some(true));
    assert_eq!(listed.section.map(|place| place.entered_at_ms), Some(77));
    let query = ProjectQuery {
        sort: ProjectSort::Position,
        direction: codex_thread_store::Direction::Ascending,
        anchor: None,
        limit: 10,
    };
    let projects = with(&home, async |facts| Projects::of(facts).list(query).await).expect("lists");
    let told: Vec<_> = projects
        .projects
        .iter()
        .map(|project| {
            (
                project.name.as_str(),
                project.roots.clone(),
                project.metadata.get("k").cloned(),
            )
        })
        .collect();
    assert_eq!(told, [("One", vec!["/a".to_owned()], Some("v".to_owned()))]);
}

#[test]
fn a_thread_that_we_moved_stays_until_codex_moves_it() {
    let home = CodexHome::new();
    home.state.run(SECTIONS);
    assert!(place(&home, A).is_some());
    let out = |id: ThreadId| {
        with(&home, async |facts| {
            Sections::of(facts).move_thread(id, SectionMove::Out).await
        })
    };
    out(thread(A)).expect("moves");
    assert_eq!(place(&home, A), None);
    home.state.run("UPDATE threads SET updated_at = updated_at + 1");
    assert_eq!(place(&home, A), None, "Codex has changed something else");
    assert!(place(&home, B).is_some());
    home.state.run(&format!(
        "UPDATE threads SET section_position = 2000000 WHERE id = '{A}'"
    ));
    assert!(place(&home, A).is_some(), "Codex has moved it");
    home.state
        .run("UPDATE threads SET thread_section_id = NULL; DELETE FROM thread_sections");
    assert_eq!((place(&home, A), place(&home, B)), (None, None));
}

#[test]
fn attachments_and_read_state_are_three_way() {
    let home = CodexHome::new();
    home.state.run(&format!(
        "INSERT INTO thread_attachments VALUES ('a1', '{A}', 'note', 'n1', '{{\"x\": 1.50}}', 5);
         INSERT INTO thread_read_receipts VALUES ('{A}', 'turn-1', 'rev-1', 'turn-2')"
    ));
    let attached = || with(&home, async |facts| Attachments::of(facts).list(thread(A)).await).expect("lists");
    let payloads = || {
        attached()
            .iter()
            .map(|it| it.payload.get().to_owned())
            .collect::<Vec<_>>()
    };
    let state = || with(&home, async |facts| ReadStates::of(facts).get(thread(A)).await).expect("reads");
    assert_eq!(payloads(), [r#"{"x": 1.50}"#]);
    let turn = UnreadFrom::Turn {
        turn_id: "turn-1".to_owned(),
    };
    assert_eq!((state().first_unread, state().revision.as_str()), (Some(turn), "rev-1"));
    with(&home, async |facts| {
        Attachments::of(facts).remove(thread(A), identity()).await
    })
    .expect("removes");
    let read = with(&home, async |facts| {
        let states = ReadStates::of(facts);
        states
            .update(thread(A), ReadChange::Read, "rev-1".to_owned(), "ours".to_owned())
            .await
    });
    read.expect("updates");
    home.state.run("UPDATE threads SET updated_at = updated_at + 1");
    assert_eq!((payloads(), state().first_unread), (Vec::new(), None), "ours stand");
    home.state.run(
        "UPDATE thread_attachments SET payload = '2'; UPDATE thread_read_receipts SET first_unread_turn = '', revision = 'r'",
    );
    assert_eq!(
        (payloads(), state().first_unread),
        (vec!["2".to_owned()], Some(UnreadFrom::ThreadStart))
    );
}

#[test]
fn goals_and_queues_are_three_way() {
    let home = CodexHome::new();
    let goals = CodexDb::create(&home.path().join("goals_1.sqlite"), GOALS_SCHEMA);
    goals.run(&format!(
        "INSERT INTO thread_goals VALUES ('{A}', 'g', 'Ship it', 'paused', 9, 5, 6, 7, 8)"
    ));
    let queue = CodexDb::create(&home.path().join("queue_1.sqlite"), QUEUE_SCHEMA);
    let payload = |text: &str| {
        format!(
            "{{\"UserInput\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\",\"text_elements\":[]}}],\"client_id\":\"c\"}}}}"
        )
    };
    queue.run(&format!(
        "INSERT INTO queued_items VALUES ('q1', '{A}', '{}', 6, 1, 1), ('q2', '{A}', '{}', 4, 1, 1)",
        payload("second"),
        payload("first")
    ));
    let goal = || with(&home, async |facts| Goals::of(facts).get(thread(A)).await).expect("reads");
    let waiting = || {
        let queue = with(&home, async |facts| Queues::of(facts).list(thread(A)).await).expect("lists");
        queue.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(goal().map(|goal| goal.status), Some(GoalStatus::Paused));
    assert_eq!(waiting(), ["q2", "q1"]);
    let patch = GoalPatch {
        status: Some(GoalStatus::Complete),
        ..GoalPatch::default()
    };
    with(&home, async |facts| Goals::of(facts).set(thread(A), patch).await).expect("sets");
    with(&home, async |facts| {
        Queues::of(facts).delete(thread(A), "q2".to_owned()).await
    })
    .expect("deletes");
    goals.run("UPDATE thread_goals SET created_at_ms = created_at_ms");
    assert_eq!(
        goal().map(|goal| goal.status),
        Some(GoalStatus::Complete),
        "ours stands"
    );
    assert_eq!(waiting(), ["q1"]);
    goals.run("UPDATE thread_goals SET status = 'blocked', updated_at_ms = 9");
    queue.run("DELETE FROM queued_items");
    assert_eq!(goal().map(|goal| goal.status), Some(GoalStatus::Blocked));
    assert_eq!(waiting(), [] as [&str; 0]);
    goals.run("DELETE FROM thread_goals");
    assert_eq!(goal(), None);
}

#[test]
fn the_log_tells_of_goals_only_where_codex_keeps_none() {
    let home = CodexHome::new();
    let path = home
        .path()
        .join(home.listed(A).path.strip_prefix(home.path()).expect("in the home"));
    let ordinal = std::fs::read_to_string(&path).expect("readable").lines().count();
    let goal = serde_json::json!({ "timestamp": "2026-03-03T09:37:00.120Z", "ordinal": ordinal, "type": "event_msg",
        "payload": { "type": "thread_goal_updated", "threadId": A, "goal": { "threadId": A, "objective": "recorded",
            "status": "active", "tokensUsed": 0, "timeUsedSeconds": 0, "createdAt": 5, "updatedAt": 5 } } });
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("writable");
    std::io::Write::write_all(&mut file, format!("{goal}\n").as_bytes()).expect("written");
    let objective = || {
        let goal = with(&home, async |facts| Goals::of(facts).get(thread(A)).await).expect("answers");
        goal.map(|goal| goal.objective)
    };
    assert_eq!(objective().as_deref(), Some("recorded"));
    let goals = CodexDb::create(&home.path().join("goals_1.sqlite"), GOALS_SCHEMA);
    home.reopen();
    assert_eq!(objective(), None, "one that Codex does not have was cleared");
    drop(goals);
}

#[test]
fn what_the_files_decide_is_not_taken_over() {
    let home = CodexHome::new();
    home.state.run(&format!(
        "UPDATE threads SET attached_thread_parent_id = '{B}', memory_mode = 'disabled', archived = 1, archived_at = 5
         WHERE id = '{A}'"
    ));
    let listed = home.listed(A);
    assert_eq!(
        (listed.attached_to, listed.archived),
        (None, false),
        "its rollout says nothing of it"
    );
    assert_eq!(home.journal(), "");
}
