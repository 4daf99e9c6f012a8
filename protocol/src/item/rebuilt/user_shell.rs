//! The user's own shell commands of legacy threads, rebuilt from the message that tells the model
//! of them (format 11).
//!
//! Legacy rollouts keep nothing else of such a command.

use crate::item::TurnItem;
use crate::item::stored::{ParsedCommand, ParsedUnknown, StoredDuration};
use crate::item::stored_enums::{StoredCommandSource, StoredCommandStatus};
use crate::item::tools::CommandExecutionItem;
use crate::log::ResponseItem;
use crate::log::response::ContentPart;

/// Returns the command that a `<user_shell_command>` message tells of; its id is the message's.
#[must_use]
pub fn user_shell_from_message(item: &ResponseItem) -> Option<TurnItem> {
    let ResponseItem::Message(message) = item else {
        return None;
    };
    let [ContentPart::InputText(part)] = message.content.as_slice() else {
        return None;
    };
    if message.role != "user" {
        return None;
    }
    let body = part
        .text
        .trim()
        .strip_prefix("<user_shell_command>")?
        .strip_suffix("</user_shell_command>")?;
    let (_, after) = body.split_once("<command>\n")?;
    let (command, after) = after.split_once("\n</command>")?;
    let (_, after) = after.split_once("<result>\n")?;
    let (result, _) = after.rsplit_once("\n</result>")?;
    let (header, output) = result.split_once("\nOutput:\n").unwrap_or((result, ""));
    let exit_code = field(header, "Exit code: ").and_then(|code| code.parse::<i32>().ok());
    let seconds = field(header, "Duration: ").and_then(|text| text.strip_suffix(" seconds")?.parse().ok());
    let duration = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    let status = if exit_code == Some(0) {
        StoredCommandStatus::Completed
    } else {
        StoredCommandStatus::Failed
    };
    Some(TurnItem::CommandExecution(Box::new(CommandExecutionItem {
        id: message.id.clone().unwrap_or_default(),
        plugin_id: None,
        script_path: None,
        process_id: None,
        command: vec!["/bin/bash".to_owned(), "-lc".to_owned(), command.to_owned()],
        cwd: String::new(),
        parsed_cmd: vec![ParsedCommand::Unknown(ParsedUnknown {
            cmd: command.to_owned(),
        })],
        source: StoredCommandSource::UserShell,
        interaction_input: None,
        status,
        stdout: None,
        stderr: None,
        aggregated_output: Some(output.to_owned()),
        exit_code,
        duration: duration.map(|time| StoredDuration {
            secs: time.as_secs(),
            nanos: time.subsec_nanos(),
        }),
        formatted_output: None,
    })))
}

fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.lines().find_map(|line| line.strip_prefix(name))
}
