//! Hook prompts: user messages of the model's context that a hook wrote (format 7.2).
//!
//! A small reader for one fixed XML element; everything else is no hook prompt.

use std::borrow::Cow;

use super::messages::HookPromptItem;
use super::turn_item::TurnItem;
use super::wire::HookPromptFragment;
use crate::log::ResponseItem;
use crate::log::response::ContentPart;

/// Returns the hook prompt that a user message consists of.
///
/// Every part must be one `hook_prompt` element. The id is that of the message, or empty.
#[must_use]
pub fn hook_prompt_from_message(item: &ResponseItem) -> Option<TurnItem> {
    let ResponseItem::Message(message) = item else {
        return None;
    };
    if message.role != "user" || message.content.is_empty() {
        return None;
    }
    let fragments = message
        .content
        .iter()
        .map(|part| match part {
            ContentPart::InputText(text) => fragment(&text.text),
            ContentPart::InputImage(_)
            | ContentPart::InputAudio(_)
            | ContentPart::OutputText(_)
            | ContentPart::EncryptedContent(_)
            | ContentPart::Other(_) => None,
        })
        .collect::<Option<Vec<_>>>()?;
    Some(TurnItem::HookPrompt(HookPromptItem {
        id: message.id.clone().unwrap_or_default(),
        fragments,
    }))
}

/// Reads `<hook_prompt hook_run_id="...">text</hook_prompt>`.
fn fragment(text: &str) -> Option<HookPromptFragment> {
    let rest = text.trim().strip_prefix("<hook_prompt")?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let (run_id, body) = attributes(rest)?;
    let body = body.strip_suffix("</hook_prompt>")?;
    let run_id = unescaped(run_id?)?;
    if body.contains('<') || run_id.trim().is_empty() {
        return None;
    }
    Some(HookPromptFragment {
        text: unescaped(body)?.into_owned(),
        hook_run_id: run_id.into_owned(),
    })
}

/// Reads attributes up to the closing `>`; returns the run id, if there is one, and the rest.
fn attributes(text: &str) -> Option<(Option<&str>, &str)> {
    let mut run_id = None;
    let mut rest = text.trim_start();
    loop {
        if let Some(body) = rest.strip_prefix('>') {
            return Some((run_id, body));
        }
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, tail) = after[1..].split_once(quote)?;
        if key.trim() == "hook_run_id" {
            run_id = Some(value);
        }
        rest = tail.trim_start();
    }
}

/// Resolves XML entities; `None` for one that does not exist.
fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        result.push_str(before);
        let (entity, tail) = after.split_once(';')?;
        result.push(entity_char(entity)?);
        rest = tail;
    }
    result.push_str(rest);
    Some(Cow::Owned(result))
}

fn entity_char(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = entity.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                // Not a number: not an entity.
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
