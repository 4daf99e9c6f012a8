//! What keys and answers do to the picker.

use codex_protocol::rpc::history::{HistorySearchOrder, HistorySearchResponse};

use super::{Effect, Key, Question, Row, State};
use crate::cli::history::sample::{hit, response, thread};

fn text(text: &str) -> Key {
    Key::Text(text.to_owned())
}

/// A picker with an answer to an empty input: two threads, with hits `a`, `b` and `c`.
fn answered() -> State {
    let (mut state, effects) = State::new("", String::new(), HistorySearchOrder::Ranked);
    let number = question(&effects).number;
    state.answered(number, Ok(two_threads()));
    state
}

fn two_threads() -> HistorySearchResponse {
    response(vec![
        thread(1, vec![hit("a", "one"), hit("b", "two")]),
        thread(2, vec![hit("c", "three")]),
    ])
}

#[track_caller]
fn question(effects: &[Effect]) -> &Question {
    match effects {
        [Effect::Search(question)] => question,
        effects => panic!("no question: {effects:?}"),
    }
}

/// The item that is selected.
fn selected(state: &State) -> Option<String> {
    Some(state.chosen()?.hit.place?.item_id)
}

#[track_caller]
fn check_typed(keys: &[Key], expected: &str, cursor: usize) {
    let (mut state, _) = State::new("one two", String::new(), HistorySearchOrder::Ranked);
    for key in keys {
        state.press(key.clone());
    }
    assert_eq!(
        (state.input.iter().collect::<String>().as_str(), state.cursor),
        (expected, cursor),
        "{keys:?}"
    );
}

#[test]
fn keys_edit_the_input() {
    check_typed(&[text("x")], "one twox", 8);
    check_typed(&[Key::Home, text("é検")], "é検one two", 2);
    check_typed(&[Key::Left, Key::Left, Key::Backspace], "one wo", 4 - 1 + 1);
    check_typed(&[Key::Home, Key::Delete], "ne two", 0);
    check_typed(&[Key::DeleteWord], "one ", 4);
    check_typed(&[text("  "), Key::DeleteWord, Key::DeleteWord], "", 0);
    check_typed(&[Key::Left, Key::DeleteAll], "o", 0);
    check_typed(&[Key::Home, Key::Backspace, Key::Left], "one two", 0);
    check_typed(&[Key::Right, Key::Delete], "one two", 7);
    check_typed(&[text("a\tb\n\u{1b}")], "one twoa b  ", 12);
}

#[test]
fn every_change_asks_and_moving_does_not() {
    let (mut state, effects) = State::new("a", " archived:\"yes\"".to_owned(), HistorySearchOrder::Newest);
    let expected = Question {
        number: 1,
        query: "archived:\"yes\" a".to_owned(),
        order: HistorySearchOrder::Newest,
    };
    assert_eq!(question(&effects), &expected);
    let effects = state.press(text("b"));
    assert_eq!(
        (question(&effects).number, question(&effects).query.as_str()),
        (2, "archived:\"yes\" ab")
    );
    let effects = state.press(Key::Order);
    assert_eq!(question(&effects).order, HistorySearchOrder::Ranked);
    assert_eq!(state.press(Key::Left), []);
    assert_eq!(state.press(Key::Down), []);
}

#[test]
fn an_answer_that_is_too_late_is_not_shown() {
    let mut state = answered();
    state.press(text("x"));
    assert_eq!(state.answered(1, Ok(response(Vec::new()))), []);
    assert_eq!(state.rows.len(), 5, "the earlier answer stays");
    state.answered(2, Ok(response(Vec::new())));
    assert_eq!((state.rows.len(), state.selected), (0, None));
}

#[test]
fn a_fault_leaves_the_earlier_answer() {
    let mut state = answered();
    state.press(text("\""));
    state.answered(2, Err("never closed".to_owned()));
    assert_eq!((state.problem.as_deref(), state.rows.len()), (Some("never closed"), 5));
    state.press(Key::Backspace);
    state.answered(3, Ok(two_threads()));
    assert_eq!(state.problem, None);
}

#[test]
fn hits_are_selected_and_headings_are_not() {
    let mut state = answered();
    assert_eq!(
        state.rows,
        [
            Row::Thread(0),
            Row::Hit(0, 0),
            Row::Hit(0, 1),
            Row::Thread(1),
            Row::Hit(1, 0)
        ]
    );
    let mut walked = vec![selected(&state)];
    for key in [Key::Down, Key::Down, Key::Down, Key::Up, Key::Up, Key::Up] {
        state.press(key);
        walked.push(selected(&state));
    }
    let walked: Vec<&str> = walked.iter().flatten().map(String::as_str).collect();
    assert_eq!(walked, ["a", "b", "c", "c", "b", "a", "a"]);
}

#[test]
fn the_selected_hit_stays_selected_in_the_next_answer() {
    let mut state = answered();
    state.press(Key::Down);
    state.press(text("x"));
    state.answered(
        2,
        Ok(response(vec![
            thread(2, vec![hit("c", "x")]),
            thread(1, vec![hit("b", "x")]),
        ])),
    );
    assert_eq!(selected(&state).as_deref(), Some("b"));
    state.press(text("y"));
    state.answered(3, Ok(response(vec![thread(2, vec![hit("c", "x")])])));
    assert_eq!(selected(&state).as_deref(), Some("c"), "else the first one");
}

#[test]
fn the_turns_of_the_selected_hit_are_asked_for_and_others_come_too_late() {
    let mut state = answered();
    let first = state.chosen().expect("a hit");
    let effects = state.press(Key::Down);
    let second = state.chosen().expect("a hit");
    assert_eq!(effects, [Effect::Preview(Box::new(second.clone()))]);
    state.previewed(&first, "first".to_owned());
    assert_eq!(state.preview, None);
    state.previewed(&second, "second".to_owned());
    assert_eq!(state.preview.as_deref(), Some("second"));
    state.press(Key::PageDown);
    assert!(state.scrolled > 0);
    state.press(Key::Down);
    assert_eq!((&state.preview, state.scrolled), (&None, 0));
}

#[test]
fn leaving_prints_what_was_accepted_only() {
    let mut state = answered();
    let chosen = state.chosen().map(Box::new);
    assert_eq!(state.press(Key::Accept), [Effect::End(chosen)]);
    assert_eq!(state.press(Key::Leave), [Effect::End(None)]);
    let (mut empty, _) = State::new("", String::new(), HistorySearchOrder::Ranked);
    assert_eq!(empty.press(Key::Accept), []);
}
