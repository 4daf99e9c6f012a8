//! Tests of `preview.rs`.

use super::{Attachments, UserText, is_context_text, request_text};

const NOTHING: Attachments = Attachments {
    image: false,
    audio: false,
};

fn check(text: &str, attachments: Attachments, preview: Option<&str>, title: Option<&str>) {
    let expected = UserText {
        preview: preview.map(str::to_owned),
        title: title.map(str::to_owned),
    };
    assert_eq!(UserText::new(text, attachments), expected, "{text:?}");
}

#[test]
fn the_trimmed_text_is_preview_and_title() {
    check("  hello\nworld \n", NOTHING, Some("hello\nworld"), Some("hello\nworld"));
}

#[test]
fn only_what_follows_the_marker_counts() {
    let text = "# Context from my IDE setup:\n\n## My request for Codex:\n fix it \n";
    check(text, NOTHING, Some("fix it"), Some("fix it"));
    assert_eq!(
        request_text("a ## My request for Codex: b ## My request for Codex: c"),
        "b ## My request for Codex: c"
    );
}

#[test]
fn attachments_without_text_give_a_placeholder_but_no_title() {
    check(
        " ",
        Attachments {
            image: true,
            audio: true,
        },
        Some("[Image]"),
        None,
    );
    check(
        "",
        Attachments {
            image: false,
            audio: true,
        },
        Some("[Audio]"),
        None,
    );
    check(
        "x## My request for Codex:  ",
        Attachments {
            image: true,
            audio: false,
        },
        Some("[Image]"),
        None,
    );
}

#[test]
fn blank_text_gives_nothing() {
    check(" \n", NOTHING, None, None);
}

#[test]
fn context_is_known_by_its_start() {
    for text in [
        "<environment_context>\n  <cwd>/x</cwd>\n</environment_context>",
        "\n <user_instructions>\nbe brief",
        "<turn_aborted>\nThe user interrupted",
        "<codex_internal_context source=\"goal\">\nContinue",
        "<user_action>\n  <context>User initiated a review",
        "<user_shell_command>\n<command>\nls",
        "<subagent_notification>\n{}",
        "<hook_prompt hook_run_id=\"stop:0\">go on</hook_prompt>",
        "# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>",
    ] {
        assert!(is_context_text(text), "{text:?}");
    }
}

#[test]
fn what_users_write_is_not_context() {
    for text in [
        "",
        "hello",
        "see <environment_context>",
        "<environment>",
        "# AGENTS",
        "<b>bold</b>",
    ] {
        assert!(!is_context_text(text), "{text:?}");
    }
}
