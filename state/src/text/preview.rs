//! What of a user's text becomes preview and title, and which texts are hidden context (`rollout-format.md` 9.1, 12).
//!
//! Decides about texts only; which line counts is the projector's business.

/// Line that front ends put between the context they add and what the user typed.
pub const REQUEST_MARKER: &str = "## My request for Codex:";

/// Starts of messages of role user that the user did not write: context that Codex puts before the model
/// (`rollout-format.md` 11 and 12, and all others that occur in real homes).
const CONTEXT_STARTS: &[&str] = &[
    "<environment_context>",
    "<user_instructions>",
    "<turn_aborted>",
    "<codex_internal_context",
    "<user_action>",
    "<user_shell_command>",
    "<subagent_notification>",
    "<hook_prompt ",
    "<skill>",
    "<INSTRUCTIONS>",
    "# AGENTS.md instructions",
];

/// What a user message carries besides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attachments {
    /// At least one image.
    pub image: bool,
    /// At least one audio clip.
    pub audio: bool,
}

/// What the thread list takes from one user message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserText {
    /// The request, or a placeholder for what came instead of text.
    pub preview: Option<String>,
    /// The request; never a placeholder.
    pub title: Option<String>,
}

impl UserText {
    /// Applies the rules of `rollout-format.md` 9.1 to the text of a message and to what came with it.
    pub fn new(text: &str, attachments: Attachments) -> Self {
        let request = request_text(text);
        if !request.is_empty() {
            return Self {
                preview: Some(request.to_owned()),
                title: Some(request.to_owned()),
            };
        }
        let placeholder = match attachments {
            Attachments { image: true, .. } => Some("[Image]"),
            Attachments { audio: true, .. } => Some("[Audio]"),
            Attachments { .. } => None,
        };
        Self {
            preview: placeholder.map(str::to_owned),
            title: None,
        }
    }
}

/// Returns what follows the request marker, or the whole text where there is none; trimmed.
pub fn request_text(text: &str) -> &str {
    text.split_once(REQUEST_MARKER)
        .map_or(text, |(_, request)| request)
        .trim()
}

/// Returns whether a text of role user is hidden context rather than something that the user said.
pub fn is_context_text(text: &str) -> bool {
    let text = text.trim_start();
    CONTEXT_STARTS.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod preview_tests;
