//! Tests of `searchable.rs`.

use std::collections::BTreeSet;

use codex_state::projector::Mode;
use codex_state::text::{markdown_to_plain, may_join_words};
use codex_state::words::WordTable;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Said, document_of, says_nothing};

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect()
}

fn said_by(payload: Value) -> Option<Said> {
    let line = json!({ "timestamp": "2026-01-02T03:04:05.000Z", "type": "event_msg", "payload": payload });
    document_of(line.to_string().as_bytes(), Mode::Legacy)
}

#[test]
fn answers_are_found_by_the_words_of_their_rendered_form_too() {
    let said =
        said_by(json!({ "type": "agent_message", "message": "a **bo**ld caf&eacute;" })).expect("says something");
    assert_eq!(said.table, WordTable::Said);
    assert_eq!(
        said.texts().collect::<Vec<_>>(),
        ["a **bo**ld caf&eacute;", "a bold café"]
    );
}

#[test]
fn questions_and_answers_without_markup_are_indexed_once() {
    for kind in ["user_message", "agent_message"] {
        let said = said_by(json!({ "type": kind, "message": "plain words, no more" })).expect("says something");
        assert_eq!(said.texts().count(), 1, "{kind}");
    }
    let asked = said_by(json!({ "type": "user_message", "message": "a **bo**ld one" })).expect("says something");
    assert_eq!(asked.texts().count(), 1, "questions are searched as written");
}

fn envelope(kind: &str, payload: &str) -> String {
    format!(r#"{{"timestamp":"2026-01-02T03:04:05.000Z","ordinal":7,"type":"{kind}","payload":{payload}}}"#)
}

fn completed(item: &str) -> String {
    envelope(
        "event_msg",
        &format!(r#"{{"type":"item_completed","thread_id":"a","turn_id":"b","item":{item}}}"#),
    )
}

#[test]
fn lines_without_messages_are_told_by_their_first_bytes() {
    for line in [
        completed(r#"{"type":"CommandExecution","id":"c","aggregated_output":"very long"}"#),
        completed(r#"{"type":"Reasoning","id":"r"}"#),
        envelope("event_msg", r#"{"type":"exec_command_end","call_id":"c"}"#),
        envelope("response_item", r#"{"type":"function_call_output","call_id":"c"}"#),
        envelope("turn_context", r#"{"cwd":"/"}"#),
    ] {
        assert!(says_nothing(line.as_bytes()), "{line}");
    }
}

#[test]
fn messages_are_decoded_however_their_members_are_ordered() {
    let message = r#"{"type":"AgentMessage","id":"m","content":[{"type":"Text","text":"found"}]}"#;
    let first_words = |line: &str| {
        let said = document_of(line.as_bytes(), Mode::Paginated).unwrap_or_else(|| panic!("{line} says something"));
        said.texts().next().expect("a text").to_owned()
    };
    let reordered = [
        completed(message),
        completed(&message.replace(r#""type":"AgentMessage","id":"m""#, r#""id":"m","type":"AgentMessage""#)),
        completed(&message.replace("AgentMessage", r"\u0041gentMessage")),
        completed(message).replace(r#""thread_id":"a","turn_id":"b""#, r#""turn_id":"b","thread_id":"a""#),
        completed(message).replace(
            r#""type":"item_completed","thread_id":"a""#,
            r#""thread_id":"a","type":"item_completed""#,
        ),
        completed(message).replace(r#""thread_id":"a""#, r#""thread_id":"a\"""#),
        completed(message).replace(r#""thread_id""#, r#" "thread_id""#),
        envelope("event_msg", r#"{"type":"user_message","message":"found"}"#),
        envelope(
            "response_item",
            r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"found"}]}"#,
        ),
    ];
    for line in reordered {
        assert_eq!(first_words(&line), "found", "{line}");
    }
}

proptest! {
    #[test]
    fn what_is_not_rendered_has_no_words_of_its_own(text in "[-a-z0-9 .:!?#+=|~\"'é日\u{0}\t/]{0,40}") {
        if !may_join_words(&text) {
            let plain = markdown_to_plain(&text);
            prop_assert!(words(&plain).is_subset(&words(&text)), "{plain:?}");
        }
    }
}
