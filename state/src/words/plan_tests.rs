//! What the index is asked, and that it names whatever the evaluator finds.

use proptest::prelude::*;

use super::{Narrowing, Plan};
use crate::query::{Clause, Evaluator, Field, FieldKind, Filters, KindSet, Query, Term, TermText};
use crate::words::sample::database;
use crate::words::{KnownTokens, WordWriter, deeds};

fn query(text: TermText, kinds: KindSet) -> Query {
    Query {
        clause: Clause::Term(Term { kinds, text }),
        filters: Filters::default(),
    }
}

fn words(text: &str) -> TermText {
    TermText::Words(text.to_owned())
}

#[track_caller]
fn check(text: TermText, kinds: KindSet, said: &str, done: &str) {
    let shown = |narrowing: Narrowing| match narrowing {
        Narrowing::All => "all".to_owned(),
        Narrowing::Never => "never".to_owned(),
        Narrowing::Match(expression) => expression,
    };
    let plan = Plan::new(&database(), &query(text, kinds)).expect("a plan");
    assert_eq!((shown(plan.said), shown(plan.done)), (said.to_owned(), done.to_owned()));
}

#[test]
fn words_are_asked_for_as_they_are_found() {
    let both = |text, expected: &str| check(text, KindSet::ALL, expected, expected);
    both(words("fix the-widget"), "(\"fix\" AND \"the\" AND \"widget\")");
    both(words("parseBase"), "((\"parsebase\" OR (\"parse\" AND \"base\")))");
    both(
        words("\u{691c}\u{7d22}\u{30ab}"),
        "(\"\u{691c}\u{7d22}\" AND \"\u{7d22}\u{30ab}\")",
    );
    both(words("---"), "never");
    both(words(&"x".repeat(65)), "never");
    both(
        TermText::Prefix("fix wid".to_owned()),
        "(\"fix\" AND (\"wid\" * OR \"\u{2026}\"))",
    );
    both(TermText::Regex("[ab]+".to_owned()), "all");
}

#[test]
fn kinds_narrow_what_was_done_by_marks() {
    let output = KindSet::NONE.with(FieldKind::Output);
    check(words("a"), output, "never", "((\"a\") AND (\"\u{2026}h\"))");
    check(TermText::Regex("[ab]".to_owned()), output, "never", "(\"\u{2026}h\")");
    check(words("a"), KindSet::NONE.with(FieldKind::Message), "(\"a\")", "never");
    check(words("a"), KindSet::OF_THREADS, "never", "never");
}

/// Texts that share words, parts of identifiers, and scripts without spaces.
fn text() -> impl Strategy<Value = String> {
    "(fix|the|Fix|parseBase|parse_base|base|HTTPServer|\u{691c}\u{7d22}|\u{7d22}|a|ab|[ -./\u{df}\u{130}]){0,6}"
}

fn term() -> impl Strategy<Value = Term> {
    let kinds = prop_oneof![Just(KindSet::ALL), Just(KindSet::NONE.with(FieldKind::Output))];
    (kinds, text(), 0..3_u8).prop_map(|(kinds, text, form)| Term {
        kinds,
        text: match form {
            0 => TermText::Words(text),
            1 => TermText::Prefix(text),
            _ => TermText::Literal(text),
        },
    })
}

fn clause() -> impl Strategy<Value = Clause> {
    term().prop_map(Clause::Term).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Clause::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Clause::Any),
            inner.prop_map(|clause| Clause::Not(Box::new(clause))),
        ]
    })
}

proptest! {
    #[test]
    fn what_the_evaluator_finds_the_index_names(items in prop::collection::vec((text(), text()), 1..6), clause in clause()) {
        let mut conn = database();
        let transaction = conn.transaction().expect("nobody else writes");
        let fields: Vec<Vec<Field<'_>>> = items.iter().map(|(command, output)| {
            let all = [Field::new(FieldKind::Command, &**command), Field::new(FieldKind::Output, &**output)];
            all.into_iter().filter(|field| !field.text.is_empty()).collect()
        }).collect();
        let mut known = KnownTokens::default();
        let mut writer = WordWriter::new(&transaction);
        for (at, fields) in fields.iter().enumerate() {
            let words = known.words_of_fields(fields);
            writer.learn(&words).expect("room");
            deeds::insert(&transaction, 1, at as u64, &words).expect("room");
        }
        let query = Query { clause, filters: Filters::default() };
        let Ok(evaluator) = Evaluator::new(&query) else { return Ok(()) };
        let plan = Plan::new(&transaction, &query).expect("a plan");
        let named = plan.documents(&transaction, 100).expect("documents");
        for (at, fields) in fields.iter().enumerate() {
            if fields.is_empty() || evaluator.evaluate(fields).is_none() {
                continue;
            }
            match plan.done {
                Narrowing::All => {}
                Narrowing::Never => prop_assert!(false, "{query:?} answers {fields:?}"),
                Narrowing::Match(_) => prop_assert!(named.places.contains(&(1, at as u64)), "{query:?} misses {fields:?}"),
            }
        }
    }
}
