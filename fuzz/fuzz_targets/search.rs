//! Any term in any text: what is found is in the text, the snippet shows it, and case and white space do not matter.
//!
//! The first byte says where the term ends and the text begins.
#![no_main]

use codex_state::text::{
    LiteralMatcher, LowercaseMatcher, collapse_whitespace, markdown_to_plain, occurrence_snippet,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [split, bytes @ ..] = data else { return };
    let text = String::from_utf8_lossy(bytes);
    let mut at = usize::from(*split).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let (term, text) = text.split_at(at);

    let collapsed = collapse_whitespace(text);
    assert_eq!(collapse_whitespace(&collapsed), collapsed, "what is collapsed stays as it is");
    let plain = markdown_to_plain(text);
    for matcher in [LiteralMatcher::folding(term), LiteralMatcher::exact_view(term)] {
        let matcher = matcher.expect("shorter than the limit");
        let found = matcher.find(&collapsed);
        assert_eq!(matcher.snippet(text).is_some(), found.is_some());
        assert!(found.is_none_or(|found| collapsed.get(found).is_some()), "on character boundaries");
        let _ = (matcher.snippet(&plain), matcher.raw_line_matches(bytes));
    }
    // A text contains what it begins with.
    let own: String = collapsed.chars().take(32).collect();
    let own = LiteralMatcher::folding(&own).expect("shorter than the limit");
    assert!(own.find(&collapsed).is_some());

    let mut end = 0;
    for found in LowercaseMatcher::new(term).find_all(text) {
        assert!(found.start >= end && found.end > found.start, "ascending, not overlapping");
        end = found.end;
        let snippet = occurrence_snippet(text, found.clone());
        let units: Vec<u16> = snippet.text.encode_utf16().collect();
        let shown = String::from_utf16(&units[snippet.match_start_utf16..snippet.match_end_utf16]);
        assert_eq!(shown.expect("on character boundaries"), text[found]);
    }
});
