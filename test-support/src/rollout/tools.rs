//! What is done: calls and their outputs, and the events or items that tell of them.

use serde_json::{Map, Value, json};

use super::{builder::RolloutBuilder, header::Mode, messages::put_optional};

/// A shell command and how it went.
#[derive(Clone, Debug)]
pub struct Command {
    /// What the agent asked the shell to run.
    pub cmd: String,
    /// Everything that it printed.
    pub output: String,
    /// The exit code.
    pub exit_code: i32,
    /// How long it took.
    pub duration_ms: u64,
}

impl Command {
    /// A quick command that succeeds.
    pub fn ok(cmd: &str, output: &str) -> Self {
        Self {
            cmd: cmd.to_owned(),
            output: output.to_owned(),
            exit_code: 0,
            duration_ms: 120,
        }
    }

    /// A quick command that fails.
    pub fn failed(cmd: &str, output: &str, exit_code: i32) -> Self {
        Self {
            exit_code,
            ..Self::ok(cmd, output)
        }
    }
}

/// One file of a patch.
#[derive(Clone, Debug)]
pub enum FileEdit {
    /// A new file with this content.
    Add(String),
    /// A removed file that had this content.
    Delete(String),
    /// A changed file, as a unified diff.
    Update(String),
    /// A changed and moved file: the diff and the new path.
    Move(String, String),
}

impl FileEdit {
    fn stored(&self) -> Value {
        match self {
            Self::Add(content) => json!({ "type": "add", "content": content }),
            Self::Delete(content) => json!({ "type": "delete", "content": content }),
            Self::Update(diff) => json!({ "type": "update", "unified_diff": diff, "move_path": null }),
            Self::Move(diff, to) => json!({ "type": "update", "unified_diff": diff, "move_path": to }),
        }
    }

    fn patch_lines(&self, path: &str) -> String {
        match self {
            Self::Add(content) => {
                let added: String = content.lines().map(|line| format!("+{line}\n")).collect();
                format!("*** Add File: {path}\n{added}")
            }
            Self::Delete(_) => format!("*** Delete File: {path}\n"),
            Self::Update(diff) => format!("*** Update File: {path}\n{diff}"),
            Self::Move(diff, to) => format!("*** Update File: {path}\n*** Move to: {to}\n{diff}"),
        }
    }
}

/// How a tool answered.
#[derive(Clone, Debug)]
pub enum ToolResult {
    /// A text.
    Text(String),
    /// A text that reports a failure of the tool itself.
    ToolError(String),
    /// The call never reached the tool.
    CallError(String),
}

/// A call of an MCP tool.
#[derive(Clone, Debug)]
pub struct McpCall {
    /// The server's name.
    pub server: String,
    /// The tool's name.
    pub tool: String,
    /// The arguments.
    pub arguments: Value,
    /// How it answered.
    pub result: ToolResult,
}

impl RolloutBuilder {
    /// Hands out a call id and remembers it as the item id.
    pub fn new_call_id(&mut self) -> String {
        self.last_item_id = format!("call_{:012x}", self.ids.word() >> 16);
        self.last_item_id.clone()
    }

    /// A function call alone; returns its call id.
    pub fn call(&mut self, name: &str, arguments: &Value) -> String {
        let call_id = self.new_call_id();
        self.call_as(&call_id, name, arguments);
        call_id
    }

    /// A function call with this call id.
    pub fn call_as(&mut self, call_id: &str, name: &str, arguments: &Value) -> &mut Self {
        let id = format!("fc_{}", self.new_id());
        self.response_item(json!({
            "type": "function_call",
            "id": id,
            "name": name,
            "arguments": arguments.to_string(),
            "call_id": call_id,
        }))
    }

    /// The output of a function call.
    pub fn call_output(&mut self, call_id: &str, output: &str) -> &mut Self {
        let id = format!("fco_{}", self.new_id());
        self.response_item(json!({ "type": "function_call_output", "id": id, "call_id": call_id, "output": output }))
    }

    /// A call of a custom tool alone; returns its call id.
    pub fn custom_call(&mut self, name: &str, input: &str) -> String {
        let call_id = self.new_call_id();
        let id = format!("ctc_{}", self.new_id());
        self.response_item(json!({
            "type": "custom_tool_call",
            "id": id,
            "status": "completed",
            "call_id": call_id,
            "name": name,
            "input": input,
        }));
        call_id
    }

    /// The output of a custom tool.
    pub fn custom_output(&mut self, call_id: &str, output: &str) -> &mut Self {
        let id = format!("ctco_{}", self.new_id());
        self.response_item(json!({
            "type": "custom_tool_call_output",
            "id": id,
            "call_id": call_id,
            "output": output,
        }))
    }

    /// A shell command: call, item (paginated only), output. Bare rollouts use the `shell` tool of their time.
    pub fn exec(&mut self, command: &Command) -> &mut Self {
        let seconds = command.duration_ms / 1000;
        let fraction = command.duration_ms % 1000;
        if self.mode() == Mode::Bare {
            let call_id = self.call(
                "shell",
                &json!({ "command": ["bash", "-lc", command.cmd], "timeout_ms": 10_000 }),
            );
            let output = json!({
                "output": command.output,
                "metadata": {
                    "exit_code": command.exit_code,
                    "duration_seconds": command.duration_ms as f64 / 1000.0,
                },
            });
            return self
                .advance_ms(command.duration_ms as i64)
                .call_output(&call_id, &output.to_string());
        }
        let call_id = self.call("exec_command", &json!({ "cmd": command.cmd }));
        let started_ms = self.now_ms;
        self.advance_ms(command.duration_ms as i64);
        self.command_item(&call_id, command, started_ms);
        let text = format!(
            "Chunk ID: {:06x}\nWall time: {seconds}.{fraction:03}0 seconds\nProcess exited with code {}\nOriginal token count: {}\nOutput:\n{}",
            self.ids.word() & 0xff_ffff,
            command.exit_code,
            command.output.len() / 4,
            command.output
        );
        self.last_item_id.clone_from(&call_id);
        self.call_output(&call_id, &text)
    }

    fn command_item(&mut self, call_id: &str, command: &Command, started_ms: i64) {
        if self.mode() != Mode::Paginated {
            return;
        }
        let item = json!({
            "type": "CommandExecution",
            "id": call_id,
            "process_id": (self.ids.word() % 60_000 + 1_000).to_string(),
            "command": ["/bin/bash", "-lc", command.cmd],
            "cwd": format!("file://{}", self.header.cwd),
            "parsed_cmd": [{ "type": "unknown", "cmd": command.cmd }],
            "source": "unified_exec_startup",
            "status": if command.exit_code == 0 { "completed" } else { "failed" },
            "aggregated_output": command.output,
            "exit_code": command.exit_code,
            "duration": duration(command.duration_ms),
        });
        let turn_id = self.turn_id().unwrap_or_default().to_owned();
        let completed_ms = self.now_ms;
        self.item_between(&turn_id, item, (started_ms, completed_ms));
    }

    /// A patch through the `apply_patch` tool: call, event or item, output.
    pub fn patch(&mut self, edits: &[(&str, FileEdit)]) -> &mut Self {
        let body: String = edits.iter().map(|(path, edit)| edit.patch_lines(path)).collect();
        let call_id = self.custom_call("apply_patch", &format!("*** Begin Patch\n{body}*** End Patch"));
        let names: String = edits.iter().map(|(path, _)| format!("M {path}\n")).collect();
        let stdout = format!("Success. Updated the following files:\n{names}");
        let changes: Map<String, Value> = edits
            .iter()
            .map(|(path, edit)| (format!("{}/{path}", self.header.cwd), edit.stored()))
            .collect();
        match self.mode() {
            Mode::Bare => {}
            Mode::Legacy => {
                let turn_id = self.turn_id().unwrap_or_default().to_owned();
                self.event(json!({
                    "type": "patch_apply_end",
                    "call_id": call_id,
                    "turn_id": turn_id,
                    "stdout": stdout,
                    "stderr": "",
                    "success": true,
                    "changes": changes,
                    "status": "completed",
                }));
            }
            Mode::Paginated => {
                self.item(json!({
                    "type": "FileChange",
                    "id": call_id,
                    "changes": changes,
                    "status": "completed",
                    "stdout": stdout,
                    "stderr": "",
                }));
            }
        }
        self.custom_output(
            &call_id,
            &format!("Exit code: 0\nWall time: 0 seconds\nOutput:\n{stdout}"),
        )
    }

    /// A call of an MCP tool: call, event or item, output.
    pub fn mcp(&mut self, call: &McpCall) -> &mut Self {
        let name = format!("mcp__{}__{}", call.server, call.tool);
        let call_id = self.call(&name, &call.arguments);
        let (text, is_error) = match &call.result {
            ToolResult::Text(text) => (text, false),
            ToolResult::ToolError(text) | ToolResult::CallError(text) => (text, true),
        };
        let mut answer = json!({ "content": [{ "type": "text", "text": text }] });
        put_optional(&mut answer, "isError", is_error.then_some(json!(true)));
        let reached = !matches!(call.result, ToolResult::CallError(_));
        match self.mode() {
            Mode::Bare => {}
            Mode::Legacy => {
                let turn_id = self.turn_id().unwrap_or_default().to_owned();
                self.event(json!({
                    "type": "mcp_tool_call_end",
                    "call_id": call_id,
                    "turn_id": turn_id,
                    "invocation": { "server": call.server, "tool": call.tool, "arguments": call.arguments },
                    "duration": duration(5),
                    "result": if reached { json!({ "Ok": answer }) } else { json!({ "Err": text }) },
                }));
            }
            Mode::Paginated => {
                let mut item = json!({
                    "type": "McpToolCall",
                    "id": call_id,
                    "server": call.server,
                    "tool": call.tool,
                    "arguments": call.arguments,
                    "status": if is_error { "failed" } else { "completed" },
                });
                if reached {
                    put_optional(&mut item, "result", Some(answer));
                } else {
                    put_optional(&mut item, "error", Some(json!({ "message": text })));
                }
                put_optional(&mut item, "duration", Some(duration(5)));
                self.item(item);
            }
        }
        let text = text.clone();
        self.call_output(&call_id, &text)
    }

    /// A web search: event or item first, then the response item, which carries the same id.
    pub fn web_search(&mut self, query: &str) -> &mut Self {
        let id = self.new_item_id("ws");
        let action = json!({ "type": "search", "query": query });
        match self.mode() {
            Mode::Bare => {}
            Mode::Legacy => {
                self.event(json!({ "type": "web_search_end", "call_id": id, "query": query, "action": action }));
            }
            Mode::Paginated => {
                self.item(json!({ "type": "WebSearch", "id": id, "query": query, "action": action }));
            }
        }
        self.response_item(json!({ "type": "web_search_call", "id": id, "status": "completed", "action": action }))
    }

    /// A look at an image file; legacy rollouts keep only the raw call.
    pub fn view_image(&mut self, path: &str) -> &mut Self {
        let call_id = self.call("view_image", &json!({ "path": path }));
        if self.mode() == Mode::Paginated {
            self.item(json!({ "type": "ImageView", "id": call_id, "path": format!("file://{path}") }));
        }
        self.call_output(&call_id, "attached local image path")
    }

    /// A call of a tool that the client provides; legacy rollouts keep only the raw call.
    pub fn dynamic_tool(&mut self, tool: &str, arguments: &Value, answer: &str) -> &mut Self {
        let call_id = self.call(tool, arguments);
        if self.mode() == Mode::Paginated {
            self.item(json!({
                "type": "DynamicToolCall",
                "id": call_id,
                "tool": tool,
                "arguments": arguments,
                "status": "completed",
                "content_items": [{ "type": "inputText", "text": answer }],
                "success": true,
                "duration": duration(2),
            }));
        }
        self.call_output(&call_id, answer)
    }

    /// A pause; an `item_completed` in both modes.
    pub fn sleep(&mut self, duration_ms: u64) -> &mut Self {
        let id = self.new_call_id();
        self.item(json!({ "type": "Extension", "kind": "clock.sleep", "id": id, "durationMs": duration_ms }))
    }

    /// A sign of life of a sub-agent: `started`, `interacted`, `interrupted` or `completed`.
    pub fn sub_agent(&mut self, agent_thread_id: &str, agent_path: &str, kind: &str) -> &mut Self {
        let id = self.new_call_id();
        if self.mode() == Mode::Paginated {
            return self.item(json!({
                "type": "SubAgentActivity",
                "model": null,
                "reasoning_effort": null,
                "id": id,
                "kind": kind,
                "agent_thread_id": agent_thread_id,
                "agent_path": agent_path,
            }));
        }
        let occurred_at_ms = self.now_ms;
        self.event(json!({
            "type": "sub_agent_activity",
            "model": null,
            "reasoning_effort": null,
            "event_id": id,
            "occurred_at_ms": occurred_at_ms,
            "agent_thread_id": agent_thread_id,
            "agent_path": agent_path,
            "kind": kind,
        }))
    }
}

fn duration(ms: u64) -> Value {
    json!({ "secs": ms / 1000, "nanos": (ms % 1000) * 1_000_000 })
}
