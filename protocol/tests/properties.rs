//! Decoding is total: any bytes give a value or an error, never a panic.
#![allow(
    clippy::unwrap_used,
    reason = "tests fail by panicking, in their small functions too"
)]

use codex_protocol::item::rebuilt::{
    CallPlace, call_key, continued_session, is_output, item_from_call, place_call, running_session, settle_call,
    user_shell_from_message,
};
use codex_protocol::item::{ThreadItem, canonical_from_event, canonical_reasoning, hook_prompt_from_message};
use codex_protocol::log::response::ToolOutput;
use codex_protocol::log::{BareLine, LineHead, ResponseItem, RolloutItem, RolloutLine, legacy_policy_keeps, peek};
use codex_protocol::text;
use proptest::prelude::*;
use serde_json::{Value, json};

const TODAY: &str = include_str!("lines/today.jsonl");
const OLD: &str = include_str!("lines/old.jsonl");

fn known_line() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = TODAY.lines().chain(OLD.lines()).collect();
    proptest::sample::select(lines).prop_map(str::to_owned)
}

/// Runs everything that looks at one line.
fn digest(bytes: &[u8]) {
    let seen = peek(bytes).map(|seen| (seen.kind.to_owned(), seen.ordinal));
    if let (Some((kind, ordinal)), Ok(head)) = (seen, LineHead::parse(bytes)) {
        // What the prefix says may be overruled only by a repeated key further on.
        let repeated = bytes
            .windows(6)
            .filter(|window| *window == b"\"type\"" || *window == b"\"ordin")
            .count()
            > 2;
        assert!(repeated || (kind == head.kind && ordinal == head.ordinal));
    }
    let _ = BareLine::decode(bytes);
    let Ok(line) = RolloutLine::decode(bytes) else { return };
    assert_eq!(line.encode(), bytes.strip_suffix(b"\n").unwrap_or(bytes));
    let _ = legacy_policy_keeps(&line.item);
    let constructed = RolloutLine::new(line.timestamp.clone(), line.ordinal, line.item.clone()).encode();
    assert!(LineHead::parse(&constructed).is_ok());
    match &line.item {
        RolloutItem::EventMsg(event) => {
            let _ = canonical_reasoning(event);
            if let Some(item) = canonical_from_event(event) {
                assert!(serde_json::to_string(&ThreadItem::from(item.item)).is_ok());
            }
        }
        RolloutItem::ResponseItem(response) => {
            let _ = (
                hook_prompt_from_message(&response.item),
                user_shell_from_message(&response.item),
            );
            let _ = (
                call_key(&response.item),
                running_session(&response.item),
                continued_session(&response.item),
            );
            digest_call(&response.item, None, &[]);
        }
        _ => {}
    }
}

fn digest_call(call: &ResponseItem, output: Option<&ResponseItem>, later: &[ResponseItem]) {
    let alone = item_from_call(call, None, &[]);
    let whole = item_from_call(call, output, later);
    // An index row is made from the call alone: nothing later may take its item away.
    assert_eq!(
        alone.as_ref().map(|item| (item.kind(), item.id().to_owned())),
        whole.as_ref().map(|item| (item.kind(), item.id().to_owned()))
    );
    if let Some(mut item) = whole {
        place_call(
            &mut item,
            CallPlace {
                cwd: "/home/user",
                thread_id: "t",
            },
        );
        settle_call(&mut item);
        let served = serde_json::to_value(ThreadItem::from(item)).unwrap();
        assert_ne!(served["status"], json!("inProgress"));
    }
}

fn response(value: &Value) -> ResponseItem {
    let raw = serde_json::value::to_raw_value(value).unwrap();
    ResponseItem::decode(&raw).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        digest(&bytes);
    }

    #[test]
    fn any_json(text in r#"(\{|\[|"(type|payload|ordinal|timestamp|record_type|id)":|"[a-z_\\]{0,6}"|,|:|\}|\]|[0-9.e-]{1,4}|null|true){0,24}"#) {
        digest(text.as_bytes());
    }

    #[test]
    fn cut_lines(line in known_line(), at in any::<proptest::sample::Index>()) {
        let cut = &line.as_bytes()[..at.index(line.len())];
        prop_assert!(RolloutLine::decode(cut).is_err());
        digest(cut);
    }

    #[test]
    fn changed_bytes(line in known_line(), changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = line.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        digest(&bytes);
    }

    /// Any member replaced by any other kind of value.
    #[test]
    fn changed_values(line in known_line(), at in any::<proptest::sample::Index>(), pick in 0..8_usize) {
        let mut value: Value = serde_json::from_str(&line).unwrap();
        let replacement = [json!(null), json!(-1), json!(1.5), json!(u64::MAX), json!("x"), json!([]), json!({}), json!({ "type": [] })];
        let count = count_values(&value);
        replace(&mut value, &mut at.index(count), &replacement[pick]);
        digest(value.to_string().as_bytes());
    }

    #[test]
    fn calls_keep_their_item_whatever_they_return(
        name in proptest::sample::select(vec!["exec_command", "shell", "apply_patch", "view_image", "wait", "spawn_agent", "a__b", "mcp__x__y", "write_stdin", "get"]),
        arguments in proptest::sample::select(vec!["{}", "", "{not", r#"{"cmd":"ls"}"#, r#"{"command":["ls"]}"#, r#"{"path":"a"}"#, r#"{"input":"*** Begin Patch\n*** Add File: a\n+b\n*** End Patch"}"#, r#"{"message":"m","session_id":1}"#]),
        text in "(Process exited with code |Output:\n|Wall time: |Exit code: |Process running with session ID |Chunk ID: |[0-9a-z. ]{0,5}|\n| seconds|\\{\"output\":\"x\"\\}){0,8}",
    ) {
        let call = response(&json!({ "type": "function_call", "name": name, "arguments": arguments, "call_id": "c" }));
        let output = response(&json!({ "type": "function_call_output", "call_id": "c", "output": text }));
        prop_assert!(is_output(&output) && !is_output(&call));
        digest_call(&call, Some(&output), std::slice::from_ref(&output));
        let _ = ToolOutput::text(&text).joined_text();
    }

    #[test]
    fn text_rules_are_total(text in any::<String>(), other in any::<String>()) {
        let once = text::redact_secrets(&text).into_owned();
        prop_assert_eq!(text::redact_secrets(&once).into_owned(), once.clone());
        let normal = text::normalize_path(&text);
        prop_assert_eq!(text::normalize_path(&normal), normal.clone());
        let _ = (text::join_path(&text, &other), text::file_uri_to_path(&text), text::rfc3339_to_unix_ms(&text));
        let _ = text::shell_join(&[text, other]);
    }

    #[test]
    fn paths_survive_the_uri(path in "/[^\u{0}]{0,40}") {
        // A path that looks like `/C:/x` names a drive when it is a URI.
        prop_assume!(!path[1..].starts_with(|c: char| c.is_ascii_alphabetic()) || path.as_bytes().get(2) != Some(&b':'));
        let uri = text::path_to_file_uri(&path);
        prop_assert_eq!(text::file_uri_to_path(&uri).into_owned(), path);
    }
}

fn count_values(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count_values).sum(),
        Value::Object(members) => members.values().map(count_values).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn replace(value: &mut Value, at: &mut usize, replacement: &Value) -> bool {
    if *at == 0 {
        *value = replacement.clone();
        return true;
    }
    *at -= 1;
    match value {
        Value::Array(values) => values.iter_mut().any(|value| replace(value, at, replacement)),
        Value::Object(members) => members.values_mut().any(|value| replace(value, at, replacement)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
