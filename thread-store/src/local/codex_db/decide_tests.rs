//! Three sides: what Codex says, what it said before, what we say.

use std::collections::{HashMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::FactKind;
use codex_state::codex_db::{
    AttachmentRow, Cell, Extent, GoalRow, GoalsDb, IdempotencyRow, ProjectRow, QueueDb, QueuedRow, ReadReceiptRow,
    SectionRow, StateDb, Table, ThreadFactsRow,
};

use super::*;
use crate::local::codex_db::organise_claims::{claim_goals, claim_queue, claim_state};
use crate::local::codex_db::thread_claims::{Completeness, HomeFacts, claim_threads};
use crate::organise::{Organised, PINNED_SECTION_ID, UnreadFrom};
use crate::types::GitInfo;

const A: &str = "01a0c400-0000-7000-8000-00000000000a";
const B: &str = "01a0c400-0000-7000-8000-00000000000b";
const MADE_AT: &str = "2026-09-01 00:00:00";

#[derive(Default)]
struct Home {
    gone: HashSet<ThreadId>,
    names: Vec<(&'static str, &'static str)>,
    git: HashMap<ThreadId, GitInfo>,
}

impl HomeFacts for Home {
    fn has_thread(&self, thread_id: ThreadId) -> bool {
        !self.gone.contains(&thread_id)
    }

    fn was_named(&self, thread_id: ThreadId, name: &str) -> bool {
        self.names.contains(&(&thread_id.to_string(), name))
    }

    fn records_git(&self, thread_id: ThreadId, git: &GitInfo) -> Option<bool> {
        self.git.get(&thread_id).map(|recorded| recorded == git)
    }
}

/// A home's journal as the import sees it.
#[derive(Default)]
struct Journal {
    seen: Seen,
    organised: Organised,
    at_ms: i64,
}

impl Journal {
    /// Imports, journals, and returns the facts in short.
    fn import(&mut self, home: &Home, state: &StateDb) -> Vec<String> {
        self.import_all(home, state, &GoalsDb::default(), &QueueDb::default()).0
    }

    fn import_all(&mut self, home: &Home, state: &StateDb, goals: &GoalsDb, queue: &QueueDb) -> (Vec<String>, Claims) {
        let mut claims = Claims::default();
        claim_threads(state, home, &mut claims);
        claim_state(state, &mut claims);
        claim_goals(goals, &mut claims);
        claim_queue(queue, &mut claims);
        claims.made_at = vec![
            (Database::State, state.made_at.clone()),
            (Database::Goals, goals.made_at.clone()),
            (Database::Queue, queue.made_at.clone()),
        ];
        self.at_ms += 1;
        let facts = decide(&claims, &self.seen, self.at_ms);
        for fact in &facts {
            self.seen.learn(fact);
            self.organised.learn(fact);
        }
        let told = facts.iter().filter(|fact| fact.kind != FactKind::CodexSeen);
        (told.map(short).collect(), claims)
    }
}

fn short(fact: &JournalFact) -> String {
    let thread = fact.thread_id.map(|id| id.to_string()).unwrap_or_default();
    let thread = thread.chars().last().unwrap_or('-');
    let key = fact.key.as_deref().unwrap_or_default();
    format!("{} {thread} {key} {}", fact.kind.as_str(), fact.value.get())
}

fn id_of(text: &str) -> ThreadId {
    text.parse().unwrap()
}

fn is(text: &str) -> Cell<String> {
    Cell::Is(text.to_owned())
}

fn whole<T>(rows: Vec<T>) -> Table<T> {
    Table {
        rows,
        extent: Extent::Whole,
    }
}

fn row(id: &str) -> ThreadFactsRow {
    ThreadFactsRow {
        id: id.to_owned(),
        history_mode: is("paginated"),
        ..ThreadFactsRow::default()
    }
}

fn named(id: &str, name: Cell<String>) -> ThreadFactsRow {
    ThreadFactsRow { name, ..row(id) }
}

fn db(threads: Vec<ThreadFactsRow>) -> StateDb {
    StateDb {
        made_at: Some(MADE_AT.to_owned()),
        threads: whole(threads),
        ..StateDb::default()
    }
}

fn sections(rows: &[(&str, &str)]) -> StateDb {
    let section = |(id, name): &(&str, &str)| SectionRow {
        id: (*id).to_owned(),
        name: is(name),
        appearance: Cell::Null,
    };
    StateDb {
        sections: whole(rows.iter().map(section).collect()),
        ..db(Vec::new())
    }
}

#[test]
fn what_codex_changed_counts_once() {
    let (home, mut journal) = (Home::default(), Journal::default());
    let one = db(vec![named(A, is("one")), row(B)]);
    assert_eq!(journal.import(&home, &one), ["thread_name a  \"one\""]);
    assert_eq!(journal.import(&home, &one), [] as [&str; 0]);
    let two = db(vec![named(A, is("two")), row(B)]);
    assert_eq!(journal.import(&home, &two), ["thread_name a  \"two\""]);
    assert_eq!(journal.import(&home, &one), ["thread_name a  \"one\""]);
}

#[test]
fn what_codex_does_not_have_any_more_is_gone() {
    let (home, mut journal) = (Home::default(), Journal::default());
    journal.import(&home, &db(vec![named(A, is("one"))]));
    let cleared = db(vec![named(A, Cell::Null)]);
    assert_eq!(journal.import(&home, &cleared), ["thread_name a  null"]);
    assert_eq!(journal.import(&home, &cleared), [] as [&str; 0]);
    let given = r#"section - s1 {"name":"One","appearance":null}"#;
    assert_eq!(journal.import(&home, &sections(&[("s1", "One")])), [given]);
    assert_eq!(journal.import(&home, &sections(&[])), ["section - s1 null"]);
}

#[test]
fn what_is_not_told_is_not_gone() {
    let (home, mut journal) = (Home::default(), Journal::default());
    journal.import(&home, &db(vec![named(A, is("one"))]));
    journal.import(&home, &sections(&[("s1", "One")]));
    let nothing = [] as [&str; 0];
    assert_eq!(journal.import(&home, &db(vec![row(A)])), nothing, "no such column");
    assert_eq!(
        journal.import(&home, &db(Vec::new())),
        nothing,
        "no such row, no such table"
    );
    let mut damaged = sections(&[]);
    damaged.sections.extent = Extent::Partial;
    assert_eq!(journal.import(&home, &damaged), nothing, "not read to its end");
    let mut gone = Home::default();
    gone.gone.insert(id_of(A));
    let elsewhere = db(vec![named(A, is("two"))]);
    assert_eq!(
        journal.import(&gone, &elsewhere),
        nothing,
        "the home has no rollout of it"
    );
}

#[test]
fn a_database_made_anew_takes_nothing_back() {
    let (home, mut journal) = (Home::default(), Journal::default());
    let mut first = sections(&[("s1", "One"), ("s2", "Two")]);
    first.threads = whole(vec![named(A, is("one"))]);
    journal.import(&home, &first);
    let mut anew = sections(&[("s2", "Other")]);
    anew.threads = whole(vec![named(A, Cell::Null)]);
    anew.made_at = Some("2026-10-01 00:00:00".to_owned());
    let told = journal.import(&home, &anew);
    assert_eq!(told, [r#"section - s2 {"name":"Other","appearance":null}"#]);
    // From now on the new one is the one to compare with.
    let mut later = anew.clone();
    later.sections = whole(Vec::new());
    assert_eq!(journal.import(&home, &later), ["section - s2 null"]);
}

#[test]
fn what_the_files_say_anyhow_is_not_journalled() {
    let git = GitInfo {
        sha: Some("c0ffee".to_owned()),
        ..GitInfo::default()
    };
    let home = Home {
        names: vec![(A, "one")],
        git: HashMap::from([(id_of(A), git)]),
        ..Home::default()
    };
    let recorded = ThreadFactsRow {
        git_sha: is("c0ffee"),
        git_branch: Cell::Null,
        memory_mode: is("enabled"),
        section_id: Cell::Null,
        daybreak_enabled: Cell::Null,
        ..named(A, is("one"))
    };
    let mut journal = Journal::default();
    let mut claims = Claims::default();
    let nothing = db(vec![recorded.clone()]);
    assert_eq!(claim_threads(&nothing, &home, &mut claims), Completeness::Complete);
    assert!(decide(&claims, &Seen::default(), 1).is_empty());
    let patched = ThreadFactsRow {
        git_branch: is("main"),
        ..recorded.clone()
    };
    assert_eq!(
        journal.import(&home, &db(vec![patched])),
        [r#"git_patch a  {"sha":"c0ffee","branch":"main"}"#]
    );
    // Back at what the header says: now that is a change.
    assert_eq!(
        journal.import(&home, &nothing),
        [r#"git_patch a  {"sha":"c0ffee","branch":null}"#]
    );
}

#[test]
fn a_repository_whose_header_is_not_known_yet_waits() {
    let unknown = ThreadFactsRow {
        git_sha: is("c0ffee"),
        ..row(A)
    };
    let mut claims = Claims::default();
    let complete = claim_threads(&db(vec![unknown]), &Home::default(), &mut claims);
    assert_eq!(complete, Completeness::Postponed);
    assert!(decide(&claims, &Seen::default(), 1).is_empty());
}

#[test]
fn sections_and_pins_become_memberships() {
    let (home, mut journal) = (Home::default(), Journal::default());
    let sorted = ThreadFactsRow {
        section_id: is("s1"),
        section_position: Cell::Is(500_000),
        section_entered_at_ms: Cell::Is(77),
        daybreak_enabled: Cell::Is(true),
        project_id: is("p1"),
        ..row(A)
    };
    let pinned = ThreadFactsRow {
        pinned: Cell::Is(true),
        updated_at_ms: Cell::Is(5),
        ..row(B)
    };
    let mut state = sections(&[("s1", "One")]);
    state.threads = whole(vec![sorted, pinned]);
    state.projects = whole(vec![ProjectRow {
        id: "p1".to_owned(),
        name: is("Project"),
        roots: Cell::Is(Vec::new()),
        ..ProjectRow::default()
    }]);
    insta::assert_debug_snapshot!(journal.import(&home, &state));
    let organised = &journal.organised;
    let place = |id| {
        organised
            .section_member(id)
            .map(|member| (&*member.section_id, member.rank))
    };
    assert_eq!(place(id_of(A)), Some(("s1", 500_000)));
    assert_eq!(place(id_of(B)), Some((PINNED_SECTION_ID, 0)));
    assert_eq!(
        organised.section("s1").map(|section| section.name).as_deref(),
        Some("One")
    );
    assert_eq!(organised.project_of(id_of(A)), Some("p1"));
    assert_eq!(organised.daybreak_of(id_of(A)), Some(true));
}

#[test]
fn families_have_the_shapes_that_are_read_back() {
    let home = Home::default();
    let state = StateDb {
        attachments: whole(vec![AttachmentRow {
            id: "a1".to_owned(),
            thread_id: is(A),
            attachment_type: is("note"),
            identity_key: is("n1"),
            payload: is(r#"{"deep": [1, 2.50]}"#),
            created_at: Cell::Is(5),
        }]),
        read_receipts: whole(
            [(A, Cell::Null), (B, is(""))]
                .map(|(id, first_unread_turn)| ReadReceiptRow {
                    thread_id: id.to_owned(),
                    first_unread_turn,
                    revision: is("rev"),
                    last_published_turn: is("turn"),
                })
                .to_vec(),
        ),
        ..db(vec![row(A), row(B)])
    };
    let goals = GoalsDb {
        goals: whole(vec![GoalRow {
            thread_id: A.to_owned(),
            objective: is("Ship it"),
            status: is("usage_limited"),
            token_budget: Cell::Null,
            tokens_used: Cell::Is(5),
            ..GoalRow::default()
        }]),
        ..GoalsDb::default()
    };
    let queue = QueueDb {
        items: whole(vec![QueuedRow {
            id: "q1".to_owned(),
            thread_id: is(A),
            payload_json: is(
                r#"{"UserInput":{"content":[{"type":"text","text":"later","text_elements":[]}],"client_id":"c"}}"#,
            ),
            queue_order: Cell::Is(4),
            ..QueuedRow::default()
        }]),
        ..QueueDb::default()
    };
    let mut journal = Journal::default();
    let (facts, claims) = journal.import_all(&home, &state, &goals, &queue);
    assert_eq!(claims.problems, Vec::<String>::new());
    let unread = |id| journal.organised.read_state(id_of(id)).first_unread;
    assert_eq!((unread(A), unread(B)), (None, Some(UnreadFrom::ThreadStart)));
    insta::assert_debug_snapshot!(facts);
}

#[test]
fn projects_come_with_their_keys_and_those_of_gone_ones_stay() {
    let (home, mut journal) = (Home::default(), Journal::default());
    let project = ProjectRow {
        id: "p1".to_owned(),
        name: is("One"),
        metadata: is(r#"{"k":"v"}"#),
        position: Cell::Is(3),
        created_at_ms: Cell::Is(10),
        updated_at_ms: Cell::Is(11),
        roots: Cell::Is(vec!["/b".to_owned(), "/a".to_owned()]),
    };
    let key = |key: &str, project_id: &str| IdempotencyRow {
        key: key.to_owned(),
        project_id: is(project_id),
        created_at_ms: Cell::Null,
    };
    let mut state = StateDb {
        projects: whole(vec![project]),
        idempotency_keys: whole(vec![key("k2", "p1"), key("k1", "p1"), key("k3", "p0")]),
        ..db(Vec::new())
    };
    let there = journal.import(&home, &state);
    state.projects = whole(Vec::new());
    let gone = journal.import(&home, &state);
    insta::assert_debug_snapshot!((there, gone));
}

#[test]
fn what_cannot_be_understood_is_reported_and_the_rest_is_taken() {
    let home = Home::default();
    let section = SectionRow {
        id: "s1".to_owned(),
        name: is("One"),
        appearance: is("red"),
    };
    let state = StateDb {
        sections: whole(vec![section]),
        ..db(vec![row(A), row("not an id")])
    };
    let goal = |thread_id: &str, status: &str| GoalRow {
        thread_id: thread_id.to_owned(),
        objective: is("Ship it"),
        status: is(status),
        ..GoalRow::default()
    };
    let goals = GoalsDb {
        goals: whole(vec![goal(A, "dreaming"), goal("nobody", "active")]),
        ..GoalsDb::default()
    };
    let long = "x".repeat(1024 * 1024);
    let queued = |id: &str, payload: &str| QueuedRow {
        id: id.to_owned(),
        thread_id: is(A),
        payload_json: is(payload),
        ..QueuedRow::default()
    };
    let too_long = format!(r#"{{"UserInput":{{"content":[{{"type":"text","text":"{long}"}}]}}}}"#);
    let queue = QueueDb {
        items: whole(vec![queued("q1", "{"), queued("q2", &too_long)]),
        ..QueueDb::default()
    };
    let (facts, claims) = Journal::default().import_all(&home, &state, &goals, &queue);
    assert_eq!(facts, [r#"section - s1 {"name":"One","appearance":null}"#]);
    insta::assert_debug_snapshot!(claims.problems);
}

#[test]
fn a_deleted_thread_is_forgotten_with_what_was_seen_of_it() {
    let (home, mut journal) = (Home::default(), Journal::default());
    let one = db(vec![named(A, is("one"))]);
    journal.import(&home, &one);
    let deleted = JournalFact::of_thread(FactKind::ThreadDeleted, id_of(A), 9, RawJson::string("x"));
    journal.seen.learn(&deleted);
    assert_eq!(journal.import(&home, &one), ["thread_name a  \"one\""]);
}

/// One value of each family that has a table of its own.
fn one_of_each() -> (StateDb, GoalsDb, QueueDb) {
    let state = StateDb {
        projects: whole(vec![ProjectRow {
            id: "p1".to_owned(),
            name: is("Project"),
            roots: Cell::Is(Vec::new()),
            ..ProjectRow::default()
        }]),
        idempotency_keys: whole(vec![IdempotencyRow {
            key: "k1".to_owned(),
            project_id: is("p0"),
            created_at_ms: Cell::Null,
        }]),
        attachments: whole(vec![AttachmentRow {
            id: "a1".to_owned(),
            thread_id: is(A),
            attachment_type: is("note"),
            identity_key: is("n1"),
            payload: is("1"),
            created_at: Cell::Is(5),
        }]),
        read_receipts: whole(vec![ReadReceiptRow {
            thread_id: A.to_owned(),
            first_unread_turn: is("turn"),
            revision: is("rev"),
            last_published_turn: Cell::Null,
        }]),
        threads: whole(vec![row(A)]),
        ..sections(&[("s1", "One")])
    };
    let goals = GoalsDb {
        goals: whole(vec![GoalRow {
            thread_id: A.to_owned(),
            objective: is("Ship it"),
            status: is("active"),
            ..GoalRow::default()
        }]),
        ..GoalsDb::default()
    };
    let queue = QueueDb {
        items: whole(vec![QueuedRow {
            id: "q1".to_owned(),
            thread_id: is(A),
            payload_json: is(r#"{"UserInput":{"content":[]}}"#),
            ..QueuedRow::default()
        }]),
        ..QueueDb::default()
    };
    (state, goals, queue)
}

/// Imports one value of each, then what a change makes of the rows, and returns the facts that the change makes.
fn after(change: impl FnOnce(&mut StateDb, &mut GoalsDb, &mut QueueDb)) -> Vec<String> {
    let (home, mut journal) = (Home::default(), Journal::default());
    let (state, goals, queue) = one_of_each();
    let (first, _) = journal.import_all(&home, &state, &goals, &queue);
    assert_eq!(first.len(), 7, "{first:?}");
    let (mut changed_state, mut changed_goals, mut changed_queue) = (state.clone(), goals.clone(), queue.clone());
    change(&mut changed_state, &mut changed_goals, &mut changed_queue);
    let (told, _) = journal.import_all(&home, &changed_state, &changed_goals, &changed_queue);
    if told.is_empty() {
        let (again, _) = journal.import_all(&home, &state, &goals, &queue);
        assert_eq!(again, [] as [&str; 0], "what was seen is known as before");
    }
    told
}

#[test]
fn what_is_not_understood_any_more_is_not_gone() {
    let told = after(|state, goals, queue| {
        state.sections.rows[0].name = Cell::Unknown;
        state.projects.rows[0].roots = Cell::Unknown;
        state.idempotency_keys.rows[0].project_id = Cell::Unknown;
        state.attachments.rows[0].payload = is("no JSON");
        state.read_receipts.rows[0].revision = Cell::Unknown;
        goals.goals.rows[0].status = is("awaiting_review");
        queue.items.rows[0].payload_json = is(r#"{"Spoken":{}}"#);
    });
    assert_eq!(told, [] as [&str; 0]);
    let told = after(|state, goals, queue| {
        state.attachments.rows[0].payload = Cell::Unknown;
        state.read_receipts.rows[0].first_unread_turn = Cell::Unknown;
        goals.goals.rows[0].objective = Cell::Unknown;
        queue.items.rows[0].payload_json = Cell::Unknown;
    });
    assert_eq!(told, [] as [&str; 0]);
    // And the same rows are gone when they are.
    let told = after(|state, goals, queue| {
        state.sections.rows.clear();
        state.projects.rows.clear();
        state.idempotency_keys.rows.clear();
        state.attachments.rows.clear();
        state.read_receipts.rows.clear();
        goals.goals.rows.clear();
        queue.items.rows.clear();
    });
    assert_eq!(told.len(), 7, "{told:?}");
    assert!(told.iter().all(|fact| fact.ends_with(" null")), "{told:?}");
}

#[test]
fn what_has_become_too_long_is_not_gone() {
    let told = after(|state, goals, queue| {
        let long = "x".repeat(1024 * 1024);
        state.sections.rows[0].name = is(&long);
        state.projects.rows[0].name = is(&long);
        state.attachments.rows[0].payload = is(&format!("\"{long}\""));
        goals.goals.rows[0].objective = is(&long);
        queue.items.rows[0].payload_json = is(&format!(
            r#"{{"UserInput":{{"content":[{{"type":"text","text":"{long}"}}]}}}}"#
        ));
    });
    assert_eq!(told, [] as [&str; 0]);
}

#[test]
fn a_row_that_does_not_tell_what_it_is_about_makes_nothing_gone() {
    for unread in [Cell::Unknown, Cell::Null, is("of another form")] {
        let told = after(|state, _, queue| {
            state.attachments.rows[0].thread_id = unread.clone();
            queue.items.rows[0].thread_id = unread;
        });
        assert_eq!(told, [] as [&str; 0]);
    }
    let told = after(|state, _, _| state.attachments.rows[0].identity_key = Cell::Unknown);
    assert_eq!(told, [] as [&str; 0]);
}

#[test]
fn a_key_is_not_gone_with_the_row_of_a_project_that_cannot_be_read() {
    let told = after(|state, _, _| state.projects.extent = Extent::Partial);
    assert_eq!(told, [] as [&str; 0]);
}
