//! A row of the `threads` table as a value, and how it is read from SQLite.
//!
//! Texts are cut here, so that no caller can store more than the limit.

use rusqlite::Row;
use rusqlite::types::{FromSql, Type};

use crate::seal::check_seal;

/// Bytes of one text that are kept in the index (design 2.2); the rest stays in the log.
pub const MAX_STORED_TEXT_BYTES: usize = 4 * 1024;

/// A text, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CutText {
    /// The text, at most [`MAX_STORED_TEXT_BYTES`] once stored.
    pub text: String,
    /// Whether the full text is longer and has to be read from the log.
    pub cut: bool,
}

impl CutText {
    /// Keeps the beginning of `text`.
    pub fn new(text: &str) -> Self {
        let end = stored_len(text);
        Self {
            text: text[..end].to_owned(),
            cut: end < text.len(),
        }
    }

    /// Returns the part that is stored, and whether it is not all.
    pub(super) fn stored(&self) -> (&str, bool) {
        let end = stored_len(&self.text);
        (&self.text[..end], self.cut || end < self.text.len())
    }
}

/// Returns the length of the longest beginning that may be stored.
fn stored_len(text: &str) -> usize {
    let mut end = text.len().min(MAX_STORED_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1; // offset 0 is a boundary
    }
    end
}

/// Where a thread is in a section.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SectionPlace {
    /// The section.
    pub section_id: String,
    /// Its place there: lower ranks come first.
    pub rank: i64,
    /// When it entered the section, Unix milliseconds.
    pub entered_at_ms: i64,
}

/// One thread: metadata of its current revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ThreadRow {
    /// Thread id, hyphenated lower-case UUID.
    pub thread_id: String,
    /// Key of the rollout that is the current revision.
    pub rollout_key: i64,
    /// Path of that rollout relative to the home, without `.zst`.
    pub path: String,
    /// Whether the rollout lies under `archived_sessions`.
    pub archived: bool,
    /// Whether the history mode is paginated.
    pub paginated: bool,
    /// Creation, Unix milliseconds.
    pub created_at_ms: i64,
    /// Last change, Unix milliseconds.
    pub updated_at_ms: i64,
    /// Start of the newest turn, Unix milliseconds; `None` sorts as the creation (`rollout-format.md` 13.6).
    pub recency_at_ms: Option<i64>,
    /// Explicit name.
    pub name: Option<String>,
    /// First user text without placeholders.
    pub title: CutText,
    /// What the thread is listed by; a thread with an empty one is hidden from ordinary lists.
    pub preview: CutText,
    /// First user text.
    pub first_user_message: CutText,
    /// Working directory as recorded.
    pub cwd: String,
    /// Provider of the model.
    pub model_provider: String,
    /// Source in its stored text form: a plain word, or compact JSON.
    pub source: String,
    /// Free-form source kind.
    pub thread_source: Option<String>,
    /// Recording client.
    pub originator: Option<String>,
    /// Version of the recording program.
    pub cli_version: String,
    /// Nickname of a spawned agent.
    pub agent_nickname: Option<String>,
    /// Role of a spawned agent.
    pub agent_role: Option<String>,
    /// Latest model.
    pub model: Option<String>,
    /// Latest reasoning effort.
    pub effort: Option<String>,
    /// Recorded commit.
    pub git_sha: Option<String>,
    /// Recorded branch.
    pub git_branch: Option<String>,
    /// Recorded remote.
    pub git_origin_url: Option<String>,
    /// Source thread of a fork.
    pub forked_from: Option<String>,
    /// Thread that spawned this one.
    pub parent_thread_id: Option<String>,
    /// Thread that this fork is attached to.
    pub attached_to: Option<String>,
    /// Section that the thread is in.
    pub section: Option<SectionPlace>,
    /// Project that the thread belongs to.
    pub project_id: Option<String>,
    /// Whether the thread takes part in the daybreak feature, where that was said.
    pub daybreak: Option<bool>,
    /// Whether Codex never lists the thread, so that the exact view hides it.
    pub codex_hidden: bool,
}

impl ThreadRow {
    /// Returns the time that a list by recency sorts by.
    pub fn recency_or_creation_ms(&self) -> i64 {
        self.recency_at_ms.unwrap_or(self.created_at_ms)
    }

    /// Returns whether name, title or preview contain `term` as far as they are stored (case-sensitive).
    pub fn stored_text_contains(&self, term: &str) -> bool {
        self.name.as_deref().is_some_and(|name| name.contains(term))
            || self.title.text.contains(term)
            || self.preview.text.contains(term)
    }

    /// Returns whether title or preview continue in the log.
    pub fn has_cut_text(&self) -> bool {
        self.title.cut || self.preview.cut
    }
}

/// Columns of a whole row, in the order in which [`read_row`] takes them.
pub(super) const ROW_COLUMNS: &str = "thread_id, rollout_key, path, archived, paginated, created_at_ms, \
     updated_at_ms, recency_at_ms, name, preview, preview_cut, title, title_cut, first_user_message, \
     first_user_message_cut, cwd_key, cwd, model_provider, source, thread_source, originator, cli_version, \
     agent_nickname, agent_role, model, effort, git_sha, git_branch, git_origin_url, forked_from, \
     parent_thread_id, attached_to, section_id, section_rank, section_entered_at_ms, project_id, daybreak, \
     codex_hidden, seal";

/// Reads a row that begins with [`ROW_COLUMNS`].
pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<ThreadRow> {
    let mut columns = Columns { row, next: 0 };
    // The fields are read in the order in which they are written here.
    let mut read = ThreadRow {
        thread_id: columns.take()?,
        rollout_key: columns.take()?,
        path: columns.take()?,
        archived: columns.take()?,
        paginated: columns.take()?,
        created_at_ms: columns.take()?,
        updated_at_ms: columns.take()?,
        recency_at_ms: columns.take()?,
        name: columns.take()?,
        preview: CutText {
            text: columns.take()?,
            cut: columns.take()?,
        },
        ..ThreadRow::default()
    };
    // Stored once where they are equal, which is nearly always (design 2.2).
    read.title = columns.take_unless_equal(&read.preview)?;
    read.first_user_message = columns.take_unless_equal(&read.title)?;
    let cwd_key: String = columns.take()?;
    read.cwd = columns.take::<Option<String>>()?.unwrap_or(cwd_key);
    let read = ThreadRow {
        model_provider: columns.take()?,
        source: columns.take()?,
        thread_source: columns.take()?,
        originator: columns.take()?,
        cli_version: columns.take()?,
        agent_nickname: columns.take()?,
        agent_role: columns.take()?,
        model: columns.take()?,
        effort: columns.take()?,
        git_sha: columns.take()?,
        git_branch: columns.take()?,
        git_origin_url: columns.take()?,
        forked_from: columns.take()?,
        parent_thread_id: columns.take()?,
        attached_to: columns.take()?,
        section: columns.take_section()?,
        project_id: columns.take()?,
        daybreak: columns.take()?,
        codex_hidden: columns.take()?,
        ..read
    };
    let at = columns.next;
    check_seal("threads.seal", &read, columns.take()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Integer, Box::new(error)))?;
    Ok(read)
}

/// Reads columns one after the other: finding each by name would cost more than the row itself.
struct Columns<'a, 's> {
    row: &'a Row<'s>,
    next: usize,
}

impl Columns<'_, '_> {
    fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Takes the three columns of a section; one without rank or time is none, which the seal tells from a real one.
    fn take_section(&mut self) -> rusqlite::Result<Option<SectionPlace>> {
        let (section_id, rank, entered_at_ms) = (self.take()?, self.take()?, self.take()?);
        Ok(match (section_id, rank, entered_at_ms) {
            (Some(section_id), Some(rank), Some(entered_at_ms)) => Some(SectionPlace {
                section_id,
                rank,
                entered_at_ms,
            }),
            _ => None,
        })
    }

    /// Takes a text and its mark; no text means the other one.
    fn take_unless_equal(&mut self, other: &CutText) -> rusqlite::Result<CutText> {
        let text: Option<String> = self.take()?;
        let cut = self.take()?;
        Ok(text.map_or_else(|| other.clone(), |text| CutText { text, cut }))
    }
}
