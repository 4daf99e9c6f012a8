//! Which threads filters accept.

use super::{is_below, sources_of};
use crate::types::SourceFilter;
use codex_state::query::Filters;

#[test]
fn folders_are_below_themselves_and_their_parents_only() {
    for (folder, other, expected) in [
        ("/w/a", "/w/a", true),
        ("/w/a/b", "/w/a", true),
        ("/w/a/b", "/w/a/", true),
        ("/w/ab", "/w/a", false),
        ("/w", "/w/a", false),
        ("/w/a", "/", true),
    ] {
        assert_eq!(is_below(folder, other), expected, "{folder} below {other}");
    }
}

#[test]
fn sources_are_named_in_any_case() {
    let of = |words: &[&str]| {
        sources_of(&Filters {
            sources: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Filters::default()
        })
    };
    assert_eq!(of(&[]), None);
    assert_eq!(
        of(&["SUBAGENT", "exec"]),
        Some(vec![SourceFilter::SubAgent, SourceFilter::Exec])
    );
    assert_eq!(of(&["nonsense"]), Some(vec![]));
}
