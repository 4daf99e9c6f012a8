//! Which form of an item is written, where, and what is dropped (format 3.1, 13.1).

use codex_protocol::log::HistoryMode::{self, Legacy, Paginated};
use codex_protocol::log::legacy_policy_keeps;
use serde_json::json;

use super::test_agent::*;
use super::{DropReason, DurableBatch, EventStyle, LiveEvent, LiveId, RawItem};

const STYLES: [EventStyle; 3] = [EventStyle::Canonical, EventStyle::Legacy, EventStyle::Both];

fn reasons(batch: &DurableBatch) -> Vec<(usize, DropReason)> {
    batch
        .dropped
        .iter()
        .map(|dropped| (dropped.index, dropped.reason))
        .collect()
}

fn in_turn(mode: HistoryMode, style: EventStyle, items: &[RawItem]) -> DurableBatch {
    take(&mut agent_in_turn(mode, style), items)
}

/// An agent message in both forms.
fn both() -> [RawItem; 2] {
    [agent_item("msg_1", "hi"), agent_event("hi")]
}

#[test]
fn the_declared_form_is_taken_and_the_other_one_dropped() {
    let cases = [
        (Paginated, EventStyle::Canonical, "AgentMessage", 1),
        (Paginated, EventStyle::Legacy, "AgentMessage", 0),
        (Paginated, EventStyle::Both, "AgentMessage", 1),
        (Legacy, EventStyle::Canonical, "agent_message", 1),
        (Legacy, EventStyle::Legacy, "agent_message", 0),
        (Legacy, EventStyle::Both, "agent_message", 0),
    ];
    for (mode, style, kind, dropped) in cases {
        let batch = in_turn(mode, style, &both());
        assert_eq!(kinds(&batch), [kind], "{mode:?} {style:?}");
        assert_eq!(
            reasons(&batch),
            [(dropped, DropReason::OtherForm)],
            "{mode:?} {style:?}"
        );
        assert_eq!(told_items(&batch).len(), 1, "{mode:?} {style:?}");
    }
}

#[test]
fn turn_events_and_settings_are_kept_in_both_modes() {
    let settings = json!({"model": "m", "model_provider_id": "p", "approval_policy": "never", "cwd": "/"});
    let items = [
        event(json!({"type": "token_count", "info": null, "rate_limits": null})),
        event(json!({"type": "thread_settings_applied", "thread_settings": settings})),
        raw("world_state", &json!({"full": true, "state": {}})),
        complete("t1"),
    ];
    for mode in [Legacy, Paginated] {
        for style in STYLES {
            let batch = in_turn(mode, style, &items);
            assert_eq!(
                kinds(&batch),
                ["token_count", "thread_settings_applied", "world_state", "task_complete"]
            );
            assert_eq!(
                batch.live,
                [
                    LiveEvent::Line(0),
                    LiveEvent::Line(1),
                    LiveEvent::Line(2),
                    LiveEvent::Line(3)
                ]
            );
            assert!(batch.ends_turn);
        }
    }
}

#[test]
fn transient_events_are_dropped() {
    let items = ["agent_message_delta", "exec_approval_request", "plan_update", "warning"]
        .map(|kind| event(json!({"type": kind})));
    for mode in [Legacy, Paginated] {
        let batch = in_turn(mode, EventStyle::Both, &items);
        assert_eq!(batch.lines, []);
        assert_eq!(
            reasons(&batch),
            [0, 1, 2, 3].map(|index| (index, DropReason::NotDurable))
        );
    }
}

#[test]
fn what_legacy_rollouts_have_no_line_for_is_dropped_and_told() {
    let command = completed(json!({
        "type": "CommandExecution", "id": "c1", "command": ["ls"], "cwd": "file:///", "parsed_cmd": [], "status": "completed",
    }));
    for style in STYLES {
        let batch = in_turn(Legacy, style, std::slice::from_ref(&command));
        assert_eq!(batch.lines, []);
        assert_eq!(reasons(&batch), [(0, DropReason::NoLegacyLine)]);
        assert_eq!(
            told_items(&batch),
            [(LiveId::Unrecorded("c1".to_owned()), "commandExecution")]
        );
    }
}

#[test]
fn a_retired_event_becomes_an_item_once() {
    let end = event(
        json!({"type": "exec_command_end", "call_id": "c1", "turn_id": "t1", "command": ["ls"], "cwd": "/", "exit_code": 0}),
    );
    let item = completed(json!({
        "type": "CommandExecution", "id": "c1", "command": ["ls"], "cwd": "file:///", "parsed_cmd": [], "status": "completed",
    }));
    let batch = in_turn(Paginated, EventStyle::Legacy, &[end.clone(), item.clone()]);
    assert_eq!(kinds(&batch), ["CommandExecution"]);
    assert_eq!(reasons(&batch), [(1, DropReason::AlreadyRecorded)]);
    let batch = in_turn(Paginated, EventStyle::Both, &[end.clone(), item.clone()]);
    assert_eq!(reasons(&batch), [(0, DropReason::OtherForm)]);
    let batch = in_turn(Legacy, EventStyle::Legacy, &[end, item]);
    assert_eq!(
        reasons(&batch),
        [(0, DropReason::NoLegacyLine), (1, DropReason::AlreadyRecorded)]
    );
    assert_eq!(told_items(&batch).len(), 1);
}

#[test]
fn plans_and_pauses_stay_canonical_in_every_style() {
    let items = [
        completed(json!({"type": "Plan", "id": "t1-plan", "text": "1. do"})),
        completed(json!({"type": "Extension", "kind": "clock.sleep", "id": "s1", "durationMs": 5})),
        completed(json!({"type": "FunctionCallOutput", "id": "fco_1", "name": "sensor", "output": "7"})),
    ];
    for mode in [Legacy, Paginated] {
        for style in STYLES {
            let batch = in_turn(mode, style, &items);
            assert_eq!(
                kinds(&batch),
                ["Plan", "Extension", "FunctionCallOutput"],
                "{mode:?} {style:?}"
            );
        }
    }
}

#[test]
fn an_agent_message_stands_before_its_response_item() {
    for (mode, style, item) in [
        (Legacy, EventStyle::Canonical, agent_item("msg_1", "hi")),
        (Legacy, EventStyle::Legacy, agent_event("hi")),
        (Paginated, EventStyle::Canonical, agent_item("", "hi")),
        (Paginated, EventStyle::Legacy, agent_event("hi")),
    ] {
        let count = event(json!({"type": "token_count", "info": null, "rate_limits": null}));
        let batch = in_turn(mode, style, &[assistant("hi"), count, item]);
        assert_eq!(kinds(&batch)[1..], ["message", "token_count"], "{mode:?} {style:?}");
        assert_eq!(batch.lines[0].source, Some(2));
        assert!(matches!(
            batch.live[..],
            [LiveEvent::Line(1), LiveEvent::Line(2), LiveEvent::Completed(_)]
        ));
    }
}

#[test]
fn no_line_moves_past_an_item() {
    let batch = in_turn(
        Legacy,
        EventStyle::Legacy,
        &[assistant("a"), agent_event("b"), agent_event("a")],
    );
    assert_eq!(kinds(&batch), ["message", "agent_message", "agent_message"]);
}

#[test]
fn consecutive_reasoning_is_one_item_written_when_something_follows() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Legacy);
    let first = take(
        &mut agent,
        &[
            reasoning_event("a"),
            event(json!({"type": "agent_reasoning_section_break"})),
        ],
    );
    assert_eq!(first.lines, []);
    let thought = event(json!({"type": "agent_reasoning_raw_content", "text": "c"}));
    let reasoning = response(json!({
        "type": "reasoning", "content": [{"type": "reasoning_text", "text": "c"}], "encrypted_content": null,
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
    }));
    let second = take(&mut agent, &[reasoning_event("b"), thought, reasoning]);
    assert_eq!(kinds(&second), ["Reasoning", "reasoning"]);
    assert_eq!(second.lines[0].source, None);
    let id = format!("rs_{}", uuid(1));
    assert_eq!(
        payloads(&second)[0]["item"],
        json!({
            "type": "Reasoning", "id": id, "summary_text": ["a", "b"], "raw_content": ["c"],
        })
    );
    assert_eq!(
        second.ids.iter().map(|ids| ids.item_id.clone()).collect::<Vec<_>>(),
        [
            Some(LiveId::Recorded(id.clone())),
            Some(LiveId::Recorded(id.clone())),
            None,
        ]
    );
    assert_eq!(second.ids[2].response_item_id, Some(id));
}

#[test]
fn reasoning_that_nothing_follows_is_written_at_the_end() {
    let mut agent = agent_in_turn(Paginated, EventStyle::Legacy);
    take(&mut agent, &[reasoning_event("a")]);
    let batch = agent.finish(NOW_MS);
    assert_eq!(kinds(&batch), ["Reasoning"]);
    assert_eq!(agent.finish(NOW_MS), DurableBatch::default());
    take(&mut agent, &[reasoning_event("b")]);
    assert_eq!(
        kinds(&take(&mut agent, &[complete("t1")])),
        ["Reasoning", "task_complete"]
    );
}

#[test]
fn legacy_reasoning_is_written_at_once_and_told_whole() {
    let reasoning = |id: &str, text: &str| {
        completed(json!({"type": "Reasoning", "id": id, "summary_text": [text], "raw_content": []}))
    };
    let mut agent = agent_in_turn(Legacy, EventStyle::Canonical);
    let first = take(&mut agent, &[reasoning("rs_1", "a")]);
    assert_eq!(
        (kinds(&first), told_items(&first)),
        (vec!["agent_reasoning".to_owned()], vec![])
    );
    let number = first.lines[0].number;
    assert_eq!(agent.oldest_open_line(), Some(number));
    // Nothing between them makes an item: readers see one.
    take(&mut agent, &[reasoning("rs_2", "b"), assistant("x")]);
    let last = take(&mut agent, &[agent_item("m", "x")]);
    assert_eq!(told_items(&last)[0], (LiveId::OfLine(number), "reasoning"));
    let LiveEvent::Completed(told) = &last.live[0] else {
        panic!("an item is told first")
    };
    let thoughts = json!({"type": "Reasoning", "id": "", "summary_text": ["a", "b"], "raw_content": []});
    assert_eq!(serde_json::to_value(&told.item).expect("an item serialises"), thoughts);
    assert_eq!(agent.oldest_open_line(), None);
}

#[test]
fn an_empty_text_makes_no_item() {
    let items = [agent_event(""), reasoning_event("")];
    let legacy = in_turn(Legacy, EventStyle::Legacy, &items);
    assert_eq!(kinds(&legacy), ["agent_message", "agent_reasoning"]);
    assert_eq!(told_items(&legacy), []);
    let paginated = in_turn(Paginated, EventStyle::Legacy, &items);
    assert_eq!(reasons(&paginated), [(0, DropReason::Empty), (1, DropReason::Empty)]);
    let derived = in_turn(Legacy, EventStyle::Canonical, &[agent_item("m", "")]);
    assert_eq!(
        (kinds(&derived).len(), reasons(&derived)),
        (0, vec![(0, DropReason::Empty)])
    );
}

#[test]
fn a_hook_prompt_comes_back_from_its_message() {
    let prompt = response(json!({
        "type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "<hook_prompt hook_run_id=\"h\">go on</hook_prompt>"}],
    }));
    let item = completed(json!({"type": "HookPrompt", "id": "", "fragments": [{"text": "go on", "hookRunId": "h"}]}));
    let id = LiveId::Recorded(format!("msg_{}", uuid(1)));
    let legacy = in_turn(Legacy, EventStyle::Canonical, &[prompt.clone(), item.clone()]);
    assert_eq!(kinds(&legacy), ["message"]);
    assert_eq!(reasons(&legacy), [(1, DropReason::CarriedByResponseItem)]);
    assert_eq!(told_items(&legacy), [(id.clone(), "hookPrompt")]);
    let canonical = in_turn(Paginated, EventStyle::Canonical, &[prompt.clone(), item.clone()]);
    assert_eq!(
        (kinds(&canonical), told_items(&canonical)),
        (
            vec!["message".into(), "HookPrompt".into()],
            vec![(id.clone(), "hookPrompt")]
        )
    );
    let from_message = in_turn(Paginated, EventStyle::Legacy, &[prompt, item]);
    assert_eq!(kinds(&from_message), ["message", "HookPrompt"]);
    assert_eq!(told_items(&from_message), [(id, "hookPrompt")]);
    assert_eq!(reasons(&from_message), [(1, DropReason::CarriedByResponseItem)]);
}

#[test]
fn an_abort_names_its_turn() {
    let abort = event(json!({"type": "turn_aborted", "reason": "interrupted"}));
    let batch = in_turn(Paginated, EventStyle::Canonical, &[abort]);
    assert_eq!(
        payloads(&batch)[0],
        json!({"type": "turn_aborted", "turn_id": "t1", "reason": "interrupted"})
    );
    assert!(batch.ends_turn);
}

#[test]
fn a_kept_item_gets_the_members_that_it_lacks_and_keeps_those_that_we_do_not_know() {
    let item = event(json!({
        "type": "item_completed", "turn_id": "", "sixth": [1.0],
        "item": {"type": "UserMessage", "content": [], "id": "", "new": 1},
    }));
    let batch = in_turn(Paginated, EventStyle::Canonical, &[item]);
    assert_eq!(
        payloads(&batch)[0],
        json!({
            "type": "item_completed", "thread_id": THREAD, "turn_id": "t1", "sixth": [1.0],
            "item": {"type": "UserMessage", "id": uuid(1), "content": [], "new": 1},
        })
    );
}

#[test]
fn the_beginning_of_an_item_is_told_if_its_id_will_last() {
    let begun = |item| {
        event(json!({"type": "item_started", "thread_id": THREAD, "turn_id": "t1", "item": item, "started_at_ms": 3}))
    };
    let message = begun(json!({"type": "AgentMessage", "id": "msg_1", "content": []}));
    let patch = begun(json!({"type": "FileChange", "id": "p", "changes": {}}));
    let count = |mode| {
        in_turn(mode, EventStyle::Canonical, &[message.clone(), patch.clone()])
            .live
            .len()
    };
    assert_eq!((count(Paginated), count(Legacy)), (2, 1));
}

#[test]
fn lines_of_legacy_threads_are_those_of_the_legacy_policy() {
    let items = [
        both().to_vec(),
        vec![
            assistant("hi"),
            reasoning_event("x"),
            complete("t1"),
            response(json!({"type": "compaction_trigger"})),
        ],
    ]
    .concat();
    for style in STYLES {
        let batch = in_turn(Legacy, style, &items);
        assert!(batch.lines.iter().all(|line| legacy_policy_keeps(&line.item)));
        assert!(reasons(&batch).contains(&(5, DropReason::ResponseKindNotKept)));
    }
}

#[test]
fn memory_is_bounded_by_the_turns_that_are_tracked() {
    let mut agent = agent(Paginated, EventStyle::Canonical);
    for turn in 0..200 {
        let turn = format!("t{turn}");
        let item = event(json!({
            "type": "item_completed", "thread_id": THREAD, "turn_id": turn, "item": {"type": "ContextCompaction", "id": "c"},
        }));
        take(&mut agent, &[started(&turn), item, complete(&turn)]);
    }
    assert_eq!(agent.remembered_turns(), 1);
    // Turns that are begun and never ended.
    for turn in 300..400 {
        take(&mut agent, &[started(&format!("t{turn}"))]);
    }
    assert!(agent.remembered_turns() <= super::turns::MAX_TRACKED_TURNS);
}
