//! What Codex's databases say of threads at the moment, and is not kept when they are gone.
//!
//! Which rollout is current and when a thread was used last: without databases, the rollouts themselves say it well
//! enough (`rollout-format.md` 13.6). Pure.

use std::collections::HashMap;

use codex_protocol::ids::ThreadId;
use codex_rollout::name::{RolloutName, logical_name};
use codex_state::codex_db::StateDb;

use super::thread_claims::git_of;
use crate::writes::GitPatch;

/// What the state database says of one thread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::local) struct LiveThread {
    /// Rollout that is current.
    pub(in crate::local) current: Option<String>,
    /// When its last turn began.
    pub(in crate::local) recency_at_ms: Option<i64>,
    /// State of a paginated thread's repository.
    pub(in crate::local) git: Option<GitPatch>,
}

/// All threads of the database.
pub(in crate::local) type LiveThreads = HashMap<ThreadId, LiveThread>;

/// Collects what a database says.
pub(super) fn live_threads(db: &StateDb) -> LiveThreads {
    let rows = db.threads.rows.iter().filter_map(|row| {
        let thread_id = row.id.parse::<ThreadId>().ok()?;
        let live = LiveThread {
            current: row.rollout_path.value().and_then(|path| rollout_id(path)),
            recency_at_ms: row.recency_at_ms.value().copied(),
            git: git_of(row),
        };
        Some((thread_id, live))
    });
    rows.collect()
}

/// Returns the rollout of a path. The folders of the path are those of the machine that wrote it, so the name decides.
fn rollout_id(path: &str) -> Option<String> {
    let file_name = path.rsplit(['/', '\\']).next()?;
    Some(RolloutName::parse(logical_name(file_name))?.rollout_id.to_string())
}
