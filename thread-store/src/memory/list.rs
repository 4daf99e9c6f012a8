//! Lists threads: every thread's record, filtered, sorted, cut.
//!
//! What a record says are the rules that all stores share; which records a list shows is decided here.

use std::collections::{BTreeMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_state::db::RolloutRow;
use codex_state::messages::preview_of_line;
use codex_state::projector::ShortText;
use codex_state::threads::{DefaultSources, SourceKind, SourceSelector, ThreadRow, normalise_cwd};

use super::home::Home;
use super::rollout::Rollout;
use crate::error::{StoreError, StoreResult};
use crate::thread_row::{NamedRevisions, RowFacts, codex_preview, current_revision, record_of_row, row_of};
use crate::types::{
    ArchivedFilter, Direction, GroupFilter, ListPage, ListQuery, ListSort, RelationFilter, SourceFilter, ThreadAnchor,
    ThreadRecord, View,
};

/// Provider of threads that name none.
const DEFAULT_PROVIDER: &str = "openai";
/// Home that paths are shown in.
const HOME: &str = "/";

/// A thread with what lists filter by.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) record: ThreadRecord,
    row: ThreadRow,
    /// Title in full.
    title: String,
    /// Codex never lists it; without a header it still does in its database listings.
    hidden: bool,
    hidden_from_database: bool,
    /// It has a header, and nobody has said anything.
    is_unstarted: bool,
}

/// All folded rollouts of a home.
pub(super) struct Shelf {
    rollouts: Vec<Rollout>,
    rows: Vec<RolloutRow>,
}

impl Shelf {
    /// Folds every rollout that can be read as one.
    pub(super) fn new(home: &Home) -> Self {
        let rollouts: Vec<Rollout> = home
            .rollouts()
            .into_iter()
            .filter_map(|file| Rollout::fold(file).ok())
            .collect();
        let rows = rollouts.iter().map(Rollout::as_row).collect();
        Self { rollouts, rows }
    }

    fn full_text(&self, rollout_id: &str, text: &ShortText) -> String {
        let rollout = self
            .rollouts
            .iter()
            .find(|rollout| rollout.rollout_id.to_string() == rollout_id);
        let line = rollout.zip(text.line).map(|(rollout, line)| rollout.line(line));
        let whole = line.filter(|_| text.cut).and_then(preview_of_line);
        whole.unwrap_or_else(|| text.text.clone())
    }

    /// Makes a thread's record of all its revisions.
    pub(super) fn thread(&self, home: &Home, thread_id: &str) -> StoreResult<Option<Listed>> {
        let revisions: Vec<RolloutRow> = self
            .rows
            .iter()
            .filter(|row| row.thread_id == thread_id)
            .cloned()
            .collect();
        let lookup = |id: &str| Ok(self.rows.iter().find(|row| row.rollout_id == id).cloned());
        let name = thread_id.parse().ok().and_then(|id| home.name_of(id));
        let naming = RowFacts {
            // Its reverts are always the newest: no journal has to say so.
            current: NamedRevisions::default(),
            recency_at_ms: None,
            thread_id,
            name,
            git: home.git_of(thread_id),
            belonging: thread_id
                .parse()
                .map(|id| home.organised.belonging_of(id))
                .unwrap_or_default(),
            default_provider: DEFAULT_PROVIDER,
        };
        let Some(row) = row_of(&revisions, &lookup, naming)? else {
            return Ok(None);
        };
        let Some(current) = current_revision(&revisions, &NamedRevisions::default()) else {
            return Ok(None);
        };
        let (owner, codex) = codex_preview(&revisions, current, &lookup)?;
        let preview = match codex.is_empty() {
            true => self.full_text(&current.rollout_id, &current.meta.raw_preview),
            false => self.full_text(&owner, &codex),
        };
        let title = self.full_text(&current.rollout_id, &current.meta.title);
        let hidden = row.codex_hidden;
        let hidden_from_database = current.header_error.is_none() || current.meta.preview.is_empty();
        let is_unstarted = current.header_error.is_none() && current.meta.preview.is_empty();
        let record = record_of_row(row.clone(), preview, HOME.as_ref(), &home.organised);
        Ok(record.map(|record| Listed {
            record,
            row,
            title,
            hidden,
            hidden_from_database,
            is_unstarted,
        }))
    }

    /// Makes the records of all threads.
    pub(super) fn threads(&self, home: &Home) -> StoreResult<Vec<Listed>> {
        let ids: HashSet<&str> = self.rows.iter().map(|row| row.thread_id.as_str()).collect();
        let listed = ids.into_iter().filter_map(|id| self.thread(home, id).transpose());
        listed.collect()
    }
}

impl Listed {
    /// Returns whether a list may show the thread at all.
    fn is_shown(&self, query: &ListQuery) -> bool {
        if query.view == View::Full {
            return true;
        }
        let of_section = matches!(query.section, GroupFilter::One(_));
        let in_database = (query.database_rows || of_section) && !self.hidden_from_database;
        let waits = query.lists_unstarted() && self.is_unstarted;
        let previewed = !self.record.preview.is_empty() || query.lists_unstarted() || query.include_unpreviewed;
        (!self.hidden || in_database || waits) && previewed
    }

    fn satisfies(&self, query: &ListQuery, descendants: &HashSet<ThreadId>) -> bool {
        let record = &self.record;
        let relation = match query.relation {
            None => true,
            Some(RelationFilter::ChildrenOf(id)) => record.parent == Some(id),
            Some(RelationFilter::DescendantsOf(_)) => descendants.contains(&record.thread_id),
            Some(RelationFilter::AttachedTo(id)) => record.attached_to == Some(id),
        };
        let attached = query.include_attached || matches!(query.relation, Some(RelationFilter::AttachedTo(_)));
        let kind = SourceKind::of_stored(&self.row.source);
        let source = match &query.sources {
            None => query.relation.is_some() || default_sources(query.view).accepts(kind),
            Some(sources) => sources.iter().any(|source| selector(*source).accepts(kind)),
        };
        let cwd = normalise_cwd(&record.cwd);
        let cwds = query.cwds.as_ref();
        let in_cwds = cwds.is_none_or(|cwds| {
            cwds.iter()
                .any(|wanted| !wanted.is_empty() && normalise_cwd(wanted) == cwd)
        });
        let term = query.search_term.as_deref().unwrap_or_default();
        let texts = [record.name.as_deref().unwrap_or_default(), &self.title, &record.preview];
        relation
            && is_in_group(
                &query.section,
                record.section.as_ref().map(|place| place.section.id.as_str()),
            )
            && is_in_group(&query.project, record.project_id.as_deref())
            && source
            && in_cwds
            && is_in(record, query.archived)
            && (record.attached_to.is_none() || attached)
            && query
                .providers
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&record.model_provider))
            && texts.iter().any(|text| text.contains(term))
            && !query.excluded.contains(&record.thread_id)
    }
}

/// The full view leaves no thread out of reach: sources that no filter can name are listed by default.
fn default_sources(view: View) -> DefaultSources {
    match view {
        View::Full => DefaultSources::Reachable,
        View::Codex => DefaultSources::Interactive,
    }
}

fn is_in(record: &ThreadRecord, archived: ArchivedFilter) -> bool {
    match archived {
        ArchivedFilter::Live => !record.archived,
        ArchivedFilter::Archived => record.archived,
        ArchivedFilter::Any => true,
    }
}

fn is_in_group(wanted: &GroupFilter, is_in: Option<&str>) -> bool {
    match wanted {
        GroupFilter::Any => true,
        GroupFilter::None => is_in.is_none(),
        GroupFilter::One(id) => is_in == Some(id),
    }
}

fn selector(source: SourceFilter) -> SourceSelector {
    match source {
        SourceFilter::Cli => SourceSelector::Cli,
        SourceFilter::Vscode => SourceSelector::Vscode,
        SourceFilter::Exec => SourceSelector::Exec,
        SourceFilter::AppServer => SourceSelector::AppServer,
        SourceFilter::SubAgent => SourceSelector::SubAgent,
        SourceFilter::SubAgentReview => SourceSelector::SubAgentReview,
        SourceFilter::SubAgentCompact => SourceSelector::SubAgentCompact,
        SourceFilter::SubAgentThreadSpawn => SourceSelector::SubAgentThreadSpawn,
        SourceFilter::SubAgentOther => SourceSelector::SubAgentOther,
        SourceFilter::Unknown => SourceSelector::Unknown,
    }
}

/// Follows parents to the ancestor; the ancestor itself is no descendant, whatever its parents say.
fn descendants_of(threads: &[Listed], ancestor: ThreadId) -> HashSet<ThreadId> {
    let parents: BTreeMap<ThreadId, Option<ThreadId>> = threads
        .iter()
        .map(|thread| (thread.record.thread_id, thread.record.parent))
        .collect();
    let below = |id: &ThreadId| {
        let mut at = *id;
        for _ in 0..=parents.len() {
            match parents.get(&at).copied().flatten() {
                Some(parent) if parent == ancestor => return *id != ancestor,
                Some(parent) => at = parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(|id| below(id)).collect()
}

/// Returns all threads that a list would show, in its order from its anchor on.
pub(super) fn matching(home: &Home, query: &ListQuery) -> StoreResult<Vec<Listed>> {
    if query.sort == ListSort::SectionPosition && !matches!(query.section, GroupFilter::One(_)) {
        return Ok(Vec::new());
    }
    let mut threads = Shelf::new(home).threads(home)?;
    let descendants = match query.relation {
        Some(RelationFilter::DescendantsOf(ancestor)) => descendants_of(&threads, ancestor),
        _ => HashSet::new(),
    };
    threads.retain(|thread| thread.is_shown(query) && thread.satisfies(query, &descendants));
    threads.sort_by_key(|thread| (thread.record.sort_key(query.sort), thread.record.thread_id.to_string()));
    if query.direction == Direction::Descending {
        threads.reverse();
    }
    if let Some(anchor) = query.anchor {
        threads.retain(|thread| is_after(thread, anchor, query));
    }
    Ok(threads)
}

fn is_after(thread: &Listed, anchor: ThreadAnchor, query: &ListQuery) -> bool {
    let time = thread.record.sort_key(query.sort).cmp(&anchor.time_ms);
    let id = anchor.thread_id.map_or(std::cmp::Ordering::Equal, |id| {
        thread.record.thread_id.to_string().cmp(&id.to_string())
    });
    match query.direction {
        Direction::Ascending => time.then(id).is_gt(),
        Direction::Descending => time.then(id).is_lt(),
    }
}

/// Lists threads.
pub(super) fn list(home: &Home, query: &ListQuery) -> StoreResult<ListPage> {
    let mut threads: Vec<ThreadRecord> = matching(home, query)?.into_iter().map(|thread| thread.record).collect();
    let has_more = threads.len() > query.limit;
    threads.truncate(query.limit);
    Ok(ListPage { threads, has_more })
}

/// Makes the record of one thread.
pub(super) fn record(home: &Home, thread_id: ThreadId) -> StoreResult<ThreadRecord> {
    let listed = Shelf::new(home).thread(home, &thread_id.to_string())?;
    listed
        .map(|listed| listed.record)
        .ok_or(StoreError::ThreadNotFound { thread_id })
}
