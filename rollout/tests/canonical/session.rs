//! One scripted session: exact legacy lines and exact paginated lines, from each of the three styles of an agent.

use codex_protocol::log::HistoryMode;
use codex_rollout::canonical::{DurableLine, EventStyle};
use serde_json::json;

use super::reader::{read, told};
use super::script::*;

fn script() -> Vec<Fact> {
    let context = json!({
        "turn_id": "t1", "cwd": "/srv/project", "approval_policy": "never", "sandbox_policy": {"type": "danger-full-access"},
        "model": "m", "summary": "auto", "member_of_tomorrow": {"kept": [1.0]},
    });
    vec![
        started("t1"),
        Fact::record(raw("turn_context", &context)),
        user("t1", "fix the parser"),
        reasoning("t1", "look first"),
        message("t1", "I will look."),
        command("t1", "call_1", "found"),
        delta("pat"),
        patch("t1", "call_2", "new text"),
        mcp("t1", "call_3", "answer"),
        web("t1", "parsers"),
        plan("t1", "t1-plan", "1. test"),
        view("t1", "call_4", "/srv/project/a.png"),
        dynamic("t1", "call_5", "lookup"),
        collab("t1", "call_6", "019caf1a-1400-7000-8000-00000000beef"),
        image("t1", "ig_1", "iVBOR"),
        hook_prompt("t1", "say goodbye"),
        message("t1", "Done. Goodbye."),
        token_count(),
        complete("t1"),
        enter_review("review", "current changes"),
        started("child"),
        reasoning("child", "reviewing"),
        exit_review("review", "No findings."),
        message("review", "No findings."),
        complete("review"),
        started("t2"),
        compaction("t2", "summary"),
        complete("t2"),
        started("t3"),
        user("t3", "and now this"),
        activity("t3", "act_1", "/root/helper"),
        sleep("t3", "call_7"),
        reasoning("t3", "wait"),
        aborted("t3"),
    ]
}

/// The lines of the session, and what was dropped.
fn record(mode: HistoryMode, style: EventStyle) -> (Vec<DurableLine>, Vec<String>) {
    let mut agent = agent(mode, style);
    let mut lines = Vec::new();
    let mut dropped = Vec::new();
    for fact in script() {
        let batch = agent
            .canonicalize(&fact.emitted(style), NOW_MS)
            .expect("the script is good");
        for drop in &batch.dropped {
            let item = &fact.emitted(style)[drop.index];
            let payload: serde_json::Value = item.payload.parse().expect("a payload is JSON");
            let tag = payload["item"]["type"]
                .as_str()
                .or(payload["type"].as_str())
                .unwrap_or_default();
            dropped.push(format!("dropped {tag}: {}", drop.reason));
        }
        lines.extend(batch.lines);
    }
    lines.extend(agent.finish(NOW_MS).lines);
    (lines, dropped)
}

fn text(mode: HistoryMode, style: EventStyle) -> String {
    let (lines, dropped) = record(mode, style);
    let encoded = lines.iter().enumerate().map(|(at, line)| {
        let ordinal = (mode == HistoryMode::Paginated).then_some(at as u64);
        String::from_utf8(line.encode("2026-01-02T03:04:05.678Z", ordinal)).expect("a line is text")
    });
    encoded.chain(dropped).collect::<Vec<_>>().join("\n")
}

#[test]
fn legacy_lines_of_a_canonical_agent() {
    insta::assert_snapshot!(text(HistoryMode::Legacy, EventStyle::Canonical));
}

#[test]
fn legacy_lines_of_a_legacy_agent() {
    insta::assert_snapshot!(text(HistoryMode::Legacy, EventStyle::Legacy));
}

#[test]
fn legacy_lines_of_an_agent_with_both_forms() {
    insta::assert_snapshot!(text(HistoryMode::Legacy, EventStyle::Both));
}

#[test]
fn paginated_lines_of_a_canonical_agent() {
    insta::assert_snapshot!(text(HistoryMode::Paginated, EventStyle::Canonical));
}

#[test]
fn paginated_lines_of_a_legacy_agent() {
    insta::assert_snapshot!(text(HistoryMode::Paginated, EventStyle::Legacy));
}

#[test]
fn paginated_lines_of_an_agent_with_both_forms() {
    insta::assert_snapshot!(text(HistoryMode::Paginated, EventStyle::Both));
}

#[test]
fn what_subscribers_are_told_of_the_session_is_what_is_read_back() {
    for mode in MODES {
        for style in STYLES {
            let mut agent = agent(mode, style);
            let (mut lines, mut live) = (Vec::new(), Vec::new());
            for fact in script() {
                let batch = agent
                    .canonicalize(&fact.emitted(style), NOW_MS)
                    .expect("the script is good");
                lines.extend(batch.lines);
                live.extend(batch.live);
            }
            // Reasoning that an item of another turn follows can still grow: it is told later than it stands.
            let (mut told, mut read) = (told(&live), read(mode, &lines));
            told.sort_by(|left, right| left.id.cmp(&right.id));
            read.sort_by(|left, right| left.id.cmp(&right.id));
            for (left, right) in told.iter().zip(&read) {
                assert_eq!(left, right, "{mode:?} {style:?}");
            }
            assert_eq!(told.len(), read.len());
        }
    }
}

#[test]
fn the_style_of_the_agent_does_not_show_in_the_lines() {
    for mode in MODES {
        let items = |style| -> Vec<_> { record(mode, style).0.into_iter().map(|line| line.item).collect() };
        let canonical = items(EventStyle::Canonical);
        for style in [EventStyle::Legacy, EventStyle::Both] {
            let other = items(style);
            for (at, (left, right)) in canonical.iter().zip(&other).enumerate() {
                assert_eq!(left, right, "{mode:?} {style:?} line {at}");
            }
            assert_eq!(canonical.len(), other.len());
        }
    }
}
