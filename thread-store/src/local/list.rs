//! Lists threads from the index, after every changed file was caught up.
//!
//! Decides which rows a view shows; order, filters and paging are the index's.

use std::collections::BTreeSet;

use codex_rollout::discover::RolloutFile;
use codex_state::db::{Reader, RolloutRow, RolloutUpdate, WriteOutcome};
use codex_state::threads::{
    self, ArchivedRows, DefaultSources, ListAnchor, ListDirection, ListFilter, Membership, Relation, SourceSelector,
    ThreadRow, Visibility,
};

use super::catalog::{Freshness, Sweep};
use super::catch_up::{Sink, is_index_full, rollout_uuid};
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::organise::NewestOfProjects;
use crate::thread_row::{Lookup, codex_preview, record_of_row};
use crate::types::{
    ArchivedFilter, Direction, GroupFilter, ListPage, ListQuery, ListSort, RelationFilter, SourceFilter, ThreadAnchor,
    ThreadRecord, View,
};

/// Rollouts and rows that one transaction stores at most while a home is caught up.
const STEP_ROLLOUTS: usize = 500;
const STEP_ROWS: usize = 10_000;
/// Rows whose texts one transaction indexes.
const TITLE_STEP_ROWS: u32 = 1_000;

/// Returns how many files, newest first, make a step; one at least.
fn first_files(files: &[RolloutFile], max_files: usize, max_bytes: u64) -> usize {
    let mut bytes = 0_u64;
    let fits = files.iter().take(max_files).take_while(|file| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(file.stat.len.max(1));
        first || bytes <= max_bytes
    });
    fits.count()
}

impl Inner {
    /// Lists threads.
    pub(super) fn list(&self, query: &ListQuery) -> StoreResult<ListPage> {
        self.bring_up_to_date_if_there_is_room()?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut filter = filter_of(query);
        let mut threads = Vec::new();
        loop {
            let mut rest = |row: &ThreadRow| self.full_text_contains(&reader, row, query.search_term.as_deref());
            let page = threads::list_checked(reader.connection(), &filter, &mut rest)
                .map_err(|error| self.index_error(error))?;
            let last = page.rows.last().map(|row| anchor_after(row, query.sort));
            for row in page.rows {
                if self.is_shown(&reader, query, &row)? {
                    threads.push(self.stored_record(&reader, row)?);
                }
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

    /// Catches up before an answer that the index as it is can give, too. On a full disk it gives it if it knows the very
    /// rollouts that there are, so that no thread is missing or there too much; the log of the program says that order and
    /// texts may be older.
    pub(super) fn bring_up_to_date_if_there_is_room(&self) -> StoreResult<()> {
        match self.bring_up_to_date(&mut |_, _| {}) {
            Err(error) if is_index_full(&error) && self.knows_all_rollouts()? => {
                tracing::warn!(error = %error_chain(&error), "no room for the index; order and texts of a list may be older");
                Ok(())
            }
            done => done,
        }
    }

    fn knows_all_rollouts(&self) -> StoreResult<bool> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let stored = reader.files().map_err(|error| self.index_error(error))?;
        let stored: BTreeSet<String> = stored.into_iter().map(|(rollout_id, _, _)| rollout_id).collect();
        let sweep = self.sweep(Freshness::Recent);
        let there = sweep.files.iter().filter(|file| self.is_readable(file));
        let there: BTreeSet<String> = there.map(|file| rollout_uuid(file).to_string()).collect();
        Ok(stored == there)
    }

    /// Catches up every changed file and stores the rows of the threads that they belong to.
    pub(super) fn bring_up_to_date(&self, progress: &mut dyn FnMut(&RolloutFile, usize)) -> StoreResult<()> {
        self.bring_nearer(usize::MAX, u64::MAX, progress).map(|_| ())
    }

    /// Catches up the newest changed files, at most so many and (but for the first) so many bytes; returns the others.
    pub(super) fn bring_nearer(
        &self,
        max_files: usize,
        max_bytes: u64,
        progress: &mut dyn FnMut(&RolloutFile, usize),
    ) -> StoreResult<Vec<RolloutFile>> {
        self.index_own_appends();
        let sweep = self.sweep(Freshness::Recent);
        if self.is_synced(&sweep) {
            return Ok(Vec::new());
        }
        let mut dirty = self.dirty_files(&sweep);
        let rest = dirty.split_off(first_files(&dirty, max_files, max_bytes));
        self.remove_vanished(&sweep)?;
        let facts = self.facts()?;
        let (mut changed_facts, digests) = self.changed_facts(&facts);
        changed_facts.extend(self.threads_of_lost_databases()?);
        if dirty.is_empty() && changed_facts.is_empty() {
            self.mark_synced(&sweep);
            return Ok(rest);
        }
        let mut threads: BTreeSet<String> = changed_facts.into_iter().collect();
        let mut updates = Vec::new();
        for (done, file) in dirty.iter().enumerate() {
            progress(file, done);
            match self.index_file(file, &mut updates) {
                Ok(thread_id) => {
                    self.forget_unread(file);
                    threads.insert(thread_id);
                }
                Err(error @ StoreError::Header { .. }) => {
                    threads.extend(self.forget_rows_of(file)?);
                    self.mark_unreadable(file, error_chain(&error));
                }
                // A disk that fails now may not fail the next time.
                Err(error @ StoreError::Read { .. }) => self.mark_unread(file, error_chain(&error)),
                Err(error) => return Err(error),
            }
            let rows: usize = updates.iter().map(|update: &RolloutUpdate| update.changes.len()).sum();
            if updates.len() >= STEP_ROLLOUTS || rows >= STEP_ROWS {
                self.store_updates(&mut updates)?;
            }
        }
        self.store_updates(&mut updates)?;
        let facts = match self.has_postponed_import() {
            true => self.facts_of_indexed()?,
            false => facts,
        };
        self.add_heirs(&dirty, &mut threads)?;
        let threads: Vec<String> = threads.into_iter().collect();
        self.store_thread_rows(&sweep, &facts, &threads)?;
        self.remember_facts(digests);
        for file in &dirty {
            if self.is_readable(file) {
                self.mark_current(file);
            }
        }
        if rest.is_empty() {
            self.mark_synced(&sweep);
        }
        self.catch_up_titles()?;
        Ok(rest)
    }

    /// Adds the threads that inherit from changed rollouts: what their rows say may come from there.
    fn add_heirs(&self, changed: &[RolloutFile], threads: &mut BTreeSet<String>) -> StoreResult<()> {
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let mut seen: BTreeSet<String> = changed.iter().map(|file| rollout_uuid(file).to_string()).collect();
        let mut open: Vec<String> = seen.iter().cloned().collect();
        while let Some(rollout_id) = open.pop() {
            for (heir, thread_id) in reader
                .continuing(&rollout_id)
                .map_err(|error| self.index_error(error))?
            {
                threads.insert(thread_id);
                if seen.insert(heir.clone()) {
                    open.push(heir);
                }
            }
        }
        Ok(())
    }

    fn store_updates(&self, updates: &mut Vec<RolloutUpdate>) -> StoreResult<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let stored = self.index().store_all(updates);
        updates.clear();
        stored.map_err(|error| self.index_error(error))
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

    /// Feeds the index of names, titles and previews in small steps; lists are right without it, only slower.
    fn catch_up_titles(&self) -> StoreResult<()> {
        let index = self.index();
        loop {
            let step = index.try_write(|transaction| threads::index_titles(transaction, TITLE_STEP_ROWS));
            match step.map_err(|error| self.index_error(error))? {
                WriteOutcome::Stored(0) | WriteOutcome::Skipped => return Ok(()),
                WriteOutcome::Stored(_) => {}
            }
        }
    }

    /// Catches up one file, adding what is to be stored, and returns the thread that it belongs to.
    fn index_file(&self, file: &RolloutFile, updates: &mut Vec<RolloutUpdate>) -> StoreResult<String> {
        self.catch_up_bulk(file)?;
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let row = reader
            .rollout(&rollout_uuid(file).to_string())
            .map_err(|error| self.index_error(error))?;
        if let Some(row) = row
            && row.file == super::catch_up::file_state(file)
            && !self.earlier_index.may_be_ahead_of(file)
        {
            return Ok(row.thread_id);
        }
        let open = self.open_into(&reader, file, Sink::Collect(updates))?;
        Ok(open.thread_id)
    }

    /// Forgets what the index knows of a file that is no rollout, and returns the thread that it was of: after a power loss
    /// the index may know more than the log.
    fn forget_rows_of(&self, file: &RolloutFile) -> StoreResult<Option<String>> {
        let rollout_id = rollout_uuid(file).to_string();
        let index = self.index();
        let row = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            reader.rollout(&rollout_id).map_err(|error| self.index_error(error))?
        };
        let Some(row) = row else { return Ok(None) };
        let removed = index.remove_rollout(&rollout_id);
        removed.map_err(|error| self.index_error(error))?;
        Ok(Some(row.thread_id))
    }

    /// Forgets rollouts whose files are gone.
    fn remove_vanished(&self, sweep: &Sweep) -> StoreResult<()> {
        if !sweep.problems.is_empty() {
            return Ok(()); // a folder that cannot be read now hides files, it does not delete them
        }
        let index = self.index();
        let known = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            reader.files().map_err(|error| self.index_error(error))?
        };
        let gone = known
            .into_iter()
            .filter(|(id, _, _)| id.parse().ok().and_then(|id| sweep.rollout(id)).is_none());
        let mut threads = BTreeSet::new();
        for (rollout_id, thread_id, _) in gone {
            index
                .remove_rollout(&rollout_id)
                .map_err(|error| self.index_error(error))?;
            if let Ok(rollout_id) = rollout_id.parse() {
                self.catalog.forget_rollout(rollout_id);
            }
            threads.insert(thread_id);
        }
        if threads.is_empty() {
            return Ok(());
        }
        let threads: Vec<String> = threads.into_iter().collect();
        self.store_thread_rows(sweep, &self.facts()?, &threads)
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
