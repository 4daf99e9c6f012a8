//! Promises about logs that are damaged, or still being written.
//!
//! Nothing decodable is hidden, nothing stops what follows, and damage is told.

use serde_json::json;

use super::fixture::{
    StoreFixture, append, found, item_query, item_texts, list_query, read, turn_ids, turn_texts, turns, walk_items,
};
use super::log::{Log, thread};
use crate::report::{DamageKind, IndexStateKind};
use crate::store::ThreadStore;
use crate::types::{Direction, View};

async fn damage(store: &dyn ThreadStore) -> Vec<DamageKind> {
    let state = store.index_state(thread(1)).await.expect("a state");
    state.damage.iter().map(|damage| damage.kind).collect()
}

fn said(text: &str) -> serde_json::Value {
    json!({ "type": "item_completed", "thread_id": thread(1).to_string(), "turn_id": "t1", "completed_at_ms": 0,
            "item": { "type": "UserMessage", "id": text, "content": [{ "type": "text", "text": text }] } })
}

/// Garbage, binary and unknown lines are reported, and what follows them is shown.
pub async fn bad_lines_stop_nothing(fixture: &dyn StoreFixture) {
    for mut log in [Log::paginated(1), Log::legacy(2)] {
        log.start("t1").user("t1", "u1", "before");
        log.raw(b"{\"timestamp\":\"2026\n")
            .raw(b"\n   \n")
            .raw(b"\xff\xfe{}\n")
            .raw(b"42\n");
        log.record("record_of_the_future", json!({ "answer": 42 }))
            .event(json!({ "type": "event_of_the_future" }));
        log.agent("t1", "a1", "behind").complete("t1");
        fixture.put(&log.file()).await;
    }
    let store = fixture.store();
    for n in [1, 2] {
        assert_eq!(
            turn_texts(&turns(&*store, thread(n)).await),
            ["before", "behind"],
            "thread {n}"
        );
    }
    use DamageKind::{InvalidUtf8, MalformedJson, UnknownLine};
    assert_eq!(
        damage(&*store).await,
        [MalformedJson, InvalidUtf8, MalformedJson, UnknownLine, UnknownLine]
    );
    let state = store.index_state(thread(1)).await.expect("a state");
    assert_eq!((state.state, state.lag_bytes), (IndexStateKind::Damaged, 0));
    assert!(
        state.damage.windows(2).all(|pair| pair[0].offset < pair[1].offset),
        "oldest first"
    );
}

/// Lines with a missing, reused or lower ordinal are shown in file order; gaps hide nothing.
pub async fn ordinals_hide_nothing(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").event(said("counted"));
    log.record_with(None, "event_msg", said("without"));
    log.record_with(Some(2), "event_msg", said("reused"))
        .record_with(Some(0), "event_msg", said("lower"));
    log.skip_ordinals(5).event(said("behind a gap")).complete("t1");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let expected = ["counted", "without", "reused", "lower", "behind a gap"];
    assert_eq!(item_texts(&*store, thread(1)).await, expected);
    for limit in 1..=4 {
        let mut items = walk_items(&*store, item_query(thread(1), Direction::Descending, limit)).await;
        items.reverse();
        let ids: Vec<&str> = items.iter().map(|entry| entry.item.item.id()).collect();
        assert_eq!(ids, expected, "offsets break the ties of ordinals, by {limit}");
    }
    use DamageKind::{MissingOrdinal, OrdinalGap, RegressedOrdinal};
    assert_eq!(
        damage(&*store).await,
        [MissingOrdinal, RegressedOrdinal, RegressedOrdinal, OrdinalGap]
    );
}

/// A rejected line may have taken one ordinal, and a retry of it may come later: neither is a gap.
pub async fn rejected_lines_explain_a_gap(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").raw(b"{\"torn\n").skip_ordinals(1).event(said("next"));
    log.raw(b"{\"torn\n").event(said("retried")).complete("t1");
    fixture.put(&log.file()).await;
    assert_eq!(item_texts(&*fixture.store(), thread(1)).await, ["next", "retried"]);
    assert_eq!(
        damage(&*fixture.store()).await,
        [DamageKind::MalformedJson, DamageKind::MalformedJson]
    );
}

/// A line time that cannot be read is reported where it is needed, and the line is shown all the same.
pub async fn unreadable_times_hide_nothing(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1");
    for text in ["timed by itself", "without any time"] {
        let mut payload = said(text);
        if text.starts_with("timed") {
            payload["started_at_ms"] = 1_000.into();
        }
        let ordinal = if text.starts_with("timed") { 2 } else { 3 };
        let line = json!({ "timestamp": "yesterday", "ordinal": ordinal, "type": "event_msg", "payload": payload });
        log.raw(format!("{line}\n").as_bytes()).skip_ordinals(1);
    }
    log.complete("t1");
    fixture.put(&log.file()).await;
    assert_eq!(
        item_texts(&*fixture.store(), thread(1)).await,
        ["timed by itself", "without any time"]
    );
    assert_eq!(damage(&*fixture.store()).await, [DamageKind::InvalidTimestamp]);
}

/// What is appended is in the next answer of every method.
pub async fn appended_lines_are_in_the_next_answer(fixture: &dyn StoreFixture) {
    for (n, mut log) in [(1, Log::paginated(1)), (2, Log::legacy(2))] {
        log.turn("t1", "q1", "one");
        fixture.put(&log.file()).await;
        let store = fixture.store();
        assert_eq!(turn_ids(&turns(&*store, thread(n)).await), ["t1"]);
        assert_eq!(found(&*store, &format!("needle {n}"), View::Full).await, []);
        append(fixture, &mut log, |log| {
            log.turn("t2", &format!("needle {n}"), "two");
        })
        .await;
        assert_eq!(turn_ids(&turns(&*store, thread(n)).await), ["t1", "t2"]);
        assert_eq!(item_texts(&*store, thread(n)).await.len(), 4);
        assert_eq!(found(&*store, &format!("needle {n}"), View::Full).await, [thread(n)]);
        let page = store.list_threads(list_query()).await.expect("a page");
        let row = page
            .threads
            .iter()
            .find(|record| record.thread_id == thread(n))
            .expect("listed");
        assert_eq!(row.updated_at_ms, log.file().mtime_ms);
    }
}

/// A torn last line is not consumed; once it is complete it is shown, at its place.
pub async fn a_torn_tail_waits_until_it_is_complete(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u1", "whole");
    let before = log.file();
    log.agent("t1", "a1", "in two pieces").complete("t1");
    let (name, bytes) = (log.file_name(), log.file().bytes);
    let half = before.bytes.len() + 40;
    fixture.put(&before).await;
    fixture
        .append(&name, &bytes[before.bytes.len()..half], before.mtime_ms + 1)
        .await;
    let store = fixture.store();
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["whole"]);
    let state = store.index_state(thread(1)).await.expect("a state");
    assert_eq!(
        (state.projected_offset, state.lag_bytes),
        (before.bytes.len() as u64, 40)
    );
    assert_eq!(state.state, IndexStateKind::Behind);
    fixture.append(&name, &bytes[half..], before.mtime_ms + 2).await;
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["whole", "in two pieces"]);
    assert_eq!(damage(&*store).await, []);
}

/// A complete last record that only lacks its newline is shown, by reads and by lists.
pub async fn a_last_line_without_newline_is_shown(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u1", "the last line");
    let mut file = log.file();
    file.bytes.pop();
    fixture.put(&file).await;
    let store = fixture.store();
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["the last line"]);
    let page = store.list_threads(list_query()).await.expect("a page");
    assert_eq!(page.threads[0].preview, "the last line");
    assert_eq!(found(&*store, "last line", View::Full).await, [thread(1)]);
    fixture.append(&file.file_name, b"\n", file.mtime_ms + 1).await;
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["the last line"]);
}

/// A file that was replaced or cut is read as it is now.
pub async fn replaced_files_are_read_as_they_are(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q1", "one");
    let short = log.clone();
    log.turn("t2", "q2", "two");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t2"]);
    fixture
        .put(&short.clone().changed_at(log.file().mtime_ms + 1).file())
        .await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1"]);
    let mut other = short;
    other.turn("t3", "another end", "three");
    fixture.put(&other.changed_at(log.file().mtime_ms + 2).file()).await;
    assert_eq!(turn_ids(&turns(&*store, thread(1)).await), ["t1", "t3"]);
    assert_eq!(found(&*store, "q2", View::Full).await, []);
    assert_eq!(found(&*store, "another end", View::Full).await, [thread(1)]);
}

/// A header that comes behind other lines is the thread's header, also when those were read before it came.
pub async fn a_late_header_counts(fixture: &dyn StoreFixture) {
    let mut log = Log::headless(super::log::Form::Legacy, 1);
    log.event(json!({ "type": "user_message", "message": "too early" }));
    fixture.put(&log.file()).await;
    let store = fixture.store();
    assert_eq!(turn_texts(&turns(&*store, thread(1)).await), ["too early"]);
    let mut whole = Log::legacy(1);
    whole.event(json!({ "type": "agent_message", "message": "behind the header" }));
    fixture
        .append(&log.file_name(), &whole.file().bytes, log.file().mtime_ms + 1)
        .await;
    let record = read(&*store, thread(1), View::Codex)
        .await
        .expect("it has a header now");
    assert_eq!(record.cwd, "/home/user/project");
    assert_eq!(turn_texts(&record.turns), ["too early", "behind the header"]);
}

/// A thread moves to the archive and back with its files.
pub async fn a_moved_file_is_listed_where_it_is(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q1", "one");
    fixture.put(&log.clone().archived().file()).await;
    let store = fixture.store();
    assert!(read(&*store, thread(1), View::Full).await.expect("a thread").archived);
    // Both places hold the file for a moment; the active one counts.
    fixture.put(&log.file()).await;
    assert!(!read(&*store, thread(1), View::Full).await.expect("a thread").archived);
    let page = store.list_threads(list_query()).await.expect("a page");
    assert_eq!((page.threads.len(), page.threads[0].archived), (1, false));
}
