//! A home for measurements, always the same one, and the questions that are asked of it.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::{Command, Header, HomeBuilder, IdSequence, Mode, Phase, RolloutBuilder, clock};
use codex_thread_store::{
    ArchivedFilter, Clock, Direction, GroupFilter, ItemPageQuery, ItemsView, ListQuery, ListSort, LocalStore,
    LocalStoreOptions, SearchQuery, ThreadStore, TurnPageQuery, View,
};

/// Threads besides the long one, of both modes.
pub(crate) const THREADS: u64 = 60;
/// Turns of each of them.
const SHORT_TURNS: u64 = 3;
/// Turns of the long thread.
pub(crate) const LONG_TURNS: u64 = 400;
const ITEMS: u64 = 8;
const MINUTE_MS: i64 = 60_000;

/// A word that one message of the home says.
pub(crate) const RARE: &str = "walrus";
/// A word of every third message.
pub(crate) const COMMON: &str = "parser";

/// Writes the home; returns the long thread.
pub(crate) fn write_home(dir: &Path) -> ThreadId {
    let mut ids = IdSequence::new("measured");
    let mut home = HomeBuilder::new();
    for number in 0..=THREADS {
        let created_ms = clock::DEFAULT_START_MS + i64::try_from(number).unwrap() * MINUTE_MS;
        let mode = if number.is_multiple_of(2) {
            Mode::Paginated
        } else {
            Mode::Legacy
        };
        let header = Header::new(mode, &ids.uuid_v7(created_ms)).created_at(created_ms);
        let turns = if number == 0 { LONG_TURNS } else { SHORT_TURNS };
        home.session(&rollout(header, number, turns));
    }
    home.write_to(dir).unwrap();
    long_thread()
}

/// The thread with many turns.
pub(crate) fn long_thread() -> ThreadId {
    let id = IdSequence::new("measured").uuid_v7(clock::DEFAULT_START_MS);
    ThreadId::from_str(&id).unwrap()
}

fn rollout(header: Header, number: u64, turns: u64) -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header);
    let output = "src/lib.rs:12: what the command found there\n".repeat(10);
    for turn in 0..turns {
        let asked = if (number + turn).is_multiple_of(3) {
            COMMON
        } else {
            "reader"
        };
        let rare = if number == THREADS / 2 && turn == 1 { RARE } else { "" };
        rollout
            .start_turn()
            .user(&format!("look at the {asked} of project {number} once more {rare}"));
        for item in 0..ITEMS {
            match item % 3 {
                0 => rollout.reasoning(&["**Looking** at the files"], &[]),
                1 => rollout.exec(&Command::ok("rg -n found", &output)),
                _ => rollout.agent_in_phase(&format!("step {item} of turn {turn} is done"), Phase::Commentary),
            };
        }
        rollout
            .agent_in_phase(&format!("the {asked} is as it should be"), Phase::FinalAnswer)
            .complete_turn();
    }
    rollout
}

/// Opens the home at a moment that does not pass.
pub(crate) fn open(dir: &Path) -> Arc<dyn ThreadStore> {
    let mut options = LocalStoreOptions::new(dir);
    options.clock = Clock::from_fn(|| clock::DEFAULT_START_MS + 86_400_000);
    LocalStore::open(options).unwrap()
}

/// A page of 20 turns with all items.
pub(crate) fn turns(thread_id: ThreadId, direction: Direction) -> TurnPageQuery {
    TurnPageQuery {
        thread_id,
        view: View::Full,
        anchor: None,
        limit: 20,
        direction,
        items_view: ItemsView::Full,
    }
}

/// The newest turn without its items.
pub(crate) fn newest_turn(thread_id: ThreadId) -> TurnPageQuery {
    TurnPageQuery {
        limit: 1,
        items_view: ItemsView::NotLoaded,
        ..turns(thread_id, Direction::Descending)
    }
}

/// A page of 50 items.
pub(crate) fn items(thread_id: ThreadId) -> ItemPageQuery {
    ItemPageQuery {
        thread_id,
        view: View::Full,
        turn_id: None,
        anchor: None,
        limit: 50,
        direction: Direction::Descending,
    }
}

/// The newest 50 threads, or those that a term fits.
pub(crate) fn list(term: Option<&str>) -> ListQuery {
    ListQuery {
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Descending,
        limit: 50,
        anchor: None,
        archived: ArchivedFilter::Live,
        sources: None,
        providers: None,
        cwds: None,
        search_term: term.map(str::to_owned),
        relation: None,
        section: GroupFilter::Any,
        project: GroupFilter::Any,
        include_attached: false,
        excluded: Vec::new(),
        include_unpreviewed: false,
        database_rows: false,
    }
}

/// Threads that say a term.
pub(crate) fn search(term: &str) -> SearchQuery {
    SearchQuery {
        term: term.to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Descending,
        limit: 20,
        anchor: None,
        archived: ArchivedFilter::Live,
        sources: None,
        include_attached: false,
    }
}
