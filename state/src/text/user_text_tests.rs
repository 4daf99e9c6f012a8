//! Tests of `user_text.rs`.

use serde_json::json;

use super::{user_text_of_event, user_text_of_item};
use crate::text::UserText;

fn check_event(event: serde_json::Value, expected: (Option<&str>, Option<&str>)) {
    assert_eq!(
        user_text_of_event(&serde_json::from_str(&event.to_string()).unwrap()),
        user_text(expected)
    );
}

fn check_item(content: serde_json::Value, expected: (Option<&str>, Option<&str>)) {
    // Decoded from text like a line of a log: raw members need it.
    let item = serde_json::from_str(&json!({ "id": "u1", "content": content }).to_string()).unwrap();
    assert_eq!(user_text_of_item(&item), user_text(expected));
}

fn user_text((preview, title): (Option<&str>, Option<&str>)) -> UserText {
    UserText {
        preview: preview.map(str::to_owned),
        title: title.map(str::to_owned),
    }
}

#[test]
fn an_event_gives_its_message_or_a_placeholder() {
    check_event(
        json!({ "message": " hi ", "images": ["data:x"] }),
        (Some("hi"), Some("hi")),
    );
    check_event(
        json!({ "message": "", "images": ["data:x"], "audio": ["data:y"] }),
        (Some("[Image]"), None),
    );
    check_event(
        json!({ "message": "", "images": null, "local_images": ["/x.png"] }),
        (Some("[Image]"), None),
    );
    check_event(
        json!({ "message": " ", "images": [], "audio": ["data:y"] }),
        (Some("[Audio]"), None),
    );
    check_event(
        json!({ "message": "\n", "images": [], "local_images": [] }),
        (None, None),
    );
}

#[test]
fn text_parts_of_an_item_are_joined_without_separator() {
    let content = json!([
        { "type": "text", "text": "one " },
        { "type": "mention", "name": "x", "path": "/x" },
        { "type": "text", "text": "two " },
    ]);
    check_item(content, (Some("one two"), Some("one two")));
}

#[test]
fn an_item_without_text_gives_a_placeholder() {
    check_item(
        json!([{ "type": "local_image", "path": "/x.png" }]),
        (Some("[Image]"), None),
    );
    check_item(
        json!([{ "type": "local_audio", "path": "/x.wav" }]),
        (Some("[Audio]"), None),
    );
    check_item(json!([{ "type": "skill", "name": "x", "path": "/x" }]), (None, None));
    check_item(json!([]), (None, None));
}
