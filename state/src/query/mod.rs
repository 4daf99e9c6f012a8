//! What a search of the history asks for, as plain values, and how one item answers it.
//!
//! Pure: knows neither files nor the index. The word index proposes candidates (`words`), this module decides.

mod ast;
mod fields;
mod kind;

pub use self::ast::{Clause, Filters, Query, Term, TermText};
pub use self::fields::{Field, MAX_OUTPUT_HEAD_BYTES, MAX_OUTPUT_TAIL_BYTES, Outputs, fields_of};
pub use self::kind::{FieldKind, KindSet};
