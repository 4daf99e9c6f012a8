//! Writes the small rollouts that the suite asks about.
//!
//! Lines are as Codex writes them, no more members than matter. Every line takes ten milliseconds.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::HistoryMode;
use serde_json::{Value, json};

use crate::memory::MemoryRollout;

/// When all rollouts begin, unless a promise says otherwise: 2026-03-02T09:00:00Z.
pub(super) const START_MS: i64 = 1_772_442_000_000;
/// Time that passes before each line.
const LINE_STEP_MS: i64 = 10;

/// Returns the n-th thread id; ids order like numbers.
pub(super) fn thread(n: u32) -> ThreadId {
    format!("01a0c000-0000-7000-8000-{n:012x}").parse().expect("a UUID")
}

/// Which lines a rollout holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Canonical items with ordinals.
    Paginated,
    /// Legacy events.
    Legacy,
    /// Response items without envelope.
    Bare,
}

/// A place to cut a rollout at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) rollout_id: String,
    pub(super) ordinal: u64,
    pub(super) offset: u64,
}

/// A rollout in the making.
#[derive(Debug, Clone)]
pub(super) struct Log {
    form: Form,
    thread_id: ThreadId,
    /// Set for the later files of a reverted thread.
    rollout_id: Option<ThreadId>,
    created_ms: i64,
    bytes: Vec<u8>,
    next_ordinal: u64,
    lines: i64,
    mtime_ms: Option<i64>,
    archived: bool,
}

impl Log {
    /// Starts a paginated thread.
    pub(super) fn paginated(n: u32) -> Self {
        Self::with_header(Form::Paginated, n, json!({}))
    }

    /// Starts a legacy thread.
    pub(super) fn legacy(n: u32) -> Self {
        Self::with_header(Form::Legacy, n, json!({}))
    }

    /// Starts a bare rollout.
    pub(super) fn bare(n: u32) -> Self {
        let mut log = Self::headless(Form::Bare, n);
        let (id, time) = (log.thread_id.to_string(), log.time());
        log.line(&json!({ "id": id, "timestamp": time, "instructions": null }));
        log
    }

    /// Starts a paginated thread that continues another rollout.
    pub(super) fn fork(n: u32, source: u32, cut: &Cut) -> Self {
        let base = base_of(cut);
        let header = json!({ "forked_from_id": thread(source).to_string(), "history_base": base });
        Self::with_header(Form::Paginated, n, header)
    }

    /// Starts the next revision of a thread, as a revert does.
    pub(super) fn revision(n: u32, revision: u32, cut: &Cut) -> Self {
        let mut log = Self::headless(Form::Paginated, n);
        log.rollout_id = Some(thread(revision));
        log.created_ms = START_MS + i64::from(revision) * 1_000;
        log.next_ordinal = cut.ordinal;
        log.header(json!({ "history_base": base_of(cut) }));
        log
    }

    /// Starts an enveloped thread with further header members.
    pub(super) fn with_header(form: Form, n: u32, members: Value) -> Self {
        let mut log = Self::headless(form, n);
        if let Some(ordinal) = members["history_base"]["end_ordinal_exclusive"].as_u64() {
            log.next_ordinal = ordinal;
        }
        log.header(members);
        log
    }

    /// Starts a rollout without a header line.
    pub(super) fn headless(form: Form, n: u32) -> Self {
        Self {
            form,
            thread_id: thread(n),
            rollout_id: None,
            created_ms: START_MS,
            bytes: Vec::new(),
            next_ordinal: 0,
            lines: 0,
            mtime_ms: None,
            archived: false,
        }
    }

    /// Starts an enveloped thread at another time.
    pub(super) fn created(form: Form, n: u32, created_ms: i64, members: Value) -> Self {
        let mut log = Self::headless(form, n);
        log.created_ms = created_ms;
        log.header(members);
        log
    }

    fn header(&mut self, members: Value) {
        let mode = match self.form {
            Form::Paginated => HistoryMode::Paginated,
            Form::Legacy | Form::Bare => HistoryMode::Legacy,
        };
        let mut meta = json!({
            "id": self.thread_id.to_string(),
            "timestamp": time_text(self.created_ms),
            "cwd": "/home/user/project",
            "originator": "conformance",
            "cli_version": "0.169.0",
            "source": "vscode",
            "model_provider": "mock",
            "history_mode": mode.as_str(),
        });
        if let (Value::Object(meta), Value::Object(members)) = (&mut meta, members) {
            meta.extend(members);
        }
        self.record("session_meta", meta);
    }

    /// Sets the time of the file's last change.
    pub(super) fn changed_at(mut self, mtime_ms: i64) -> Self {
        self.mtime_ms = Some(mtime_ms);
        self
    }

    /// Puts the file into the archive.
    pub(super) fn archived(mut self) -> Self {
        self.archived = true;
        self
    }

    fn now_ms(&self) -> i64 {
        self.created_ms + self.lines * LINE_STEP_MS
    }

    fn time(&self) -> String {
        time_text(self.now_ms())
    }

    /// Appends bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn line(&mut self, line: &Value) -> &mut Self {
        self.bytes.extend(line.to_string().into_bytes());
        self.bytes.push(b'\n');
        self.lines += 1;
        self
    }

    /// Appends a record in its envelope.
    pub(super) fn record(&mut self, kind: &str, payload: Value) -> &mut Self {
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        self.record_with(Some(ordinal), kind, payload)
    }

    /// Appends a record with this ordinal, or without any.
    pub(super) fn record_with(&mut self, ordinal: Option<u64>, kind: &str, payload: Value) -> &mut Self {
        let mut line = json!({ "timestamp": self.time() });
        if let (Form::Paginated, Some(ordinal)) = (self.form, ordinal) {
            line["ordinal"] = ordinal.into();
        }
        line["type"] = kind.into();
        line["payload"] = payload;
        self.line(&line)
    }

    /// Leaves out some ordinals.
    pub(super) fn skip_ordinals(&mut self, count: u64) -> &mut Self {
        self.next_ordinal += count;
        self
    }

    /// Appends an event.
    pub(super) fn event(&mut self, payload: Value) -> &mut Self {
        self.record("event_msg", payload)
    }

    /// Begins a turn.
    pub(super) fn start(&mut self, turn_id: &str) -> &mut Self {
        let started_at = self.now_ms() / 1_000;
        self.event(json!({ "type": "task_started", "turn_id": turn_id, "started_at": started_at, "model_context_window": null }))
    }

    /// Ends a turn well.
    pub(super) fn complete(&mut self, turn_id: &str) -> &mut Self {
        let at = self.now_ms() / 1_000;
        self.event(json!({
            "type": "task_complete", "turn_id": turn_id, "last_agent_message": null,
            "started_at": at, "completed_at": at, "duration_ms": 20,
        }))
    }

    /// Ends a turn with an error.
    pub(super) fn fail(&mut self, turn_id: &str, message: &str) -> &mut Self {
        self.event(json!({
            "type": "task_complete", "turn_id": turn_id, "last_agent_message": null,
            "error": { "message": message, "codex_error_info": "other" },
        }))
    }

    /// Interrupts a turn.
    pub(super) fn abort(&mut self, turn_id: &str) -> &mut Self {
        self.event(json!({ "type": "turn_aborted", "turn_id": turn_id, "reason": "interrupted" }))
    }

    /// Appends a completed canonical item.
    pub(super) fn item(&mut self, turn_id: &str, item: Value) -> &mut Self {
        let (thread_id, now_ms) = (self.thread_id.to_string(), self.now_ms());
        self.event(json!({
            "type": "item_completed", "thread_id": thread_id, "turn_id": turn_id, "item": item,
            "started_at_ms": now_ms, "completed_at_ms": now_ms + 1,
        }))
    }

    /// Says something as the user: an item, an event, or a response item.
    pub(super) fn user(&mut self, turn_id: &str, item_id: &str, text: &str) -> &mut Self {
        match self.form {
            Form::Paginated => {
                let content = json!([{ "type": "text", "text": text, "text_elements": [] }]);
                self.item(
                    turn_id,
                    json!({ "type": "UserMessage", "id": item_id, "content": content }),
                )
            }
            Form::Legacy => self.event(json!({ "type": "user_message", "message": text })),
            Form::Bare => self.response("user", text),
        }
    }

    /// Answers as the agent, without a phase.
    pub(super) fn agent(&mut self, turn_id: &str, item_id: &str, text: &str) -> &mut Self {
        self.agent_in_phase(turn_id, item_id, text, None)
    }

    /// Says something as the agent in a phase.
    pub(super) fn agent_in_phase(
        &mut self,
        turn_id: &str,
        item_id: &str,
        text: &str,
        phase: Option<&str>,
    ) -> &mut Self {
        match self.form {
            Form::Paginated => {
                let content = json!([{ "type": "Text", "text": text }]);
                let mut item = json!({ "type": "AgentMessage", "id": item_id, "content": content });
                if let Some(phase) = phase {
                    item["phase"] = phase.into();
                }
                self.item(turn_id, item)
            }
            Form::Legacy => self.event(json!({ "type": "agent_message", "message": text, "phase": phase })),
            Form::Bare => self.response("assistant", text),
        }
    }

    /// Appends a message as a response item alone.
    pub(super) fn response(&mut self, role: &str, text: &str) -> &mut Self {
        let part = if role == "assistant" {
            "output_text"
        } else {
            "input_text"
        };
        let item = json!({ "type": "message", "role": role, "content": [{ "type": part, "text": text }] });
        self.response_item(item)
    }

    /// Appends a response item.
    pub(super) fn response_item(&mut self, item: Value) -> &mut Self {
        match self.form {
            Form::Bare => self.line(&item),
            Form::Paginated | Form::Legacy => self.record("response_item", item),
        }
    }

    /// Appends a whole turn: a question and its answer. Items are named after the turn.
    pub(super) fn turn(&mut self, turn_id: &str, question: &str, answer: &str) -> &mut Self {
        if self.form != Form::Bare {
            self.start(turn_id);
        }
        self.user(turn_id, &format!("{turn_id}-user"), question);
        self.agent(turn_id, &format!("{turn_id}-agent"), answer);
        if self.form != Form::Bare {
            self.complete(turn_id);
        }
        self
    }

    /// Returns the place behind the last line.
    pub(super) fn cut(&self) -> Cut {
        Cut {
            rollout_id: self.rollout_id.unwrap_or(self.thread_id).to_string(),
            ordinal: self.next_ordinal,
            offset: self.len(),
        }
    }

    /// Returns the length so far.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Returns the name of the file.
    pub(super) fn file_name(&self) -> String {
        let time = time_text(self.created_ms)[..19].replace(':', "-");
        match self.rollout_id {
            Some(rollout_id) => format!("rollout-{time}-{}_{rollout_id}.jsonl", self.thread_id),
            None => format!("rollout-{time}-{}.jsonl", self.thread_id),
        }
    }

    /// Returns the file.
    pub(super) fn file(&self) -> MemoryRollout {
        MemoryRollout {
            file_name: self.file_name(),
            bytes: self.bytes.clone(),
            mtime_ms: self.mtime_ms.unwrap_or_else(|| self.now_ms()),
            archived: self.archived,
        }
    }
}

fn base_of(cut: &Cut) -> Value {
    json!({
        "thread_id": cut.rollout_id,
        "end_ordinal_exclusive": cut.ordinal,
        "end_byte_offset": cut.offset,
    })
}

fn time_text(time_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(time_ms).expect("a time of this century");
    format!("{time:.3}")
}
