//! Tables at several widths.

use super::Table;
use crate::cli::output::{Colour, Look};

fn table() -> Table {
    let mut table = Table::new(&[("ID", Look::Accent), ("WHEN", Look::Plain), ("TITLE", Look::Title)]);
    table.row(vec!["1".to_owned(), "now".to_owned(), "short".to_owned()]);
    table.row(vec![
        "日本".to_owned(),
        "a while ago".to_owned(),
        "a title that is longer than the room it has".to_owned(),
    ]);
    table.row(vec!["22".to_owned(), String::new(), String::new()]);
    table
}

#[test]
fn columns_align_by_shown_width_and_the_last_one_is_cut() {
    let expected = "\
ID    WHEN         TITLE
1     now          short
日本  a while ago  a title that is lon…
22
";
    assert_eq!(table().render(39, Colour::Off), expected);
    assert_eq!(
        table().render(10, Colour::Off),
        expected,
        "the last column keeps its least width"
    );
    assert!(
        table()
            .render(80, Colour::Off)
            .contains("longer than the room it has\n")
    );
}

#[test]
fn colour_changes_nothing_but_colour() {
    let dressed = table().render(39, Colour::On);
    assert_eq!(console::strip_ansi_codes(&dressed), table().render(39, Colour::Off));
    assert!(dressed.contains("\u{1b}[36m日本\u{1b}[0m"));
}
