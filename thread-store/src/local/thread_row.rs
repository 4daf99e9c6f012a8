//! One row per thread, made of what its rollouts tell (`rollout-format.md` 9 and 13.6).
//!
//! Chooses the current revision and merges what lineage and other revisions add. Reads the index only.

use codex_protocol::log::SessionSource;
use codex_rollout::session_index::NameIndex;
use codex_state::db::{Index, RolloutRow};
use codex_state::projector::{Mode, ShortText};
use codex_state::threads::{self, CutText, ThreadRow};

use super::catalog::{Freshness, Sweep};
use super::store::Inner;
use crate::error::StoreResult;

/// Rollouts that a preview is looked for in along a lineage.
const MAX_PREVIEW_DEPTH: usize = 1024;

impl Inner {
    /// Brings the thread's row up to date after its rollouts changed; a failure is repaired by the next list.
    pub(super) fn refresh_thread_row(&self, thread_id: &str) {
        let sweep = self.sweep(Freshness::Recent);
        let refreshed = self.names().and_then(|names| self.store_thread_rows(&sweep, &names, &[thread_id.to_owned()]));
        if let Err(error) = refreshed {
            tracing::debug!(%error, thread_id, "thread row not refreshed");
        }
    }

    /// Recomputes and stores the rows of these threads; threads without rollouts lose theirs.
    pub(super) fn store_thread_rows(&self, sweep: &Sweep, names: &NameIndex, threads: &[String]) -> StoreResult<()> {
        let index = self.index();
        let rows = {
            let reader = index.reader().map_err(|error| self.index_error(error))?;
            threads
                .iter()
                .map(|thread_id| {
                    let revisions = reader.rollouts_of(thread_id).map_err(|error| self.index_error(error))?;
                    let lookup = |id: &str| reader.rollout(id).map_err(|error| self.index_error(error));
                    Ok((thread_id, self.thread_row(&revisions, &lookup, sweep, names, thread_id)?))
                })
                .collect::<StoreResult<Vec<_>>>()?
        };
        let write = |index: &Index| {
            index.write(|transaction| {
                for (thread_id, row) in &rows {
                    match row {
                        Some(row) => threads::upsert(transaction, row)?,
                        None => threads::remove(transaction, thread_id)?,
                    }
                }
                Ok(())
            })
        };
        write(&index).map_err(|error| self.index_error(error))
    }

    /// Makes the row of a thread from its revisions; `None` when no rollout of it is left.
    pub(super) fn thread_row(
        &self,
        revisions: &[RolloutRow],
        lookup: Lookup<'_>,
        sweep: &Sweep,
        names: &NameIndex,
        thread_id: &str,
    ) -> StoreResult<Option<ThreadRow>> {
        let mut revisions = revisions.to_vec();
        revisions.retain(|row| row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)).is_some());
        let Some(current) = current_revision(&revisions) else { return Ok(None) };
        let codex_preview = codex_preview(&revisions, current, lookup)?.1;
        let shown = if codex_preview.is_empty() { &current.meta.raw_preview } else { &codex_preview };
        let header = &current.meta.header;
        let created_at_ms = created_at_ms(current, sweep);
        let recency = revisions.iter().filter_map(|row| row.meta.recency_at_ms).max();
        let mtime_ms = i64::try_from(current.file.mtime_ns / 1_000_000).unwrap_or(i64::MAX);
        let name = thread_id.parse().ok().and_then(|id| names.last_name(id)).map(str::to_owned);
        let meta = &current.meta;
        let cwd = meta.cwd.clone().filter(|cwd| !cwd.is_empty()).or_else(|| meta.raw_cwd.clone());
        let provider = meta.model_provider.clone().filter(|provider| !provider.is_empty());
        let default_source = || match current.checkpoint.mode {
            Mode::Bare => SessionSource::Unknown.to_index_text(),
            Mode::Paginated | Mode::Legacy => SessionSource::VsCode.to_index_text(),
        };
        Ok(Some(ThreadRow {
            thread_id: thread_id.to_owned(),
            rollout_key: current.key,
            path: current.file.path.clone(),
            archived: current.file.archived,
            paginated: current.checkpoint.mode == Mode::Paginated,
            created_at_ms,
            updated_at_ms: mtime_ms,
            recency_at_ms: recency,
            name,
            title: cut(&meta.title),
            preview: cut(shown),
            first_user_message: cut(&meta.first_user),
            cwd: cwd.unwrap_or_default(),
            model_provider: provider.unwrap_or_else(|| self.default_provider.clone()),
            source: header.source.clone().unwrap_or_else(default_source),
            thread_source: header.thread_source.clone(),
            originator: header.originator.clone(),
            cli_version: header.cli_version.clone().unwrap_or_default(),
            agent_nickname: header.agent_nickname.clone(),
            agent_role: header.agent_role.clone(),
            model: meta.model.clone(),
            effort: meta.effort.clone(),
            git_sha: header.git_sha.clone(),
            git_branch: header.git_branch.clone(),
            git_origin_url: header.git_origin_url.clone(),
            forked_from: header.forked_from.clone(),
            parent_thread_id: header.parent.clone(),
            attached_to: header.attached_to.clone(),
            codex_hidden: codex_preview.is_empty() || current.header_error.is_some(),
        }))
    }
}

/// Finds a rollout by id, among those that are open or in the index.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> StoreResult<Option<RolloutRow>>;

/// Returns the preview that Codex shows, with the rollout that says it: that of the current revision, else an inherited
/// one (9.1), else that of an earlier revision (8.7); an attached fork keeps that of its source.
pub(super) fn codex_preview(
    revisions: &[RolloutRow],
    current: &RolloutRow,
    lookup: Lookup<'_>,
) -> StoreResult<(String, ShortText)> {
    let own = (current.rollout_id.clone(), current.meta.preview.clone());
    let attached = current.meta.header.attached_to.is_some();
    if !own.1.is_empty() && !attached {
        return Ok(own);
    }
    let inherited = inherited_preview(current, lookup)?;
    if !inherited.1.is_empty() {
        return Ok(inherited);
    }
    let mut oldest_first: Vec<&RolloutRow> = revisions.iter().collect();
    oldest_first.sort_by_key(|row| (row.meta.header.created_at_ms, row.file.path.clone()));
    let earlier = oldest_first.into_iter().find(|row| !row.meta.preview.is_empty());
    Ok(earlier.map_or(own, |row| (row.rollout_id.clone(), row.meta.preview.clone())))
}

fn inherited_preview(row: &RolloutRow, lookup: Lookup<'_>) -> StoreResult<(String, ShortText)> {
    let mut found = (row.rollout_id.clone(), ShortText::default());
    let mut base = row.base.clone();
    for _ in 0..MAX_PREVIEW_DEPTH {
        let Some((rollout_id, _, cut)) = base else { break };
        let Some(source) = lookup(&rollout_id)? else { break };
        let preview = &source.meta.preview;
        if preview.line.is_some_and(|line| line.end() <= cut) {
            found = (rollout_id, preview.clone());
        }
        base = source.base;
    }
    Ok(found)
}

/// Chooses the revision that is current: the newest header, ties by file name (design section 5).
pub(super) fn current_revision(revisions: &[RolloutRow]) -> Option<&RolloutRow> {
    revisions.iter().max_by_key(|row| (!row.file.archived, row.meta.header.created_at_ms, &row.file.path))
}

/// Returns when the thread was created; the file name's time stands in for a header without one.
pub(super) fn created_at_ms(row: &RolloutRow, sweep: &Sweep) -> i64 {
    let named = || {
        let file = row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id))?;
        file.name.as_ref()?.time_utc_ms()
    };
    row.meta.header.created_at_ms.or_else(named).unwrap_or_default()
}

fn cut(text: &ShortText) -> CutText {
    CutText { text: text.text.clone(), cut: text.cut }
}
