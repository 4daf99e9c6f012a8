//! What the picker knows, and what keys and answers do to it.
//!
//! Pure: what has to be done outside is returned as effects.

use codex_protocol::rpc::history::{HistorySearchHit, HistorySearchOrder, HistorySearchResponse, HistorySearchThread};

/// A key, as far as it means something here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A character, or a pasted text.
    Text(String),
    Backspace,
    Delete,
    DeleteWord,
    DeleteAll,
    Left,
    Right,
    Home,
    End,
    Up,
    Down,
    PageUp,
    PageDown,
    /// The other order.
    Order,
    /// Print what is selected, and leave.
    Accept,
    Leave,
}

/// What has to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Ask the search.
    Search(Question),
    /// Read the turns around the selected hit.
    Preview(Box<Chosen>),
    /// End, and print a hit if one was accepted.
    End(Option<Box<Chosen>>),
}

/// What the search is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) number: u64,
    pub(super) query: String,
    pub(super) order: HistorySearchOrder,
}

/// A hit with its thread.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    /// The thread, with this hit only.
    pub(super) thread: HistorySearchThread,
    pub(super) hit: HistorySearchHit,
}

/// A line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Thread(usize),
    Hit(usize, usize),
}

/// Everything that the picker knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) input: Vec<char>,
    /// Characters before the cursor.
    pub(super) cursor: usize,
    pub(super) order: HistorySearchOrder,
    pub(super) answer: Option<HistorySearchResponse>,
    /// Why the last question has no answer.
    pub(super) problem: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Number of the selected row.
    pub(super) selected: Option<usize>,
    /// The turns around the selected hit.
    pub(super) preview: Option<String>,
    /// Lines that were scrolled, from the line of the hit.
    pub(super) scrolled: i64,
    /// Filters that were given as options; searched for with the input.
    filters: String,
    asked: u64,
}

/// Lines that a key of whole pages scrolls.
const PAGE_LINES: i64 = 10;

impl State {
    /// Begins with a text, and what to search for at once.
    pub(super) fn new(text: &str, filters: String, order: HistorySearchOrder) -> (Self, Vec<Effect>) {
        let input: Vec<char> = text.chars().map(visible).collect();
        let mut state = Self {
            cursor: input.len(),
            input,
            order,
            answer: None,
            problem: None,
            rows: Vec::new(),
            selected: None,
            preview: None,
            scrolled: 0,
            filters,
            asked: 0,
        };
        let effects = state.ask();
        (state, effects)
    }

    /// Does what a key says.
    pub(super) fn press(&mut self, key: Key) -> Vec<Effect> {
        match key {
            Key::Text(text) => {
                let typed: Vec<char> = text.chars().map(visible).collect();
                let count = typed.len();
                self.input.splice(self.cursor..self.cursor, typed);
                self.cursor += count;
                self.ask()
            }
            Key::Backspace if self.cursor > 0 => self.remove(self.cursor - 1),
            Key::Delete if self.cursor < self.input.len() => {
                self.input.remove(self.cursor);
                self.ask()
            }
            Key::DeleteWord if self.cursor > 0 => {
                let before = &self.input[..self.cursor];
                let word_end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
                let start = before[..word_end].iter().rposition(|c| c.is_whitespace());
                self.remove(start.map_or(0, |at| at + 1))
            }
            Key::DeleteAll if self.cursor > 0 => self.remove(0),
            Key::Left => self.move_to(self.cursor.saturating_sub(1)),
            Key::Right => self.move_to(self.cursor + 1),
            Key::Home => self.move_to(0),
            Key::End => self.move_to(self.input.len()),
            Key::Up => self.step(|at, rows| rows[..at].iter().rposition(|is_place| *is_place)),
            Key::Down => self.step(|at, rows| {
                let behind = rows[at + 1..].iter().position(|is_place| *is_place);
                behind.map(|steps| at + 1 + steps)
            }),
            Key::PageUp => self.scroll(-PAGE_LINES),
            Key::PageDown => self.scroll(PAGE_LINES),
            Key::Order => {
                self.order = match self.order {
                    HistorySearchOrder::Ranked => HistorySearchOrder::Newest,
                    HistorySearchOrder::Newest => HistorySearchOrder::Ranked,
                };
                self.ask()
            }
            Key::Accept => match self.chosen() {
                Some(chosen) => vec![Effect::End(Some(Box::new(chosen)))],
                None => Vec::new(),
            },
            Key::Leave => vec![Effect::End(None)],
            Key::Backspace | Key::Delete | Key::DeleteWord | Key::DeleteAll => Vec::new(),
        }
    }

    /// Takes the answer to a question, or why there is none; one that is not the last is too late.
    pub(super) fn answered(&mut self, number: u64, answer: Result<HistorySearchResponse, String>) -> Vec<Effect> {
        if number != self.asked {
            return Vec::new();
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(problem) => {
                self.problem = Some(problem);
                return Vec::new();
            }
        };
        self.problem = None;
        let before = self.chosen().map(|chosen| name_of(&chosen));
        self.rows = rows(&answer);
        self.answer = Some(answer);
        let places = (0..self.rows.len()).filter(|row| self.is_place(*row));
        let same = places
            .clone()
            .find(|row| self.chosen_at(*row).map(|chosen| name_of(&chosen)) == before);
        self.selected = same.or_else(|| places.clone().next());
        self.show()
    }

    /// Takes the turns around a hit; those of one that is not selected any more are too late.
    pub(super) fn previewed(&mut self, of: &Chosen, text: String) {
        if self.chosen().is_some_and(|chosen| name_of(&chosen) == name_of(of)) {
            self.preview = Some(text);
        }
    }

    /// Returns the selected hit.
    pub(super) fn chosen(&self) -> Option<Chosen> {
        self.selected.and_then(|row| self.chosen_at(row))
    }

    fn chosen_at(&self, row: usize) -> Option<Chosen> {
        let Row::Hit(thread, hit) = *self.rows.get(row)? else {
            return None;
        };
        let thread = self.answer.as_ref()?.data.get(thread)?;
        let hit = thread.hits.get(hit)?.clone();
        Some(Chosen {
            thread: HistorySearchThread {
                hits: vec![hit.clone()],
                ..thread.clone()
            },
            hit,
        })
    }

    fn ask(&mut self) -> Vec<Effect> {
        self.asked += 1;
        let typed: String = self.input.iter().collect();
        // The filters come first: the last word is the one that may go on.
        let query = [self.filters.trim(), typed.as_str()].join(" ");
        vec![Effect::Search(Question {
            number: self.asked,
            query: query.trim_start().to_owned(),
            order: self.order,
        })]
    }

    /// Removes the characters from `start` to the cursor.
    fn remove(&mut self, start: usize) -> Vec<Effect> {
        self.input.drain(start..self.cursor);
        self.cursor = start;
        self.ask()
    }

    fn move_to(&mut self, cursor: usize) -> Vec<Effect> {
        self.cursor = cursor.min(self.input.len());
        Vec::new()
    }

    fn scroll(&mut self, lines: i64) -> Vec<Effect> {
        self.scrolled += lines;
        Vec::new()
    }

    /// Selects another row.
    fn step(&mut self, next: impl FnOnce(usize, &[bool]) -> Option<usize>) -> Vec<Effect> {
        let places: Vec<bool> = (0..self.rows.len()).map(|row| self.is_place(row)).collect();
        match self.selected.and_then(|at| next(at, &places)) {
            Some(row) => {
                self.selected = Some(row);
                self.show()
            }
            None => Vec::new(),
        }
    }

    fn show(&mut self) -> Vec<Effect> {
        self.preview = None;
        self.scrolled = 0;
        let chosen = self.chosen().map(Box::new);
        chosen.map(Effect::Preview).into_iter().collect()
    }

    fn is_place(&self, row: usize) -> bool {
        matches!(self.rows.get(row), Some(Row::Hit(..)))
    }
}

/// Names a hit across answers.
fn name_of(chosen: &Chosen) -> (String, Option<String>) {
    let item = chosen.hit.place.as_ref().map(|place| place.item_id.clone());
    (chosen.thread.thread.id.clone(), item)
}

fn rows(answer: &HistorySearchResponse) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, thread) in answer.data.iter().enumerate() {
        rows.push(Row::Thread(number));
        rows.extend((0..thread.hits.len()).map(|hit| Row::Hit(number, hit)));
    }
    rows
}

/// A pasted line end or tab is white space, other control characters are nothing that could be searched for.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod state_tests;
