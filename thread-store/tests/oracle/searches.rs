//! Whatever the word index knows, searches find what reading everything finds: no text indexed, all of it, or a part.

use codex_thread_store::{Direction, HistoryOrder, View};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::home::{Homes, plans};
use crate::probe::{Marks, Probe, check};
use crate::probes::{QUERIES, TERMS, history_order, history_query, marks, term, view};
use crate::scenarios::config;

/// How a home is asked: every thread, by some terms.
#[derive(Debug, Clone)]
struct Question {
    view: View,
    terms: Vec<&'static str>,
    limit: usize,
    marks: Marks,
}

fn question() -> impl Strategy<Value = Question> {
    let limit = prop_oneof![1..4_usize, Just(100_usize)];
    (view(), prop::collection::vec(term(), 1..4), limit, marks()).prop_map(|(view, terms, limit, marks)| Question {
        view,
        terms,
        limit,
        marks,
    })
}

/// Asking for histories brings both parts of the word index up to date.
fn ask_histories(homes: &Homes, queries: &[&'static str], order: HistoryOrder, limit: usize) {
    for text in queries {
        check(&homes.pair(0), &Probe::History(text, order, limit));
    }
}

fn ask_occurrences(homes: &Homes, question: &Question) {
    for at in 0..homes.rollouts.len() {
        for term in &question.terms {
            let probe = Probe::Occurrences(question.view, term, question.limit, question.marks);
            check(&homes.pair(at), &probe);
        }
    }
}

/// Asking for threads brings the word index up to date.
fn ask_threads(homes: &Homes, question: &Question) {
    for direction in [Direction::Ascending, Direction::Descending] {
        for term in &question.terms {
            check(
                &homes.pair(0),
                &Probe::Search(question.view, term, direction, question.limit),
            );
        }
    }
}

proptest! {
    #![proptest_config(config(24, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/oracle_searches.txt")))]

    #[test]
    fn prop_searches_find_the_same_with_any_part_of_the_words_indexed(
        plans in plans(),
        question in question(),
        appended in prop::collection::vec((any::<u8>(), 0..3_000_usize, 0..4_usize), 0..4),
    ) {
        let mut homes = Homes::new(&plans);
        ask_occurrences(&homes, &question);
        ask_threads(&homes, &question);
        ask_occurrences(&homes, &question);
        for (at, bytes, lines) in appended {
            let at = homes.pick(at);
            homes.append(at, bytes);
            homes.append_lines(at, lines);
            ask_occurrences(&homes, &question);
        }
        ask_threads(&homes, &question);
        ask_occurrences(&homes, &question);
    }
}

proptest! {
    #![proptest_config(config(24, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/oracle_histories.txt")))]

    #[test]
    fn prop_histories_are_found_with_any_part_of_the_words_indexed(
        plans in plans(),
        queries in prop::collection::vec(history_query(), 1..5),
        order in history_order(),
        limit in prop_oneof![1..4_usize, Just(100_usize)],
        appended in prop::collection::vec((any::<u8>(), 0..3_000_usize, 0..4_usize), 0..4),
    ) {
        let mut homes = Homes::new(&plans);
        ask_histories(&homes, &queries, order, limit);
        for (at, bytes, lines) in appended {
            let at = homes.pick(at);
            homes.append(at, bytes);
            homes.append_lines(at, lines);
            ask_histories(&homes, &queries, order, limit);
        }
    }
}

#[test]
fn every_query_of_these_tests_finds_the_same() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let plans = prop::collection::vec(crate::home::plan(), 6)
        .new_tree(&mut runner)
        .expect("plans")
        .current();
    let homes = Homes::new(&plans);
    for order in [HistoryOrder::Ranked, HistoryOrder::Newest] {
        ask_histories(&homes, &QUERIES, order, 2);
    }
}

#[test]
fn every_term_of_these_tests_is_found_in_the_same_places() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let plans = prop::collection::vec(crate::home::plan(), 6)
        .new_tree(&mut runner)
        .expect("plans")
        .current();
    let homes = Homes::new(&plans);
    for view in [View::Full, View::Codex] {
        let question = Question {
            view,
            terms: TERMS.to_vec(),
            limit: 2,
            marks: Marks::Wire,
        };
        ask_threads(&homes, &question);
        ask_occurrences(&homes, &question);
    }
}
