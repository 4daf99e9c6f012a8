//! Any text as a query, asked of any text: a query or a fault with a place; what it displays as reads as the same query;
//! what is found is in the text, and the excerpt shows it.
//!
//! The first byte says where the query ends and the text begins.
#![no_main]

use codex_state::query::{Evaluator, Field, FieldKind, MAX_MATCH_RANGES, Typing, excerpt, parse};
use libfuzzer_sys::fuzz_target;

/// 2026-03-31T14:00:00Z.
const NOW_MS: i64 = 1_774_965_600_000;

fuzz_target!(|data: &[u8]| {
    let [split, bytes @ ..] = data else { return };
    let all = String::from_utf8_lossy(bytes);
    let mut at = usize::from(*split).min(all.len());
    while !all.is_char_boundary(at) {
        at -= 1;
    }
    let (query_text, text) = all.split_at(at);

    for typing in [Typing::Done, Typing::GoesOn] {
        let query = match parse(query_text, NOW_MS, typing) {
            Ok(query) => query,
            Err(error) => {
                let place = error.place.clone().expect("a parsed text has a place for every fault");
                assert!(query_text.get(place).is_some(), "{error}");
                continue;
            }
        };
        let shown = query.to_string();
        assert_eq!(parse(&shown, NOW_MS, Typing::Done).as_ref(), Ok(&query), "{shown}");

        let evaluator = Evaluator::new(&query).expect("the parser checked the terms");
        let (command, output) = text.split_at(text.find('\n').unwrap_or(0));
        let fields = [
            Field::new(FieldKind::Command, command),
            Field::new(FieldKind::Output, output),
        ];
        let Some(found) = evaluator.evaluate(&fields) else { continue };
        for term in &found.terms {
            assert!(term.term < evaluator.term_count() && term.count >= term.ranges.len());
            assert_eq!(term.ranges.len(), term.count.min(MAX_MATCH_RANGES));
            let mut end = 0;
            for range in &term.ranges {
                assert!(range.start >= end && range.end > range.start, "ascending, not overlapping");
                assert!(fields[term.field].text.get(range.clone()).is_some());
                end = range.end;
            }
            let shown = excerpt(&fields[term.field].text, [term]);
            let units = shown.text.encode_utf16().count();
            assert!(!shown.highlights.is_empty() || text[..].contains(char::is_whitespace));
            assert!(shown.highlights.iter().all(|(start, end)| start < end && *end <= units));
        }
    }
});
