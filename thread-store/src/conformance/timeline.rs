//! Promises about timelines.
//!
//! Newest page first, entries inside a page oldest first.

use super::fixture::{StoreFixture, append, put_all, text_of, walk_timeline};
use super::log::{Log, thread};
use crate::types::{Position, TimelineAnchor, TimelineEntry, TimelineEntryKind, TimelineQuery, View};

fn outline(entries: &[TimelineEntry]) -> Vec<String> {
    let lines = entries.iter().map(|entry| match entry {
        TimelineEntry::TurnStarted { turn_id, .. } => format!("+{turn_id}"),
        TimelineEntry::Item(entry) => text_of(&entry.item.item),
        TimelineEntry::TurnCompleted { turn, .. } => format!("-{}", turn.turn_id),
    });
    lines.collect()
}

fn crossed(mut log: Log) -> Log {
    log.start("t1")
        .user("t1", "u1", "q1")
        .agent("t1", "a1", "one")
        .complete("t1");
    log.start("t2").user("t2", "u2", "q2").complete("t2").start("t3");
    log
}

const CROSSED: [&str; 8] = ["+t1", "q1", "one", "-t1", "+t2", "q2", "-t2", "+t3"];

/// Pages of any size hold every start, item and end once.
pub async fn timeline_pages_hold_every_entry_once(fixture: &dyn StoreFixture) {
    put_all(fixture, &[&crossed(Log::paginated(1)), &crossed(Log::legacy(2))]).await;
    let store = fixture.store();
    for n in [1, 2] {
        let whole = walk_timeline(&*store, thread(n), 100).await;
        assert_eq!(outline(&whole), CROSSED, "thread {n}");
        for limit in 1..=9 {
            assert_eq!(
                walk_timeline(&*store, thread(n), limit).await,
                whole,
                "thread {n} by {limit}"
            );
        }
    }
}

/// A page before an entry named by its bare ordinal and kind ends right before it.
pub async fn timelines_end_before_a_bare_ordinal(fixture: &dyn StoreFixture) {
    fixture.put(&crossed(Log::paginated(1)).file()).await;
    let store = fixture.store();
    // The header has ordinal 0, so entry n has ordinal n + 1.
    for (at, entry) in CROSSED.iter().enumerate() {
        let kind = match &entry[..1] {
            "+" => TimelineEntryKind::TurnStarted,
            "-" => TimelineEntryKind::TurnCompleted,
            _ => TimelineEntryKind::Item,
        };
        let position = Position {
            ordinal: at as u64 + 1,
            offset: None,
            unambiguous: true,
        };
        for limit in 1..=9 {
            let before = Some(TimelineAnchor { position, kind });
            let query = TimelineQuery {
                thread_id: thread(1),
                view: View::Full,
                before,
                limit,
            };
            let page = store.list_timeline(query).await.expect("a page");
            let first = at.saturating_sub(limit);
            assert_eq!(outline(&page.entries), CROSSED[first..at], "before {entry} by {limit}");
            assert_eq!(page.has_more, first > 0);
        }
    }
}

/// New entries come behind those that are known, and end the turn that was open.
pub async fn timelines_grow_at_their_end(fixture: &dyn StoreFixture) {
    let mut log = crossed(Log::paginated(1));
    fixture.put(&log.file()).await;
    let before = walk_timeline(&*fixture.store(), thread(1), 3).await;
    append(fixture, &mut log, |log| {
        log.user("t3", "u3", "q3").complete("t3");
    })
    .await;
    let after = walk_timeline(&*fixture.store(), thread(1), 3).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(outline(&after[before.len()..]), ["q3", "-t3"]);
}

/// The end of a turn tells how it ended, without its items.
pub async fn ends_tell_how_turns_ended(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u1", "q1").fail("t1", "stream closed");
    fixture.put(&log.file()).await;
    let entries = walk_timeline(&*fixture.store(), thread(1), 9).await;
    let Some(TimelineEntry::TurnCompleted { position, turn }) = entries.last() else {
        panic!("the turn ended last: {entries:?}");
    };
    assert_eq!(position.ordinal, 3);
    assert_eq!(
        turn.error.as_ref().map(|error| error.message.as_str()),
        Some("stream closed")
    );
    assert_eq!(turn.items, []);
}
