//! Which revision is current, by files, journal and database.

use super::*;

/// A revision whose id is its time, live or archived.
fn key(created_at_ms: i64, live: bool) -> RevisionKey {
    RevisionKey {
        live,
        created_at_ms: Some(created_at_ms),
        rollout_id: created_at_ms.to_string(),
        path: format!("rollout-{created_at_ms}.jsonl"),
    }
}

/// Returns the time of the current one of three revisions.
fn current(ours: Option<i64>, codex: Option<i64>) -> i64 {
    let revisions = [key(20, true), key(10, true), key(30, true)];
    let text = |id: Option<i64>| id.map(|id| id.to_string());
    let named = NamedRevisions {
        ours: text(ours),
        codex: text(codex),
    };
    let at = current_of(&revisions, &named).expect("there are some");
    revisions[at].created_at_ms.expect("a time")
}

#[test]
fn without_a_database_the_newest_header_counts() {
    assert_eq!(current(None, None), 30);
    assert_eq!(current(Some(10), None), 30, "somebody has reverted since");
    assert_eq!(current(None, Some(99)), 30, "the database names no file");
}

#[test]
fn the_database_names_the_current_one_unless_we_have_reverted_since() {
    assert_eq!(current(None, Some(10)), 10);
    assert_eq!(current(Some(10), Some(20)), 20, "Codex has reverted since");
    assert_eq!(current(Some(20), Some(20)), 20);
    assert_eq!(current(Some(30), Some(10)), 30);
    assert_eq!(current(Some(99), Some(10)), 10, "what we made is gone");
}

#[test]
fn an_archived_revision_is_not_current_while_a_live_one_is_there() {
    let revisions = [key(10, false), key(20, true)];
    let named = NamedRevisions {
        codex: Some("10".to_owned()),
        ours: None,
    };
    assert_eq!(current_of(&revisions, &named), Some(1));
    assert_eq!(current_of(&revisions[..1], &named), Some(0));
    assert_eq!(current_of(&[], &named), None);
}

#[test]
fn equal_times_go_by_the_journal_then_by_name() {
    let twin = |id: &str| RevisionKey {
        rollout_id: id.to_owned(),
        path: id.to_owned(),
        ..key(10, true)
    };
    let revisions = [twin("a"), twin("b"), twin("c")];
    let named = |ours: Option<&str>| NamedRevisions {
        ours: ours.map(str::to_owned),
        codex: None,
    };
    assert_eq!(current_of(&revisions, &named(None)), Some(2));
    assert_eq!(current_of(&revisions, &named(Some("a"))), Some(0));
}

#[test]
fn a_preview_is_looked_for_along_as_many_rollouts_as_the_limit() {
    use codex_state::db::FileState;
    use codex_state::projector::{Checkpoint, Mode, RolloutMeta};
    use codex_state::rows::Span;

    let row = |number: usize, preview: &str| {
        let meta = RolloutMeta {
            preview: ShortText::new(preview, Span { offset: 0, len: 1 }),
            ..RolloutMeta::default()
        };
        RolloutRow {
            key: 0,
            rollout_id: number.to_string(),
            thread_id: String::new(),
            file: FileState {
                path: String::new(),
                archived: false,
                compressed: false,
                len: 0,
                mtime_ns: 0,
                fingerprint: String::new(),
            },
            plain_end: 0,
            anchor_hash: 0,
            text_offset: 0,
            base: Some(((number + 1).to_string(), 0, 10)),
            checkpoint: Checkpoint::start(Mode::Paginated, 0, None),
            meta,
            header_error: None,
            settled: 0,
        }
    };
    for (depth, expected) in [(MAX_PREVIEW_DEPTH, "found"), (MAX_PREVIEW_DEPTH + 1, "")] {
        let lookup = |id: &str| -> StoreResult<Option<RolloutRow>> {
            let number: usize = id.parse().expect("a number");
            Ok(Some(row(number, if number == depth { "found" } else { "" })))
        };
        let (_, preview) = inherited_preview(&row(0, ""), &lookup).expect("rows in memory");
        assert_eq!(preview.text, expected);
    }
}
