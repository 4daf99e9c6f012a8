//! Decides whether the texts of one item answer a query, and where.
//!
//! Pure: the filters, the candidates and the order of answers are somebody else's.

use std::ops::Range;

use super::ast::{Clause, Query, Term, TermText};
use super::error::{QueryError, QueryProblem};
use super::fields::Field;
use super::kind::KindSet;
use super::limits::{MAX_MATCH_RANGES, MAX_TERM_BYTES, MAX_TERM_WORDS, MAX_TERMS};
use super::needle::{CutText, End, Needle};
use super::pattern::{Pattern, literal, regex};

/// A query, ready to be asked of many items.
#[derive(Debug)]
pub struct Evaluator {
    tree: Node,
    /// Terms that are looked for, depth first.
    positive: Vec<CompiledTerm>,
    /// Terms below an exclusion.
    negative: Vec<CompiledTerm>,
}

/// Where an item answers a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemMatch {
    /// Every positive term in every field that has it; of a query without such terms, nothing.
    pub terms: Vec<TermMatch>,
}

/// A term in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermMatch {
    /// Number of the term among the positive ones of the query, depth first.
    pub term: usize,
    /// Number of the field among those that were given.
    pub field: usize,
    /// How often the field has it.
    pub count: usize,
    /// Where: bytes of the field's text, ascending, the first [`MAX_MATCH_RANGES`].
    pub ranges: Vec<Range<usize>>,
}

#[derive(Debug)]
enum Node {
    Positive(usize),
    Negative(usize),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

#[derive(Debug)]
struct CompiledTerm {
    kinds: KindSet,
    matcher: Matcher,
}

#[derive(Debug)]
enum Matcher {
    Words(Needle),
    Pattern(Pattern),
}

/// Whether clauses stand below an exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Positive,
    Negative,
}

impl Evaluator {
    /// Makes a query ready.
    ///
    /// # Errors
    /// If there are too many terms, or one of them is too long or no regular expression.
    pub fn new(query: &Query) -> Result<Self, QueryError> {
        let mut evaluator = Self {
            tree: Node::All(Vec::new()),
            positive: Vec::new(),
            negative: Vec::new(),
        };
        evaluator.tree = evaluator
            .compile(&query.clause, Sign::Positive)
            .map_err(|problem| QueryError { place: None, problem })?;
        Ok(evaluator)
    }

    /// Returns how many positive terms there are.
    pub fn term_count(&self) -> usize {
        self.positive.len()
    }

    /// Asks the query of an item.
    ///
    /// Returns where the item answers it, or `None` if it does not.
    pub fn evaluate(&self, fields: &[Field<'_>]) -> Option<ItemMatch> {
        let mut texts: Vec<Option<CutText>> = Vec::new();
        texts.resize_with(fields.len(), || None);
        let mut matches = ItemMatch::default();
        let mut has_positive = vec![false; self.positive.len()];
        for (number, term) in self.positive.iter().enumerate() {
            for (field_number, field) in fields.iter().enumerate() {
                let found = term.find(field, &mut texts[field_number]);
                if found.count > 0 {
                    has_positive[number] = true;
                    matches.terms.push(TermMatch {
                        term: number,
                        field: field_number,
                        count: found.count,
                        ranges: found.ranges,
                    });
                }
            }
        }
        let is_somewhere = |term: &CompiledTerm, texts: &mut [Option<CutText>]| {
            let mut fields = fields.iter().zip(texts);
            fields.any(|(field, text)| term.find(field, text).count > 0)
        };
        let has_negative: Vec<bool> = self
            .negative
            .iter()
            .map(|term| is_somewhere(term, &mut texts))
            .collect();
        self.tree.holds(&has_positive, &has_negative).then_some(matches)
    }

    fn compile(&mut self, clause: &Clause, sign: Sign) -> Result<Node, QueryProblem> {
        let children = |this: &mut Self, clauses: &[Clause]| {
            let nodes = clauses.iter().map(|clause| this.compile(clause, sign));
            nodes.collect::<Result<Vec<Node>, _>>()
        };
        Ok(match clause {
            Clause::All(clauses) => Node::All(children(self, clauses)?),
            Clause::Any(clauses) => Node::Any(children(self, clauses)?),
            Clause::Not(clause) => Node::Not(Box::new(self.compile(clause, Sign::Negative)?)),
            Clause::Term(term) => {
                if self.positive.len() + self.negative.len() >= MAX_TERMS {
                    return Err(QueryProblem::TooManyTerms);
                }
                let compiled = CompiledTerm::new(term)?;
                match sign {
                    Sign::Positive => {
                        self.positive.push(compiled);
                        Node::Positive(self.positive.len() - 1)
                    }
                    Sign::Negative => {
                        self.negative.push(compiled);
                        Node::Negative(self.negative.len() - 1)
                    }
                }
            }
        })
    }
}

impl Node {
    fn holds(&self, positive: &[bool], negative: &[bool]) -> bool {
        match self {
            Self::Positive(term) => positive[*term],
            Self::Negative(term) => negative[*term],
            Self::All(nodes) => nodes.iter().all(|node| node.holds(positive, negative)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(positive, negative)),
            Self::Not(node) => !node.holds(positive, negative),
        }
    }
}

#[derive(Debug, Default)]
struct Found {
    count: usize,
    ranges: Vec<Range<usize>>,
}

impl Found {
    fn add(&mut self, range: Range<usize>) {
        self.count += 1;
        if self.ranges.len() < MAX_MATCH_RANGES {
            self.ranges.push(range);
        }
    }
}

impl CompiledTerm {
    fn new(term: &Term) -> Result<Self, QueryProblem> {
        Ok(Self {
            kinds: term.kinds,
            matcher: compile_text(&term.text)?,
        })
    }

    /// Looks for the term in a field; cuts its text the first time that words are looked for.
    fn find(&self, field: &Field<'_>, text: &mut Option<CutText>) -> Found {
        let mut found = Found::default();
        if !self.kinds.contains(field.kind) {
            return found;
        }
        match &self.matcher {
            Matcher::Words(needle) => {
                let text = text.get_or_insert_with(|| CutText::new(&field.text));
                needle.find_in(text, |range| found.add(range));
            }
            Matcher::Pattern(pattern) => pattern.find_in(&field.text, |range| found.add(range)),
        }
        found
    }
}

/// Checks one term by itself.
///
/// # Errors
/// If it is too long or no regular expression.
pub(super) fn check(text: &TermText) -> Result<(), QueryProblem> {
    compile_text(text).map(|_| ())
}

fn compile_text(text: &TermText) -> Result<Matcher, QueryProblem> {
    let (TermText::Words(bytes) | TermText::Prefix(bytes) | TermText::Literal(bytes) | TermText::Regex(bytes)) = text;
    if bytes.len() > MAX_TERM_BYTES {
        return Err(QueryProblem::TermTooLong);
    }
    match text {
        TermText::Words(words) => needle(words, End::Whole),
        TermText::Prefix(words) => needle(words, End::Open),
        TermText::Literal(text) => literal(text).map(Matcher::Pattern),
        TermText::Regex(pattern) => regex(pattern).map(Matcher::Pattern),
    }
}

fn needle(words: &str, end: End) -> Result<Matcher, QueryProblem> {
    let needle = Needle::new(words, end);
    if needle.words() > MAX_TERM_WORDS {
        return Err(QueryProblem::TooManyWords);
    }
    Ok(Matcher::Words(needle))
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod evaluate_tests;
