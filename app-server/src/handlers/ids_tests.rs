//! Explanations as the real server gives them.

use super::{explain, parse};

const CHARACTER: &str =
    "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found ";

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(explain(text), expected, "{text:?}");
    assert_eq!(
        parse(text, "thread id"),
        Err(format!("invalid thread id: {expected}")),
        "{text:?}"
    );
}

#[track_caller]
fn check_character(text: &str, found: char, place: usize) {
    check(text, &format!("{CHARACTER}`{found}` at {place}"));
}

#[test]
fn the_first_wrong_character_is_named_with_its_place_in_bytes() {
    check_character("x", 'x', 1);
    check_character("é", 'é', 1);
    check_character("aé", 'é', 2);
    check_character("aaé", 'é', 3);
    check_character("{01a0c400-0000-7000-8000-000000000001", '{', 1);
    check_character("01a0c400-0000-7000-8000-000000000001}", '}', 37);
    check_character("urn:uuid:xyz", 'x', 10);
    check_character("{x}", 'x', 2);
    check_character("{", '{', 1);
    check_character("}", '}', 1);
    check_character(" 01a0c400-0000-7000-8000-000000000001", ' ', 1);
    check_character("01a0c400-0000-7000-8000-000000000001 ", ' ', 37);
    check_character("01a0c400_0000-7000-8000-000000000001", '_', 9);
    check_character("日本", '日', 1);
    check_character("a\n", '\n', 2);
    check_character("\0", '\0', 1);
    check_character("{abc", '{', 1);
    check_character("Ā", 'Ā', 1);
    check_character("{{01a0c400-0000-7000-8000-000000000001}}", '{', 2);
}

#[test]
fn lengths_and_groups_are_counted() {
    check("", "invalid length: expected length 32 for simple format, found 0");
    check("abc", "invalid length: expected length 32 for simple format, found 3");
    check("ab", "invalid length: expected length 32 for simple format, found 2");
    check(
        "0000000000000000000000000000000",
        "invalid length: expected length 32 for simple format, found 31",
    );
    check(
        "000000000000000000000000000000000",
        "invalid length: expected length 32 for simple format, found 33",
    );
    check("urn:uuid:", "invalid group count: expected 5, found 1");
    check("{}", "invalid group count: expected 5, found 1");
    check("{abc}", "invalid group count: expected 5, found 1");
    check("-", "invalid group count: expected 5, found 2");
    check("--", "invalid group count: expected 5, found 3");
    check("----", "invalid group length in group 0: expected 8, found 0");
    check("-----", "invalid group count: expected 5, found 6");
    check("01a0c400-0000-7000-8000", "invalid group count: expected 5, found 4");
    check(
        "01a0c400-0000-7000-8000-",
        "invalid group length in group 4: expected 12, found 0",
    );
    check(
        "01a0c400-0000-7000-8000-00000000000",
        "invalid group length in group 4: expected 12, found 11",
    );
    check(
        "01a0c400-0000-7000-8000-0000000000011",
        "invalid group length in group 4: expected 12, found 13",
    );
    check(
        "01a0c40-00000-7000-8000-000000000001",
        "invalid group length in group 0: expected 8, found 7",
    );
    check(
        "01a0c400-000-7000-8000-0000000000001",
        "invalid group length in group 1: expected 4, found 3",
    );
    check(
        "01a0c400-0000-700-8000-000000000001",
        "invalid group length in group 2: expected 4, found 3",
    );
    check(
        "01a0c400-0000-7000-800-000000000001",
        "invalid group length in group 3: expected 4, found 3",
    );
    check(
        "01a0c4000000-7000-8000-000000000001",
        "invalid group count: expected 5, found 4",
    );
    check(
        "01a0c400-0000-7000-8000-000000000001-",
        "invalid group count: expected 5, found 6",
    );
    check(
        "-01a0c400-0000-7000-8000-000000000001",
        "invalid group count: expected 5, found 6",
    );
    check(
        "{01a0c400-0000-7000-8000-00000000000}",
        "invalid group length in group 4: expected 12, found 13",
    );
    check(
        "{01a0c40-0000-7000-8000-000000000001}",
        "invalid group length in group 0: expected 8, found 7",
    );
    check(
        "urn:uuid:01a0c40-0000-7000-8000-000000000001",
        "invalid group length in group 0: expected 8, found 7",
    );
    check("urn:uuid:abc", "invalid group count: expected 5, found 1");
    check(
        "urn:uuid:01a0c400-0000-7000-8000-0000000000011",
        "invalid group length in group 4: expected 12, found 22",
    );
    check(
        "{01a0c400-0000-7000-8000-0000000000011}",
        "invalid group length in group 4: expected 12, found 15",
    );
    check(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "invalid length: expected length 32 for simple format, found 36",
    );
    check(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "invalid length: expected length 32 for simple format, found 45",
    );
    check(
        "urn:uuid:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "invalid group count: expected 5, found 1",
    );
    check(
        "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
        "invalid group count: expected 5, found 1",
    );
}

#[test]
fn every_form_of_an_id_is_accepted() {
    for text in [
        "00000000000000000000000000000000",
        "{01a0c400-0000-7000-8000-000000000001}",
        "urn:uuid:01a0c400-0000-7000-8000-000000000001",
        "01A0C400-0000-7000-8000-000000000001",
    ] {
        assert!(parse(text, "thread id").is_ok(), "{text}");
    }
}
