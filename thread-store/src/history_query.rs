//! What a search of the history asks for and answers.
//!
//! Plain data; what a query says is in [`codex_state::query`].

use codex_protocol::ids::ThreadId;
use codex_state::query::{FieldKind, Query};

use crate::types::{Position, ThreadRecord};

/// Order of the threads in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum HistoryOrder {
    /// The best first; threads of the same score by id, greatest first.
    #[default]
    Ranked,
    /// By the last change, newest first; the hits of a thread newest first.
    Newest,
}

/// The last thread of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryAnchor {
    /// Time that the age of hits is reckoned from, on all pages: when the first one was made. Unix milliseconds.
    pub as_of_ms: i64,
    /// The thread's score in a ranked answer, its time of the last change otherwise.
    pub key: HistoryKey,
    /// The thread.
    pub thread_id: ThreadId,
}

/// What an answer orders its threads by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HistoryKey {
    /// Score.
    Score(f64),
    /// Time of the last change, Unix milliseconds.
    TimeMs(i64),
}

/// What to find.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryQuery {
    /// What is searched for, and where.
    pub query: Query,
    /// Order of the threads.
    pub order: HistoryOrder,
    /// Threads of a page; at least 1.
    pub limit: usize,
    /// Hits that are shown of a thread, the best (or the newest) of it; at least 1.
    pub hits_per_thread: usize,
    /// Exclusive start; of the same query and order.
    pub anchor: Option<HistoryAnchor>,
    /// Whether hits are counted by project, kind and month.
    pub facets: bool,
}

/// A text of an item, or of a thread, that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryHit {
    /// What the text is.
    pub kind: FieldKind,
    /// The item; `None` for what a thread as a whole says (name, goal).
    pub item: Option<HitItem>,
    /// Score of the item.
    pub score: f64,
    /// The first match in its surroundings.
    pub snippet: String,
    /// Matches inside the snippet, ascending: first UTF-16 code unit, and first one behind.
    pub highlights: Vec<(usize, usize)>,
    /// The first match inside the whole text, in UTF-16 code units.
    pub match_range: (usize, usize),
    /// When the item ended, else when it or its turn started, else when the thread was created. Unix milliseconds.
    pub time_ms: i64,
}

/// Where a hit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitItem {
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item_id: String,
    /// Where the item was created: starts a page of items.
    pub position: Position,
    /// Where the turn begins: starts a page of turns; `None` for an item without one.
    pub turn_position: Option<Position>,
}

/// A thread with hits.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryThread {
    /// The thread.
    pub thread: ThreadRecord,
    /// Its score; that of its best hit and a little for every other one.
    pub score: f64,
    /// Items that match, those that are not shown included.
    pub matched: u64,
    /// At most `hits_per_thread`.
    pub hits: Vec<HistoryHit>,
}

/// How many hits there are, by what they have in common; the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryFacets {
    /// By working directory of the thread.
    pub projects: Vec<(String, u64)>,
    /// By the kind of the text that is shown.
    pub kinds: Vec<(FieldKind, u64)>,
    /// By month (`2026-03`, UTC), newest first.
    pub months: Vec<(String, u64)>,
}

/// Why an answer may lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryIncomplete {
    /// More items may match than are looked at; the newest were.
    Candidates {
        /// Items that are looked at.
        limit: u64,
    },
    /// Looking took too long.
    Time {
        /// The limit.
        limit_ms: u64,
    },
}

/// A page of threads with hits.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The threads, in the order asked for.
    pub threads: Vec<HistoryThread>,
    /// Start of the next page, if there is one.
    pub next: Option<HistoryAnchor>,
    /// Threads with hits on all pages; of an order by time, as far as it was looked at for this page.
    pub thread_count: u64,
    /// Items that match in these.
    pub hit_count: u64,
    /// How the hits are distributed, if asked for; of the same threads.
    pub facets: Option<HistoryFacets>,
    /// Why there may be more than is said here.
    pub incomplete: Option<HistoryIncomplete>,
}
