//! Promises about pages of turns.
//!
//! Both directions, every anchor, and how much of its items a turn carries.

use serde_json::json;

use super::fixture::{StoreFixture, append, put_all, read, turn_ids, turn_query, turn_texts, walk_turns};
use super::log::{Log, thread};
use crate::error::StoreError;
use crate::store::ThreadStore;
use crate::types::{Anchor, Direction, ItemsView, Position, TurnAnchor, TurnPageQuery, TurnRecord, View};

const TURNS: [&str; 5] = ["t1", "t2", "t3", "t4", "t5"];

fn five_turns(mut log: Log) -> Log {
    for turn in TURNS {
        log.turn(turn, "question", "answer");
    }
    log
}

async fn page(store: &dyn ThreadStore, query: &TurnPageQuery, anchor: Anchor<TurnAnchor>) -> Vec<TurnRecord> {
    let query = TurnPageQuery {
        anchor: Some(anchor),
        ..query.clone()
    };
    store.list_turns(query).await.expect("a page").turns
}

/// Pages of any size hold every turn once, in both directions.
pub async fn turn_pages_hold_every_turn_once(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&five_turns(Log::paginated(1)), &five_turns(Log::legacy(2))]).await;
    let mut bare = Log::bare(3);
    for text in TURNS {
        bare.turn("", text, "answer");
    }
    fixture.put(&bare.file()).await;
    for n in 1..=3 {
        let whole = walk_turns(&*fixture.store(), turn_query(thread(n), Direction::Ascending, 100)).await;
        assert_eq!(whole.len(), 5);
        for limit in 1..=6 {
            let ascending = walk_turns(&*fixture.store(), turn_query(thread(n), Direction::Ascending, limit)).await;
            let mut descending =
                walk_turns(&*fixture.store(), turn_query(thread(n), Direction::Descending, limit)).await;
            descending.reverse();
            assert_eq!((&ascending, &descending), (&whole, &whole), "thread {n} by {limit}");
        }
    }
}

/// A page starts at or right behind any turn, in both directions, by position, by bare ordinal or by id.
pub async fn turn_pages_start_at_every_anchor(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&five_turns(Log::paginated(1)), &five_turns(Log::legacy(2))]).await;
    let store = fixture.store();
    for n in [1, 2] {
        let all = walk_turns(&*store, turn_query(thread(n), Direction::Ascending, 100)).await;
        for (at, turn) in all.iter().enumerate() {
            let by_ordinal = Position {
                offset: None,
                ..turn.position
            };
            let anchors = [
                TurnAnchor::Position(turn.position),
                TurnAnchor::Position(by_ordinal),
                TurnAnchor::Turn(turn.turn_id.clone()),
            ];
            for anchor in anchors {
                let query = turn_query(thread(n), Direction::Ascending, 100);
                assert_eq!(
                    page(&*store, &query, Anchor::Including(anchor.clone())).await,
                    all[at..]
                );
                assert_eq!(
                    page(&*store, &query, Anchor::Excluding(anchor.clone())).await,
                    all[at + 1..]
                );
                let query = turn_query(thread(n), Direction::Descending, 100);
                let mut back = page(&*store, &query, Anchor::Including(anchor.clone())).await;
                back.reverse();
                assert_eq!(back, all[..=at]);
                let mut back = page(&*store, &query, Anchor::Excluding(anchor)).await;
                back.reverse();
                assert_eq!(back, all[..at]);
            }
        }
    }
}

/// An anchor between or behind all turns works; one before the first line, or of an unknown turn, is an error.
pub async fn anchors_need_not_be_turns(fixture: &dyn StoreFixture) {
    fixture.put(&five_turns(Log::paginated(1)).file()).await;
    let store = fixture.store();
    let query = turn_query(thread(1), Direction::Ascending, 100);
    let at = |ordinal: u64, offset: Option<u64>| {
        TurnAnchor::Position(Position {
            ordinal,
            offset,
            unambiguous: offset.is_none(),
        })
    };
    // Turns start at ordinals 1, 5, 9, 13 and 17.
    for ordinal in [2, 4, 5] {
        let turns = page(&*store, &query, Anchor::Including(at(ordinal, None))).await;
        assert_eq!(turn_ids(&turns), TURNS[1..], "from ordinal {ordinal}");
    }
    for far in [1_000_000, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
        assert_eq!(
            page(&*store, &query, Anchor::Including(at(far, None))).await,
            [],
            "from ordinal {far}"
        );
        assert_eq!(
            page(&*store, &query, Anchor::Excluding(at(far, Some(far)))).await,
            [],
            "from offset {far}"
        );
        let back = turn_query(thread(1), Direction::Descending, 100);
        assert_eq!(
            page(&*store, &back, Anchor::Excluding(at(far, Some(far)))).await.len(),
            5,
            "back from {far}"
        );
    }
    let before = TurnPageQuery {
        anchor: Some(Anchor::Including(at(0, None))),
        ..query.clone()
    };
    let error = store.list_turns(before).await.expect_err("the header's own ordinal");
    assert!(matches!(error, StoreError::PositionOutsideLineage), "{error:?}");
    let unknown = Some(Anchor::Excluding(TurnAnchor::Turn("nobody".to_owned())));
    let error = store
        .list_turns(TurnPageQuery {
            anchor: unknown,
            ..query
        })
        .await
        .expect_err("an unknown turn");
    assert!(matches!(error, StoreError::AnchorTurnMissing), "{error:?}");
}

/// A new turn does not shift a walk that goes back, and a walk that goes on finds it.
pub async fn new_turns_do_not_shift_pages(fixture: &dyn StoreFixture) {
    let mut log = five_turns(Log::paginated(1));
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let query = turn_query(thread(1), Direction::Descending, 2);
    let first = store.list_turns(query.clone()).await.expect("a page");
    assert_eq!(turn_ids(&first.turns), ["t5", "t4"]);
    append(fixture, &mut log, |log| {
        log.turn("t6", "late", "indeed");
    })
    .await;
    let next = page(
        &*store,
        &query,
        Anchor::Excluding(TurnAnchor::Position(first.turns[1].position)),
    )
    .await;
    assert_eq!(turn_ids(&next), ["t3", "t2"]);
    let on = turn_query(thread(1), Direction::Ascending, 9);
    let newer = page(
        &*store,
        &on,
        Anchor::Including(TurnAnchor::Position(first.turns[0].position)),
    )
    .await;
    assert_eq!(turn_ids(&newer), ["t5", "t6"]);
}

async fn summaries(fixture: &dyn StoreFixture, n: u32) -> Vec<Vec<String>> {
    let mut query = turn_query(thread(n), Direction::Ascending, 100);
    query.items_view = ItemsView::Summary;
    let turns = walk_turns(&*fixture.store(), query).await;
    turns
        .iter()
        .map(|turn| turn_texts(std::slice::from_ref(turn)))
        .collect()
}

/// Summaries of paginated turns: the first user message, and the final answer, or once ended the last plain one.
pub async fn paginated_summaries_show_the_final_answer(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("both").user("both", "u1", "q1").user("both", "u2", "steered");
    log.agent_in_phase("both", "a1", "final", Some("final_answer"))
        .agent("both", "a2", "plain")
        .complete("both");
    log.start("plain")
        .user("plain", "u3", "q2")
        .agent("plain", "a3", "first")
        .agent("plain", "a4", "last")
        .complete("plain");
    log.start("talk")
        .user("talk", "u4", "q3")
        .agent_in_phase("talk", "a5", "thinking", Some("commentary"))
        .complete("talk");
    log.start("part")
        .user("part", "u5", "q4")
        .agent_in_phase("part", "a6", "half", Some("partial_answer"))
        .complete("part");
    log.start("open")
        .user("open", "u6", "q5")
        .agent("open", "a7", "not yet");
    fixture.put(&log.file()).await;
    let expected = [&["q1", "final"][..], &["q2", "last"], &["q3"], &["q4"], &["q5"]];
    assert_eq!(summaries(fixture, 1).await, expected);
    // Ending the turn makes its last plain message the final one.
    append(fixture, &mut log, |log| {
        log.complete("open");
    })
    .await;
    assert_eq!(summaries(fixture, 1).await[4], ["q5", "not yet"]);
}

/// Summaries of legacy turns: the first user message and the last agent message of any phase, even mid-turn.
pub async fn legacy_summaries_show_the_last_agent_message(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.start("done")
        .user("", "", "q1")
        .agent_in_phase("", "", "final", Some("final_answer"));
    log.agent_in_phase("", "", "afterthought", Some("commentary"))
        .complete("done");
    log.start("open")
        .user("", "", "q2")
        .user("", "", "steered")
        .agent("", "", "so far");
    fixture.put(&log.file()).await;
    assert_eq!(summaries(fixture, 1).await, [["q1", "afterthought"], ["q2", "so far"]]);
}

/// A turn carries no items, its summary, or all of them in stored order, and says which.
pub async fn turns_carry_as_many_items_as_asked_for(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1")
        .user("t1", "u1", "question")
        .agent_in_phase("t1", "a1", "thinking", Some("commentary"));
    log.item(
        "t1",
        json!({ "type": "Reasoning", "id": "r1", "summary_text": ["why"], "raw_content": [] }),
    );
    log.agent("t1", "a2", "answer").complete("t1");
    fixture.put(&log.file()).await;
    let expected = [
        (ItemsView::NotLoaded, &[][..]),
        (ItemsView::Summary, &["question", "answer"]),
        (ItemsView::Full, &["question", "thinking", "<r1>", "answer"]),
    ];
    for (items_view, texts) in expected {
        let query = TurnPageQuery {
            items_view,
            ..turn_query(thread(1), Direction::Descending, 1)
        };
        let turns = walk_turns(&*fixture.store(), query).await;
        assert_eq!(
            (turn_texts(&turns), turns[0].items_view),
            (texts.iter().map(|text| (*text).to_owned()).collect(), items_view)
        );
    }
}

/// What is recorded for a turn after its end changes neither its end nor its summary.
pub async fn ended_paginated_turns_do_not_change(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "question", "answer");
    fixture.put(&log.file()).await;
    let before = read(&*fixture.store(), thread(1), View::Full)
        .await
        .expect("a thread")
        .turns;
    let summary = summaries(fixture, 1).await;
    append(fixture, &mut log, |log| {
        log.start("t1")
            .fail("t1", "too late")
            .abort("t1")
            .user("t1", "u9", "late")
            .agent("t1", "a9", "late too");
    })
    .await;
    let after = read(&*fixture.store(), thread(1), View::Full)
        .await
        .expect("a thread")
        .turns;
    assert_eq!(turn_texts(&after), ["question", "answer", "late", "late too"]);
    assert_eq!(summaries(fixture, 1).await, summary);
    let facts = |turn: &TurnRecord| (turn.status, turn.position, turn.completed_at, turn.error.clone());
    assert_eq!(facts(&after[0]), facts(&before[0]));
}
