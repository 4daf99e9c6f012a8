//! The old threads of the project: a bare rollout of 2025, and an archived legacy one.

use serde_json::json;

use super::cast::{ARCHIVED, BARE, at, header};
use crate::rollout::{Command, FileEdit, Header, Mode, RolloutBuilder};

/// Before the envelope: a flat header and plain Responses items (rollout format 12).
pub(super) fn bare_rollout() -> RolloutBuilder {
    let head = Header::new(Mode::Bare, BARE)
        .created_at(at(2025, 8, 21, 16, 20))
        .in_dir(super::cast::PROJECT);
    let mut rollout = RolloutBuilder::new(head);
    rollout
        .environment_context()
        .user("Set up a new Rust project for a note-taking tool called inkwell.")
        .exec(&Command::ok(
            "cargo init --name inkwell",
            "    Creating binary (application) package\n",
        ))
        .exec(&Command::ok("git log --oneline | head -1", ""))
        .agent("The project is set up: `cargo run` prints a greeting. There is no commit yet.");
    rollout.json_line(&json!({ "record_type": "state" }));
    rollout
        .user("Commit it.")
        .exec(&Command::ok(
            "git add -A && git commit -m 'inkwell: an empty page'",
            "[main (root-commit) 0c1d2e3] inkwell: an empty page\n 4 files changed, 13 insertions(+)\n",
        ))
        .agent("Committed as `0c1d2e3`.");
    rollout
}

pub(super) fn archived_rollout() -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header(Mode::Legacy, ARCHIVED, at(2026, 2, 25, 14, 5)));
    rollout
        .start_turn()
        .environment_context()
        .user("Rename the flag --dir to --notes and keep the old name working.")
        .advance_ms(1_500)
        .patch(&[(
            "src/main.rs",
            FileEdit::Update("@@ -18,1 +18,1 @@\n-    #[arg(long)]\n+    #[arg(long, alias = \"dir\")]\n".to_owned()),
        )])
        .exec(&Command::ok("cargo run -q -- --dir /tmp list", "0 notes\n"))
        .agent("`--notes` is the documented name; `--dir` still works but is not listed in `--help`.")
        .complete_turn();
    rollout
}
