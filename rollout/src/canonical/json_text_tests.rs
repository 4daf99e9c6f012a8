//! Texts of payloads.

use codex_protocol::log::RawJson;

use super::json_text::{JsonTextFault, MAX_NESTING, one_line};

#[track_caller]
fn check(text: &str, expected: Result<&str, JsonTextFault>) {
    let json = RawJson::from_text(text.to_owned()).expect("the text is JSON");
    let found = one_line(&json).map(|json| json.get().to_owned());
    assert_eq!(found, expected.map(str::to_owned));
}

#[test]
fn white_space_between_tokens_goes_and_that_in_texts_stays() {
    check(
        "{\n  \"a b\" : [ 1.50 ,\t\"x \\n y\" ]\r\n}",
        Ok(r#"{"a b":[1.50,"x \n y"]}"#),
    );
    check(r#"{"a":"quote \" and \\"}"#, Ok(r#"{"a":"quote \" and \\"}"#));
}

#[test]
fn half_a_character_is_a_fault() {
    check(r#"{"a":"\ud83d\ude00 \u00e9"}"#, Ok(r#"{"a":"\ud83d\ude00 \u00e9"}"#));
    check(r#"{"a":"\ud83d"}"#, Err(JsonTextFault::LoneSurrogate { at: 6 }));
    check(r#"{"a":"\ud83d\u0041"}"#, Err(JsonTextFault::LoneSurrogate { at: 6 }));
    check(r#"{"a":"\uDE00"}"#, Err(JsonTextFault::LoneSurrogate { at: 6 }));
    check(r#"{"\udc00":1}"#, Err(JsonTextFault::LoneSurrogate { at: 2 }));
    check(r#"{"a":"\\ud83d"}"#, Ok(r#"{"a":"\\ud83d"}"#));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(&nested(MAX_NESTING), Ok(&nested(MAX_NESTING)));
    check(&nested(MAX_NESTING + 1), Err(JsonTextFault::TooDeep));
    check(r#"["[[[[", [], []]"#, Ok(r#"["[[[[",[],[]]"#));
}
