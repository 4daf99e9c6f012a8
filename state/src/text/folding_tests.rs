//! Tests of `folding.rs`.

use std::collections::BTreeMap;

use regex::Regex;

use super::fold_into;

fn fold(text: &str) -> String {
    let mut folded = String::new();
    for c in text.chars() {
        fold_into(c, &mut |c| folded.push(c));
    }
    folded
}

/// Every character with any case mapping, as the standard library or the regex engine knows it.
fn cased_chars() -> Vec<char> {
    let changes = Regex::new(r"^[\p{CWCM}\p{CWCF}]$").unwrap();
    let mut buffer = [0; 4];
    (char::MIN..=char::MAX)
        .filter(|c| {
            !c.to_lowercase().eq([*c]) || !c.to_uppercase().eq([*c]) || changes.is_match(c.encode_utf8(&mut buffer))
        })
        .collect()
}

#[test]
fn characters_that_the_regex_engine_takes_for_equal_fold_alike() {
    let mut groups: BTreeMap<String, String> = BTreeMap::new();
    for c in cased_chars() {
        groups.entry(fold(&c.to_string())).or_default().push(c);
    }
    assert!(groups.len() > 1_000, "only {} groups of cased characters", groups.len());
    let everything: String = groups.values().map(String::as_str).collect();
    for (folded, group) in &groups {
        let class: Vec<String> = group.chars().map(|c| regex::escape(&c.to_string())).collect();
        let any = Regex::new(&format!("(?i){}", class.join("|"))).unwrap();
        for found in any.find_iter(&everything) {
            assert!(
                group.contains(found.as_str()),
                "{:?} matches the group of {folded:?}",
                found.as_str()
            );
        }
    }
}

#[test]
fn a_text_and_its_lower_case_fold_alike() {
    for c in char::MIN..=char::MAX {
        let text = c.to_string();
        assert_eq!(fold(&text), fold(&text.to_lowercase()), "{c:?}");
    }
}

#[test]
fn well_known_oddities() {
    assert_eq!(fold("STRASSE"), "strasse");
    assert_eq!(fold("ẞ"), fold("ß"));
    assert_eq!(fold("\u{212a}"), "k");
    assert_eq!(fold("ſ"), "s");
    assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
    assert_eq!(fold("İ"), "i\u{307}");
    assert_eq!(fold("データ한국어漢字"), "データ한국어漢字");
}
