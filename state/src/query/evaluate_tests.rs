//! Tests of `evaluate.rs`.

use super::{Evaluator, TermMatch};
use crate::query::{
    Clause, Field, FieldKind, Filters, KindSet, MAX_MATCH_RANGES, MAX_TERM_BYTES, MAX_TERM_WORDS, MAX_TERMS, Query,
    QueryError, QueryProblem, Term, TermText,
};

fn query(clause: Clause) -> Query {
    Query {
        clause,
        filters: Filters::default(),
    }
}

fn words(text: &str) -> Clause {
    within(KindSet::ALL, TermText::Words(text.to_owned()))
}

fn within(kinds: KindSet, text: TermText) -> Clause {
    Clause::Term(Term { kinds, text })
}

fn not(clause: Clause) -> Clause {
    Clause::Not(Box::new(clause))
}

fn kind(kind: FieldKind) -> KindSet {
    KindSet::NONE.with(kind)
}

/// Asks it of a command with output; returns the positive terms that were found, by field.
fn ask(clause: Clause) -> Option<Vec<(usize, usize)>> {
    let fields = [
        Field::new(FieldKind::Command, "cargo test --lib"),
        Field::new(FieldKind::Output, "running 3 tests\ntest result: ok"),
    ];
    let found = Evaluator::new(&query(clause)).unwrap().evaluate(&fields)?;
    Some(found.terms.iter().map(|found| (found.term, found.field)).collect())
}

#[test]
fn all_words_have_to_be_in_the_item_in_any_field() {
    assert_eq!(ask(words("test")), Some(vec![(0, 0), (0, 1)]));
    assert_eq!(
        ask(Clause::All(vec![words("cargo"), words("result")])),
        Some(vec![(0, 0), (1, 1)])
    );
    assert_eq!(ask(Clause::All(vec![words("cargo"), words("failed")])), None);
    assert_eq!(
        ask(Clause::Any(vec![words("cargo"), words("failed")])),
        Some(vec![(0, 0)])
    );
    assert_eq!(ask(words("lib running")), None, "words in a row are of one field");
}

#[test]
fn exclusions_and_empty_clauses_hold_as_logic_says() {
    assert_eq!(ask(not(words("failed"))), Some(vec![]));
    assert_eq!(ask(not(words("cargo"))), None);
    assert_eq!(
        ask(not(not(words("cargo")))),
        Some(vec![]),
        "terms below an exclusion are not shown"
    );
    assert_eq!(ask(Clause::All(vec![])), Some(vec![]));
    assert_eq!(ask(Clause::Any(vec![])), None);
    assert_eq!(
        ask(Clause::All(vec![not(words("failed")), words("ok")])),
        Some(vec![(0, 1)])
    );
}

#[test]
fn a_term_looks_at_the_fields_of_its_kinds() {
    let test = || TermText::Words("test".to_owned());
    assert_eq!(ask(within(kind(FieldKind::Output), test())), Some(vec![(0, 1)]));
    assert_eq!(ask(within(kind(FieldKind::Message), test())), None);
    assert_eq!(ask(not(within(kind(FieldKind::Message), test()))), Some(vec![]));
}

#[test]
fn places_are_counted_and_the_first_ones_kept() {
    let text = "ab ".repeat(MAX_MATCH_RANGES + 1);
    let fields = [Field::new(FieldKind::Message, text)];
    for term in [
        TermText::Prefix("a".to_owned()),
        TermText::Literal("ab".to_owned()),
        TermText::Regex("a.".to_owned()),
    ] {
        let evaluator = Evaluator::new(&query(within(KindSet::ALL, term))).unwrap();
        assert_eq!(evaluator.term_count(), 1);
        let expected = TermMatch {
            term: 0,
            field: 0,
            count: MAX_MATCH_RANGES + 1,
            ranges: (0..MAX_MATCH_RANGES).map(|n| n * 3..n * 3 + 2).collect(),
        };
        assert_eq!(evaluator.evaluate(&fields).unwrap().terms, [expected]);
    }
}

#[track_caller]
fn check_limit(at_limit: Clause, beyond: Clause, problem: QueryProblem) {
    assert!(Evaluator::new(&query(at_limit)).is_ok());
    let error = QueryError { place: None, problem };
    assert_eq!(Evaluator::new(&query(beyond)).unwrap_err(), error);
}

#[test]
fn what_is_too_large_is_refused() {
    let many = |count| Clause::All((0..count).map(|_| not(words("a"))).collect());
    check_limit(many(MAX_TERMS), many(MAX_TERMS + 1), QueryProblem::TooManyTerms);
    let row = |count| words(&"a ".repeat(count));
    check_limit(row(MAX_TERM_WORDS), row(MAX_TERM_WORDS + 1), QueryProblem::TooManyWords);
    let literal = |bytes| {
        within(
            KindSet::ALL,
            TermText::Literal("ß".repeat(bytes / 2) + &"x".repeat(bytes % 2)),
        )
    };
    check_limit(
        literal(MAX_TERM_BYTES),
        literal(MAX_TERM_BYTES + 1),
        QueryProblem::TermTooLong,
    );
}
