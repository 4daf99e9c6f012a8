//! Texts of messages, as far as lists and search need them.
//!
//! Decides which text a line says; what a preview or a match is, `text` decides.

use codex_protocol::item::{
    AgentMessageItem, AgentMessagePart, MessagePhase, ReasoningItem, StoredImage, StoredText, StoredUserInput,
    TurnItem, UserMessageItem, canonical_from_event,
};
use codex_protocol::log::event::ThreadGoal;
use codex_protocol::log::response::{ContentPart, ResponseMessage, ResponseReasoning};
use codex_protocol::log::{BareLine, EventMsg, LineHead, ResponseItem, RolloutItem};

use crate::text::{UserText, is_context_text, user_text_of_event, user_text_of_item};

/// Returns the text parts of a user message, joined without separator.
pub fn user_message_text(message: &UserMessageItem) -> String {
    let parts = message.content.iter().filter_map(|part| match part {
        StoredUserInput::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    parts.collect()
}

/// Returns the text parts of an agent message, joined without separator.
pub fn agent_message_text(message: &AgentMessageItem) -> String {
    message.content.iter().map(|part| part.text.as_str()).collect()
}

/// Returns what the thread list takes from a user event or canonical user item.
pub fn user_text_of_record(event: &EventMsg) -> Option<UserText> {
    match event {
        EventMsg::UserMessage(message) => Some(user_text_of_event(message)),
        EventMsg::ItemCompleted(completed) => match &completed.item {
            TurnItem::UserMessage(message) => Some(user_text_of_item(message)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the message or reasoning that a raw response item amounts to (`rollout-format.md` 12).
pub fn message_from_raw(item: &ResponseItem) -> Option<TurnItem> {
    match item {
        ResponseItem::Message(message) => match message.role.as_str() {
            "user" => Some(TurnItem::UserMessage(raw_user_message(message))),
            "assistant" => raw_agent_message(message),
            _ => None,
        },
        ResponseItem::Reasoning(reasoning) => raw_reasoning(reasoning),
        _ => None,
    }
}

fn raw_user_message(message: &ResponseMessage) -> UserMessageItem {
    let content = message.content.iter().filter_map(|part| match part {
        ContentPart::InputText(text) | ContentPart::OutputText(text) => Some(StoredUserInput::Text(StoredText {
            text: text.text.clone(),
            text_elements: Vec::new(),
        })),
        ContentPart::InputImage(image) => Some(StoredUserInput::Image(StoredImage {
            image_url: image.image_url.clone(),
            file_id: None,
            detail: None,
        })),
        ContentPart::InputAudio(_) | ContentPart::EncryptedContent(_) | ContentPart::Other(_) => None,
    });
    let content = content.collect();
    UserMessageItem {
        id: message.id.clone().unwrap_or_default(),
        client_id: None,
        content,
    }
}

fn raw_agent_message(message: &ResponseMessage) -> Option<TurnItem> {
    let content: Vec<AgentMessagePart> = message
        .content
        .iter()
        .filter_map(|part| match part {
            ContentPart::InputText(text) | ContentPart::OutputText(text) => Some(AgentMessagePart::text(&text.text)),
            _ => None,
        })
        .collect();
    let phase = match message.phase.as_deref() {
        Some("commentary") => Some(MessagePhase::Commentary),
        Some("partial_answer") => Some(MessagePhase::PartialAnswer),
        Some("final_answer") => Some(MessagePhase::FinalAnswer),
        _ => None,
    };
    (!content.is_empty()).then(|| {
        TurnItem::AgentMessage(AgentMessageItem {
            id: message.id.clone().unwrap_or_default(),
            content,
            phase,
            memory_citation: None,
            delivery: None,
            moderation: None,
            questions: None,
        })
    })
}

fn raw_reasoning(reasoning: &ResponseReasoning) -> Option<TurnItem> {
    let summary_text: Vec<String> = reasoning.summary.iter().map(|part| part.text.clone()).collect();
    let raw_content: Vec<String> = reasoning
        .content
        .iter()
        .flatten()
        .map(|part| part.text.clone())
        .filter(|text| !text.is_empty())
        .collect();
    (!summary_text.is_empty() || !raw_content.is_empty()).then(|| {
        TurnItem::Reasoning(ReasoningItem {
            id: reasoning.id.clone().unwrap_or_default(),
            summary_text,
            raw_content,
        })
    })
}

/// Returns the text of a raw message that a person wrote; `None` for hidden context and other items.
pub fn raw_user_text(item: &ResponseItem) -> Option<String> {
    let TurnItem::UserMessage(message) = message_from_raw(item)? else {
        return None;
    };
    let said: Vec<&str> = message
        .content
        .iter()
        .filter_map(|part| match part {
            StoredUserInput::Text(text) if !is_context_text(&text.text) => Some(text.text.as_str()),
            _ => None,
        })
        .collect();
    let text = said.concat();
    (!text.trim().is_empty()).then_some(text)
}

/// Returns the working directory that an environment context names.
pub fn context_cwd(item: &ResponseItem) -> Option<String> {
    let TurnItem::UserMessage(message) = message_from_raw(item)? else {
        return None;
    };
    let text = user_message_text(&message);
    let (_, rest) = text.split_once("<cwd>")?;
    let (cwd, _) = rest.split_once("</cwd>")?;
    Some(cwd.trim().to_owned()).filter(|cwd| !cwd.is_empty())
}

/// Whose words a searchable text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// A visible message: user or agent, event or canonical item.
    Visible,
    /// A raw message item, which only Codex's search reads; includes hidden context.
    Raw,
}

/// Returns the text that a line says, and how.
pub fn said(item: &RolloutItem) -> Option<(Speaker, String)> {
    match item {
        RolloutItem::EventMsg(event) => {
            let item = match event.as_ref() {
                EventMsg::ItemCompleted(completed) => Some(completed.item.clone()),
                EventMsg::UserMessage(_) | EventMsg::AgentMessage(_) => canonical_from_event(event).map(|e| e.item),
                _ => None,
            };
            match item? {
                TurnItem::UserMessage(message) => Some((Speaker::Visible, user_message_text(&message))),
                TurnItem::AgentMessage(message) => Some((Speaker::Visible, agent_message_text(&message))),
                _ => None,
            }
        }
        RolloutItem::ResponseItem(line) => raw_said(&line.item).map(|text| (Speaker::Raw, text)),
        _ => None,
    }
}

/// Returns the text parts of a raw user or assistant message, joined by a space.
pub fn raw_said(item: &ResponseItem) -> Option<String> {
    let parts: Vec<String> = match message_from_raw(item)? {
        TurnItem::UserMessage(message) => message
            .content
            .into_iter()
            .filter_map(|part| match part {
                StoredUserInput::Text(text) => Some(text.text),
                _ => None,
            })
            .collect(),
        TurnItem::AgentMessage(message) => message.content.into_iter().map(|part| part.text).collect(),
        _ => return None,
    };
    Some(parts.join(" "))
}

/// Returns what a line of a bare rollout says.
pub fn said_in_bare(bytes: &[u8]) -> Option<(Speaker, String)> {
    let Ok(BareLine::Item(item)) = BareLine::decode(bytes) else {
        return None;
    };
    raw_said(&item).map(|text| (Speaker::Raw, text))
}

/// Returns the goal that a line gives a thread.
pub fn goal_of_line(bytes: &[u8]) -> Option<ThreadGoal> {
    let head = LineHead::parse(bytes).ok()?;
    match RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()? {
        RolloutItem::EventMsg(event) => match *event {
            EventMsg::ThreadGoalUpdated(updated) => Some(updated.goal),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the preview that a line gives a thread: a user text, a goal, or a raw user message.
pub fn preview_of_line(bytes: &[u8]) -> Option<String> {
    let item = match LineHead::parse(bytes) {
        Ok(head) => RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?,
        Err(_) => {
            let Ok(BareLine::Item(item)) = BareLine::decode(bytes) else {
                return None;
            };
            return raw_user_text(&item).map(|text| text.trim().to_owned());
        }
    };
    match item {
        RolloutItem::EventMsg(event) => match *event {
            EventMsg::ThreadGoalUpdated(updated) => Some(updated.goal.objective.trim().to_owned()),
            event => user_text_of_record(&event)?.preview,
        },
        RolloutItem::ResponseItem(line) => raw_user_text(&line.item).map(|text| text.trim().to_owned()),
        _ => None,
    }
}
