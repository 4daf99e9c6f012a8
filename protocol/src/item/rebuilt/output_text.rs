//! Reading of the texts that command tools return to the model (format 13.2).
//!
//! Four shapes: the unified terminal's, the shell's JSON, the shell's text, and plain text.

use serde::Deserialize;

use crate::item::stored::StoredDuration;

/// What an output text says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct CommandOutput {
    /// Exit code, if the text names one.
    pub(super) exit_code: Option<i32>,
    /// Session that keeps running.
    pub(super) session: Option<String>,
    /// Run time.
    pub(super) duration: Option<StoredDuration>,
    /// The command's own output, or the reason why there is none.
    pub(super) output: String,
    /// What happened, where there is neither an exit code nor a session.
    pub(super) ending: Ending,
}

#[derive(Deserialize)]
struct ShellJson {
    output: String,
    #[serde(default)]
    metadata: ShellMetadata,
}

#[derive(Deserialize, Default)]
struct ShellMetadata {
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    duration_seconds: Option<f64>,
}

/// How a call ended that tells no exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ending {
    /// There is a report, or nothing speaks against success.
    #[default]
    Returned,
    /// The user did not allow it.
    Declined,
    /// It did not run, or not to its end.
    Failed,
}

/// Reads an output text of any shape.
pub(super) fn parse(text: &str) -> CommandOutput {
    if text.trim_start().starts_with('{')
        && let Ok(shell) = serde_json::from_str::<ShellJson>(text)
    {
        return CommandOutput {
            exit_code: shell.metadata.exit_code,
            duration: shell.metadata.duration_seconds.and_then(duration),
            output: shell.output,
            ..CommandOutput::default()
        };
    }
    headed(text).unwrap_or_else(|| plain(text))
}

/// Reads header lines up to `Output:`; `None` when the text does not begin with such a header.
fn headed(text: &str) -> Option<CommandOutput> {
    let mut result = CommandOutput::default();
    let mut rest = text;
    loop {
        let (line, tail) = rest.split_once('\n').unwrap_or((rest, ""));
        if line == "Output:" {
            // A tool that ran inside another repeats the header.
            if let Some(nested) = nested_header(tail) {
                return Some(nested);
            }
            without_truncation_header(tail).clone_into(&mut result.output);
            return Some(result);
        }
        if let Some(code) = line
            .strip_prefix("Process exited with code ")
            .or(line.strip_prefix("Exit code: "))
        {
            result.exit_code = Some(code.trim().parse().ok()?);
        } else if let Some(session) = line.strip_prefix("Process running with session ID ") {
            result.session = Some(session.trim().to_owned());
        } else if let Some(seconds) = line.strip_prefix("Wall time: ").or(line.strip_prefix("Wall time ")) {
            result.duration = seconds.strip_suffix(" seconds")?.parse().ok().and_then(duration);
        } else if !["Chunk ID: ", "Original token count: ", "Total output lines: "]
            .iter()
            .any(|known| line.starts_with(known))
        {
            return None;
        }
        if tail.is_empty() {
            return None;
        }
        rest = tail;
    }
}

fn nested_header(text: &str) -> Option<CommandOutput> {
    let repeats = text.starts_with("Exit code: ") && text.contains("\nWall time: ");
    repeats.then(|| headed(text)).flatten()
}

/// Removes the lines that announce a cut, if the text is one that was cut.
fn without_truncation_header(text: &str) -> &str {
    if !text.starts_with("Warning: truncated output ") && !text.starts_with("Total output lines: ") {
        return text;
    }
    match text.split_once("\n\n") {
        Some((header, output)) if header.lines().count() <= 2 && output.contains(" truncated…") => output,
        Some(_) | None => text,
    }
}

fn plain(text: &str) -> CommandOutput {
    if let Some(reason) = text.strip_prefix("exec_command failed") {
        // The process could not be made; Codex reports that as exit code -1.
        return CommandOutput {
            exit_code: Some(-1),
            output: rejected_reason(reason).unwrap_or_else(|| text.to_owned()),
            ..CommandOutput::default()
        };
    }
    if let Some((seconds, "aborted by user")) = text
        .strip_prefix("Wall time: ")
        .and_then(|rest| rest.split_once(" seconds\n"))
    {
        return CommandOutput {
            duration: seconds.parse().ok().and_then(duration),
            output: "aborted by user".to_owned(),
            ending: Ending::Failed,
            ..CommandOutput::default()
        };
    }
    let ending = if text.contains("rejected by user") || text.contains("rejected by the user") {
        Ending::Declined
    } else if FAILURES.iter().any(|beginning| text.starts_with(beginning)) {
        Ending::Failed
    } else {
        Ending::Returned
    };
    CommandOutput {
        ending,
        output: text.to_owned(),
        ..CommandOutput::default()
    }
}

/// Beginnings of the texts that Codex answers in place of a command's output.
const FAILURES: [&str; 8] = [
    "aborted",
    "command timed out",
    "error",
    "execution error",
    "exec command rejected",
    "failed",
    "sandbox",
    "unsupported",
];

/// Takes the reason out of `CreateProcess { message: "Rejected(\"...\")" }`.
fn rejected_reason(text: &str) -> Option<String> {
    let (_, after) = text.split_once("Rejected(\\\"")?;
    let (reason, _) = after.rsplit_once("\\\")")?;
    Some(reason.replace("\\\\\\\"", "\"").replace("\\\\n", "\n"))
}

fn duration(seconds: f64) -> Option<StoredDuration> {
    let whole = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    Some(StoredDuration {
        secs: whole.as_secs(),
        nanos: whole.subsec_nanos(),
    })
}
