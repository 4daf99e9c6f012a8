//! Takes text and attachments out of the two records that a user message is stored as.
//!
//! Knows the records of the protocol; the rules about the text are in `preview.rs`.

use codex_protocol::item::{StoredUserInput, UserMessageItem};
use codex_protocol::log::event::UserMessageEvent;

use super::{Attachments, UserText};

/// Returns what the thread list takes from a legacy user message event.
pub fn user_text_of_event(event: &UserMessageEvent) -> UserText {
    let given = |urls: &Option<Vec<String>>| urls.as_ref().is_some_and(|urls| !urls.is_empty());
    let attachments = Attachments {
        image: given(&event.images) || !event.local_images.is_empty(),
        audio: given(&event.audio) || !event.local_audio.is_empty(),
    };
    UserText::new(&event.message, attachments)
}

/// Returns what the thread list takes from a canonical user message item.
pub fn user_text_of_item(item: &UserMessageItem) -> UserText {
    let mut text = String::new();
    let mut attachments = Attachments::default();
    for part in &item.content {
        match part {
            StoredUserInput::Text(part) => text.push_str(&part.text),
            StoredUserInput::Image(_) | StoredUserInput::LocalImage(_) => attachments.image = true,
            StoredUserInput::Audio(_) | StoredUserInput::LocalAudio(_) => attachments.audio = true,
            StoredUserInput::Skill(_) | StoredUserInput::Mention(_) => {}
        }
    }
    UserText::new(&text, attachments)
}

#[cfg(test)]
#[path = "user_text_tests.rs"]
mod user_text_tests;
