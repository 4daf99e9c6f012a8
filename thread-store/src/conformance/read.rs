//! Promises about reading one thread and finding it.
//!
//! Pages are promised in `turns.rs` and `items.rs`.

use std::path::PathBuf;

use codex_protocol::item::TurnStatus;
use serde_json::json;

use super::fixture::{StoreFixture, item_query, put_all, read, turn_ids, turn_query, turns, walk_turns};
use super::log::{Form, Log, START_MS, thread};
use crate::error::{StoreError, StoreErrorKind};
use crate::report::IndexStateKind;
use crate::types::{Direction, HistoryMode, ItemsView, ThreadReadQuery, ThreadSelector, TimelineQuery, View};

/// An unknown thread is not found; the exact view answers item methods as for a legacy thread.
pub async fn unknown_threads_are_not_found(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let unknown = thread(9);
    for view in [View::Full, View::Codex] {
        let error = read(&*store, unknown, view).await.expect_err("no such thread");
        assert!(
            matches!(error, StoreError::ThreadNotFound { thread_id } if thread_id == unknown),
            "{error:?}"
        );
    }
    let error = store
        .list_turns(turn_query(unknown, Direction::Ascending, 1))
        .await
        .expect_err("no such thread");
    assert_eq!(error.kind(), StoreErrorKind::NotFound);
    assert_eq!(
        store.index_state(unknown).await.expect_err("no such thread").kind(),
        StoreErrorKind::NotFound
    );
    let mut items = item_query(unknown, Direction::Ascending, 1);
    assert_eq!(
        store
            .list_items(items.clone())
            .await
            .expect_err("no such thread")
            .kind(),
        StoreErrorKind::NotFound
    );
    items.view = View::Codex;
    assert_eq!(
        store.list_items(items).await.expect_err("no such thread").kind(),
        StoreErrorKind::Unsupported
    );
}

/// Metadata alone carries no turns; all turns are those that pages show, oldest first.
pub async fn a_read_holds_all_turns_or_none(fixture: &dyn StoreFixture) {
    for mut log in [Log::paginated(1), Log::legacy(2)] {
        log.turn("t1", "one", "1")
            .turn("t2", "two", "2")
            .turn("t3", "three", "3");
        fixture.put(&log.file()).await;
    }
    let store = fixture.store();
    for thread_id in [thread(1), thread(2)] {
        let query = ThreadReadQuery {
            thread_id,
            view: View::Full,
            turns: None,
        };
        assert_eq!(store.read_thread(query).await.expect("a thread").turns, []);
        for items_view in [ItemsView::NotLoaded, ItemsView::Summary, ItemsView::Full] {
            let read = store
                .read_thread(ThreadReadQuery {
                    turns: Some(items_view),
                    ..query
                })
                .await
                .expect("a thread");
            let mut pages = turn_query(thread_id, Direction::Ascending, 2);
            pages.items_view = items_view;
            assert_eq!(read.turns, walk_turns(&*store, pages).await, "{items_view:?}");
            assert_eq!(turn_ids(&read.turns), ["t1", "t2", "t3"]);
        }
    }
}

/// A read says what the list says, and where the file is.
pub async fn a_read_says_what_the_list_says(fixture: &dyn StoreFixture) {
    let git = json!({ "commit_hash": "abc", "branch": "main", "repository_url": "https://example.com/x.git" });
    let mut log = Log::with_header(Form::Paginated, 1, json!({ "git": git, "originator": "a client" }));
    log.turn("t1", "hello", "hi");
    fixture.put(&log.clone().changed_at(START_MS + 77_000).file()).await;
    let query = ThreadReadQuery {
        thread_id: thread(1),
        view: View::Full,
        turns: None,
    };
    let record = fixture.store().read_thread(query).await.expect("a thread");
    let listed = fixture
        .store()
        .list_threads(super::fixture::list_query())
        .await
        .expect("a page");
    assert_eq!(listed.threads, std::slice::from_ref(&record));
    assert!(record.path.ends_with(log.file().relative_path()), "{:?}", record.path);
    assert_eq!(
        (record.created_at_ms, record.updated_at_ms),
        (START_MS, START_MS + 77_000)
    );
    assert_eq!(
        record.recency_at_ms,
        Some(START_MS + 10),
        "the start of the newest turn"
    );
    assert_eq!((record.history_mode, record.archived), (HistoryMode::Paginated, false));
    assert_eq!(record.originator.as_deref(), Some("a client"));
    assert_eq!(record.git.and_then(|git| git.branch).as_deref(), Some("main"));
}

/// Archived threads are read like any other.
pub async fn archived_threads_are_read(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "hello", "hi");
    fixture.put(&log.archived().file()).await;
    let record = read(&*fixture.store(), thread(1), View::Full).await.expect("a thread");
    assert!(record.archived);
    assert_eq!(turn_ids(&record.turns), ["t1"]);
}

/// A thread with only its header is readable and has no turns.
pub async fn a_thread_without_turns_is_empty(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&Log::paginated(1), &Log::legacy(2), &Log::bare(3)]).await;
    for n in 1..=3 {
        assert_eq!(turns(&*fixture.store(), thread(n)).await, []);
    }
    let store = fixture.store();
    let page = store
        .list_items(item_query(thread(1), Direction::Descending, 5))
        .await
        .expect("a page");
    assert_eq!((page.items.len(), page.has_more), (0, false));
    let timeline = TimelineQuery {
        thread_id: thread(1),
        view: View::Full,
        before: None,
        limit: 5,
    };
    assert_eq!(store.list_timeline(timeline).await.expect("a page").entries, []);
}

/// A file that is no rollout, or one whose header names an unknown mode, is an error for its own thread only.
pub async fn unreadable_headers_are_errors_of_their_thread(fixture: &dyn StoreFixture) {
    let mut garbage = Log::headless(Form::Legacy, 1);
    garbage.raw(b"\x00\x01 not a rollout\n");
    let strange = Log::with_header(Form::Legacy, 2, json!({ "history_mode": "holographic" }));
    let mut good = Log::legacy(3);
    good.turn("t1", "hello", "hi");
    put_all(fixture, &[&garbage, &strange, &good]).await;
    for n in [1, 2] {
        let error = read(&*fixture.store(), thread(n), View::Full)
            .await
            .expect_err("unreadable");
        assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{error:?}");
    }
    assert_eq!(
        super::fixture::listed(&*fixture.store(), super::fixture::list_query()).await,
        [thread(3)]
    );
}

/// Without a header the full view shows the lines all the same; the exact view cannot read them.
pub async fn a_missing_header_hides_nothing_in_full(fixture: &dyn StoreFixture) {
    let mut log = Log::headless(Form::Legacy, 1);
    log.turn("t1", "no header above me", "indeed");
    fixture.put(&log.file()).await;
    let record = read(&*fixture.store(), thread(1), View::Full).await.expect("a thread");
    assert_eq!(turn_ids(&record.turns), ["t1"]);
    assert_eq!(record.created_at_ms, START_MS, "the time in the file's name");
    let error = read(&*fixture.store(), thread(1), View::Codex)
        .await
        .expect_err("no header");
    assert_eq!(error.kind(), StoreErrorKind::Unreadable);
}

/// A person finds a thread by its id, a unique beginning of it, its name or its file.
pub async fn threads_are_found_by_what_people_type(fixture: &dyn StoreFixture) {
    for n in [1, 2] {
        let mut log = Log::paginated(n);
        log.turn("t1", "hello", "hi");
        fixture.put(&log.file()).await;
    }
    fixture.set_name(thread(2), "the second").await;
    let store = fixture.store();
    let resolve = async |selector: ThreadSelector| -> Vec<_> {
        let records = store.resolve(&selector).await.expect("candidates");
        records.iter().map(|record| record.thread_id).collect()
    };
    let text = |text: &str| ThreadSelector::Text(text.to_owned());
    assert_eq!(resolve(text(&thread(1).to_string())).await, [thread(1)]);
    assert_eq!(resolve(text(&thread(1).to_string().to_uppercase())).await, [thread(1)]);
    assert_eq!(resolve(text("01a0c000")).await, [thread(1), thread(2)]);
    assert_eq!(resolve(text("the second")).await, [thread(2)]);
    assert_eq!(resolve(text("nobody")).await, []);
    let path = read(&*store, thread(2), View::Full).await.expect("a thread").path;
    assert_eq!(resolve(ThreadSelector::Path(path)).await, [thread(2)]);
    let missing = ThreadSelector::Path(PathBuf::from("sessions/none.jsonl"));
    assert_eq!(
        store.resolve(&missing).await.expect_err("no file").kind(),
        StoreErrorKind::NotFound
    );
}

/// An open turn without a live writer reads as interrupted; a failed one tells its error.
pub async fn turns_tell_how_they_ended(fixture: &dyn StoreFixture) {
    for mut log in [Log::paginated(1), Log::legacy(2)] {
        log.turn("good", "one", "1")
            .start("bad")
            .fail("bad", "stream closed")
            .start("cut")
            .abort("cut")
            .start("open");
        fixture.put(&log.file()).await;
    }
    for n in [1, 2] {
        let turns = turns(&*fixture.store(), thread(n)).await;
        let statuses: Vec<TurnStatus> = turns.iter().map(|turn| turn.status).collect();
        let (done, broken) = (TurnStatus::Completed, TurnStatus::Interrupted);
        assert_eq!(statuses, [done, TurnStatus::Failed, broken, broken], "thread {n}");
        assert_eq!(
            turns[1].error.as_ref().map(|error| error.message.as_str()),
            Some("stream closed")
        );
        assert!(turns[0].error.is_none() && turns[0].duration_ms == Some(20) && turns[0].completed_at.is_some());
        assert!(turns[3].completed_at.is_none());
    }
}

/// After a read nothing is left to project, and nothing is damaged in a clean log.
pub async fn a_read_leaves_nothing_to_project(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "hello", "hi");
    fixture.put(&log.file()).await;
    turns(&*fixture.store(), thread(1)).await;
    let state = fixture.store().index_state(thread(1)).await.expect("a state");
    assert_eq!((state.state, state.lag_bytes), (IndexStateKind::Current, 0));
    assert_eq!((state.projected_offset, state.file_bytes), (log.len(), log.len()));
    assert_eq!(state.damage, []);
}
