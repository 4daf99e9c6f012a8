//! The limits of reading, lowered: long lines, large items, large pages, and what all readers together may keep in memory.
//!
//! Bytes are counted, never time.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "../support/mod.rs"]
mod support;

mod lists;
mod pages;

use std::sync::Arc;

use codex_protocol::item::ThreadItem;
use codex_test_support::RolloutBuilder;
use codex_thread_store::{
    AnswerRoom, ArchivedFilter, DamageKind, Direction, ItemPageQuery, ItemsView, ListSort, LocalStore,
    LocalStoreOptions, OccurrenceQuery, SearchQuery, StoreError, ThreadReadQuery, ThreadStore, TimelineAnchor,
    TimelineEntry, TimelineEntryKind, TimelineQuery, TurnPageQuery, View,
};

use support::LocalHome;

const THREAD: &str = "019cb354-0000-7000-8000-000000000001";
const LEGACY: &str = "019cb354-0000-7000-8000-000000000002";

fn open(home: &LocalHome, change: impl FnOnce(&mut LocalStoreOptions)) -> Arc<LocalStore> {
    let mut options = home.options();
    options.index_dir = Some(home.path().join("lowered"));
    change(&mut options);
    LocalStore::open(options).expect("a home")
}

fn items(thread: &str, view: View, limit: usize) -> ItemPageQuery {
    ItemPageQuery {
        thread_id: thread.parse().expect("id"),
        view,
        turn_id: None,
        anchor: None,
        limit,
        direction: Direction::Ascending,
    }
}

fn turns(thread: &str) -> TurnPageQuery {
    TurnPageQuery {
        thread_id: thread.parse().expect("id"),
        view: View::Full,
        anchor: None,
        limit: 10,
        direction: Direction::Ascending,
        items_view: ItemsView::Full,
    }
}

fn text_of(item: &ThreadItem) -> Option<&str> {
    match item {
        ThreadItem::AgentMessage(message) => Some(&message.text),
        _ => None,
    }
}

/// A question and a long answer, in one turn; in both modes.
fn write(home: &LocalHome, question: &str, answer: &str) {
    for mut rollout in [RolloutBuilder::paginated(THREAD), RolloutBuilder::legacy(LEGACY)] {
        rollout
            .start_turn()
            .user(question)
            .agent(answer)
            .agent("behind")
            .complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
}

async fn answers(store: &LocalStore, thread: &str, view: View) -> Vec<String> {
    let page = store.list_items(items(thread, view, 100)).await.expect("items");
    let texts = page.items.iter().filter_map(|entry| text_of(&entry.item.item));
    texts.map(str::to_owned).collect()
}

/// Writes a thread and returns the length of the line of its longest item.
fn longest_line(home: &LocalHome) -> u64 {
    let mut rollout = RolloutBuilder::paginated(THREAD);
    rollout.start_turn().user("before").agent(&"x".repeat(50_000));
    let file = rollout.file();
    file.write_to(home.path()).expect("writable");
    let bytes = std::fs::read(home.path().join(&file.relative_path)).expect("file");
    let lines = bytes.split(|byte| *byte == b'\n');
    let items = lines.filter(|line| line.windows(14).any(|part| part == b"item_completed"));
    items.map(<[u8]>::len).max().expect("items") as u64
}

#[tokio::test]
async fn an_item_at_the_limit_is_answered_whole_and_a_larger_one_with_its_texts_cut() {
    let home = LocalHome::new();
    let line_bytes = longest_line(&home);
    for (max_item_bytes, is_whole) in [(line_bytes, true), (line_bytes - 1, false)] {
        let store = open(&home, |options| options.limits.max_item_bytes = max_item_bytes);
        for view in [View::Full, View::Codex] {
            let texts = answers(&store, THREAD, view).await;
            assert_eq!(texts[0].len() == 50_000, is_whole);
            assert_eq!(
                texts[0].contains(&format!("whole line of {line_bytes} bytes at byte ")),
                !is_whole
            );
            assert!((texts[0].len() as u64) < line_bytes);
        }
    }
}

#[tokio::test]
async fn every_method_answers_a_large_item_cut_in_both_modes_and_search_finds_what_is_left_out() {
    let home = LocalHome::new();
    let long = format!("{} needle {}", "a".repeat(200_000), "b".repeat(200_000));
    write(&home, &long, &long);
    let store = open(&home, |options| options.limits.max_item_bytes = 20_000);
    for thread in [THREAD, LEGACY] {
        let thread_id = thread.parse().expect("id");
        let mut shown = vec![answers(&store, thread, View::Full).await];
        let page = store.list_turns(turns(thread)).await.expect("turns");
        let query = ThreadReadQuery {
            thread_id,
            view: View::Full,
            turns: Some(ItemsView::Full),
        };
        let read = store.read_thread(query).await.expect("thread").turns;
        for turns in [&page.turns, &read] {
            let texts = turns[0].items.iter().filter_map(|item| text_of(&item.item));
            shown.push(texts.map(str::to_owned).collect());
        }
        let query = TimelineQuery {
            thread_id,
            view: View::Full,
            before: None,
            limit: 100,
        };
        let entries = store.list_timeline(query).await.expect("timeline").entries;
        let texts = entries.iter().filter_map(|entry| match entry {
            TimelineEntry::Item(entry) => text_of(&entry.item.item),
            TimelineEntry::TurnStarted { .. } | TimelineEntry::TurnCompleted { .. } => None,
        });
        shown.push(texts.map(str::to_owned).collect());
        for texts in shown {
            assert_eq!((texts.len(), texts[1].as_str()), (2, "behind"));
            assert!(
                texts[0].len() <= 20_000 && texts[0].len() > 15_000,
                "{}",
                texts[0].len()
            );
            assert!(texts[0].starts_with("aaa") && texts[0].ends_with("bbb") && texts[0].contains("bytes left out"));
        }
    }
    let query = OccurrenceQuery {
        thread_id: LEGACY.parse().expect("id"),
        view: View::Full,
        term: "needle".to_owned(),
        anchor: None,
        limit: 10,
    };
    let found = store
        .search()
        .expect("search")
        .search_occurrences(query)
        .await
        .expect("occurrences");
    assert_eq!(found.occurrences.len(), 1);
    assert_eq!(store.line_budget().in_use_bytes(), 0);
}

#[tokio::test]
async fn a_timeline_page_ends_at_its_bytes_and_the_next_one_goes_on() {
    let home = LocalHome::new();
    let mut rollout = RolloutBuilder::paginated(THREAD);
    for number in 0..6 {
        rollout
            .start_turn()
            .user("ask")
            .agent(&format!("{number} {}", "x".repeat(5_000)))
            .complete_turn();
    }
    rollout.file().write_to(home.path()).expect("writable");
    let thread_id = THREAD.parse().expect("id");
    let mut query = TimelineQuery {
        thread_id,
        view: View::Full,
        before: None,
        limit: 100,
    };
    let whole = home.store().list_timeline(query.clone()).await.expect("timeline");
    assert!(!whole.has_more);
    // Two of the long items fit, three do not; and where not even one fits, entries come one by one.
    for (max_page_bytes, fewest_pages) in [(12_000, 3), (1, 12)] {
        let store = open(&home, |options| options.limits.max_page_bytes = max_page_bytes);
        query.before = None;
        let mut pages = Vec::new();
        loop {
            let page = store.list_timeline(query.clone()).await.expect("timeline");
            let oldest = page.entries.first().expect("a page has an entry");
            let (position, kind) = match oldest {
                TimelineEntry::TurnStarted { position, .. } => (*position, TimelineEntryKind::TurnStarted),
                TimelineEntry::Item(item) => (item.position, TimelineEntryKind::Item),
                TimelineEntry::TurnCompleted { position, .. } => (*position, TimelineEntryKind::TurnCompleted),
            };
            query.before = Some(TimelineAnchor { position, kind });
            pages.push(page.entries);
            if !page.has_more {
                break;
            }
        }
        assert!(pages.len() >= fewest_pages, "{}", pages.len());
        let entries: Vec<TimelineEntry> = pages.into_iter().rev().flatten().collect();
        assert_eq!(entries, whole.entries);
    }
}

#[tokio::test]
async fn a_line_above_the_lowered_limit_is_damage_and_paged_past_and_one_at_the_limit_is_read() {
    let home = LocalHome::new();
    let line_bytes = longest_line(&home);
    for (max_line_bytes, damage) in [(line_bytes, 0), (line_bytes - 1, 1)] {
        let folder = format!("lowered-{max_line_bytes}");
        let store = open(&home, |options| {
            options.index_dir = Some(home.path().join(folder));
            options.limits.max_line_bytes = max_line_bytes;
        });
        let texts = answers(&store, THREAD, View::Full).await;
        assert_eq!(texts.len(), 1 - damage);
        let state = store.index_state(THREAD.parse().expect("id")).await.expect("state");
        let of_item = state.damage.iter().filter(|damage| damage.length == line_bytes);
        let found: Vec<_> = of_item.map(|damage| damage.kind).collect();
        assert_eq!(found, vec![DamageKind::Oversized; damage]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_readers_of_long_lines_keep_no_more_than_the_budget_in_all() {
    const BUDGET_BYTES: u64 = 16 << 20;
    let home = LocalHome::new();
    write(&home, "before", &"long \n".repeat(700_000));
    let store = open(&home, |options| {
        options.limits.max_line_buffer_bytes_in_use = BUDGET_BYTES
    });
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let thread = if number % 2 == 0 { THREAD } else { LEGACY };
            match number % 3 {
                0 => store.list_turns(turns(thread)).await.expect("turns").turns.len(),
                _ => store
                    .list_items(items(thread, View::Full, 1))
                    .await
                    .expect("items")
                    .items
                    .len(),
            }
        });
    }
    while let Some(rows) = tasks.join_next().await {
        assert_eq!(rows.expect("no panic"), 1);
    }
    let budget = store.line_budget();
    assert!(
        budget.peak_bytes() > 4 << 20,
        "{} bytes: lines were counted",
        budget.peak_bytes()
    );
    assert!(budget.peak_bytes() <= BUDGET_BYTES, "{} bytes", budget.peak_bytes());
    assert_eq!(budget.in_use_bytes(), 0);
}

#[tokio::test]
async fn an_answer_holds_its_memory_until_its_room_is_left() {
    let home = LocalHome::new();
    write(&home, "before", &"x".repeat(1 << 20));
    let store = home.store();
    let room = AnswerRoom::default();
    let page = room.around(store.list_turns(turns(THREAD))).await.expect("turns");
    assert_eq!(page.turns.len(), 1);
    assert!(room.bytes() > 2 << 20, "{}", room.bytes());
    assert_eq!(store.line_budget().in_use_bytes(), room.bytes());
    // The same request may ask for more, and waits for nobody.
    room.around(store.list_items(items(THREAD, View::Full, 10)))
        .await
        .expect("items");
    drop(room);
    assert_eq!(store.line_budget().in_use_bytes(), 0);
    store.list_turns(turns(THREAD)).await.expect("turns");
    assert_eq!(
        store.line_budget().in_use_bytes(),
        0,
        "nothing is kept outside of a room"
    );
}

#[tokio::test]
async fn what_no_answer_can_hold_is_an_error_that_names_the_paged_method() {
    let home = LocalHome::new();
    write(&home, "before", &"x".repeat(10_000));
    let store = open(&home, |options| options.limits.max_answer_bytes = 10_000);
    let too_large = |error: StoreError| match error {
        StoreError::TooLarge {
            limit_bytes,
            paged_method,
        } => (limit_bytes, paged_method),
        other => panic!("{other}"),
    };
    let error = store
        .list_turns(turns(THREAD))
        .await
        .expect_err("one turn is too large");
    assert_eq!(too_large(error), (10_000, "thread/items/list"));
    let page = store.list_items(items(THREAD, View::Full, 1)).await.expect("items");
    let turn_id = page.items[0].turn_id.clone();
    let all = store
        .list_items(items(THREAD, View::Full, 10))
        .await
        .expect("items")
        .items;
    let ids: Vec<String> = all.iter().map(|entry| entry.item.item.id().to_owned()).collect();
    let thread_id = THREAD.parse().expect("id");
    let error = store
        .read_items(thread_id, &turn_id, &ids, View::Full)
        .await
        .expect_err("too large");
    assert_eq!(too_large(error), (10_000, "thread/items/list"));
    let one = store
        .read_items(thread_id, &turn_id, &ids[..1], View::Full)
        .await
        .expect("small");
    assert_eq!(one.len(), 1);
}

#[tokio::test]
async fn a_request_that_holds_memory_does_not_wait_for_itself_when_it_indexes_on_several_threads() {
    const OTHERS: u32 = 33;
    let home = LocalHome::new();
    let long = "x".repeat(3 << 19);
    write(&home, "question", &long);
    let store = open(&home, |options| options.limits.max_line_buffer_bytes_in_use = 5 << 20);
    let room = AnswerRoom::default();
    let page = room.around(store.list_items(items(THREAD, View::Full, 100))).await;
    assert_eq!(page.expect("items").items.len(), 3);
    assert!(room.bytes() > 2 << 20, "{}", room.bytes());
    // Each of these needs more for its long line than the answer leaves.
    for number in 100..100 + OTHERS {
        let mut rollout = RolloutBuilder::paginated(&format!("019cb354-0000-7000-8000-{number:012}"));
        rollout.start_turn().user("question").agent(&long).complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
    let query = SearchQuery {
        term: "question".to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: None,
        include_attached: true,
    };
    let found = room
        .around(store.search().expect("kept").search_threads(query))
        .await
        .expect("found");
    assert_eq!(found.hits.len(), OTHERS as usize + 2);
}

/// Who holds the turn to index waits for memory, which a request has that waits for this turn.
#[tokio::test]
async fn a_request_that_holds_memory_is_not_kept_waiting_by_an_indexer_that_waits_for_memory() {
    let home = LocalHome::new();
    let long = "x".repeat(3 << 19);
    write(&home, "question", &long);
    let store = open(&home, |options| options.limits.max_line_buffer_bytes_in_use = 5 << 20);
    let room = AnswerRoom::default();
    let page = room.around(store.list_items(items(THREAD, View::Full, 100))).await;
    assert_eq!(page.expect("items").items.len(), 3);
    assert!(room.bytes() > 2 << 20, "{}", room.bytes());
    let mut rollout = RolloutBuilder::paginated("019cb354-0000-7000-8000-000000000100");
    rollout.start_turn().user("question").agent(&long).complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    let indexer = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.list_threads(pages::list(10, Direction::Descending, None)).await }
    });
    while store.line_budget().waiting() == 0 {
        tokio::task::yield_now().await;
    }
    // It does not end where one waits for the other.
    let page = room
        .around(store.list_threads(pages::list(10, Direction::Descending, None)))
        .await;
    assert_eq!(page.expect("threads").threads.len(), 3);
    assert_eq!(indexer.await.expect("no panic").expect("threads").threads.len(), 3);
}
