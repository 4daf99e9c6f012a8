//! Lists of a home that is not indexed yet: the page is that of the whole index, though only a part of the home was read.

use codex_test_support::{Header, HomeBuilder, Mode, RolloutBuilder};
use codex_thread_store::{
    ArchivedFilter, Direction, ListPage, ListQuery, ListSort, LocalStore, ThreadAnchor, ThreadStore, View,
};

use crate::support::LocalHome;
use crate::{any_query, index_all};

/// With forks and revisions more rollouts than a step of indexing behind the answers and a short rest.
const THREADS: u64 = 340;
const FIRST_MS: i64 = 1_772_442_000_000;

fn id(number: u64) -> String {
    format!("019cb354-0000-7000-8000-{number:012}")
}

/// A number below `THREADS` that has nothing to do with `number`'s size.
fn shuffled(number: u64) -> i64 {
    i64::try_from(number * 97 % THREADS).expect("small")
}

fn thread(number: u64, mode: Mode) -> RolloutBuilder {
    let header = Header::new(mode, &id(number)).created_at(FIRST_MS + shuffled(number) * 60_000);
    let mut rollout = if number % 19 == 3 {
        RolloutBuilder::headless(header)
    } else {
        RolloutBuilder::new(header)
    };
    rollout
        .start_turn()
        .user(&format!("ask {number}"))
        .agent("answer")
        .complete_turn();
    rollout
}

/// Threads of all modes, in an order of creation that is not that of change; archived ones, forks that show what they inherit,
/// threads of two revisions, names.
fn home() -> LocalHome {
    let home = LocalHome::new();
    let mut files = HomeBuilder::new();
    for number in 0..THREADS {
        let mode = match number % 5 {
            0 | 1 => Mode::Paginated,
            2 | 3 => Mode::Legacy,
            _ => Mode::Bare,
        };
        let mut rollout = thread(number, mode);
        rollout.at_ms(FIRST_MS + 100_000_000 + shuffled(number + 31) * 1_000);
        if mode == Mode::Paginated && number % 3 == 0 {
            let fork = Header::fork(&id(number + 1_000), &id(number), rollout.cut());
            let mut fork = RolloutBuilder::new(fork.created_at(FIRST_MS + shuffled(number + 7) * 60_000 + 500));
            fork.start_turn().agent("only an answer").complete_turn();
            files.session(&fork);
            let revision = Header::revert(&id(number), &id(number + 2_000), Some(rollout.cut()));
            let mut revision =
                RolloutBuilder::new(revision.created_at(FIRST_MS + shuffled(number + 91) * 60_000 + 700));
            revision.start_turn().user("ask again").complete_turn();
            revision.at_ms(FIRST_MS + 90_000_000 + shuffled(number + 3) * 1_000);
            files.session(&revision);
        }
        if number % 7 == 0 {
            files.name(&id(number), &format!("name {number}"), FIRST_MS);
        }
        match number % 6 {
            0 => files.archived(&rollout),
            _ => files.session(&rollout),
        };
    }
    files.write_to(home.path()).expect("writable");
    home
}

fn queries(view: View) -> Vec<ListQuery> {
    let mut queries = Vec::new();
    for sort in [ListSort::CreatedAt, ListSort::UpdatedAt] {
        for direction in [Direction::Ascending, Direction::Descending] {
            for archived in [ArchivedFilter::Live, ArchivedFilter::Any] {
                queries.push(ListQuery {
                    view,
                    sort,
                    direction,
                    archived,
                    limit: 9,
                    ..any_query()
                });
            }
        }
    }
    queries
}

async fn page(store: &LocalStore, query: &ListQuery) -> ListPage {
    store.list_threads(query.clone()).await.expect("a page")
}

/// Returns the query of the page after the next one.
fn later(query: &ListQuery, page: &ListPage) -> ListQuery {
    let last = page.threads.last().expect("a full page");
    let time_ms = match query.sort {
        ListSort::UpdatedAt => last.updated_at_ms,
        _ => last.created_at_ms,
    };
    ListQuery {
        anchor: Some(ThreadAnchor {
            time_ms,
            thread_id: Some(last.thread_id),
        }),
        ..query.clone()
    }
}

#[tokio::test]
async fn a_page_of_a_home_that_is_not_indexed_is_that_of_the_whole_index() {
    let (early, whole) = (home(), home());
    index_all(&whole.store()).await;
    // Of the exact view, which differs in what is shown only, some will do.
    for (view, every) in [(View::Full, 1), (View::Codex, 3)] {
        for query in queries(view).into_iter().step_by(every) {
            let first = page(&whole.store(), &query).await;
            let second_query = later(&query, &first);
            let second = page(&whole.store(), &second_query).await;
            for (query, expected) in [(&second_query, second), (&query, first)] {
                early.with_closed_store(|index| std::fs::remove_file(index).expect("an index"));
                let found = page(&early.store(), query).await;
                assert_eq!(relative(&early, found), relative(&whole, expected), "{query:?}");
            }
        }
    }
}

/// Forks are newer than what they continue, and newer revisions than older ones: a part of the index is of threads in parts.
#[tokio::test]
async fn a_page_is_that_of_the_whole_index_also_where_indexing_stopped_in_the_middle() {
    let (early, whole) = (home(), home());
    index_all(&whole.store()).await;
    for query in [View::Full, View::Codex].into_iter().flat_map(queries).step_by(3) {
        let expected = page(&whole.store(), &query).await;
        early.with_closed_store(|index| std::fs::remove_file(index).expect("an index"));
        let store = early.store();
        store.maintenance().expect("kept").index_step().await.expect("a step");
        let found = page(&store, &query).await;
        assert_eq!(relative(&early, found), relative(&whole, expected), "{query:?}");
    }
}

#[tokio::test]
async fn the_first_page_reads_a_part_of_the_home() {
    let home = home();
    let query = queries(View::Full).remove(0);
    page(&home.store(), &query).await;
    let report = home
        .store()
        .maintenance()
        .expect("kept")
        .doctor_home()
        .await
        .expect("examined");
    let lag = report
        .findings
        .iter()
        .find(|finding| finding.check == "index lag")
        .expect("told");
    let behind: u64 = lag
        .detail
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number");
    assert!(behind > THREADS / 2, "{}", lag.detail);
}

/// Takes the folder of the home out of a page.
fn relative(home: &LocalHome, mut page: ListPage) -> ListPage {
    for thread in &mut page.threads {
        thread.path = thread.path.strip_prefix(home.path()).expect("in the home").to_owned();
    }
    page
}
