//! Checks that arbitrary histories are reproducible and reach what they promise.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::rollout::Mode;

#[test]
fn the_same_seed_gives_the_same_history() {
    for mode in [Mode::Legacy, Mode::Paginated, Mode::Bare] {
        assert_eq!(
            history_from_seed(7, mode, 40).bytes(),
            history_from_seed(7, mode, 40).bytes()
        );
    }
    assert_ne!(
        history_from_seed(7, Mode::Legacy, 40).bytes(),
        history_from_seed(8, Mode::Legacy, 40).bytes()
    );
}

/// What a line is: its event or item kind, or how it is damaged.
fn kinds(history: &History) -> BTreeSet<String> {
    history
        .lines
        .iter()
        .map(|line| match serde_json::from_slice::<Value>(line) {
            Err(_) => "undecodable".to_owned(),
            Ok(line) => {
                let payload = if line["payload"].is_object() {
                    &line["payload"]
                } else {
                    &line
                };
                let kind = payload["item"]["type"]
                    .as_str()
                    .or(payload["type"].as_str())
                    .or(line["type"].as_str());
                kind.unwrap_or("other").to_owned()
            }
        })
        .collect()
}

fn reached(mode: Mode) -> BTreeSet<String> {
    (0..60)
        .flat_map(|seed| kinds(&history_from_seed(seed, mode, 60)))
        .collect()
}

fn check_reached(mode: Mode, expected: &[&str]) {
    let reached = reached(mode);
    let missing: Vec<_> = expected.iter().filter(|kind| !reached.contains(**kind)).collect();
    assert!(
        missing.is_empty(),
        "{mode:?} histories never hold {missing:?}, only {reached:?}"
    );
}

#[test]
fn legacy_histories_hold_events_rollbacks_and_damage() {
    check_reached(
        Mode::Legacy,
        &[
            "user_message",
            "agent_message",
            "agent_reasoning",
            "exec_command_end",
            "patch_apply_end",
            "mcp_tool_call_end",
            "thread_rolled_back",
            "context_compacted",
            "entered_review_mode",
            "function_call",
            "function_call_output",
            "event_of_the_future",
            "undecodable",
        ],
    );
}

#[test]
fn paginated_histories_hold_items_and_damage() {
    check_reached(
        Mode::Paginated,
        &[
            "UserMessage",
            "AgentMessage",
            "Reasoning",
            "CommandExecution",
            "FileChange",
            "McpToolCall",
            "HookPrompt",
            "ContextCompaction",
            "ItemOfTheFuture",
            "undecodable",
        ],
    );
}

#[test]
fn bare_histories_hold_plain_items_only() {
    check_reached(
        Mode::Bare,
        &[
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "undecodable",
        ],
    );
    assert!(!reached(Mode::Bare).contains("task_started"));
}
