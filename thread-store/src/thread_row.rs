//! One row per thread, made of what its rollouts tell (`rollout-format.md` 9 and 13.6).
//!
//! Pure rules that all stores share: which revision is current, and what lineage and other revisions add.

use std::path::Path;

use codex_protocol::log::{HistoryMode, SessionSource};
use codex_rollout::name::RolloutName;
use codex_state::db::RolloutRow;
use codex_state::projector::{Mode, ShortText};
use codex_state::threads::{CutText, SectionPlace, ThreadRow};

use crate::error::StoreResult;
use crate::organise::{Belonging, Organised};
use crate::types::{GitInfo, ThreadRecord, ThreadSection};
use crate::writes::GitPatch;

/// Rollouts that a preview is looked for in along a lineage.
const MAX_PREVIEW_DEPTH: usize = 1024;

/// What a row says that no rollout tells.
#[derive(Debug)]
pub(crate) struct RowFacts<'a> {
    /// The thread.
    pub(crate) thread_id: &'a str,
    /// Its name.
    pub(crate) name: Option<String>,
    /// Changes of the repository's state that the rollout of a paginated thread does not tell.
    pub(crate) git: GitPatch,
    /// Revisions that are named as current.
    pub(crate) current: NamedRevisions,
    /// When the last turn began, as Codex's database says.
    pub(crate) recency_at_ms: Option<i64>,
    /// How it is organised.
    pub(crate) belonging: Belonging,
    /// Provider of threads that name none.
    pub(crate) default_provider: &'a str,
}

/// Makes the row of a thread from its revisions; `None` without any.
pub(crate) fn row_of(
    revisions: &[RolloutRow],
    lookup: Lookup<'_>,
    known: RowFacts<'_>,
) -> StoreResult<Option<ThreadRow>> {
    let Some(current) = current_revision(revisions, &known.current) else {
        return Ok(None);
    };
    let codex_preview = codex_preview(revisions, current, lookup)?.1;
    let shown = if codex_preview.is_empty() {
        &current.meta.raw_preview
    } else {
        &codex_preview
    };
    let header = &current.meta.header;
    let created_at_ms = created_at_ms(current);
    let recency = revisions.iter().filter_map(|row| row.meta.recency_at_ms).max();
    // A turn that began since is in the log only; of the same turn, the database knows a moment more.
    let recency = recency.max(known.recency_at_ms);
    let mtime_ms = i64::try_from(current.file.mtime_ns / 1_000_000).unwrap_or(i64::MAX);
    let meta = &current.meta;
    let cwd = meta
        .cwd
        .clone()
        .filter(|cwd| !cwd.is_empty())
        .or_else(|| meta.raw_cwd.clone());
    let provider = meta.model_provider.clone().filter(|provider| !provider.is_empty());
    let default_source = || match current.checkpoint.mode {
        Mode::Bare => SessionSource::Unknown.to_index_text(),
        Mode::Paginated | Mode::Legacy => SessionSource::VsCode.to_index_text(),
    };
    let paginated = current.checkpoint.mode == Mode::Paginated;
    let recorded = GitInfo {
        sha: header.git_sha.clone(),
        branch: header.git_branch.clone(),
        origin_url: header.git_origin_url.clone(),
    };
    let git = if paginated {
        known.git.applied(Some(&recorded)).unwrap_or_default()
    } else {
        recorded
    };
    Ok(Some(ThreadRow {
        thread_id: known.thread_id.to_owned(),
        rollout_key: current.key,
        path: current.file.path.clone(),
        archived: current.file.archived,
        paginated,
        created_at_ms,
        updated_at_ms: mtime_ms,
        recency_at_ms: recency,
        name: known.name,
        title: cut(&meta.title),
        preview: cut(shown),
        first_user_message: cut(&meta.first_user),
        cwd: cwd.unwrap_or_default(),
        model_provider: provider.unwrap_or_else(|| known.default_provider.to_owned()),
        source: header.source.clone().unwrap_or_else(default_source),
        thread_source: header.thread_source.clone(),
        originator: header.originator.clone(),
        cli_version: header.cli_version.clone().unwrap_or_default(),
        agent_nickname: header.agent_nickname.clone(),
        agent_role: header.agent_role.clone(),
        model: meta.model.clone(),
        effort: meta.effort.clone(),
        git_sha: git.sha,
        git_branch: git.branch,
        git_origin_url: git.origin_url,
        forked_from: header.forked_from.clone(),
        parent_thread_id: header.parent.clone(),
        attached_to: header.attached_to.clone(),
        section: known.belonging.section.map(|member| SectionPlace {
            section_id: member.section_id,
            rank: member.rank,
            entered_at_ms: member.entered_at_ms,
        }),
        project_id: known.belonging.project_id,
        daybreak: known.belonging.daybreak,
        codex_hidden: codex_preview.is_empty() || current.header_error.is_some(),
    }))
}

/// Finds a rollout by id, among those that are open or in the index.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> StoreResult<Option<RolloutRow>>;

/// Returns the preview that Codex shows, with the rollout that says it: that of the current revision, else an inherited
/// one (9.1), else that of an earlier revision (8.7); an attached fork keeps that of its source.
pub(crate) fn codex_preview(
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

/// Revisions that somebody names as current.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NamedRevisions {
    /// By our journal: what our last revert made.
    pub(crate) ours: Option<String>,
    /// By Codex's database.
    pub(crate) codex: Option<String>,
}

/// What decides which revision is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RevisionKey {
    pub(crate) live: bool,
    pub(crate) created_at_ms: Option<i64>,
    pub(crate) rollout_id: String,
    pub(crate) path: String,
}

impl RevisionKey {
    /// Orders by what the files alone say: a rollout that is not archived, the newest header, our journal, the file name.
    ///
    /// Every revert makes its header newer than all others, so an older name in the journal means that somebody else has
    /// reverted the thread since.
    fn rank(&self, named: &NamedRevisions) -> (bool, Option<i64>, bool, &str) {
        let is_ours = named.ours.as_deref() == Some(&self.rollout_id);
        (self.live, self.created_at_ms, is_ours, &self.path)
    }
}

/// Chooses the revision that is current (design section 5) and returns its place.
///
/// The one that Codex's database names, unless we have reverted the thread since, which the database does not know; then,
/// and without a database, the newest one as the files tell.
pub(crate) fn current_of(revisions: &[RevisionKey], named: &NamedRevisions) -> Option<usize> {
    let find = |id: &Option<String>| revisions.iter().position(|key| Some(&key.rollout_id) == id.as_ref());
    let newest = (0..revisions.len()).max_by_key(|at| revisions[*at].rank(named))?;
    let Some(codex) = find(&named.codex) else {
        return Some(newest);
    };
    let is_newer = |at: usize| revisions[at].created_at_ms > revisions[codex].created_at_ms;
    let ours_is_newer = find(&named.ours).is_some_and(is_newer);
    let moved_away = revisions[newest].live && !revisions[codex].live;
    Some(if ours_is_newer || moved_away { newest } else { codex })
}

/// Chooses the revision that is current among those in the index.
pub(crate) fn current_revision<'r>(revisions: &'r [RolloutRow], named: &NamedRevisions) -> Option<&'r RolloutRow> {
    let keys: Vec<RevisionKey> = revisions
        .iter()
        .map(|row| RevisionKey {
            live: !row.file.archived,
            created_at_ms: row.meta.header.created_at_ms,
            rollout_id: row.rollout_id.clone(),
            path: row.file.path.clone(),
        })
        .collect();
    current_of(&keys, named).map(|at| &revisions[at])
}

fn created_at_ms(row: &RolloutRow) -> i64 {
    let file_name = row.file.path.rsplit('/').next().unwrap_or_default();
    creation_ms(row.meta.header.created_at_ms, || RolloutName::parse(file_name))
}

/// Returns when a thread was created; the file name's time stands in for a header without one.
pub(crate) fn creation_ms(header_ms: Option<i64>, name: impl FnOnce() -> Option<RolloutName>) -> i64 {
    header_ms
        .or_else(|| name().and_then(|name| name.time_utc_ms()))
        .unwrap_or_default()
}

fn cut(text: &ShortText) -> CutText {
    CutText {
        text: text.text.clone(),
        cut: text.cut,
    }
}

/// Makes the record of a row; `preview` is its text in full. `None` if the row's thread id is no UUID.
///
/// A section or project that has gone since the row was made is not shown.
pub(crate) fn record_of_row(
    row: ThreadRow,
    preview: String,
    home: &Path,
    organised: &Organised,
) -> Option<ThreadRecord> {
    let id = |text: Option<&String>| text.and_then(|text| text.parse().ok());
    let git = GitInfo {
        sha: row.git_sha,
        branch: row.git_branch,
        origin_url: row.git_origin_url,
    };
    Some(ThreadRecord {
        thread_id: row.thread_id.parse().ok()?,
        path: home.join(&row.path),
        archived: row.archived,
        history_mode: if row.paginated {
            HistoryMode::Paginated
        } else {
            HistoryMode::Legacy
        },
        forked_from: id(row.forked_from.as_ref()),
        attached_to: id(row.attached_to.as_ref()),
        parent: id(row.parent_thread_id.as_ref()),
        preview,
        name: row.name,
        model_provider: row.model_provider,
        model: row.model,
        reasoning_effort: row.effort,
        created_at_ms: row.created_at_ms,
        updated_at_ms: row.updated_at_ms,
        recency_at_ms: row.recency_at_ms.or(Some(row.created_at_ms)),
        cwd: row.cwd,
        cli_version: row.cli_version,
        originator: row.originator,
        source: SessionSource::from_index_text(&row.source),
        thread_source: row.thread_source,
        agent_nickname: row.agent_nickname,
        agent_role: row.agent_role,
        git: (git != GitInfo::default()).then_some(git),
        section: row.section.and_then(|place| {
            Some(ThreadSection {
                section: organised.section(&place.section_id)?,
                rank: place.rank,
                entered_at_ms: place.entered_at_ms,
            })
        }),
        project_id: row.project_id.filter(|project_id| organised.has_project(project_id)),
        daybreak: row.daybreak,
        turns: Vec::new(),
    })
}

#[cfg(test)]
#[path = "thread_row_tests.rs"]
mod thread_row_tests;
