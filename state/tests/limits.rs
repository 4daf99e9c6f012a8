//! What a projection remembers, at its limits and beyond them.
//!
//! The numbers are those of `MAX_STORED_DAMAGE`, `MAX_OPEN_SESSIONS`, `MAX_OPEN_WEB_CALLS` and `USER_TEXT_LIMIT_BYTES`.

mod support;

use codex_state::projector::{ShortText, USER_TEXT_LIMIT_BYTES};
use codex_state::rows::{RowSet, Span};
use codex_test_support::RolloutBuilder;
use serde_json::json;
use support::{fold, legacy, paginated};

const STORED_DAMAGE: usize = 1_000;
const OPEN_SESSIONS: usize = 32;
const OPEN_WEB_CALLS: usize = 64;

fn call(rollout: &mut RolloutBuilder, name: &str, id: &str, arguments: &str) {
    rollout.response_item(json!({ "type": "function_call", "name": name, "arguments": arguments, "call_id": id }));
}

fn output(rollout: &mut RolloutBuilder, id: &str, text: &str) {
    rollout.response_item(json!({ "type": "function_call_output", "call_id": id, "output": text }));
}

#[test]
fn damaged_lines_are_stored_up_to_the_limit_and_then_counted() {
    for lines in [STORED_DAMAGE, STORED_DAMAGE + 1] {
        let mut rollout = paginated();
        for _ in 0..lines {
            rollout.garbage_line();
        }
        let folded = fold(&rollout);
        assert_eq!(folded.damage().len(), STORED_DAMAGE);
        assert_eq!(folded.checkpoint.damage_count, lines as u64);
    }
}

#[test]
fn running_sessions_are_remembered_up_to_the_limit_and_the_oldest_is_forgotten_first() {
    for (sessions, is_remembered) in [(OPEN_SESSIONS, true), (OPEN_SESSIONS + 1, false)] {
        let mut rollout = legacy();
        rollout.start_turn().user("run them");
        for number in 0..sessions {
            let id = format!("c{number}");
            call(&mut rollout, "exec_command", &id, "{\"cmd\":\"sleep 9\"}");
            output(
                &mut rollout,
                &id,
                &format!("Process running with session ID {number}\nOutput:\n"),
            );
        }
        let before = fold(&rollout);
        assert_eq!(before.checkpoint.legacy.sessions.len(), OPEN_SESSIONS);
        call(&mut rollout, "write_stdin", "w0", "{\"session_id\":0,\"chars\":\"\"}");
        let spans = |folded: &support::Folded| {
            let items = folded.items(RowSet::Full, None);
            items.iter().map(|row| row.spans.len()).sum::<usize>()
        };
        assert_eq!(spans(&fold(&rollout)) > spans(&before), is_remembered);
    }
}

#[test]
fn web_searches_that_wait_for_their_call_are_remembered_up_to_the_limit_and_the_oldest_is_forgotten_first() {
    for (searches, rows) in [
        (OPEN_WEB_CALLS, OPEN_WEB_CALLS),
        (OPEN_WEB_CALLS + 1, OPEN_WEB_CALLS + 2),
    ] {
        let mut rollout = legacy();
        rollout.start_turn();
        let action = |number: usize| json!({ "type": "search", "query": format!("query {number}") });
        for number in 0..searches {
            rollout.event(json!({
                "type": "web_search_end", "call_id": format!("ws{number}"), "query": format!("query {number}"),
                "action": action(number),
            }));
        }
        assert_eq!(fold(&rollout).checkpoint.legacy.web.len(), OPEN_WEB_CALLS);
        // The newest first: one that finds none would take the place of another.
        for number in (0..searches).rev() {
            rollout
                .response_item(json!({ "type": "web_search_call", "status": "completed", "action": action(number) }));
        }
        assert_eq!(fold(&rollout).items(RowSet::Full, None).len(), rows);
    }
}

#[test]
fn a_text_at_the_limit_is_kept_whole_and_of_a_longer_one_the_beginning() {
    let span = Span { offset: 7, len: 9 };
    for (text, kept_bytes, cut) in [
        ("x".repeat(USER_TEXT_LIMIT_BYTES), USER_TEXT_LIMIT_BYTES, false),
        ("x".repeat(USER_TEXT_LIMIT_BYTES + 1), USER_TEXT_LIMIT_BYTES, true),
        (
            format!("{}ß", "x".repeat(USER_TEXT_LIMIT_BYTES - 1)),
            USER_TEXT_LIMIT_BYTES - 1,
            true,
        ),
    ] {
        let short = ShortText::new(&text, span);
        assert_eq!((short.text.len(), short.cut), (kept_bytes, cut));
        assert!(text.starts_with(&short.text));
    }
}
