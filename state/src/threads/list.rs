//! Pages of the thread list: every filter, every order, exact keyset paging in both directions.
//!
//! A page is a merge of ordered index ranges, one per class, provider and directory that occur and are wanted; or,
//! where a relation or a rare text names few rows, a sort of those. Either way only the rows of the page are read
//! whole.

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
    let mut page = Page::new(conn, filter, rest_contains)?;
    match few_rows(conn, filter)? {
        Some(nums) => page.take_named(&nums)?,
        None => page.take_ranges()?,
    }
    page.finish()
}

/// Returns the only rows that can be on any page, where something names few enough.
fn few_rows(conn: &Connection, filter: &ListFilter) -> StateResult<Option<Vec<i64>>> {
    let (sql, thread_id) = match &filter.relation {
        Some(Relation::ChildrenOf(id)) => ("SELECT thread_num FROM threads WHERE parent_thread_id = ?1", id),
        Some(Relation::DescendantsOf(id)) => (DESCENDANT_NUMS, id),
        Some(Relation::AttachedTo(id)) => ("SELECT thread_num FROM threads WHERE attached_to = ?1", id),
        None => {
            return Ok(
                match filter
                    .term()
                    .map(|term| titles::candidates(conn, term, filter.limit))
                    .transpose()?
                {
                    Some(TitleCandidates::Only(nums)) => Some(nums),
                    Some(TitleCandidates::Any) | None => None,
                },
            );
        }
    };
    let nums = conn
        .prepare_cached(sql)?
        .query_map([thread_id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Some(nums))
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
            texts_by_num: conn.prepare_cached(TEXTS_BY_NUM)?,
            row_by_num: conn.prepare_cached(&format!("SELECT {ROW_COLUMNS} FROM threads WHERE thread_num = ?1"))?,
        })
    }

    /// Takes the wanted ones of the rows with these numbers.
    fn take_named(&mut self, nums: &[i64]) -> StateResult<()> {
        let time = time_column(self.filter.sort);
        let mut keys = self.conn.prepare_cached(&format!(
            "SELECT class, model_provider, cwd_key, {time}, thread_id FROM threads WHERE thread_num = ?1"
        ))?;
        for &thread_num in nums {
            let mut found = keys.query([thread_num])?;
            // A candidate of the trigram index always has its row: they change in one transaction.
            let Some(row) = found.next()? else { continue };
            if !self.filter.accepts_class(decode_class(row.get(0)?)?)
                || !self
                    .filter
                    .accepts_provider(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)
                || !self.accepts_cwd(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)
            {
                continue;
            }
            let place = self.place(row.get(3)?, row.get(4)?, thread_num);
            if self.is_after_anchor(&place) && self.fits(&place) && self.is_wanted(&place)? {
                self.keep(place);
            }
        }
        Ok(())
    }

    /// Takes the wanted rows of all index ranges that can hold some.
    fn take_ranges(&mut self) -> StateResult<()> {
        match self.cwd_keys.clone() {
            None => self.take_ranges_of(None),
            Some(cwd_keys) => cwd_keys
                .iter()
                .try_for_each(|cwd_key| self.take_ranges_of(Some(cwd_key))),
        }
    }

    fn take_ranges_of(&mut self, cwd_key: Option<&str>) -> StateResult<()> {
        let by_cwd = cwd_key.is_some();
        let mut next_provider = self.conn.prepare_cached(&next_provider_sql(self.filter.sort, by_cwd))?;
        let mut next_class = self.conn.prepare_cached(&next_class_sql(self.filter.sort, by_cwd))?;
        let mut range = self.conn.prepare_cached(&range_sql(self.filter, by_cwd))?;
        let (time_ms, thread_id) = self.start();
        let mut last = (i64::MIN, String::new());
        // Seeks from one class and provider that occur to the next: there are few, however many rows there are.
        loop {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
            let mut next = next_provider
                .query_row(params![last.0, last.1, cwd_key], read)
                .optional()?;
            if next.is_none() {
                next = next_class.query_row(params![last.0, cwd_key], read).optional()?;
            }
            let Some((class, provider)) = next else { break };
            if self.filter.accepts_class(decode_class(class)?) && self.filter.accepts_provider(&provider) {
                let mut found = range.query(params![class, provider, time_ms, thread_id, cwd_key])?;
                while let Some(row) = found.next()? {
                    let place = self.place(row.get(0)?, row.get(1)?, row.get(2)?);
                    if !self.fits(&place) {
                        break; // the range is ordered: nothing after this row fits
                    }
                    if self.is_wanted(&place)? {
                        self.keep(place);
                    }
                }
            }
            last = (class, provider);
        }
        Ok(())
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

fn time_column(sort: ListSort) -> &'static str {
    match sort {
        ListSort::CreatedAt => "created_at_ms",
        ListSort::UpdatedAt => "updated_at_ms",
        ListSort::RecencyAt => "recency_sort_ms",
    }
}

fn index_name(sort: ListSort, by_cwd: bool) -> &'static str {
    match (sort, by_cwd) {
        (ListSort::CreatedAt, false) => "threads_created",
        (ListSort::UpdatedAt, false) => "threads_updated",
        (ListSort::RecencyAt, false) => "threads_recency",
        (ListSort::CreatedAt, true) => "threads_cwd_created",
        (ListSort::UpdatedAt, true) => "threads_cwd_updated",
        (ListSort::RecencyAt, true) => "threads_cwd_recency",
    }
}

/// Selects the next provider after `?2` of class `?1`, within directory `?3`.
fn next_provider_sql(sort: ListSort, by_cwd: bool) -> String {
    let cwd = if by_cwd { "cwd_key = ?3" } else { "?3 IS NULL" };
    format!(
        "SELECT class, model_provider FROM threads INDEXED BY {} WHERE {cwd} AND class = ?1 AND model_provider > ?2 \
         ORDER BY model_provider LIMIT 1",
        index_name(sort, by_cwd)
    )
}

/// Selects the first provider of the next class after `?1`, within directory `?2`.
fn next_class_sql(sort: ListSort, by_cwd: bool) -> String {
    let cwd = if by_cwd { "cwd_key = ?2" } else { "?2 IS NULL" };
    format!(
        "SELECT class, model_provider FROM threads INDEXED BY {} WHERE {cwd} AND class > ?1 \
         ORDER BY class, model_provider LIMIT 1",
        index_name(sort, by_cwd)
    )
}

/// Selects the rows of class `?1` and provider `?2` after (`?3`, `?4`), within directory `?5`, in list order.
fn range_sql(filter: &ListFilter, by_cwd: bool) -> String {
    let (beyond, order) = match filter.direction {
        ListDirection::Ascending => (">", "ASC"),
        ListDirection::Descending => ("<", "DESC"),
    };
    let time = time_column(filter.sort);
    let cwd = if by_cwd { "cwd_key = ?5" } else { "?5 IS NULL" };
    format!(
        "SELECT {time}, thread_id, thread_num FROM threads INDEXED BY {} \
         WHERE {cwd} AND class = ?1 AND model_provider = ?2 AND ({time}, thread_id) {beyond} (?3, ?4) \
         ORDER BY {time} {order}, thread_id {order}",
        index_name(filter.sort, by_cwd)
    )
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod list_tests;
