//! What changes the checksum; that steps do not is shown with whole folds in `tests/split_fold.rs`.

use proptest::prelude::*;

use super::ContentHash;

/// Goes through lines of a file.
fn hash(text: &[u8]) -> ContentHash {
    let mut end = 0;
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.fold(ContentHash::START, |hash, line| {
        end += line.len() as u64;
        hash.with_line(line.strip_suffix(b"\n").unwrap_or(line), end)
    })
}

#[test]
fn the_value_is_the_same_on_every_machine() {
    // What one program stored, another compares.
    assert_eq!(hash(b"{\"a\":1}\n\n{\"b\":2}\n").to_string(), "15f384ff21d6a7f6");
    assert_eq!(hash(b""), ContentHash::START);
}

#[test]
fn order_and_places_of_lines_count() {
    let all = [
        &b"a\nb\n"[..],
        b"b\na\n",
        b"ab\n",
        b"a\r\nb\n",
        b"a\n\nb\n",
        b"a\nb\n\n",
    ]
    .map(hash);
    for (at, one) in all.iter().enumerate() {
        assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
    }
    let oversized = ContentHash::START.with_oversized(7);
    assert_ne!(oversized, ContentHash::START.with_oversized(8));
    assert_ne!(oversized, ContentHash::START.with_line(b"ab\n", 7));
}

proptest! {
    #[test]
    fn prop_an_overwritten_byte_changes_it(
        text in prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(b'\n')], 1..400),
        at in any::<prop::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let mut overwritten = text.clone();
        overwritten[at.index(text.len())] ^= change;
        prop_assert_ne!(hash(&text), hash(&overwritten));
    }
}
