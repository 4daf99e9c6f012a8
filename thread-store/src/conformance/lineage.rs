//! Promises about threads that inherit: forks, forks of forks, and threads that were reverted.
//!
//! A reader through a cut sees what a fold of the lines up to it shows, nothing more.

use codex_protocol::item::TurnStatus;
use serde_json::json;

use super::fixture::{
    StoreFixture, append, item_query, item_texts, put_all, read, turn_ids, turn_query, turn_texts, turns, walk_items,
    walk_timeline, walk_turns,
};
use super::log::{Cut, Log, thread};
use crate::error::{StoreError, StoreErrorKind};
use crate::types::{Anchor, Direction, ItemsView, Position, TimelineEntry, TurnAnchor, TurnPageQuery, View};

/// A fork shows what it inherits and what it adds, and nothing that its source does later.
pub async fn forks_show_the_prefix_that_they_inherit(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "q1", "one").turn("t2", "q2", "two");
    let mut fork = Log::fork(2, 1, &source.cut());
    fork.turn("t3", "q3", "three");
    put_all(fixture, &[&source, &fork]).await;
    let store = fixture.store();
    append(fixture, &mut source, |log| {
        log.turn("later", "not inherited", "no");
    })
    .await;
    assert_eq!(turn_ids(&turns(&*store, thread(2)).await), ["t1", "t2", "t3"]);
    assert_eq!(
        item_texts(&*store, thread(2)).await,
        ["q1", "one", "q2", "two", "q3", "three"]
    );
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t2", "later"]);
    let record = read(&*store, thread(2), View::Full).await.expect("a fork");
    assert_eq!(record.forked_from, Some(thread(1)));
}

/// Forks of forks page across all of their segments, in both directions and by every size.
pub async fn forks_of_forks_page_across_segments(fixture: &dyn StoreFixture) {
    let mut root = Log::paginated(1);
    root.turn("t1", "q1", "one").turn("t2", "q2", "two");
    let mut middle = Log::fork(2, 1, &root.cut());
    middle.turn("t3", "q3", "three");
    let cut = middle.cut();
    middle.turn("beside", "not inherited", "no");
    root.turn("beyond", "not inherited either", "no");
    let empty = Log::fork(3, 2, &cut);
    let mut leaf = Log::fork(4, 3, &empty.cut());
    leaf.turn("t4", "q4", "four");
    put_all(fixture, &[&root, &middle, &empty, &leaf]).await;
    let store = fixture.store();
    let whole = walk_turns(&*store, turn_query(thread(4), Direction::Ascending, 100)).await;
    assert_eq!(turn_ids(&whole), ["t1", "t2", "t3", "t4"]);
    let timeline = walk_timeline(&*store, thread(4), 100).await;
    let items = walk_items(&*store, item_query(thread(4), Direction::Ascending, 100)).await;
    assert_eq!((timeline.len(), items.len()), (16, 8));
    for limit in 1..=5 {
        assert_eq!(
            walk_turns(&*store, turn_query(thread(4), Direction::Ascending, limit)).await,
            whole
        );
        let mut back = walk_turns(&*store, turn_query(thread(4), Direction::Descending, limit)).await;
        back.reverse();
        assert_eq!(back, whole, "back by {limit}");
        let mut back = walk_items(&*store, item_query(thread(4), Direction::Descending, limit)).await;
        back.reverse();
        assert_eq!(back, items, "back by {limit}");
        assert_eq!(walk_timeline(&*store, thread(4), limit).await, timeline);
    }
    let positions: Vec<_> = whole.iter().map(|turn| turn.position.offset).collect();
    assert!(positions.is_sorted(), "one number line: {positions:?}");
}

/// Bare ordinals name places along a lineage, except those that the headers of its segments took.
pub async fn ordinals_name_places_along_a_lineage(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "q1", "one");
    let cut = source.cut();
    let mut fork = Log::fork(2, 1, &cut);
    fork.turn("t2", "q2", "two");
    put_all(fixture, &[&source, &fork]).await;
    let store = fixture.store();
    let ask = |ordinal: u64| {
        let position = Position {
            ordinal,
            offset: None,
            unambiguous: true,
        };
        let anchor = Some(Anchor::Including(TurnAnchor::Position(position)));
        TurnPageQuery {
            anchor,
            ..turn_query(thread(2), Direction::Ascending, 9)
        }
    };
    for (ordinal, expected) in [
        (1, &["t1", "t2"][..]),
        (2, &["t2"]),
        (cut.ordinal + 1, &["t2"]),
        (cut.ordinal + 2, &[]),
    ] {
        let page = store.list_turns(ask(ordinal)).await.expect("a page");
        assert_eq!(turn_ids(&page.turns), expected, "from ordinal {ordinal}");
    }
    for ordinal in [0, cut.ordinal] {
        let error = store.list_turns(ask(ordinal)).await.expect_err("a header's ordinal");
        assert!(matches!(error, StoreError::PositionOutsideLineage), "{error:?}");
    }
}

/// A reverted thread reads its newest revision; what was reverted is hidden, in file after file.
pub async fn reverted_threads_read_their_newest_revision(fixture: &dyn StoreFixture) {
    let mut first = Log::paginated(1);
    first.turn("t1", "q1", "one");
    let cut = first.cut();
    first.turn("t2", "hidden", "two");
    fixture.put(&first.file()).await;
    let store = fixture.store();
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t2"]);
    let mut second = Log::revision(1, 101, &cut);
    second.turn("t3", "q3", "three");
    let cut = second.cut();
    second.turn("t4", "hidden too", "four");
    fixture.put(&second.file()).await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t3", "t4"]);
    let mut third = Log::revision(1, 102, &cut);
    third.turn("t5", "q5", "five");
    fixture.put(&third.file()).await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t3", "t5"]);
    let page = store.list_threads(super::fixture::list_query()).await.expect("a page");
    assert_eq!(page.threads.len(), 1, "one row, three files");
    assert!(page.threads[0].path.ends_with(third.file().relative_path()));
    assert_eq!(
        page.threads[0].preview, "q5",
        "as Codex lists a reverted thread from its files"
    );
}

fn cut_before_the_end(mut log: Log) -> (Log, Cut) {
    log.start("t1").user("t1", "u1", "q1").agent("t1", "a1", "so far");
    let cut = log.cut();
    log.agent_in_phase("t1", "a2", "beyond the cut", Some("final_answer"))
        .complete("t1");
    (log, cut)
}

/// A turn that ended behind the cut did not end for the child; neither do its later items exist.
pub async fn a_cut_inside_a_turn_leaves_it_open(fixture: &dyn StoreFixture) {
    let (source, cut) = cut_before_the_end(Log::paginated(1));
    put_all(fixture, &[&source, &Log::fork(2, 1, &cut)]).await;
    let store = fixture.store();
    let own = turns(&*store, thread(1)).await;
    assert_eq!((own[0].status, own[0].duration_ms), (TurnStatus::Completed, Some(20)));
    let inherited = turns(&*store, thread(2)).await;
    assert_eq!(turn_texts(&inherited), ["q1", "so far"]);
    let facts = (inherited[0].status, inherited[0].completed_at, inherited[0].duration_ms);
    assert_eq!(facts, (TurnStatus::Interrupted, None, None));
    let query = TurnPageQuery {
        items_view: ItemsView::Summary,
        ..turn_query(thread(2), Direction::Ascending, 9)
    };
    assert_eq!(
        turn_texts(&walk_turns(&*store, query).await),
        ["q1"],
        "an open turn has no final answer yet"
    );
    let ends = walk_timeline(&*store, thread(2), 9).await;
    assert!(
        !ends
            .iter()
            .any(|entry| matches!(entry, TimelineEntry::TurnCompleted { .. })),
        "{ends:?}"
    );
}

/// Where the child records the interruption, its own record is the turn's end, and the summary is borrowed.
pub async fn a_fork_boundary_ends_the_inherited_turn(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t0", "q0", "zero").start("t1").user("t1", "u1", "q1");
    source.agent_in_phase("t1", "a1", "so far", Some("final_answer"));
    let mut fork = Log::fork(2, 1, &source.cut());
    fork.abort("t1").turn("t2", "q2", "two");
    source.complete("t1");
    put_all(fixture, &[&source, &fork]).await;
    let store = fixture.store();
    let query = TurnPageQuery {
        items_view: ItemsView::Summary,
        ..turn_query(thread(2), Direction::Ascending, 2)
    };
    let turns = walk_turns(&*store, query).await;
    assert_eq!(turn_ids(&turns), ["t0", "t1", "t2"]);
    assert_eq!(turns[1].status, TurnStatus::Interrupted);
    assert_eq!(turn_texts(&turns), ["q0", "zero", "q1", "so far", "q2", "two"]);
}

/// Of an item's snapshots the child sees the last one before the cut, with the times known by then.
pub async fn a_cut_between_snapshots_shows_the_earlier_one(fixture: &dyn StoreFixture) {
    let snapshot = |text: &str, phase: Option<&str>, completed: u64| {
        let mut item = json!({ "type": "AgentMessage", "id": "a1", "content": [{ "type": "Text", "text": text }] });
        if let Some(phase) = phase {
            item["phase"] = phase.into();
        }
        json!({ "type": "item_completed", "thread_id": thread(1).to_string(), "turn_id": "t1", "item": item,
                "started_at_ms": 1_000, "completed_at_ms": completed })
    };
    let mut source = Log::paginated(1);
    source
        .start("t1")
        .user("t1", "u1", "q1")
        .event(snapshot("draft", None, 0));
    let early = source.cut();
    source.event(snapshot("better", Some("final_answer"), 2_000));
    let late = source.cut();
    source
        .event(snapshot("final", Some("final_answer"), 3_000))
        .complete("t1");
    put_all(fixture, &[&source, &Log::fork(2, 1, &early), &Log::fork(3, 1, &late)]).await;
    let store = fixture.store();
    for (n, text, completed) in [
        (1, "final", Some(2_000)),
        (2, "draft", None),
        (3, "better", Some(2_000)),
    ] {
        let items = walk_items(&*store, item_query(thread(n), Direction::Ascending, 9)).await;
        assert_eq!(super::fixture::text_of(&items[1].item.item), text, "thread {n}");
        assert_eq!(items[1].item.completed_at_ms, completed, "thread {n}");
    }
    for (n, expected) in [(2, &["q1"][..]), (3, &["q1", "better"])] {
        let query = TurnPageQuery {
            items_view: ItemsView::Summary,
            ..turn_query(thread(n), Direction::Ascending, 9)
        };
        assert_eq!(turn_texts(&walk_turns(&*store, query).await), expected, "thread {n}");
    }
}

/// A cut inside a line inherits the lines before it, whatever the line is.
pub async fn a_cut_inside_a_line_hides_that_line(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "q1", "one");
    let before_turn = source.cut();
    source.start("t2");
    let before_item = source.cut();
    source.user("t2", "u2", "q2").complete("t2");
    fixture.put(&source.file()).await;
    for (n, cut, turns) in [(2, before_turn, &["t1"][..]), (3, before_item, &["t1", "t2"])] {
        let offset = cut.offset + 20;
        fixture.put(&Log::fork(n, 1, &Cut { offset, ..cut }).file()).await;
        assert_eq!(
            turn_ids(&super::fixture::turns(&*fixture.store(), thread(n)).await),
            turns
        );
        assert_eq!(item_texts(&*fixture.store(), thread(n)).await, ["q1", "one"]);
        assert_eq!(
            walk_timeline(&*fixture.store(), thread(n), 2).await.len(),
            3 + turns.len()
        );
    }
}

/// A missing source, a circle and a cut behind the end are errors of that thread, and of no other.
pub async fn broken_lineages_are_errors_of_their_thread(fixture: &dyn StoreFixture) {
    let mut good = Log::paginated(1);
    good.turn("t1", "q1", "one");
    let gone = Cut {
        rollout_id: thread(77).to_string(),
        ordinal: 3,
        offset: 10,
    };
    let own = Cut {
        rollout_id: thread(3).to_string(),
        ordinal: 3,
        offset: 10,
    };
    let far = Cut {
        offset: 1_000_000,
        ..good.cut()
    };
    let legacy = Cut {
        rollout_id: thread(5).to_string(),
        ordinal: 1,
        offset: 1,
    };
    let zero = Cut {
        ordinal: 0,
        ..good.cut()
    };
    let mut logs = vec![
        good,
        Log::fork(2, 77, &gone),
        Log::fork(3, 3, &own),
        Log::fork(4, 1, &far),
    ];
    logs.extend([Log::legacy(5), Log::fork(6, 5, &legacy), Log::fork(7, 1, &zero)]);
    for log in &mut logs[1..] {
        log.turn("own", "own question", "own answer");
    }
    put_all(fixture, &logs.iter().collect::<Vec<_>>()).await;
    let store = fixture.store();
    for n in [2, 3, 4, 6, 7] {
        let error = read(&*store, thread(n), View::Full)
            .await
            .expect_err("a broken lineage");
        assert_eq!(error.kind(), StoreErrorKind::Unreadable, "thread {n}: {error:?}");
    }
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1"]);
    let listed = super::fixture::listed(&*store, super::fixture::list_query()).await;
    assert_eq!(listed, (1..=7).map(thread).collect::<Vec<_>>(), "listed all the same");
}

/// An archived source is inherited from like any other, and a source that comes back heals its forks.
pub async fn archived_and_late_sources_are_found(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "q1", "one");
    let mut fork = Log::fork(2, 1, &source.cut());
    fork.turn("t2", "q2", "two");
    fixture.put(&fork.file()).await;
    let store = fixture.store();
    let error = read(&*store, thread(2), View::Full).await.expect_err("no source yet");
    assert_eq!(error.kind(), StoreErrorKind::Unreadable);
    fixture.put(&source.archived().file()).await;
    assert_eq!(turn_ids(&turns(&*store, thread(2)).await), ["t1", "t2"]);
}

/// Lines that a sub-agent copied from its parent are not its own history.
pub async fn copied_context_of_a_sub_agent_is_hidden(fixture: &dyn StoreFixture) {
    let mut log = Log::with_header(
        super::log::Form::Paginated,
        1,
        json!({ "subagent_history_start_ordinal": 5 }),
    );
    log.turn("parent", "copied", "copied too").turn("own", "q1", "one");
    fixture.put(&log.file()).await;
    assert_eq!(item_texts(&*fixture.store(), thread(1)).await, ["q1", "one"]);
    assert_eq!(turn_ids(&turns(&*fixture.store(), thread(1)).await), ["own"]);
}

/// A thread whose header names another thread is an error in a paginated file; a legacy one reads as the other.
pub async fn headers_of_other_threads_are_noticed(fixture: &dyn StoreFixture) {
    for (log, n) in [(Log::paginated(1), 1), (Log::legacy(2), 2)] {
        let mut log = log;
        log.turn("t1", "hello", "hi");
        let mut file = log.file();
        file.file_name = file
            .file_name
            .replace(&thread(n).to_string(), &thread(n + 10).to_string());
        fixture.put(&file).await;
    }
    let store = fixture.store();
    let error = read(&*store, thread(11), View::Full)
        .await
        .expect_err("another thread's file");
    assert_eq!(error.kind(), StoreErrorKind::Unreadable, "{error:?}");
    let record = read(&*store, thread(12), View::Full).await.expect("a legacy thread");
    assert_eq!(record.thread_id, thread(2));
}
