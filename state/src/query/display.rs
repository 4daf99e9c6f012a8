//! A query as a text that reads as the same query.
//!
//! The inverse of `parse.rs`.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;

use super::ast::{Clause, Filters, Query, Term, TermText};
use super::kind::{FieldKind, KindSet};

impl Display for Query {
    /// Writes the query in the language of queries; what the parser made of a text comes back when it reads this.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let is_everything = matches!(&self.clause, Clause::All(clauses) if clauses.is_empty());
        if !is_everything {
            clause(f, &self.clause, Place::Top)?;
            separator = " ";
        }
        filters(f, &self.filters, separator)
    }
}

/// What stands around a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Among,
}

fn clause(f: &mut Formatter<'_>, wanted: &Clause, place: Place) -> fmt::Result {
    match (wanted, place) {
        (Clause::Term(wanted), _) => term(f, wanted),
        (Clause::Not(inner), _) => {
            f.write_str("-")?;
            // Two dashes in a row are text.
            let needs_group = matches!(**inner, Clause::Not(_));
            f.write_str(if needs_group { "(" } else { "" })?;
            clause(f, inner, Place::Among)?;
            f.write_str(if needs_group { ")" } else { "" })
        }
        (Clause::All(clauses), Place::Top) => join(f, clauses, " "),
        (Clause::Any(clauses), Place::Top) => join(f, clauses, " OR "),
        (Clause::All(_) | Clause::Any(_), Place::Among) => {
            f.write_str("(")?;
            clause(f, wanted, Place::Top)?;
            f.write_str(")")
        }
    }
}

fn join(f: &mut Formatter<'_>, clauses: &[Clause], separator: &str) -> fmt::Result {
    for (index, one) in clauses.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        clause(f, one, Place::Among)?;
    }
    Ok(())
}

fn term(f: &mut Formatter<'_>, wanted: &Term) -> fmt::Result {
    if wanted.kinds == KindSet::ALL {
        return text(f, &wanted.text);
    }
    let kinds = FieldKind::ALL.into_iter().filter(|kind| wanted.kinds.contains(*kind));
    let kinds: Vec<&str> = kinds.map(FieldKind::word).collect();
    write!(f, "(in:{} ", kinds.join(","))?;
    text(f, &wanted.text)?;
    f.write_str(")")
}

fn text(f: &mut Formatter<'_>, wanted: &TermText) -> fmt::Result {
    match wanted {
        TermText::Words(words) => quoted(f, words, '"'),
        TermText::Prefix(words) => {
            quoted(f, words, '"')?;
            f.write_str("*")
        }
        TermText::Literal(literal) => quoted(f, literal, '\''),
        TermText::Regex(pattern) => {
            f.write_str("regex:")?;
            quoted(f, pattern, '"')
        }
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str, quote: char) -> fmt::Result {
    let doubled = format!("{quote}{quote}");
    write!(f, "{quote}{}{quote}", text.replace(quote, &doubled))
}

fn filters(f: &mut Formatter<'_>, filters: &Filters, mut separator: &'static str) -> fmt::Result {
    let lists = [
        ("cwd", &filters.cwds),
        ("provider", &filters.providers),
        ("model", &filters.models),
        ("source", &filters.sources),
        ("name", &filters.names),
    ];
    for (field, values) in lists {
        for value in values {
            write!(f, "{separator}{field}:")?;
            quoted(f, value, '"')?;
            separator = " ";
        }
    }
    for (field, time_ms) in [("before", filters.before_ms), ("after", filters.after_ms)] {
        if let Some(time) = time_ms.and_then(|time_ms| Timestamp::from_millisecond(time_ms).ok()) {
            write!(f, "{separator}{field}:{time}")?;
            separator = " ";
        }
    }
    if let Some(archived) = filters.archived {
        write!(f, "{separator}archived:{}", if archived { "yes" } else { "no" })?;
    }
    Ok(())
}
