//! Tests of `needle.rs`.

use super::{CutText, End, Needle};

fn places(term: &str, end: End, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    Needle::new(term, end).find_in(&CutText::new(text), |range| found.push(text[range].to_owned()));
    found
}

#[track_caller]
fn check(term: &str, text: &str, expected: &[&str]) {
    assert_eq!(places(term, End::Whole, text), expected, "{term:?} in {text:?}");
}

#[track_caller]
fn check_open(term: &str, text: &str, expected: &[&str]) {
    assert_eq!(places(term, End::Open, text), expected, "{term:?}* in {text:?}");
}

#[test]
fn words_are_found_whole_and_in_any_case() {
    check("history", "History, prehistory and HISTORY", &["History", "HISTORY"]);
    check("read me", "Read-me, readme; read\nme", &["Read-me", "read\nme"]);
    check("a a", "a a a", &["a a"]);
    check("größe", "GRÖSSE Größe GRÖßE", &["Größe", "GRÖßE"]);
    check("x", "", &[]);
    check("", "text", &[]);
    check("!?", "!?", &[]);
}

#[test]
fn identifiers_and_their_parts_find_each_other() {
    let forms = [
        "parseHistoryBase",
        "parse_history_base",
        "parse history base",
        "ParseHistoryBase",
        "parse::history/base",
    ];
    for term in forms {
        for text in forms {
            check(term, text, &[text]);
        }
    }
    check("history base", "fn parseHistoryBase()", &["HistoryBase"]);
    check("base", "fn parseHistoryBase()", &["Base"]);
    check("parsehistorybase", "parseHistoryBase", &["parseHistoryBase"]);
    check("parseHistoryBase", "PARSEHISTORYBASE", &["PARSEHISTORYBASE"]);
    check("parsehistorybase", "parse_history_base", &[]);
    check("history parse", "parseHistory", &[]);
    check(
        "run parsehistorybase now",
        "run parseHistoryBase now",
        &["run parseHistoryBase now"],
    );
    check(
        "run parseHistoryBase now",
        "run parsehistorybase now",
        &["run parsehistorybase now"],
    );
}

#[test]
fn an_open_last_word_goes_on() {
    check_open("hist", "history parseHistory prehistory", &["history", "History"]);
    check_open("parse_hist", "parseHistoryBase", &["parseHistory"]);
    check_open(
        "parseHist",
        "parse_history parsehistory",
        &["parse_history", "parsehistory"],
    );
    check_open("hist base", "history base", &[]);
    check_open("parsehisto", "parseHistoryBase", &["parseHistoryBase"]);
}

#[test]
fn unspaced_scripts_are_found_as_pieces() {
    check("検索", "全文検索エンジン", &["検索"]);
    check("検索", "検 索", &[]);
    check("検 索", "検 索", &["検 索"]);
    check("Codex検索", "codex検索", &["codex検索"]);
    check("索", "検索", &["索"]);
}

#[test]
fn words_that_are_too_long_are_found_by_no_words() {
    let blob = "x".repeat(100);
    check(&blob, &blob, &[]);
    check_open("xxx", &blob, &[]);
    check("a b", &format!("a {blob} b"), &[]);
}
