//! Where a command writes, and how: plain, coloured or as JSON.
//!
//! Colour only on a terminal and without `NO_COLOR`. Text out of threads is cleaned before it is shown.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use super::error::{CliError, CliResult};

/// Width when nothing tells it.
const DEFAULT_WIDTH: usize = 100;

/// Looks of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Title,
    Dim,
    Accent,
    Good,
    Bad,
    Warn,
    Match,
}

/// Whether escape codes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    On,
    Off,
}

/// The output of a command.
pub(super) struct Output {
    writer: Box<dyn Write + Send>,
    pub(super) colour: Colour,
    pub(super) width: usize,
}

impl Output {
    /// Writes to standard output.
    pub(super) fn stdout() -> Self {
        let colour = if io::stdout().is_terminal() && !no_colour() {
            Colour::On
        } else {
            Colour::Off
        };
        Self {
            writer: Box::new(BufWriter::new(io::stdout())),
            colour,
            width: terminal_width(),
        }
    }

    /// Writes to something else in the same style, for a pager.
    pub(super) fn redirect(&self, writer: impl Write + Send + 'static) -> Self {
        Self {
            writer: Box::new(BufWriter::new(writer)),
            colour: self.colour,
            width: self.width,
        }
    }

    /// Writes a text without a line end.
    pub(super) fn text(&mut self, text: &str) -> CliResult {
        self.writer.write_all(text.as_bytes()).map_err(CliError::Output)
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: &str) -> CliResult {
        self.text(line)?;
        self.text("\n")
    }

    /// Writes a value as one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> CliResult {
        serde_json::to_writer(&mut self.writer, value).map_err(|error| CliError::Output(error.into()))?;
        self.text("\n")
    }

    /// Writes a value as indented JSON.
    pub(super) fn pretty_json(&mut self, value: &impl Serialize) -> CliResult {
        serde_json::to_writer_pretty(&mut self.writer, value).map_err(|error| CliError::Output(error.into()))?;
        self.text("\n")
    }

    /// Hands everything written so far to the reader.
    pub(super) fn flush(&mut self) -> CliResult {
        self.writer.flush().map_err(CliError::Output)
    }

    /// Dresses a text, if colour is on.
    pub(super) fn paint(&self, look: Look, text: &str) -> String {
        paint(self.colour, look, text)
    }
}

/// Dresses a text.
pub(super) fn paint(colour: Colour, look: Look, text: &str) -> String {
    let code = match look {
        Look::Plain => return text.to_owned(),
        Look::Title => "1",
        Look::Dim => "2",
        Look::Accent => "36",
        Look::Good => "32",
        Look::Bad => "31",
        Look::Warn => "33",
        Look::Match => "1;33",
    };
    match colour {
        Colour::On => format!("\x1b[{code}m{text}\x1b[0m"),
        Colour::Off => text.to_owned(),
    }
}

/// Replaces control characters, so that a recorded text can neither steer the terminal nor turn the order of what stands beside it.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\r')
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() || turns_order(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Whether a character changes in which direction the text behind it is shown, beyond the text itself.
fn turns_order(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Puts a text on one line.
pub(super) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn terminal_width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let real = console::Term::stdout()
        .size_checked()
        .map(|(_, columns)| usize::from(columns));
    asked.or(real).filter(|width| *width >= 40).unwrap_or(DEFAULT_WIDTH)
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod output_tests;
