//! Promises about the order of lists, their pages, and what a row says.
//!
//! Filters are in `list_filters.rs`.

use codex_protocol::ids::ThreadId;
use serde_json::json;

use super::fixture::{StoreFixture, append, list_query, listed, put_all};
use super::log::{Form, Log, START_MS, thread};
use crate::store::ThreadStore;
use crate::types::{Direction, ListQuery, ListSort, ThreadAnchor, ThreadRecord, View};

const SORTS: [ListSort; 3] = [ListSort::CreatedAt, ListSort::UpdatedAt, ListSort::RecencyAt];

/// A thread with one turn, made and changed at these times.
fn dated(n: u32, created_ms: i64, changed_ms: i64) -> Log {
    let mut log = Log::created(Form::Paginated, n, created_ms, json!({}));
    log.turn("t1", "hello", "hi");
    log.changed_at(changed_ms)
}

/// Lists by creation, by the last change, or by the newest turn, in both directions.
pub async fn lists_are_ordered_by_each_key(fixture: &dyn StoreFixture) {
    let (first, second) = (
        dated(1, START_MS, START_MS + 9_000),
        dated(2, START_MS + 1_000, START_MS + 8_000),
    );
    // The third thread is the oldest, and its second turn the newest of all.
    let mut third = Log::created(Form::Legacy, 3, START_MS - 1_000, json!({}));
    third.turn("t1", "early", "yes");
    let late = format!(
        "{}\n",
        json!({ "timestamp": "2026-03-02T10:00:00.000Z", "type": "event_msg",
                "payload": { "type": "task_started", "turn_id": "t2", "model_context_window": null } })
    );
    third.raw(late.as_bytes());
    let third = third.changed_at(START_MS + 8_500);
    put_all(fixture, &[&first, &second, &third]).await;
    for (sort, order) in [
        (ListSort::CreatedAt, [3, 1, 2]),
        (ListSort::UpdatedAt, [2, 3, 1]),
        (ListSort::RecencyAt, [1, 2, 3]),
    ] {
        let expected: Vec<ThreadId> = order.map(thread).to_vec();
        let ascending = ListQuery { sort, ..list_query() };
        assert_eq!(
            listed(&*fixture.store(), ascending.clone()).await,
            expected,
            "{sort:?} ascending"
        );
        let descending = ListQuery {
            direction: Direction::Descending,
            ..ascending
        };
        let reversed: Vec<ThreadId> = expected.into_iter().rev().collect();
        assert_eq!(
            listed(&*fixture.store(), descending).await,
            reversed,
            "{sort:?} descending"
        );
    }
}

/// Walks a list page by page.
pub(super) async fn walk(store: &dyn ThreadStore, mut query: ListQuery) -> Vec<ThreadId> {
    let mut all = Vec::new();
    loop {
        let page = store.list_threads(query.clone()).await.expect("a page of threads");
        assert!(
            page.threads.len() <= query.limit,
            "a page holds at most what was asked for"
        );
        all.extend(page.threads.iter().map(|record| record.thread_id));
        let Some(last) = page.threads.last().filter(|_| page.has_more) else {
            assert!(!page.has_more, "more follows only behind a row");
            return all;
        };
        let (time_ms, thread_id) = (last.sort_key(query.sort), Some(last.thread_id));
        query.anchor = Some(ThreadAnchor { time_ms, thread_id });
        assert!(all.len() < 1_000, "pages of threads loop");
    }
}

/// Threads that share a millisecond are ordered by id, and no page size repeats, skips or loops over them.
pub async fn threads_of_one_millisecond_page_exactly_once(fixture: &dyn StoreFixture) {
    for n in 1..=7 {
        fixture.put(&dated(n, START_MS, START_MS + 5_000).file()).await;
    }
    let ids: Vec<ThreadId> = (1..=7).map(thread).collect();
    for sort in SORTS {
        for direction in [Direction::Ascending, Direction::Descending] {
            for limit in [1, 2, 3, 7, 8] {
                let query = ListQuery {
                    sort,
                    direction,
                    limit,
                    ..list_query()
                };
                let mut found = walk(&*fixture.store(), query).await;
                if direction == Direction::Descending {
                    found.reverse();
                }
                assert_eq!(found, ids, "{sort:?} {direction:?} by {limit}");
            }
        }
    }
}

/// A page that holds the last row says that nothing follows, even when it is full.
pub async fn a_full_last_page_has_no_more(fixture: &dyn StoreFixture) {
    put_all(
        fixture,
        &[&dated(1, START_MS, START_MS), &dated(2, START_MS + 1, START_MS)],
    )
    .await;
    let page = fixture
        .store()
        .list_threads(ListQuery {
            limit: 2,
            ..list_query()
        })
        .await
        .expect("a page");
    assert_eq!((page.threads.len(), page.has_more), (2, false));
    let page = fixture
        .store()
        .list_threads(ListQuery {
            limit: 1,
            ..list_query()
        })
        .await
        .expect("a page");
    assert_eq!((page.threads.len(), page.has_more), (1, true));
}

/// An anchor without a thread starts strictly before or after its time.
pub async fn a_bare_time_is_a_strict_anchor(fixture: &dyn StoreFixture) {
    for (n, at_ms) in [(1, 0), (2, 1_000), (3, 1_000), (4, 2_000)] {
        fixture.put(&dated(n, START_MS + at_ms, START_MS).file()).await;
    }
    let anchor = Some(ThreadAnchor {
        time_ms: START_MS + 1_000,
        thread_id: None,
    });
    let ascending = ListQuery { anchor, ..list_query() };
    assert_eq!(listed(&*fixture.store(), ascending.clone()).await, [thread(4)]);
    let descending = ListQuery {
        direction: Direction::Descending,
        ..ascending
    };
    assert_eq!(listed(&*fixture.store(), descending).await, [thread(1)]);
}

/// A row that appears between two pages does not shift the second one.
pub async fn new_rows_do_not_shift_later_pages(fixture: &dyn StoreFixture) {
    put_all(
        fixture,
        &[&dated(1, START_MS, START_MS), &dated(2, START_MS + 2_000, START_MS)],
    )
    .await;
    let query = ListQuery {
        direction: Direction::Descending,
        limit: 1,
        ..list_query()
    };
    assert_eq!(listed(&*fixture.store(), query.clone()).await, [thread(2)]);
    fixture.put(&dated(3, START_MS + 3_000, START_MS).file()).await;
    let anchor = Some(ThreadAnchor {
        time_ms: START_MS + 2_000,
        thread_id: Some(thread(2)),
    });
    assert_eq!(
        listed(&*fixture.store(), ListQuery { anchor, ..query }).await,
        [thread(1)]
    );
}

async fn row(fixture: &dyn StoreFixture) -> ThreadRecord {
    let page = fixture.store().list_threads(list_query()).await.expect("a page");
    let [record] = <[ThreadRecord; 1]>::try_from(page.threads).expect("one thread");
    record
}

/// A thread shows its newest name; a name given again replaces the one before.
pub async fn the_newest_name_is_shown(fixture: &dyn StoreFixture) {
    fixture.put(&dated(1, START_MS, START_MS).file()).await;
    assert_eq!(row(fixture).await.name, None);
    fixture.set_name(thread(1), "first").await;
    fixture.set_name(thread(1), "  second ").await;
    assert_eq!(row(fixture).await.name.as_deref(), Some("second"));
}

/// The preview is the first user text behind the request marker; images stand in for missing text, goals come first.
pub async fn previews_follow_the_first_user_text(fixture: &dyn StoreFixture) {
    let image = json!({ "type": "user_message", "message": " ", "images": ["data:image/png;base64,AA=="] });
    let goal = json!({ "type": "thread_goal_updated", "threadId": thread(4).to_string(), "goal": {
        "threadId": thread(4).to_string(), "objective": " ship it ", "status": "active",
        "tokensUsed": 0, "timeUsedSeconds": 0, "createdAt": 0, "updatedAt": 0 } });
    let mut logs = [
        Log::legacy(1),
        Log::legacy(2),
        Log::paginated(3),
        Log::legacy(4),
        Log::legacy(5),
    ];
    logs[0]
        .user("", "", "context\n## My request for Codex:\n  rename it ")
        .user("", "", "later");
    logs[1].event(image).user("", "", "text after the image");
    logs[2].start("t1").user("t1", "u1", "canonical items count alike");
    logs[3].event(goal).user("", "", "said after the goal");
    logs[4]
        .response("user", "a response item alone is none in a file with events")
        .user("", "", "said");
    for log in &logs {
        fixture.put(&log.file()).await;
    }
    let page = fixture.store().list_threads(list_query()).await.expect("a page");
    let previews: Vec<&str> = page.threads.iter().map(|record| record.preview.as_str()).collect();
    assert_eq!(
        previews,
        ["rename it", "[Image]", "canonical items count alike", "ship it", "said"]
    );
}

/// A long preview is shown whole.
pub async fn long_previews_are_shown_whole(fixture: &dyn StoreFixture) {
    let text = "a long question ".repeat(2_000);
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u1", &text);
    fixture.put(&log.file()).await;
    assert_eq!(row(fixture).await.preview, text.trim());
}

/// Model, directory and provider are the latest that the log tells.
pub async fn rows_follow_the_latest_settings(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "hello", "hi");
    log.record(
        "turn_context",
        json!({
        "cwd": "/elsewhere", "approval_policy": "never", "sandbox_policy": { "type": "danger-full-access" },
        "model": "model-1", "effort": "high", "summary": "none" }),
    );
    fixture.put(&log.file()).await;
    let before = row(fixture).await;
    assert_eq!(
        (before.model.as_deref(), before.reasoning_effort.as_deref()),
        (Some("model-1"), Some("high"))
    );
    assert_eq!(
        before.cwd, "/home/user/project",
        "a turn's directory does not replace the thread's"
    );
    append(fixture, &mut log, |log| {
        log.event(json!({ "type": "thread_settings_applied", "thread_settings": {
            "model": "model-2", "model_provider_id": "other", "approval_policy": "never",
            "approvals_reviewer": "user", "permission_profile": { "type": "disabled" }, "cwd": "/new",
            "collaboration_mode": { "mode": "default", "settings": { "model": "model-2" } } } }));
    })
    .await;
    let after = row(fixture).await;
    assert_eq!((after.model.as_deref(), after.cwd.as_str()), (Some("model-2"), "/new"));
    assert_eq!((after.model_provider.as_str(), after.reasoning_effort), ("other", None));
}

/// One thread has one row, however many files it has; a missing folder of threads is an empty list.
pub async fn an_empty_store_lists_nothing(fixture: &dyn StoreFixture) {
    for view in [View::Full, View::Codex] {
        let page = fixture
            .store()
            .list_threads(ListQuery { view, ..list_query() })
            .await
            .expect("a page");
        assert_eq!((page.threads.len(), page.has_more), (0, false));
    }
}
