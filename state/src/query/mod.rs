//! What a search of the history asks for, as plain values, and how one item answers it.
//!
//! Pure: knows neither files nor the index. The word index proposes candidates (`words`), this module decides.

mod ast;
mod display;
mod error;
mod evaluate;
mod excerpt;
mod fields;
mod filter;
mod kind;
mod limits;
mod needle;
mod parse;
mod pattern;
mod required;
mod scan;
mod when;

pub use self::ast::{Clause, Filters, Query, Term, TermText};
pub use self::error::{QueryError, QueryProblem};
pub use self::evaluate::{Evaluator, ItemMatch, TermMatch};
pub use self::excerpt::{Excerpt, excerpt};
pub use self::fields::{Field, MAX_OUTPUT_HEAD_BYTES, MAX_OUTPUT_TAIL_BYTES, Outputs, fields_of};
pub use self::kind::{FieldKind, KindSet};
pub use self::limits::{
    MAX_DEPTH, MAX_MATCH_RANGES, MAX_QUERY_BYTES, MAX_REGEX_BYTES, MAX_TERM_BYTES, MAX_TERM_WORDS, MAX_TERMS,
};
pub use self::parse::{Typing, parse};
pub use self::required::required_literals;
