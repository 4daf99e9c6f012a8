//! Databases of several schemas, damaged ones, and rows that are only in the write-ahead log.
#![expect(clippy::disallowed_methods, reason = "tests prepare their own files")]

use codex_test_support::codex_db::STATE_SCHEMA;

use super::*;
use crate::codex_db::MAX_VALUE_BYTES;
use crate::codex_db::sample::Sample;

const A: &str = "01a0c400-0000-7000-8000-00000000000a";
const B: &str = "01a0c400-0000-7000-8000-00000000000b";

fn read(sample: &Sample) -> CodexDbRead<StateDb> {
    read_state_db(&sample.copy()).unwrap()
}

fn problems(read: &CodexDbRead<StateDb>) -> Vec<String> {
    read.problems.iter().map(ToString::to_string).collect()
}

fn with_threads(columns: &str, values: &str) -> Sample {
    Sample::new(&format!(
        "{STATE_SCHEMA} INSERT INTO threads (id, rollout_path, created_at, updated_at, {columns}) VALUES {values}"
    ))
}

#[test]
fn everything_that_0169_knows_is_read() {
    let sample = Sample::new(&format!(
        "{STATE_SCHEMA}
         INSERT INTO _sqlx_migrations VALUES (2, 'b', '2026-09-02 00:00:00'), (1, 'a', '2026-09-01 00:00:00');
         INSERT INTO thread_sections VALUES ('s1', 'Work', '{{\"icon\":\"star\"}}'), ('s2', 'Home', NULL);
         INSERT INTO projects VALUES ('p1', 'One', '{{\"k\":\"v\"}}', 0, 10, 11), ('p2', 'Two', '{{}}', 1, 20, 21);
         INSERT INTO project_roots VALUES ('p1', 1, '/b'), ('p1', 0, '/a');
         INSERT INTO project_idempotency_keys VALUES ('key', 'p1', 10);
         INSERT INTO threads (id, rollout_path, created_at, updated_at, updated_at_ms, recency_at, recency_at_ms, name,
             title, first_user_message, git_sha, git_branch, history_mode, memory_mode, thread_section_id,
             section_position, section_entered_at_ms, project_id, daybreak_enabled, attached_thread_parent_id)
         VALUES ('{A}', '/home/user/.codex/sessions/r.jsonl', 1, 2, 2500, 3, 3500, 'named', 'said', 'said', 'c0ffee',
             'main', 'paginated', 'disabled', 's1', 1000000, 77, 'p1', 1, '{B}');
         INSERT INTO thread_attachments VALUES ('a1', '{A}', 'note', 'n1', '{{\"x\":1}}', 5);
         INSERT INTO thread_read_receipts VALUES ('{A}', 'turn-1', 'rev-1', 'turn-2'), ('{B}', NULL, 'rev-2', NULL);"
    ));
    let read = read(&sample);
    assert_eq!(problems(&read), Vec::<String>::new());
    insta::assert_debug_snapshot!(read.facts);
}

#[test]
fn rows_that_are_only_in_the_write_ahead_log_are_seen() {
    let sample = Sample::new(STATE_SCHEMA);
    sample.db.checkpoint();
    sample.db.run("INSERT INTO thread_sections VALUES ('s1', 'Work', NULL)");
    let main_alone = sample.copy();
    std::fs::write(main_alone.with_extension("sqlite-wal"), "").unwrap();
    let without_log = read_state_db(&main_alone).unwrap();
    assert_eq!(without_log.facts.sections.extent, Extent::Whole);
    assert!(without_log.facts.sections.rows.is_empty());
    assert_eq!(read(&sample).facts.sections.rows.len(), 1);
}

#[test]
fn a_database_without_tables_knows_nothing_and_is_no_error() {
    let empty = read(&Sample::new(""));
    assert_eq!(empty.facts, StateDb::default());
    assert!(empty.problems.is_empty());
}

#[test]
fn an_older_schema_says_nothing_of_what_it_does_not_have() {
    let sample = Sample::new(&format!(
        "CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL, updated_at INTEGER NOT NULL,
             title TEXT NOT NULL, is_pinned INTEGER NOT NULL, git_sha TEXT);
         INSERT INTO threads VALUES ('{A}', '/r.jsonl', 7, 'a title', 1, NULL)"
    ));
    let read = read(&sample);
    assert!(read.problems.is_empty());
    let expected = ThreadFactsRow {
        id: A.to_owned(),
        rollout_path: Cell::Is("/r.jsonl".to_owned()),
        name: Cell::Is("a title".to_owned()),
        git_sha: Cell::Null,
        pinned: Cell::Is(true),
        updated_at_ms: Cell::Is(7_000),
        ..ThreadFactsRow::default()
    };
    assert_eq!(read.facts.threads.rows, [expected]);
    assert_eq!(read.facts.threads.extent, Extent::Whole);
    assert_eq!(read.facts.sections.extent, Extent::Absent);
}

#[test]
fn another_program_s_tables_say_nothing() {
    let sample = Sample::new(
        "CREATE TABLE threads (number INTEGER, text TEXT); INSERT INTO threads VALUES (1, 'x');
         CREATE VIEW thread_sections AS SELECT 'id' AS id, 'name' AS name",
    );
    let read = read(&sample);
    assert_eq!(read.facts, StateDb::default());
    assert_eq!(problems(&read), ["table threads has no column id"]);
}

#[test]
fn a_title_is_a_name_unless_the_user_said_it() {
    let name = |mode: &str, name: &str, title: &str, said: &str| {
        let values = format!("('{A}', '/r', 1, 1, '{mode}', {name}, '{title}', '{said}')");
        let sample = with_threads("history_mode, name, title, first_user_message", &values);
        read(&sample).facts.threads.rows.remove(0).name
    };
    let is = |text: &str| Cell::Is(text.to_owned());
    assert_eq!(name("legacy", "NULL", "given", "said"), is("given"));
    assert_eq!(name("legacy", "NULL", "said", "said"), Cell::Null);
    assert_eq!(name("legacy", "NULL", " ", "said"), Cell::Null);
    assert_eq!(name("legacy", "'explicit'", "said", "said"), is("explicit"));
    assert_eq!(name("paginated", "NULL", "given", "said"), Cell::Null);
    assert_eq!(name("paginated", "'explicit'", "given", "said"), is("explicit"));
    assert_eq!(name("paginated", "' '", "given", "said"), Cell::Null);
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    assert_eq!(name("legacy", "NULL", &long, &long), Cell::Null);
}

#[test]
fn one_wrong_value_hides_nothing_but_itself() {
    let values = format!(
        "('{A}', '/r', 1, 1, x'ff', 'main', 'soon', 1),
         (NULL, '/r', 1, 1, NULL, NULL, NULL, 1),
         ('{B}', '/r', 1, 1, 'sha', CAST(x'ff' AS TEXT), 5, 2.5)"
    );
    let read = read(&with_threads(
        "git_sha, git_branch, section_position, section_entered_at_ms",
        &values,
    ));
    let threads = &read.facts.threads;
    assert_eq!(threads.extent, Extent::Partial);
    let told: Vec<_> = threads
        .rows
        .iter()
        .map(|row| {
            (
                &row.id[..],
                row.git_sha.clone(),
                row.git_branch.clone(),
                row.section_position,
                row.section_entered_at_ms,
            )
        })
        .collect();
    let is = |text: &str| Cell::Is(text.to_owned());
    assert_eq!(
        told,
        [
            (A, Cell::Unknown, is("main"), Cell::Unknown, Cell::Is(1)),
            (B, is("sha"), Cell::Unknown, Cell::Is(5), Cell::Unknown),
        ]
    );
    assert_eq!(
        problems(&read),
        [
            format!("threads.git_sha of {A} is bytes, not a text"),
            format!("threads.section_position of {A} is a text, not a whole number"),
            "threads.id of a row without id is null, not a text".to_owned(),
            format!("threads.git_branch of {B} is no UTF-8, not a text"),
            format!("threads.section_entered_at_ms of {B} is a fraction, not a whole number"),
        ]
    );
}

#[test]
fn a_text_at_the_limit_is_read_and_a_longer_one_is_reported() {
    let attachment = |len: usize| {
        let sample = with_threads("title", &format!("('{A}', '/r', 1, 1, '')"));
        let payload = "x".repeat(len);
        sample.db.run(&format!(
            "INSERT INTO thread_attachments VALUES ('a1', '{A}', 'note', 'n', '{payload}', 5)"
        ));
        let read = read(&sample);
        let payload = read.facts.attachments.rows[0].payload.clone();
        (payload.value().map(String::len), problems(&read))
    };
    assert_eq!(attachment(MAX_VALUE_BYTES), (Some(MAX_VALUE_BYTES), vec![]));
    let too_long = "thread_attachments.payload of a1 has 524289 bytes, more than 524288";
    assert_eq!(attachment(MAX_VALUE_BYTES + 1), (None, vec![too_long.to_owned()]));
}

#[test]
fn problems_are_reported_up_to_the_limit_and_all_rows_are_read() {
    for (rows, reported) in [(100, 100), (101, 100)] {
        let values: Vec<String> = (0..rows)
            .map(|n| format!("('thread-{n:03}', '/r', 1, 1, 'x', 'no number')"))
            .collect();
        let read = read(&with_threads("title, section_position", &values.join(", ")));
        assert_eq!(read.facts.threads.rows.len(), rows);
        assert_eq!(read.problems.len(), reported);
    }
}

#[test]
fn what_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state_5.sqlite");
    std::fs::write(&path, "this is no database, however long it goes on ".repeat(40)).unwrap();
    assert!(matches!(read_state_db(&path), Err(CodexDbError::Open(_))));
    assert!(matches!(
        read_state_db(&folder.path().join("missing")),
        Err(CodexDbError::Open(_))
    ));
    assert!(!folder.path().join("missing").exists());
}

#[test]
fn a_damaged_page_stops_only_its_table() {
    let sample = Sample::new(STATE_SCHEMA);
    let rows: Vec<String> = (0..2_000).map(|n| format!("('thread-{n:04}', '/r', 1, 1)")).collect();
    sample.db.run(&format!(
        "INSERT INTO threads (id, rollout_path, created_at, updated_at) VALUES {};
         INSERT INTO thread_sections VALUES ('s1', 'Work', NULL)",
        rows.join(", ")
    ));
    let copy = sample.whole_copy();
    let root = OpenDb::open(&copy).unwrap().root_page("threads");
    let mut bytes = std::fs::read(&copy).unwrap();
    let start = usize::try_from(root - 1).unwrap() * 4096;
    bytes[start..start + 4096].fill(0xAA);
    std::fs::write(&copy, bytes).unwrap();
    let read = read_state_db(&copy).unwrap();
    assert_eq!(read.facts.threads.extent, Extent::Partial);
    assert_eq!(read.facts.sections.rows.len(), 1);
    assert_eq!(problems(&read), ["table threads cannot be read whole"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever bytes change, reading ends, and does not panic.
    #[test]
    fn no_bytes_make_reading_panic(changes in proptest::collection::vec((0usize..40_000, 0u8..=255), 1..40)) {
        let values = format!("('{A}', '/r', 1, 1, 'a'), ('{B}', '/r', 1, 1, 'b')");
        let sample = with_threads("title", &values);
        let path = sample.whole_copy();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        if let Ok(read) = read_state_db(&path) {
            proptest::prop_assert!(read.facts.threads.rows.len() <= 2);
        }
    }
}
