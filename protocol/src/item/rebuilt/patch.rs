//! File changes rebuilt from the text of a patch (format 13.2).
//!
//! Reads the patch language; never applies a patch. What a removed file held, and at which line a
//! hunk lies, is not in the text: contents stay empty and hunk headers as written.

use serde::Deserialize;

use super::call::Outcome;
use super::command::script_of;
use super::output_text::{self, Ending};
use crate::item::TurnItem;
use crate::item::stored::{FileChange, FileChanges, FileContent, FileUpdate};
use crate::item::stored_enums::StoredPatchStatus;
use crate::item::tools::FileChangeItem;
use crate::log::response::FunctionCall;
use crate::text::join_path;

/// Rebuilds a patch that is the argument of a function call.
pub(super) fn function_item(call: &FunctionCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    #[derive(Deserialize)]
    struct Arguments {
        #[serde(alias = "patch")]
        input: String,
    }
    // Arguments that the model got wrong changed nothing.
    let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
    item(&call.call_id, &arguments.input, None, outcome)
}

/// Rebuilds a command that only applies a patch: `apply_patch PATCH`, or a heredoc in a script.
pub(super) fn item_of_command(
    call_id: &str,
    words: &[String],
    workdir: Option<&str>,
    outcome: Outcome<'_>,
) -> Option<TurnItem> {
    if let [program, patch] = words
        && is_apply_patch(program)
    {
        return item(call_id, patch, workdir, outcome);
    }
    let (patch, directory) = heredoc(script_of(words)?)?;
    let directory = match (workdir, directory) {
        (Some(base), Some(inner)) => join_path(base, inner).or_else(|| Some(inner.to_owned())),
        (base, inner) => base.or(inner).map(str::to_owned),
    };
    item(call_id, patch, directory.as_deref(), outcome)
}

fn is_apply_patch(word: &str) -> bool {
    matches!(word, "apply_patch" | "applypatch")
}

/// Takes patch and directory out of `[cd DIR &&] apply_patch <<'EOF'`, newline, patch, `EOF`.
fn heredoc(script: &str) -> Option<(&str, Option<&str>)> {
    let script = script.trim();
    let (directory, script) = match script.strip_prefix("cd ") {
        Some(rest) => {
            let (directory, command) = rest.split_once("&&")?;
            (Some(directory.trim().trim_matches(['"', '\''])), command.trim_start())
        }
        None => (None, script),
    };
    let (first, body) = script.split_once('\n')?;
    let (program, marker) = first.split_once("<<")?;
    if !is_apply_patch(program.trim()) {
        return None;
    }
    let marker = marker.trim_start_matches('-').trim().trim_matches(['"', '\'']);
    let patch = body.strip_suffix(marker)?.strip_suffix('\n')?;
    (!marker.is_empty()).then_some((patch, directory))
}

/// Rebuilds the item of a patch text; `None` when the text is no patch.
pub(super) fn item(call_id: &str, patch: &str, directory: Option<&str>, outcome: Outcome<'_>) -> Option<TurnItem> {
    let changes = parse(patch, directory)?;
    let told = outcome.text().map(|text| output_text::parse(&text));
    let status = told.as_ref().map(|told| {
        let success = told.exit_code == Some(0) || told.output.starts_with("Success.");
        match told.ending {
            Ending::Declined => StoredPatchStatus::Declined,
            Ending::Returned | Ending::Failed if success => StoredPatchStatus::Completed,
            Ending::Returned | Ending::Failed => StoredPatchStatus::Failed,
        }
    });
    let (stdout, stderr) = match (status, told) {
        (Some(StoredPatchStatus::Completed), Some(told)) => (Some(told.output), Some(String::new())),
        (_, Some(told)) => (Some(String::new()), Some(told.output)),
        (_, None) => (None, None),
    };
    Some(TurnItem::FileChange(FileChangeItem {
        id: call_id.to_owned(),
        changes,
        status,
        auto_approved: None,
        stdout,
        stderr,
    }))
}

/// Reads a patch; `None` unless it begins and ends like one.
fn parse(patch: &str, directory: Option<&str>) -> Option<FileChanges> {
    let mut lines = patch.trim().lines();
    if lines.next()?.trim() != "*** Begin Patch" {
        return None;
    }
    let mut files = Files {
        changes: FileChanges::new(),
        current: None,
        directory,
    };
    for line in lines {
        if line.trim_end() == "*** End Patch" {
            files.finish();
            return Some(files.changes);
        }
        files.line(line)?;
    }
    // Some patches were cut, or miss their last line; what is there was meant.
    files.finish();
    (!files.changes.is_empty()).then_some(files.changes)
}

struct Files<'a> {
    changes: FileChanges,
    current: Option<(String, FileChange)>,
    directory: Option<&'a str>,
}

impl Files<'_> {
    /// Takes one line; `None` for a line that no patch has there.
    fn line(&mut self, line: &str) -> Option<()> {
        if let Some(path) = line.strip_prefix("*** Add File: ") {
            self.start(path, FileChange::Add(FileContent { content: String::new() }));
        } else if let Some(path) = line.strip_prefix("*** Delete File: ") {
            self.start(path, FileChange::Delete(FileContent { content: String::new() }));
        } else if let Some(path) = line.strip_prefix("*** Update File: ") {
            self.start(
                path,
                FileChange::Update(FileUpdate {
                    unified_diff: String::new(),
                    move_path: None,
                }),
            );
        } else {
            self.content(line)?;
        }
        Some(())
    }

    fn content(&mut self, line: &str) -> Option<()> {
        let moved = line.strip_prefix("*** Move to: ").map(|path| self.path(path));
        let (_, change) = self.current.as_mut()?;
        match change {
            FileChange::Add(file) => {
                file.content.push_str(line.strip_prefix('+')?);
                file.content.push('\n');
            }
            FileChange::Delete(_) if line.trim().is_empty() => {}
            FileChange::Delete(_) => return None,
            FileChange::Update(update) => match moved {
                Some(path) => update.move_path = Some(path),
                None if line == "*** End of File" => {}
                None => {
                    update.unified_diff.push_str(line);
                    update.unified_diff.push('\n');
                }
            },
        }
        Some(())
    }

    fn start(&mut self, path: &str, change: FileChange) {
        self.finish();
        self.current = Some((self.path(path), change));
    }

    fn finish(&mut self) {
        if let Some((path, change)) = self.current.take() {
            self.changes.insert(path, change);
        }
    }

    fn path(&self, path: &str) -> String {
        let path = path.trim();
        match self.directory {
            None => path.to_owned(),
            // A relative directory is resolved when the item is placed.
            Some(directory) => join_path(directory, path).unwrap_or_else(|| {
                if directory.is_empty() {
                    path.to_owned()
                } else {
                    format!("{directory}/{path}")
                }
            }),
        }
    }
}
