//! Promises about legacy threads and those from before the envelope.
//!
//! Rollbacks, late events, numbers that Codex uses again, calls rebuilt from raw records.

use codex_protocol::item::{ThreadItem, TurnStatus};
use serde_json::{Value, json};

use super::fixture::{
    StoreFixture, append, item_query, put_all, read, text_of, turn_ids, turn_query, turn_texts, turns, walk_items,
    walk_turns,
};
use super::log::{Log, thread};
use crate::store::ThreadStore;
use crate::types::{Anchor, Direction, ItemPageQuery, TurnAnchor, TurnPageQuery, TurnRecord, View};

fn rolled_back(count: u32) -> Value {
    json!({ "type": "thread_rolled_back", "num_turns": count })
}

async fn exact(store: &dyn ThreadStore, n: u32) -> Vec<TurnRecord> {
    read(store, thread(n), View::Codex)
        .await
        .expect("a legacy thread")
        .turns
}

fn item_ids(turns: &[TurnRecord]) -> Vec<&str> {
    turns
        .iter()
        .flat_map(|turn| &turn.items)
        .map(|item| item.item.id())
        .collect()
}

/// A rollback removes the newest turns from every answer; more than there are removes all, none removes none.
pub async fn rollbacks_remove_the_newest_turns(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.turn("t1", "q1", "one")
        .turn("t2", "q2", "two")
        .turn("t3", "q3", "three");
    log.event(rolled_back(2)).turn("t4", "q4", "four");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    for view in [View::Full, View::Codex] {
        let turns = read(&*store, thread(1), view).await.expect("a thread").turns;
        assert_eq!(turn_texts(&turns), ["q1", "one", "q4", "four"], "{view:?}");
    }
    append(fixture, &mut log, |log| {
        log.event(rolled_back(0));
    })
    .await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t4"]);
    append(fixture, &mut log, |log| {
        log.event(rolled_back(99)).turn("t5", "q5", "five");
    })
    .await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t5"]);
}

/// Codex gives numbers out again after a rollback; our ids never repeat, and stay when more is appended.
pub async fn ids_are_never_given_out_twice(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.user("", "", "q1")
        .agent("", "", "one")
        .user("", "", "q2")
        .agent("", "", "two");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let before = turns(&*store, thread(1)).await;
    assert_eq!(turn_ids(&exact(&*store, 1).await), ["rollout-1", "rollout-3"]);
    assert_eq!(
        item_ids(&exact(&*store, 1).await),
        ["item-1", "item-2", "item-3", "item-4"]
    );
    append(fixture, &mut log, |log| {
        log.event(rolled_back(1)).user("", "", "q3").agent("", "", "three");
    })
    .await;
    let after = turns(&*store, thread(1)).await;
    assert_eq!(turn_ids(&exact(&*store, 1).await), ["rollout-1", "rollout-6"]);
    assert_eq!(
        item_ids(&exact(&*store, 1).await),
        ["item-1", "item-2", "item-3", "item-4"],
        "used again"
    );
    assert_eq!(after[0], before[0]);
    assert!(!turn_ids(&before).contains(&after[1].turn_id.as_str()));
    assert!(
        !item_ids(&before[1..])
            .iter()
            .any(|id| item_ids(&after[1..]).contains(id))
    );
}

/// Both the numbers of the exact view and our own ids are accepted in requests, in either view.
pub async fn both_kinds_of_ids_are_accepted(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.user("", "", "q1")
        .agent("", "", "one")
        .user("", "", "q2")
        .agent("", "", "two");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let full = turns(&*store, thread(1)).await;
    for view in [View::Full, View::Codex] {
        for id in [full[0].turn_id.as_str(), "rollout-1"] {
            let anchor = Some(Anchor::Excluding(TurnAnchor::Turn(id.to_owned())));
            let query = TurnPageQuery {
                view,
                anchor,
                ..turn_query(thread(1), Direction::Ascending, 9)
            };
            let page = store.list_turns(query).await.expect("a page");
            assert_eq!(page.turns.len(), 1, "behind {id} in {view:?}");
        }
    }
    for turn in [full[0].turn_id.as_str(), "rollout-1"] {
        for item in [full[0].items[1].item.id(), "item-2"] {
            let items = store
                .read_items(thread(1), turn, &[item.to_owned()], View::Full)
                .await
                .expect("an item");
            let texts: Vec<String> = items.iter().map(|entry| text_of(&entry.item.item)).collect();
            assert_eq!(texts, ["one"], "{item} of {turn}");
        }
        let query = ItemPageQuery {
            turn_id: Some(turn.to_owned()),
            ..item_query(thread(1), Direction::Ascending, 9)
        };
        assert_eq!(walk_items(&*store, query).await.len(), 2);
    }
}

/// An end that is recorded late, for an older turn, changes that turn and no other.
pub async fn late_ends_find_their_turn(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.start("t1").user("", "", "q1").start("t2").user("", "", "q2");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    append(fixture, &mut log, |log| {
        log.complete("t1");
    })
    .await;
    let after = turns(&*store, thread(1)).await;
    assert_eq!(
        (after[0].status, after[1].status),
        (TurnStatus::Completed, TurnStatus::Interrupted)
    );
    append(fixture, &mut log, |log| {
        log.abort("t1")
            .agent("", "", "still in the second")
            .fail("t2", "broken");
    })
    .await;
    let last = turns(&*store, thread(1)).await;
    assert_eq!(
        (last[0].status, last[1].status),
        (TurnStatus::Interrupted, TurnStatus::Failed)
    );
    assert_eq!(turn_texts(&last[1..]), ["q2", "still in the second"]);
}

/// A patch that is reported late, for an older turn, joins that turn; of an unknown turn only the full view shows it.
pub async fn late_items_join_their_turn(fixture: &dyn StoreFixture) {
    let patch = |call: &str, turn: &str| {
        json!({ "type": "patch_apply_end", "call_id": call, "turn_id": turn, "stdout": "", "stderr": "",
                "success": true, "changes": {}, "status": "completed" })
    };
    let mut log = Log::legacy(1);
    log.turn("t1", "q1", "one")
        .turn("t2", "q2", "two")
        .event(patch("late", "t1"))
        .event(patch("lost", "nobody"));
    fixture.put(&log.file()).await;
    let store = fixture.store();
    assert_eq!(
        turn_texts(&exact(&*store, 1).await),
        ["q1", "one", "<late>", "q2", "two"]
    );
    assert_eq!(
        turn_texts(&turns(&*store, thread(1)).await),
        ["q1", "one", "<late>", "q2", "two", "<lost>"]
    );
}

/// Calls of legacy threads are rebuilt from the raw records, each once; the exact view leaves them out as Codex does.
pub async fn calls_are_rebuilt_once(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.start("t1").user("", "", "q1");
    log.response_item(json!({ "type": "function_call", "name": "shell", "call_id": "c1",
                              "arguments": "{\"command\":[\"ls\",\"-l\"]}" }));
    log.response_item(json!({ "type": "function_call_output", "call_id": "c1",
                              "output": "{\"output\":\"total 0\\n\",\"metadata\":{\"exit_code\":0,\"duration_seconds\":0.1}}" }));
    log.response_item(json!({ "type": "function_call", "name": "shell", "call_id": "c2",
                              "arguments": "{\"command\":[\"false\"]}" }));
    log.event(
        json!({ "type": "exec_command_end", "call_id": "c2", "turn_id": "t1", "command": ["false"],
                      "cwd": "/home/user/project", "parsed_cmd": [], "stdout": "", "stderr": "", "exit_code": 1,
                      "duration": { "secs": 0, "nanos": 1000000 }, "formatted_output": "", "status": "failed" }),
    );
    log.agent("", "", "done").complete("t1");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let full = turns(&*store, thread(1)).await;
    let commands: Vec<_> = full[0]
        .items
        .iter()
        .filter_map(|item| match &item.item {
            ThreadItem::CommandExecution(command) => Some((command.command.as_str(), command.exit_code)),
            _ => None,
        })
        .collect();
    assert_eq!(commands, [("ls -l", Some(0)), ("false", Some(1))]);
    assert_eq!(turn_texts(&exact(&*store, 1).await), ["q1", "done"]);
}

/// Implicit turns begin at each user message; explicit ones take several.
pub async fn user_messages_begin_implicit_turns(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.user("", "", "q1")
        .agent("", "", "one")
        .user("", "", "q2")
        .start("t3")
        .user("", "", "q3")
        .user("", "", "steered");
    fixture.put(&log.file()).await;
    for turns in [
        turns(&*fixture.store(), thread(1)).await,
        exact(&*fixture.store(), 1).await,
    ] {
        let texts: Vec<Vec<String>> = turns
            .iter()
            .map(|turn| turn_texts(std::slice::from_ref(turn)))
            .collect();
        assert_eq!(texts, [&["q1", "one"][..], &["q2"], &["q3", "steered"]]);
        assert_eq!(turns[0].status, TurnStatus::Completed);
    }
}

/// Bare rollouts, and enveloped ones without user events, are read, paged and listed by their response items.
pub async fn raw_threads_are_read_by_their_response_items(fixture: &dyn StoreFixture) {
    let mut bare = Log::bare(1);
    let mut raw = Log::legacy(2);
    for log in [&mut bare, &mut raw] {
        log.response(
            "user",
            "<environment_context>\n  <cwd>/from/context</cwd>\n</environment_context>",
        );
        log.response("user", "q1")
            .response("assistant", "one")
            .response("user", "q2")
            .response("assistant", "two");
    }
    put_all(fixture, &[&bare, &raw]).await;
    let store = fixture.store();
    for n in [1, 2] {
        let turns = turns(&*store, thread(n)).await;
        assert_eq!(turns.len(), 2, "a turn begins at each real user message");
        assert_eq!(turn_texts(&turns), ["q1", "one", "q2", "two"]);
        for limit in 1..=3 {
            let pages = walk_turns(&*store, turn_query(thread(n), Direction::Descending, limit)).await;
            assert_eq!(turn_ids(&pages), [turns[1].turn_id.as_str(), turns[0].turn_id.as_str()]);
            assert_eq!(
                walk_items(&*store, item_query(thread(n), Direction::Ascending, limit))
                    .await
                    .len(),
                4
            );
        }
        assert_eq!(exact(&*store, n).await, [], "Codex shows no turns of these");
    }
    assert_eq!(
        read(&*store, thread(1), View::Full).await.expect("a thread").cwd,
        "/from/context"
    );
}

/// As soon as a file has a user event, events alone decide.
pub async fn a_user_event_ends_the_reading_of_raw_items(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.response("user", "raw question").response("assistant", "raw answer");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    assert_eq!(
        turn_texts(&turns(&*store, thread(1)).await),
        ["raw question", "raw answer"]
    );
    append(fixture, &mut log, |log| {
        log.response("user", "q1")
            .user("", "", "q1")
            .agent("", "", "one")
            .response("assistant", "one");
    })
    .await;
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["q1", "one"]);
}

/// Ids that nobody recorded depend on the bytes alone: the same file elsewhere has the same ids.
pub async fn synthetic_ids_depend_on_the_bytes_alone(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.user("", "", "q1").agent("", "", "one");
    fixture.put(&log.clone().archived().file()).await;
    let store = fixture.store();
    let archived = turns(&*store, thread(1)).await;
    fixture.put(&log.file()).await;
    let active = turns(&*store, thread(1)).await;
    assert_eq!(
        (turn_ids(&active), item_ids(&active)),
        (turn_ids(&archived), item_ids(&archived))
    );
}
