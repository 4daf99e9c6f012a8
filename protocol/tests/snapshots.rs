//! Lines as the items that are served: canonical ones, and those of legacy events.
#![allow(
    clippy::unwrap_used,
    reason = "tests fail by panicking, in their small functions too"
)]

use codex_protocol::item::rebuilt::{CallPlace, item_from_call, place_call, user_shell_from_message};
use codex_protocol::item::{
    ThreadItem, TimedItem, TurnError, canonical_from_event, canonical_reasoning, hook_prompt_from_message,
};
use codex_protocol::log::{EventMsg, ResponseItem, RolloutItem, RolloutLine};
use serde_json::{Value, json};

const TODAY: &str = include_str!("lines/today.jsonl");
const OLD: &str = include_str!("lines/old.jsonl");

/// One JSON text per line, exactly as it is served.
fn texts<T: serde::Serialize>(items: &[T]) -> String {
    items
        .iter()
        .map(|item| serde_json::to_string(item).unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn events(lines: &'static str) -> impl Iterator<Item = EventMsg> {
    lines
        .lines()
        .filter_map(|line| match RolloutLine::decode(line.as_bytes()).unwrap().item {
            RolloutItem::EventMsg(event) => Some(*event),
            _ => None,
        })
}

#[test]
fn canonical_items() {
    let items: Vec<TimedItem> = events(TODAY)
        .filter_map(|event| match event {
            EventMsg::ItemCompleted(completed) => Some(TimedItem {
                started_at_ms: completed.started_at_ms,
                completed_at_ms: completed.known_completed_at_ms(),
                item: completed.item.into(),
            }),
            _ => None,
        })
        .collect();
    for item in &items {
        let text = serde_json::to_string(item).unwrap();
        assert_eq!(&serde_json::from_str::<TimedItem>(&text).unwrap(), item);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(&serde_json::from_value::<TimedItem>(value).unwrap(), item);
    }
    insta::assert_snapshot!(texts(&items));
}

fn event_items(lines: &'static str) -> Vec<Value> {
    events(lines)
        .filter_map(|event| {
            let served = match &event {
                EventMsg::ItemCompleted(_) if lines == TODAY => return None,
                EventMsg::Error(error) => json!(TurnError::from(error)),
                event => match (canonical_from_event(event), canonical_reasoning(event)) {
                    (Some(item), _) => json!({
                        "naturalId": item.natural_id,
                        "turnId": item.turn_id,
                        "startedAtMs": item.started_at_ms,
                        "completedAtMs": item.completed_at_ms,
                        "item": ThreadItem::from(item.item),
                    }),
                    (None, Some(reasoning)) => json!(format!("{reasoning:?}")),
                    (None, None) => Value::Null,
                },
            };
            let kind = json!(event)["type"].clone();
            Some(json!({ "event": kind, "gives": served }))
        })
        .collect()
}

#[test]
fn legacy_events_of_today() {
    insta::assert_snapshot!(texts(&event_items(TODAY)));
}

#[test]
fn legacy_events_of_old_files() {
    insta::assert_snapshot!(texts(&event_items(OLD)));
}

fn response(value: Value) -> ResponseItem {
    let raw = serde_json::value::to_raw_value(&value).unwrap();
    ResponseItem::decode(&raw).unwrap()
}

fn call(name: &str, arguments: Value) -> ResponseItem {
    response(json!({ "type": "function_call", "name": name, "arguments": arguments.to_string(), "call_id": "c" }))
}

fn output(text: &str) -> ResponseItem {
    response(json!({ "type": "function_call_output", "call_id": "c", "output": text }))
}

fn rebuilt(call: &ResponseItem, outputs: &[&str]) -> Value {
    let outputs: Vec<ResponseItem> = outputs.iter().map(|text| output(text)).collect();
    let later = outputs.get(1..).unwrap_or_default();
    let Some(mut item) = item_from_call(call, outputs.first(), later) else {
        return Value::Null;
    };
    place_call(
        &mut item,
        CallPlace {
            cwd: "/home/user/app",
            thread_id: "thread-1",
        },
    );
    json!(ThreadItem::from(item))
}

#[test]
fn rebuilt_commands() {
    let unified =
        "Chunk ID: a\nWall time: 0.2500 seconds\nProcess exited with code 3\nOriginal token count: 1\nOutput:\nout\n";
    let running = "Chunk ID: a\nWall time: 0.3000 seconds\nProcess running with session ID 61744\nOriginal token count: 0\nOutput:\na";
    let end =
        "Chunk ID: b\nWall time: 1.0000 seconds\nProcess exited with code 0\nOriginal token count: 0\nOutput:\nb\r\n";
    let shell = json!({ "command": ["bash", "-lc", "ls -a"], "workdir": "sub", "timeout_ms": 1000 });
    let cut = "Wall time: 0.0000 seconds\nProcess exited with code 0\nOutput:\nWarning: truncated output (original token count: 9)\nTotal output lines: 4\n\n1\n…5 chars truncated…4\n";
    let failed = "exec_command failed: CreateProcess { message: \"Rejected(\\\"No such file\\\")\" }";
    insta::assert_snapshot!(texts(&[
        rebuilt(
            &call("exec_command", json!({ "cmd": "ls", "login": false })),
            &[unified]
        ),
        rebuilt(
            &call("exec_command", json!({ "cmd": "read x", "workdir": "/abs/../dir" })),
            &[running, end]
        ),
        rebuilt(
            &call("exec_command", json!({ "cmd": "sleep 9", "shell": "/bin/zsh" })),
            &[running]
        ),
        rebuilt(&call("exec_command", json!({ "cmd": "seq 4" })), &[cut]),
        rebuilt(&call("exec_command", json!({ "cmd": "pwd" })), &[failed]),
        rebuilt(
            &call("exec_command", json!({ "cmd": "sleep 9" })),
            &["Wall time: 0.6 seconds\naborted by user"]
        ),
        rebuilt(&call("exec_command", json!({ "cmd": "sleep 9" })), &[]),
        rebuilt(
            &call("exec_command", json!("{not an object")),
            &["failed to parse function arguments: x"]
        ),
        rebuilt(
            &call("shell", shell.clone()),
            &["{\"output\":\"a\\n\",\"metadata\":{\"exit_code\":0,\"duration_seconds\":1.5}}"]
        ),
        rebuilt(
            &call("shell", shell.clone()),
            &["Exit code: 124\nWall time: 10 seconds\nOutput:\npartial"]
        ),
        rebuilt(&call("shell", shell.clone()), &["exec command rejected by user"]),
        rebuilt(&call("shell", shell), &["just text"]),
        rebuilt(
            &call("shell_command", json!({ "command": "ls" })),
            &["failed in sandbox: no"]
        ),
    ]));
}

#[test]
fn rebuilt_patches() {
    let patch = "*** Begin Patch\n*** Add File: new.txt\n+alpha\n+\n*** Update File: old.txt\n*** Move to: sub/moved.txt\n@@ fn main\n line one\n-two\n+2\n*** Delete File: gone.txt\n*** End Patch";
    let custom = |input: &str| {
        response(json!({ "type": "custom_tool_call", "name": "apply_patch", "call_id": "c", "input": input }))
    };
    let heredoc = format!("cd sub && apply_patch <<'EOF'\n{patch}\nEOF");
    let success = "Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\nA new.txt\n";
    insta::assert_snapshot!(texts(&[
        rebuilt(&custom(patch), &[success]),
        rebuilt(&custom(patch), &["apply_patch verification failed: no such line"]),
        rebuilt(
            &custom("this is not a patch"),
            &["apply_patch verification failed: invalid patch"]
        ),
        rebuilt(
            &call("exec_command", json!({ "cmd": heredoc })),
            &[&format!("Wall time: 0.0 seconds\nOutput:\n{success}")]
        ),
        rebuilt(
            &call("shell", json!({ "command": ["apply_patch", patch], "workdir": "/w" })),
            &[]
        ),
        rebuilt(&call("apply_patch", json!({ "input": patch })), &["rejected by user"]),
    ]));
}

#[test]
fn rebuilt_other_calls() {
    let agent = "0198c0de-0000-7000-8000-000000000002";
    let in_namespace = |namespace: &str, name: &str, arguments: Value| {
        response(json!({
            "type": "function_call", "namespace": namespace, "name": name,
            "arguments": arguments.to_string(), "call_id": "c",
        }))
    };
    let spawned = json!({ "agent_id": agent, "nickname": "Sartre" }).to_string();
    let waited = json!({ "status": { agent: { "completed": "done" } }, "timed_out": false }).to_string();
    let closed = json!({ "previous_status": { "errored": "bad" } }).to_string();
    let search = json!({ "type": "search", "queries": ["rain", "sun"] });
    let find = json!({ "type": "find_in_page", "url": "https://x", "pattern": "rain" });
    insta::assert_snapshot!(texts(&[
        rebuilt(
            &in_namespace("mcp__tiny", "echo", json!({ "x": 1 })),
            &["Wall time: 0.1 seconds\nOutput:\n{\"sum\":5}"]
        ),
        rebuilt(
            &call("tiny__echo", json!({})),
            &["{\"content\":[{\"type\":\"text\",\"text\":\"no\"}],\"isError\":true}"]
        ),
        rebuilt(&call("mcp__tiny__echo", json!({})), &["tool call error: gone"]),
        rebuilt(
            &call("read_mcp_resource", json!({ "server": "tiny", "uri": "tiny://x" })),
            &[]
        ),
        rebuilt(
            &call("view_image", json!({ "path": "pic.png" })),
            &["attached local image path"]
        ),
        rebuilt(
            &in_namespace("clock", "sleep", json!({ "duration_ms": 200 })),
            &["Wall time: 0.2 seconds\nSleep completed."]
        ),
        rebuilt(
            &in_namespace("multi_agent_v1", "spawn_agent", json!({ "message": "go" })),
            &[&spawned]
        ),
        rebuilt(
            &in_namespace("multi_agent_v1", "wait_agent", json!({ "targets": [agent] })),
            &[&waited]
        ),
        rebuilt(
            &in_namespace("multi_agent_v1", "close_agent", json!({ "target": agent })),
            &[&closed]
        ),
        rebuilt(
            &in_namespace(
                "collaboration",
                "send_message",
                json!({ "target": "helper", "message": "hi" })
            ),
            &[""]
        ),
        rebuilt(
            &in_namespace("collaboration", "followup_task", json!({ "target": "helper" })),
            &["no such agent"]
        ),
        rebuilt(&in_namespace("crm", "get", json!({ "id": 1.0 })), &["answer"]),
        rebuilt(&call("no_such_tool", json!({})), &["unsupported call: no_such_tool"]),
        rebuilt(&call("update_plan", json!({ "plan": [] })), &["Plan updated"]),
        rebuilt(&call("write_stdin", json!({ "session_id": 5, "chars": "x" })), &["x"]),
        rebuilt(&response(json!({ "type": "web_search_call", "action": search })), &[]),
        rebuilt(
            &response(json!({ "type": "web_search_call", "id": "ws_1", "action": find })),
            &[]
        ),
        rebuilt(
            &response(
                json!({ "type": "local_shell_call", "call_id": "c", "status": "completed", "action": { "type": "exec", "command": ["ls"], "working_directory": "/w" } })
            ),
            &["{\"output\":\"x\",\"metadata\":{\"exit_code\":1}}"]
        ),
        rebuilt(
            &response(
                json!({ "type": "custom_tool_call", "namespace": "functions", "name": "exec", "call_id": "c", "input": "text(1)" })
            ),
            &["Script failed\nno"]
        ),
        rebuilt(
            &response(
                json!({ "type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA" })
            ),
            &[]
        ),
    ]));
}

#[test]
fn messages_that_stand_for_items() {
    let user = |text: &str| {
        response(
            json!({ "type": "message", "id": "msg_1", "role": "user", "content": [{ "type": "input_text", "text": text }] }),
        )
    };
    let shell = user(
        "<user_shell_command>\n<command>\necho hi; exit 2\n</command>\n<result>\nExit code: 2\nDuration: 0.0340 seconds\nOutput:\nhi\n\n</result>\n</user_shell_command>",
    );
    let hook = user(" <hook_prompt hook_run_id=\"stop:0:/a &gt; b>c\">say &lt;hi&gt; &#x41;&amp;</hook_prompt> ");
    insta::assert_snapshot!(texts(&[
        json!(user_shell_from_message(&shell).map(ThreadItem::from)),
        json!(hook_prompt_from_message(&hook).map(ThreadItem::from)),
        json!(hook_prompt_from_message(&user("<hook_prompt hook_run_id=\" \">x</hook_prompt>")).map(ThreadItem::from)),
        json!(hook_prompt_from_message(&user("<hook_prompt>x</hook_prompt>")).map(ThreadItem::from)),
        json!(hook_prompt_from_message(&user("plain")).map(ThreadItem::from)),
    ]));
}
