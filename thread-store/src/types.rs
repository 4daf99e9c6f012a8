//! Domain values that cross the store boundary.
//!
//! Plain data; no wire names, no SQL. Item contents are the protocol's [`ThreadItem`](codex_protocol::item::ThreadItem).

use std::path::PathBuf;

use codex_protocol::ids::ThreadId;
use codex_protocol::item::{TimedItem, TurnError, TurnStatus};
pub use codex_protocol::log::HistoryMode;
use codex_protocol::log::SessionSource;

use crate::organise::Section;

/// Which of the two views of the one index an answer shows (design section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum View {
    /// Everything: rebuilt tool calls, threads that Codex hides, our globally unique synthetic ids.
    #[default]
    Full,
    /// What Codex 0.169 answers: its synthetic ids, its set of legacy items, its hidden threads.
    Codex,
}

/// Which way a page walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Oldest or smallest first.
    Ascending,
    /// Newest or largest first.
    Descending,
}

/// Whether the row that a cursor names is part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor<T> {
    /// The page starts at the named row.
    Including(T),
    /// The page starts right after the named row, in page direction.
    Excluding(T),
}

/// A place in the visible history of one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Ordinal of the line; for rollouts without ordinals the 0-based number of the line.
    pub ordinal: u64,
    /// Byte offset along the lineage; `None` in cursors that Codex made.
    pub offset: Option<u64>,
    /// Whether `ordinal` alone names the place; then cursors need no offset.
    pub unambiguous: bool,
}

/// Which threads of the two locations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ArchivedFilter {
    /// Only threads that are not archived.
    #[default]
    Live,
    /// Only archived threads.
    Archived,
    /// Both.
    Any,
}

/// The key of a list's order; ties are broken by thread id in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ListSort {
    /// Creation time.
    #[default]
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Start of the newest turn.
    RecencyAt,
    /// Place in the section that the list is restricted to; without one, and for searches, there is nothing to list.
    SectionPosition,
}

/// Restricts a list by what its threads were put into.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub enum GroupFilter {
    /// No restriction.
    #[default]
    Any,
    /// Only threads that are in none.
    None,
    /// Only threads that are in this one.
    One(String),
}

/// A source kind that a list can be filtered by (`app-server-api.md` 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceFilter {
    /// `cli`.
    Cli,
    /// `vscode`, also custom `atlas` and `chatgpt`.
    Vscode,
    /// `exec`.
    Exec,
    /// Stored `mcp`.
    AppServer,
    /// Any sub-agent.
    SubAgent,
    /// Review sub-agents.
    SubAgentReview,
    /// Compaction sub-agents.
    SubAgentCompact,
    /// Spawned sub-agents.
    SubAgentThreadSpawn,
    /// Other sub-agents.
    SubAgentOther,
    /// Unknown sources.
    Unknown,
}

/// Restricts a list to relatives of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationFilter {
    /// Directly spawned children.
    ChildrenOf(ThreadId),
    /// Descendants at any depth, without the ancestor itself.
    DescendantsOf(ThreadId),
    /// Forks attached to the thread.
    AttachedTo(ThreadId),
}

/// The last or first row of a list page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadAnchor {
    /// The row's sort time in Unix milliseconds; its rank in a list by section position.
    pub time_ms: i64,
    /// The row's thread; `None` means strictly before or after the time.
    pub thread_id: Option<ThreadId>,
}

/// What to list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// The view; [`View::Codex`] hides what Codex hides.
    pub view: View,
    /// Order.
    pub sort: ListSort,
    /// Direction of the order.
    pub direction: Direction,
    /// Page size; at least 1.
    pub limit: usize,
    /// Exclusive start.
    pub anchor: Option<ThreadAnchor>,
    /// Archived or not.
    pub archived: ArchivedFilter,
    /// Accepted source kinds; `None` means the interactive ones, except that relation filters then accept all.
    pub sources: Option<Vec<SourceFilter>>,
    /// Accepted providers; `None` means all.
    pub providers: Option<Vec<String>>,
    /// Accepted working directories (exact after normalising); `None` means all.
    pub cwds: Option<Vec<String>>,
    /// Case-sensitive substring of name, title or preview; `None` or empty means no filter.
    pub search_term: Option<String>,
    /// Restriction to relatives.
    pub relation: Option<RelationFilter>,
    /// Restriction by section; one that is asked for shows its threads without a preview too.
    pub section: GroupFilter,
    /// Restriction by project.
    pub project: GroupFilter,
    /// Whether attached forks are listed without being asked for.
    pub include_attached: bool,
    /// Threads to leave out.
    pub excluded: Vec<ThreadId>,
    /// Whether threads without a preview are listed in the exact view too.
    pub include_unpreviewed: bool,
    /// Whether the exact view lists what Codex lists from its database only: rollouts without a header.
    pub database_rows: bool,
}

impl ListQuery {
    /// Returns whether threads are listed that nobody has spoken to yet, in the exact view too: those of a section, and
    /// relatives (`app-server-api.md` 5, "Hidden rows"; children that got their task from their parent have no preview).
    pub(crate) fn lists_unstarted(&self) -> bool {
        matches!(self.section, GroupFilter::One(_)) || self.relation.is_some()
    }
}

/// Git state recorded with a thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitInfo {
    /// Commit hash.
    pub sha: Option<String>,
    /// Branch.
    pub branch: Option<String>,
    /// Remote address.
    pub origin_url: Option<String>,
}

/// Where a thread is in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadSection {
    /// The section.
    pub section: Section,
    /// The thread's place there: lower ranks come first.
    pub rank: i64,
    /// When it entered the section, Unix milliseconds.
    pub entered_at_ms: i64,
}

/// One thread's metadata, and its turns when they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadRecord {
    /// The thread.
    pub thread_id: ThreadId,
    /// Absolute path of the current rollout, without `.zst`.
    pub path: PathBuf,
    /// Whether the rollout lies under `archived_sessions`.
    pub archived: bool,
    /// Storage mode.
    pub history_mode: HistoryMode,
    /// Source thread of a fork.
    pub forked_from: Option<ThreadId>,
    /// Thread that this fork is attached to.
    pub attached_to: Option<ThreadId>,
    /// Thread that spawned this one.
    pub parent: Option<ThreadId>,
    /// First user text; empty before the first message.
    pub preview: String,
    /// Explicit name.
    pub name: Option<String>,
    /// Provider of the model.
    pub model_provider: String,
    /// Latest model.
    pub model: Option<String>,
    /// Latest reasoning effort.
    pub reasoning_effort: Option<String>,
    /// Creation time, Unix milliseconds.
    pub created_at_ms: i64,
    /// Time of the last change, Unix milliseconds.
    pub updated_at_ms: i64,
    /// Start of the newest turn, Unix milliseconds.
    pub recency_at_ms: Option<i64>,
    /// Working directory.
    pub cwd: String,
    /// Version of the recording program.
    pub cli_version: String,
    /// Name of the recording client.
    pub originator: Option<String>,
    /// Where the thread came from.
    pub source: SessionSource,
    /// Free-form source kind.
    pub thread_source: Option<String>,
    /// Nickname of a spawned agent.
    pub agent_nickname: Option<String>,
    /// Role of a spawned agent.
    pub agent_role: Option<String>,
    /// Recorded git state.
    pub git: Option<GitInfo>,
    /// Section that the thread was put into.
    pub section: Option<ThreadSection>,
    /// Project that the thread belongs to.
    pub project_id: Option<String>,
    /// Whether the thread takes part in the daybreak feature, where that was said.
    pub daybreak: Option<bool>,
    /// Turns in chronological order; empty unless asked for.
    pub turns: Vec<TurnRecord>,
}

impl ThreadRecord {
    /// Returns what a list orders the thread by: a time in Unix milliseconds, or its rank in its section.
    #[must_use]
    pub fn sort_key(&self, sort: ListSort) -> i64 {
        match sort {
            ListSort::CreatedAt => self.created_at_ms,
            ListSort::UpdatedAt => self.updated_at_ms,
            ListSort::RecencyAt => self.recency_at_ms.unwrap_or(self.created_at_ms),
            // Only threads of a section are listed by their places in it.
            ListSort::SectionPosition => self.section.as_ref().map_or(0, |place| place.rank),
        }
    }
}

/// What of a thread to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadReadQuery {
    /// The thread.
    pub thread_id: ThreadId,
    /// The view.
    pub view: View,
    /// `None` for metadata only.
    pub turns: Option<ItemsView>,
}

/// How a thread is named by a person or a path-based call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadSelector {
    /// A full id, a unique prefix of one, or an exact name.
    Text(String),
    /// A rollout file, absolute or relative to the home.
    Path(PathBuf),
}

/// Rows of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// The rows, in the order asked for.
    pub threads: Vec<ThreadRecord>,
    /// Whether more rows follow.
    pub has_more: bool,
}

/// How much of a turn's items an answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ItemsView {
    /// None.
    NotLoaded,
    /// The first user message and the final agent message.
    #[default]
    Summary,
    /// All.
    Full,
}

/// One turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// Turn id.
    pub turn_id: String,
    /// Root turn of the tree that this turn belongs to.
    pub root_turn_id: Option<String>,
    /// Where the turn begins.
    pub position: Position,
    /// State; an open turn without a live writer is interrupted.
    pub status: TurnStatus,
    /// Error of a failed turn.
    pub error: Option<TurnError>,
    /// Start, Unix seconds.
    pub started_at: Option<i64>,
    /// End, Unix seconds.
    pub completed_at: Option<i64>,
    /// Duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// Items, as many as the view asked for.
    pub items: Vec<TimedItem>,
    /// The view that `items` follows.
    pub items_view: ItemsView,
}

/// A place that a page of turns starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnAnchor {
    /// By position.
    Position(Position),
    /// By turn id (Codex's cursors of legacy threads).
    Turn(String),
}

/// Which turns to page.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnPageQuery {
    /// The thread.
    pub thread_id: ThreadId,
    /// The view.
    pub view: View,
    /// Start; `None` for the first page.
    pub anchor: Option<Anchor<TurnAnchor>>,
    /// Page size; at least 1.
    pub limit: usize,
    /// Direction.
    pub direction: Direction,
    /// How many items each turn carries.
    pub items_view: ItemsView,
}

/// A page of turns.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnPage {
    /// The turns, in page direction.
    pub turns: Vec<TurnRecord>,
    /// Whether more turns follow.
    pub has_more: bool,
    /// Mode of the thread (decides the text of cursors).
    pub history_mode: HistoryMode,
}

/// A place that a page of items starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAnchor {
    /// By position.
    Position(Position),
    /// By item id, within the turn of the query.
    Item(String),
}

/// Which items to page.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemPageQuery {
    /// The thread.
    pub thread_id: ThreadId,
    /// The view.
    pub view: View,
    /// Only items of this turn.
    pub turn_id: Option<String>,
    /// Start; `None` for the first page.
    pub anchor: Option<Anchor<ItemAnchor>>,
    /// Page size; at least 1.
    pub limit: usize,
    /// Direction.
    pub direction: Direction,
}

/// One item with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemEntry {
    /// Turn of the item.
    pub turn_id: String,
    /// Where the item was created.
    pub position: Position,
    /// Content and times.
    pub item: TimedItem,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemPage {
    /// The items, in page direction.
    pub items: Vec<ItemEntry>,
    /// Whether more items follow.
    pub has_more: bool,
}

/// The oldest entry of a timeline page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineAnchor {
    /// Where.
    pub position: Position,
    /// What kind of entry.
    pub kind: TimelineEntryKind,
}

/// The kinds of timeline entries, in their order at one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimelineEntryKind {
    /// A turn begins.
    TurnStarted,
    /// An item was created.
    Item,
    /// A realtime entry.
    Realtime,
    /// A turn ends.
    TurnCompleted,
}

/// One timeline entry.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineEntry {
    /// A turn begins.
    TurnStarted {
        /// Where.
        position: Position,
        /// The turn.
        turn_id: String,
        /// Start, Unix seconds.
        started_at: Option<i64>,
    },
    /// An item.
    Item(ItemEntry),
    /// A turn ends.
    TurnCompleted {
        /// Where.
        position: Position,
        /// The turn as it ended, without items.
        turn: TurnRecord,
    },
}

/// Which part of a timeline to page.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineQuery {
    /// The thread.
    pub thread_id: ThreadId,
    /// The view.
    pub view: View,
    /// Only entries older than this one.
    pub before: Option<TimelineAnchor>,
    /// Page size; at least 1.
    pub limit: usize,
}

/// A page of a timeline: the newest entries before the anchor, in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelinePage {
    /// The entries.
    pub entries: Vec<TimelineEntry>,
    /// Whether older entries exist.
    pub has_more: bool,
}

/// Which threads to search for a text.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuery {
    /// The text; not empty.
    pub term: String,
    /// The view; [`View::Codex`] also finds hidden context and only a rollout's own text.
    pub view: View,
    /// Order.
    pub sort: ListSort,
    /// Direction of the order.
    pub direction: Direction,
    /// Page size; at least 1.
    pub limit: usize,
    /// Exclusive start.
    pub anchor: Option<ThreadAnchor>,
    /// Archived or not.
    pub archived: ArchivedFilter,
    /// Accepted source kinds; `None` means the interactive ones.
    pub sources: Option<Vec<SourceFilter>>,
    /// Whether attached forks are found too.
    pub include_attached: bool,
}

/// A thread that contains the text.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The thread.
    pub thread: ThreadRecord,
    /// The first match in its surroundings.
    pub snippet: String,
}

/// A page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// The hits, in the order asked for.
    pub hits: Vec<SearchHit>,
    /// Whether more hits follow.
    pub has_more: bool,
}

/// Where the next page of occurrences starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrenceAnchor {
    /// Position of the item to continue in.
    pub position: Position,
    /// Index of the occurrence within that item.
    pub index: usize,
}

/// What to find within one thread.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceQuery {
    /// The thread.
    pub thread_id: ThreadId,
    /// The view.
    pub view: View,
    /// The text; not empty; not trimmed.
    pub term: String,
    /// Start; `None` for the first page.
    pub anchor: Option<OccurrenceAnchor>,
    /// Page size; at least 1.
    pub limit: usize,
}

/// One occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Turn of the item.
    pub turn_id: String,
    /// The item.
    pub item_id: String,
    /// The match in its surroundings.
    pub snippet: String,
    /// First UTF-16 code unit of the match inside the snippet.
    pub match_start: usize,
    /// First UTF-16 code unit after the match.
    pub match_end: usize,
    /// Where the turn begins.
    pub turn_position: Position,
}

/// A page of occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrencePage {
    /// The occurrences, oldest first.
    pub occurrences: Vec<Occurrence>,
    /// Start of the next page, if there is one.
    pub next: Option<OccurrenceAnchor>,
    /// Mode of the thread (decides the text of turn cursors).
    pub history_mode: HistoryMode,
}
