//! A paginated thread that is all review: entered, found something, left.

use serde_json::json;

use super::cast::{PROJECT, REVIEW, at, header};
use crate::rollout::{Command, Mode, Phase, RolloutBuilder, Usage};

pub(super) fn rollout() -> RolloutBuilder {
    let mut rollout = RolloutBuilder::new(header(Mode::Paginated, REVIEW, at(2026, 3, 5, 8, 45)));
    rollout
        .start_turn()
        .environment_context()
        .user("Review my uncommitted changes.")
        .enter_review("current changes")
        .advance_ms(2_600)
        .exec(&Command::ok(
            "git diff --stat",
            " src/sync.rs | 64 ++++++++++++++++++++++++++++++++++++++----------\n 1 file changed, 49 insertions(+), 15 deletions(-)\n",
        ))
        .exec(&Command::ok(
            "git diff -U2 src/sync.rs | sed -n 40,60p",
            "+        if remote.modified > local.modified {\n+            fs::write(&path, &remote.text)?;\n+        }\n",
        ))
        .exit_review(&json!({
            "findings": [{
                "title": "[P1] A crash during the write loses the note",
                "body": "`fs::write` truncates first. Write to a temporary file in the same folder and rename it.",
                "confidence_score": 0.92,
                "priority": 1,
                "code_location": {
                    "absolute_file_path": format!("{PROJECT}/src/sync.rs"),
                    "line_range": { "start": 48, "end": 50 },
                },
            }, {
                "title": "[P3] Clock skew decides which note wins",
                "body": "Two machines rarely agree on the time. Consider comparing content hashes before times.",
                "confidence_score": 0.61,
                "priority": 3,
                "code_location": {
                    "absolute_file_path": format!("{PROJECT}/src/sync.rs"),
                    "line_range": { "start": 47, "end": 47 },
                },
            }],
            "overall_correctness": "patch is incorrect",
            "overall_explanation": "The sync works, but an interrupted write can destroy a note.",
            "overall_confidence_score": 0.85,
        }))
        .token_count(Usage { last: 6_700, total: 6_700 })
        .agent_in_phase("Two findings; the first should be fixed before you commit.", Phase::FinalAnswer)
        .complete_turn()
        .advance_ms(20_000)
        .start_turn()
        .user("Never mind, I will rewrite it.")
        .abort_turn();
    rollout
}
