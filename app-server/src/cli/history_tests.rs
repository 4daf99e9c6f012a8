//! What the search of the history prints.

use clap::Parser;
use codex_protocol::rpc::envelope::ErrorObject;
use codex_protocol::rpc::history::{HistorySearchIncomplete, HistorySearchLimit};
use serde_json::json;

use super::sample::{hit, response, thread};
use super::{hit_text, query_error, query_text, totals};
use crate::cli::args::{Cli, Command};
use crate::cli::output::Colour;
use crate::transport::CallError;

#[test]
fn matches_are_dressed_where_the_answer_says() {
    let dressed = |snippet: &str| {
        let text = hit_text(Colour::On, &hit("a", snippet));
        text.replace("\u{1b}[1;33m", "<").replace("\u{1b}[0m", ">")
    };
    assert_eq!(dressed("a needle b"), "a <needle> b");
    assert_eq!(dressed("😀検 needle"), "😀検 <needle>");
    assert_eq!(dressed("none"), "none");
    assert_eq!(dressed("\u{1b}[31m needle \u{202e}"), "\u{fffd}[31m <needle> \u{fffd}");
}

#[test]
fn what_was_found_is_told_in_words() {
    let mut answer = response(vec![thread(1, vec![hit("a", "x")])]);
    assert_eq!(totals(&answer).as_deref(), Some("1 hit in 1 thread."));
    (answer.hit_count, answer.thread_count, answer.next_cursor) = (7, 2, Some("next".to_owned()));
    answer.incomplete = Some(HistorySearchIncomplete {
        reason: HistorySearchLimit::Time,
        limit: 2_000,
    });
    let expected = "7 hits in 2 threads; there are more: -n N shows them; stopped after 2.0 s.";
    assert_eq!(totals(&answer).as_deref(), Some(expected));
    assert_eq!(totals(&response(Vec::new())), None);
}

#[test]
fn a_fault_is_shown_below_the_query() {
    let refused = |data| {
        CallError::Refused(ErrorObject {
            code: -32602,
            data,
            message: "query, at character 4: no".to_owned(),
        })
    };
    let place = |byte: u32, character: u32| json!({"byte": byte, "character": character, "utf16": character});
    let data = json!({"reason": "invalidQuery", "start": place(4, 3), "end": place(6, 5)});
    let error = query_error("é\tb\u{1b}[ c", refused(Some(data)));
    assert_eq!(
        error.to_string(),
        "query, at character 4: no\n  é b\u{fffd}[ c\n     ^^"
    );
    assert_eq!(error.exit_code(), 2);
    assert_eq!(query_error("x", refused(None)).to_string(), "query, at character 4: no");
}

#[track_caller]
fn check_query(arguments: &[&str], expected: &str) {
    let all = ["codex-threads", "search"].iter().chain(arguments);
    let Command::Search(args) = Cli::try_parse_from(all).expect("a command").command else {
        panic!("a search");
    };
    assert_eq!(query_text(&args).expect("a query"), expected);
}

#[test]
fn options_are_filters_of_the_query() {
    check_query(&["a", "b"], "a b");
    check_query(
        &["a b", "--archived", "--source", "review"],
        "a b source:\"subAgentReview\" archived:\"yes\"",
    );
    check_query(
        &["a", "--cwd", "/x/y/", "--cwd", "/q\"r"],
        "a cwd:\"/x/y\" cwd:\"/q\"\"r\"",
    );
    check_query(&["a", "--cwd", "/"], "a cwd:\"/\"");
    check_query(
        &[
            "a",
            "--provider",
            "p",
            "--model",
            "m",
            "--before",
            "1d",
            "--after",
            "2026",
        ],
        "a provider:\"p\" model:\"m\" before:\"1d\" after:\"2026\"",
    );
}
