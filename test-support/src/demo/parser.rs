//! A paginated thread with plan, reasoning and compaction, and a fork of it by reference.

use super::cast::{PARSER, PARSER_FORK, at, header};
use crate::rollout::{Command, Cut, FileEdit, Header, Mode, Phase, RolloutBuilder, Usage};

/// The refactoring, and the position that the fork continues from.
pub(super) struct Refactor {
    pub(super) whole: RolloutBuilder,
    pub(super) before_last_turn: Cut,
}

pub(super) fn refactor() -> Refactor {
    let mut rollout = RolloutBuilder::new(header(Mode::Paginated, PARSER, at(2026, 3, 3, 9, 37)));
    plan(&mut rollout);
    extract(rollout.advance_ms(60_000));
    let before_last_turn = rollout.advance_ms(410_000).cut();
    finish(&mut rollout);
    Refactor {
        whole: rollout,
        before_last_turn,
    }
}

fn plan(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .environment_context()
        .world_state()
        .user("The front matter parser in src/note.rs has grown to 400 lines. Plan a refactoring; do not change anything yet.")
        .advance_ms(1_900)
        .reasoning(
            &["**Reading the parser**\nThree jobs are mixed: splitting, YAML, and defaults.", "**Order of steps**\nSplitting first: it has tests."],
            &[],
        )
        .exec(&Command::ok("wc -l src/note.rs && rg -c '^fn ' src/note.rs", "412 src/note.rs\n23\n"))
        .web_search("yaml front matter specification delimiter")
        .plan(
            "# Plan\n\n1. Move the split at `---` into `front_matter::split`.\n2. Let `front_matter::parse` return typed fields.\n3. Keep defaults in `Note::new` only.\n4. Delete the old helpers.\n",
        )
        .token_count(Usage { last: 4_400, total: 4_400 })
        .agent_in_phase("There is the plan: four steps, each of which keeps the tests green.", Phase::FinalAnswer)
        .complete_turn();
}

fn extract(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .user("Good. Do steps 1 and 2.")
        .advance_ms(2_700)
        .agent_in_phase("I start with the split, it is the part with the best tests.", Phase::Commentary)
        .patch(&[
            (
                "src/front_matter.rs",
                FileEdit::Add(
                    "//! Splits a note into front matter and body, and reads the fields.\n\npub fn split(text: &str) -> (Option<&str>, &str) {\n    let Some(rest) = text.strip_prefix(\"---\\n\") else { return (None, text) };\n    match rest.split_once(\"\\n---\\n\") {\n        Some((matter, body)) => (Some(matter), body),\n        None => (None, text),\n    }\n}\n".to_owned(),
                ),
            ),
            (
                "src/note.rs",
                FileEdit::Update("@@ -12,38 +12,3 @@\n-fn split_front_matter(text: &str) -> Result<Split, Error> {\n+use crate::front_matter::split;\n".to_owned()),
            ),
        ])
        .exec(&Command::failed(
            "cargo test -q",
            "running 61 tests\n...........................................................F.\nfailures:\n    note::tests::windows_line_ends\n",
            101,
        ))
        .reasoning(&["**Line ends**\nThe old splitter accepted `\\r\\n`; the new one must too."], &[])
        .patch(&[(
            "src/front_matter.rs",
            FileEdit::Update("@@ -4,2 +4,3 @@\n-    let Some(rest) = text.strip_prefix(\"---\\n\") else { return (None, text) };\n+    let first = text.strip_prefix(\"---\\r\\n\").or_else(|| text.strip_prefix(\"---\\n\"));\n+    let Some(rest) = first else { return (None, text) };\n".to_owned()),
        )])
        .exec(&Command::ok("cargo test -q", "running 61 tests\n.............................................................\ntest result: ok. 61 passed\n"))
        .token_count(Usage { last: 9_130, total: 13_530 })
        .agent_in_phase(
            "Steps 1 and 2 are done: `src/front_matter.rs` is 58 lines, `src/note.rs` is down to 231, and all 61 tests pass.",
            Phase::FinalAnswer,
        )
        .complete_turn();
}

fn finish(rollout: &mut RolloutBuilder) {
    rollout
        .start_turn()
        .compact("Refactoring src/note.rs of inkwell. Steps 1 and 2 of 4 are done; 61 tests pass. Steps 3 and 4 remain.")
        .user("Now 3 and 4.")
        .advance_ms(2_200)
        .patch(&[(
            "src/note.rs",
            FileEdit::Update("@@ -88,41 +50,6 @@\n-fn default_title(path: &Path) -> String {\n+        title: fields.title.unwrap_or_else(|| stem(path)),\n".to_owned()),
        )])
        .exec(&Command::ok("cargo test -q && cargo clippy -q", "running 61 tests\ntest result: ok. 61 passed\n"))
        .token_count(Usage { last: 4_010, total: 17_540 })
        .agent_in_phase("Done. `src/note.rs` has 148 lines now and no helper is left that only the parser used.", Phase::FinalAnswer)
        .complete_turn();
}

/// The other way: back before the last turn, and on with a streaming parser.
pub(super) fn fork(cut: Cut) -> RolloutBuilder {
    let shared = header(Mode::Paginated, PARSER_FORK, at(2026, 3, 4, 9, 40));
    let head = Header {
        forked_from_id: Some(PARSER.to_owned()),
        history_base: Some(cut),
        ..shared
    };
    let mut rollout = RolloutBuilder::new(head);
    rollout
        .settings_applied("gpt-5-codex")
        .start_turn()
        .user("What if we parse while reading instead, for notes of many megabytes?")
        .advance_ms(3_300)
        .reasoning(&["**Is it worth it?**\nMeasure first."], &[])
        .exec(&Command {
            cmd: "hyperfine 'target/release/inkwell list big/'".to_owned(),
            output: "  Time (mean): 1.912 s\n".to_owned(),
            exit_code: 0,
            duration_ms: 19_600,
        })
        .agent_in_phase(
            "Listing reads whole files only to find the title. A streaming split would stop after the second `---`.",
            Phase::FinalAnswer,
        )
        .complete_turn()
        .advance_ms(35_000)
        .start_turn()
        .user("Try it.")
        .advance_ms(2_000)
        .patch(&[(
            "src/front_matter.rs",
            FileEdit::Update(
                "@@ -1,3 +1,4 @@\n+pub fn read_head(input: &mut impl BufRead) -> io::Result<Option<String>> {\n"
                    .to_owned(),
            ),
        )])
        .exec(&Command::ok(
            "hyperfine 'target/release/inkwell list big/'",
            "  Time (mean): 0.087 s\n",
        ))
        .agent_in_phase("From 1.9 s to 0.09 s. Worth it.", Phase::FinalAnswer)
        .complete_turn();
    rollout
}
