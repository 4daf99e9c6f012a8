//! `history/search` on the wire: what the store is asked, what becomes of its answer, places of faults, cursors that jump.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_test_support::demo;
use codex_thread_store::query::{FieldKind, Typing, parse};
use codex_thread_store::{
    HistoryAnchor, HistoryFacets, HistoryHit, HistoryIncomplete, HistoryKey, HistoryOrder, HistoryPage, HistoryQuery,
    HistoryThread, HitItem, LocalStore, LocalStoreOptions, View,
};
use serde_json::{Value, json};
use support::{FakeStore, Script, Wire, at, id, record};

/// What the servers of these tests take for the present.
const NOW_MS: i64 = 1_790_000_000_123;
const METHOD: &str = "history/search";

fn page() -> HistoryPage {
    let hit = HistoryHit {
        kind: FieldKind::Output,
        item: Some(HitItem {
            turn_id: "turn-1".to_owned(),
            item_id: "item-1".to_owned(),
            position: at(12),
            turn_position: Some(at(10)),
        }),
        score: 1.5,
        snippet: "a needle".to_owned(),
        highlights: vec![(2, 8)],
        match_range: (102, 108),
        time_ms: 1_790_000_000_999,
    };
    let name = HistoryHit {
        kind: FieldKind::Name,
        item: None,
        ..hit.clone()
    };
    HistoryPage {
        threads: vec![HistoryThread {
            thread: record(1),
            score: 2.5,
            matched: 7,
            hits: vec![hit, name],
        }],
        next: Some(HistoryAnchor {
            as_of_ms: 5_000_000_000,
            key: HistoryKey::Score(0.1 + 0.2),
            thread_id: id(1),
        }),
        thread_count: 3,
        hit_count: 9,
        facets: Some(HistoryFacets {
            projects: vec![("/home/ada".to_owned(), 9)],
            kinds: vec![(FieldKind::Output, 8), (FieldKind::Name, 1)],
            months: vec![("2026-09".to_owned(), 9)],
        }),
        incomplete: Some(HistoryIncomplete::Time { limit_ms: 2_000 }),
    }
}

async fn scripted(view: View) -> (Arc<FakeStore>, Wire) {
    let store = FakeStore::new(Script {
        history: Some(page()),
        ..Script::default()
    });
    let wire = Wire::initialized(support::server(Arc::clone(&store) as _, view), false).await;
    (store, wire)
}

fn asked(store: &FakeStore) -> Vec<HistoryQuery> {
    store.history_queries.lock().expect("not poisoned").clone()
}

#[tokio::test]
async fn the_answer_is_converted_with_cursors_that_jump() {
    let (_, mut wire) = scripted(View::Full).await;
    let answer = wire.result(METHOD, json!({"query": "needle"})).await;
    let found = &answer["data"][0];
    assert_eq!(
        (&found["thread"]["id"], &found["matched"]),
        (&json!(id(1).to_string()), &json!(7))
    );
    assert_eq!((&found["thread"]["turns"], &found["score"]), (&json!([]), &json!(2.5)));
    let thread_id = id(1).to_string();
    let hit = json!({
        "kind": "output", "score": 1.5, "snippet": "a needle", "highlights": [{"start": 2, "end": 8}],
        "matchRange": {"start": 102, "end": 108}, "at": 1_790_000_000,
        "place": {
            "turnId": "turn-1", "itemId": "item-1",
            "turnCursor": format!(
                r#"{{"requestedThreadId":"{thread_id}","rolloutOrdinal":10,"includeAnchor":true,"scope":{{"kind":"turns"}}}}"#
            ),
            "itemCursor": format!(
                r#"{{"requestedThreadId":"{thread_id}","rolloutOrdinal":12,"includeAnchor":true,"scope":{{"kind":"itemsByCreatedAtOrdinal"}}}}"#
            ),
        },
    });
    assert_eq!(found["hits"][0], hit);
    assert_eq!(
        (&found["hits"][1]["kind"], &found["hits"][1]["place"]),
        (&json!("name"), &Value::Null)
    );
    assert_eq!((&answer["threadCount"], &answer["hitCount"]), (&json!(3), &json!(9)));
    assert_eq!(answer["incomplete"], json!({"reason": "time", "limit": 2_000}));
    let facets = json!({
        "projects": [{"value": "/home/ada", "count": 9}],
        "kinds": [{"value": "output", "count": 8}, {"value": "name", "count": 1}],
        "months": [{"value": "2026-09", "count": 9}],
    });
    assert_eq!(answer["facets"], facets);
}

#[tokio::test]
async fn the_store_is_asked_what_the_client_asks() {
    let (store, mut wire) = scripted(View::Codex).await;
    wire.result(METHOD, json!({"query": "in:plan need", "typing": true}))
        .await;
    let everything = json!({"query": "", "order": "newest", "limit": 1_000, "hitsPerThread": 1_000, "facets": true});
    wire.result(METHOD, everything).await;
    wire.result(METHOD, json!({"query": "a", "limit": 0, "hitsPerThread": 0}))
        .await;
    let expected = |text: &str, typing, order, (limit, hits_per_thread), facets| HistoryQuery {
        query: parse(text, NOW_MS, typing).expect("a query"),
        order,
        limit,
        hits_per_thread,
        anchor: None,
        facets,
    };
    let ranked = HistoryOrder::Ranked;
    assert_eq!(
        asked(&store),
        [
            expected("in:plan need", Typing::GoesOn, ranked, (25, 3), false),
            expected("", Typing::Done, HistoryOrder::Newest, (100, 50), true),
            expected("a", Typing::Done, ranked, (1, 1), false),
        ]
    );
}

#[tokio::test]
async fn a_cursor_goes_on_with_the_same_question_and_its_present_only() {
    let (store, mut wire) = scripted(View::Full).await;
    let first = wire.result(METHOD, json!({"query": "a after:7d"})).await;
    let cursor = first["nextCursor"].clone();
    wire.result(METHOD, json!({"query": "a after:7d", "cursor": cursor}))
        .await;
    let queries = asked(&store);
    assert_eq!(queries[1].anchor, page().next);
    let week_ms = 7 * 24 * 3_600_000;
    assert_eq!(queries[0].query.filters.after_ms, Some(NOW_MS - week_ms));
    assert_eq!(queries[1].query.filters.after_ms, Some(5_000_000_000 - week_ms));
    let text = cursor.as_str().expect("a cursor").to_owned();
    let refused = (-32600, format!("invalid cursor: {text}"));
    for params in [
        json!({"query": "b after:7d", "cursor": text}),
        json!({"query": "a after:7d", "cursor": text, "order": "newest"}),
        json!({"query": "a after:7d", "cursor": text, "typing": true}),
    ] {
        assert_eq!(wire.error(METHOD, params.clone()).await, refused, "{params}");
    }
    let broken = text.replace("score\":\"3", "score\":\"7ff8");
    for other in [broken.as_str(), "", "zz", "{}", "2026-09-21T14:30:20Z"] {
        let params = json!({"query": "a after:7d", "cursor": other});
        assert_eq!(
            wire.error(METHOD, params).await,
            (-32600, format!("invalid cursor: {other}"))
        );
    }
    assert_eq!(asked(&store).len(), 2, "the store hears of no such cursor");
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_with_its_place() {
    let (store, mut wire) = scripted(View::Full).await;
    let answer = wire.call(METHOD, json!({"query": "é😀 \"open"})).await;
    let error = &answer["error"];
    let message = "query, at character 4: this \" is never closed: add another \", or put the term between the other sort \
                   of quotes";
    assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!(message)));
    let data = json!({
        "reason": "invalidQuery",
        "start": {"byte": 7, "character": 3, "utf16": 4},
        "end": {"byte": 8, "character": 4, "utf16": 5},
    });
    assert_eq!(error["data"], data);
    wire.result(METHOD, json!({"query": "é😀 \"open", "typing": true}))
        .await;
    let (code, text) = wire.error(METHOD, json!({"query": "x".repeat(10 << 10)})).await;
    assert_eq!(code, -32602);
    assert!(
        text.starts_with("query, at character 1: the term is longer than 4096 bytes"),
        "{text}"
    );
    let (_, text) = wire.error(METHOD, json!({})).await;
    assert!(text.contains("missing field `query`"), "{text}");
    assert_eq!(asked(&store).len(), 1);
}

#[tokio::test]
async fn hits_of_a_real_home_can_be_jumped_to() {
    let home = tempfile::tempdir().expect("a temporary folder");
    demo::demo_home(home.path()).expect("writable");
    let store = LocalStore::open(LocalStoreOptions::new(home.path())).expect("a home");
    let mut wire = Wire::initialized(support::server(store, View::Full), false).await;
    // Said in paginated and in legacy threads.
    for query in [
        "cargo test",
        "in:output windows_line_ends",
        "path:front_matter.rs",
        "-cargo in:message note",
    ] {
        let answer = wire.result(METHOD, json!({"query": query, "hitsPerThread": 50})).await;
        let threads = answer["data"].as_array().expect("threads");
        assert!(!threads.is_empty(), "{query}");
        for found in threads {
            let thread_id = &found["thread"]["id"];
            for hit in found["hits"].as_array().expect("hits") {
                let place = &hit["place"];
                if place.is_null() {
                    continue;
                }
                let jump = |cursor: &str| json!({"threadId": thread_id, "cursor": place[cursor], "limit": 1, "sortDirection": "asc"});
                let items = wire.result("thread/items/list", jump("itemCursor")).await;
                assert_eq!(items["data"][0]["item"]["id"], place["itemId"], "{query}: {hit}");
                if place["turnCursor"].is_string() {
                    let turns = wire.result("thread/turns/list", jump("turnCursor")).await;
                    assert_eq!(turns["data"][0]["id"], place["turnId"], "{query}: {hit}");
                }
            }
        }
    }
}
