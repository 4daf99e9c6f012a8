//! The lines of one thread, as Codex 0.169 writes them in both history modes.

use std::io::{self, Write};

use codex_test_support::clock;
use serde_json::{Value, json};

use crate::arguments::{Arguments, Mode};
use crate::source::Source;

/// Tokens that each turn is said to have used.
const TOKENS_OF_TURN: u64 = 1_200;
const CONTEXT_WINDOW: u64 = 258_400;

/// How much was written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) items: u64,
    pub(crate) turns: u64,
}

impl Written {
    pub(crate) fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.items += other.items;
        self.turns += other.turns;
    }
}

/// Where the rollout of a thread lies below its home.
pub(crate) fn path_below_home(at_ms: u64, id: &str) -> String {
    let at = signed(at_ms);
    format!(
        "sessions/{}/rollout-{}-{id}.jsonl",
        clock::date_folder(at),
        clock::file_time(at)
    )
}

fn timestamp(at_ms: u64) -> String {
    clock::line_time(signed(at_ms))
}

fn signed(at_ms: u64) -> i64 {
    i64::try_from(at_ms).expect("a time of this century")
}

/// Writes the lines of one thread, one turn after the other.
pub(crate) struct ThreadFile<W> {
    out: W,
    mode: Mode,
    id: String,
    cwd: String,
    now_ms: u64,
    turn_id: String,
    written: Written,
}

impl<W: Write> ThreadFile<W> {
    pub(crate) fn new(out: W, mode: Mode, id: String, cwd: String, now_ms: u64) -> Self {
        Self {
            out,
            mode,
            id,
            cwd,
            now_ms,
            turn_id: String::new(),
            written: Written::default(),
        }
    }

    /// Goes on behind what was written to the same file.
    pub(crate) fn resumed(out: W, mode: Mode, id: String, written: Written, now_ms: u64) -> Self {
        let mut file = Self::new(out, mode, id, "/home/user/project0".to_owned(), now_ms);
        file.written.lines = written.lines;
        file
    }

    pub(crate) fn written(&self) -> Written {
        self.written
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn line(&mut self, kind: &str, payload: &Value) -> io::Result<()> {
        let head = match self.mode {
            Mode::Paginated => json!({
                "timestamp": timestamp(self.now_ms), "ordinal": self.written.lines, "type": kind, "payload": payload,
            }),
            Mode::Legacy => json!({"timestamp": timestamp(self.now_ms), "type": kind, "payload": payload}),
        };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        self.written.bytes += bytes.len() as u64;
        self.written.lines += 1;
        self.out.write_all(&bytes)
    }

    fn event(&mut self, payload: &Value) -> io::Result<()> {
        self.line("event_msg", payload)
    }

    fn response(&mut self, payload: &Value) -> io::Result<()> {
        self.line("response_item", payload)
    }

    /// The form in which paginated threads keep an item.
    fn completed(&mut self, item: &Value) -> io::Result<()> {
        let event = json!({
            "type": "item_completed", "thread_id": self.id, "turn_id": self.turn_id, "item": item,
            "started_at_ms": self.now_ms, "completed_at_ms": self.now_ms,
        });
        self.event(&event)
    }

    /// The session's metadata, with instructions of this text.
    pub(crate) fn header(&mut self, base: &str, source: &mut Source) -> io::Result<()> {
        let mut meta = json!({
            "session_id": self.id, "id": self.id, "timestamp": timestamp(self.now_ms), "cwd": self.cwd,
            "originator": "codex_cli_rs", "cli_version": "0.169.0", "source": "cli", "model_provider": "openai",
            "base_instructions": {"text": base},
        });
        if self.mode == Mode::Paginated {
            meta["history_mode"] = json!("paginated");
        }
        meta["git"] = json!({
            "commit_hash": source.hex(40), "branch": "main", "repository_url": "https://example.com/r.git",
        });
        self.line("session_meta", &meta)
    }

    /// One turn: the user's message, the wanted items, and the giant one if it has any megabytes.
    pub(crate) fn turn(
        &mut self,
        shape: &Arguments,
        needle: Option<&str>,
        giant_mb: u64,
        source: &mut Source,
    ) -> io::Result<()> {
        self.now_ms += 1_000;
        let started_ms = self.now_ms;
        self.start_turn(source)?;
        self.user(needle, shape.words, source)?;
        let mut last = String::new();
        for number in 0..shape.items {
            self.now_ms += 20;
            match number % 4 {
                0 => self.reasoning(shape, source)?,
                1 | 2 => self.command(shape.words, source)?,
                _ => {
                    last = source.words(shape.words);
                    self.agent(&last, source)?;
                }
            }
            self.written.items += 1;
        }
        if giant_mb > 0 {
            let text =
                "x123456789 ".repeat(usize::try_from(giant_mb * 1_000_000 / 11).expect("a text fits into memory"));
            self.agent(&text, source)?;
            self.written.items += 1;
        }
        self.end_turn(&last, started_ms)
    }

    fn start_turn(&mut self, source: &mut Source) -> io::Result<()> {
        self.turn_id = source.uuid_v7(self.now_ms);
        self.event(&json!({
            "type": "task_started", "turn_id": self.turn_id, "root_turn_id": self.turn_id,
            "started_at": self.now_ms / 1000, "model_context_window": CONTEXT_WINDOW, "collaboration_mode_kind": "default",
        }))?;
        let context = json!({
            "turn_id": self.turn_id, "root_turn_id": self.turn_id, "cwd": self.cwd, "approval_policy": "never",
            "sandbox_policy": {"type": "danger-full-access"}, "model": "gpt-5", "summary": "none",
        });
        self.line("turn_context", &context)
    }

    fn user(&mut self, needle: Option<&str>, words: u64, source: &mut Source) -> io::Result<()> {
        self.now_ms += 5;
        let mut text = source.words(words);
        if let Some(needle) = needle {
            text = format!("{text} {needle}");
        }
        let id = format!("msg_{}", source.uuid_v7(self.now_ms));
        self.response(&json!({
            "type": "message", "id": id, "role": "user", "content": [{"type": "input_text", "text": text}],
        }))?;
        self.written.items += 1;
        match self.mode {
            Mode::Paginated => {
                let content = json!([{"type": "text", "text": text, "text_elements": []}]);
                let id = source.uuid_v7(self.now_ms);
                self.completed(&json!({"type": "UserMessage", "id": id, "content": content}))
            }
            Mode::Legacy => self.event(&json!({
                "type": "user_message", "message": text, "images": [], "local_images": [], "text_elements": [],
            })),
        }
    }

    fn reasoning(&mut self, shape: &Arguments, source: &mut Source) -> io::Result<()> {
        let text = source.words(shape.words);
        let id = format!("rs_{}", source.hex(24));
        self.response(&json!({
            "type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": text}], "content": null,
            "encrypted_content": source.hex(shape.opaque),
        }))?;
        match self.mode {
            Mode::Paginated => {
                self.completed(&json!({"type": "Reasoning", "id": id, "summary_text": [text], "raw_content": []}))
            }
            Mode::Legacy => self.event(&json!({"type": "agent_reasoning", "text": text})),
        }
    }

    /// A command of the shell; legacy threads keep only what the model saw of it.
    fn command(&mut self, words: u64, source: &mut Source) -> io::Result<()> {
        let digits = source.hex(24);
        let call = format!("call_{digits}");
        let command = format!("rg -n {}", source.words(2));
        let lines: Vec<String> = (0..words / 2).map(|_| source.words(8)).collect();
        let output = lines.join("\n");
        let arguments = json!({"cmd": command, "workdir": self.cwd}).to_string();
        self.response(&json!({
            "type": "function_call", "id": format!("fc_{digits}"), "name": "exec_command", "arguments": arguments,
            "call_id": call,
        }))?;
        self.response(&json!({
            "type": "function_call_output", "id": format!("fco_{digits}"), "call_id": call, "output": output,
        }))?;
        match self.mode {
            Mode::Paginated => self.completed(&json!({
                "type": "CommandExecution", "id": call, "process_id": "4711", "command": ["bash", "-lc", command],
                "cwd": format!("file://{}", self.cwd), "parsed_cmd": [{"type": "unknown", "cmd": command}],
                "source": "unified_exec_startup", "status": "completed", "aggregated_output": output, "exit_code": 0,
                "duration": {"secs": 0, "nanos": 51_000_000},
            })),
            Mode::Legacy => Ok(()),
        }
    }

    fn agent(&mut self, text: &str, source: &mut Source) -> io::Result<()> {
        let id = format!("msg_{}", source.hex(24));
        match self.mode {
            Mode::Paginated => self.completed(&json!({
                "type": "AgentMessage", "id": id, "content": [{"type": "Text", "text": text}], "phase": "final_answer",
            }))?,
            Mode::Legacy => self.event(&json!({"type": "agent_message", "message": text, "phase": null}))?,
        }
        self.response(&json!({
            "type": "message", "id": id, "role": "assistant", "content": [{"type": "output_text", "text": text}],
        }))
    }

    fn end_turn(&mut self, last: &str, started_ms: u64) -> io::Result<()> {
        self.written.turns += 1;
        let input = self.written.turns * TOKENS_OF_TURN;
        let usage = json!({
            "input_tokens": input, "cached_input_tokens": 0, "output_tokens": 20, "reasoning_output_tokens": 0,
            "total_tokens": input + 20,
        });
        self.event(&json!({
            "type": "token_count", "rate_limits": null,
            "info": {"total_token_usage": usage, "last_token_usage": usage, "model_context_window": CONTEXT_WINDOW},
        }))?;
        self.event(&json!({
            "type": "task_complete", "turn_id": self.turn_id, "last_agent_message": last,
            "started_at": started_ms / 1000, "completed_at": self.now_ms / 1000,
            "duration_ms": self.now_ms - started_ms,
        }))
    }
}
