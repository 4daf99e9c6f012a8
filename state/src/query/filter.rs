//! The fields of the query language, and what the values of filters mean.
//!
//! Pure; the present is handed in.

use super::ast::Filters;
use super::error::QueryProblem;
use super::kind::FieldKind;
use super::when::time_ms;

/// What a name with a colon stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `in:`: kinds of texts.
    In,
    /// `path:`, `command:`, ...: a term in texts of one kind.
    Kind(FieldKind),
    /// `literal:`: a text as it is.
    Literal,
    /// `regex:`: a regular expression.
    Regex,
    /// Something about the thread or the time.
    Filter(Filter),
}

/// A condition on the thread or the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Cwd,
    Provider,
    Model,
    Source,
    Name,
    Before,
    After,
    Archived,
}

impl Filter {
    const ALL: [Self; 8] = [
        Self::Cwd,
        Self::Provider,
        Self::Model,
        Self::Source,
        Self::Name,
        Self::Before,
        Self::After,
        Self::Archived,
    ];

    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cwd => "cwd",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Source => "source",
            Self::Name => "name",
            Self::Before => "before",
            Self::After => "after",
            Self::Archived => "archived",
        }
    }
}

impl Field {
    /// Returns what a name in lower case stands for.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "in" => Some(Self::In),
            "literal" => Some(Self::Literal),
            "regex" => Some(Self::Regex),
            word => {
                let filter = Filter::ALL.into_iter().find(|filter| filter.word() == word);
                let kind = || FieldKind::of_word(word).map(Self::Kind);
                filter.map(Self::Filter).or_else(kind)
            }
        }
    }
}

/// Returns the names of all fields, for people.
pub(super) fn field_names() -> String {
    let filters = Filter::ALL.map(Filter::word);
    let kinds = FieldKind::ALL.map(FieldKind::word);
    let kinds = kinds.into_iter().filter(|kind| !filters.contains(kind));
    let names: Vec<&str> = ["in", "literal", "regex"]
        .into_iter()
        .chain(filters)
        .chain(kinds)
        .collect();
    names.join(", ")
}

/// Sources as `thread/list` names them.
const SOURCES: [&str; 10] = [
    "cli",
    "vscode",
    "exec",
    "appServer",
    "subAgent",
    "subAgentReview",
    "subAgentCompact",
    "subAgentThreadSpawn",
    "subAgentOther",
    "unknown",
];

/// The value of a filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilterValue<'v> {
    pub(super) filter: Filter,
    pub(super) value: &'v str,
    /// The present, Unix milliseconds.
    pub(super) now_ms: i64,
}

impl FilterValue<'_> {
    /// Adds it to what was given before.
    ///
    /// # Errors
    /// If it is no value of the filter, or the filter can have one only and has it.
    pub(super) fn add_to(self, filters: &mut Filters) -> Result<(), QueryProblem> {
        let value = self.value.trim();
        let list = |values: &mut Vec<String>| values.extend(value.split(',').map(|one| one.trim().to_owned()));
        match self.filter {
            Filter::Cwd => filters.cwds.push(value.to_owned()),
            Filter::Name => filters.names.push(value.to_owned()),
            Filter::Provider => list(&mut filters.providers),
            Filter::Model => list(&mut filters.models),
            Filter::Source => {
                for word in value.split(',') {
                    filters.sources.push(self.source(word.trim())?);
                }
            }
            Filter::Before => self.set(&mut filters.before_ms)?,
            Filter::After => self.set(&mut filters.after_ms)?,
            Filter::Archived => {
                if filters.archived.is_some() {
                    return Err(self.repeated());
                }
                filters.archived = match value.to_lowercase().as_str() {
                    "yes" | "true" | "only" => Some(true),
                    "no" | "false" => Some(false),
                    "any" => None,
                    _ => return Err(self.unknown(value, "yes, no, any")),
                };
            }
        }
        Ok(())
    }

    fn source(self, word: &str) -> Result<String, QueryProblem> {
        let known = SOURCES.into_iter().find(|source| source.eq_ignore_ascii_case(word));
        let unknown = || self.unknown(word, &SOURCES.join(", "));
        known.map(str::to_owned).ok_or_else(unknown)
    }

    fn set(self, time: &mut Option<i64>) -> Result<(), QueryProblem> {
        if time.is_some() {
            return Err(self.repeated());
        }
        let unreadable = || QueryProblem::Time {
            value: self.value.to_owned(),
        };
        *time = Some(time_ms(self.value.trim(), self.now_ms).ok_or_else(unreadable)?);
        Ok(())
    }

    fn repeated(self) -> QueryProblem {
        QueryProblem::Repeated {
            field: self.filter.word(),
        }
    }

    fn unknown(self, value: &str, known: &str) -> QueryProblem {
        QueryProblem::UnknownValue {
            field: self.filter.word(),
            value: value.to_owned(),
            known: known.to_owned(),
        }
    }
}
