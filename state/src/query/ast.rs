//! A query, parsed.
//!
//! Values only: parsing makes them, evaluation reads them.

use super::kind::KindSet;

/// What is searched for: texts of one item (or of the thread as a whole), and which threads and times count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What an item has to say.
    pub clause: Clause,
    /// Which items and threads count.
    pub filters: Filters,
}

/// A condition on the texts of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// One of the texts has it.
    Term(Term),
    /// All of these hold; of none, always.
    All(Vec<Clause>),
    /// One of these holds; of none, never.
    Any(Vec<Clause>),
    /// This does not hold.
    Not(Box<Clause>),
}

/// Something that a single text has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The texts that are looked at.
    pub kinds: KindSet,
    /// What they have to have.
    pub text: TermText,
}

/// What a text has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermText {
    /// These words, whole and one after the other, whatever stands between them that is no word. A single word is a phrase of
    /// one. A word is also found by the parts of an identifier, and an identifier by its parts in a row.
    Words(String),
    /// The same, but the last word may go on.
    Prefix(String),
    /// This text, anywhere, letter case and kinds of white space apart.
    Literal(String),
    /// A match of this regular expression, letter case apart.
    Regex(String),
}

/// Which items and threads count. Several values of one filter: any of them; several filters: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Working directories: the folder itself or one below it.
    pub cwds: Vec<String>,
    /// Providers of models, in any letter case.
    pub providers: Vec<String>,
    /// Latest models: these texts are part of the name, in any letter case.
    pub models: Vec<String>,
    /// Words of sources as `thread/list` names their kinds (`cli`, `vscode`, `exec`, `subAgent`, ...), in any letter case.
    pub sources: Vec<String>,
    /// Names of threads: these texts are part of the name, in any letter case.
    pub names: Vec<String>,
    /// Items before this time, Unix milliseconds, exclusive.
    pub before_ms: Option<i64>,
    /// Items from this time on, Unix milliseconds, inclusive.
    pub after_ms: Option<i64>,
    /// Archived threads only, or none of them; `None` for both.
    pub archived: Option<bool>,
}
