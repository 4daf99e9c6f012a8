//! Thread metadata that a rollout's lines tell (`rollout-format.md` 9.1, 13.6).
//!
//! Folded beside the rows. Long texts are kept as their first bytes and the line to read the rest from.

use codex_protocol::log::{EventMsg, RolloutItem, SessionMeta};
use serde::{Deserialize, Serialize};

use super::{LineAt, Projector, RowStore, timestamp_ms};
use crate::messages::user_text_of_record;
use crate::rows::Span;
use crate::text::UserText;

/// Bytes of a user text that are kept in the index; longer ones are read from the log.
pub const USER_TEXT_LIMIT_BYTES: usize = 4 * 1024;

/// A text that may continue in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShortText {
    /// The text, or its beginning.
    pub text: String,
    /// Whether the text is longer.
    pub cut: bool,
    /// Line that the text was taken from.
    pub line: Option<Span>,
}

impl ShortText {
    /// Keeps the beginning of `text`.
    pub fn new(text: &str, line: Span) -> Self {
        let mut end = text.len().min(USER_TEXT_LIMIT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            text: text[..end].to_owned(),
            cut: end < text.len(),
            line: Some(line),
        }
    }

    /// Returns whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// What the first header line tells, and later ones of the same thread update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderMeta {
    /// Thread id as recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// Creation time, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at_ms: Option<i64>,
    /// Source of a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<String>,
    /// Spawning thread, which relations go by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Controlling thread as declared; also that of a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_parent: Option<String>,
    /// Thread that a fork is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<String>,
    /// Session source, stored text form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Free-form source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_source: Option<String>,
    /// Recording client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    /// Recording version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cli_version: Option<String>,
    /// Nickname of a spawned agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_nickname: Option<String>,
    /// Role of a spawned agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_role: Option<String>,
    /// Path of a spawned agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_path: Option<String>,
    /// Commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_sha: Option<String>,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_branch: Option<String>,
    /// Remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_origin_url: Option<String>,
    /// Whether memories are made of the thread: what the newest header line says; absent is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mode: Option<String>,
}

/// Metadata of one rollout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolloutMeta {
    /// From header lines.
    pub header: HeaderMeta,
    /// Whether a header line was seen.
    pub header_seen: bool,
    /// Working directory.
    pub cwd: Option<String>,
    /// Provider.
    pub model_provider: Option<String>,
    /// Latest model.
    pub model: Option<String>,
    /// Latest reasoning effort.
    pub effort: Option<String>,
    /// Line time of the newest `task_started`, Unix milliseconds.
    pub recency_at_ms: Option<i64>,
    /// First user text (user event or canonical item).
    pub first_user: ShortText,
    /// First user text without placeholders.
    pub title: ShortText,
    /// First of user text and goal objective: what Codex lists the thread by.
    pub preview: ShortText,
    /// First real user text among raw response items.
    pub raw_preview: ShortText,
    /// Working directory named by the first environment context.
    pub raw_cwd: Option<String>,
    /// Line of the newest goal of the thread; goals of a fork source that were copied are not its own.
    pub goal: Option<Span>,
}

impl RolloutMeta {
    fn note_user(&mut self, user: &UserText, span: Span) {
        if self.first_user.is_empty()
            && let Some(text) = &user.preview
        {
            self.first_user = ShortText::new(text, span);
        }
        if self.preview.is_empty()
            && let Some(text) = &user.preview
        {
            self.preview = ShortText::new(text, span);
        }
        if self.title.is_empty()
            && let Some(text) = &user.title
        {
            self.title = ShortText::new(text, span);
        }
    }

    fn note_header(&mut self, meta: &SessionMeta) {
        let header = &mut self.header;
        let id = meta.id.to_string();
        if self.header_seen && header.thread_id.as_deref() != Some(&id) {
            return; // copied from a parent or fork source (2.3)
        }
        if !self.header_seen {
            header.thread_id = Some(id);
            header.created_at_ms = session_timestamp_ms(&meta.timestamp);
            header.forked_from = meta.forked_from_id.map(|id| id.to_string());
            // Relations are those of spawned agents (8.6); a review names its parent in `parent_thread_id` only.
            header.parent = meta.source.parent_thread_id().map(str::to_owned);
            header.declared_parent = meta
                .parent_thread_id
                .map(|id| id.to_string())
                .or_else(|| header.parent.clone());
            let attached = meta
                .attached_thread
                .as_ref()
                .is_some_and(|raw| raw.parse::<bool>().unwrap_or(false));
            header.attached_to = meta.forked_from_id.filter(|_| attached).map(|id| id.to_string());
            header.source = Some(meta.source.to_index_text());
            header.originator = non_empty(&meta.originator);
        }
        self.header_seen = true;
        update(&mut header.thread_source, meta.thread_source.as_deref());
        update(
            &mut header.agent_nickname,
            meta.agent_nickname.as_deref().or(meta.source.agent_nickname()),
        );
        update(
            &mut header.agent_role,
            meta.agent_role.as_deref().or(meta.source.agent_role()),
        );
        update(
            &mut header.agent_path,
            meta.agent_path.as_deref().or(meta.source.agent_path()),
        );
        update(&mut header.cli_version, Some(&meta.cli_version));
        update(&mut self.cwd, Some(&meta.cwd));
        update(&mut self.model_provider, meta.model_provider.as_deref());
        // A copy that says nothing says that they are enabled again (2.3).
        header.memory_mode.clone_from(&meta.memory_mode);
        if let Some(git) = &meta.git {
            // A copy of the metadata states all of it anew (9.5): what it leaves out was cleared.
            header.git_sha.clone_from(&git.commit_hash);
            header.git_branch.clone_from(&git.branch);
            header.git_origin_url.clone_from(&git.repository_url);
        }
    }
}

impl<S: RowStore> Projector<'_, S> {
    /// Takes from a decoded line what the thread list shows.
    pub(super) fn note_meta(&mut self, line: LineAt<'_>, timestamp: Option<&str>, item: &RolloutItem) {
        let meta = &mut self.meta;
        match item {
            RolloutItem::SessionMeta(header) => meta.note_header(header),
            RolloutItem::TurnContext(context) => {
                if meta.cwd.as_deref().is_none_or(str::is_empty) {
                    meta.cwd = non_empty(&context.cwd);
                }
                meta.model = non_empty(&context.model);
                meta.effort = context.effort.clone();
            }
            RolloutItem::EventMsg(event) => match event.as_ref() {
                EventMsg::TaskStarted(started) => {
                    let at = timestamp
                        .and_then(timestamp_ms)
                        .or_else(|| started.started_at.map(|seconds| seconds.saturating_mul(1_000)));
                    meta.recency_at_ms = meta.recency_at_ms.max(at);
                }
                EventMsg::ThreadSettingsApplied(applied) => {
                    let settings = &applied.thread_settings;
                    meta.model = non_empty(&settings.model);
                    update(&mut meta.model_provider, Some(&settings.model_provider_id));
                    update(&mut meta.cwd, Some(&settings.cwd));
                    meta.effort = settings.reasoning_effort.clone();
                }
                EventMsg::ThreadGoalUpdated(updated) => {
                    // A goal is the thread's, not a turn's: no rollback takes it back.
                    if meta.header.thread_id.as_ref().is_none_or(|id| *id == updated.thread_id) {
                        meta.goal = Some(line.span());
                    }
                    let objective = updated.goal.objective.trim();
                    if meta.preview.is_empty() && !objective.is_empty() {
                        meta.preview = ShortText::new(objective, line.span());
                    }
                }
                event if meta.first_user.is_empty() || meta.title.is_empty() => {
                    if let Some(user) = user_text_of_record(event) {
                        meta.note_user(&user, line.span());
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Parses the creation time of a header, either RFC 3339 or `YYYY-MM-DDThh-mm-ss` taken as UTC (2.3).
pub fn session_timestamp_ms(text: &str) -> Option<i64> {
    timestamp_ms(text).or_else(|| {
        let (date, time) = text.split_once('T')?;
        timestamp_ms(&format!("{date}T{}Z", time.replace('-', ":")))
    })
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn update(slot: &mut Option<String>, value: Option<&str>) {
    if let Some(value) = value
        && !value.is_empty()
    {
        *slot = Some(value.to_owned());
    }
}
