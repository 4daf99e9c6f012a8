//! Reads tables whose columns are not known before: what is there is read, what is not is unknown.
//!
//! The only place that opens a copied database and makes statements. Every name in a statement is a constant of ours.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::facts::{Cell, Extent, Table};
use super::problem::{CodexDbError, CodexDbProblem};

/// Longest text that is read: what is longer is no metadata.
pub const MAX_VALUE_BYTES: usize = 512 * 1024;
/// How many problems are reported of one database; a damaged one has as many as rows.
const MAX_PROBLEMS: usize = 100;
/// Characters of a row's id that a report shows.
const SHOWN_ID_CHARS: usize = 80;
/// What stands for the id of a row that has none.
const NO_ID: &str = "a row without id";

/// An open copy of a database, with what could not be read of it so far.
#[derive(Debug)]
pub(super) struct OpenDb {
    connection: Connection,
    pub(super) problems: Vec<CodexDbProblem>,
}

impl OpenDb {
    /// Opens a copy. What is in its write-ahead log counts, and files may appear beside it.
    pub(super) fn open(path: &Path) -> Result<Self, CodexDbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        #[expect(clippy::disallowed_methods, reason = "the one place that opens a copied database")]
        let connection = Connection::open_with_flags(path, flags).map_err(CodexDbError::Open)?;
        // The schema is somebody else's: its expressions and triggers are not run.
        let configured = connection
            .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            .and_then(|()| connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())));
        configured.map_err(CodexDbError::Open)?;
        Ok(Self {
            connection,
            problems: Vec::new(),
        })
    }

    /// Returns when the database was made: the time of its first migration.
    pub(super) fn made_at(&mut self) -> Option<String> {
        let wanted = ["version", "installed_on"];
        let table: Table<(i64, String)> = self.read("_sqlx_migrations", "version", &wanted, |cells| {
            let version = cells.integer("version").into_value()?;
            Some((version, cells.text("installed_on").into_value()?))
        });
        table.rows.into_iter().min().map(|(_, installed_on)| installed_on)
    }

    /// Reads the rows of a table; rows that `make` makes nothing of are left out, and counted as unreadable.
    pub(super) fn read<T>(
        &mut self,
        table: &'static str,
        key: &'static str,
        wanted: &[&'static str],
        mut make: impl FnMut(&mut Cells<'_, '_>) -> Option<T>,
    ) -> Table<T> {
        let mut read = Table::default();
        match self.read_into(table, key, wanted, &mut make, &mut read) {
            Ok(extent) => read.extent = extent,
            Err(source) => {
                read.extent = Extent::Partial;
                self.report(CodexDbProblem::Table { table, source });
            }
        }
        read
    }

    fn read_into<T>(
        &mut self,
        table: &'static str,
        key: &'static str,
        wanted: &[&'static str],
        make: &mut dyn FnMut(&mut Cells<'_, '_>) -> Option<T>,
        read: &mut Table<T>,
    ) -> rusqlite::Result<Extent> {
        let columns = self.columns(table)?;
        if columns.is_empty() {
            return Ok(Extent::Absent);
        }
        if !columns.contains(key) {
            self.report(CodexDbProblem::NoColumn { table, column: key });
            return Ok(Extent::Absent);
        }
        let present: Vec<&'static str> = wanted.iter().copied().filter(|name| columns.contains(*name)).collect();
        let list: Vec<String> = present.iter().map(|name| format!("\"{name}\"")).collect();
        let mut problems = Vec::new();
        let mut extent = Extent::Whole;
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {} FROM \"{table}\"", list.join(", ")))?;
        let mut rows = statement.query([])?;
        let end = loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let mut cells = Cells {
                row,
                table,
                key,
                columns: &present,
                problems: &mut problems,
            };
            match make(&mut cells) {
                Some(row) => read.rows.push(row),
                None => extent = Extent::Partial,
            }
        };
        drop(rows);
        drop(statement);
        for problem in problems {
            self.report(problem);
        }
        end.map(|()| extent)
    }

    /// Returns the columns of a table; none if there is no such table, or it is something else, like a view.
    fn columns(&self, table: &str) -> rusqlite::Result<HashSet<String>> {
        let kind = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
        let is_table: i64 = self.connection.query_row(kind, [table], |row| row.get(0))?;
        let mut columns = HashSet::new();
        if is_table > 0 {
            self.connection.pragma(None, "table_info", table, |row| {
                columns.insert(row.get("name")?);
                Ok(())
            })?;
        }
        Ok(columns)
    }

    /// Returns where a table begins, counted in pages.
    #[cfg(test)]
    pub(super) fn root_page(&self, table: &str) -> i64 {
        let query = "SELECT rootpage FROM sqlite_master WHERE name = ?1";
        self.connection
            .query_row(query, [table], |row| row.get(0))
            .expect("the table of the test")
    }

    fn report(&mut self, problem: CodexDbProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// The values of one row.
pub(super) struct Cells<'r, 'p> {
    row: &'r Row<'r>,
    table: &'static str,
    key: &'static str,
    columns: &'p [&'static str],
    problems: &'p mut Vec<CodexDbProblem>,
}

impl Cells<'_, '_> {
    /// Returns the text that names the row; `None`, reported, if there is none.
    pub(super) fn key(&mut self) -> Option<String> {
        let key = self.key;
        match self.text(key) {
            Cell::Is(text) => Some(text),
            Cell::Null => {
                self.report_kind(key, "a text", "null");
                None
            }
            Cell::Unknown => None,
        }
    }

    /// Returns a text; one that is no UTF-8, or too long, is reported and unknown.
    pub(super) fn text(&mut self, column: &'static str) -> Cell<String> {
        let Some(value) = self.value(column) else {
            return Cell::Unknown;
        };
        let bytes = match value {
            ValueRef::Null => return Cell::Null,
            ValueRef::Text(bytes) => bytes,
            other => return self.wrong(column, "a text", kind_of(other)),
        };
        if bytes.len() > MAX_VALUE_BYTES {
            let problem = CodexDbProblem::TooLong {
                table: self.table,
                column,
                row: self.shown_key(),
                len: bytes.len(),
                max_bytes: MAX_VALUE_BYTES,
            };
            self.problems.push(problem);
            return Cell::Unknown;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Is(text.to_owned()),
            Err(_) => self.wrong(column, "a text", "no UTF-8"),
        }
    }

    /// Returns a text that may well be longer than is read; such a one counts as nothing.
    pub(super) fn short_text(&mut self, column: &'static str) -> Cell<String> {
        match self.value(column) {
            Some(ValueRef::Text(bytes)) if bytes.len() > MAX_VALUE_BYTES => Cell::Null,
            _ => self.text(column),
        }
    }

    /// Returns a whole number.
    pub(super) fn integer(&mut self, column: &'static str) -> Cell<i64> {
        match self.value(column) {
            None => Cell::Unknown,
            Some(ValueRef::Null) => Cell::Null,
            Some(ValueRef::Integer(number)) => Cell::Is(number),
            Some(other) => self.wrong(column, "a whole number", kind_of(other)),
        }
    }

    /// Returns a flag, which is stored as 0 or 1.
    pub(super) fn flag(&mut self, column: &'static str) -> Cell<bool> {
        self.integer(column).map(|number| number != 0)
    }

    fn value(&self, column: &'static str) -> Option<ValueRef<'_>> {
        let at = self.columns.iter().position(|name| *name == column)?;
        self.row.get_ref(at).ok()
    }

    fn wrong<T>(&mut self, column: &'static str, expected: &'static str, found: &'static str) -> Cell<T> {
        self.report_kind(column, expected, found);
        Cell::Unknown
    }

    fn report_kind(&mut self, column: &'static str, expected: &'static str, found: &'static str) {
        let problem = CodexDbProblem::Value {
            table: self.table,
            column,
            row: self.shown_key(),
            expected,
            found,
        };
        self.problems.push(problem);
    }

    fn shown_key(&self) -> String {
        match self.value(self.key) {
            Some(ValueRef::Text(bytes)) => String::from_utf8_lossy(bytes).chars().take(SHOWN_ID_CHARS).collect(),
            Some(ValueRef::Integer(number)) => number.to_string(),
            _ => NO_ID.to_owned(),
        }
    }
}

fn kind_of(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "null",
        ValueRef::Integer(_) => "a whole number",
        ValueRef::Real(_) => "a fraction",
        ValueRef::Text(_) => "a text",
        ValueRef::Blob(_) => "bytes",
    }
}
