//! Pages of the thread list: every filter, every order, exact keyset paging in both directions.
//!
//! A page is a merge of ordered index ranges, one per class, provider and directory that occur and are wanted, of all
//! threads or of those of a section or a project; or, where a relation, a rare text or named rollouts leave few rows, a
//! sort of those. Either way only the rows of the page are read whole.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::filter::{ListDirection, ListFilter, ListSort, Relation, RowClass};
use super::lookup::DESCENDANT_NUMS;
use super::row::{ROW_COLUMNS, ThreadRow, read_row};
use super::titles::{self, TitleCandidates};
use crate::error::{StateError, StateResult};

/// Sorts after every thread id: ids are ASCII.
const AFTER_ALL_IDS: &str = "\u{10ffff}";
/// Sorts before every thread id.
const BEFORE_ALL_IDS: &str = "";

/// Texts that a list by a term of one or two characters looks at before it asks the trigram index: a common term has filled its
/// page by then, and asking for it is dear.
const SHORT_TERM_TEXTS: usize = 1_000;

/// Selects what a text filter looks at; a title that is not stored equals the preview.
const TEXTS_BY_NUM: &str = "SELECT name, title, preview, preview_cut OR title_cut FROM threads WHERE thread_num = ?1";

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedRows {
    /// At most `limit` rows, in the order asked for.
    pub rows: Vec<ThreadRow>,
    /// Whether more rows follow.
    pub has_more: bool,
}

/// Lists threads; a text filter sees name, title and preview as far as they are stored.
///
/// # Errors
/// If SQLite fails, or a stored value is not one that this program writes.
pub fn list(conn: &Connection, filter: &ListFilter) -> StateResult<ListedRows> {
    list_checked(conn, filter, &mut |_| Ok(false))
}

/// Lists threads; `rest_contains` decides for rows whose stored text is cut and lacks the term.
///
/// It is asked only with a text filter, and only for rows that could still become part of the page.
///
/// # Errors
/// If SQLite or `rest_contains` fails, or a stored value is not one that this program writes.
pub fn list_checked(
    conn: &Connection,
    filter: &ListFilter,
    rest_contains: &mut dyn FnMut(&ThreadRow) -> StateResult<bool>,
) -> StateResult<ListedRows> {
    if filter.sort == ListSort::SectionRank && filter.section.one().is_none() {
        return Ok(ListedRows::default());
    }
    let mut page = Page::new(conn, filter, rest_contains)?;
    match few_rows(conn, filter)? {
        Some(nums) => page.take_named(&nums)?,
        None => page.take_ranges_or_short()?,
    }
    page.finish()
}

/// Returns the only rows that can be on any page, where something names few enough.
fn few_rows(conn: &Connection, filter: &ListFilter) -> StateResult<Option<Vec<i64>>> {
    let (sql, thread_id) = match &filter.relation {
        Some(Relation::ChildrenOf(id)) => ("SELECT thread_num FROM threads WHERE parent_thread_id = ?1", id),
        Some(Relation::DescendantsOf(id)) => (DESCENDANT_NUMS, id),
        Some(Relation::AttachedTo(id)) => ("SELECT thread_num FROM threads WHERE attached_to = ?1", id),
        None => return few_rows_by_values(conn, filter),
    };
    let nums = conn
        .prepare_cached(sql)?
        .query_map([thread_id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(nums))
}

fn few_rows_by_values(conn: &Connection, filter: &ListFilter) -> StateResult<Option<Vec<i64>>> {
    if let Some(rollouts) = &filter.rollouts {
        let mut by_rollout =
            conn.prepare_cached("SELECT thread_num FROM threads INDEXED BY threads_rollout WHERE rollout_key = ?1")?;
        let mut nums = Vec::new();
        for rollout_key in rollouts {
            for thread_num in by_rollout.query_map([rollout_key], |row| row.get(0))? {
                nums.push(thread_num?);
            }
        }
        return Ok(Some(nums));
    }
    let found = filter.term().map(|term| titles::candidates(conn, term, filter.limit));
    Ok(match found.transpose()? {
        Some(TitleCandidates::Only(nums)) => Some(nums),
        Some(TitleCandidates::Any) | None => None,
    })
}

/// Place of a row in the order of the list; greater is later, whatever the direction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    time_ms: i64,
    thread_id: String,
    thread_num: i64,
    direction: ListDirection,
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let ascending = (self.time_ms, &self.thread_id).cmp(&(other.time_ms, &other.thread_id));
        match self.direction {
            ListDirection::Ascending => ascending,
            ListDirection::Descending => ascending.reverse(),
        }
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A page in the making: the first `limit + 1` places seen so far.
struct Page<'a> {
    conn: &'a Connection,
    filter: &'a ListFilter,
    rest_contains: &'a mut dyn FnMut(&ThreadRow) -> StateResult<bool>,
    excluded: HashSet<&'a str>,
    cwd_keys: Option<Vec<String>>,
    places: BTreeSet<Place>,
    /// Texts that may still be looked at on the way through the ranges.
    texts_left: usize,
    texts_by_num: CachedStatement<'a>,
    row_by_num: CachedStatement<'a>,
}

impl<'a> Page<'a> {
    fn new(
        conn: &'a Connection,
        filter: &'a ListFilter,
        rest_contains: &'a mut dyn FnMut(&ThreadRow) -> StateResult<bool>,
    ) -> StateResult<Self> {
        Ok(Self {
            conn,
            filter,
            rest_contains,
            excluded: filter.excluded.iter().map(String::as_str).collect(),
            cwd_keys: filter.cwd_keys(),
            places: BTreeSet::new(),
            texts_left: usize::MAX,
            texts_by_num: conn.prepare_cached(TEXTS_BY_NUM)?,
            row_by_num: conn.prepare_cached(&format!("SELECT {ROW_COLUMNS} FROM threads WHERE thread_num = ?1"))?,
        })
    }

    /// Takes the wanted ones of the rows with these numbers.
    fn take_named(&mut self, nums: &[i64]) -> StateResult<()> {
        let time = time_column(self.filter.sort);
        let mut keys = self.conn.prepare_cached(&format!(
            "SELECT class, model_provider, cwd_key, project_id, section_id, thread_id, {time}, rollout_key FROM threads \
             WHERE thread_num = ?1"
        ))?;
        for &thread_num in nums {
            let mut found = keys.query([thread_num])?;
            // A candidate of the trigram index always has its row: they change in one transaction.
            let Some(row) = found.next()? else { continue };
            let section = row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)?;
            if !self.filter.accepts_class(decode_class(row.get(0)?)?)
                || !self
                    .filter
                    .accepts_provider(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)
                || !self.filter.section.accepts(section)
                || !self.filter.accepts_rollout(row.get(7)?)
                || !self.accepts_covered(row, 2)?
            {
                continue;
            }
            let place = self.place(row.get(6)?, row.get(5)?, thread_num);
            if self.is_after_anchor(&place) && self.fits(&place) && self.is_wanted(&place)? {
                self.keep(place);
            }
        }
        Ok(())
    }

    /// Takes the wanted rows of the ranges, or, where few of many contain a short term, those that the trigram index names.
    fn take_ranges_or_short(&mut self) -> StateResult<()> {
        let filter = self.filter;
        let Some(term) = filter.term().filter(|term| titles::is_short(term)) else {
            return self.take_ranges();
        };
        self.texts_left = SHORT_TERM_TEXTS;
        self.take_ranges()?;
        if self.texts_left > 0 {
            return Ok(());
        }
        self.texts_left = usize::MAX;
        self.places.clear();
        match titles::short_candidates(self.conn, term, filter.limit)? {
            TitleCandidates::Only(nums) => self.take_named(&nums),
            TitleCandidates::Any => self.take_ranges(),
        }
    }

    /// Takes the wanted rows of all index ranges that can hold some, until no more texts may be looked at.
    fn take_ranges(&mut self) -> StateResult<()> {
        if let Some(section_id) = self.filter.section.one() {
            return self.take_ranges_of(Scope::Section(section_id));
        }
        if let Some(project_id) = self.filter.project.one() {
            return self.take_ranges_of(Scope::Project(project_id));
        }
        match self.cwd_keys.clone() {
            None => self.take_ranges_of(Scope::All),
            Some(cwd_keys) => cwd_keys
                .iter()
                .try_for_each(|cwd_key| self.take_ranges_of(Scope::Directory(cwd_key))),
        }
    }

    fn take_ranges_of(&mut self, scope: Scope<'_>) -> StateResult<()> {
        let mut next_provider = self.conn.prepare_cached(&next_provider_sql(self.filter.sort, scope))?;
        let mut next_class = self.conn.prepare_cached(&next_class_sql(self.filter.sort, scope))?;
        let mut range = self.conn.prepare_cached(&range_sql(self.filter, scope))?;
        let (time_ms, thread_id) = self.start();
        let scope_key = scope.key();
        let mut last = (i64::MIN, String::new());
        // Seeks from one class and provider that occur to the next: there are few, however many rows there are.
        loop {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
            let mut next = next_provider
                .query_row(params![last.0, last.1, scope_key], read)
                .optional()?;
            if next.is_none() {
                next = next_class.query_row(params![last.0, scope_key], read).optional()?;
            }
            let Some((class, provider)) = next else { break };
            if self.filter.accepts_class(decode_class(class)?) && self.filter.accepts_provider(&provider) {
                let mut found = range.query(params![class, provider, time_ms, thread_id, scope_key])?;
                while let Some(row) = found.next()? {
                    let place = self.place(row.get(0)?, row.get(1)?, row.get(2)?);
                    if !self.fits(&place) {
                        break; // the range is ordered: nothing after this row fits
                    }
                    if self.texts_left == 0 {
                        return Ok(());
                    }
                    if (!scope.is_narrowed_by(self.filter) || self.accepts_covered(row, 3)?)
                        && self.is_wanted(&place)?
                    {
                        self.keep(place);
                    }
                }
            }
            last = (class, provider);
        }
        Ok(())
    }

    /// Applies the filters by directory and project to a row that has both, from a column on.
    fn accepts_covered(&self, row: &Row<'_>, column: usize) -> StateResult<bool> {
        let cwd_key = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
        let project = row
            .get_ref(column + 1)?
            .as_str_or_null()
            .map_err(rusqlite::Error::from)?;
        Ok(self.accepts_cwd(cwd_key) && self.filter.project.accepts(project))
    }

    fn place(&self, time_ms: i64, thread_id: String, thread_num: i64) -> Place {
        Place {
            time_ms,
            thread_id,
            thread_num,
            direction: self.filter.direction,
        }
    }

    /// The place that all rows of the page come after.
    fn start(&self) -> (i64, &'a str) {
        let (first_ms, before, after) = match self.filter.direction {
            ListDirection::Ascending => (i64::MIN, BEFORE_ALL_IDS, AFTER_ALL_IDS),
            ListDirection::Descending => (i64::MAX, AFTER_ALL_IDS, BEFORE_ALL_IDS),
        };
        match &self.filter.anchor {
            None => (first_ms, before),
            Some(anchor) => (anchor.time_ms, anchor.thread_id.as_deref().unwrap_or(after)),
        }
    }

    fn is_after_anchor(&self, place: &Place) -> bool {
        let (time_ms, thread_id) = self.start();
        *place > self.place(time_ms, thread_id.to_owned(), place.thread_num)
    }

    fn accepts_cwd(&self, cwd_key: &str) -> bool {
        self.cwd_keys
            .as_ref()
            .is_none_or(|wanted| wanted.iter().any(|wanted| wanted == cwd_key))
    }

    /// Returns whether a row at this place would be among the first `limit + 1`.
    fn fits(&self, place: &Place) -> bool {
        self.places.len() <= self.filter.limit || self.places.last().is_some_and(|last| place < last)
    }

    /// Applies the filters that need more than an index entry.
    fn is_wanted(&mut self, place: &Place) -> StateResult<bool> {
        if self.excluded.contains(place.thread_id.as_str()) {
            return Ok(false);
        }
        let Some(term) = self.filter.term() else {
            return Ok(true);
        };
        self.texts_left = self.texts_left.saturating_sub(1);
        // Reads only the texts, in place: of a term without match every row passes through here.
        let cut = {
            let mut found = self.texts_by_num.query([place.thread_num])?;
            let Some(row) = found.next()? else { return Ok(false) };
            for column in 0..3 {
                let text = row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?;
                if text.is_some_and(|text| memchr::memmem::find(text.as_bytes(), term.as_bytes()).is_some()) {
                    return Ok(true);
                }
            }
            row.get(3)?
        };
        Ok(cut && (self.rest_contains)(&self.row_by_num.query_row([place.thread_num], read_row)?)?)
    }

    fn keep(&mut self, place: Place) {
        self.places.insert(place);
        if self.places.len() > self.filter.limit + 1 {
            self.places.pop_last();
        }
    }

    fn finish(mut self) -> StateResult<ListedRows> {
        let has_more = self.places.len() > self.filter.limit;
        let mut rows = Vec::with_capacity(self.filter.limit.min(self.places.len()));
        for place in self.places.iter().take(self.filter.limit) {
            rows.push(self.row_by_num.query_row([place.thread_num], read_row)?);
        }
        Ok(ListedRows { rows, has_more })
    }
}

fn decode_class(code: i64) -> StateResult<RowClass> {
    RowClass::from_code(code).ok_or_else(|| StateError::Value {
        column: "threads.class",
        detail: format!("unknown class {code}"),
    })
}

/// The threads that ranges are taken of: those that one index begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope<'a> {
    All,
    Directory(&'a str),
    Section(&'a str),
    Project(&'a str),
}

impl<'a> Scope<'a> {
    /// The value of the column that the index begins with.
    fn key(self) -> Option<&'a str> {
        match self {
            Self::All => None,
            Self::Directory(key) | Self::Section(key) | Self::Project(key) => Some(key),
        }
    }

    /// Says with a parameter that a row belongs to the scope.
    fn condition(self, parameter: &str) -> String {
        match self {
            Self::All => format!("{parameter} IS NULL"),
            Self::Directory(_) => format!("cwd_key = {parameter}"),
            Self::Section(_) => format!("section_id = {parameter}"),
            Self::Project(_) => format!("project_id = {parameter}"),
        }
    }

    /// Whether the filter may leave out rows of the scope by directory or project; their columns then end the index.
    fn is_narrowed_by(self, filter: &ListFilter) -> bool {
        match self {
            Self::All | Self::Directory(_) => false,
            Self::Section(_) => filter.cwds.is_some() || filter.project.one().is_some(),
            Self::Project(_) => filter.cwds.is_some(),
        }
    }
}

fn time_column(sort: ListSort) -> &'static str {
    match sort {
        ListSort::CreatedAt => "created_at_ms",
        ListSort::UpdatedAt => "updated_at_ms",
        ListSort::RecencyAt => "recency_sort_ms",
        ListSort::SectionRank => "section_rank",
    }
}

fn index_name(sort: ListSort, scope: Scope<'_>) -> String {
    let scope = match scope {
        Scope::All => "",
        Scope::Directory(_) => "cwd_",
        Scope::Section(_) => "section_",
        Scope::Project(_) => "project_",
    };
    let sort = match sort {
        ListSort::CreatedAt => "created",
        ListSort::UpdatedAt => "updated",
        ListSort::RecencyAt => "recency",
        // Asked of sections only.
        ListSort::SectionRank => "rank",
    };
    format!("threads_{scope}{sort}")
}

/// Selects the next provider after `?2` of class `?1`, within scope `?3`.
fn next_provider_sql(sort: ListSort, scope: Scope<'_>) -> String {
    format!(
        "SELECT class, model_provider FROM threads INDEXED BY {} WHERE {} AND class = ?1 AND model_provider > ?2 \
         ORDER BY model_provider LIMIT 1",
        index_name(sort, scope),
        scope.condition("?3")
    )
}

/// Selects the first provider of the next class after `?1`, within scope `?2`.
fn next_class_sql(sort: ListSort, scope: Scope<'_>) -> String {
    format!(
        "SELECT class, model_provider FROM threads INDEXED BY {} WHERE {} AND class > ?1 \
         ORDER BY class, model_provider LIMIT 1",
        index_name(sort, scope),
        scope.condition("?2")
    )
}

/// Selects the rows of class `?1` and provider `?2` after (`?3`, `?4`), within scope `?5`, in list order.
fn range_sql(filter: &ListFilter, scope: Scope<'_>) -> String {
    let (beyond, order) = match filter.direction {
        ListDirection::Ascending => (">", "ASC"),
        ListDirection::Descending => ("<", "DESC"),
    };
    let time = time_column(filter.sort);
    let covered = match scope.is_narrowed_by(filter) {
        true => ", cwd_key, project_id",
        false => "",
    };
    format!(
        "SELECT {time}, thread_id, thread_num{covered} FROM threads INDEXED BY {} \
         WHERE {} AND class = ?1 AND model_provider = ?2 AND ({time}, thread_id) {beyond} (?3, ?4) \
         ORDER BY {time} {order}, thread_id {order}",
        index_name(filter.sort, scope),
        scope.condition("?5")
    )
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod list_tests;

#[cfg(test)]
#[path = "short_term_tests.rs"]
mod short_term_tests;
