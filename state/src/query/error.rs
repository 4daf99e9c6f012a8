//! Why a query is none, where, and what to do.
//!
//! Values and their words; finding the fault is the parser's and the evaluator's business.

use std::ops::Range;

use super::limits::{MAX_DEPTH, MAX_QUERY_BYTES, MAX_REGEX_BYTES, MAX_TERM_BYTES, MAX_TERM_WORDS, MAX_TERMS};

/// A fault of a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QueryError {
    /// Where it is: bytes of the query. None if the query was not parsed from a text.
    pub place: Option<Range<usize>>,
    /// What it is.
    pub problem: QueryProblem,
}

impl QueryError {
    pub(super) fn at(place: Range<usize>, problem: QueryProblem) -> Self {
        Self {
            place: Some(place),
            problem,
        }
    }

    /// Moves the beginning of the place to the character that it lies in.
    pub(super) fn on_boundaries(mut self, text: &str) -> Self {
        if let Some(place) = &mut self.place {
            while !text.is_char_boundary(place.start) {
                place.start -= 1;
            }
        }
        self
    }
}

/// What is wrong with a query, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryProblem {
    /// It is too long.
    #[error("the query is longer than {MAX_QUERY_BYTES} bytes: shorten it")]
    QueryTooLong,
    /// It has too many terms.
    #[error("the query has more than {MAX_TERMS} terms: leave some out")]
    TooManyTerms,
    /// Its groups are nested too deeply.
    #[error("groups are nested more than {MAX_DEPTH} deep: leave out some parentheses")]
    TooDeep,
    /// A term is too long.
    #[error("the term is longer than {MAX_TERM_BYTES} bytes: search for a part of it")]
    TermTooLong,
    /// A term has too many words.
    #[error("the term has more than {MAX_TERM_WORDS} words: search for a part of it, or for all of it as '...'")]
    TooManyWords,
    /// A quote is not closed.
    #[error("this {quote} is never closed: add another {quote}, or put the term between the other sort of quotes")]
    Unclosed {
        /// The quote.
        quote: char,
    },
    /// A parenthesis is not closed.
    #[error("this parenthesis is never closed: add `)`, or put the text between quotes")]
    UnclosedGroup,
    /// A parenthesis closes nothing.
    #[error("this parenthesis closes nothing: leave it out, or put the text between quotes")]
    StrayParenthesis,
    /// There is nothing between quotes, slashes or parentheses, or behind a field.
    #[error("there is nothing to search for here: fill it in, or leave it out")]
    Empty,
    /// An operator has nothing to work on.
    #[error("`{operator}` needs a term on {side}: add one, or search for the text as \"{operator}\"")]
    MissingOperand {
        /// The operator.
        operator: &'static str,
        /// Where it is missing.
        side: &'static str,
    },
    /// A field does not exist.
    #[error("there is no field `{field}`: there are {known}. To search for the text itself, put it between quotes")]
    UnknownField {
        /// As written.
        field: String,
        /// What there is.
        known: String,
    },
    /// A field's value is none of those that it has.
    #[error("`{value}` is no value of `{field}`: there are {known}")]
    UnknownValue {
        /// The field.
        field: &'static str,
        /// As written.
        value: String,
        /// What there is.
        known: String,
    },
    /// A date cannot be read.
    #[error(
        "`{value}` is no time: write 2026-03-31, 2026-03, 2026-03-31T14:00:00Z, or how long ago: 12h, 7d, 2w, 3mo, 1y"
    )]
    Time {
        /// As written.
        value: String,
    },
    /// A filter stands where it cannot narrow the whole query.
    #[error("`{field}` narrows the whole query: it cannot stand between parentheses")]
    FilterInside {
        /// The field.
        field: &'static str,
    },
    /// A filter cannot be turned round.
    #[error("`{field}` cannot be excluded: name what you want instead")]
    FilterExcluded {
        /// The field.
        field: &'static str,
    },
    /// An `in` filter has nothing to narrow.
    #[error("this narrows nothing: add a term beside it")]
    NothingBeside,
    /// A filter is given twice and can have one value.
    #[error("`{field}` stands in the query already: leave one of them out")]
    Repeated {
        /// The field.
        field: &'static str,
    },
    /// No text could be found, because no kind of text is left.
    #[error("no kind of text is left that could be searched: change one of the `in` filters")]
    NoKinds,
    /// A regular expression cannot be read.
    #[error("regular expression: {detail}")]
    Regex {
        /// What is wrong with it.
        detail: String,
    },
    /// A regular expression takes too much memory.
    #[error("the regular expression takes more than {MAX_REGEX_BYTES} bytes of memory: repeat less in it")]
    RegexTooLarge,
    /// A control character, which no text is searched for.
    #[error(
        "character U+{code:04X} cannot be searched for: leave it out, or write a regular expression such as /\\x1b/"
    )]
    Control {
        /// The character.
        code: u32,
    },
}
