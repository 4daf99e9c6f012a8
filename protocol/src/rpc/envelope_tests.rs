//! What a line is, and how answers look.

use serde_json::json;

use crate::log::RawJson;

use super::{
    EnvelopeError, ErrorObject, ErrorResponse, Incoming, Request, RequestId, Response, ServerNotification,
    decode_message,
};

fn request(id: RequestId) -> Incoming {
    Incoming::Request(Request {
        id,
        method: "m".to_owned(),
        params: Some(RawJson::of(&json!({})).expect("JSON")),
    })
}

#[track_caller]
fn check(line: &str, expected: &Incoming) {
    assert_eq!(&decode_message(line.as_bytes()).expect(line), expected, "{line}");
}

#[test]
fn ids_are_text_or_64_bit_integers() {
    let number = |id| request(RequestId::Number(id));
    check(r#"{"id":7,"method":"m","params":{}}"#, &number(7));
    check(r#"{"id":-5,"method":"m","params":{}}"#, &number(-5));
    check(
        r#"{"id":9223372036854775807,"method":"m","params":{}}"#,
        &number(i64::MAX),
    );
    check(
        r#"{"id":"x","method":"m","params":{}}"#,
        &request(RequestId::Text("x".to_owned())),
    );
    check(
        r#"{"id":"","method":"m","params":{}}"#,
        &request(RequestId::Text(String::new())),
    );
}

#[test]
fn any_other_id_makes_a_notification() {
    let notification = Incoming::Notification { method: "m".to_owned() };
    for id in [
        "null",
        "1.5",
        "true",
        "{}",
        "[]",
        "9223372036854775808",
        "18446744073709551615",
    ] {
        check(&format!(r#"{{"id":{id},"method":"m","params":{{}}}}"#), &notification);
    }
    check(r#"{"method":"m"}"#, &notification);
}

#[test]
fn unknown_members_are_ignored() {
    check(
        r#"{"jsonrpc":"1.0","trace":5,"id":7,"method":"m","params":{},"x":[]}"#,
        &request(RequestId::Number(7)),
    );
}

#[test]
fn null_params_are_absent() {
    let absent = Incoming::Request(Request {
        id: RequestId::Number(1),
        method: "m".to_owned(),
        params: None,
    });
    check(r#"{"id":1,"method":"m","params":null}"#, &absent);
    check(r#"{"id":1,"method":"m"}"#, &absent);
}

#[test]
fn answers_of_the_client_are_recognised() {
    check(r#"{"id":7,"result":5}"#, &Incoming::Response);
    check(r#"{"id":7,"error":{"code":1,"message":"x"}}"#, &Incoming::Response);
}

#[test]
fn what_is_no_message_is_an_error() {
    for line in [r#"{"id":1,"params":{}}"#, r#"{"id":1,"method":5}"#, "{}"] {
        assert!(
            matches!(decode_message(line.as_bytes()), Err(EnvelopeError::NoMethod)),
            "{line}"
        );
    }
    for line in ["", "x", "5", r#""x""#, r#"[{"id":1,"method":"m"}]"#, r#"[1,"m",{}]"#] {
        assert!(
            matches!(decode_message(line.as_bytes()), Err(EnvelopeError::NotAnObject)),
            "{line}"
        );
    }
    for line in [r#"{"id":1,"id":2,"method":"m"}"#, "{} {}", "{\u{0}}"] {
        assert!(
            matches!(decode_message(line.as_bytes()), Err(EnvelopeError::Json(_))),
            "{line}"
        );
    }
    assert!(decode_message(b"{\"method\":\"\xff\"}").is_err());
}

#[test]
fn answers_keep_codexs_member_order() {
    let id = RequestId::Text("a".to_owned());
    let success = Response {
        id: id.clone(),
        result: json!({"x": 1}),
    };
    assert_eq!(
        serde_json::to_string(&success).expect("plain"),
        r#"{"id":"a","result":{"x":1}}"#
    );
    let error = ErrorObject {
        code: -32600,
        data: None,
        message: "m".to_owned(),
    };
    let failure = ErrorResponse { error, id };
    assert_eq!(
        serde_json::to_string(&failure).expect("plain"),
        r#"{"error":{"code":-32600,"message":"m"},"id":"a"}"#
    );
    let notification = ServerNotification {
        method: "n".to_owned(),
        params: json!({}),
        emitted_at_ms: 5,
    };
    assert_eq!(
        serde_json::to_string(&notification).expect("plain"),
        r#"{"method":"n","params":{},"emittedAtMs":5}"#
    );
}
