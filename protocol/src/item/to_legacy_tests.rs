//! Canonical items as legacy events, and back.

use serde_json::{Value, json};

use super::legacy::{ReasoningPart, canonical_from_event, canonical_reasoning};
use super::to_legacy::legacy_events_from_item;
use super::turn_item::TurnItem;

fn item(value: &Value) -> TurnItem {
    let text = value.to_string();
    TurnItem::decode(serde_json::from_str(&text).expect("the item is JSON")).expect("the item decodes")
}

fn events(value: &Value) -> Vec<Value> {
    let events = legacy_events_from_item(&item(value), "t1", 7);
    events
        .iter()
        .map(|event| serde_json::to_value(event).expect("an event serialises"))
        .collect()
}

#[track_caller]
fn check(value: &Value, expected: &[Value]) {
    assert_eq!(events(value), expected);
}

#[test]
fn text_parts_are_joined_and_their_spans_move_along() {
    let content = json!([
        {"type": "text", "text": "é ", "text_elements": [{"byte_range": {"start": 0, "end": 2}, "placeholder": null}]},
        {"type": "image", "image_url": "data:1"},
        {"type": "skill", "name": "s", "path": "/s"},
        {"type": "text", "text": "two", "text_elements": [{"byte_range": {"start": 1, "end": 3}, "placeholder": "p"}]},
        {"type": "image", "image_url": "data:2", "detail": "high"},
        {"type": "local_image", "path": "/a.png"},
        {"type": "audio", "audio_url": "data:3"},
        {"type": "local_audio", "path": "/b.wav"},
    ]);
    check(
        &json!({"type": "UserMessage", "id": "u", "client_id": "c", "content": content}),
        &[json!({
            "type": "user_message", "client_id": "c", "message": "é two", "images": ["data:1", "data:2"],
            "image_details": [null, "high"], "local_images": ["/a.png"], "audio": ["data:3"], "local_audio": ["/b.wav"],
            "text_elements": [
                {"byte_range": {"start": 0, "end": 2}, "placeholder": null},
                {"byte_range": {"start": 4, "end": 6}, "placeholder": "p"},
            ],
        })],
    );
}

#[test]
fn texts_of_a_message_are_joined_and_an_empty_one_has_no_event() {
    let message = |parts: Value| json!({"type": "AgentMessage", "id": "m", "content": parts});
    check(
        &message(json!([{"type": "Text", "text": "a"}, {"type": "Text", "text": "b"}])),
        &[json!({"type": "agent_message", "message": "ab", "phase": null, "memory_citation": null})],
    );
    check(&message(json!([{"type": "Text", "text": ""}])), &[]);
}

#[test]
fn summaries_stand_before_thoughts() {
    check(
        &json!({"type": "Reasoning", "id": "r", "summary_text": ["a", "", "b"], "raw_content": ["c"]}),
        &[
            json!({"type": "agent_reasoning", "text": "a"}),
            json!({"type": "agent_reasoning", "text": "b"}),
            json!({"type": "agent_reasoning_raw_content", "text": "c"}),
        ],
    );
}

#[test]
fn a_patch_that_is_not_known_to_be_applied_failed() {
    let outcome = |status: Value| {
        let mut value = json!({"type": "FileChange", "id": "p", "changes": {}});
        value["status"] = status;
        let events = events(&value);
        (events[0]["success"].clone(), events[0]["status"].clone())
    };
    assert_eq!(outcome(json!("completed")), (json!(true), json!("completed")));
    assert_eq!(outcome(json!("declined")), (json!(false), json!("declined")));
    assert_eq!(outcome(json!("in_progress")), (json!(false), json!("failed")));
    assert_eq!(outcome(json!(null)), (json!(false), json!("failed")));
}

#[test]
fn a_failed_call_says_so_in_its_result() {
    let result = |status: &str, members: Value| {
        let mut value = json!({"type": "McpToolCall", "id": "m", "server": "s", "tool": "t", "status": status});
        for (name, member) in members.as_object().expect("members are an object") {
            value[name] = member.clone();
        }
        events(&value)[0]["result"].clone()
    };
    let text = json!({"content": [1]});
    assert_eq!(
        result("completed", json!({"result": text})),
        json!({"Ok": {"content": [1]}})
    );
    assert_eq!(
        result("failed", json!({"result": text})),
        json!({"Ok": {"content": [1], "isError": true}})
    );
    assert_eq!(
        result("failed", json!({"error": {"message": "no"}})),
        json!({"Err": "no"})
    );
    assert_eq!(result("failed", json!({})), json!({"Err": ""}));
    assert_eq!(result("completed", json!({})), json!({"Ok": {"content": []}}));
}

#[test]
fn readers_of_the_events_find_what_they_require() {
    let mcp = json!({"type": "McpToolCall", "id": "m", "server": "s", "tool": "t", "status": "completed"});
    assert_eq!(events(&mcp)[0]["duration"], json!({"secs": 0, "nanos": 0}));
    let search = json!({"type": "WebSearch", "id": "w", "query": "q"});
    assert_eq!(events(&search)[0]["action"], json!({"type": "other"}));
    let extension = json!({"type": "Extension", "kind": "web.search", "id": "w", "query": "q",
        "action": {"type": "findInPage", "url": "u", "pattern": "p"}, "results": [1]});
    check(
        &extension,
        &[json!({
            "type": "web_search_end", "call_id": "w", "query": "q",
            "action": {"type": "find_in_page", "url": "u", "pattern": "p"}, "results": [1],
        })],
    );
}

#[test]
fn kinds_without_an_event_have_none() {
    for value in [
        json!({"type": "Plan", "id": "p", "text": "t"}),
        json!({"type": "Extension", "kind": "clock.sleep", "id": "s", "durationMs": 1}),
        json!({"type": "ImageView", "id": "v", "path": "/a"}),
        json!({"type": "HookPrompt", "id": "h", "fragments": []}),
        json!({"type": "SubAgentActivity", "id": "a", "kind": "completed", "agent_thread_id": "t", "agent_path": "/"}),
    ] {
        check(&value, &[]);
    }
}

#[test]
fn the_way_back_keeps_every_fact() {
    let target = json!({"type": "commit", "sha": "abc", "title": "t"});
    let output = json!({"findings": [], "overall_correctness": "c", "overall_explanation": "e", "overall_confidence_score": 0.50});
    for value in [
        json!({"type": "FileChange", "id": "p", "changes": {"/a": {"type": "update", "unified_diff": "d", "move_path": "/b"}},
            "status": "declined", "stdout": "o", "stderr": "e"}),
        json!({"type": "McpToolCall", "id": "m", "server": "s", "tool": "t", "arguments": {"a": 1}, "status": "completed",
            "connectorId": "c", "readOnlyHint": true, "result": {"content": []}, "duration": {"secs": 1, "nanos": 2}}),
        json!({"type": "WebSearch", "id": "w", "query": "q", "action": {"type": "open_page", "url": "u"}, "results": [1]}),
        json!({"type": "ImageGeneration", "id": "i", "status": "completed", "revised_prompt": "r", "result": "x", "saved_path": "/i"}),
        json!({"type": "SubAgentActivity", "id": "a", "kind": "interrupted", "agent_thread_id": "t", "agent_path": "/"}),
        json!({"type": "EnteredReviewMode", "id": "e", "target": target, "user_facing_hint": "h"}),
        json!({"type": "ExitedReviewMode", "id": "x", "review_output": output}),
    ] {
        let item = item(&value);
        let [event] = &legacy_events_from_item(&item, "t1", 7)[..] else {
            panic!("{value} has one event");
        };
        let back = canonical_from_event(event).expect("the event carries an item");
        assert_eq!(back.item, item);
        assert_eq!(back.natural_id.as_deref(), Some(item.id()));
    }
    let reasoning = item(&json!({"type": "Reasoning", "id": "", "summary_text": ["a"], "raw_content": ["b"]}));
    let parts: Vec<Option<ReasoningPart>> = legacy_events_from_item(&reasoning, "t1", 7)
        .iter()
        .map(canonical_reasoning)
        .collect();
    let expected = [
        ReasoningPart::Summary("a".to_owned()),
        ReasoningPart::Raw("b".to_owned()),
    ];
    assert_eq!(parts, expected.map(Some));
}
