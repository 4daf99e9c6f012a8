//! Edge cases 18, 51, 52, 59 and 130 to 135 of `rollout-format.md` section 10: what lines tell about their thread.
//!
//! Named by their numbers.

mod support;

use codex_state::projector::RolloutMeta;
use codex_test_support::{Header, Mode, RolloutBuilder};
use serde_json::{Value, json};
use support::{ROLLOUT, fold, legacy, paginated};

fn meta(rollout: &RolloutBuilder) -> RolloutMeta {
    fold(rollout).meta
}

/// Returns preview, title and first user text.
fn told(rollout: &RolloutBuilder) -> (String, String, String) {
    let meta = meta(rollout);
    (meta.preview.text, meta.title.text, meta.first_user.text)
}

fn both_modes(say: impl Fn(&mut RolloutBuilder)) -> [RolloutBuilder; 2] {
    let mut rollouts = [legacy(), paginated()];
    for rollout in &mut rollouts {
        rollout.start_turn_as("t1");
        say(rollout);
    }
    rollouts
}

fn texts(preview: &str, title: &str, first: &str) -> (String, String, String) {
    (preview.to_owned(), title.to_owned(), first.to_owned())
}

/// A user message with attachments, as event and as item.
fn attached(event: Value, content: Value) -> [RolloutBuilder; 2] {
    let mut rollouts = [legacy(), paginated()];
    rollouts[0].event(event);
    rollouts[1].start_turn_as("t1").user_item("u1", content);
    rollouts
}

#[test]
fn edge_018_a_later_header_of_unknown_mode_is_skipped() {
    let mut rollout = legacy();
    rollout.record(
        "session_meta",
        json!({ "id": ROLLOUT.to_string(), "timestamp": "t", "cwd": "/other",
        "originator": "", "cli_version": "9.9.9", "history_mode": "holographic" }),
    );
    rollout.user("said");
    assert_eq!(meta(&rollout).cwd.as_deref(), Some("/home/user/project"));
    assert_eq!(
        fold(&rollout).codex()[0],
        "rollout-2 completed",
        "it is not counted, the response item is"
    );
}

#[test]
fn edge_051_a_late_user_message_is_the_preview_all_the_same() {
    let mut rollout = legacy();
    (0..250).for_each(|_| {
        rollout.world_state();
    });
    rollout.user("said late");
    assert_eq!(told(&rollout).0, "said late");
}

#[test]
fn edge_052_and_135_a_goal_before_any_message_stays_the_preview() {
    for mut rollout in [legacy(), paginated()] {
        rollout.goal(" ship it ");
        assert_eq!(told(&rollout), texts("ship it", "", ""));
        rollout.start_turn_as("t1").user("hello");
        assert_eq!(told(&rollout), texts("ship it", "hello", "hello"));
    }
}

#[test]
fn edge_059_the_last_header_copy_wins_where_copies_update() {
    let mut rollout = RolloutBuilder::new(Header::new(Mode::Legacy, &ROLLOUT.to_string()));
    let copy = |branch: &str, id: &str| {
        json!({ "id": id, "timestamp": "2030-01-01T00:00:00Z", "cwd": "/home/user/project", "originator": "late",
                "cli_version": "1.0", "git": { "branch": branch }, "history_mode": "legacy" })
    };
    rollout.record("session_meta", copy("first", &ROLLOUT.to_string()));
    rollout.record("session_meta", copy("second", &ROLLOUT.to_string()));
    rollout.record(
        "session_meta",
        copy("of a parent", "019caf1a-1400-7000-8000-00000000ffff"),
    );
    let header = meta(&rollout).header;
    assert_eq!(
        header.git_branch.as_deref(),
        Some("second"),
        "a copy of another thread's header tells nothing"
    );
    assert_eq!(
        header.created_at_ms,
        Some(1_772_442_000_000),
        "creation is that of the first"
    );
}

#[test]
fn edge_130_attachments_without_text_have_placeholders() {
    let cases = [
        (
            json!({ "type": "user_message", "message": "", "images": ["data:x"] }),
            json!([{ "type": "image", "image_url": "data:x" }]),
            "[Image]",
        ),
        (
            json!({ "type": "user_message", "message": " ", "local_audio": ["/a.wav"] }),
            json!([{ "type": "local_audio", "path": "/a.wav" }]),
            "[Audio]",
        ),
        (
            json!({ "type": "user_message", "message": " \n " }),
            json!([{ "type": "text", "text": " \n " }]),
            "",
        ),
    ];
    for (event, content, preview) in cases {
        for rollout in attached(event, content) {
            assert_eq!(told(&rollout), texts(preview, "", preview), "{:?}", rollout.mode());
        }
    }
}

#[test]
fn edge_131_only_what_follows_the_request_marker_counts() {
    for rollout in both_modes(|rollout| {
        rollout.user("context\n## My request for Codex:\n  rename it \n");
    }) {
        assert_eq!(told(&rollout), texts("rename it", "rename it", "rename it"));
    }
}

#[test]
fn edge_132_settings_move_a_thread_and_turn_contexts_do_not() {
    let mut rollout = legacy();
    rollout.record(
        "turn_context",
        json!({ "cwd": "/of/the/turn", "approval_policy": "never",
        "sandbox_policy": { "type": "danger-full-access" }, "model": "m", "summary": "none" }),
    );
    assert_eq!(meta(&rollout).cwd.as_deref(), Some("/home/user/project"));
    let mut empty = RolloutBuilder::new(Header::new(Mode::Legacy, &ROLLOUT.to_string()).in_dir(""));
    empty.record(
        "turn_context",
        json!({ "cwd": "/of/the/turn", "approval_policy": "never",
        "sandbox_policy": { "type": "danger-full-access" }, "model": "m", "summary": "none" }),
    );
    assert_eq!(
        meta(&empty).cwd.as_deref(),
        Some("/of/the/turn"),
        "only where the thread has none"
    );
    let mut moved = RolloutBuilder::new(Header::new(Mode::Legacy, &ROLLOUT.to_string()).in_dir("/before"));
    moved.event(json!({ "type": "thread_settings_applied", "thread_settings": {
        "model": "m", "model_provider_id": "p", "approval_policy": "never", "approvals_reviewer": "user",
        "permission_profile": { "type": "disabled" }, "cwd": "/after",
        "collaboration_mode": { "mode": "default", "settings": { "model": "m" } } } }));
    assert_eq!(meta(&moved).cwd.as_deref(), Some("/after"));
}

#[test]
fn edge_133_a_header_alone_tells_neither_model_nor_effort() {
    for rollout in [legacy(), paginated()] {
        let meta = meta(&rollout);
        assert_eq!((meta.model, meta.effort), (None, None));
    }
}

#[test]
fn edge_134_response_items_of_the_user_are_no_preview() {
    for rollout in both_modes(|rollout| {
        rollout.message("user", "a response item alone");
    }) {
        assert_eq!(told(&rollout), texts("", "", ""));
    }
}
