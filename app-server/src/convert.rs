//! From the store's values to the wire's (`app-server-api.md` 2).
//!
//! Pure. Codex's oddities of single fields are applied here, in the exact view only.

use codex_protocol::rpc::common::{SortDirection, TurnItemsView};
use codex_protocol::rpc::items::ThreadItemEntry;
use codex_protocol::rpc::project::{self, ProjectRoot};
use codex_protocol::rpc::source::SessionSource;
use codex_protocol::rpc::thread::{
    GitInfo, Thread, ThreadHistoryMode, ThreadReadState, ThreadSection, ThreadSectionAppearance, ThreadStatus,
    ThreadUnreadPosition,
};
use codex_protocol::rpc::turn::Turn;
use codex_thread_store::organise::{Project, ReadState, Section, UnreadFrom};
use codex_thread_store::{Direction, HistoryMode, ItemEntry, ItemsView, ThreadRecord, TurnRecord, View};

use crate::live::Reading;

/// Which answer a thread is part of; decides which oddities apply in the exact view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `thread/read` without turns.
    Metadata,
    /// `thread/read` with turns.
    WithTurns,
    /// A row of a list.
    Row,
    /// A row of a list of relatives or of sub-agents only, which shows parents.
    RelatedRow,
    /// The answer to a change of its metadata.
    Updated,
}

/// What the conversion of a thread depends on beside the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lens {
    /// The view.
    pub(crate) view: View,
    /// Stands in for a working directory that was not recorded: clients take nothing but an absolute path.
    pub(crate) unrecorded_cwd: String,
}

/// Converts a thread.
pub(crate) fn thread(record: ThreadRecord, lens: &Lens, role: Role) -> Thread {
    let (created_at, updated_at) = (seconds(record.created_at_ms), seconds(record.updated_at_ms));
    let mut thread = Thread {
        id: record.thread_id.to_string(),
        environments: None,
        extra: None,
        session_id: record.thread_id.to_string(),
        forked_from_id: record.forked_from.map(|id| id.to_string()),
        attached_to_thread_id: record.attached_to.map(|id| id.to_string()),
        parent_thread_id: record.parent.map(|id| id.to_string()),
        preview: record.preview,
        ephemeral: false,
        section_entered_at: record.section.as_ref().map(|place| seconds(place.entered_at_ms)),
        section: record.section.map(|place| section(place.section)),
        project_id: record.project_id,
        history_mode: history_mode(record.history_mode),
        model_provider: record.model_provider,
        model: record.model,
        reasoning_effort: record.reasoning_effort,
        created_at,
        updated_at,
        recency_at: record.recency_at_ms.map(seconds),
        status: ThreadStatus::NotLoaded,
        path: Some(record.path.display().to_string()),
        cwd: if record.cwd.is_empty() {
            lens.unrecorded_cwd.clone()
        } else {
            record.cwd
        },
        cli_version: record.cli_version,
        originator: record.originator,
        source: SessionSource::from(&record.source),
        can_accept_direct_input: None,
        thread_source: record.thread_source,
        agent_nickname: record.agent_nickname,
        agent_role: record.agent_role,
        git_info: record.git.map(|git| GitInfo {
            sha: git.sha,
            branch: git.branch,
            origin_url: git.origin_url,
        }),
        name: record.name,
        daybreak_enabled: record.daybreak,
        turns: record.turns.into_iter().map(turn).collect(),
    };
    if lens.view == View::Codex {
        apply_oddities(&mut thread, role);
    }
    thread
}

/// What Codex leaves out or changes per answer (`app-server-api.md` 2.1, 5).
fn apply_oddities(thread: &mut Thread, role: Role) {
    match role {
        Role::Metadata | Role::Updated => {
            if thread.history_mode == ThreadHistoryMode::Legacy {
                thread.updated_at = thread.created_at;
                thread.thread_source = None;
            }
        }
        Role::WithTurns => {}
        Role::Row | Role::RelatedRow => {
            thread.forked_from_id = None;
            thread.thread_source = None;
            if role == Role::Row {
                thread.parent_thread_id = None;
            }
        }
    }
}

/// Tells whether Codex tracks how far a thread was read: of those that a user started, not another agent.
pub(crate) fn reading(thread: &Thread) -> Reading {
    match thread.source {
        SessionSource::SubAgent(_) => Reading::Untracked,
        _ => reading_from(thread.thread_source.as_deref()),
    }
}

/// Tells whether it is tracked how far a thread was read that this server starts.
pub(crate) fn reading_from(thread_source: Option<&str>) -> Reading {
    match thread_source {
        None | Some("user") => Reading::Tracked,
        Some(_) => Reading::Untracked,
    }
}

/// Converts how far a thread was read.
pub(crate) fn read_state(state: ReadState) -> ThreadReadState {
    ThreadReadState {
        first_unread: state.first_unread.map(|unread| match unread {
            UnreadFrom::ThreadStart => ThreadUnreadPosition::ThreadStart,
            UnreadFrom::Turn { turn_id } => ThreadUnreadPosition::Turn { turn_id },
        }),
        revision: state.revision,
    }
}

/// Converts a project.
pub(crate) fn project(project: Project) -> project::Project {
    project::Project {
        id: project.id,
        name: project.name,
        roots: project.roots.into_iter().map(|path| ProjectRoot { path }).collect(),
        metadata: project.metadata,
        position: i64::try_from(project.position).unwrap_or(i64::MAX),
        created_at: seconds(project.created_at_ms),
        updated_at: seconds(project.updated_at_ms),
        recency_at: project.recency_at_ms.map(seconds),
    }
}

/// Converts a section.
pub(crate) fn section(section: Section) -> ThreadSection {
    ThreadSection {
        id: section.id,
        name: section.name,
        appearance: section.appearance.map(|looks| ThreadSectionAppearance {
            icon: looks.icon,
            color: looks.color,
        }),
    }
}

/// Converts a turn.
pub(crate) fn turn(record: TurnRecord) -> Turn {
    Turn {
        id: record.turn_id,
        root_turn_id: record.root_turn_id,
        items: record.items,
        items_view: match record.items_view {
            ItemsView::NotLoaded => TurnItemsView::NotLoaded,
            ItemsView::Summary => TurnItemsView::Summary,
            ItemsView::Full => TurnItemsView::Full,
        },
        status: record.status,
        error: record.error,
        started_at: record.started_at,
        completed_at: record.completed_at,
        duration_ms: record.duration_ms,
    }
}

/// Converts an item; the times stand in the item and beside it.
pub(crate) fn item_entry(entry: ItemEntry) -> ThreadItemEntry {
    ThreadItemEntry {
        turn_id: entry.turn_id,
        started_at_ms: entry.item.started_at_ms,
        completed_at_ms: entry.item.completed_at_ms,
        item: entry.item,
        output_deferred: false,
    }
}

/// Converts a wanted amount of items.
pub(crate) fn items_view(view: Option<TurnItemsView>) -> ItemsView {
    match view {
        Some(TurnItemsView::NotLoaded) => ItemsView::NotLoaded,
        Some(TurnItemsView::Summary) | None => ItemsView::Summary,
        Some(TurnItemsView::Full) => ItemsView::Full,
    }
}

/// Converts a direction.
pub(crate) fn direction(direction: Option<SortDirection>, default: Direction) -> Direction {
    match direction {
        Some(SortDirection::Asc) => Direction::Ascending,
        Some(SortDirection::Desc) => Direction::Descending,
        None => default,
    }
}

fn history_mode(mode: HistoryMode) -> ThreadHistoryMode {
    match mode {
        HistoryMode::Legacy => ThreadHistoryMode::Legacy,
        HistoryMode::Paginated => ThreadHistoryMode::Paginated,
    }
}

fn seconds(time_ms: i64) -> i64 {
    time_ms.div_euclid(1000)
}
