//! What the picker shows: lines of text for a terminal of a size.
//!
//! Pure. Everything out of threads is cleaned before it gets here or here.

use codex_protocol::rpc::history::{HistorySearchHit, HistorySearchOrder, HistorySearchThread};
use console::{measure_text_width, pad_str, truncate_str};

use super::state::{Row, State};
use crate::cli::history::{hit_text, kind_word, totals};
use crate::cli::list::title;
use crate::cli::output::{Colour, Look, clean, paint};
use crate::cli::search::highlight;
use crate::cli::when;

/// Columns from which on list and thread stand side by side.
const WIDE: usize = 80;
/// Lines above the list.
const HEAD_LINES: usize = 2;
/// UTF-16 code units of a snippet that are shown before its first match.
const SHOWN_BEFORE: u32 = 12;
/// What stands before the input.
const PROMPT: &str = "> ";

/// A picture of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// As many as the terminal has, none wider than it.
    pub(super) lines: Vec<String>,
    /// Column of the cursor in the first line.
    pub(super) cursor_column: usize,
}

/// What a picture depends on besides the state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) colour: Colour,
    /// The present, Unix seconds.
    pub(super) now_s: i64,
}

/// Draws the state.
pub(super) fn picture(state: &State, frame: Frame) -> Picture {
    let (input, cursor_column) = input_line(state, frame.width);
    let body = frame.height.saturating_sub(HEAD_LINES);
    let mut lines = vec![input, paint(frame.colour, Look::Dim, &cut(&status(state), frame.width))];
    if frame.width >= WIDE {
        let left = frame.width * 9 / 20;
        let right = frame.width - left - 3;
        let list = list_lines(state, left, body, frame);
        let preview = preview_lines(state, right, body, frame);
        let bar = paint(frame.colour, Look::Dim, "│");
        for (left_line, right_line) in list.iter().zip(&preview) {
            let left_line = pad_str(left_line, left, console::Alignment::Left, None);
            lines.push(format!("{left_line} {bar} {right_line}"));
        }
    } else {
        let list = body.div_ceil(2);
        lines.extend(list_lines(state, frame.width, list, frame));
        lines.extend(preview_lines(state, frame.width, body - list, frame));
    }
    lines.truncate(frame.height);
    Picture { lines, cursor_column }
}

/// Returns the line of the input, of a long one the part before the cursor, and the column of the cursor.
fn input_line(state: &State, width: usize) -> (String, usize) {
    let room = width.saturating_sub(PROMPT.len() + 1);
    let columns = |from: usize| {
        let before: String = state.input[from..state.cursor].iter().collect();
        measure_text_width(&clean(&before))
    };
    let mut from = 0;
    while columns(from) > room {
        from += 1;
    }
    let shown: String = state.input[from..].iter().collect();
    let line = cut(&format!("{PROMPT}{}", clean(&shown)), width);
    (line, PROMPT.len() + columns(from))
}

fn status(state: &State) -> String {
    let order = match state.order {
        HistorySearchOrder::Ranked => "best first",
        HistorySearchOrder::Newest => "newest first",
    };
    let said = match (&state.problem, &state.answer) {
        (Some(problem), _) => problem.replace('\n', " "),
        (None, Some(answer)) => totals(answer).unwrap_or_else(|| "Nothing found.".to_owned()),
        (None, None) => "Searching.".to_owned(),
    };
    format!("{order} (tab) · enter prints · esc leaves · {said}")
}

fn list_lines(state: &State, width: usize, height: usize, frame: Frame) -> Vec<String> {
    let selected = state.selected.unwrap_or(0);
    // The heading of the thread stays in sight.
    let top = (selected + 2)
        .saturating_sub(height)
        .max(selected.saturating_sub(height / 2))
        .min(selected);
    let top = if selected < height { 0 } else { top };
    let shown = state.rows.iter().enumerate().skip(top).take(height);
    let mut lines: Vec<String> = shown
        .map(|(number, row)| cut(&row_line(state, *row, state.selected == Some(number), frame), width))
        .collect();
    lines.resize(height, String::new());
    lines
}

fn row_line(state: &State, row: Row, is_selected: bool, frame: Frame) -> String {
    let thread = |number: usize| state.answer.as_ref().and_then(|answer| answer.data.get(number));
    match row {
        Row::Thread(number) => thread(number).map(|found| heading(found, frame)).unwrap_or_default(),
        Row::Hit(number, hit) => {
            let hit = thread(number).and_then(|found| found.hits.get(hit));
            hit.map(|hit| hit_line(hit, is_selected, frame)).unwrap_or_default()
        }
    }
}

fn heading(found: &HistorySearchThread, frame: Frame) -> String {
    let ago = paint(
        frame.colour,
        Look::Dim,
        &when::ago(frame.now_s, found.thread.updated_at),
    );
    format!("{}  {ago}", paint(frame.colour, Look::Title, &title(&found.thread)))
}

fn hit_line(hit: &HistorySearchHit, is_selected: bool, frame: Frame) -> String {
    let mark = if is_selected {
        paint(frame.colour, Look::Accent, "▶")
    } else {
        " ".to_owned()
    };
    let kind = paint(frame.colour, Look::Dim, &format!("{:<9}", kind_word(hit.kind)));
    format!("{mark} {kind} {}", hit_text(frame.colour, &near_match(hit)))
}

/// Leaves out what stands far before the first match: a list has no room for it.
fn near_match(hit: &HistorySearchHit) -> HistorySearchHit {
    let first = hit.highlights.first().map_or(0, |range| range.start);
    let mut near = hit.clone();
    if first <= SHOWN_BEFORE {
        return near;
    }
    let mut units = 0;
    let start = hit.snippet.char_indices().find(|(_, c)| {
        let is_near = first - units <= SHOWN_BEFORE;
        units += if is_near {
            0
        } else {
            u32::try_from(c.len_utf16()).unwrap_or(1)
        };
        is_near
    });
    near.snippet = format!("…{}", &hit.snippet[start.map_or(0, |(at, _)| at)..]);
    for range in &mut near.highlights {
        (range.start, range.end) = (range.start - units + 1, range.end - units + 1);
    }
    near
}

fn preview_lines(state: &State, width: usize, height: usize, frame: Frame) -> Vec<String> {
    let found = state
        .chosen()
        .map(|chosen| matched_texts(&chosen.hit))
        .unwrap_or_default();
    let text = state.preview.as_deref().unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    let has_match = |line: &str| found.iter().any(|matched| line.to_lowercase().contains(matched));
    let of_hit = all.iter().position(|line| has_match(line)).unwrap_or(0);
    // Two lines above tell whose text it is.
    let first = i64::try_from(of_hit).unwrap_or(0) - 2 + state.scrolled;
    let first = usize::try_from(first).unwrap_or(0).min(all.len().saturating_sub(1));
    let wrapped = all.iter().skip(first).flat_map(|line| wrap(line, width));
    let dressed =
        wrapped.take(height).map(
            |line| match found.iter().find(|matched| line.to_lowercase().contains(*matched)) {
                Some(matched) => highlight(frame.colour, &line, matched),
                None => line,
            },
        );
    let mut lines: Vec<String> = dressed.collect();
    lines.resize(height, String::new());
    lines
}

/// Returns what the hit's matches say, in lower case, each once.
fn matched_texts(hit: &HistorySearchHit) -> Vec<String> {
    let units: Vec<u16> = hit.snippet.encode_utf16().collect();
    let text = |start: u32, end: u32| {
        let units = units.get(start as usize..end as usize).unwrap_or_default();
        clean(&String::from_utf16_lossy(units)).to_lowercase()
    };
    let mut texts: Vec<String> = hit
        .highlights
        .iter()
        .map(|range| text(range.start, range.end))
        .collect();
    texts.retain(|text| !text.trim().is_empty());
    texts.sort();
    texts.dedup();
    texts
}

/// Breaks a line where it has to be broken.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let c = if c == '\t' { ' ' } else { c };
        let columns = measure_text_width(c.encode_utf8(&mut [0; 4]));
        // Half of a wide character cannot be shown.
        if columns > width {
            continue;
        }
        if used + columns > width {
            lines.push(String::new());
            used = 0;
        }
        used += columns;
        if let Some(last) = lines.last_mut() {
            last.push(c);
        }
    }
    lines
}

fn cut(line: &str, width: usize) -> String {
    truncate_str(line, width, "…").into_owned()
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod view_tests;
