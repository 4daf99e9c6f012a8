//! Cut lines stay JSON of the same shape, and are as short as they should be.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MIN_KEPT_BYTES, cut_line};

const PLACE: &str = "at byte 7 of rollout x";

fn cut(value: &Value, max_bytes: u64) -> (Value, usize) {
    let line = serde_json::to_vec(value).expect("json");
    let cut = cut_line(&line, max_bytes, PLACE);
    (serde_json::from_slice(&cut).expect("still json"), cut.len())
}

#[test]
fn a_line_at_the_limit_is_kept_and_one_byte_more_is_cut() {
    let value = json!({"type": "x", "text": "a".repeat(20_000)});
    let bytes = serde_json::to_vec(&value).expect("json").len() as u64;
    assert_eq!(cut(&value, bytes).0, value);
    let (shorter, len) = cut(&value, bytes - 1);
    assert!((len as u64) < bytes, "{len}");
    let text = shorter["text"].as_str().expect("text");
    assert!(text.starts_with("aaa") && text.ends_with("aaa"));
    assert!(text.contains("bytes left out; whole at byte 7 of rollout x"), "{text}");
}

#[test]
fn the_longest_texts_are_cut_first_and_the_short_ones_and_keys_kept() {
    let key = "k".repeat(2 * MIN_KEPT_BYTES);
    let mut value = json!({"id": "call-1", "short": "b".repeat(30_000), "long": "c".repeat(90_000), "n": [1.0, 2e5]});
    value[&key] = Value::Null;
    let (shorter, len) = cut(&value, 80_000);
    assert!((70_000..=80_000).contains(&len), "{len}");
    for name in ["id", "short", "n", key.as_str()] {
        assert_eq!(shorter[name], value[name]);
    }
    assert!(shorter["long"].as_str().expect("text").len() < 45_000);
}

#[test]
fn json_inside_a_text_stays_json() {
    let inner =
        json!({"output": "line\n\t\"quoted\" \u{1}".repeat(4_000) + &"z".repeat(50_000), "metadata": {"exit_code": 3}});
    let (shorter, _) = cut(&json!({"output": inner.to_string()}), 30_000);
    let text = shorter["output"].as_str().expect("text");
    let inner: Value = serde_json::from_str(text).expect("still json");
    assert_eq!(inner["metadata"], json!({"exit_code": 3}));
}

#[test]
fn what_is_no_json_is_no_panic() {
    for line in [&b"\""[..], b"\"\\", b"{\"a\":\"\\u", b"", b"\xFF\"\xFF"] {
        cut_line(line, 0, PLACE);
    }
    cut_line(&[&b"\""[..], &[b'\\'; 9_999]].concat(), 0, PLACE);
}

proptest! {
    #[test]
    fn texts_of_any_characters_stay_texts(
        texts in prop::collection::vec(("[a\\\\\"\u{1}é😀\u{2028}]{1,40}", 1_usize..900), 1..6),
        max in 0_u64..60_000,
        is_ascii in any::<bool>(),
    ) {
        let texts: Vec<String> = texts.into_iter().map(|(text, n)| text.repeat(n)).collect();
        let mut line = serde_json::to_string(&json!({"texts": texts})).expect("json");
        if is_ascii {
            line = line.chars().map(escaped).collect();
        }
        let cut = cut_line(line.as_bytes(), max, PLACE);
        let value: Value = serde_json::from_slice(&cut).expect("still json");
        prop_assert_eq!(value["texts"].as_array().map(Vec::len), Some(texts.len()));
        // Each text keeps a little, whatever the limit is.
        let most = (max as usize).max(texts.len() * (MIN_KEPT_BYTES + 100)) + 100;
        prop_assert!(cut.len() <= most, "{} of {}", cut.len(), most);
    }
}

fn escaped(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let mut units = [0; 2];
    character
        .encode_utf16(&mut units)
        .iter()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}
