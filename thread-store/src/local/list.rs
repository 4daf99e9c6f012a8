//! Lists threads from the index, after every changed file was caught up.
//!
//! Decides which rows a view shows; order, filters and paging are the index's.

use codex_state::db::{Reader, RolloutRow};
use codex_state::threads::{
    self, ArchivedRows, DefaultSources, ListAnchor, ListDirection, ListFilter, Membership, Relation, SourceSelector,
    ThreadRow, Visibility,
};

use super::catch_up::is_index_full;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::organise::NewestOfProjects;
use crate::thread_row::{Lookup, codex_preview, record_of_row};
use crate::types::{
    ArchivedFilter, Direction, GroupFilter, ListPage, ListQuery, ListSort, RelationFilter, SourceFilter, ThreadAnchor,
    ThreadRecord, View,
};

impl Inner {
    /// Lists threads.
    pub(super) fn list(&self, query: &ListQuery) -> StoreResult<ListPage> {
        match self.first_page(query) {
            Ok(Some(page)) => return Ok(page),
            // The index as it is may do.
            Err(error) if !is_index_full(&error) => return Err(error),
            _ => {}
        }
        self.bring_up_to_date_if_there_is_room()?;
        self.indexed_page(query)
    }

    /// Lists the threads that the index knows.
    fn indexed_page(&self, query: &ListQuery) -> StoreResult<ListPage> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut filter = filter_of(query);
        let mut threads = Vec::new();
        let mut page_bytes = 0;
        loop {
            let mut rest = |row: &ThreadRow| self.full_text_contains(&reader, row, query.search_term.as_deref());
            let page = threads::list_checked(reader.connection(), &filter, &mut rest)
                .map_err(|error| self.index_error(error))?;
            let last = page.rows.last().map(|row| anchor_after(row, query.sort));
            for row in page.rows {
                if !self.is_shown(&reader, query, &row)? {
                    continue;
                }
                let thread = self.stored_record(&reader, row)?;
                page_bytes += thread.text_bytes();
                if page_bytes > self.limits.max_page_bytes && !threads.is_empty() {
                    threads.truncate(query.limit);
                    return Ok(ListPage {
                        threads,
                        has_more: true,
                    });
                }
                threads.push(thread);
            }
            if threads.len() >= query.limit {
                let has_more = page.has_more || threads.len() > query.limit;
                threads.truncate(query.limit);
                return Ok(ListPage { threads, has_more });
            }
            if !page.has_more {
                return Ok(ListPage {
                    threads,
                    has_more: false,
                });
            }
            filter.anchor = last;
        }
    }

    /// Lists the threads that the index knows, if the page and one more thread have keys that `is_certain` of: nothing that is
    /// not indexed yet can come before them.
    pub(super) fn certain_page(
        &self,
        query: &ListQuery,
        is_certain: &dyn Fn(i64) -> bool,
    ) -> StoreResult<Option<ListPage>> {
        let more = ListQuery {
            limit: query.limit + 1,
            ..query.clone()
        };
        let mut page = self.indexed_page(&more)?;
        let keys = page.threads.iter().map(|thread| match query.sort {
            ListSort::UpdatedAt => thread.updated_at_ms,
            _ => thread.created_at_ms,
        });
        // A page that its texts fill ends before its limit.
        let goes_on = page.has_more || page.threads.len() > query.limit;
        if !goes_on || !keys.into_iter().all(is_certain) {
            return Ok(None);
        }
        page.threads.truncate(query.limit);
        page.has_more = true;
        Ok(Some(page))
    }

    /// In its database listings, of which those of sections are, Codex also shows rollouts without header, but none without
    /// user events, except in their section and among their relatives.
    fn is_shown(&self, reader: &Reader<'_>, query: &ListQuery, row: &ThreadRow) -> StoreResult<bool> {
        if query.view == View::Full || !row.codex_hidden {
            return Ok(true);
        }
        let rollout = reader.rollout_at(&row.path).map_err(|error| self.index_error(error))?;
        let of_section = matches!(query.section, GroupFilter::One(_));
        Ok(rollout.is_some_and(|rollout| {
            let without_header = rollout.header_error.is_some();
            match rollout.meta.preview.is_empty() {
                true => query.lists_unstarted() && !without_header,
                false => without_header && (of_section || query.database_rows),
            }
        }))
    }

    /// Looks for the term in texts that the index keeps only the beginning of.
    fn full_text_contains(
        &self,
        reader: &Reader<'_>,
        row: &ThreadRow,
        term: Option<&str>,
    ) -> codex_state::StateResult<bool> {
        let Some(term) = term else { return Ok(false) };
        let Some(rollout) = reader.rollout_at(&row.path)? else {
            return Ok(false);
        };
        let found = [&rollout.meta.preview, &rollout.meta.title].into_iter().any(|text| {
            // A text that cannot be read now cannot be told to match; the row itself stays listed elsewhere.
            self.full_text(&rollout.rollout_id, text)
                .is_ok_and(|text| text.contains(term))
        });
        Ok(found)
    }

    /// Returns the newest recency of the threads of projects that are not archived.
    pub(super) fn newest_of_projects(&self, project_ids: &[String]) -> StoreResult<NewestOfProjects> {
        if project_ids.is_empty() {
            return Ok(NewestOfProjects::new());
        }
        self.bring_up_to_date_if_there_is_room()?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut newest = NewestOfProjects::new();
        for project_id in project_ids {
            let found = threads::newest_of_project(reader.connection(), project_id);
            if let Some(time_ms) = found.map_err(|error| self.index_error(error))? {
                newest.insert(project_id.clone(), time_ms);
            }
        }
        Ok(newest)
    }

    /// Makes the record of a row of the index.
    pub(super) fn stored_record(&self, reader: &Reader<'_>, row: ThreadRow) -> StoreResult<ThreadRecord> {
        let revisions = if row.preview.cut {
            reader
                .rollouts_of(&row.thread_id)
                .map_err(|error| self.index_error(error))?
        } else {
            Vec::new()
        };
        let lookup = |id: &str| reader.rollout(id).map_err(|error| self.index_error(error));
        self.record_of(&revisions, &lookup, row)
    }

    /// Makes the record of a row, with texts read in full; `revisions` are needed only for those that are cut.
    pub(super) fn record_of(
        &self,
        revisions: &[RolloutRow],
        lookup: Lookup<'_>,
        row: ThreadRow,
    ) -> StoreResult<ThreadRecord> {
        let preview = match revisions.iter().find(|revision| revision.file.path == row.path) {
            Some(current) if row.preview.cut => self.whole_preview(revisions, current, lookup)?,
            _ => row.preview.text.clone(),
        };
        let thread_id = row.thread_id.clone();
        record_of_row(row, preview, &self.home, &self.last_organised()).ok_or_else(|| StoreError::Index {
            path: self.index().path().to_owned(),
            source: format!("thread id {thread_id:?} is not a UUID").into(),
        })
    }

    fn whole_preview(&self, revisions: &[RolloutRow], current: &RolloutRow, lookup: Lookup<'_>) -> StoreResult<String> {
        let (owner, preview) = codex_preview(revisions, current, lookup)?;
        if preview.is_empty() {
            return self.full_text(&current.rollout_id, &current.meta.raw_preview);
        }
        self.full_text(&owner, &preview)
    }
}

/// Translates a query into the index's filter.
fn filter_of(query: &ListQuery) -> ListFilter {
    let full = query.view == View::Full;
    let shown = |shown: bool| if shown { Visibility::Shown } else { Visibility::Hidden };
    ListFilter {
        sort: sort_of(query.sort),
        direction: direction_of(query.direction),
        limit: query.limit,
        anchor: query.anchor.map(anchor_of),
        archived: archived_of(query.archived),
        sources: query
            .sources
            .as_ref()
            .map(|sources| sources.iter().copied().map(selector_of).collect()),
        providers: query.providers.clone(),
        cwds: query.cwds.clone(),
        search_term: query.search_term.clone(),
        relation: query.relation.map(|relation| match relation {
            RelationFilter::ChildrenOf(id) => Relation::ChildrenOf(id.to_string()),
            RelationFilter::DescendantsOf(id) => Relation::DescendantsOf(id.to_string()),
            RelationFilter::AttachedTo(id) => Relation::AttachedTo(id.to_string()),
        }),
        section: membership_of(&query.section),
        project: membership_of(&query.project),
        attached: shown(query.include_attached),
        unpreviewed: shown(full || query.include_unpreviewed || query.lists_unstarted()),
        codex_hidden: shown(full || query.database_rows || query.lists_unstarted()),
        default_sources: if full {
            DefaultSources::Reachable
        } else {
            DefaultSources::Interactive
        },
        excluded: query.excluded.iter().map(ToString::to_string).collect(),
        rollouts: None,
    }
}

/// Translates a sort key.
pub(super) fn sort_of(sort: ListSort) -> threads::ListSort {
    match sort {
        ListSort::CreatedAt => threads::ListSort::CreatedAt,
        ListSort::UpdatedAt => threads::ListSort::UpdatedAt,
        ListSort::RecencyAt => threads::ListSort::RecencyAt,
        ListSort::SectionPosition => threads::ListSort::SectionRank,
    }
}

/// Translates a restriction by section or project.
fn membership_of(group: &GroupFilter) -> Membership {
    match group {
        GroupFilter::Any => Membership::Any,
        GroupFilter::None => Membership::None,
        GroupFilter::One(id) => Membership::One(id.clone()),
    }
}

/// Translates a direction.
pub(super) fn direction_of(direction: Direction) -> ListDirection {
    match direction {
        Direction::Ascending => ListDirection::Ascending,
        Direction::Descending => ListDirection::Descending,
    }
}

/// Translates an anchor.
pub(super) fn anchor_of(anchor: ThreadAnchor) -> ListAnchor {
    ListAnchor {
        time_ms: anchor.time_ms,
        thread_id: anchor.thread_id.map(|id| id.to_string()),
    }
}

/// Translates the archived filter.
pub(super) fn archived_of(archived: ArchivedFilter) -> ArchivedRows {
    match archived {
        ArchivedFilter::Live => ArchivedRows::Live,
        ArchivedFilter::Archived => ArchivedRows::Archived,
        ArchivedFilter::Any => ArchivedRows::Any,
    }
}

/// Translates a source filter.
pub(super) fn selector_of(source: SourceFilter) -> SourceSelector {
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

/// Returns the anchor that continues after a row.
pub(super) fn anchor_after(row: &ThreadRow, sort: ListSort) -> ListAnchor {
    let time_ms = match sort {
        ListSort::CreatedAt => row.created_at_ms,
        ListSort::UpdatedAt => row.updated_at_ms,
        ListSort::RecencyAt => row.recency_or_creation_ms(),
        // Only threads of a section are listed by their places in it.
        ListSort::SectionPosition => row.section.as_ref().map_or(0, |place| place.rank),
    };
    ListAnchor {
        time_ms,
        thread_id: Some(row.thread_id.clone()),
    }
}

/// Writes an error with its causes on one line.
pub(super) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
