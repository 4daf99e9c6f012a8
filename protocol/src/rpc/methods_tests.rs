//! The table against facts about the real server.

use serde_json::{Value, json};

use super::{CODEX_METHODS, OWN_METHODS, Stability, find_method, gated_field, unknown_method_message};

#[test]
fn every_method_of_codex_is_there_once() {
    let mut names: Vec<&str> = CODEX_METHODS
        .iter()
        .chain(OWN_METHODS)
        .map(|method| method.name)
        .collect();
    assert_eq!(CODEX_METHODS.len(), 187);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CODEX_METHODS.len() + OWN_METHODS.len());
}

#[test]
fn an_unknown_method_is_answered_with_all_of_codexs() {
    let text = unknown_method_message("thread/rollback");
    let start = "unknown variant `thread/rollback`, expected one of `initialize`, `server/diagnostics`, `userVerification/status`, ";
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.ends_with("`fuzzyFileSearch/sessionUpdate`, `fuzzyFileSearch/sessionStop`"),
        "{text}"
    );
    assert_eq!(text.matches('`').count(), 2 * 188);
    assert!(!text.contains("indexState"), "our methods are not Codex's");
}

#[test]
fn reading_methods_are_gated_as_in_codex() {
    let gated = |name| find_method(name).expect(name).stability == Stability::Experimental;
    for name in [
        "thread/search",
        "thread/searchOccurrences",
        "thread/timeline/list",
        "thread/items/read",
        "server/diagnostics",
        "project/list",
        "rollout/compress",
        "thread/queue/list",
        "thread/memory/read",
    ] {
        assert!(gated(name), "{name}");
    }
    for name in [
        "initialize",
        "thread/list",
        "thread/read",
        "thread/turns/list",
        "thread/items/list",
        "thread/loaded/list",
        "getConversationSummary",
        "thread/revert",
        "threadSection/list",
        "thread/indexState",
    ] {
        assert!(!gated(name), "{name}");
    }
}

#[track_caller]
fn check(method: &str, params: &Value, expected: Option<&str>) {
    assert_eq!(gated_field(method, params), expected, "{method} {params}");
}

#[test]
fn gated_fields_trip_by_value_and_the_first_one_is_named() {
    check("thread/list", &json!({}), None);
    check(
        "thread/list",
        &json!({"includeAttachedThreads": false, "parentThreadId": null}),
        None,
    );
    check("thread/list", &json!({"parentThreadId": "x"}), Some("parentThreadId"));
    check("thread/list", &json!({"projectId": null}), Some("projectId"));
    check(
        "thread/list",
        &json!({"sectionId": null, "excludedThreadIds": []}),
        None,
    );
    check(
        "thread/list",
        &json!({"attachedToThreadId": "z", "parentThreadId": "x", "projectId": null, "includeAttachedThreads": true}),
        Some("includeAttachedThreads"),
    );
    check("thread/start", &json!({"dynamicTools": []}), Some("dynamicTools"));
    check("thread/start", &json!({"historyMode": "legacy"}), Some("historyMode"));
    check("thread/resume", &json!({"path": ""}), None);
    check("thread/resume", &json!({"path": "/x"}), Some("path"));
    check("thread/fork", &json!({"attachToSource": false}), None);
    check("thread/metadata/update", &json!({"projectId": null}), None);
    check("thread/read", &json!({"projectId": "x"}), None);
    check("thread/list", &json!([]), None);
}
