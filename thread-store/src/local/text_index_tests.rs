//! Tests of `text_index.rs`.

use std::collections::BTreeSet;

use codex_state::projector::Mode;
use codex_state::text::markdown_to_plain;
use codex_state::words::WordTable;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Said, document_of, may_join_words};

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

proptest! {
    #[test]
    fn what_is_not_rendered_has_no_words_of_its_own(text in "[-a-z0-9 .:!?#+=|~\"'é日\u{0}\t/]{0,40}") {
        if !may_join_words(&text) {
            let plain = markdown_to_plain(&text);
            prop_assert!(words(&plain).is_subset(&words(&text)), "{plain:?}");
        }
    }
}
