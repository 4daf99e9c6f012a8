//! Queries with known answers over the relevance corpus: nine about every story.
//!
//! Derived from the facts, as people remember things: half of it, or in another spelling.

use super::facts::{Facts, STORIES};

/// How somebody looks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remembered {
    /// Words of the request, in another order.
    Words,
    /// The identifier, with underscores.
    Snake,
    /// The parts of the identifier as words.
    Parts,
    /// A piece from inside the identifier.
    Piece,
    /// A phrase of what a command printed.
    Phrase,
    /// The end of the path of the file.
    Path,
    /// A word of the command.
    Command,
    /// A rare word of the answer, while it is being typed.
    Typing,
    /// The name, its last word first.
    Name,
}

/// A query and the story that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownQuery {
    /// The query.
    pub text: String,
    /// How it was made.
    pub remembered: Remembered,
    /// Number of the story.
    pub story: usize,
}

/// Returns all queries.
pub fn known_queries() -> Vec<KnownQuery> {
    let of_story = |(story, facts): (usize, &Facts)| {
        of_facts(facts).map(|(remembered, text)| KnownQuery {
            text,
            remembered,
            story,
        })
    };
    STORIES.iter().enumerate().flat_map(of_story).collect()
}

fn of_facts(facts: &Facts) -> [(Remembered, String); 9] {
    let parts = parts(facts.identifier);
    let first_of_error: Vec<&str> = facts.error.split_whitespace().take(4).collect();
    let mut segments: Vec<&str> = facts.file.rsplit('/').take(2).collect();
    segments.reverse();
    let mut name: Vec<&str> = facts.name.split_whitespace().collect();
    name.reverse();
    let chars: Vec<char> = facts.identifier.chars().collect();
    let piece: String = chars[2..chars.len() - 2].iter().collect();
    let rare: Vec<char> = facts.rare.chars().collect();
    let typed: String = rare[..rare.len() - 1].iter().collect();
    [
        (Remembered::Words, facts.remembered.to_owned()),
        (Remembered::Snake, parts.join("_")),
        (Remembered::Parts, parts.join(" ")),
        (Remembered::Piece, format!("'{piece}'")),
        (Remembered::Phrase, format!("\"{}\"", first_of_error.join(" "))),
        (Remembered::Path, format!("path:{}", segments.join("/"))),
        (Remembered::Command, format!("command:{}", facts.command.1)),
        (Remembered::Typing, typed),
        (Remembered::Name, name.join(" ").to_lowercase()),
    ]
}

/// Cuts an identifier at its humps.
fn parts(identifier: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for c in identifier.chars() {
        if c.is_ascii_uppercase() || parts.is_empty() {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.push(c.to_ascii_lowercase());
        }
    }
    parts
}
