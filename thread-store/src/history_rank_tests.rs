//! What a hit is worth.

use codex_state::query::FieldKind;

use super::{month_of, weight};

#[test]
fn names_and_messages_count_more_than_commands_and_these_more_than_outputs() {
    let of = |kind| weight(kind, 100, 1);
    let order = [
        FieldKind::Name,
        FieldKind::Message,
        FieldKind::Command,
        FieldKind::Output,
    ];
    for pair in order.windows(2) {
        assert!(of(pair[0]) > of(pair[1]), "{pair:?}");
    }
}

#[test]
fn more_occurrences_count_more_and_longer_texts_less() {
    let of = |bytes, count| weight(FieldKind::Message, bytes, count);
    assert!(of(600, 2) > of(600, 1));
    assert!(of(600, 1) > of(6_000, 1));
    assert!(of(600, 2) - of(600, 1) > of(600, 12) - of(600, 11));
    assert!(of(600, 1_000_000) < 3.0 * (super::SATURATION + 1.0));
}

#[test]
fn months_are_those_of_utc() {
    assert_eq!(month_of(0).as_deref(), Some("1970-01"));
    assert_eq!(month_of(1_767_225_599_999).as_deref(), Some("2025-12"));
    assert_eq!(month_of(i64::MAX), None);
}
