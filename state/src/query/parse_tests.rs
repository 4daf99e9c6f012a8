//! Tests of `parse.rs`, and of what it is made of.

use proptest::prelude::*;

use super::{Typing, parse};
use crate::query::{
    Clause, FieldKind, Filters, KindSet, MAX_DEPTH, MAX_QUERY_BYTES, MAX_TERM_BYTES, MAX_TERMS, Query, Term, TermText,
};
use crate::text::has_word;

/// 2026-03-31T14:00:00Z.
const NOW_MS: i64 = 1_774_965_600_000;

fn query(text: &str) -> Query {
    parse(text, NOW_MS, Typing::Done).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Writes a clause so that its shape shows.
fn shape(clause: &Clause) -> String {
    let join = |clauses: &[Clause], word: &str| {
        let clauses: Vec<String> = clauses.iter().map(shape).collect();
        format!("{word}({})", clauses.join(" "))
    };
    match clause {
        Clause::All(clauses) => join(clauses, "all"),
        Clause::Any(clauses) => join(clauses, "any"),
        Clause::Not(clause) => format!("not({})", shape(clause)),
        Clause::Term(term) => {
            let text = match &term.text {
                TermText::Words(text) => text.clone(),
                TermText::Prefix(text) => format!("{text}*"),
                TermText::Literal(text) => format!("'{text}'"),
                TermText::Regex(text) => format!("/{text}/"),
            };
            if term.kinds == KindSet::ALL {
                return text;
            }
            let kinds = FieldKind::ALL.into_iter().filter(|kind| term.kinds.contains(*kind));
            let kinds: Vec<&str> = kinds.map(FieldKind::word).collect();
            if kinds.len() > 6 {
                format!("most:{text}")
            } else {
                format!("{}:{text}", kinds.join("+"))
            }
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let query = query(text);
    assert_eq!(shape(&query.clause), expected, "{text}");
    assert_eq!(query.filters, Filters::default(), "{text}");
}

#[track_caller]
fn check_typing(text: &str, expected: &str) {
    let query = parse(text, NOW_MS, Typing::GoesOn).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(shape(&query.clause), expected, "{text}");
}

/// Marks the place of the fault with `[` and `]`.
#[track_caller]
fn check_fault(text: &str, expected: &str, begins: &str) {
    let error = parse(text, NOW_MS, Typing::Done).expect_err(text);
    let place = error.place.clone().expect("a place");
    let marked = format!(
        "{}[{}]{}",
        &text[..place.start],
        &text[place.clone()],
        &text[place.end..]
    );
    assert_eq!(marked, expected, "{error}");
    assert!(error.to_string().starts_with(begins), "{error}");
}

#[test]
fn words_stand_side_by_side() {
    check("", "all()");
    check("  \n", "all()");
    check("history", "history");
    check("parse history", "all(parse history)");
    check("parse AND history", "all(parse history)");
    check("src/main.rs:42 foo_bar", "all(src/main.rs:42 foo_bar)");
    check("don't main() f(x) :)", "all(don't main() f(x) ':)')");
    check("hist*", "hist*");
    check("* => a", "all('*' '=>' a)");
}

#[test]
fn quotes_keep_texts_together() {
    check("\"a b\" c", "all(a b c)");
    check("\"a b\"*", "a b*");
    check("\"say \"\"hi\"\"\"", "say \"hi\"");
    check("\"=>\"", "'=>'");
    check("'a%_b'", "'a%_b'");
    check("'it''s'", "'it's'");
    check("literal:\"a b\"", "'a b'");
    check("literal:foo", "'foo'");
}

#[test]
fn regular_expressions_stand_between_slashes() {
    check("/err(or)?/", "/err(or)?/");
    check("/a b/ c", "all(/a b/ c)");
    check(r"/a\/b/", "/a/b/");
    check("(/a/)", "/a/");
    check("regex:\"a/b c\"", "/a/b c/");
    check("/etc/hosts", "/etc/hosts");
    check("/etc/hosts and /usr/lib", "all(/etc/hosts and /usr/lib)");
    check("/ //", "all('/' '//')");
}

#[test]
fn operators_bind_as_written() {
    check("a b OR c", "any(all(a b) c)");
    check("a (b OR c) d", "all(a any(b c) d)");
    check("a OR b OR c", "any(a b c)");
    check("(a b) c", "all(a b c)");
    check("-a b", "all(not(a) b)");
    check("-\"a b\"", "not(a b)");
    check("-(a OR b)", "not(any(a b))");
    check("-(-a)", "not(not(a))");
    check("cargo --lib - x->y", "all(cargo --lib '-' x->y)");
    check("or Or and", "all(or Or and)");
}

#[test]
fn fields_narrow_terms() {
    check("in:message a b", "all(message:a message:b)");
    check("a in:message,plan in:command", "message+plan+command:a");
    check("-in:output a", "most:a");
    check("in:command a OR b", "any(command:a b)");
    check("(in:command a) (in:output b)", "all(command:a output:b)");
    check("path:src/lib.rs fix", "all(path:src/lib.rs fix)");
    check("-path:\"a b\"", "not(path:a b)");
    check("command:(a OR -b)", "any(command:a not(command:b))");
    check("output:/e+/ IN:output x", "all(output:/e+/ output:x)");
}

#[test]
fn what_looks_like_a_field_and_is_none_is_text() {
    check(
        "std::fs http://x.y/z localhost:8080 TODO: a:",
        "all(std::fs http://x.y/z localhost:8080 TODO: a:)",
    );
    check("path::new", "path::new");
    check("\"author:bob\"", "author:bob");
    check("src/a.rs:b", "src/a.rs:b");
}

#[test]
fn filters_narrow_threads_and_times() {
    let text = "cwd:/home/me/x provider:openai,azure model:gpt-5 source:CLI,subagentreview name:\"big plan\" \
                after:7d before:2026-04-01 archived:no a";
    let query = query(text);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected = Filters {
        cwds: texts(&["/home/me/x"]),
        providers: texts(&["openai", "azure"]),
        models: texts(&["gpt-5"]),
        sources: texts(&["cli", "subAgentReview"]),
        names: texts(&["big plan"]),
        before_ms: Some(1_775_001_600_000),
        after_ms: Some(NOW_MS - 7 * 24 * 3_600_000),
        archived: Some(false),
    };
    assert_eq!(query.filters, expected);
    assert_eq!(shape(&query.clause), "a");
    assert_eq!(
        super::parse("archived:any", NOW_MS, Typing::Done).unwrap().filters,
        Filters::default()
    );
    assert_eq!(
        super::parse("a OR archived:yes b", NOW_MS, Typing::Done)
            .unwrap()
            .filters
            .archived,
        Some(true)
    );
}

#[test]
fn faults_have_their_places() {
    check_fault("a \"b c", "a [\"]b c", "this \" is never closed");
    check_fault("é 'b", "é [']b", "this ' is never closed");
    check_fault("a (b", "a [(]b", "this parenthesis is never closed");
    check_fault("a ) b", "a [)] b", "this parenthesis closes nothing");
    check_fault("(a) OR )", "(a) [OR] )", "`OR` needs a term on its right");
    check_fault("OR a", "[OR] a", "`OR` needs a term on its left");
    check_fault("a OR", "a [OR]", "`OR` needs a term on its right");
    check_fault("\"\"", "[\"\"]", "there is nothing to search for");
    check_fault("' '", "[' ']", "there is nothing to search for");
    check_fault("a ( )", "a [( )]", "there is nothing to search for");
    check_fault("in: a", "[in:] a", "there is nothing to search for");
    check_fault(
        "author:bob",
        "[author:]bob",
        "there is no field `author`: there are in, literal, regex, cwd,",
    );
    check_fault(
        "in:mesage a",
        "in:[mesage] a",
        "`mesage` is no value of `in`: there are name, goal, message",
    );
    check_fault("source:x", "source:[x]", "`x` is no value of `source`: there are cli");
    check_fault(
        "archived:maybe",
        "archived:[maybe]",
        "`maybe` is no value of `archived`: there are yes, no, any",
    );
    check_fault("before:soon", "before:[soon]", "`soon` is no time: write 2026-03-31");
    check_fault(
        "before:1d before:2d",
        "before:1d before:[2d]",
        "`before` stands in the query already",
    );
    check_fault("(cwd:/x a)", "([cwd:]/x a)", "`cwd` narrows the whole query");
    check_fault("-cwd:/x", "[-cwd:]/x", "`cwd` cannot be excluded");
    check_fault(
        "in:command output:a",
        "[in:command] output:a",
        "no kind of text is left",
    );
    check_fault("in:command", "[in:command]", "this narrows nothing");
    check_fault("a /b(/", "a [/b(/]", "regular expression: unclosed group");
    check_fault(
        r"/(\w{99}){99}/",
        r"[/(\w{99}){99}/]",
        "the regular expression takes more than",
    );
    check_fault(
        "a \u{1b}[31m",
        "a [\u{1b}][31m",
        "character U+001B cannot be searched for",
    );
    check_fault("a\0", "a[\0]", "character U+0000 cannot be searched for");
}

#[test]
fn what_is_too_large_is_refused_with_its_place() {
    let many = |count: usize| vec!["a"; count].join(" ");
    query(&many(MAX_TERMS));
    let text = many(MAX_TERMS + 1);
    check_fault(&text, &format!("{} [a]", many(MAX_TERMS)), "the query has more than");
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    query(&nested(MAX_DEPTH));
    assert!(parse(&nested(MAX_DEPTH + 1), NOW_MS, Typing::Done).is_err());
    let long = "é".repeat(MAX_TERM_BYTES / 2);
    query(&format!("'{long}'"));
    check_fault(
        &format!("a '{long}é'"),
        &format!("a ['{long}é']"),
        "the term is longer than",
    );
    let spaces = |len: usize| " ".repeat(len);
    query(&spaces(MAX_QUERY_BYTES));
    check_fault(
        &spaces(MAX_QUERY_BYTES + 1),
        &format!("{}[ ]", spaces(MAX_QUERY_BYTES)),
        "the query is longer than",
    );
    let error = parse(&format!("a{}", "é".repeat(MAX_QUERY_BYTES / 2)), NOW_MS, Typing::Done).unwrap_err();
    assert_eq!(
        error.place.unwrap().start,
        MAX_QUERY_BYTES - 1,
        "the character that is cut"
    );
}

#[test]
fn what_is_being_typed_may_go_on() {
    check_typing("hist", "hist*");
    check_typing("a hist", "all(a hist*)");
    check_typing("a hist ", "all(a hist)");
    check_typing("\"a b\"", "a b");
    check_typing("\"a b", "a b*");
    check_typing("'a b", "'a b'");
    check_typing("(a OR b", "any(a b*)");
    check_typing("a OR", "a");
    check_typing("a OR ", "a");
    check_typing("a -", "a");
    check_typing("a \"", "a");
    check_typing("a (", "a");
    check_typing("path:", "all()");
    check_typing("path:src/l", "path:src/l*");
    check_typing("cwd:", "all()");
    check_typing("a -(", "a");
    check_typing("/a", "/a*");
    check_typing("=", "'='");
}

fn arbitrary_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("OR".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("/".to_owned()),
        Just("-".to_owned()),
        Just("in:".to_owned()),
        Just("cwd:".to_owned()),
        Just("path:".to_owned()),
        Just("regex:".to_owned()),
        Just("after:".to_owned()),
        Just("7d".to_owned()),
        Just("message".to_owned()),
        "[a-zé検 \\\\*:(),]{0,5}",
        "\\PC{0,4}",
        any::<char>().prop_map(String::from),
    ];
    (prop::collection::vec(piece, 0..12), prop::bool::ANY)
        .prop_map(|(pieces, spaced)| pieces.join(if spaced { " " } else { "" }))
}

fn arbitrary_clause() -> impl Strategy<Value = Clause> {
    let text = prop_oneof![
        "[a-z\"'é検 /:()-]{0,8}[a-z]".prop_map(TermText::Words),
        "[a-z\"'é検 /:()-]{0,8}[a-z]".prop_map(TermText::Prefix),
        "[a-z\"'é検 /:()%_-]{0,8}[!-~]".prop_map(TermText::Literal),
        "[a-z\"'é検 /:.-]{0,8}[a-z]".prop_map(TermText::Regex),
    ];
    let kinds = prop_oneof![
        2 => Just(KindSet::ALL),
        1 => prop::sample::subsequence(FieldKind::ALL.to_vec(), 1..13).prop_map(KindSet::from_iter),
    ];
    let term = (kinds, text).prop_map(|(kinds, text)| Clause::Term(Term { kinds, text }));
    term.prop_recursive(3, 16, 4, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        let flat_all = several().prop_map(|clauses| super::combined(clauses, Clause::All, super::Kept::All));
        let flat_any = several().prop_map(|clauses| super::combined(clauses, Clause::Any, super::Kept::Any));
        prop_oneof![
            flat_all.prop_map(|clause| clause.expect("not empty")),
            flat_any.prop_map(|clause| clause.expect("not empty")),
            inner.clone().prop_map(|clause| Clause::Not(Box::new(clause))),
        ]
    })
}

fn arbitrary_filters() -> impl Strategy<Value = Filters> {
    let texts = || {
        prop::collection::vec("[a-z/\"' ]{0,6}[a-z/]", 0..3)
            .prop_map(|texts: Vec<String>| texts.into_iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>())
    };
    let time = || prop::option::of(-60_000_000_000_000_i64..200_000_000_000_000);
    let sources = prop::sample::subsequence(vec!["cli", "appServer", "unknown"], 0..3);
    let sources = sources.prop_map(|words| words.into_iter().map(str::to_owned).collect());
    (
        texts(),
        texts(),
        texts(),
        texts(),
        sources,
        time(),
        time(),
        prop::option::of(prop::bool::ANY),
    )
        .prop_map(
            |(cwds, providers, models, names, sources, before_ms, after_ms, archived)| Filters {
                cwds,
                providers,
                models,
                sources,
                names,
                before_ms,
                after_ms,
                archived,
            },
        )
}

proptest! {
    #[test]
    fn any_text_is_a_query_or_has_a_fault_at_a_place_inside(text in arbitrary_text()) {
        for typing in [Typing::Done, Typing::GoesOn] {
            match parse(&text, NOW_MS, typing) {
                Ok(query) => {
                    let again = parse(&query.to_string(), NOW_MS, Typing::Done);
                    prop_assert_eq!(again.as_ref(), Ok(&query), "{}", query);
                }
                Err(error) => {
                    let place = error.place.clone().expect("a place");
                    prop_assert!(text.get(place).is_some(), "{:?} of {:?}", error, text);
                }
            }
        }
    }

    #[test]
    fn a_query_reads_as_it_is_written(clause in arbitrary_clause(), filters in arbitrary_filters()) {
        let query = Query { clause, filters };
        let text = query.to_string();
        prop_assert_eq!(parse(&text, NOW_MS, Typing::Done), Ok(query), "{}", text);
    }

    #[test]
    fn words_without_a_word_are_literals(text in "\\PC{1,6}") {
        if let Ok(Query { clause: Clause::Term(Term { text: TermText::Words(words), .. }), .. }) =
            parse(&text, NOW_MS, Typing::Done)
        {
            prop_assert!(has_word(&words));
        }
    }
}
