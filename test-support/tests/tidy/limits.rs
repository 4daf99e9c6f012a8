//! Every limit of shipped code has its place in docs/limits.md, and nothing is named there that is gone.

use std::collections::BTreeSet;

use crate::tree::{check, read, shipped_files};

/// The name of the limit that a line declares, if it declares one.
fn declared_limit(line: &str) -> Option<&str> {
    let (visibility, item) = line.split_once("const ")?;
    let is_declaration = visibility.is_empty() || (visibility.starts_with("pub") && visibility.ends_with(' '));
    let (name, _) = item.split_once(':')?;
    (is_declaration && name.starts_with("MAX_")).then_some(name)
}

/// The limits that a text names between backticks.
fn named_limits(text: &str) -> BTreeSet<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|name| name.starts_with("MAX_")).collect()
}

#[test]
fn a_limit_is_found_whoever_may_use_it() {
    for line in [
        "const MAX_X: u64 = 1;",
        "pub const MAX_X: u64 = 1;",
        "pub(super) const MAX_X: u64 = 1;",
    ] {
        assert_eq!(declared_limit(line), Some("MAX_X"), "{line}");
    }
    for line in [
        "const MIN_X: u64 = 1;",
        "let a = MAX_X: u64;",
        "/// See const MAX_X: it",
        "const fn f(MAX_X: u8)",
    ] {
        assert_eq!(declared_limit(line), None, "{line}");
    }
    assert_eq!(
        named_limits("| `MAX_A`, `MAX_B` | MAX_C `x` |"),
        BTreeSet::from(["MAX_A", "MAX_B"])
    );
}

#[test]
fn every_limit_is_named_in_the_page_about_limits() {
    let page = read("docs/limits.md");
    let named = named_limits(&page);
    let missing = shipped_files().into_iter().flat_map(|file| {
        let lines = file.code_lines();
        let limits = lines.iter().filter_map(|(_, line)| declared_limit(line));
        limits
            .filter(|name| !named.contains(name))
            .map(|name| format!("{name} of {}", file.path))
            .collect::<Vec<_>>()
    });
    check("limits that docs/limits.md does not name", missing);
}

#[test]
fn the_page_about_limits_names_no_other() {
    let page = read("docs/limits.md");
    let files = shipped_files();
    let declared: BTreeSet<String> = files
        .iter()
        .flat_map(|file| file.code_lines())
        .filter_map(|(_, line)| declared_limit(&line).map(str::to_owned))
        .collect();
    let named = named_limits(&page).into_iter();
    let gone = named.filter(|name| !declared.contains(*name)).map(str::to_owned);
    check("limits that no crate declares", gone);
}
