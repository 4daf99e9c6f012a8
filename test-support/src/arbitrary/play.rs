//! Plays steps on a builder, remembering the turns, items and calls that later steps refer to.

use serde_json::{Value, json};

use super::step::Step;
use crate::rollout::{Command, FileEdit, McpCall, Mode, Phase, RolloutBuilder, ToolResult, Usage};

/// Things people and agents say: plain, blank, marked up, wrapped, in several scripts.
const TEXTS: [&str; 12] = [
    "fix the widget",
    "",
    "   \n  leading blank lines",
    "the *Widget* is **ready** `code` [link](http://example.com)",
    "café 日本語 😀 \u{202e}rlo\u{202c} e\u{301}",
    "## My request for Codex:\nrename the module",
    "<environment_context>\n  <cwd>/home/user/other</cwd>\n</environment_context>",
    "quote \"inner\" back\\slash\nnew line\ttab \u{1b}[31mred\u{1b}[0m",
    "- one\n- two\n  - three\n\n```rust\nfn main() {}\n```",
    "needle in a haystack needle",
    "<user_instructions>be kind</user_instructions>",
    "fix the widget",
];

/// What later steps can refer to.
#[derive(Clone, Default)]
pub(super) struct Memory {
    turns: Vec<String>,
    /// Item ids with the turn that they were first written in.
    items: Vec<(String, String)>,
    calls: Vec<String>,
}

pub(super) struct Player {
    pub(super) rollout: RolloutBuilder,
    pub(super) memory: Memory,
}

impl Player {
    pub(super) fn new(rollout: RolloutBuilder, memory: Memory) -> Self {
        Self { rollout, memory }
    }

    pub(super) fn play(&mut self, step: &Step) {
        if self.turn_step(step) || self.talk_step(step) || self.tool_step(step) || self.late_step(step) {
            return;
        }
        if !self.damage_step(step) {
            self.surrounding_step(step);
        }
    }

    fn turn_step(&mut self, step: &Step) -> bool {
        let rollout = &mut self.rollout;
        match step {
            Step::StartTurn => {
                rollout.start_turn();
                self.memory.turns.extend(rollout.turn_id().map(str::to_owned));
            }
            Step::CompleteTurn => {
                rollout.complete_turn();
            }
            Step::FailTurn => {
                rollout.fail_turn("stream closed", json!("internal_server_error"));
            }
            Step::AbortTurn => {
                rollout.abort_turn();
            }
            Step::AbortWithoutId => {
                rollout.abort_without_id();
            }
            Step::ForgetTurn => {
                rollout.forget_turn();
            }
            // Codex refuses a rollback of a paginated thread.
            Step::RollBack(turns) if rollout.mode() == Mode::Legacy => {
                rollout.roll_back(u32::from(*turns));
            }
            Step::RollBack(_) => {}
            _ => return false,
        }
        true
    }

    fn talk_step(&mut self, step: &Step) -> bool {
        let rollout = &mut self.rollout;
        match step {
            Step::User(n) => rollout.user(text(*n)),
            Step::UserEventOnly(n) => rollout.user_event(text(*n)),
            Step::UserResponseOnly(n) => rollout.message("user", text(*n)),
            Step::Agent(n) => rollout.agent(text(*n)),
            Step::Commentary(n) => rollout.agent_in_phase(text(*n), Phase::Commentary),
            Step::FinalAnswer(n) => rollout.agent_in_phase(text(*n), Phase::FinalAnswer),
            Step::Reasoning(summary, raw) => {
                let parts = ["**Look**\nat it", "**Decide**"];
                rollout.reasoning(
                    &parts[..usize::from(*summary).min(2)],
                    &parts[..usize::from(*raw).min(2)],
                )
            }
            Step::Plan(n) => rollout.plan(text(*n)),
            Step::HookPrompt => rollout.hook_prompt("stop:0:config", "please add a closing line"),
            _ => return false,
        };
        self.remember_item();
        true
    }

    fn tool_step(&mut self, step: &Step) -> bool {
        let rollout = &mut self.rollout;
        match step {
            Step::Exec(code) => rollout.exec(&Command::failed("cargo test", "running 3 tests\n", i32::from(*code))),
            Step::CallOnly => {
                let call_id = rollout.call("exec_command", &json!({ "cmd": "sleep 100" }));
                self.memory.calls.push(call_id);
                rollout
            }
            Step::OrphanOutput => rollout.call_output("call_nobody_made", "too late"),
            Step::Patch => rollout.patch(&[
                ("src/lib.rs", FileEdit::Update("@@\n-old\n+new\n".to_owned())),
                ("notes.txt", FileEdit::Add("a note\n".to_owned())),
            ]),
            Step::Mcp(n) => {
                let answer = "42".to_owned();
                let result = match n {
                    0 => ToolResult::Text(answer),
                    1 => ToolResult::ToolError(answer),
                    _ => ToolResult::CallError(answer),
                };
                let (server, tool) = ("tiny".to_owned(), "add".to_owned());
                rollout.mcp(&McpCall {
                    server,
                    tool,
                    arguments: json!({ "a": 40, "b": 2 }),
                    result,
                })
            }
            Step::WebSearch(n) => rollout.web_search(text(*n)),
            Step::ViewImage => rollout.view_image("/home/user/project/pic.png"),
            Step::DynamicTool => rollout.dynamic_tool("lookup", &json!({ "id": 42 }), "found"),
            Step::Sleep => rollout.sleep(200),
            Step::SubAgent(n) => {
                let kind = ["started", "interacted", "interrupted", "completed"][usize::from(*n) % 4];
                rollout.sub_agent("019c0000-0000-7000-8000-00000000beef", "/root/helper", kind)
            }
            _ => return false,
        };
        self.remember_item();
        true
    }

    fn late_step(&mut self, step: &Step) -> bool {
        match step {
            Step::RepeatStart(n) => {
                if let Some(turn) = pick(&self.memory.turns, *n).cloned() {
                    self.rollout.task_started(&turn).use_turn(&turn);
                }
            }
            Step::LateComplete(n) => {
                if let Some(turn) = pick(&self.memory.turns, *n).cloned() {
                    self.rollout.task_complete(&turn);
                }
            }
            Step::ReturnToTurn(n) => {
                if let Some(turn) = pick(&self.memory.turns, *n).cloned() {
                    self.rollout.use_turn(&turn);
                }
            }
            Step::Snapshot(n, said) => {
                if let Some((item, turn)) = pick(&self.memory.items, *n).cloned() {
                    // Every third snapshot names the open turn instead of the item's own.
                    let open = self
                        .rollout
                        .turn_id()
                        .filter(|_| n.is_multiple_of(3))
                        .map(str::to_owned);
                    self.rollout
                        .item_in_turn(&open.unwrap_or(turn), agent_item(&item, text(*said)));
                }
            }
            Step::LateItem(n, said) => {
                if let Some(turn) = pick(&self.memory.turns, *n).cloned() {
                    let id = self.rollout.new_id();
                    self.rollout.item_in_turn(&turn, agent_item(&id, text(*said)));
                }
            }
            Step::LateOutput(n) => {
                if let Some(call) = pick(&self.memory.calls, *n).cloned() {
                    self.rollout
                        .call_output(&call, "Process exited with code 0\nOutput:\nfinally\n");
                }
            }
            Step::ExecEvent(n) => self.exec_event(*n),
            _ => return false,
        }
        true
    }

    /// The `exec_command_end` of old legacy files, for a call made before.
    fn exec_event(&mut self, n: u8) {
        let (Some(call), Some(turn)) = (
            pick(&self.memory.calls, n).cloned(),
            pick(&self.memory.turns, n).cloned(),
        ) else {
            return;
        };
        self.rollout.event(json!({
            "type": "exec_command_end",
            "call_id": call,
            "turn_id": turn,
            "command": ["bash", "-lc", "sleep 100"],
            "cwd": "/home/user/project",
            "parsed_cmd": [],
            "stdout": "",
            "stderr": "",
            "aggregated_output": "finally\n",
            "exit_code": 0,
            "duration": { "secs": 1, "nanos": 0 },
            "formatted_output": "finally\n",
            "status": "completed",
        }));
    }

    fn surrounding_step(&mut self, step: &Step) {
        let rollout = &mut self.rollout;
        match step {
            Step::Compact => rollout.compact("Summary: work was done."),
            Step::Goal => rollout.goal("ship it"),
            Step::Settings => rollout.settings_applied("mock-model-2"),
            Step::TokenCount => rollout.token_count(Usage { last: 120, total: 3400 }),
            Step::WorldState => rollout.world_state(),
            Step::EnterReview => rollout.enter_review("current changes"),
            Step::ExitReview => rollout.exit_review(&Value::Null),
            // Codex appends header copies to legacy rollouts only.
            Step::MetadataUpdate if rollout.mode() == Mode::Legacy => rollout.metadata_update("disabled"),
            Step::Clock(ms) => rollout.advance_ms(i64::from(*ms)),
            _ => return,
        };
        self.remember_item();
    }

    fn damage_step(&mut self, step: &Step) -> bool {
        let rollout = &mut self.rollout;
        match step {
            Step::Blank => rollout.blank_line(),
            Step::Garbage => rollout.garbage_line(),
            Step::Binary => rollout.binary_line(),
            Step::Scalar => rollout.scalar_line(),
            Step::UnknownRecord => rollout.unknown_record(),
            Step::UnknownEvent => rollout.unknown_event(),
            Step::UnknownItem => rollout.unknown_item(),
            Step::Torn(n) => rollout.torn_tail(1 + usize::from(*n) % 17),
            Step::OmitOrdinal => rollout.omit_next_ordinal(),
            Step::ReuseOrdinal(n) => {
                let ordinal = u64::from(*n) % rollout.next_ordinal().max(1);
                rollout.force_next_ordinal(ordinal)
            }
            Step::SkipOrdinals(n) => rollout.skip_ordinals(u64::from(*n)),
            _ => return false,
        };
        true
    }

    /// Remembers the item written last, so that snapshots can repeat it.
    fn remember_item(&mut self) {
        let (item, turn) = (self.rollout.last_item_id(), self.rollout.turn_id());
        if let Some(turn) =
            turn.filter(|_| !item.is_empty() && self.memory.items.last().is_none_or(|last| last.0 != item))
        {
            self.memory.items.push((item.to_owned(), turn.to_owned()));
        }
    }
}

fn text(n: u8) -> &'static str {
    TEXTS[usize::from(n) % TEXTS.len()]
}

fn pick<T>(things: &[T], n: u8) -> Option<&T> {
    things.get(usize::from(n).checked_rem(things.len())?)
}

fn agent_item(id: &str, text: &str) -> Value {
    json!({ "type": "AgentMessage", "id": id, "content": [{ "type": "Text", "text": text }] })
}
