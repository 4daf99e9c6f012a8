//! Which texts items are found by.

use codex_protocol::item::ThreadItem;
use serde_json::{Value, json};

use super::{MAX_OUTPUT_HEAD_BYTES, MAX_OUTPUT_TAIL_BYTES, Outputs, fields_of};

fn fields(item: Value, outputs: Outputs) -> Vec<(&'static str, String)> {
    let item: ThreadItem = serde_json::from_value(item).expect("an item");
    let fields = fields_of(&item, outputs);
    fields
        .into_iter()
        .map(|field| (field.kind.word(), field.text.into_owned()))
        .collect()
}

fn check(item: Value, expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, text)| (*kind, (*text).to_owned()))
        .collect();
    assert_eq!(fields(item, Outputs::Searched), expected);
}

fn command(output: &str) -> Value {
    json!({
        "type": "commandExecution", "id": "c", "command": "cat src/lib.rs", "cwd": "/w", "source": "agent",
        "status": "completed", "aggregatedOutput": output,
        "commandActions": [{"type": "read", "command": "cat", "name": "lib.rs", "path": "/w/src/lib.rs"}],
    })
}

#[test]
fn messages_are_one_text_and_agents_are_read_as_rendered_too() {
    check(
        json!({"type": "userMessage", "id": "u", "content": [
            {"type": "text", "text": "fix the wid"}, {"type": "mention", "name": "m", "path": "/w/a.rs"},
            {"type": "text", "text": "get"},
        ]}),
        &[("path", "/w/a.rs"), ("message", "fix the widget")],
    );
    check(
        json!({"type": "agentMessage", "id": "a", "text": "wid**get** done"}),
        &[("message", "wid**get** done"), ("message", "widget done")],
    );
    check(
        json!({"type": "agentMessage", "id": "a", "text": "done"}),
        &[("message", "done")],
    );
    check(
        json!({"type": "hookPrompt", "id": "h", "fragments": [{"text": "secret", "hookRunId": "r"}]}),
        &[],
    );
}

#[test]
fn commands_have_paths_and_outputs() {
    check(
        command("pub mod a;"),
        &[
            ("command", "cat src/lib.rs"),
            ("path", "/w/src/lib.rs"),
            ("output", "pub mod a;"),
        ],
    );
    let ignored = fields(command("pub mod a;"), Outputs::Ignored);
    assert_eq!(ignored.len(), 2, "{ignored:?}");
}

#[test]
fn of_long_outputs_the_ends_are_searched() {
    let limit = MAX_OUTPUT_HEAD_BYTES + MAX_OUTPUT_TAIL_BYTES;
    let output = |middle: usize| {
        format!(
            "{}{}{}",
            "a".repeat(MAX_OUTPUT_HEAD_BYTES),
            "m".repeat(middle),
            "z".repeat(MAX_OUTPUT_TAIL_BYTES)
        )
    };
    assert_eq!(fields(command(&output(0)), Outputs::Searched)[2].1.len(), limit);
    let item: ThreadItem = serde_json::from_value(command(&output(1))).expect("an item");
    let found = fields_of(&item, Outputs::Searched);
    assert_eq!(found.len(), 4);
    assert!(!found[2].text.contains('m') && !found[3].text.contains('m'));
    assert_eq!(found[3].start_utf16, MAX_OUTPUT_HEAD_BYTES + 1);
}

#[test]
fn of_patches_changed_lines_are_searched() {
    let diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n";
    check(
        json!({"type": "fileChange", "id": "f", "status": "completed", "changes": [
            {"path": "x", "kind": {"type": "update", "move_path": null}, "diff": diff},
            {"path": "y", "kind": {"type": "add"}, "diff": "whole\nfile"},
        ]}),
        &[
            ("path", "x"),
            ("patch", "-old\n+new"),
            ("path", "y"),
            ("patch", "whole\nfile"),
        ],
    );
}

#[test]
fn tool_calls_are_searched_by_their_texts() {
    check(
        json!({"type": "mcpToolCall", "id": "m", "server": "docs", "tool": "find", "status": "completed",
               "arguments": {"query": "a\"b", "limit": 5}, "result": {"content": [
                   {"type": "text", "text": "found"}, {"type": "image", "data": "data:image/png;base64,AAAA"}]}}),
        &[
            ("call", "docs find"),
            ("call", "a\"b\n5"),
            ("result", "text\nfound\nimage"),
        ],
    );
    check(
        json!({"type": "webSearch", "id": "w", "query": "rust fts",
               "action": {"type": "search", "query": "rust fts", "queries": ["sqlite fts5"]}}),
        &[("web", "rust fts"), ("web", "sqlite fts5")],
    );
    check(
        json!({"type": "exitedReviewMode", "id": "r", "review": "two findings"}),
        &[("review", "two findings")],
    );
}
