//! A turn as text for people.
//!
//! Pure. Long outputs are cut unless the whole is wanted; control characters never reach the terminal.

use codex_protocol::item::{
    CommandExecutionThreadItem, FileChangeThreadItem, McpToolCallThreadItem, PatchChangeKind, ThreadItem, TimedItem,
    TurnStatus, UserInput,
};
use codex_protocol::rpc::turn::Turn;

use super::output::{Colour, Look, clean, one_line, paint};
use super::when;

/// Lines of an output that are shown when it is cut.
const SHOWN_LINES: usize = 12;
/// Characters of a line of arguments that are shown.
const SHOWN_ARGUMENT_CHARS: usize = 120;

/// What is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The middle of long outputs and diffs.
    LongOutput,
    /// Nothing.
    Nothing,
}

/// Renders a turn with its items.
pub(super) fn turn_text(colour: Colour, turn: &Turn, cut: Cut) -> String {
    let mut facts = Vec::new();
    facts.extend(turn.started_at.map(|time| format!("{} UTC", when::minute(time))));
    facts.extend(turn.duration_ms.map(when::duration));
    let (look, word) = match turn.status {
        TurnStatus::Completed => (Look::Good, "completed"),
        TurnStatus::Interrupted => (Look::Warn, "interrupted"),
        TurnStatus::Failed => (Look::Bad, "failed"),
        TurnStatus::InProgress => (Look::Accent, "in progress"),
    };
    let rule = paint(colour, Look::Dim, "──");
    let facts = paint(colour, Look::Dim, &facts.join(" · "));
    let mut text = format!("\n{rule} {} {facts}\n", paint(colour, look, word));
    for item in &turn.items {
        text.push_str(&item_text(colour, item, cut));
    }
    if let Some(error) = &turn.error {
        text.push_str(&block(&paint(colour, Look::Bad, "error"), &clean(&error.message)));
    }
    text
}

fn item_text(colour: Colour, item: &TimedItem, cut: Cut) -> String {
    let label = |look, text: &str| paint(colour, look, text);
    match &item.item {
        ThreadItem::UserMessage(message) => {
            let parts: Vec<String> = message.content.iter().map(input_text).collect();
            block(&label(Look::Accent, "you"), &clean(&parts.join("\n")))
        }
        ThreadItem::AgentMessage(message) => block(&label(Look::Title, "agent"), &clean(&message.text)),
        ThreadItem::Reasoning(reasoning) => {
            let thoughts = if reasoning.summary.is_empty() {
                &reasoning.content
            } else {
                &reasoning.summary
            };
            dim_block(colour, "thinking", &shorten(&clean(&thoughts.join("\n")), cut))
        }
        ThreadItem::Plan(plan) => block(&label(Look::Title, "plan"), &clean(&plan.text)),
        ThreadItem::CommandExecution(command) => command_text(colour, command, cut),
        ThreadItem::FileChange(change) => change_text(colour, change, cut),
        ThreadItem::McpToolCall(call) => mcp_text(colour, call, cut),
        ThreadItem::DynamicToolCall(call) => {
            let arguments = argument_text(call.arguments.get());
            format!(
                "  {} {} {arguments}\n",
                label(Look::Accent, "tool"),
                one_line(&call.tool)
            )
        }
        ThreadItem::FunctionCallOutput(output) => dim_block(
            colour,
            &one_line(&output.name),
            &shorten(&clean(output.output.get()), cut),
        ),
        ThreadItem::CollabAgentToolCall(call) => {
            let prompt = call.prompt.as_deref().map(one_line).unwrap_or_default();
            let to = call.receiver_thread_ids.join(", ");
            format!("  {} {to} {prompt}\n", label(Look::Accent, "agent call"))
        }
        ThreadItem::SubAgentActivity(activity) => {
            format!(
                "  {} {}\n",
                label(Look::Accent, "sub-agent"),
                one_line(&activity.agent_path)
            )
        }
        ThreadItem::WebSearch(search) => {
            format!("  {} {}\n", label(Look::Accent, "web search"), one_line(&search.query))
        }
        ThreadItem::ImageView(image) => format!("  {} {}\n", label(Look::Accent, "looked at"), one_line(&image.path)),
        ThreadItem::ImageGeneration(image) => {
            let prompt = image.revised_prompt.as_deref().map(one_line).unwrap_or_default();
            format!("  {} {prompt}\n", label(Look::Accent, "image"))
        }
        ThreadItem::Sleep(sleep) => {
            let pause = when::duration(i64::try_from(sleep.duration_ms).unwrap_or(i64::MAX));
            format!("  {} {pause}\n", label(Look::Dim, "waited"))
        }
        ThreadItem::HookPrompt(prompt) => {
            let parts: Vec<&str> = prompt.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
            dim_block(colour, "hook", &shorten(&clean(&parts.join("\n")), cut))
        }
        ThreadItem::EnteredReviewMode(review) => block(&label(Look::Accent, "review"), &clean(&review.review)),
        ThreadItem::ExitedReviewMode(review) => block(&label(Look::Title, "findings"), &clean(&review.review)),
        ThreadItem::ContextCompaction(_) => format!("  {}\n", label(Look::Dim, "(the context was compacted)")),
    }
}

fn input_text(input: &UserInput) -> String {
    match input {
        UserInput::Text(text) => text.text.clone(),
        UserInput::Image(image) => {
            let name = image.file_id.as_deref().or(image.url.as_deref()).unwrap_or_default();
            format!("[image {}]", name.chars().take(60).collect::<String>())
        }
        UserInput::LocalImage(image) => format!("[image {}]", image.path),
        UserInput::Audio(_) => "[audio]".to_owned(),
        UserInput::LocalAudio(audio) => format!("[audio {}]", audio.path),
        UserInput::Skill(skill) => format!("[skill {}]", skill.name),
        UserInput::Mention(mention) => format!("[{}]", mention.name),
    }
}

fn command_text(colour: Colour, command: &CommandExecutionThreadItem, cut: Cut) -> String {
    let mut facts = Vec::new();
    match command.exit_code {
        Some(0) => {}
        Some(code) => facts.push(paint(colour, Look::Bad, &format!("exit {code}"))),
        None => facts.push(paint(colour, Look::Dim, "no exit code")),
    }
    facts.extend(
        command
            .duration_ms
            .map(|ms| paint(colour, Look::Dim, &when::duration(ms))),
    );
    let mut text = block(&paint(colour, Look::Accent, "$"), &clean(&command.command));
    if !facts.is_empty() {
        text.truncate(text.trim_end().len());
        text.push_str(&format!("  {}\n", facts.join(" ")));
    }
    if let Some(output) = command
        .aggregated_output
        .as_deref()
        .filter(|output| !output.trim().is_empty())
    {
        text.push_str(&indent(colour, &shorten(&clean(output), cut)));
    }
    text
}

fn change_text(colour: Colour, change: &FileChangeThreadItem, cut: Cut) -> String {
    let mut text = String::new();
    for file in &change.changes {
        let word = match &file.kind {
            PatchChangeKind::Add => "add",
            PatchChangeKind::Delete => "delete",
            PatchChangeKind::Update(_) => "edit",
        };
        text.push_str(&format!(
            "  {} {}\n",
            paint(colour, Look::Accent, word),
            one_line(&file.path)
        ));
        if !file.diff.trim().is_empty() {
            text.push_str(&indent(colour, &shorten(&clean(&file.diff), cut)));
        }
    }
    text
}

fn mcp_text(colour: Colour, call: &McpToolCallThreadItem, cut: Cut) -> String {
    let name = paint(
        colour,
        Look::Accent,
        &one_line(&format!("{}.{}", call.server, call.tool)),
    );
    let mut text = format!("  {name} {}\n", argument_text(call.arguments.get()));
    if let Some(error) = &call.error {
        text.push_str(&indent(colour, &shorten(&clean(&error.message), cut)));
    }
    text
}

fn argument_text(arguments: &str) -> String {
    let line = one_line(arguments);
    if line.chars().count() <= SHOWN_ARGUMENT_CHARS {
        return line;
    }
    let start: String = line.chars().take(SHOWN_ARGUMENT_CHARS).collect();
    format!("{start}…")
}

/// A label and a text whose further lines stand under its first one.
fn block(label: &str, text: &str) -> String {
    let text = text.trim_end();
    format!("  {label} {}\n", text.replace('\n', "\n    "))
}

fn dim_block(colour: Colour, label: &str, text: &str) -> String {
    let lines: Vec<String> = text
        .trim_end()
        .lines()
        .map(|line| paint(colour, Look::Dim, line))
        .collect();
    format!("  {} {}\n", paint(colour, Look::Dim, label), lines.join("\n    "))
}

fn indent(colour: Colour, text: &str) -> String {
    text.trim_end()
        .lines()
        .map(|line| format!("    {}\n", paint(colour, Look::Dim, line)))
        .collect()
}

/// Leaves out the middle of a long text.
fn shorten(text: &str, cut: Cut) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if cut == Cut::Nothing || lines.len() <= SHOWN_LINES {
        return text.to_owned();
    }
    let (head, tail) = (SHOWN_LINES / 2, SHOWN_LINES / 2);
    let left_out = lines.len() - head - tail;
    let note = format!("… {left_out} more lines; --full shows them");
    [&lines[..head], &[note.as_str()], &lines[lines.len() - tail..]]
        .concat()
        .join("\n")
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod render_tests;
