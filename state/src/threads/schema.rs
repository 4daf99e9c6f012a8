//! Tables and indexes of the thread list.
//!
//! Every list starts from one of the sort indexes (of all threads, of a directory, of a section, of a project): they cover what ordering and filtering need, so a page reads
//! whole rows only for what it returns.

/// Statements that create the tables of this module.
///
/// `class` packs what lists hide or filter by in one small number ([`RowClass`](super::RowClass)). A list therefore
/// is a merge of a few ordered ranges, one per class, provider and working directory that occur, and no filter can
/// make it walk past rows that it does not want.
///
/// Trigrams cost several times what the rest of a row costs. So they follow behind: rows with `titles_pending` are
/// candidates for every term until [`index_titles`](super::index_titles) has come by.
pub const SCHEMA: &str = "
CREATE TABLE threads (
    thread_num INTEGER PRIMARY KEY,
    thread_id TEXT NOT NULL UNIQUE,
    rollout_key INTEGER NOT NULL,
    path TEXT NOT NULL,
    archived INTEGER NOT NULL,
    paginated INTEGER NOT NULL,
    class INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    recency_at_ms INTEGER,
    recency_sort_ms INTEGER NOT NULL,
    cwd_key TEXT NOT NULL,
    model_provider TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT,
    preview TEXT NOT NULL,
    preview_cut INTEGER NOT NULL,
    title TEXT,
    title_cut INTEGER NOT NULL,
    first_user_message TEXT,
    first_user_message_cut INTEGER NOT NULL,
    cwd TEXT,
    thread_source TEXT,
    originator TEXT,
    cli_version TEXT NOT NULL,
    agent_nickname TEXT,
    agent_role TEXT,
    model TEXT,
    effort TEXT,
    git_sha TEXT,
    git_branch TEXT,
    git_origin_url TEXT,
    forked_from TEXT,
    parent_thread_id TEXT,
    attached_to TEXT,
    section_id TEXT,
    section_rank INTEGER,
    section_entered_at_ms INTEGER,
    project_id TEXT,
    daybreak INTEGER,
    codex_hidden INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    titles_pending INTEGER NOT NULL
) STRICT;
CREATE INDEX threads_created ON threads (class, model_provider, created_at_ms, thread_id);
CREATE INDEX threads_updated ON threads (class, model_provider, updated_at_ms, thread_id);
CREATE INDEX threads_recency ON threads (class, model_provider, recency_sort_ms, thread_id);
CREATE INDEX threads_cwd_created ON threads (cwd_key, class, model_provider, created_at_ms, thread_id);
CREATE INDEX threads_cwd_updated ON threads (cwd_key, class, model_provider, updated_at_ms, thread_id);
CREATE INDEX threads_cwd_recency ON threads (cwd_key, class, model_provider, recency_sort_ms, thread_id);
CREATE INDEX threads_section_created
    ON threads (section_id, class, model_provider, created_at_ms, thread_id, cwd_key, project_id)
    WHERE section_id IS NOT NULL;
CREATE INDEX threads_section_updated
    ON threads (section_id, class, model_provider, updated_at_ms, thread_id, cwd_key, project_id)
    WHERE section_id IS NOT NULL;
CREATE INDEX threads_section_recency
    ON threads (section_id, class, model_provider, recency_sort_ms, thread_id, cwd_key, project_id)
    WHERE section_id IS NOT NULL;
CREATE INDEX threads_section_rank
    ON threads (section_id, class, model_provider, section_rank, thread_id, cwd_key, project_id)
    WHERE section_id IS NOT NULL;
CREATE INDEX threads_project_created
    ON threads (project_id, class, model_provider, created_at_ms, thread_id, cwd_key) WHERE project_id IS NOT NULL;
CREATE INDEX threads_project_updated
    ON threads (project_id, class, model_provider, updated_at_ms, thread_id, cwd_key) WHERE project_id IS NOT NULL;
CREATE INDEX threads_project_recency
    ON threads (project_id, class, model_provider, recency_sort_ms, thread_id, cwd_key) WHERE project_id IS NOT NULL;
CREATE INDEX threads_project_newest ON threads (project_id, archived, recency_sort_ms) WHERE project_id IS NOT NULL;
CREATE INDEX threads_rollout ON threads (rollout_key);
CREATE INDEX threads_name ON threads (name) WHERE name IS NOT NULL;
CREATE INDEX threads_named ON threads (rollout_key, name) WHERE name IS NOT NULL;
CREATE INDEX threads_parent ON threads (parent_thread_id) WHERE parent_thread_id IS NOT NULL;
CREATE INDEX threads_attached ON threads (attached_to) WHERE attached_to IS NOT NULL;
CREATE INDEX threads_unsure ON threads (thread_num) WHERE preview_cut OR title_cut OR titles_pending;
CREATE INDEX threads_pending ON threads (thread_num) WHERE titles_pending;
CREATE VIRTUAL TABLE thread_titles USING fts5 (
    text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE thread_trigrams USING fts5vocab(thread_titles, row);
";
