//! Places where a term occurs are dressed, whatever its case.

use super::highlight;
use crate::cli::output::Colour;

#[track_caller]
fn check(text: &str, term: &str, expected: &str) {
    let found = highlight(Colour::On, text, term)
        .replace("\u{1b}[1;33m", "<")
        .replace("\u{1b}[0m", ">");
    assert_eq!(found, expected, "{term}");
}

#[test]
fn every_place_is_dressed_once() {
    check("a Widget, widgetWIDGET", "widget", "a <Widget>, <widget><WIDGET>");
    check("aaa", "aa", "<aa>a");
    check("ÄÖ äö", "äö", "<ÄÖ> <äö>");
    check("x İ", "i\u{307}", "x <İ>");
    check("nothing here", "zzz", "nothing here");
    check("blank", "  ", "blank");
    check("", "a", "");
}
