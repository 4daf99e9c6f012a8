//! The reverse scan against the rules of format section 6.1, and edge cases 65 to 69.

use super::{ContextLine, ContextReach, ContextSegment, ModelContextError, load_model_context};
use crate::test_files::{plain_source, zstd_source};

const ID: &str = "01a20235-994b-7d00-be10-0c5c1ecfe4fb";

fn line(kind: &str, payload: &str) -> String {
    format!("{{\"timestamp\":\"2026-03-02T09:00:00.000Z\",\"ordinal\":1,\"type\":\"{kind}\",\"payload\":{payload}}}\n")
}

fn meta(mode: &str) -> String {
    line(
        "session_meta",
        &format!(
            r#"{{"id":"{ID}","timestamp":"t","cwd":"","originator":"","cli_version":"","history_mode":"{mode}"}}"#
        ),
    )
}

fn event(payload: &str) -> String {
    line("event_msg", payload)
}

fn started(turn: &str) -> String {
    event(&format!(r#"{{"type":"task_started","turn_id":"{turn}"}}"#))
}

fn context(turn: &str) -> String {
    line(
        "turn_context",
        &format!(
            r#"{{"turn_id":"{turn}","cwd":"/","approval_policy":"never","sandbox_policy":{{"type":"read-only"}},"model":"m","summary":"auto"}}"#
        ),
    )
}

fn user(turn: &str) -> String {
    event(&format!(
        r#"{{"type":"item_completed","thread_id":"{ID}","turn_id":"{turn}","item":{{"type":"UserMessage","id":"u-{turn}","content":[{{"type":"text","text":"hi"}}]}},"completed_at_ms":1}}"#
    ))
}

fn complete(turn: &str) -> String {
    event(&format!(r#"{{"type":"task_complete","turn_id":"{turn}"}}"#))
}

fn turn(id: &str) -> String {
    started(id) + &context(id) + &user(id) + &complete(id)
}

fn message(role: &str, text: &str) -> String {
    line(
        "response_item",
        &format!(
            r#"{{"type":"message","role":"{role}","content":[{{"type":"output_text","text":{}}}]}}"#,
            serde_json::to_string(text).unwrap()
        ),
    )
}

fn checkpoint() -> String {
    line(
        "compacted",
        r#"{"message":"m","replacement_history":[],"window_number":2}"#,
    )
}

fn load(segments: &[(&str, Option<u64>)]) -> Result<(ContextReach, String), ModelContextError> {
    let segments: Vec<_> = segments
        .iter()
        .map(|(text, end_offset)| ContextSegment {
            source: plain_source(text.as_bytes()),
            end_offset: *end_offset,
        })
        .collect();
    load_model_context(&segments).map(|context| (context.reach, text(&context.lines)))
}

fn text(lines: &[ContextLine]) -> String {
    let lines = lines
        .iter()
        .map(|line| String::from_utf8(line.bytes.clone()).unwrap() + "\n");
    lines.collect()
}

/// One paginated rollout whose context is its metadata and `expected`.
fn check(before: &str, expected: &str, reach: ContextReach) {
    let whole = meta("paginated") + before + expected;
    assert_eq!(load(&[(&whole, None)]).unwrap(), (reach, meta("paginated") + expected));
}

#[test]
fn only_the_suffix_from_the_latest_usable_compaction_is_loaded() {
    check(
        &(turn("1") + &checkpoint() + &turn("2")),
        &(checkpoint() + &turn("3")),
        ContextReach::Suffix,
    );
}

#[test]
fn a_compaction_inside_a_turn_is_loaded_from_the_start_of_that_turn() {
    let open = checkpoint() + &context("2") + &user("2") + &complete("2");
    check(&turn("1"), &(started("2") + &open), ContextReach::Suffix);
}

#[test]
fn the_scan_goes_on_across_an_older_checkpoint_until_a_whole_user_turn_is_seen() {
    let settings_only = started("2") + &context("2") + &checkpoint();
    check(
        &(turn("0") + &checkpoint()),
        &(turn("1") + &checkpoint() + &settings_only),
        ContextReach::Suffix,
    );
}

#[test]
fn contextual_user_messages_do_not_make_a_user_turn() {
    let contextual = started("2") + &context("2") + &message("user", "<environment>") + &complete("2");
    check("", &(turn("1") + &checkpoint() + &contextual), ContextReach::Suffix);
}

#[test]
fn a_message_of_another_agent_makes_a_user_turn() {
    let agent_item = line(
        "response_item",
        r#"{"type":"agent_message","author":"/root","recipient":"/root/a","content":[]}"#,
    );
    let encoded = message(
        "assistant",
        r#"{"author":"/root","recipient":"/root/a","content":"go","trigger_turn":true}"#,
    );
    let delivery = line(
        "inter_agent_communication",
        r#"{"author":"/root","recipient":"/root/a","content":"go","trigger_turn":true}"#,
    );
    let legacy = event(r#"{"type":"user_message","message":"hi"}"#);
    for marker in [agent_item, encoded, delivery, legacy] {
        let woken = started("2") + &context("2") + &marker + &complete("2");
        check(&turn("1"), &(checkpoint() + &woken), ContextReach::Suffix);
    }
    let plain = started("2") + &context("2") + &message("assistant", "go") + &complete("2");
    check("", &(turn("1") + &checkpoint() + &plain), ContextReach::Suffix);
}

#[test]
fn a_user_item_of_another_turn_does_not_count() {
    let other = started("2") + &context("2") + &user("9") + &complete("2");
    check("", &(turn("1") + &checkpoint() + &other), ContextReach::Suffix);
}

#[test]
fn what_only_the_whole_history_explains_loads_it() {
    let no_history = line("compacted", r#"{"message":"m","window_number":2}"#);
    let no_window = line("compacted", r#"{"message":"m","replacement_history":[]}"#);
    let rollback = event(r#"{"type":"thread_rolled_back","num_turns":1}"#);
    for blocker in [no_history, no_window, rollback] {
        check(
            "",
            &(turn("1") + &checkpoint() + &turn("2") + &blocker + &turn("3")),
            ContextReach::Whole,
        );
    }
}

#[test]
fn lines_that_do_not_decode_are_left_out() {
    let whole = meta("paginated") + "garbage\n" + &turn("1") + &line("of_the_future", "{}") + "\n{\"torn";
    assert_eq!(
        load(&[(&whole, None)]).unwrap(),
        (ContextReach::Whole, meta("paginated") + &turn("1"))
    );
}

#[test]
fn a_history_goes_on_in_the_rollouts_that_it_inherits() {
    let shared = meta("paginated") + &turn("1") + &checkpoint() + &turn("2");
    let cut = shared.len() as u64;
    let parent = shared + &turn("later");
    let child = meta("paginated").replace("\"cwd\":\"\"", "\"cwd\":\"/child\"");
    let head = child.clone();
    let child = child + &turn("3");
    let (reach, loaded) = load(&[(&parent, Some(cut)), (&child, None)]).unwrap();
    assert_eq!(
        (reach, loaded),
        (
            ContextReach::Suffix,
            head.clone() + &checkpoint() + &turn("2") + &turn("3")
        )
    );
    let cut = (meta("paginated") + &turn("1")).len() as u64;
    let (reach, loaded) = load(&[(&parent, Some(cut)), (&child, None)]).unwrap();
    assert_eq!((reach, loaded), (ContextReach::Whole, head + &turn("1") + &turn("3")));
}

#[test]
fn legacy_and_compressed_rollouts_are_read_whole() {
    let body = turn("1") + &checkpoint() + &turn("2");
    let legacy = meta("legacy") + &body;
    assert_eq!(load(&[(&legacy, None)]).unwrap(), (ContextReach::Whole, legacy));
    let compressed = ContextSegment {
        source: zstd_source((meta("paginated") + &body).as_bytes()),
        end_offset: None,
    };
    let context = load_model_context(&[compressed]).unwrap();
    assert_eq!(
        (context.reach, text(&context.lines)),
        (ContextReach::Whole, meta("paginated") + &body)
    );
}

#[test]
fn what_cannot_be_continued_is_an_error() {
    assert!(matches!(load(&[]), Err(ModelContextError::NoSegments)));
    assert!(matches!(load(&[("", None)]), Err(ModelContextError::Head(_))));
    let bare = format!("{{\"id\":\"{ID}\",\"timestamp\":\"t\"}}\n");
    assert!(matches!(load(&[(&bare, None)]), Err(ModelContextError::Bare { .. })));
    let whole = meta("paginated") + &turn("1");
    let beyond = Some(whole.len() as u64 + 1);
    assert!(matches!(load(&[(&whole, beyond)]), Err(ModelContextError::Read(_))));
}
