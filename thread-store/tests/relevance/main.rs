//! How well the search of the history ranks: queries with known answers over a generated corpus, and floors that the
//! measures must not fall below.
//!
//! `cargo test -p codex-thread-store --test relevance -- --nocapture` prints the measures, and what was not first.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

use std::collections::BTreeMap;

use codex_test_support::stories::{KnownQuery, Remembered, known_queries, relevance_home, story_id};
use codex_thread_store::query::{Typing, parse};
use codex_thread_store::{Clock, HistoryOrder, HistoryQuery, LocalStore, LocalStoreOptions, ThreadSearch, ThreadStore};

/// 2026-03-31T14:00:00Z: three months behind the oldest thread.
const NOW_MS: i64 = 1_774_965_600_000;
/// Threads that are looked at.
const DEPTH: usize = 50;

/// How many of so many queries find their thread first, among the first five, and among fifty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Measures {
    queries: usize,
    first: usize,
    in_five: usize,
    found: usize,
}

impl Measures {
    fn add(&mut self, rank: Option<usize>) {
        self.queries += 1;
        self.first += usize::from(rank == Some(0));
        self.in_five += usize::from(rank.is_some_and(|rank| rank < 5));
        self.found += usize::from(rank.is_some());
    }

    /// Shares in thousandths.
    fn per_mille(&self) -> [usize; 3] {
        [self.first, self.in_five, self.found].map(|count| count * 1_000 / self.queries.max(1))
    }
}

/// Returns how many threads come before the right one, if it is found.
async fn rank(search: &dyn ThreadSearch, known: &KnownQuery) -> Option<usize> {
    let typing = match known.remembered {
        Remembered::Typing => Typing::GoesOn,
        _ => Typing::Done,
    };
    let query = HistoryQuery {
        query: parse(&known.text, NOW_MS, typing).unwrap_or_else(|error| panic!("{}: {error}", known.text)),
        order: HistoryOrder::Ranked,
        limit: DEPTH,
        hits_per_thread: 1,
        anchor: None,
        facets: false,
    };
    let page = search.search_history(query).await.expect("an answer");
    let wanted = story_id(known.story);
    page.threads
        .iter()
        .position(|found| found.thread.thread_id.to_string() == wanted)
}

#[tokio::test]
async fn known_answers_are_ranked_well() {
    let home = tempfile::tempdir().expect("a temporary folder");
    relevance_home(home.path()).expect("writable");
    let mut options = LocalStoreOptions::new(home.path());
    options.clock = Clock::from_fn(|| NOW_MS);
    let store = LocalStore::open(options).expect("a home");
    let search = store.search().expect("this store searches");
    let queries = known_queries();
    assert!(queries.len() >= 200, "{} queries", queries.len());
    let mut all = Measures::default();
    let mut by_kind: BTreeMap<Remembered, Measures> = BTreeMap::new();
    let mut not_first = Vec::new();
    for known in &queries {
        let rank = rank(search, known).await;
        all.add(rank);
        by_kind.entry(known.remembered).or_default().add(rank);
        if rank != Some(0) {
            not_first.push(format!("{:?} {}: {rank:?}", known.remembered, known.text));
        }
    }
    println!(
        "{:>10} {:>7} {:>6} {:>6} {:>8}",
        "", "queries", "hit@1", "hit@5", "found@50"
    );
    let line = |name: &str, measures: &Measures| {
        let [first, in_five, found] = measures.per_mille();
        println!("{name:>10} {:>7} {first:>6} {in_five:>6} {found:>8}", measures.queries);
    };
    by_kind
        .iter()
        .for_each(|(kind, measures)| line(&format!("{kind:?}"), measures));
    line("all", &all);
    println!("not first:\n{}", not_first.join("\n"));
    let [first, in_five, found] = all.per_mille();
    assert!(
        first >= FLOOR_FIRST && in_five >= FLOOR_IN_FIVE && found >= FLOOR_FOUND,
        "{all:?}\n{not_first:#?}"
    );
}

/// Thousandths of the queries that have to find their thread first.
const FLOOR_FIRST: usize = 825;
/// The same, among the first five.
const FLOOR_IN_FIVE: usize = 900;
/// The same, among fifty.
const FLOOR_FOUND: usize = 990;
