//! Which texts of an item are searched, and what each is.
//!
//! The one rule for documents and for matching: what is not a field here is found by nobody. What only the model saw is none.

use std::borrow::Cow;

use codex_protocol::item::{CommandAction, DynamicToolCallOutputContentItem, ThreadItem, UserInput, WebSearchAction};
use codex_protocol::log::RawJson;
use serde_json::Value;

use super::kind::FieldKind;
use crate::text::{markdown_to_plain, may_join_words};

/// Bytes of the output of a command, or of the result of a tool, that are searched at its beginning.
pub const MAX_OUTPUT_HEAD_BYTES: usize = 48 * 1024;
/// The same at its end, where errors are.
pub const MAX_OUTPUT_TAIL_BYTES: usize = 16 * 1024;

/// A text that is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// What it is.
    pub kind: FieldKind,
    /// The text, or a part of a long one.
    pub text: Cow<'a, str>,
    /// UTF-16 code units of the whole text that come before.
    pub start_utf16: usize,
}

impl<'a> Field<'a> {
    /// Makes a field of a whole text.
    pub fn new(kind: FieldKind, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind,
            text: text.into(),
            start_utf16: 0,
        }
    }
}

/// Whether outputs of commands and results of tools are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Outputs {
    /// They are, up to [`MAX_OUTPUT_HEAD_BYTES`] and [`MAX_OUTPUT_TAIL_BYTES`] of each.
    #[default]
    Searched,
    /// They are not.
    Ignored,
}

/// Returns the texts of an item that are searched; empty ones are left out.
pub fn fields_of(item: &ThreadItem, outputs: Outputs) -> Vec<Field<'_>> {
    let mut fields = Fields {
        fields: Vec::new(),
        outputs,
    };
    fields.add_item(item);
    fields.fields
}

struct Fields<'a> {
    fields: Vec<Field<'a>>,
    outputs: Outputs,
}

impl<'a> Fields<'a> {
    fn add_item(&mut self, item: &'a ThreadItem) {
        match item {
            ThreadItem::UserMessage(message) => self.add_user_message(&message.content),
            ThreadItem::AgentMessage(message) => {
                self.add(FieldKind::Message, &message.text);
                if may_join_words(&message.text) {
                    self.add(FieldKind::Message, markdown_to_plain(&message.text));
                }
            }
            ThreadItem::Plan(plan) => self.add(FieldKind::Plan, &plan.text),
            ThreadItem::Reasoning(reasoning) => {
                for text in reasoning.summary.iter().chain(&reasoning.content) {
                    self.add(FieldKind::Reasoning, text);
                }
            }
            ThreadItem::CommandExecution(command) => {
                self.add(FieldKind::Command, &command.command);
                for action in &command.command_actions {
                    self.add_action(action);
                }
                if let Some(output) = &command.aggregated_output {
                    self.add_output(FieldKind::Output, output);
                }
            }
            ThreadItem::FileChange(patch) => {
                for change in &patch.changes {
                    self.add(FieldKind::Path, &change.path);
                    self.add(FieldKind::Patch, changed_lines(&change.diff));
                }
            }
            ThreadItem::McpToolCall(_)
            | ThreadItem::DynamicToolCall(_)
            | ThreadItem::CollabAgentToolCall(_)
            | ThreadItem::FunctionCallOutput(_) => self.add_tool_call(item),
            ThreadItem::WebSearch(search) => {
                self.add(FieldKind::Web, &search.query);
                self.add_web_action(&search.query, search.action.as_ref());
            }
            ThreadItem::ImageView(image) => self.add(FieldKind::Path, &image.path),
            ThreadItem::ImageGeneration(image) => {
                self.add_some(FieldKind::Call, image.revised_prompt.as_deref());
                self.add_some(FieldKind::Path, image.saved_path.as_deref());
            }
            ThreadItem::EnteredReviewMode(review) | ThreadItem::ExitedReviewMode(review) => {
                self.add(FieldKind::Review, &review.review);
            }
            ThreadItem::HookPrompt(_)
            | ThreadItem::SubAgentActivity(_)
            | ThreadItem::Sleep(_)
            | ThreadItem::ContextCompaction(_) => {}
        }
    }

    fn add_user_message(&mut self, content: &'a [UserInput]) {
        let mut text = String::new();
        for part in content {
            match part {
                UserInput::Text(part) => text.push_str(&part.text),
                UserInput::LocalImage(image) => self.add(FieldKind::Path, &image.path),
                UserInput::LocalAudio(audio) => self.add(FieldKind::Path, &audio.path),
                UserInput::Skill(named) | UserInput::Mention(named) => self.add(FieldKind::Path, &named.path),
                UserInput::Image(_) | UserInput::Audio(_) => {}
            }
        }
        self.add(FieldKind::Message, text);
    }

    fn add_action(&mut self, action: &'a CommandAction) {
        match action {
            CommandAction::Read(read) => self.add(FieldKind::Path, &read.path),
            CommandAction::ListFiles(list) => self.add_some(FieldKind::Path, list.path.as_deref()),
            CommandAction::Search(search) => self.add_some(FieldKind::Path, search.path.as_deref()),
            CommandAction::Unknown(_) => {}
        }
    }

    fn add_tool_call(&mut self, item: &'a ThreadItem) {
        match item {
            ThreadItem::McpToolCall(call) => {
                self.add(FieldKind::Call, format!("{} {}", call.server, call.tool));
                self.add(FieldKind::Call, texts_of(&call.arguments));
                if let Some(result) = &call.result {
                    let parts = result.content.iter().chain(&result.structured_content);
                    let texts: Vec<String> = parts.map(texts_of).collect();
                    self.add_output(FieldKind::Result, texts.join("\n"));
                }
                if let Some(error) = &call.error {
                    self.add_output(FieldKind::Result, &error.message);
                }
            }
            ThreadItem::DynamicToolCall(call) => {
                self.add(FieldKind::Call, &call.tool);
                self.add(FieldKind::Call, texts_of(&call.arguments));
                for part in call.content_items.iter().flatten() {
                    match part {
                        DynamicToolCallOutputContentItem::InputText(part) => {
                            self.add_output(FieldKind::Result, &part.text);
                        }
                        DynamicToolCallOutputContentItem::InputImage(_)
                        | DynamicToolCallOutputContentItem::InputAudio(_) => {}
                    }
                }
            }
            ThreadItem::CollabAgentToolCall(call) => {
                self.add_some(FieldKind::Call, call.prompt.as_deref());
                for state in call.agents_states.values() {
                    if let Some(message) = &state.message {
                        self.add_output(FieldKind::Result, message);
                    }
                }
            }
            ThreadItem::FunctionCallOutput(output) => {
                self.add(FieldKind::Call, &output.name);
                self.add_output(FieldKind::Result, texts_of(&output.output));
            }
            _ => {}
        }
    }

    fn add_web_action(&mut self, query: &str, action: Option<&'a WebSearchAction>) {
        match action {
            Some(WebSearchAction::Search(terms)) => {
                for text in terms.query.iter().chain(terms.queries.iter().flatten()) {
                    if text != query {
                        self.add(FieldKind::Web, text);
                    }
                }
            }
            Some(WebSearchAction::OpenPage(page)) => self.add_some(FieldKind::Web, page.url.as_deref()),
            Some(WebSearchAction::FindInPage(find)) => {
                self.add_some(FieldKind::Web, find.url.as_deref());
                self.add_some(FieldKind::Web, find.pattern.as_deref());
            }
            Some(WebSearchAction::Other) | None => {}
        }
    }

    fn add_some(&mut self, kind: FieldKind, text: Option<&'a str>) {
        if let Some(text) = text {
            self.add(kind, text);
        }
    }

    fn add(&mut self, kind: FieldKind, text: impl Into<Cow<'a, str>>) {
        let field = Field::new(kind, text);
        if !field.text.is_empty() {
            self.fields.push(field);
        }
    }

    /// Adds what is searched of a text that can be as long as a file.
    fn add_output(&mut self, kind: FieldKind, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if self.outputs == Outputs::Ignored {
            return;
        }
        if text.len() <= MAX_OUTPUT_HEAD_BYTES + MAX_OUTPUT_TAIL_BYTES {
            return self.add(kind, text);
        }
        let head_end = boundary(&text, MAX_OUTPUT_HEAD_BYTES);
        let tail_start = boundary(&text, text.len() - MAX_OUTPUT_TAIL_BYTES);
        self.add(kind, text[..head_end].to_owned());
        self.fields.push(Field {
            kind,
            start_utf16: text[..tail_start].chars().map(char::len_utf16).sum(),
            text: text[tail_start..].to_owned().into(),
        });
    }
}

/// Returns where the character at an offset begins.
fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the lines that a unified diff adds and removes; all lines of what is not one.
fn changed_lines(diff: &str) -> Cow<'_, str> {
    if !diff.lines().any(|line| line.starts_with("@@")) {
        return Cow::Borrowed(diff);
    }
    let is_changed = |line: &&str| {
        let is_name = line.starts_with("+++ ") || line.starts_with("--- ");
        line.starts_with(['+', '-']) && !is_name
    };
    let lines: Vec<&str> = diff.lines().filter(is_changed).collect();
    Cow::Owned(lines.join("\n"))
}

/// Returns all texts and numbers of a JSON value, a line each; data URLs are no texts.
fn texts_of(json: &RawJson) -> String {
    if let Some(text) = json.as_text() {
        return text.into_owned();
    }
    let mut texts = String::new();
    if let Ok(value) = json.parse::<Value>() {
        collect(&value, &mut texts);
    }
    texts
}

fn collect(value: &Value, texts: &mut String) {
    let mut add = |text: &str| {
        if !texts.is_empty() {
            texts.push('\n');
        }
        texts.push_str(text);
    };
    match value {
        Value::String(text) if text.starts_with("data:") => {}
        Value::String(text) => add(text),
        Value::Number(number) => add(&number.to_string()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod fields_tests;
