//! Reads `state_<n>.sqlite`: threads, sections, projects, attachments and read state (`rollout-format.md` 9 and 13.7).

use std::collections::HashMap;
use std::path::Path;

use super::facts::{
    AttachmentRow, Cell, Extent, IdempotencyRow, ProjectRow, ReadReceiptRow, SectionRow, StateDb, Table, ThreadFactsRow,
};
use super::problem::{CodexDbError, CodexDbRead};
use super::table::{Cells, OpenDb};

const THREAD_COLUMNS: [&str; 23] = [
    "id",
    "rollout_path",
    "name",
    "title",
    "first_user_message",
    "git_sha",
    "git_branch",
    "git_origin_url",
    "history_mode",
    "memory_mode",
    "thread_section_id",
    "section_position",
    "section_entered_at_ms",
    "project_id",
    "daybreak_enabled",
    "attached_thread_parent_id",
    "is_pinned",
    "archived",
    "archived_at",
    "recency_at_ms",
    "recency_at",
    "updated_at_ms",
    "updated_at",
];

/// Reads a copy of `state_<n>.sqlite`.
///
/// What cannot be read is reported and stops nothing else.
///
/// # Errors
/// When it is no database.
pub fn read_state_db(path: &Path) -> Result<CodexDbRead<StateDb>, CodexDbError> {
    let mut db = OpenDb::open(path)?;
    let facts = StateDb {
        made_at: db.made_at(),
        threads: db.read("threads", "id", &THREAD_COLUMNS, thread),
        sections: db.read("thread_sections", "id", &["id", "name", "appearance"], |cells| {
            Some(SectionRow {
                id: cells.key()?,
                name: cells.text("name"),
                appearance: cells.text("appearance"),
            })
        }),
        projects: projects(&mut db),
        idempotency_keys: idempotency_keys(&mut db),
        attachments: attachments(&mut db),
        read_receipts: read_receipts(&mut db),
    };
    Ok(CodexDbRead {
        facts,
        problems: db.problems,
    })
}

fn thread(cells: &mut Cells<'_, '_>) -> Option<ThreadFactsRow> {
    Some(ThreadFactsRow {
        id: cells.key()?,
        rollout_path: cells.text("rollout_path"),
        name: name(cells),
        git_sha: cells.text("git_sha"),
        git_branch: cells.text("git_branch"),
        git_origin_url: cells.text("git_origin_url"),
        history_mode: cells.text("history_mode"),
        memory_mode: cells.text("memory_mode"),
        section_id: cells.text("thread_section_id"),
        section_position: cells.integer("section_position"),
        section_entered_at_ms: cells.integer("section_entered_at_ms"),
        project_id: cells.text("project_id"),
        daybreak_enabled: cells.flag("daybreak_enabled"),
        attached_to: cells.text("attached_thread_parent_id"),
        pinned: cells.flag("is_pinned"),
        archived: cells.flag("archived"),
        archived_at: cells.integer("archived_at"),
        recency_at_ms: milliseconds(cells, "recency_at_ms", "recency_at"),
        updated_at_ms: milliseconds(cells, "updated_at_ms", "updated_at"),
    })
}

/// Returns the name as Codex shows it (9.1): of legacy threads the title stands for it, unless it is what the user said.
fn name(cells: &mut Cells<'_, '_>) -> Cell<String> {
    let explicit = cells.text("name").non_null_if(|name| !name.trim().is_empty());
    if cells
        .text("history_mode")
        .value()
        .is_some_and(|mode| mode == "paginated")
    {
        return explicit;
    }
    let said = cells.short_text("first_user_message");
    let title = cells
        .short_text("title")
        .non_null_if(|title| !title.trim().is_empty() && Some(title) != said.value());
    title.or(explicit)
}

/// Returns a time of which old writers store the seconds alone; Codex takes 0 for none.
fn milliseconds(cells: &mut Cells<'_, '_>, in_ms: &'static str, in_seconds: &'static str) -> Cell<i64> {
    let exact = cells.integer(in_ms).non_null_if(|ms| *ms != 0);
    let coarse = cells.integer(in_seconds).non_null_if(|seconds| *seconds != 0);
    exact.or(coarse.map(|seconds| seconds.saturating_mul(1_000)))
}

fn projects(db: &mut OpenDb) -> Table<ProjectRow> {
    let roots = db.read(
        "project_roots",
        "project_id",
        &["project_id", "position", "path"],
        |cells| {
            Some((
                cells.key()?,
                cells.integer("position").into_value()?,
                cells.text("path").into_value()?,
            ))
        },
    );
    let whole = roots.extent == Extent::Whole;
    let mut by_project: HashMap<String, Vec<(i64, String)>> = HashMap::new();
    for (project_id, position, path) in roots.rows {
        by_project.entry(project_id).or_default().push((position, path));
    }
    let columns = ["id", "name", "metadata", "position", "created_at_ms", "updated_at_ms"];
    db.read("projects", "id", &columns, |cells| {
        let id = cells.key()?;
        let mut roots = by_project.remove(&id).unwrap_or_default();
        roots.sort();
        let roots = roots.into_iter().map(|(_, path)| path).collect();
        Some(ProjectRow {
            id,
            name: cells.text("name"),
            metadata: cells.text("metadata"),
            position: cells.integer("position"),
            created_at_ms: cells.integer("created_at_ms"),
            updated_at_ms: cells.integer("updated_at_ms"),
            roots: if whole { Cell::Is(roots) } else { Cell::Unknown },
        })
    })
}

fn idempotency_keys(db: &mut OpenDb) -> Table<IdempotencyRow> {
    let columns = ["key", "project_id", "created_at_ms"];
    db.read("project_idempotency_keys", "key", &columns, |cells| {
        Some(IdempotencyRow {
            key: cells.key()?,
            project_id: cells.text("project_id"),
            created_at_ms: cells.integer("created_at_ms"),
        })
    })
}

fn attachments(db: &mut OpenDb) -> Table<AttachmentRow> {
    let columns = [
        "id",
        "thread_id",
        "attachment_type",
        "identity_key",
        "payload",
        "created_at",
    ];
    db.read("thread_attachments", "id", &columns, |cells| {
        Some(AttachmentRow {
            id: cells.key()?,
            thread_id: cells.text("thread_id"),
            attachment_type: cells.text("attachment_type"),
            identity_key: cells.text("identity_key"),
            payload: cells.text("payload"),
            created_at: cells.integer("created_at"),
        })
    })
}

fn read_receipts(db: &mut OpenDb) -> Table<ReadReceiptRow> {
    let columns = ["thread_id", "first_unread_turn", "revision", "last_published_turn"];
    db.read("thread_read_receipts", "thread_id", &columns, |cells| {
        Some(ReadReceiptRow {
            thread_id: cells.key()?,
            first_unread_turn: cells.text("first_unread_turn"),
            revision: cells.text("revision"),
            last_published_turn: cells.text("last_published_turn"),
        })
    })
}

#[cfg(test)]
#[path = "state_db_tests.rs"]
mod state_db_tests;
