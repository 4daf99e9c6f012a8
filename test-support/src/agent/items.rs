//! What is done in a turn: commands, patches, tools, searches, images, other agents.
//!
//! Ids and texts come from the caller, so that a test can find them again.

use serde_json::json;

use super::fact::{Fact, Turn};
use super::session::NOW_MS;

impl Turn {
    /// A command is run.
    pub fn command(&self, id: &str, text: &str) -> Fact {
        let duration = json!({"secs": 0, "nanos": 5});
        let item = json!({
            "type": "CommandExecution", "id": id, "command": ["echo", text], "cwd": "/srv/project", "parsed_cmd": [],
            "source": "agent", "status": "completed", "aggregated_output": text, "exit_code": 0, "duration": duration,
        });
        let legacy = json!({
            "type": "exec_command_end", "call_id": id, "turn_id": self.turn_id, "command": ["echo", text],
            "cwd": "/srv/project", "parsed_cmd": [], "aggregated_output": text, "exit_code": 0, "duration": duration,
        });
        let arguments = json!({"cmd": format!("echo {text}")}).to_string();
        self.item(&item, vec![legacy])
            .asked_by(json!({"type": "function_call", "name": "exec_command", "arguments": arguments, "call_id": id}))
            .answered_by(json!({"type": "function_call_output", "call_id": id, "output": text}))
    }

    /// A file is changed.
    pub fn patch(&self, id: &str, text: &str) -> Fact {
        let changes = json!({"/srv/project/a.txt": {"type": "add", "content": text}});
        let item = json!({
            "type": "FileChange", "id": id, "changes": changes, "status": "completed", "stdout": "done", "stderr": "",
        });
        let legacy = json!({
            "type": "patch_apply_end", "call_id": id, "turn_id": self.turn_id, "stdout": "done", "stderr": "",
            "success": true, "changes": changes, "status": "completed",
        });
        self.item(&item, vec![legacy])
            .asked_by(json!({"type": "custom_tool_call", "call_id": id, "name": "apply_patch", "input": text}))
            .answered_by(json!({"type": "custom_tool_call_output", "call_id": id, "output": "done"}))
    }

    /// A tool of an MCP server is called.
    pub fn mcp(&self, id: &str, text: &str) -> Fact {
        let result = json!({"content": [{"type": "text", "text": text}]});
        let duration = json!({"secs": 1, "nanos": 0});
        let item = json!({
            "type": "McpToolCall", "id": id, "server": "s", "tool": "t", "arguments": {"a": 1.50},
            "status": "completed", "result": result, "duration": duration,
        });
        let legacy = json!({
            "type": "mcp_tool_call_end", "call_id": id, "turn_id": self.turn_id, "duration": duration,
            "invocation": {"server": "s", "tool": "t", "arguments": {"a": 1.50}}, "result": {"Ok": result},
        });
        self.item(&item, vec![legacy])
    }

    /// The web is searched.
    pub fn web(&self, id: &str, text: &str) -> Fact {
        let action = json!({"type": "search", "query": text});
        let item = json!({"type": "WebSearch", "id": id, "query": text, "action": action});
        let legacy = json!({"type": "web_search_end", "call_id": id, "query": text, "action": action});
        self.item(&item, vec![legacy])
            .answered_by(json!({"type": "web_search_call", "id": id, "status": "completed", "action": action}))
    }

    /// A picture is made.
    pub fn image(&self, id: &str, text: &str) -> Fact {
        let item = json!({"type": "ImageGeneration", "id": id, "status": "completed", "result": text});
        let legacy = json!({"type": "image_generation_end", "call_id": id, "status": "completed", "result": text});
        self.item(&item, vec![legacy])
    }

    /// A picture is looked at.
    pub fn view(&self, id: &str, text: &str) -> Fact {
        let item = json!({"type": "ImageView", "id": id, "path": text});
        self.item(
            &item,
            vec![json!({"type": "view_image_tool_call", "call_id": id, "path": text})],
        )
    }

    /// The agent sleeps.
    pub fn sleep(&self, id: &str) -> Fact {
        let item = json!({"type": "Extension", "kind": "clock.sleep", "id": id, "durationMs": 5});
        self.item(&item, Vec::new())
    }

    /// A tool of the client is called.
    pub fn dynamic(&self, id: &str, text: &str) -> Fact {
        let item = json!({
            "type": "DynamicToolCall", "id": id, "tool": text, "arguments": {}, "status": "completed",
            "content_items": [], "success": true,
        });
        let legacy = json!({
            "type": "dynamic_tool_call_response", "call_id": id, "turn_id": self.turn_id, "tool": text,
            "arguments": {}, "content_items": [], "success": true,
        });
        self.item(&item, vec![legacy])
    }

    /// Another agent is spoken to.
    pub fn collab(&self, id: &str, text: &str) -> Fact {
        let item = json!({
            "type": "CollabAgentToolCall", "id": id, "tool": "close_agent", "status": "completed",
            "sender_thread_id": self.thread_id, "receiver_thread_ids": [text], "receiver_agents": [],
            "agents_states": {text: "shutdown"},
        });
        let legacy = json!({
            "type": "collab_close_end", "call_id": id, "sender_thread_id": self.thread_id, "receiver_thread_id": text,
            "status": "shutdown",
        });
        self.item(&item, vec![legacy])
    }

    /// A sub-agent does something.
    pub fn activity(&self, id: &str, text: &str) -> Fact {
        let item = json!({
            "type": "SubAgentActivity", "model": null, "reasoning_effort": null, "id": id, "kind": "started",
            "agent_thread_id": self.thread_id, "agent_path": text,
        });
        let legacy = json!({
            "type": "sub_agent_activity", "event_id": id, "occurred_at_ms": NOW_MS, "agent_thread_id": self.thread_id,
            "agent_path": text, "kind": "started",
        });
        self.item(&item, vec![legacy])
    }
}
