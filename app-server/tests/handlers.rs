//! What each handler asks of the store, and what it makes of the answer (`app-server-api.md` 3 to 6).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_protocol::item::{CommandExecutionStatus, ThreadItem};
use codex_thread_store::organise::Section;
use codex_thread_store::{
    Anchor, ArchivedFilter, Direction, GroupFilter, HistoryMode, ItemAnchor, ListSort, Occurrence, OccurrenceAnchor,
    OccurrencePage, Position, RelationFilter, SearchHit, SearchPage, SourceFilter, StoreError, ThreadAnchor,
    ThreadRecord, ThreadSection, TimelineAnchor, TimelineEntry, TimelineEntryKind, TimelinePage, TurnAnchor, View,
};
use serde_json::{Value, json};
use support::{FakeStore, Script, Wire, agent_item, at, entry, id, record, server, turn, user_item};

async fn open(store: &Arc<FakeStore>, view: View) -> Wire {
    Wire::initialized(server(Arc::clone(store) as _, view), true).await
}

async fn wire(script: Script, view: View) -> Wire {
    open(&FakeStore::new(script), view).await
}

fn error(code: i64, message: &str) -> (i64, String) {
    (code, message.to_owned())
}

#[tokio::test]
async fn a_list_asks_for_what_its_parameters_say() {
    let store = FakeStore::new(Script::default());
    let mut wire = open(&store, View::Codex).await;
    let everything = json!({
        "cursor": format!("2026-09-21T14:30:21.9Z|{}", id(3)), "limit": 7, "excludedThreadIds": [id(4).to_string()],
        "sortKey": "recency_at", "sortDirection": "asc", "modelProviders": ["a", "b"], "sourceKinds": ["cli", "subAgent"],
        "archived": true, "cwd": ["/x", "/y"], "searchTerm": " a ", "parentThreadId": id(5).to_string(),
        "includeAttachedThreads": true,
    });
    wire.result("thread/list", everything).await;
    let query = store.lists.lock().expect("unlocked").remove(0);
    assert_eq!(
        query.anchor,
        Some(ThreadAnchor {
            time_ms: 1_790_001_021_900,
            thread_id: Some(id(3))
        })
    );
    assert_eq!(
        (query.limit, query.sort, query.direction),
        (7, ListSort::RecencyAt, Direction::Ascending)
    );
    assert_eq!(query.excluded, [id(4)]);
    assert_eq!(query.providers, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(query.sources, Some(vec![SourceFilter::Cli, SourceFilter::SubAgent]));
    assert_eq!(query.archived, ArchivedFilter::Archived);
    assert_eq!(query.cwds, Some(vec!["/x".to_owned(), "/y".to_owned()]));
    assert_eq!(query.search_term.as_deref(), Some(" a "));
    assert_eq!(query.relation, Some(RelationFilter::ChildrenOf(id(5))));
    assert!(query.include_attached);
}

#[tokio::test]
async fn defaults_of_a_list_differ_between_the_views() {
    for (view, providers) in [(View::Codex, Some(vec!["mock".to_owned()])), (View::Full, None)] {
        let store = FakeStore::new(Script::default());
        let mut wire = open(&store, view).await;
        wire.result("thread/list", json!({"searchTerm": "", "sourceKinds": []}))
            .await;
        wire.result("thread/list", json!({"modelProviders": []})).await;
        let queries = store.lists.lock().expect("unlocked");
        let query = &queries[0];
        assert_eq!(
            (query.limit, query.sort, query.direction),
            (25, ListSort::CreatedAt, Direction::Descending)
        );
        assert_eq!(
            (&query.search_term, &query.sources, query.archived),
            (&None, &None, ArchivedFilter::Live)
        );
        assert_eq!((query.view, &query.providers), (view, &providers));
        assert_eq!(queries[1].providers, None, "an empty list means all, {view:?}");
    }
}

#[tokio::test]
async fn some_lists_show_what_codex_answers_from_its_database() {
    let store = FakeStore::new(Script::default());
    let mut wire = open(&store, View::Codex).await;
    for (params, database_rows, include_unpreviewed) in [
        (json!({}), false, false),
        (json!({"useStateDbOnly": true}), true, false),
        (json!({"sortKey": "recency_at"}), true, false),
        (json!({"searchTerm": ""}), true, false),
        (json!({"searchTerm": "x"}), false, false),
        (json!({"attachedToThreadId": id(1).to_string()}), false, true),
        (json!({"parentThreadId": id(1).to_string()}), false, true),
        (json!({"ancestorThreadId": id(1).to_string()}), false, true),
    ] {
        wire.result("thread/list", params.clone()).await;
        let query = store.lists.lock().expect("unlocked").remove(0);
        assert_eq!(
            (query.database_rows, query.include_unpreviewed),
            (database_rows, include_unpreviewed),
            "{params}"
        );
    }
}

#[tokio::test]
async fn page_sizes_are_clamped_at_the_limits() {
    let store = FakeStore::new(Script::default());
    let mut wire = open(&store, View::Full).await;
    let thread = id(1).to_string();
    for limit in [0, 1, 100, 101, u32::MAX] {
        wire.result("thread/list", json!({"limit": limit})).await;
        wire.result("thread/turns/list", json!({"threadId": thread, "limit": limit}))
            .await;
        wire.result("thread/items/list", json!({"threadId": thread, "limit": limit}))
            .await;
        wire.result("thread/timeline/list", json!({"threadId": thread, "limit": limit}))
            .await;
        wire.result("thread/search", json!({"searchTerm": "x", "limit": limit}))
            .await;
    }
    for limit in [0, 1, 250, 251] {
        let params = json!({"threadId": thread, "searchTerm": "x", "limit": limit});
        wire.result("thread/searchOccurrences", params).await;
    }
    wire.result(
        "thread/searchOccurrences",
        json!({"threadId": thread, "searchTerm": "x"}),
    )
    .await;
    let clamped = [1, 1, 100, 100, 100];
    let limits = |limits: Vec<usize>| assert_eq!(limits, clamped);
    limits(
        store
            .lists
            .lock()
            .expect("unlocked")
            .iter()
            .map(|query| query.limit)
            .collect(),
    );
    limits(
        store
            .turn_queries
            .lock()
            .expect("unlocked")
            .iter()
            .map(|query| query.limit)
            .collect(),
    );
    limits(
        store
            .item_queries
            .lock()
            .expect("unlocked")
            .iter()
            .map(|query| query.limit)
            .collect(),
    );
    limits(
        store
            .timeline_queries
            .lock()
            .expect("unlocked")
            .iter()
            .map(|query| query.limit)
            .collect(),
    );
    limits(
        store
            .searches
            .lock()
            .expect("unlocked")
            .iter()
            .map(|query| query.limit)
            .collect(),
    );
    let occurrences: Vec<usize> = store
        .occurrence_queries
        .lock()
        .expect("unlocked")
        .iter()
        .map(|query| query.limit)
        .collect();
    assert_eq!(occurrences, [1, 1, 250, 250, 50]);
}

#[tokio::test]
async fn checks_of_a_list_come_in_codexs_order() {
    let mut wire = wire(Script::default(), View::Codex).await;
    let uuid = "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `x` at 1";
    let many = |count: usize| vec![id(1).to_string(); count];
    for (params, code, message) in [
        (
            json!({"excludedThreadIds": many(101), "originators": ["a"]}),
            -32602,
            "excludedThreadIds accepts at most 100 entries".to_owned(),
        ),
        (
            json!({"excludedThreadIds": ["x"], "originators": ["a"]}),
            -32602,
            format!("invalid excluded thread id: {uuid}"),
        ),
        (
            json!({"originators": ["a"], "projectId": "p"}),
            -32602,
            "originator filtering is not supported by the local app-server".to_owned(),
        ),
        (
            json!({"projectId": "p", "cursor": "zz"}),
            -32602,
            "project not found: p".to_owned(),
        ),
        (
            json!({"projectId": "", "parentThreadId": "x"}),
            -32602,
            "projectId must not be empty".to_owned(),
        ),
        (
            json!({"includeAttachedThreads": true, "searchTerm": " "}),
            -32600,
            "includeAttachedThreads requires a non-empty searchTerm".to_owned(),
        ),
        (
            json!({"sortKey": "section_position"}),
            -32600,
            "section-position sorting requires a section filter".to_owned(),
        ),
        (
            json!({"sortKey": "section_position", "sectionId": null}),
            -32600,
            "section-position sorting requires a section filter".to_owned(),
        ),
        (
            json!({"parentThreadId": "x", "ancestorThreadId": "y"}),
            -32600,
            "parentThreadId and ancestorThreadId are mutually exclusive".to_owned(),
        ),
        (
            json!({"parentThreadId": "x", "ancestorThreadId": "y", "attachedToThreadId": "z"}),
            -32600,
            "attachedToThreadId cannot be combined with parentThreadId or ancestorThreadId".to_owned(),
        ),
        (
            json!({"parentThreadId": "x", "cursor": "zz"}),
            -32600,
            format!("invalid parent thread id: {uuid}"),
        ),
        (
            json!({"ancestorThreadId": "x"}),
            -32600,
            format!("invalid ancestor thread id: {uuid}"),
        ),
        (
            json!({"attachedToThreadId": "x"}),
            -32600,
            format!("invalid attached thread parent id: {uuid}"),
        ),
        (
            json!({"cursor": "zz", "cwd": []}),
            -32600,
            "invalid cursor: zz".to_owned(),
        ),
        (
            json!({"cursor": "zz", "sectionId": "s"}),
            -32600,
            "invalid cursor: zz".to_owned(),
        ),
        (json!({"cursor": "", }), -32600, "invalid cursor: ".to_owned()),
        (
            json!({"cursor": "1|x", "sectionId": "s", "sortKey": "section_position"}),
            -32600,
            "invalid cursor: 1|x".to_owned(),
        ),
    ] {
        assert_eq!(
            wire.error("thread/list", params.clone()).await,
            (code, message),
            "{params}"
        );
    }
    wire.result("thread/list", json!({"excludedThreadIds": many(100)}))
        .await;
}

#[tokio::test]
async fn lists_that_cannot_match_are_empty_without_asking() {
    let store = FakeStore::new(Script {
        rows: vec![record(1)],
        ..Script::default()
    });
    let mut wire = open(&store, View::Full).await;
    let expected = json!({"data": [], "readStates": {}, "nextCursor": null, "backwardsCursor": null});
    assert_eq!(wire.result("thread/list", json!({"cwd": []})).await, expected);
    assert!(store.lists.lock().expect("unlocked").is_empty());
    let all = wire
        .result("thread/list", json!({"sectionId": null, "projectId": null}))
        .await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn sections_and_projects_restrict_a_list() {
    let place = ThreadSection {
        section: Section {
            id: "s".to_owned(),
            name: "S".to_owned(),
            appearance: None,
        },
        rank: 1_500_000,
        entered_at_ms: 1_790_000_000_999,
    };
    let row = |n| ThreadRecord {
        section: Some(place.clone()),
        ..record(n)
    };
    let store = FakeStore::new(Script {
        rows: vec![row(2), row(1)],
        has_more: true,
        ..Script::default()
    });
    let mut wire = open(&store, View::Full).await;
    let params = json!({"sectionId": "s", "sortKey": "section_position", "projectId": null,
        "cursor": format!("-7|{}", id(9))});
    let list = wire.result("thread/list", params).await;
    assert_eq!(list["nextCursor"], format!("1500000|{}", id(1)));
    assert_eq!(list["backwardsCursor"], format!("1500001|{}", id(2)));
    assert_eq!(list["data"][0]["sectionEnteredAt"], 1_790_000_000);
    let descending = json!({"sectionId": "s", "sortKey": "section_position", "sortDirection": "desc"});
    let list = wire.result("thread/list", descending).await;
    assert_eq!(list["backwardsCursor"], format!("1499999|{}", id(2)));
    wire.result("thread/list", json!({"sectionId": null})).await;

    let asked = store.lists.lock().expect("unlocked");
    let [by_place, _, outside] = &asked[..] else {
        panic!("three lists, not {asked:?}");
    };
    assert_eq!(by_place.section, GroupFilter::One("s".to_owned()));
    assert_eq!(by_place.project, GroupFilter::None);
    assert_eq!(
        (by_place.sort, by_place.direction),
        (ListSort::SectionPosition, Direction::Ascending)
    );
    let anchor = by_place.anchor.expect("a cursor was given");
    assert_eq!((anchor.time_ms, anchor.thread_id), (-7, Some(id(9))));
    assert_eq!(
        (&outside.section, &outside.project),
        (&GroupFilter::None, &GroupFilter::Any)
    );
    assert_eq!(outside.direction, Direction::Descending);
}

#[tokio::test]
async fn cursors_of_a_list_carry_the_time_that_it_is_sorted_by() {
    let script = Script {
        rows: vec![record(2), record(1)],
        has_more: true,
        ..Script::default()
    };
    let mut wire = wire(script, View::Full).await;
    for (sort, direction, next, back) in [
        ("created_at", "desc", "2026-09-21T14:14:20Z", "2026-09-21T14:15:19.999Z"),
        (
            "updated_at",
            "desc",
            "2026-09-21T14:14:21.9Z",
            "2026-09-21T14:15:21.899Z",
        ),
        ("recency_at", "asc", "2026-09-21T14:14:21Z", "2026-09-21T14:15:21.001Z"),
    ] {
        let page = wire
            .result("thread/list", json!({"sortKey": sort, "sortDirection": direction}))
            .await;
        assert_eq!(page["nextCursor"], format!("{next}|{}", id(1)), "{sort}");
        assert_eq!(page["backwardsCursor"], back, "{sort}");
    }
}

#[tokio::test]
async fn loaded_threads_are_none() {
    let mut wire = wire(Script::default(), View::Full).await;
    for cursor in [
        Value::Null,
        json!(""),
        json!(id(1).to_string()),
        json!("01A0C4000000700080000000000000AA"),
    ] {
        let expected = json!({"data": [], "nextCursor": null});
        assert_eq!(
            wire.result("thread/loaded/list", json!({"cursor": cursor, "limit": 0}))
                .await,
            expected
        );
    }
    let refused = wire.error("thread/loaded/list", json!({"cursor": "zz"})).await;
    assert_eq!(refused, error(-32600, "invalid cursor: zz"));
}

#[tokio::test]
async fn every_thread_method_quotes_the_uuid_parser() {
    let mut wire = wire(Script::default(), View::Codex).await;
    let message = "invalid thread id: invalid length: expected length 32 for simple format, found 3";
    for (method, more) in [
        ("thread/read", json!({})),
        ("thread/turns/list", json!({"cursor": "zz"})),
        ("thread/items/list", json!({})),
        ("thread/items/read", json!({"turnId": "t", "itemIds": ["i"]})),
        ("thread/timeline/list", json!({})),
        ("thread/searchOccurrences", json!({"searchTerm": ""})),
        ("thread/indexState", json!({})),
    ] {
        let mut params = more;
        params["threadId"] = json!("abc");
        assert_eq!(wire.error(method, params).await, error(-32600, message), "{method}");
    }
}

#[tokio::test]
async fn an_unknown_thread_is_reported_in_each_methods_words_even_with_a_bad_cursor() {
    let unknown = id(999).to_string();
    let not_loaded = format!("thread not loaded: {unknown}");
    for view in [View::Full, View::Codex] {
        let mut wire = wire(Script::default(), view).await;
        for (method, more) in [
            ("thread/read", json!({})),
            ("thread/turns/list", json!({"cursor": "zz"})),
            ("thread/items/list", json!({"cursor": "zz"})),
            ("thread/items/read", json!({"turnId": "t", "itemIds": ["i"]})),
            ("thread/timeline/list", json!({"cursor": "zz"})),
            ("thread/searchOccurrences", json!({"searchTerm": "x", "cursor": "zz"})),
            ("thread/indexState", json!({})),
        ] {
            let mut params = more;
            params["threadId"] = json!(unknown);
            let four = matches!(
                method,
                "thread/items/list" | "thread/items/read" | "thread/timeline/list" | "thread/searchOccurrences"
            );
            let expected = if view == View::Codex && four {
                (-32601, format!("{method} is not supported yet"))
            } else {
                (-32600, not_loaded.clone())
            };
            assert_eq!(wire.error(method, params).await, expected, "{method} {view:?}");
        }
        let refused = wire
            .error("getConversationSummary", json!({"conversationId": unknown}))
            .await;
        assert_eq!(
            refused,
            (-32600, format!("no rollout found for conversation id {unknown}"))
        );
    }
}

#[tokio::test]
async fn unreadable_threads_say_what_is_wrong_with_them() {
    let mut script = Script::default();
    let header = || StoreError::Header {
        path: "/h/r.jsonl".into(),
        source: "rollout at /h/r.jsonl does not start with session metadata".into(),
    };
    script.reads.insert(id(1), Arc::new(move || Err(header())));
    script.reads.insert(
        id(2),
        Arc::new(|| {
            Err(StoreError::TooLarge {
                limit_bytes: 268_435_456,
                paged_method: "thread/turns/list",
            })
        }),
    );
    script.reads.insert(id(3), Arc::new(|| Err(StoreError::TaskStopped)));
    let mut wire = wire(script, View::Codex).await;
    let read = |number| json!({"threadId": id(number).to_string(), "includeTurns": true});
    assert_eq!(
        wire.error("thread/read", read(1)).await,
        error(
            -32603,
            "failed to read thread: thread-store internal error: failed to read session metadata /h/r.jsonl: thread-store internal error: failed to read session metadata /h/r.jsonl: rollout at /h/r.jsonl does not start with session metadata"
        )
    );
    assert_eq!(
        wire.error("thread/read", read(2)).await,
        error(
            -32600,
            "the answer would exceed 268435456 bytes; page with thread/turns/list instead"
        )
    );
    assert_eq!(
        wire.error("thread/read", read(3)).await,
        error(
            -32603,
            "failed to read thread: thread-store internal error: a store task stopped before it answered"
        )
    );
}

#[tokio::test]
async fn turns_are_paged_by_position_or_by_turn() {
    let thread = id(1).to_string();
    let store = FakeStore::new(Script {
        turns: vec![turn(2), turn(1)],
        has_more: true,
        ..Script::default()
    });
    let mut wire = open(&store, View::Full).await;
    let page = wire.result("thread/turns/list", json!({"threadId": thread})).await;
    let cursor = |ordinal, include| {
        format!(
            r#"{{"requestedThreadId":"{thread}","rolloutOrdinal":{ordinal},"includeAnchor":{include},"scope":{{"kind":"turns"}}}}"#
        )
    };
    assert_eq!(page["nextCursor"], cursor(10, false));
    assert_eq!(page["backwardsCursor"], cursor(20, true));
    wire.result(
        "thread/turns/list",
        json!({"threadId": thread, "cursor": cursor(10, false), "sortDirection": "asc"}),
    )
    .await;
    let place = Position {
        ordinal: 10,
        offset: None,
        unambiguous: true,
    };
    let query = store.turn_queries.lock().expect("unlocked").remove(1);
    assert_eq!(query.anchor, Some(Anchor::Excluding(TurnAnchor::Position(place))));
    assert_eq!(query.direction, Direction::Ascending);

    let legacy = FakeStore::new(Script {
        turns: vec![turn(2)],
        legacy: true,
        has_more: true,
        ..Script::default()
    });
    let mut wire = open(&legacy, View::Full).await;
    let page = wire.result("thread/turns/list", json!({"threadId": thread})).await;
    assert_eq!(page["nextCursor"], r#"{"turnId":"turn-2","includeAnchor":false}"#);
    let params = json!({"threadId": thread, "cursor": page["backwardsCursor"]});
    wire.result("thread/turns/list", params).await;
    let query = legacy.turn_queries.lock().expect("unlocked").remove(1);
    assert_eq!(
        query.anchor,
        Some(Anchor::Including(TurnAnchor::Turn("turn-2".to_owned())))
    );
}

#[tokio::test]
async fn cursors_of_other_threads_and_lists_are_refused() {
    let thread = id(1).to_string();
    let mut wire = wire(Script::default(), View::Full).await;
    let cursor = |thread: &str, kind: &str| {
        format!(
            r#"{{"requestedThreadId":"{thread}","rolloutOrdinal":9,"includeAnchor":false,"scope":{{"kind":"{kind}"}}}}"#
        )
    };
    let other = id(2).to_string();
    for (method, raw) in [
        ("thread/turns/list", cursor(&thread, "itemsByCreatedAtOrdinal")),
        ("thread/turns/list", cursor(&other, "turns")),
        ("thread/turns/list", String::new()),
        ("thread/items/list", cursor(&thread, "turns")),
        ("thread/items/list", cursor(&other, "itemsByCreatedAtOrdinal")),
        ("thread/items/list", "garbage".to_owned()),
    ] {
        let refused = wire.error(method, json!({"threadId": thread, "cursor": raw})).await;
        assert_eq!(refused, (-32600, format!("invalid cursor: {raw}")), "{method}");
    }
    let refused = wire
        .error("thread/timeline/list", json!({"threadId": thread, "cursor": "zz"}))
        .await;
    assert_eq!(refused, error(-32600, "invalid thread timeline cursor"));
    let term = format!(r#"{{"threadId":"{thread}","searchTerm":"a","nextRolloutOrdinal":1,"nextOccurrenceIndex":0}}"#);
    let params = json!({"threadId": thread, "searchTerm": "b", "cursor": term});
    let refused = wire.error("thread/searchOccurrences", params).await;
    assert_eq!(refused, (-32600, format!("invalid cursor: {term}")));
}

#[tokio::test]
async fn an_ambiguous_place_carries_its_offset_in_the_cursor_and_back() {
    let thread = id(1).to_string();
    let mut item = user_item(9);
    item.position = Position {
        ordinal: 9,
        offset: Some(4_711),
        unambiguous: false,
    };
    let store = FakeStore::new(Script {
        items: vec![item],
        has_more: true,
        ..Script::default()
    });
    let mut wire = open(&store, View::Full).await;
    let page = wire.result("thread/items/list", json!({"threadId": thread})).await;
    let next = page["nextCursor"].as_str().expect("more rows").to_owned();
    assert!(next.ends_with(r#","offset":4711}"#), "{next}");
    wire.result("thread/items/list", json!({"threadId": thread, "cursor": next}))
        .await;
    let place = Position {
        ordinal: 9,
        offset: Some(4_711),
        unambiguous: false,
    };
    let query = store.item_queries.lock().expect("unlocked").remove(1);
    assert_eq!(query.anchor, Some(Anchor::Excluding(ItemAnchor::Position(place))));
}

#[tokio::test]
async fn items_carry_their_times_inside_and_beside() {
    let script = Script {
        items: vec![user_item(3), agent_item(4)],
        ..Script::default()
    };
    let mut wire = wire(script, View::Full).await;
    let page = wire
        .result("thread/items/list", json!({"threadId": id(1).to_string()}))
        .await;
    insta::assert_json_snapshot!(page);
}

#[tokio::test]
async fn item_anchors_need_a_turn_and_exclude_the_item() {
    let thread = id(1).to_string();
    let store = FakeStore::new(Script::default());
    let mut wire = open(&store, View::Full).await;
    let anchor = json!({"type": "item", "itemId": "rs_0"});
    for turn in [Value::Null, json!("")] {
        let params = json!({"threadId": "not checked first", "turnId": turn, "cursor": anchor});
        let refused = wire.error("thread/items/list", params).await;
        assert_eq!(
            refused,
            error(-32602, "turnId is required when cursor is an item anchor")
        );
    }
    wire.result(
        "thread/items/list",
        json!({"threadId": thread, "turnId": "t", "cursor": anchor}),
    )
    .await;
    let query = store.item_queries.lock().expect("unlocked").remove(0);
    assert_eq!(
        query.anchor,
        Some(Anchor::Excluding(ItemAnchor::Item("rs_0".to_owned())))
    );
    assert_eq!(query.turn_id.as_deref(), Some("t"));
}

/// A command item out of its wire form.
fn command(number: u64, status: CommandExecutionStatus, output: &str) -> codex_thread_store::ItemEntry {
    let item = json!({
        "type": "commandExecution", "id": format!("call_{number}"), "command": "ls", "cwd": "/x", "source": "agent",
        "status": status, "commandActions": [], "aggregatedOutput": output, "exitCode": 0, "durationMs": 1,
    });
    let item: ThreadItem = serde_json::from_str(&item.to_string()).expect("an item");
    entry(number, item)
}

#[tokio::test]
async fn outputs_are_left_out_only_of_successful_commands_and_only_with_a_turn() {
    let items = vec![
        command(1, CommandExecutionStatus::Completed, "out"),
        command(2, CommandExecutionStatus::Completed, ""),
        command(3, CommandExecutionStatus::Failed, "out"),
    ];
    let mut wire = wire(
        Script {
            items,
            ..Script::default()
        },
        View::Full,
    )
    .await;
    let mut deferred = async |params: Value| {
        let mut params = params;
        params["threadId"] = json!(id(1).to_string());
        let page = wire.result("thread/items/list", params).await;
        let flag = |entry: &Value| {
            assert_eq!(
                entry["outputDeferred"] == true,
                entry["item"]["aggregatedOutput"].is_null()
            );
            entry.get("outputDeferred").cloned()
        };
        page["data"]
            .as_array()
            .expect("a list")
            .iter()
            .map(flag)
            .collect::<Vec<_>>()
    };
    let yes = Some(json!(true));
    let commands = json!({"commandExecution": true});
    assert_eq!(
        deferred(json!({"turnId": "t", "deferOutput": commands})).await,
        [yes, None, None]
    );
    assert_eq!(
        deferred(json!({"turnId": "t", "deferOutput": {}})).await,
        [None, None, None]
    );
    assert_eq!(
        deferred(json!({"turnId": "", "deferOutput": commands})).await,
        [None, None, None]
    );
    assert_eq!(deferred(json!({"deferOutput": commands})).await, [None, None, None]);
}

#[tokio::test]
async fn plain_texts_of_mcp_calls_are_left_out() {
    let call = |content: Value, structured: Value| {
        let item = json!({
            "type": "mcpToolCall", "id": "m", "server": "s", "tool": "t", "status": "completed", "arguments": {},
            "result": {"content": content, "structuredContent": structured, "_meta": null},
        });
        entry(1, serde_json::from_str(&item.to_string()).expect("an item"))
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    let items = vec![
        call(json!([text("a"), text("b")]), Value::Null),
        call(json!([text("")]), Value::Null),
        call(json!([text("a"), {"type": "image", "data": "x"}]), Value::Null),
        call(json!([text("a")]), json!({"x": 1})),
    ];
    let mut wire = wire(
        Script {
            items,
            ..Script::default()
        },
        View::Full,
    )
    .await;
    let params = json!({"threadId": id(1).to_string(), "turnId": "t", "deferOutput": {"mcpToolCall": true}});
    let page = wire.result("thread/items/list", params).await;
    let kept: Vec<bool> = page["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| !entry["item"]["result"].is_null())
        .collect();
    assert_eq!(kept, [false, true, true, true]);
}

#[tokio::test]
async fn one_to_a_hundred_items_are_read_by_id() {
    let script = Script {
        items: vec![user_item(3)],
        ..Script::default()
    };
    let mut wire = wire(script, View::Full).await;
    let read = |count: usize| json!({"threadId": id(1).to_string(), "turnId": "t", "itemIds": vec!["i"; count]});
    for count in [0, 101] {
        let refused = wire.error("thread/items/read", read(count)).await;
        assert_eq!(refused, error(-32600, "itemIds must contain 1 to 100 IDs"));
    }
    for count in [1, 100] {
        assert_eq!(
            wire.result("thread/items/read", read(count)).await["data"][0]["item"]["id"],
            "u3"
        );
    }
}

#[tokio::test]
async fn a_timeline_page_names_its_oldest_entry() {
    let thread = id(1).to_string();
    let turn_entry = TimelineEntry::TurnCompleted {
        position: at(12),
        turn: turn(1),
    };
    for (oldest, cursor) in [
        (
            TimelineEntry::TurnStarted {
                position: at(10),
                turn_id: "turn-1".to_owned(),
                started_at: Some(5),
            },
            format!(r#"{{"threadId":"{thread}","position":10,"kind":0,"id":"turn-1"}}"#),
        ),
        (
            TimelineEntry::Item(user_item(11)),
            format!(r#"{{"threadId":"{thread}","position":11,"kind":1,"id":"u11"}}"#),
        ),
        (
            turn_entry.clone(),
            format!(r#"{{"threadId":"{thread}","position":12,"kind":3,"id":"turn-1"}}"#),
        ),
    ] {
        let timeline = TimelinePage {
            entries: vec![oldest, turn_entry.clone()],
            has_more: true,
        };
        let store = FakeStore::new(Script {
            timeline: Some(timeline),
            ..Script::default()
        });
        let mut wire = open(&store, View::Full).await;
        let page = wire.result("thread/timeline/list", json!({"threadId": thread})).await;
        assert_eq!(page["nextCursor"], cursor);
        assert_eq!(page["activeRealtimeSessionAtPageStart"], Value::Null);
        wire.result("thread/timeline/list", json!({"threadId": thread, "cursor": cursor}))
            .await;
        let query = store.timeline_queries.lock().expect("unlocked").remove(1);
        assert!(query.before.is_some(), "the cursor is read back");
    }
}

#[tokio::test]
async fn timeline_entries_look_like_codexs() {
    let thread = id(1).to_string();
    let entries = vec![
        TimelineEntry::TurnStarted {
            position: at(10),
            turn_id: "turn-1".to_owned(),
            started_at: Some(5),
        },
        TimelineEntry::Item(agent_item(11)),
        TimelineEntry::TurnCompleted {
            position: at(12),
            turn: turn(1),
        },
    ];
    let timeline = Some(TimelinePage {
        entries,
        has_more: false,
    });
    let store = FakeStore::new(Script {
        timeline,
        ..Script::default()
    });
    let mut wire = open(&store, View::Codex).await;
    let raw = format!(r#"{{"threadId":"{thread}","position":13,"kind":2,"id":"x"}}"#);
    let page = wire
        .result("thread/timeline/list", json!({"threadId": thread, "cursor": raw}))
        .await;
    insta::assert_json_snapshot!(page);
    let place = Position {
        ordinal: 13,
        offset: None,
        unambiguous: true,
    };
    let query = store.timeline_queries.lock().expect("unlocked").remove(0);
    assert_eq!(
        query.before,
        Some(TimelineAnchor {
            position: place,
            kind: TimelineEntryKind::Realtime
        })
    );
}

#[tokio::test]
async fn archived_threads_have_no_timeline_in_the_exact_view() {
    for view in [View::Codex, View::Full] {
        let mut script = Script::default();
        script.reads.insert(
            id(1),
            Arc::new(|| {
                let mut archived = record(1);
                archived.archived = true;
                Ok(archived)
            }),
        );
        let mut wire = wire(script, view).await;
        let answer = wire
            .call("thread/timeline/list", json!({"threadId": id(1).to_string()}))
            .await;
        match view {
            View::Codex => assert_eq!(answer["error"]["message"], format!("thread {} is archived", id(1))),
            View::Full => assert_eq!(answer["result"]["data"], json!([])),
        }
    }
}

#[tokio::test]
async fn occurrences_lead_to_their_turns() {
    let thread = id(1).to_string();
    let found = Occurrence {
        turn_id: "turn-1".to_owned(),
        item_id: "u3".to_owned(),
        snippet: "a needle".to_owned(),
        match_start: 2,
        match_end: 8,
        turn_position: at(1),
    };
    for (history_mode, turn_cursor) in [
        (
            HistoryMode::Paginated,
            format!(
                r#"{{"requestedThreadId":"{thread}","rolloutOrdinal":1,"includeAnchor":true,"scope":{{"kind":"turns"}}}}"#
            ),
        ),
        (
            HistoryMode::Legacy,
            r#"{"turnId":"turn-1","includeAnchor":true}"#.to_owned(),
        ),
    ] {
        let next = Some(OccurrenceAnchor {
            position: at(3),
            index: 1,
        });
        let occurrences = Some(OccurrencePage {
            occurrences: vec![found.clone()],
            next,
            history_mode,
        });
        let store = FakeStore::new(Script {
            occurrences,
            ..Script::default()
        });
        let mut wire = open(&store, View::Full).await;
        let params = json!({"threadId": thread, "searchTerm": " needle"});
        let page = wire.result("thread/searchOccurrences", params).await;
        let cursor = format!(
            r#"{{"threadId":"{thread}","searchTerm":" needle","nextRolloutOrdinal":3,"nextOccurrenceIndex":1}}"#
        );
        let expected = json!({"data": [{
            "turnId": "turn-1", "itemId": "u3", "snippet": "a needle",
            "snippetMatchRange": {"start": 2, "end": 8}, "turnCursor": turn_cursor,
        }], "nextCursor": cursor});
        assert_eq!(page, expected);
        let params = json!({"threadId": thread, "searchTerm": " needle", "cursor": cursor});
        wire.result("thread/searchOccurrences", params).await;
        let query = store.occurrence_queries.lock().expect("unlocked").remove(1);
        assert_eq!(query.term, " needle", "not trimmed");
        assert_eq!(
            query.anchor.map(|anchor| (anchor.position.ordinal, anchor.index)),
            Some((3, 1))
        );
    }
}

#[tokio::test]
async fn blank_terms_are_refused_and_others_trimmed() {
    let store = FakeStore::new(Script::default());
    let mut wire = open(&store, View::Full).await;
    for term in ["", "  \n"] {
        let refused = wire
            .error("thread/search", json!({"searchTerm": term, "cursor": "zz"}))
            .await;
        assert_eq!(refused, error(-32600, "thread/search requires a non-empty searchTerm"));
        let params = json!({"threadId": id(1).to_string(), "searchTerm": term});
        let refused = wire.error("thread/searchOccurrences", params).await;
        assert_eq!(
            refused,
            error(-32600, "thread/searchOccurrences requires a non-empty searchTerm")
        );
    }
    let refused = wire
        .error("thread/search", json!({"searchTerm": "x", "cursor": "zz"}))
        .await;
    assert_eq!(refused, error(-32600, "invalid cursor: zz"));
    wire.result(
        "thread/search",
        json!({"searchTerm": "  a b ", "sortKey": "updated_at", "archived": true}),
    )
    .await;
    let query = store.searches.lock().expect("unlocked").remove(0);
    assert_eq!(
        (query.term.as_str(), query.sort, query.archived),
        ("a b", ListSort::UpdatedAt, ArchivedFilter::Archived)
    );
}

#[tokio::test]
async fn hits_are_threads_with_snippets() {
    let hits = vec![SearchHit {
        thread: record(2),
        snippet: "s".to_owned(),
    }];
    let script = Script {
        hits: Some(SearchPage { hits, has_more: true }),
        ..Script::default()
    };
    let mut wire = wire(script, View::Full).await;
    let page = wire.result("thread/search", json!({"searchTerm": "x"})).await;
    assert_eq!(page["data"][0]["thread"]["id"], id(2).to_string());
    assert_eq!(page["data"][0]["snippet"], "s");
    assert_eq!(page["nextCursor"], format!("2026-09-21T14:15:20Z|{}", id(2)));
    assert_eq!(page["backwardsCursor"], "2026-09-21T14:15:19.999Z");
}

#[tokio::test]
async fn summaries_are_found_by_thread_and_by_path() {
    let mut wire = wire(Script::default(), View::Full).await;
    let summary = wire
        .result("getConversationSummary", json!({"rolloutPath": "sessions/known.jsonl"}))
        .await;
    insta::assert_json_snapshot!(summary);
    let by_thread = wire
        .result("getConversationSummary", json!({"conversationId": id(7).to_string()}))
        .await;
    assert_eq!(by_thread["summary"]["conversationId"], id(7).to_string());
    for (path, shown) in [("/nope", "/nope"), ("rel/x.jsonl", "/home/ada/.codex/rel/x.jsonl")] {
        let refused = wire.error("getConversationSummary", json!({"rolloutPath": path})).await;
        let message = format!("failed to resolve rollout path `{shown}`: file does not exist");
        assert_eq!(refused, (-32600, message));
    }
}

#[tokio::test]
async fn the_state_of_an_index_is_shown() {
    let mut wire = wire(Script::default(), View::Full).await;
    let state = wire
        .result("thread/indexState", json!({"threadId": id(1).to_string()}))
        .await;
    let expected = json!({"projectedOffset": 10, "fileBytes": 10, "lagBytes": 0, "state": "current", "damage": []});
    assert_eq!(state, expected);
}
