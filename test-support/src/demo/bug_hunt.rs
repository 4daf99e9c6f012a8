//! A legacy thread: hunting a flaky test with commands, an MCP call and a patch.

use serde_json::json;

use super::cast::{BUG_HUNT, at, header};
use crate::rollout::{Command, FileEdit, McpCall, Mode, RolloutBuilder, ToolResult, Usage};

pub(super) fn rollout() -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header(Mode::Legacy, BUG_HUNT, at(2026, 3, 2, 9, 58)));
    reproduce(&mut rollout);
    fix(rollout.advance_ms(95_000));
    document(rollout.advance_ms(240_000));
    rollout
}

fn reproduce(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .environment_context()
        .user("`export_roundtrip` fails about one run in ten on CI, never on my machine. Please find out why.")
        .advance_ms(2_400)
        .reasoning(&["**Looking at the issue first**\nThe tracker may have a log of a failing run."], &[])
        .mcp(&McpCall {
            server: "tracker".to_owned(),
            tool: "get_issue".to_owned(),
            arguments: json!({ "number": 218 }),
            result: ToolResult::Text(
                "#218 export_roundtrip is flaky\nassertion failed: left: [\"b.md\", \"a.md\"], right: [\"a.md\", \"b.md\"]"
                    .to_owned(),
            ),
        })
        .agent("The failing run lists the two notes in the wrong order. I will run the test in a loop to see it here.")
        .exec(&Command::failed(
            "for i in $(seq 20); do cargo test -q export_roundtrip || break; done",
            "running 1 test\n.\ntest result: ok. 1 passed\nrunning 1 test\nF\nthread 'export_roundtrip' panicked at tests/export.rs:41:5:\nassertion `left == right` failed\n  left: [\"b.md\", \"a.md\"]\n right: [\"a.md\", \"b.md\"]\n",
            101,
        ))
        .exec(&Command::ok(
            "rg -n 'read_dir' src",
            "src/export.rs:57:    for entry in fs::read_dir(&self.root)? {\nsrc/import.rs:22:    let mut entries: Vec<_> = fs::read_dir(dir)?.collect::<Result<_, _>>()?;\n",
        ))
        .token_count(Usage { last: 5_210, total: 5_210 })
        .agent(
            "Found it. `src/export.rs:57` writes notes in the order of `read_dir`, and that order is up to the file system. \
             On your machine it happens to be alphabetical; on CI's overlay file system it is not.\n\n\
             `import.rs` already sorts its entries. Shall I do the same in `export.rs`?",
        )
        .complete_turn();
}

fn fix(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .user("Yes please, and make the test fail reliably without the fix.")
        .advance_ms(3_100)
        .patch(&[
            (
                "src/export.rs",
                FileEdit::Update(
                    "@@ -55,7 +55,9 @@\n         let mut archive = Archive::new(out);\n-    for entry in fs::read_dir(&self.root)? {\n-        archive.add(&entry?.path())?;\n+    let mut entries: Vec<_> = fs::read_dir(&self.root)?.collect::<Result<_, _>>()?;\n+    entries.sort_by_key(|entry| entry.file_name());\n+    for entry in entries {\n+        archive.add(&entry.path())?;\n     }\n".to_owned(),
                ),
            ),
            (
                "tests/export.rs",
                FileEdit::Update(
                    "@@ -30,6 +30,8 @@\n fn export_roundtrip() {\n     let notes = scratch();\n+    // Written in reverse, so that an unsorted listing shows.\n+    notes.write(\"c.md\", \"third\");\n     notes.write(\"b.md\", \"second\");\n     notes.write(\"a.md\", \"first\");\n".to_owned(),
                ),
            ),
        ])
        .exec(&Command {
            cmd: "for i in $(seq 50); do cargo test -q export_roundtrip || exit 1; done; echo all green".to_owned(),
            output: "all green\n".to_owned(),
            exit_code: 0,
            duration_ms: 41_300,
        })
        .token_count(Usage { last: 7_480, total: 12_690 })
        .agent("Sorted by file name now. Fifty runs in a row are green, and without the patch the new test fails every time.")
        .complete_turn();
}

fn document(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .user("Add a line to the changelog, then commit.")
        .advance_ms(1_800)
        .patch(&[(
            "CHANGELOG.md",
            FileEdit::Update(
                "@@ -3,4 +3,5 @@\n ## Unreleased\n \n+- Exports list notes in the same order on every machine (#218).\n - The editor remembers its cursor.\n".to_owned(),
            ),
        )])
        .exec(&Command::ok(
            "git commit -am 'export: sort notes by name (#218)'",
            "[main 83ab19f] export: sort notes by name (#218)\n 3 files changed, 7 insertions(+), 2 deletions(-)\n",
        ))
        .token_count(Usage { last: 3_020, total: 15_710 })
        .agent("Committed as `83ab19f`.")
        .complete_turn();
}
