//! Promises about pages of items, and items by name.
//!
//! Both directions, within a turn or a thread, from every anchor; snapshots and times.

use codex_protocol::item::ThreadItem;
use serde_json::json;

use super::fixture::{StoreFixture, append, item_query, item_texts, put_all, text_of, walk_items};
use super::log::{Log, thread};
use crate::error::{StoreError, StoreErrorKind};
use crate::store::ThreadStore;
use crate::types::{Anchor, Direction, ItemAnchor, ItemEntry, ItemPageQuery, Position, TimelineQuery, View};

fn two_turns(mut log: Log) -> Log {
    log.start("t1")
        .user("t1", "u1", "q1")
        .agent("t1", "a1", "one")
        .agent("t1", "a2", "two")
        .complete("t1");
    log.start("t2")
        .user("t2", "u2", "q2")
        .agent("t2", "a3", "three")
        .complete("t2");
    log
}

fn texts(items: &[ItemEntry]) -> Vec<String> {
    items.iter().map(|entry| text_of(&entry.item.item)).collect()
}

async fn page(store: &dyn ThreadStore, query: &ItemPageQuery, anchor: Anchor<ItemAnchor>) -> Vec<ItemEntry> {
    let query = ItemPageQuery {
        anchor: Some(anchor),
        ..query.clone()
    };
    store.list_items(query).await.expect("a page").items
}

/// Pages of any size hold every item once, in both directions, in a turn and across turns.
pub async fn item_pages_hold_every_item_once(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&two_turns(Log::paginated(1)), &two_turns(Log::legacy(2))]).await;
    let store = fixture.store();
    for n in [1, 2] {
        for (turn, expected) in [
            (None, &["q1", "one", "two", "q2", "three"][..]),
            (Some("t1"), &["q1", "one", "two"]),
        ] {
            for limit in 1..=6 {
                for direction in [Direction::Ascending, Direction::Descending] {
                    let mut query = item_query(thread(n), direction, limit);
                    query.turn_id = turn.map(str::to_owned);
                    let mut items = walk_items(&*store, query).await;
                    if direction == Direction::Descending {
                        items.reverse();
                    }
                    assert_eq!(
                        texts(&items),
                        expected,
                        "thread {n}, turn {turn:?}, {direction:?} by {limit}"
                    );
                }
            }
        }
    }
}

/// A page starts at or right behind any item, by position, by bare ordinal, or by id within a turn.
pub async fn item_pages_start_at_every_anchor(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&two_turns(Log::paginated(1)), &two_turns(Log::legacy(2))]).await;
    let store = fixture.store();
    for n in [1, 2] {
        for turn in [None, Some("t1".to_owned())] {
            let ask = |direction| ItemPageQuery {
                turn_id: turn.clone(),
                ..item_query(thread(n), direction, 100)
            };
            let all = walk_items(&*store, ask(Direction::Ascending)).await;
            for (at, entry) in all.iter().enumerate() {
                let bare = Position {
                    offset: None,
                    ..entry.position
                };
                let mut anchors = vec![ItemAnchor::Position(entry.position), ItemAnchor::Position(bare)];
                if turn.is_some() {
                    anchors.push(ItemAnchor::Item(entry.item.item.id().to_owned()));
                }
                for anchor in anchors {
                    let on = ask(Direction::Ascending);
                    assert_eq!(page(&*store, &on, Anchor::Including(anchor.clone())).await, all[at..]);
                    assert_eq!(
                        page(&*store, &on, Anchor::Excluding(anchor.clone())).await,
                        all[at + 1..]
                    );
                    let mut back = page(&*store, &ask(Direction::Descending), Anchor::Excluding(anchor)).await;
                    back.reverse();
                    assert_eq!(back, all[..at]);
                }
            }
        }
    }
}

/// Unknown turns have no items; an unknown item, or one of another turn, is no anchor.
pub async fn unknown_turns_and_items_are_told_apart(fixture: &dyn StoreFixture) {
    fixture.put(&two_turns(Log::paginated(1)).file()).await;
    let store = fixture.store();
    let ask = |turn: Option<&str>, anchor: Option<&str>| ItemPageQuery {
        turn_id: turn.map(str::to_owned),
        anchor: anchor.map(|id| Anchor::Excluding(ItemAnchor::Item(id.to_owned()))),
        ..item_query(thread(1), Direction::Ascending, 100)
    };
    for turn in ["nobody", ""] {
        let page = store.list_items(ask(Some(turn), None)).await.expect("an empty page");
        assert_eq!((page.items.len(), page.has_more), (0, false));
    }
    for (turn, item) in [
        (Some("t1"), "nobody"),
        (Some("t1"), "u2"),
        (Some("nobody"), "u1"),
        (None, "u1"),
    ] {
        let error = store
            .list_items(ask(turn, Some(item)))
            .await
            .expect_err("no such anchor");
        assert!(
            matches!(error, StoreError::AnchorItemMissing),
            "{turn:?} {item}: {error:?}"
        );
    }
}

/// Named items come in stored order, each once; unknown ids and items of other turns are absent.
pub async fn named_items_come_in_stored_order(fixture: &dyn StoreFixture) {
    fixture.put(&two_turns(Log::paginated(1)).file()).await;
    let store = fixture.store();
    let ids = ["a2", "u1", "nobody", "a2", "u2"].map(str::to_owned);
    let items = store
        .read_items(thread(1), "t1", &ids, View::Full)
        .await
        .expect("items");
    assert_eq!(texts(&items), ["q1", "two"]);
    assert_eq!(items[0].turn_id, "t1");
    assert_eq!(
        store
            .read_items(thread(1), "nobody", &ids, View::Full)
            .await
            .expect("no items"),
        []
    );
}

/// A later snapshot replaces an item where it is; the first times win, and zero means unknown.
pub async fn snapshots_replace_items_in_place(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u1", "question");
    let snapshot = |text: &str, started: u64, completed: u64| {
        json!({ "type": "item_completed", "thread_id": thread(1).to_string(), "turn_id": "t1",
                "started_at_ms": started, "completed_at_ms": completed,
                "item": { "type": "AgentMessage", "id": "a1", "content": [{ "type": "Text", "text": text }] } })
    };
    log.event(snapshot("draft", 5_000, 0)).agent("t1", "a2", "in between");
    fixture.put(&log.file()).await;
    let before = walk_items(&*fixture.store(), item_query(thread(1), Direction::Ascending, 9)).await;
    assert_eq!(
        (before[1].item.started_at_ms, before[1].item.completed_at_ms),
        (Some(5_000), None)
    );
    append(fixture, &mut log, |log| {
        log.event(snapshot("final", 6_000, 7_000))
            .event(snapshot("final", 6_500, 8_000));
    })
    .await;
    let after = walk_items(&*fixture.store(), item_query(thread(1), Direction::Ascending, 9)).await;
    assert_eq!(texts(&after), ["question", "final", "in between"]);
    assert_eq!(after[1].position, before[1].position);
    assert_eq!(
        (after[1].item.started_at_ms, after[1].item.completed_at_ms),
        (Some(5_000), Some(7_000))
    );
}

/// An item of a turn that was never recorded is listed, but in no turn.
pub async fn items_without_a_turn_are_listed(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.user("injected", "u0", "put in by a client")
        .turn("t1", "hello", "hi");
    fixture.put(&log.file()).await;
    assert_eq!(
        item_texts(&*fixture.store(), thread(1)).await,
        ["put in by a client", "hello", "hi"]
    );
    let turns = super::fixture::turns(&*fixture.store(), thread(1)).await;
    assert_eq!(super::fixture::turn_texts(&turns), ["hello", "hi"]);
}

/// One item id in two turns means two items.
pub async fn item_ids_belong_to_their_turn(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "same", "in the first").complete("t1");
    log.start("t2").user("t2", "same", "in the second").complete("t2");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    assert_eq!(item_texts(&*store, thread(1)).await, ["in the first", "in the second"]);
    for (turn, text) in [("t1", "in the first"), ("t2", "in the second")] {
        let items = store
            .read_items(thread(1), turn, &["same".to_owned()], View::Full)
            .await
            .expect("an item");
        assert_eq!(texts(&items), [text]);
    }
}

/// The exact view offers item methods for paginated threads only; the full view for all.
pub async fn the_exact_view_has_no_items_of_legacy_threads(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&two_turns(Log::paginated(1)), &two_turns(Log::legacy(2))]).await;
    let store = fixture.store();
    let query = |n: u32| ItemPageQuery {
        view: View::Codex,
        ..item_query(thread(n), Direction::Ascending, 9)
    };
    assert_eq!(store.list_items(query(1)).await.expect("a page").items.len(), 5);
    let errors = [
        store.list_items(query(2)).await.expect_err("legacy"),
        store
            .read_items(thread(2), "t1", &["item-1".to_owned()], View::Codex)
            .await
            .expect_err("legacy"),
        store
            .list_timeline(TimelineQuery {
                thread_id: thread(2),
                view: View::Codex,
                before: None,
                limit: 9,
            })
            .await
            .expect_err("legacy"),
    ];
    for error in errors {
        assert_eq!(error.kind(), StoreErrorKind::Unsupported, "{error:?}");
    }
}

/// Reasoning events that follow each other are one legacy item; anything between them starts another.
pub async fn legacy_reasoning_is_joined(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    let thought = |text: &str| json!({ "type": "agent_reasoning", "text": text });
    let raw = |text: &str| json!({ "type": "agent_reasoning_raw_content", "text": text });
    log.start("t1")
        .event(thought("one"))
        .event(raw("raw"))
        .event(thought("two"))
        .agent("", "", "said");
    log.event(thought("three")).complete("t1");
    fixture.put(&log.file()).await;
    let items = walk_items(&*fixture.store(), item_query(thread(1), Direction::Ascending, 9)).await;
    let parts: Vec<_> = items
        .iter()
        .filter_map(|entry| match &entry.item.item {
            ThreadItem::Reasoning(reasoning) => Some((reasoning.summary.clone(), reasoning.content.clone())),
            _ => None,
        })
        .collect();
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        parts,
        [
            (owned(&["one", "two"]), owned(&["raw"])),
            (owned(&["three"]), owned(&[]))
        ]
    );
}
