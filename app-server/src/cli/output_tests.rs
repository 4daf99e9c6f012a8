//! Recorded texts cannot steer a terminal.

use super::{Colour, Look, clean, one_line, paint};

#[test]
fn control_characters_are_replaced() {
    assert_eq!(
        clean("a\u{1b}[31mb\r\n\tc\u{7}\u{9b}d"),
        "a\u{fffd}[31mb\n\tc\u{fffd}\u{fffd}d"
    );
    assert_eq!(one_line("  a\n\n b\tc \u{1b}"), "a b c \u{fffd}");
}

#[test]
fn colour_is_written_only_when_it_is_on() {
    assert_eq!(paint(Colour::Off, Look::Bad, "x"), "x");
    assert_eq!(paint(Colour::On, Look::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    assert_eq!(paint(Colour::On, Look::Plain, "x"), "x");
}

#[test]
fn recorded_texts_steer_no_terminal() {
    let hostile = "a\u{1b}]0;title\u{7}b\u{9b}31mc\u{202e}d\u{2066}e\r\nf\tg";
    let shown = clean(hostile);
    assert_eq!(shown, "a\u{fffd}]0;title\u{fffd}b\u{fffd}31mc\u{fffd}d\u{fffd}e\nf\tg");
}
