//! Aligned columns that fit the terminal.
//!
//! Pure. Widths are counted as terminals show them; the last column takes what is left and is cut there.

use console::{measure_text_width, truncate_str};

use super::output::{Colour, Look, paint};

/// Space between columns.
const GAP: &str = "  ";
/// The last column never gets narrower than this.
const MIN_LAST_WIDTH: usize = 20;

/// Rows of plain cells under a heading.
pub(super) struct Table {
    heading: Vec<&'static str>,
    looks: Vec<Look>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Starts a table; every column has a heading and a look.
    pub(super) fn new(columns: &[(&'static str, Look)]) -> Self {
        Self {
            heading: columns.iter().map(|(name, _)| *name).collect(),
            looks: columns.iter().map(|(_, look)| *look).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Lays the table out.
    pub(super) fn render(&self, width: usize, colour: Colour) -> String {
        let last = self.heading.len().saturating_sub(1);
        let widths: Vec<usize> = (0..self.heading.len())
            .map(|column| self.column_width(column))
            .collect();
        let used: usize = widths[..last].iter().sum::<usize>() + last * GAP.len();
        let room = width.saturating_sub(used).max(MIN_LAST_WIDTH);
        let mut text = String::new();
        let heading: Vec<String> = self.heading.iter().map(|name| (*name).to_owned()).collect();
        let all = std::iter::once((&heading, true)).chain(self.rows.iter().map(|row| (row, false)));
        for (row, is_heading) in all {
            let shown = row
                .iter()
                .rposition(|cell| !cell.is_empty())
                .map_or(0, |index| index + 1);
            for (column, cell) in row[..shown].iter().enumerate() {
                let look = if is_heading { Look::Dim } else { self.looks[column] };
                if column == last {
                    text.push_str(&paint(colour, look, &truncate_str(cell, room, "…")));
                } else if column + 1 == shown {
                    text.push_str(&paint(colour, look, cell));
                } else {
                    let padding = " ".repeat(widths[column].saturating_sub(measure_text_width(cell)));
                    text.push_str(&paint(colour, look, cell));
                    text.push_str(&padding);
                    text.push_str(GAP);
                }
            }
            text.push('\n');
        }
        text
    }

    fn column_width(&self, column: usize) -> usize {
        let cells = self
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| measure_text_width(cell));
        cells
            .chain([measure_text_width(self.heading[column])])
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod table_tests;
