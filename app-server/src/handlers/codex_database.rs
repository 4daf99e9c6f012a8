//! Says in an answer what Codex goes on showing as it was, because its own database has the thread.
//!
//! The one place that decides it. The exact view answers like Codex, so there the log says it alone.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::codex_database::{CodexDatabaseField, CodexDatabaseNotice};
use codex_thread_store::View;

use crate::server::Server;

/// Returns what is said of a change of a thread that is done.
pub(super) async fn notice(
    server: &Server,
    thread_id: ThreadId,
    changed: &[CodexDatabaseField],
) -> Option<CodexDatabaseNotice> {
    let kept = match server.store.kept_by_codex(thread_id).await {
        Ok(kept) => kept,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(%thread_id, error, "whether Codex's database has a changed thread is not known");
            return None;
        }
    };
    let is_kept = |field: &CodexDatabaseField| match field {
        CodexDatabaseField::Goal => kept.goal,
        CodexDatabaseField::Revision
        | CodexDatabaseField::Name
        | CodexDatabaseField::GitInfo
        | CodexDatabaseField::MemoryMode
        | CodexDatabaseField::Project
        | CodexDatabaseField::DaybreakEnabled
        | CodexDatabaseField::Section => kept.thread,
    };
    let keeps_showing: Vec<CodexDatabaseField> = changed.iter().copied().filter(is_kept).collect();
    if keeps_showing.is_empty() {
        return None;
    }
    tracing::info!(%thread_id, ?keeps_showing, "Codex's database goes on showing what was before a change");
    (server.view == View::Full).then_some(CodexDatabaseNotice { keeps_showing })
}
