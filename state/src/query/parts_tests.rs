//! Where words have humps.

use super::identifier_parts;

fn check(word: &str, expected: &[&str]) {
    let parts: Vec<&str> = identifier_parts(word).into_iter().map(|part| &word[part]).collect();
    assert_eq!(parts, expected, "{word}");
}

#[test]
fn words_part_at_humps() {
    check("parseHistoryBase", &["parse", "History", "Base"]);
    check("HTTPServer", &["HTTP", "Server"]);
    check("utf8Path", &["utf8", "Path"]);
    check("getURL", &["get", "URL"]);
    check("aB", &["a", "B"]);
    check("größeÄndern", &["größe", "Ändern"]);
}

#[test]
fn words_without_humps_have_no_parts() {
    for word in ["", "history", "History", "HTTP", "v2", "8bit", "検索"] {
        check(word, &[]);
    }
}
