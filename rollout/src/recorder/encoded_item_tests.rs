//! The bytes of single lines against the envelope of format section 2.1.

use super::*;

fn check(item: &EncodedItem, ordinal: Option<u64>, expected: &str) {
    let mut out = Vec::new();
    item.write_line(&mut out, "2026-03-02T09:00:00.007Z", ordinal);
    assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
}

fn raw(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

#[test]
fn keys_stand_in_the_order_of_codex() {
    let item = EncodedItem::from_parts("response_item", &raw(r#"{"type":"x","n":1e-12}"#), Some(&raw("{}")));
    check(
        &item,
        Some(7),
        r#"{"timestamp":"2026-03-02T09:00:00.007Z","ordinal":7,"type":"response_item","payload":{"type":"x","n":1e-12},"metadata":{}}"#,
    );
    check(
        &item,
        None,
        r#"{"timestamp":"2026-03-02T09:00:00.007Z","type":"response_item","payload":{"type":"x","n":1e-12},"metadata":{}}"#,
    );
}

#[test]
fn an_item_is_encoded_like_its_line() {
    let line = br#"{"timestamp":"2026-03-02T09:00:00.007Z","ordinal":3,"type":"event_msg","payload":{"type":"agent_reasoning","text":"h\u00e9 \ud83d\ude00\n"}}"#;
    let decoded = RolloutLine::decode(line).unwrap();
    let again = RolloutLine::new(decoded.timestamp.clone(), Some(3), decoded.item.clone()).encode();
    check(
        &EncodedItem::new(decoded.item),
        Some(3),
        std::str::from_utf8(&again).unwrap(),
    );
}

#[test]
fn a_payload_with_line_breaks_between_tokens_becomes_one_line() {
    let item = EncodedItem::from_parts("x", &raw("{\n  \"a\": \"b\\n\",\r\n  \"c\": 1\n}"), None);
    check(
        &item,
        None,
        r#"{"timestamp":"2026-03-02T09:00:00.007Z","type":"x","payload":{  "a": "b\n",  "c": 1}}"#,
    );
}

#[test]
fn the_longest_line_is_foreseen_exactly() {
    let item = EncodedItem::from_parts("x", &raw("{}"), None);
    let mut out = Vec::new();
    item.write_line(&mut out, "2026-03-02T09:00:00.007Z", Some(u64::MAX));
    assert_eq!(item.max_line_bytes(), out.len() as u64 - 1);
}
