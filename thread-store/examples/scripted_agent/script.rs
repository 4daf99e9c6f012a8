//! What the scripted model says and does: turns as batches of records, in the canonical form.
//!
//! Raw Responses items are what the model needs to continue; `item_completed` events are what people read.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_thread_store::live::RawItem;
use serde_json::{Value, json};

/// A turn as the batches that an agent appends, one after the other.
type Play = fn(&Turn) -> Vec<Vec<RawItem>>;

/// The turns, in order.
pub(crate) const TURNS: [Play; 10] = [
    commands,
    files,
    tools,
    agents,
    pictures,
    long,
    interrupted,
    failed,
    compacted,
    review,
];

/// One turn to be played.
pub(crate) struct Turn {
    pub(crate) thread_id: ThreadId,
    pub(crate) turn_id: String,
    pub(crate) now_ms: i64,
}

impl Turn {
    /// Makes a name that is the turn's own.
    fn id(&self, name: &str) -> String {
        format!("{name}_{}", self.turn_id.replace('-', ""))
    }

    fn start(&self) -> RawItem {
        event(&json!({
            "type": "task_started", "turn_id": self.turn_id, "started_at": self.now_ms / 1000,
            "model_context_window": 258_400, "collaboration_mode_kind": "default",
        }))
    }

    fn context(&self) -> RawItem {
        let context = json!({
            "turn_id": self.turn_id, "cwd": "/home/user/project", "approval_policy": "never",
            "sandbox_policy": {"type": "danger-full-access"}, "model": "mock-model", "summary": "none",
        });
        raw("turn_context", &context)
    }

    fn item(&self, item: &Value) -> RawItem {
        event(&json!({
            "type": "item_completed", "thread_id": self.thread_id, "turn_id": self.turn_id, "item": item,
            "started_at_ms": self.now_ms, "completed_at_ms": self.now_ms + 5,
        }))
    }

    /// The user says something.
    fn user(&self, text: &str) -> Vec<RawItem> {
        let message = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
        let item = json!({
            "type": "UserMessage", "id": self.id("user"),
            "content": [{"type": "text", "text": text, "text_elements": []}],
        });
        vec![raw("response_item", &message), self.item(&item)]
    }

    /// The agent says something: the item first, then the record of it.
    fn agent(&self, text: &str, phase: Option<&str>) -> Vec<RawItem> {
        let id = self.id("msg");
        let item =
            json!({"type": "AgentMessage", "id": id, "content": [{"type": "Text", "text": text}], "phase": phase});
        let message = json!({
            "type": "message", "id": id, "role": "assistant", "content": [{"type": "output_text", "text": text}],
            "phase": phase,
        });
        vec![self.item(&item), raw("response_item", &message)]
    }

    /// The agent calls a function and gets its output.
    fn call(&self, name: &str, arguments: &Value, output: &str) -> Vec<RawItem> {
        let call_id = self.id(name);
        let call = json!({
            "type": "function_call", "name": name, "arguments": arguments.to_string(), "call_id": call_id,
        });
        let output = json!({"type": "function_call_output", "call_id": call_id, "output": output});
        vec![raw("response_item", &call), raw("response_item", &output)]
    }

    fn tokens(&self) -> RawItem {
        let usage = json!({
            "input_tokens": 100, "cached_input_tokens": 10, "output_tokens": 20, "reasoning_output_tokens": 5,
            "total_tokens": 120,
        });
        event(&json!({
            "type": "token_count",
            "info": {"total_token_usage": usage, "last_token_usage": usage, "model_context_window": 258_400},
            "rate_limits": null,
        }))
    }

    fn complete(&self, last: Option<&str>) -> Vec<RawItem> {
        let seconds = self.now_ms / 1000;
        let complete = json!({
            "type": "task_complete", "turn_id": self.turn_id, "last_agent_message": last, "started_at": seconds,
            "completed_at": seconds, "duration_ms": 5,
        });
        vec![self.tokens(), event(&complete)]
    }

    /// A turn begins with what the user says.
    fn begin(&self, text: &str) -> Vec<RawItem> {
        let mut begin = vec![self.start(), self.context()];
        begin.extend(self.user(text));
        begin
    }
}

fn raw(kind: &str, payload: &Value) -> RawItem {
    RawItem::new(kind, RawJson::of(payload).expect("values always serialise"))
}

fn event(payload: &Value) -> RawItem {
    raw("event_msg", payload)
}

/// The user says `text`, the agent answers.
pub(crate) fn say(turn: &Turn, text: &str) -> Vec<Vec<RawItem>> {
    let answer = format!("Answer to: {text}");
    vec![
        turn.begin(text),
        turn.agent(&answer, None),
        turn.complete(Some(&answer)),
    ]
}

fn commands(turn: &Turn) -> Vec<Vec<RawItem>> {
    let reasoning_id = turn.id("rs");
    let reasoning =
        json!({"type": "Reasoning", "id": reasoning_id, "summary_text": ["**Looking around**"], "raw_content": []});
    let record = json!({
        "type": "reasoning", "id": reasoning_id, "summary": [{"type": "summary_text", "text": "**Looking around**"}],
        "encrypted_content": null,
    });
    let output = "Chunk ID: 1\nWall time: 0.0100 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nhello.txt\n";
    let mut run = turn.call(
        "exec_command",
        &json!({"cmd": "ls", "workdir": "/home/user/project"}),
        output,
    );
    let command = json!({
        "type": "CommandExecution", "id": turn.id("exec_command"), "process_id": "7", "command": ["/bin/bash", "-c", "ls"],
        "cwd": "file:///home/user/project", "parsed_cmd": [{"type": "unknown", "cmd": "ls"}],
        "source": "unified_exec_startup", "status": "completed", "aggregated_output": "hello.txt\n", "exit_code": 0,
        "duration": {"secs": 0, "nanos": 10_000_000},
    });
    run.insert(1, turn.item(&command));
    let answer = "There is one file: `hello.txt` 👋 日本語 naïve";
    vec![
        turn.begin("what is here? 日本語 😀 naïve"),
        vec![turn.item(&reasoning), raw("response_item", &record)],
        run,
        turn.agent(answer, Some("final_answer")),
        turn.complete(Some(answer)),
    ]
}

fn files(turn: &Turn) -> Vec<Vec<RawItem>> {
    let call_id = turn.id("apply_patch");
    let patch = "*** Begin Patch\n*** Add File: new.txt\n+alpha\n*** End Patch";
    let call = json!({"type": "custom_tool_call", "name": "apply_patch", "input": patch, "call_id": call_id, "status": "completed"});
    let output = json!({"type": "custom_tool_call_output", "call_id": call_id, "output": "Success."});
    let change = json!({
        "type": "FileChange", "id": call_id, "status": "completed", "stdout": "Success.\n", "stderr": "",
        "changes": {"/home/user/project/new.txt": {"type": "add", "content": "alpha\n"}},
    });
    vec![
        turn.begin("make a file"),
        vec![
            raw("response_item", &call),
            turn.item(&change),
            raw("response_item", &output),
        ],
        turn.agent("I have made new.txt.", None),
        turn.complete(Some("I have made new.txt.")),
    ]
}

fn tools(turn: &Turn) -> Vec<Vec<RawItem>> {
    let mut mcp = turn.call("mcp__tiny__echo", &json!({"text": "hi"}), "hi");
    let item = json!({
        "type": "McpToolCall", "id": turn.id("mcp__tiny__echo"), "server": "tiny", "tool": "echo",
        "arguments": {"text": "hi"}, "status": "completed", "result": {"content": [{"type": "text", "text": "hi"}]},
        "duration": {"secs": 0, "nanos": 1_000_000},
    });
    mcp.insert(1, turn.item(&item));
    let search_id = turn.id("ws");
    let action = json!({"type": "search", "query": "rain"});
    let search = json!({"type": "web_search_call", "id": search_id, "status": "completed", "action": action});
    let found = json!({"type": "WebSearch", "id": search_id, "query": "rain", "action": action});
    let plan = json!({"type": "Plan", "id": turn.id("plan"), "text": "# Plan\n- one\n- two\n"});
    let image = json!({"type": "ImageView", "id": turn.id("view"), "path": "file:///home/user/project/pic.png"});
    let dynamic = json!({
        "type": "DynamicToolCall", "id": turn.id("lookup"), "tool": "lookup", "arguments": {"id": "42"},
        "status": "completed", "content_items": [{"type": "inputText", "text": "found"}], "success": true,
        "duration": {"secs": 0, "nanos": 1_000_000},
    });
    vec![
        turn.begin("use some tools"),
        mcp,
        vec![turn.item(&found), raw("response_item", &search)],
        vec![turn.item(&plan), turn.item(&image), turn.item(&dynamic)],
        turn.agent("Done.", None),
        turn.complete(Some("Done.")),
    ]
}

/// Other agents, and what comes from outside: hooks, sensors, time.
fn agents(turn: &Turn) -> Vec<Vec<RawItem>> {
    let child = "01234567-89ab-7def-8123-456789abcdef";
    let mut spawn = turn.call("spawn_agent", &json!({"message": "count to three"}), child);
    let spawned = json!({
        "type": "CollabAgentToolCall", "id": turn.id("spawn_agent"), "tool": "spawn_agent", "status": "completed",
        "sender_thread_id": turn.thread_id, "receiver_thread_ids": [child], "prompt": "count to three",
        "agents_states": {child: "pending_init"},
    });
    spawn.insert(1, turn.item(&spawned));
    let activity = json!({
        "type": "SubAgentActivity", "id": turn.id("activity"), "kind": "interacted", "agent_thread_id": child,
        "agent_path": "/root/helper",
    });
    let sleep = json!({"type": "Extension", "kind": "clock.sleep", "id": turn.id("sleep"), "durationMs": 5});
    let reading_id = turn.id("fco");
    let reading = json!({"type": "function_call_output", "id": reading_id, "name": "sensor", "output": "reading 7"});
    let read = json!({"type": "FunctionCallOutput", "id": reading_id, "name": "sensor", "output": "reading 7"});
    let prompt_id = turn.id("msg_hook");
    let prompt = json!({
        "type": "message", "id": prompt_id, "role": "user", "content": [{
            "type": "input_text", "text": "<hook_prompt hook_run_id=\"stop:0\">add a closing line</hook_prompt>",
        }],
    });
    let prompted = json!({
        "type": "HookPrompt", "id": prompt_id, "fragments": [{"text": "add a closing line", "hookRunId": "stop:0"}],
    });
    vec![
        turn.begin("ask another agent"),
        spawn,
        vec![turn.item(&activity), turn.item(&sleep)],
        vec![raw("response_item", &reading), turn.item(&read)],
        vec![raw("response_item", &prompt), turn.item(&prompted)],
        turn.agent("On my way.", Some("commentary")),
        turn.complete(Some("On my way.")),
    ]
}

/// Pictures, from both sides.
fn pictures(turn: &Turn) -> Vec<Vec<RawItem>> {
    let picture = "data:image/png;base64,iVBORw0KGgo=";
    let text = "paint this again";
    let message = json!({"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": text}, {"type": "input_image", "image_url": picture},
    ]});
    let item = json!({"type": "UserMessage", "id": turn.id("user"), "content": [
        {"type": "text", "text": text, "text_elements": []}, {"type": "image", "image_url": picture},
    ]});
    let image_id = turn.id("ig");
    let image = json!({
        "type": "ImageGeneration", "id": image_id, "status": "completed", "revised_prompt": "the same",
        "result": "iVBORw0KGgo=", "saved_path": "/home/user/project/same.png",
    });
    let call = json!({
        "type": "image_generation_call", "id": image_id, "status": "completed", "revised_prompt": "the same",
        "result": "iVBORw0KGgo=",
    });
    vec![
        vec![turn.start(), turn.context()],
        vec![raw("response_item", &message), turn.item(&item)],
        vec![turn.item(&image), raw("response_item", &call)],
        turn.complete(None),
    ]
}

fn long(turn: &Turn) -> Vec<Vec<RawItem>> {
    let text = "a long answer with ünïcödé — ".repeat(6_500);
    let question = "a long question, 日本語 and all ".repeat(6_500);
    vec![
        turn.begin(&question),
        turn.agent(&text, Some("final_answer")),
        turn.complete(Some("much")),
    ]
}

fn interrupted(turn: &Turn) -> Vec<Vec<RawItem>> {
    let aborted = json!({
        "type": "turn_aborted", "turn_id": turn.turn_id, "reason": "interrupted", "started_at": turn.now_ms / 1000,
        "completed_at": turn.now_ms / 1000, "duration_ms": 5,
    });
    vec![turn.begin("stop in the middle"), vec![event(&aborted)]]
}

fn failed(turn: &Turn) -> Vec<Vec<RawItem>> {
    let complete = json!({
        "type": "task_complete", "turn_id": turn.turn_id, "last_agent_message": null,
        "error": {"message": "the model is away", "codex_error_info": "other"},
        "started_at": turn.now_ms / 1000, "completed_at": turn.now_ms / 1000, "duration_ms": 5,
    });
    vec![turn.begin("fail"), vec![event(&complete)]]
}

fn compacted(turn: &Turn) -> Vec<Vec<RawItem>> {
    let summary = "Summary: a file was made.";
    let kept = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": summary}]});
    let record = json!({
        "message": summary, "replacement_history": [kept], "window_number": 1,
        "first_window_id": turn.turn_id, "window_id": turn.turn_id,
    });
    let item = json!({"type": "ContextCompaction", "id": turn.id("compaction")});
    vec![
        vec![turn.start(), turn.context()],
        vec![raw("compacted", &record), turn.item(&item)],
        turn.complete(None),
    ]
}

fn review(turn: &Turn) -> Vec<Vec<RawItem>> {
    let target = json!({"type": "custom", "instructions": "look closely"});
    let entered = json!({
        "type": "EnteredReviewMode", "id": turn.id("enter"), "target": target, "user_facing_hint": "look closely",
    });
    let output = json!({
        "findings": [], "overall_correctness": "patch is correct", "overall_explanation": "fine",
        "overall_confidence_score": 0.9,
    });
    let exited = json!({"type": "ExitedReviewMode", "id": turn.id("exit"), "review_output": output});
    let answer = "The review found nothing.";
    vec![
        vec![turn.start(), turn.context(), turn.item(&entered)],
        vec![turn.item(&exited)],
        turn.agent(answer, None),
        turn.complete(Some(answer)),
    ]
}
