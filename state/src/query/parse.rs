//! The language of queries: from a text to a query.
//!
//! Pure; the present is handed in. The language is described in docs/queries.md. Every fault has a place in the text.

use std::ops::Range;

use super::ast::{Clause, Filters, Query, Term, TermText};
use super::error::{QueryError, QueryProblem};
use super::evaluate;
use super::filter::{Field, FilterValue};
use super::kind::{FieldKind, KindSet};
use super::limits::{MAX_DEPTH, MAX_QUERY_BYTES, MAX_TERMS};
use super::scan::{Scanner, Token, TokenKind};
use crate::text::has_word;

/// Whether somebody is still typing the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// It is complete.
    Done,
    /// It is not: the last word may go on, and what is open at the end counts as closed.
    GoesOn,
}

/// Reads a query.
///
/// `now_ms` is the present in Unix milliseconds, for times like `after:7d`. An empty text asks for everything.
///
/// # Errors
/// The first fault, with its place.
pub fn parse(text: &str, now_ms: i64, typing: Typing) -> Result<Query, QueryError> {
    if text.len() > MAX_QUERY_BYTES {
        return Err(QueryError::at(MAX_QUERY_BYTES..text.len(), QueryProblem::QueryTooLong).on_boundaries(text));
    }
    let mut parser = Parser {
        scanner: Scanner::new(text, typing)?,
        typing,
        now_ms,
        terms: 0,
        depth: 0,
        filters: Filters::default(),
    };
    let clause = parser.group()?;
    if let Some(stray) = parser.scanner.next()? {
        return Err(QueryError::at(stray.place, QueryProblem::StrayParenthesis));
    }
    Ok(Query {
        clause: clause.unwrap_or(Clause::All(Vec::new())),
        filters: parser.filters,
    })
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    typing: Typing,
    now_ms: i64,
    terms: usize,
    depth: usize,
    filters: Filters,
}

type Parsed<T> = Result<T, QueryError>;

impl Parser<'_> {
    /// Reads sides of `OR` up to a closing parenthesis or the end; `None` if nothing is there.
    fn group(&mut self) -> Parsed<Option<Clause>> {
        let mut sides = Vec::new();
        let mut last_or: Option<Range<usize>> = None;
        loop {
            let side = self.side()?;
            match (side, &last_or) {
                (Some(side), _) => sides.push(side),
                (None, Some(or)) if self.typing == Typing::Done || self.scanner.peek()?.is_some() => {
                    return Err(missing(or.clone(), "its right"));
                }
                (None, _) => {}
            }
            match self.scanner.peek()? {
                Some(Token {
                    kind: TokenKind::Or,
                    place,
                }) => {
                    if sides.is_empty() {
                        return Err(missing(place, "its left"));
                    }
                    last_or = Some(place);
                    self.scanner.next()?;
                }
                _ => return Ok(combined(sides, Clause::Any, Kept::Any)),
            }
        }
    }

    /// Reads what stands side by side, and narrows it by the `in` filters among it.
    fn side(&mut self) -> Parsed<Option<Clause>> {
        let mut clauses = Vec::new();
        let mut scope = Scope::default();
        while let Some(token) = self.scanner.peek()? {
            match token.kind {
                TokenKind::Or | TokenKind::Close => break,
                TokenKind::And => {
                    self.scanner.next()?;
                }
                _ => clauses.extend(self.part(&mut scope)?),
            }
        }
        scope.narrow(&mut clauses)?;
        Ok(combined(clauses, Clause::All, Kept::All))
    }

    /// Reads a term, a group or a filter, with the `-` before it.
    fn part(&mut self, scope: &mut Scope) -> Parsed<Option<Clause>> {
        let Some(token) = self.scanner.next()? else {
            return Ok(None);
        };
        match token.kind {
            TokenKind::Minus => {
                let Some(next) = self.scanner.peek()? else {
                    return Ok(None);
                };
                if let TokenKind::Field(field) = next.kind {
                    self.scanner.next()?;
                    return match field {
                        Field::In => self.kinds(&next.place).map(|kinds| {
                            scope.exclude(kinds, token.place.start..self.scanner.at());
                            None
                        }),
                        Field::Kind(_) | Field::Literal | Field::Regex => Ok(self.field(field, &next, scope)?.map(not)),
                        Field::Filter(field) => {
                            let problem = QueryProblem::FilterExcluded { field: field.word() };
                            Err(QueryError::at(token.place.start..next.place.end, problem))
                        }
                    };
                }
                Ok(self.deeper(&token.place, |parser| parser.part(scope))?.map(not))
            }
            TokenKind::Field(field) => self.field(field, &token, scope),
            _ => self.term(token, KindSet::ALL),
        }
    }

    /// Reads the value of a field.
    fn field(&mut self, field: Field, name: &Token, scope: &mut Scope) -> Parsed<Option<Clause>> {
        match field {
            Field::In => {
                let kinds = self.kinds(&name.place)?;
                scope.include(kinds, name.place.start..self.scanner.at());
                Ok(None)
            }
            Field::Kind(kind) => self.value_term(name, KindSet::NONE.with(kind)),
            Field::Literal | Field::Regex => {
                let Some((value, place)) = self.value(&name.place)? else {
                    return Ok(None);
                };
                let text = match field {
                    Field::Regex => TermText::Regex(value),
                    _ => TermText::Literal(value),
                };
                self.checked(text, KindSet::ALL, place).map(Some)
            }
            Field::Filter(filter) => {
                if self.depth > 0 {
                    let problem = QueryProblem::FilterInside { field: filter.word() };
                    return Err(QueryError::at(name.place.clone(), problem));
                }
                let Some((value, place)) = self.value(&name.place)? else {
                    return Ok(None);
                };
                let value = FilterValue {
                    filter,
                    value: &value,
                    now_ms: self.now_ms,
                };
                let added = value.add_to(&mut self.filters);
                added.map_err(|problem| QueryError::at(place, problem)).map(|()| None)
            }
        }
    }

    /// Reads the term or group behind a field that names a kind.
    fn value_term(&mut self, name: &Token, kinds: KindSet) -> Parsed<Option<Clause>> {
        let Some(token) = self.scanner.value()? else {
            return self.empty(name.place.clone());
        };
        self.term(token, kinds)
    }

    /// Reads a plain value behind a field; `None` while somebody is still typing it.
    fn value(&mut self, name: &Range<usize>) -> Parsed<Option<(String, Range<usize>)>> {
        match self.scanner.plain_value()? {
            Some((text, place)) if !text.trim().is_empty() => Ok(Some((text, place))),
            Some((_, place)) => self.empty(place),
            None => self.empty(name.clone()),
        }
    }

    fn kinds(&mut self, name: &Range<usize>) -> Parsed<KindSet> {
        let Some((value, place)) = self.value(name)? else {
            return Ok(KindSet::ALL);
        };
        let mut kinds = KindSet::NONE;
        for word in value.split(',') {
            let kind = FieldKind::of_word(&word.trim().to_lowercase());
            let unknown = || {
                let problem = QueryProblem::UnknownValue {
                    field: "in",
                    value: word.to_owned(),
                    known: FieldKind::ALL.map(FieldKind::word).join(", "),
                };
                QueryError::at(place.clone(), problem)
            };
            kinds = kinds.with(kind.ok_or_else(unknown)?);
        }
        Ok(kinds)
    }

    fn term(&mut self, token: Token, kinds: KindSet) -> Parsed<Option<Clause>> {
        let place = token.place;
        let text = match token.kind {
            TokenKind::Open => {
                let group = self.deeper(&place, |parser| parser.group())?;
                match self.scanner.next()? {
                    Some(_) => {}
                    None if self.typing == Typing::GoesOn => {}
                    None => return Err(QueryError::at(place, QueryProblem::UnclosedGroup)),
                }
                let Some(mut group) = group else {
                    return self.empty(place.start..self.scanner.at());
                };
                narrow(&mut group, kinds).map_err(|problem| QueryError::at(place, problem))?;
                return Ok(Some(group));
            }
            TokenKind::Words { text, .. } if text.trim().is_empty() => return self.empty(place),
            TokenKind::Words { text, .. } if !has_word(&text) => TermText::Literal(text),
            TokenKind::Words { text, is_open: true } => TermText::Prefix(text),
            TokenKind::Words { text, is_open: false } => TermText::Words(text),
            TokenKind::Literal(text) if text.trim().is_empty() => return self.empty(place),
            TokenKind::Literal(text) => TermText::Literal(text),
            TokenKind::Regex(text) => TermText::Regex(text),
            TokenKind::Close => return Err(QueryError::at(place, QueryProblem::StrayParenthesis)),
            TokenKind::Or | TokenKind::And | TokenKind::Minus | TokenKind::Field(_) => return self.empty(place),
        };
        self.checked(text, kinds, place).map(Some)
    }

    fn checked(&mut self, text: TermText, kinds: KindSet, place: Range<usize>) -> Parsed<Clause> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(QueryError::at(place, QueryProblem::TooManyTerms));
        }
        evaluate::check(&text).map_err(|problem| QueryError::at(place, problem))?;
        Ok(Clause::Term(Term { kinds, text }))
    }

    /// What is not filled in yet is nothing while somebody is typing, and a fault afterwards.
    fn empty<T>(&self, place: Range<usize>) -> Parsed<Option<T>> {
        match self.typing {
            Typing::GoesOn if place.end == self.scanner.len() => Ok(None),
            Typing::GoesOn | Typing::Done => Err(QueryError::at(place, QueryProblem::Empty)),
        }
    }

    fn deeper<T>(&mut self, place: &Range<usize>, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(QueryError::at(place.clone(), QueryProblem::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}

fn missing(place: Range<usize>, side: &'static str) -> QueryError {
    QueryError::at(place, QueryProblem::MissingOperand { operator: "OR", side })
}

fn not(clause: Clause) -> Clause {
    Clause::Not(Box::new(clause))
}

/// Which clauses go up into the one around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    All,
    Any,
}

/// Puts clauses together; what stands alone, or is of the same sort, needs no level of its own.
fn combined(clauses: Vec<Clause>, make: impl FnOnce(Vec<Clause>) -> Clause, kept: Kept) -> Option<Clause> {
    let mut flat = Vec::with_capacity(clauses.len());
    for clause in clauses {
        match (clause, kept) {
            (Clause::All(inner), Kept::All) | (Clause::Any(inner), Kept::Any) => flat.extend(inner),
            (clause, _) => flat.push(clause),
        }
    }
    if flat.len() > 1 { Some(make(flat)) } else { flat.pop() }
}

/// The `in` filters among what stands side by side.
#[derive(Debug, Default)]
struct Scope {
    included: Option<KindSet>,
    excluded: Option<KindSet>,
    /// The last one.
    place: Range<usize>,
}

impl Scope {
    fn include(&mut self, kinds: KindSet, place: Range<usize>) {
        self.included = Some(self.included.unwrap_or(KindSet::NONE).or(kinds));
        self.place = place;
    }

    fn exclude(&mut self, kinds: KindSet, place: Range<usize>) {
        self.excluded = Some(self.excluded.unwrap_or(KindSet::NONE).or(kinds));
        self.place = place;
    }

    fn narrow(self, clauses: &mut [Clause]) -> Parsed<()> {
        if self.included.is_none() && self.excluded.is_none() {
            return Ok(());
        }
        let kinds = self.included.unwrap_or(KindSet::ALL);
        let kinds = kinds.without(self.excluded.unwrap_or(KindSet::NONE));
        let fault = |problem| QueryError::at(self.place.clone(), problem);
        if clauses.is_empty() {
            return Err(fault(QueryProblem::NothingBeside));
        }
        clauses
            .iter_mut()
            .try_for_each(|clause| narrow(clause, kinds))
            .map_err(fault)
    }
}

/// Narrows every term of a clause to kinds.
fn narrow(clause: &mut Clause, kinds: KindSet) -> Result<(), QueryProblem> {
    match clause {
        Clause::Term(term) => {
            term.kinds = term.kinds.and(kinds);
            if term.kinds.is_empty() {
                return Err(QueryProblem::NoKinds);
            }
            Ok(())
        }
        Clause::All(clauses) | Clause::Any(clauses) => clauses.iter_mut().try_for_each(|clause| narrow(clause, kinds)),
        Clause::Not(clause) => narrow(clause, kinds),
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod parse_tests;
