//! A turn with every kind of item as people see it.

use codex_protocol::item::{ThreadItem, TimedItem, TurnError, TurnStatus};
use codex_protocol::rpc::common::TurnItemsView;
use codex_protocol::rpc::turn::Turn;
use serde_json::{Value, json};

use super::{Cut, turn_text};
use crate::cli::output::Colour;

fn item(value: &Value) -> TimedItem {
    let item: ThreadItem = serde_json::from_str(&value.to_string()).unwrap_or_else(|error| panic!("{value}: {error}"));
    TimedItem {
        item,
        started_at_ms: None,
        completed_at_ms: None,
    }
}

fn turn(items: &[Value]) -> Turn {
    Turn {
        id: "t".to_owned(),
        root_turn_id: None,
        items: items.iter().map(item).collect(),
        items_view: TurnItemsView::Full,
        status: TurnStatus::Failed,
        error: Some(TurnError {
            message: "the provider\nhung up".to_owned(),
            codex_error_info: None,
            additional_details: None,
            misalignment: None,
        }),
        started_at: Some(1_790_000_000),
        completed_at: None,
        duration_ms: Some(61_000),
    }
}

fn command(output: &str, exit_code: Option<i32>) -> Value {
    json!({
        "type": "commandExecution", "id": "c", "command": "cargo test", "cwd": "/x", "source": "agent",
        "status": "completed", "commandActions": [], "aggregatedOutput": output, "exitCode": exit_code, "durationMs": 120,
    })
}

#[test]
fn every_kind_of_item_has_its_words() {
    let items = [
        json!({"type": "userMessage", "id": "1", "content": [
            {"type": "text", "text": "first\nsecond \u{1b}[31m"}, {"type": "localImage", "path": "/a.png"},
            {"type": "mention", "name": "src/x.rs", "path": "src/x.rs"},
        ]}),
        json!({"type": "reasoning", "id": "2", "summary": ["**Why**\nbecause"], "content": ["raw"]}),
        json!({"type": "agentMessage", "id": "3", "text": "Done.\n\n- one\n"}),
        json!({"type": "plan", "id": "4", "text": "1. a\n2. b"}),
        command("ok\n", Some(0)),
        command("", Some(101)),
        command("", None),
        json!({"type": "fileChange", "id": "6", "status": "completed", "changes": [
            {"path": "/x/a.rs", "kind": {"type": "add"}, "diff": "fn a() {}\n"},
            {"path": "/x/b.rs", "kind": {"type": "delete"}, "diff": ""},
            {"path": "/x/c.rs", "kind": {"type": "update", "move_path": null}, "diff": "@@ -1 +1 @@\n-a\n+b\n"},
        ]}),
        json!({"type": "mcpToolCall", "id": "7", "server": "s", "tool": "t", "status": "failed",
            "arguments": {"q": "x"}, "error": {"message": "no such tool"}}),
        json!({"type": "dynamicToolCall", "id": "8", "tool": "lookup", "arguments": {"a": 1}, "status": "completed"}),
        json!({"type": "functionCallOutput", "id": "9", "name": "clock", "output": "12:00"}),
        json!({"type": "webSearch", "id": "10", "query": "rust"}),
        json!({"type": "imageView", "id": "11", "path": "/a.png"}),
        json!({"type": "sleep", "id": "12", "durationMs": 1500}),
        json!({"type": "hookPrompt", "id": "13", "fragments": [{"text": "stop", "hookRunId": "h"}]}),
        json!({"type": "enteredReviewMode", "id": "14", "review": "current changes"}),
        json!({"type": "exitedReviewMode", "id": "15", "review": "nothing found"}),
        json!({"type": "contextCompaction", "id": "16"}),
        json!({"type": "subAgentActivity", "id": "17", "kind": "started", "agentThreadId": "t", "agentPath": "/root/a"}),
    ];
    insta::assert_snapshot!(turn_text(Colour::Off, &turn(&items), Cut::LongOutput));
}

#[test]
fn long_outputs_keep_both_ends_unless_everything_is_wanted() {
    let output: String = (1..=13).map(|line| format!("line {line}\n")).collect();
    let text = |output: &str, cut| turn_text(Colour::Off, &turn(&[command(output, Some(0))]), cut);
    let cut = text(&output, Cut::LongOutput);
    assert!(
        cut.contains("    line 6\n    … 1 more lines; --full shows them\n    line 8\n"),
        "{cut}"
    );
    assert!(text(&output, Cut::Nothing).contains("line 7\n"));
    let at_the_limit: String = (1..=12).map(|line| format!("line {line}\n")).collect();
    assert!(text(&at_the_limit, Cut::LongOutput).contains("line 7\n"));
}
