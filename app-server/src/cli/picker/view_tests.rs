//! Pictures of the picker.

use codex_protocol::rpc::history::HistorySearchOrder;
use console::measure_text_width;

use super::{Frame, Picture, picture, wrap};
use crate::cli::history::sample::{hit, response, thread};
use crate::cli::output::Colour;
use crate::cli::picker::state::{Key, State};

fn frame(width: usize, height: usize) -> Frame {
    Frame {
        width,
        height,
        colour: Colour::Off,
        now_s: 1_790_000_000,
    }
}

fn state() -> State {
    let (mut state, _) = State::new("needle", String::new(), HistorySearchOrder::Ranked);
    let hits = vec![hit("a", "first needle"), hit("b", "a needle \u{1b}[31mred")];
    state.answered(1, Ok(response(vec![thread(1, hits)])));
    state
}

fn trimmed(picture: &Picture) -> Vec<&str> {
    picture.lines.iter().map(|line| line.trim_end()).collect()
}

#[test]
fn list_and_thread_stand_side_by_side() {
    let mut state = state();
    let chosen = state.chosen().expect("a hit");
    state.previewed(
        &chosen,
        "\n── completed\n  you\n    the first needle was here\n    and more\n".to_owned(),
    );
    let shown = picture(&state, frame(90, 7));
    assert_eq!(
        trimmed(&shown),
        [
            "> needle",
            "best first (tab) · enter prints · esc leaves · 2 hits in 1 thread.",
            "thread 1  just now                       │ ── completed",
            "▶ message   first needle                 │   you",
            "  message   a needle \u{fffd}[31mred            │     the first needle was here",
            "                                         │     and more",
            "                                         │",
        ]
    );
    assert_eq!(shown.cursor_column, 8);
    state.press(Key::PageDown);
    assert!(
        trimmed(&picture(&state, frame(90, 7)))[2].ends_with("│     and more"),
        "it is scrolled"
    );
}

#[test]
fn a_narrow_terminal_has_them_below_each_other() {
    let mut state = state();
    let chosen = state.chosen().expect("a hit");
    state.previewed(&chosen, "needle".to_owned());
    let shown = picture(&state, frame(24, 6));
    assert_eq!(
        trimmed(&shown)[2..],
        ["thread 1  just now", "▶ message   first needle", "needle", ""]
    );
}

#[test]
fn matches_are_dressed_and_nothing_steers_the_terminal() {
    let mut state = state();
    let chosen = state.chosen().expect("a hit");
    state.previewed(&chosen, "a needle".to_owned());
    let shown = picture(
        &state,
        Frame {
            colour: Colour::On,
            ..frame(90, 5)
        },
    );
    let all = shown.lines.join("\n");
    assert_eq!(all.matches("\u{1b}[1;33mneedle\u{1b}[0m").count(), 3, "{all:?}");
    assert!(!all.contains("\u{1b}[31m"), "{all:?}");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_there_are_not_more() {
    let mut state = state();
    state.press(Key::Text("検索 é ".repeat(40)));
    let chosen = state.chosen().expect("a hit");
    state.previewed(&chosen, format!("{}\n{}", "検索".repeat(100), "x".repeat(500)));
    for width in [1, 2, 10, 24, 79, 80, 81, 200] {
        for height in [1, 2, 3, 10] {
            let shown = picture(&state, frame(width, height));
            assert_eq!(shown.lines.len(), height, "{width} x {height}");
            for line in &shown.lines {
                assert!(measure_text_width(line) <= width, "{width}: {line}");
            }
            assert!(shown.cursor_column <= width.max(3), "{width}");
        }
    }
}

#[test]
fn the_selected_hit_is_in_sight() {
    let (mut state, _) = State::new("", String::new(), HistorySearchOrder::Ranked);
    let threads = (0..30).map(|number| thread(number, vec![hit(&format!("item-{number}"), &format!("text {number}"))]));
    state.answered(1, Ok(response(threads.collect())));
    for number in 0..30 {
        let shown = picture(&state, frame(90, 8));
        let mark = format!("▶ message   text {number}");
        assert!(
            shown.lines.iter().any(|line| line.starts_with(&mark)),
            "{number}: {:?}",
            shown.lines
        );
        state.press(Key::Down);
    }
}

#[test]
fn a_hit_begins_near_its_match() {
    let near = |snippet: &str| super::hit_text(Colour::Off, &super::near_match(&hit("a", snippet)));
    assert_eq!(near("short needle"), "short needle");
    assert_eq!(near("exactly 12: needle"), "exactly 12: needle");
    assert_eq!(near("13 units and needle"), "…3 units and needle");
    assert_eq!(near("😀😀😀😀😀😀😀 needle"), "…😀😀😀😀😀 needle");
    let dressed = super::hit_text(Colour::On, &super::near_match(&hit("a", "a long way to the needle")));
    assert_eq!(dressed, "… way to the \u{1b}[1;33mneedle\u{1b}[0m");
}

#[test]
fn long_lines_are_wrapped_by_columns() {
    assert_eq!(wrap("abcde", 2), ["ab", "cd", "e"]);
    assert_eq!(wrap("検索x", 3), ["検", "索x"]);
    assert_eq!(wrap("", 5), [""]);
}
