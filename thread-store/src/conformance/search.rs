//! Promises about finding threads by what was said in them.
//!
//! Literal, case-insensitive, exact pages; the full view searches visible history only.

use codex_protocol::ids::ThreadId;
use serde_json::json;

use super::fixture::{StoreFixture, append, found, put_all, search_query, searching};
use super::log::{Form, Log, START_MS, thread};
use crate::types::{ArchivedFilter, Direction, ListSort, SearchQuery, ThreadAnchor, View};

/// Messages of users and agents are found in any letter case, across white space, with their surroundings.
pub async fn messages_are_found_literally(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "please fix   the\nWidget ÄÖ* (soon)", "the gadget is fine");
    let mut legacy = Log::legacy(2);
    legacy.turn("t1", "nothing to see", "a WIDGET äö* (soon) in an answer");
    put_all(fixture, &[&log, &legacy]).await;
    let store = fixture.store();
    let both = [thread(1), thread(2)];
    assert_eq!(found(&*store, "widget", View::Full).await, both);
    assert_eq!(found(&*store, "äö* (SOON)", View::Full).await, both);
    assert_eq!(found(&*store, "fix the widget", View::Full).await, [thread(1)]);
    assert_eq!(found(&*store, "gadget", View::Full).await, [thread(1)]);
    assert_eq!(found(&*store, "wid.et", View::Full).await, []);
    let page = searching(&*store)
        .search_threads(search_query("widget", View::Full))
        .await
        .expect("hits");
    assert_eq!(page.hits[0].snippet, "please fix the Widget ÄÖ* (soon)");
}

/// Only what was said is found: not ids, commands, models, reasoning or names.
pub async fn only_messages_are_found(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.start("t1").user("", "", "hello");
    log.event(json!({ "type": "agent_reasoning", "text": "secretthought" }));
    log.response_item(json!({ "type": "function_call", "name": "shell", "call_id": "c1",
                              "arguments": "{\"command\":[\"secretcommand\"]}" }));
    fixture.put(&log.file()).await;
    fixture.set_name(thread(1), "secretname").await;
    for term in ["secretthought", "secretcommand", "secretname", "task_started", "vscode"] {
        assert_eq!(found(&*fixture.store(), term, View::Full).await, [], "{term}");
    }
}

/// The full view finds nothing that history hides: context, what a rollback removed, what a snapshot replaced.
pub async fn the_full_view_finds_visible_text_only(fixture: &dyn StoreFixture) {
    let mut legacy = Log::legacy(1);
    legacy.response("user", "<environment_context>hiddencontext</environment_context>");
    legacy
        .turn("t1", "kept", "answer")
        .turn("t2", "rolledbacktext", "answer");
    legacy.event(json!({ "type": "thread_rolled_back", "num_turns": 1 }));
    let mut paginated = Log::paginated(2);
    paginated.response("user", "<environment_context>hiddencontext</environment_context>");
    paginated
        .start("t1")
        .user("t1", "u1", "hello")
        .agent("t1", "a1", "replacedtext")
        .agent("t1", "a1", "finaltext");
    put_all(fixture, &[&legacy, &paginated]).await;
    let store = fixture.store();
    for term in ["hiddencontext", "rolledbacktext", "replacedtext"] {
        assert_eq!(found(&*store, term, View::Full).await, [], "{term}");
    }
    assert_eq!(found(&*store, "finaltext", View::Full).await, [thread(2)]);
    assert_eq!(found(&*store, "kept", View::Full).await, [thread(1)]);
    assert_eq!(
        found(&*store, "hiddencontext", View::Codex).await,
        [thread(1), thread(2)],
        "Codex finds every line"
    );
}

/// Inherited text is found in the fork, text behind the cut is not; the exact view looks at each file by itself.
pub async fn forks_are_found_by_what_they_inherit(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "sharedtext", "one");
    let mut fork = Log::fork(2, 1, &source.cut());
    fork.turn("t2", "owntext", "two");
    source.turn("t3", "latertext", "three");
    put_all(fixture, &[&source, &fork]).await;
    let store = fixture.store();
    assert_eq!(found(&*store, "sharedtext", View::Full).await, [thread(1), thread(2)]);
    assert_eq!(found(&*store, "sharedtext", View::Codex).await, [thread(1)]);
    assert_eq!(found(&*store, "owntext", View::Full).await, [thread(2)]);
    assert_eq!(found(&*store, "latertext", View::Full).await, [thread(1)]);
}

/// What a revert hid is not found; what it kept is.
pub async fn reverted_text_is_not_found(fixture: &dyn StoreFixture) {
    let mut first = Log::paginated(1);
    first.turn("t1", "kepttext", "one");
    let cut = first.cut();
    first.turn("t2", "revertedtext", "two");
    let mut second = Log::revision(1, 101, &cut);
    second.turn("t3", "newtext", "three");
    put_all(fixture, &[&first, &second]).await;
    let store = fixture.store();
    for (term, expected) in [
        ("kepttext", &[thread(1)][..]),
        ("newtext", &[thread(1)]),
        ("revertedtext", &[]),
    ] {
        assert_eq!(found(&*store, term, View::Full).await, expected, "{term}");
    }
}

/// Threads without user events are found in the full view by their response items, and hidden from the exact one.
pub async fn raw_threads_are_found_in_full(fixture: &dyn StoreFixture) {
    let mut bare = Log::bare(1);
    bare.turn("", "baretext", "answer");
    let mut raw = Log::legacy(2);
    raw.response("user", "<user_instructions>rawcontext</user_instructions>")
        .response("user", "rawtext");
    put_all(fixture, &[&bare, &raw]).await;
    let store = fixture.store();
    assert_eq!(found(&*store, "baretext", View::Full).await, [thread(1)]);
    assert_eq!(found(&*store, "rawtext", View::Full).await, [thread(2)]);
    assert_eq!(found(&*store, "rawcontext", View::Full).await, []);
    assert_eq!(found(&*store, "text", View::Codex).await, []);
}

/// What is appended is found at once, however often the thread was searched before.
pub async fn appended_text_is_found_at_once(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "first", "one");
    fixture.put(&log.file()).await;
    for word in ["alpha", "beta", "gamma"] {
        assert_eq!(found(&*fixture.store(), word, View::Full).await, [], "{word} before");
        append(fixture, &mut log, |log| {
            log.turn(word, word, "answer");
        })
        .await;
        assert_eq!(
            found(&*fixture.store(), word, View::Full).await,
            [thread(1)],
            "{word} after"
        );
    }
}

/// Pages of hits in any order and size hold every thread once, even of one millisecond.
pub async fn pages_of_hits_hold_every_thread_once(fixture: &dyn StoreFixture) {
    for n in 1..=5 {
        let mut log = Log::created(Form::Paginated, n, START_MS, json!({}));
        log.turn("t1", if n == 3 { "something else" } else { "needle" }, "answer");
        fixture.put(&log.changed_at(START_MS + 1).file()).await;
    }
    let ids: Vec<ThreadId> = [1, 2, 4, 5].map(thread).to_vec();
    for sort in [ListSort::CreatedAt, ListSort::UpdatedAt, ListSort::RecencyAt] {
        for direction in [Direction::Ascending, Direction::Descending] {
            for limit in 1..=5 {
                let mut query = SearchQuery {
                    sort,
                    direction,
                    limit,
                    ..search_query("needle", View::Full)
                };
                let mut all = Vec::new();
                loop {
                    let store = fixture.store();
                    let page = searching(&*store).search_threads(query.clone()).await.expect("a page");
                    all.extend(page.hits.iter().map(|hit| hit.thread.thread_id));
                    let Some(last) = page.hits.last().filter(|_| page.has_more) else {
                        break;
                    };
                    let time_ms = last.thread.sort_key(sort);
                    query.anchor = Some(ThreadAnchor {
                        time_ms,
                        thread_id: Some(last.thread.thread_id),
                    });
                    assert!(all.len() < 100, "pages of hits loop");
                }
                if direction == Direction::Descending {
                    all.reverse();
                }
                assert_eq!(all, ids, "{sort:?} {direction:?} by {limit}");
            }
        }
    }
}

/// Archived threads are found only where they are asked for.
pub async fn archived_hits_are_apart(fixture: &dyn StoreFixture) {
    let mut live = Log::paginated(1);
    live.turn("t1", "needle", "one");
    let mut old = Log::legacy(2);
    old.turn("t1", "needle", "two");
    put_all(fixture, &[&live, &old.archived()]).await;
    let store = fixture.store();
    for (archived, expected) in [
        (ArchivedFilter::Live, [thread(1)]),
        (ArchivedFilter::Archived, [thread(2)]),
    ] {
        let query = SearchQuery {
            archived,
            ..search_query("needle", View::Full)
        };
        let page = searching(&*store).search_threads(query).await.expect("a page");
        let ids: Vec<ThreadId> = page.hits.iter().map(|hit| hit.thread.thread_id).collect();
        assert_eq!(ids, expected);
    }
}
