//! Commands rebuilt from the calls of the shell tools (format 13.2).
//!
//! The command is stored as Codex stores it for paginated threads.

use std::time::Duration;

use serde::Deserialize;

use super::call::{Outcome, output_of};
use super::output_text::{self, CommandOutput, Ending};
use super::patch;
use crate::item::TurnItem;
use crate::item::stored::{ParsedCommand, ParsedUnknown, StoredDuration};
use crate::item::stored_enums::{StoredCommandSource, StoredCommandStatus};
use crate::item::tools::CommandExecutionItem;
use crate::log::response::{FunctionCall, LocalShellCall};

/// Shell that runs a command when the call does not name one.
const DEFAULT_SHELL: &str = "/bin/bash";

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    cmd: Option<String>,
    #[serde(default)]
    command: Option<CommandArgument>,
    #[serde(default, alias = "cwd")]
    workdir: Option<String>,
    #[serde(default)]
    login: Option<bool>,
    #[serde(default)]
    shell: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CommandArgument {
    Words(Vec<String>),
    Line(String),
}

/// Rebuilds a call of a shell tool; `None` when its arguments cannot be read.
pub(super) fn function_item(call: &FunctionCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    // Arguments that the model got wrong ran nothing: shown as a plain tool call instead.
    let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
    let workdir = arguments.workdir.as_deref().filter(|dir| !dir.is_empty());
    let unified = call.name == "exec_command";
    let (words, line) = match (arguments.cmd, arguments.command) {
        (Some(line), _) | (None, Some(CommandArgument::Line(line))) => {
            let flag = if arguments.login.unwrap_or(true) { "-lc" } else { "-c" };
            let shell = arguments.shell.unwrap_or_else(|| DEFAULT_SHELL.to_owned());
            (vec![shell, flag.to_owned(), line.clone()], line)
        }
        (None, Some(CommandArgument::Words(words))) if !words.is_empty() => {
            let line = script_of(&words).map_or_else(|| crate::text::shell_join(&words), str::to_owned);
            (words, line)
        }
        (None, _) => return None,
    };
    if let Some(item) = patch::item_of_command(&call.call_id, &words, workdir, outcome) {
        return Some(item);
    }
    let source = if unified {
        StoredCommandSource::UnifiedExecStartup
    } else {
        StoredCommandSource::Agent
    };
    Some(command_item(
        Command {
            id: &call.call_id,
            words,
            line,
            workdir,
            source,
        },
        outcome,
    ))
}

/// Rebuilds a call of the provider's shell tool.
pub(super) fn local_shell_item(call: &LocalShellCall, outcome: Outcome<'_>) -> TurnItem {
    let id = call.call_id.as_deref().or(call.id.as_deref()).unwrap_or_default();
    let words = call.action.command.clone();
    let workdir = call.action.working_directory.as_deref();
    if let Some(item) = patch::item_of_command(id, &words, workdir, outcome) {
        return item;
    }
    let line = script_of(&words).map_or_else(|| crate::text::shell_join(&words), str::to_owned);
    command_item(
        Command {
            id,
            words,
            line,
            workdir,
            source: StoredCommandSource::Agent,
        },
        outcome,
    )
}

/// Returns the script of `bash -lc SCRIPT` and the like.
pub(super) fn script_of(words: &[String]) -> Option<&str> {
    let [shell, flag, script] = words else { return None };
    let name = shell.rsplit('/').next()?;
    (matches!(name, "bash" | "sh" | "zsh") && matches!(flag.as_str(), "-lc" | "-c")).then_some(script)
}

struct Command<'a> {
    id: &'a str,
    words: Vec<String>,
    line: String,
    workdir: Option<&'a str>,
    source: StoredCommandSource,
}

fn command_item(command: Command<'_>, outcome: Outcome<'_>) -> TurnItem {
    let told = outcome
        .text()
        .map(|text| with_later(output_text::parse(&text), outcome));
    let status = told.as_ref().map_or(StoredCommandStatus::InProgress, status_of);
    let told = told.unwrap_or_default();
    TurnItem::CommandExecution(Box::new(CommandExecutionItem {
        id: command.id.to_owned(),
        plugin_id: None,
        script_path: None,
        process_id: told.session,
        command: command.words,
        cwd: command.workdir.unwrap_or_default().to_owned(),
        parsed_cmd: vec![ParsedCommand::Unknown(ParsedUnknown { cmd: command.line })],
        source: command.source,
        interaction_input: None,
        status,
        stdout: None,
        stderr: None,
        aggregated_output: outcome.output.map(|_| told.output),
        exit_code: told.exit_code,
        duration: told.duration,
        formatted_output: None,
    }))
}

fn status_of(told: &CommandOutput) -> StoredCommandStatus {
    match (told.exit_code, told.ending) {
        (Some(0), _) => StoredCommandStatus::Completed,
        (Some(_), _) => StoredCommandStatus::Failed,
        (None, _) if told.session.is_some() => StoredCommandStatus::InProgress,
        (None, Ending::Returned) => StoredCommandStatus::Completed,
        (None, Ending::Declined) => StoredCommandStatus::Declined,
        (None, Ending::Failed) => StoredCommandStatus::Failed,
    }
}

/// Adds what the continued session said; its last word on the exit code counts.
fn with_later(mut told: CommandOutput, outcome: Outcome<'_>) -> CommandOutput {
    for record in outcome.later {
        let Some(output) = output_of(record) else { continue };
        let more = output_text::parse(&output.joined_text());
        if more.exit_code.is_none() && more.session.is_none() {
            // Not a report of the session (a refused or unknown write): nothing came of it.
            continue;
        }
        told.output.push_str(&more.output);
        told.exit_code = more.exit_code.or(told.exit_code);
        told.session = more.session.or(told.session);
        told.duration = sum(told.duration, more.duration);
    }
    told
}

fn sum(first: Option<StoredDuration>, second: Option<StoredDuration>) -> Option<StoredDuration> {
    let of = |part: StoredDuration| Duration::new(part.secs, 0) + Duration::from_nanos(u64::from(part.nanos));
    let (Some(left), Some(right)) = (first, second) else {
        return first.or(second);
    };
    // Times beyond all reason are not summed.
    let Some(total) = of(left).checked_add(of(right)) else {
        return first;
    };
    Some(StoredDuration {
        secs: total.as_secs(),
        nanos: total.subsec_nanos(),
    })
}
