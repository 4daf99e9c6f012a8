//! Inserts, replaces and removes rows, and keeps the trigram index in step.
//!
//! Callers wrap several calls in one transaction; a row and the removal of its old trigrams belong together.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::filter::{RowClass, normalise_cwd};
use super::row::{CutText, ROW_COLUMNS, ThreadRow, read_row};
use super::titles;
use crate::error::StateResult;
use crate::seal::seal;

const UPSERT: &str = "
INSERT INTO threads (
    thread_id, rollout_key, path, archived, paginated, class, created_at_ms, updated_at_ms, recency_at_ms,
    recency_sort_ms, cwd_key, model_provider, source, name, preview, preview_cut, title, title_cut,
    first_user_message, first_user_message_cut, cwd, thread_source, originator, cli_version, agent_nickname,
    agent_role, model, effort, git_sha, git_branch, git_origin_url, forked_from, parent_thread_id, attached_to,
    section_id, section_rank, section_entered_at_ms, project_id, daybreak, codex_hidden, seal, titles_pending)
VALUES (
    :thread_id, :rollout_key, :path, :archived, :paginated, :class, :created_at_ms, :updated_at_ms, :recency_at_ms,
    :recency_sort_ms, :cwd_key, :model_provider, :source, :name, :preview, :preview_cut, :title, :title_cut,
    :first_user_message, :first_user_message_cut, :cwd, :thread_source, :originator, :cli_version, :agent_nickname,
    :agent_role, :model, :effort, :git_sha, :git_branch, :git_origin_url, :forked_from, :parent_thread_id,
    :attached_to, :section_id, :section_rank, :section_entered_at_ms, :project_id, :daybreak, :codex_hidden, :seal,
    :titles_pending)
ON CONFLICT (thread_id) DO UPDATE SET
    rollout_key = excluded.rollout_key, path = excluded.path, archived = excluded.archived,
    paginated = excluded.paginated, class = excluded.class, created_at_ms = excluded.created_at_ms,
    updated_at_ms = excluded.updated_at_ms, recency_at_ms = excluded.recency_at_ms,
    recency_sort_ms = excluded.recency_sort_ms, cwd_key = excluded.cwd_key,
    model_provider = excluded.model_provider, source = excluded.source, name = excluded.name,
    preview = excluded.preview, preview_cut = excluded.preview_cut, title = excluded.title,
    title_cut = excluded.title_cut, first_user_message = excluded.first_user_message,
    first_user_message_cut = excluded.first_user_message_cut, cwd = excluded.cwd,
    thread_source = excluded.thread_source, originator = excluded.originator, cli_version = excluded.cli_version,
    agent_nickname = excluded.agent_nickname, agent_role = excluded.agent_role, model = excluded.model,
    effort = excluded.effort, git_sha = excluded.git_sha, git_branch = excluded.git_branch,
    git_origin_url = excluded.git_origin_url, forked_from = excluded.forked_from,
    parent_thread_id = excluded.parent_thread_id, attached_to = excluded.attached_to,
    section_id = excluded.section_id, section_rank = excluded.section_rank,
    section_entered_at_ms = excluded.section_entered_at_ms, project_id = excluded.project_id,
    daybreak = excluded.daybreak, codex_hidden = excluded.codex_hidden, seal = excluded.seal, titles_pending = excluded.titles_pending";

/// Inserts the row, or replaces the one of the same thread.
///
/// Texts longer than the limit are cut and marked. A row that is already stored like this is not written again.
///
/// # Errors
/// If SQLite fails.
pub fn upsert(conn: &Connection, row: &ThreadRow) -> StateResult<()> {
    let mut row = row.clone();
    for text in [&mut row.title, &mut row.preview, &mut row.first_user_message] {
        limit(text);
    }
    let old = stored(conn, &row.thread_id)?;
    let titles_pending = match &old {
        Some(old) if old.row == row => return Ok(()),
        Some(old) if titles::indexed_text(&old.row) == titles::indexed_text(&row) => old.titles_pending,
        Some(old) => {
            if !old.titles_pending {
                titles::remove(conn, old.thread_num)?;
            }
            true
        }
        None => true,
    };
    write(conn, &row, titles_pending)
}

/// Removes the row of a thread, if there is one.
///
/// # Errors
/// If SQLite fails.
pub fn remove(conn: &Connection, thread_id: &str) -> StateResult<()> {
    let removed: Option<i64> = conn
        .prepare_cached("DELETE FROM threads WHERE thread_id = ?1 RETURNING thread_num")?
        .query_row([thread_id], |row| row.get(0))
        .optional()?;
    if let Some(thread_num) = removed {
        titles::remove(conn, thread_num)?; // nothing happens where they are still pending
    }
    Ok(())
}

struct StoredRow {
    thread_num: i64,
    titles_pending: bool,
    row: ThreadRow,
}

fn stored(conn: &Connection, thread_id: &str) -> StateResult<Option<StoredRow>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {ROW_COLUMNS}, thread_num, titles_pending FROM threads WHERE thread_id = ?1"
        ))?
        .query_row([thread_id], |row| {
            Ok(StoredRow {
                thread_num: row.get("thread_num")?,
                titles_pending: row.get("titles_pending")?,
                row: read_row(row)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn write(conn: &Connection, row: &ThreadRow, titles_pending: bool) -> StateResult<()> {
    let cwd_key = normalise_cwd(&row.cwd);
    let section = row.section.as_ref();
    conn.prepare_cached(UPSERT)?.execute(named_params! {
        ":thread_id": row.thread_id,
        ":rollout_key": row.rollout_key,
        ":path": row.path,
        ":archived": row.archived,
        ":paginated": row.paginated,
        ":class": RowClass::of(row).code(),
        ":created_at_ms": row.created_at_ms,
        ":updated_at_ms": row.updated_at_ms,
        ":recency_at_ms": row.recency_at_ms,
        ":recency_sort_ms": row.recency_or_creation_ms(),
        ":cwd_key": cwd_key,
        ":model_provider": row.model_provider,
        ":source": row.source,
        ":name": row.name,
        ":preview": row.preview.text,
        ":preview_cut": row.preview.cut,
        ":title": unless_equal(&row.title, &row.preview),
        ":title_cut": row.title.cut,
        ":first_user_message": unless_equal(&row.first_user_message, &row.title),
        ":first_user_message_cut": row.first_user_message.cut,
        ":cwd": (cwd_key != row.cwd).then_some(&row.cwd),
        ":thread_source": row.thread_source,
        ":originator": row.originator,
        ":cli_version": row.cli_version,
        ":agent_nickname": row.agent_nickname,
        ":agent_role": row.agent_role,
        ":model": row.model,
        ":effort": row.effort,
        ":git_sha": row.git_sha,
        ":git_branch": row.git_branch,
        ":git_origin_url": row.git_origin_url,
        ":forked_from": row.forked_from,
        ":parent_thread_id": row.parent_thread_id,
        ":attached_to": row.attached_to,
        ":section_id": section.map(|place| &place.section_id),
        ":section_rank": section.map(|place| place.rank),
        ":section_entered_at_ms": section.map(|place| place.entered_at_ms),
        ":project_id": row.project_id,
        ":daybreak": row.daybreak,
        ":codex_hidden": row.codex_hidden,
        ":seal": seal(row),
        ":titles_pending": titles_pending,
    })?;
    Ok(())
}

fn limit(text: &mut CutText) {
    let (stored, cut) = text.stored();
    if stored.len() < text.text.len() {
        *text = CutText {
            text: stored.to_owned(),
            cut,
        };
    }
}

/// Returns the text to store: none where it repeats the other one.
fn unless_equal<'a>(text: &'a CutText, other: &CutText) -> Option<&'a str> {
    (text != other).then_some(text.text.as_str())
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod write_tests;
