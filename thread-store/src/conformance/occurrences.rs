//! Promises about the occurrences of a text in one thread.
//!
//! Oldest first, several per message; only messages that a summary would show, and partial answers.

use super::fixture::{StoreFixture, put_all, searching};
use super::log::{Log, thread};
use crate::error::StoreErrorKind;
use crate::store::ThreadStore;
use crate::types::{Occurrence, OccurrenceAnchor, OccurrenceQuery, Position, View};

fn query(n: u32, term: &str, limit: usize) -> OccurrenceQuery {
    OccurrenceQuery {
        thread_id: thread(n),
        view: View::Full,
        term: term.to_owned(),
        anchor: None,
        limit,
    }
}

async fn walk(store: &dyn ThreadStore, mut query: OccurrenceQuery, bare: bool) -> Vec<Occurrence> {
    let mut all = Vec::new();
    loop {
        let page = searching(store)
            .search_occurrences(query.clone())
            .await
            .expect("a page");
        assert!(
            page.occurrences.len() <= query.limit,
            "a page holds at most what was asked for"
        );
        all.extend(page.occurrences);
        let Some(next) = page.next else { return all };
        let offset = next.position.offset.filter(|_| !bare);
        let position = Position {
            offset,
            ..next.position
        };
        query.anchor = Some(OccurrenceAnchor { position, ..next });
        assert!(all.len() < 1_000, "pages of occurrences loop");
    }
}

fn places(found: &[Occurrence]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|hit| (hit.turn_id.as_str(), hit.item_id.as_str()))
        .collect()
}

/// Matches come oldest first, all of a message, and pages of any size cut them anywhere.
pub async fn occurrences_come_oldest_first(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "a needle, a NEEDLE and a needle", "no")
        .turn("t2", "nothing", "the needle");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let whole = walk(&*store, query(1, "needle", 100), false).await;
    let first = ("t1", "t1-user");
    assert_eq!(places(&whole), [first, first, first, ("t2", "t2-agent")]);
    let marked: Vec<String> = whole
        .iter()
        .map(|hit| {
            hit.snippet
                .chars()
                .skip(hit.match_start)
                .take(hit.match_end - hit.match_start)
                .collect()
        })
        .collect();
    assert_eq!(marked, ["needle", "NEEDLE", "needle", "needle"]);
    for limit in 1..=5 {
        for bare in [false, true] {
            assert_eq!(
                walk(&*store, query(1, "needle", limit), bare).await,
                whole,
                "by {limit}"
            );
        }
    }
}

/// User texts are searched as written, agent texts as rendered; terms are not trimmed.
pub async fn agent_texts_are_searched_as_rendered(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "make it **bold** text", "it is **bold** text,\n\nand `code`");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    for (term, expected) in [
        ("**bold**", &["t1-user"][..]),
        ("bold text", &["t1-agent"]),
        ("text, and code", &["t1-agent"]),
        ("bold", &["t1-user", "t1-agent"]),
        (" bold", &["t1-agent"]),
    ] {
        let found = walk(&*store, query(1, term, 9), false).await;
        assert_eq!(
            found.iter().map(|hit| hit.item_id.as_str()).collect::<Vec<_>>(),
            expected,
            "{term:?}"
        );
    }
}

/// Of agent messages only the final one of a turn is searched, and every partial answer.
pub async fn only_final_and_partial_answers_are_searched(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1")
        .user("t1", "u1", "word")
        .agent_in_phase("t1", "a1", "word", Some("commentary"));
    log.agent_in_phase("t1", "a2", "word", Some("partial_answer"))
        .agent("t1", "a3", "word");
    log.agent_in_phase("t1", "a4", "word", Some("final_answer"))
        .complete("t1");
    log.start("t2")
        .user("t2", "u2", "word")
        .agent("t2", "a5", "word")
        .agent("t2", "a6", "word")
        .complete("t2");
    fixture.put(&log.file()).await;
    let found = walk(&*fixture.store(), query(1, "word", 9), false).await;
    let items: Vec<&str> = found.iter().map(|hit| hit.item_id.as_str()).collect();
    assert_eq!(items, ["u1", "a2", "a4", "u2", "a6"]);
}

/// Inherited messages are found along the lineage, those behind a cut are not.
pub async fn occurrences_follow_the_lineage(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "word", "no");
    let mut fork = Log::fork(2, 1, &source.cut());
    fork.turn("t2", "another word", "no");
    source.turn("t3", "a later word", "no");
    put_all(fixture, &[&source, &fork]).await;
    let store = fixture.store();
    for limit in 1..=3 {
        assert_eq!(
            places(&walk(&*store, query(2, "word", limit), true).await),
            [("t1", "t1-user"), ("t2", "t2-user")]
        );
        assert_eq!(
            places(&walk(&*store, query(1, "word", limit), true).await),
            [("t1", "t1-user"), ("t3", "t3-user")]
        );
    }
}

/// The full view finds occurrences in legacy threads too; the exact one does not offer it.
pub async fn legacy_threads_have_occurrences_in_full(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.turn("t1", "word", "an answer with a word")
        .turn("t2", "rolled back word", "no");
    log.event(serde_json::json!({ "type": "thread_rolled_back", "num_turns": 1 }));
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let found = walk(&*store, query(1, "word", 1), false).await;
    assert_eq!(
        found.iter().map(|hit| hit.turn_id.as_str()).collect::<Vec<_>>(),
        ["t1", "t1"]
    );
    let exact = OccurrenceQuery {
        view: View::Codex,
        ..query(1, "word", 9)
    };
    let error = searching(&*store).search_occurrences(exact).await.expect_err("legacy");
    assert_eq!(error.kind(), StoreErrorKind::Unsupported);
}

/// The turn of an occurrence can be paged to from its position.
pub async fn occurrences_lead_to_their_turn(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "hello", "hi").turn("t2", "word", "no");
    fixture.put(&log.file()).await;
    let store = fixture.store();
    let found = walk(&*store, query(1, "word", 9), false).await;
    let turns = super::fixture::turns(&*store, thread(1)).await;
    assert_eq!(found[0].turn_position, turns[1].position);
}
