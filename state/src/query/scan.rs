//! Cuts the text of a query into its pieces.
//!
//! Knows quotes, operators and names of fields; what they mean together, the parser decides.

use std::ops::Range;

use super::error::{QueryError, QueryProblem};
use super::filter::{Field, field_names};
use super::parse::Typing;
use crate::text::has_word;

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) place: Range<usize>,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    Open,
    Close,
    Or,
    And,
    /// `-` right before something.
    Minus,
    /// A name with its colon.
    Field(Field),
    /// Words, between `"` or without white space.
    Words {
        text: String,
        /// Whether the last one may go on.
        is_open: bool,
    },
    Literal(String),
    Regex(String),
}

/// Reads pieces from left to right.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    typing: Typing,
    peeked: Option<Token>,
    /// Open parentheses: beyond them a closing one is part of a word.
    open: usize,
}

impl<'t> Scanner<'t> {
    /// Starts at the beginning.
    ///
    /// # Errors
    /// If there is a control character that is no white space.
    pub(super) fn new(text: &'t str, typing: Typing) -> Result<Self, QueryError> {
        let control = text.char_indices().find(|(_, c)| c.is_control() && !c.is_whitespace());
        if let Some((at, c)) = control {
            let problem = QueryProblem::Control { code: u32::from(c) };
            return Err(QueryError::at(at..at + c.len_utf8(), problem));
        }
        Ok(Self {
            text,
            at: 0,
            typing,
            peeked: None,
            open: 0,
        })
    }

    /// Returns where the last piece that was taken ends.
    pub(super) fn at(&self) -> usize {
        self.peeked.as_ref().map_or(self.at, |token| token.place.start)
    }

    /// Returns the length of the text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns the next piece and leaves it there.
    pub(super) fn peek(&mut self) -> Result<Option<Token>, QueryError> {
        if self.peeked.is_none() {
            self.peeked = self.read()?;
        }
        Ok(self.peeked.clone())
    }

    /// Takes the next piece.
    pub(super) fn next(&mut self) -> Result<Option<Token>, QueryError> {
        match self.peeked.take() {
            Some(token) => Ok(Some(token)),
            None => self.read(),
        }
    }

    /// Takes the value right behind a field: words, quoted or not, a literal, a regular expression, or a parenthesis.
    pub(super) fn value(&mut self) -> Result<Option<Token>, QueryError> {
        match self.rest().chars().next() {
            Some(c) if !c.is_whitespace() && (c != ')' || self.open == 0) => self.piece(c).map(Some),
            _ => Ok(None),
        }
    }

    /// Takes the plain text right behind a field, between quotes or without white space.
    pub(super) fn plain_value(&mut self) -> Result<Option<(String, Range<usize>)>, QueryError> {
        let start = self.at;
        let text = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?.0,
            Some(c) if !c.is_whitespace() => self.word_text().to_owned(),
            _ => return Ok(None),
        };
        Ok(Some((text, start..self.at)))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn read(&mut self) -> Result<Option<Token>, QueryError> {
        self.at = self.text.len() - self.rest().trim_start().len();
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let start = self.at;
        let is_alone = |word: &str| {
            let rest = self.rest().strip_prefix(word)?;
            rest.chars()
                .next()
                .is_none_or(char::is_whitespace)
                .then_some(word.len())
        };
        if let Some(len) = is_alone("OR") {
            return Ok(Some(self.take(TokenKind::Or, len)));
        }
        if let Some(len) = is_alone("AND") {
            return Ok(Some(self.take(TokenKind::And, len)));
        }
        match first {
            ')' => {
                self.open = self.open.saturating_sub(1);
                Ok(Some(self.take(TokenKind::Close, 1)))
            }
            // `--lib` and a dash by itself are text.
            '-' if is_excluding(self.rest()) => Ok(Some(self.take(TokenKind::Minus, 1))),
            '-' if self.typing == Typing::GoesOn && self.rest() == "-" => {
                self.at = self.text.len();
                Ok(None)
            }
            first => match self.field(start)? {
                Some(field) => Ok(Some(field)),
                None => self.piece(first).map(Some),
            },
        }
    }

    fn piece(&mut self, first: char) -> Result<Token, QueryError> {
        match first {
            '(' => {
                self.open += 1;
                Ok(self.take(TokenKind::Open, 1))
            }
            '"' => self.phrase(),
            '\'' => {
                let start = self.at;
                let (text, _) = self.quoted('\'')?;
                Ok(self.token(TokenKind::Literal(text), start))
            }
            '/' => match regex_len(self.rest()) {
                Some(len) => {
                    let pattern = self.rest()[1..len - 1].replace("\\/", "/");
                    Ok(self.take(TokenKind::Regex(pattern), len))
                }
                None => Ok(self.word()),
            },
            _ => Ok(self.word()),
        }
    }

    fn take(&mut self, kind: TokenKind, len: usize) -> Token {
        let start = self.at;
        self.at += len;
        self.token(kind, start)
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token {
            kind,
            place: start..self.at,
        }
    }

    /// Reads a name with its colon, if one is here.
    fn field(&mut self, start: usize) -> Result<Option<Token>, QueryError> {
        let rest = self.rest();
        let name_len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, value) = rest.split_at(name_len);
        let Some(value) = value.strip_prefix(':').filter(|_| !name.is_empty()) else {
            return Ok(None);
        };
        let next = value.chars().next();
        // `std::fs`, `http://`, `localhost:8080` and `TODO:` are text.
        let is_value = next.is_some_and(|c| c.is_alphabetic() || matches!(c, '"' | '\'' | '('));
        match Field::of_word(&name.to_ascii_lowercase()) {
            Some(field) if !matches!(next, Some(':')) => Ok(Some(self.take(TokenKind::Field(field), name_len + 1))),
            None if is_value => {
                let problem = QueryProblem::UnknownField {
                    field: name.to_owned(),
                    known: field_names(),
                };
                Err(QueryError::at(start..start + name_len + 1, problem))
            }
            Some(_) | None => Ok(None),
        }
    }

    fn phrase(&mut self) -> Result<Token, QueryError> {
        let start = self.at;
        let (text, is_closed) = self.quoted('"')?;
        let star = self.rest().starts_with('*') && is_closed;
        self.at += usize::from(star);
        let kind = TokenKind::Words {
            text,
            is_open: star || !is_closed,
        };
        Ok(self.token(kind, start))
    }

    /// Reads a text between quotes, in which a doubled one stands for itself; says whether it was closed.
    fn quoted(&mut self, quote: char) -> Result<(String, bool), QueryError> {
        let start = self.at;
        let mut text = String::new();
        let mut rest = &self.rest()[quote.len_utf8()..];
        loop {
            let Some((before, behind)) = rest.split_once(quote) else {
                if self.typing == Typing::Done {
                    let problem = QueryProblem::Unclosed { quote };
                    return Err(QueryError::at(start..start + quote.len_utf8(), problem));
                }
                text.push_str(rest);
                self.at = self.text.len();
                return Ok((text, false));
            };
            text.push_str(before);
            match behind.strip_prefix(quote) {
                Some(behind) => {
                    text.push(quote);
                    rest = behind;
                }
                None => {
                    self.at = self.text.len() - behind.len();
                    return Ok((text, true));
                }
            }
        }
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        let word = self.word_text();
        let open_end = word.strip_suffix('*').filter(|stem| has_word(stem));
        let is_last = self.at == self.text.len() && self.typing == Typing::GoesOn;
        let kind = TokenKind::Words {
            text: open_end.unwrap_or(word).to_owned(),
            is_open: open_end.is_some() || is_last,
        };
        self.token(kind, start)
    }

    /// Reads up to white space, or to a parenthesis that closes a group.
    fn word_text(&mut self) -> &'t str {
        let start = self.at;
        let mut nested = 0_usize;
        let rest = self.rest();
        let end = rest.char_indices().find(|(_, c)| match c {
            '(' => {
                nested += 1;
                false
            }
            ')' if nested > 0 => {
                nested -= 1;
                false
            }
            ')' => self.open > 0,
            c => c.is_whitespace(),
        });
        self.at += end.map_or(rest.len(), |(at, _)| at);
        &self.text[start..self.at]
    }
}

fn is_excluding(rest: &str) -> bool {
    let next = rest.chars().nth(1);
    next.is_some_and(|c| !c.is_whitespace() && !matches!(c, '-' | ')' | '>'))
}

/// Returns the length of a regular expression between slashes, which white space or a parenthesis follows.
///
/// `/etc/hosts` is none: the second slash closes nothing. With white space inside it is one only if no slash stands before it.
fn regex_len(rest: &str) -> Option<usize> {
    if rest[1..].starts_with(char::is_whitespace) {
        return None;
    }
    let mut is_escaped = false;
    let mut slashes = 0;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '/' => {
                let behind = rest[at + 1..].chars().next();
                if at > 1 && behind.is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Some(at + 1);
                }
                slashes += 1;
            }
            c if c.is_whitespace() && slashes > 0 => return None,
            _ => {}
        }
    }
    None
}
