//! Claims about single threads: names, repository state, sections, projects (`rollout-format.md` 9 and 13.7).
//!
//! Pure. What the files of the home say anyhow needs no fact. Not claimed, because nothing here would answer otherwise:
//! `memory_mode` (only a model that makes memories asks for it, and Codex asks its own database),
//! `attached_thread_parent_id` (the fork's header says that it is attached, and to what), `archived` and `archived_at`
//! (the folder of the file decides, and no method tells the time).

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::FactKind;
use codex_state::codex_db::{Cell, StateDb, ThreadFactsRow};
use serde_json::json;

use super::claims::Claims;
use super::seen::{Column, Subject, hash_of};
use crate::local::facts::GitPatchFact;
use crate::organise::PINNED_SECTION_ID;
use crate::types::GitInfo;
use crate::writes::GitPatch;

/// What the files of the home say.
pub(super) trait HomeFacts {
    /// Returns whether the home has a rollout of the thread.
    fn has_thread(&self, thread_id: ThreadId) -> bool;

    /// Returns whether the thread ever had the name, according to the name index.
    fn was_named(&self, thread_id: ThreadId, name: &str) -> bool;

    /// Returns whether the header of the thread's rollout says this of its repository; `None` if it is not known yet.
    fn records_git(&self, thread_id: ThreadId, git: &GitInfo) -> Option<bool>;
}

/// Whether some claims have to wait until rollouts are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    /// There are all claims.
    Complete,
    /// Some need rollouts that are not indexed yet.
    Postponed,
}

/// Claims all that the rows of threads say.
pub(super) fn claim_threads(db: &StateDb, home: &dyn HomeFacts, claims: &mut Claims) -> Completeness {
    let mut complete = Completeness::Complete;
    for row in &db.threads.rows {
        let thread_id = match row.id.parse::<ThreadId>() {
            Ok(thread_id) => thread_id,
            Err(_) => {
                claims.thread_of("threads.id", &row.id);
                continue;
            }
        };
        if !home.has_thread(thread_id) {
            continue; // Codex does not know yet that it is gone
        }
        claims.add_thread(thread_id);
        claim_name(thread_id, row, home, claims);
        claim_section(thread_id, row, claims);
        claim_scalars(thread_id, row, claims);
        if claim_git(thread_id, row, home, claims) == Completeness::Postponed {
            complete = Completeness::Postponed;
        }
    }
    complete
}

/// Returns what the database says of a paginated thread's repository. A legacy rollout says it itself.
pub(super) fn git_of(row: &ThreadFactsRow) -> Option<GitPatch> {
    let stated = |cell: &Cell<String>| cell.stated().map(|value| value.cloned());
    let paginated = row.history_mode.value().is_some_and(|mode| mode == "paginated");
    let patch = GitPatch {
        sha: stated(&row.git_sha),
        branch: stated(&row.git_branch),
        origin_url: stated(&row.git_origin_url),
    };
    Some(patch).filter(|patch| paginated && !patch.is_empty())
}

fn claim_name(thread_id: ThreadId, row: &ThreadFactsRow, home: &dyn HomeFacts, claims: &mut Claims) {
    let subject = Subject::of_thread(FactKind::ThreadName, thread_id);
    match row.name.stated() {
        None => {}
        Some(None) => claims.add_none(subject),
        Some(Some(name)) => {
            let hash = hash_of(&[Column::Text(name)]);
            // Codex appends every name to its index, which also says which one is the newest.
            let said_anyhow = home.was_named(thread_id, name.trim());
            claims.add_claim(subject, hash, RawJson::string(name.trim()), said_anyhow);
        }
    }
}

fn claim_git(thread_id: ThreadId, row: &ThreadFactsRow, home: &dyn HomeFacts, claims: &mut Claims) -> Completeness {
    let Some(patch) = git_of(row) else {
        return Completeness::Complete;
    };
    let git = patch.applied(None).unwrap_or_default();
    let Some(recorded) = home.records_git(thread_id, &git) else {
        return Completeness::Postponed;
    };
    let subject = Subject::of_thread(FactKind::GitPatch, thread_id);
    let columns = [
        Column::from(git.sha.as_ref()),
        Column::from(git.branch.as_ref()),
        Column::from(git.origin_url.as_ref()),
    ];
    let value = RawJson::of(&GitPatchFact::from(&patch)).expect("an object of texts always serialises");
    claims.add_claim(subject, hash_of(&columns), value, recorded);
    Completeness::Complete
}

/// Claims the section that a thread is in. Before there were sections, threads were pinned.
fn claim_section(thread_id: ThreadId, row: &ThreadFactsRow, claims: &mut Claims) {
    let pinned = row.pinned.value() == Some(&true);
    let section_id = match (row.section_id.stated(), row.pinned.stated()) {
        (Some(section_id), _) => section_id.map(String::as_str),
        (None, Some(_)) => pinned.then_some(PINNED_SECTION_ID),
        (None, None) => return,
    };
    let subject = Subject::of_thread(FactKind::SectionMember, thread_id);
    let Some(section_id) = section_id else {
        return claims.add_none(subject);
    };
    let columns = [
        Column::Text(section_id),
        Column::from(row.section_position.value()),
        Column::from(row.section_entered_at_ms.value()),
    ];
    let value = json!({
        "sectionId": section_id,
        "rank": row.section_position.value().copied().unwrap_or_default(),
        "enteredAtMs": row.section_entered_at_ms.value().or(row.updated_at_ms.value()).copied().unwrap_or_default(),
    });
    claims.add(subject, hash_of(&columns), raw(&value));
}

fn claim_scalars(thread_id: ThreadId, row: &ThreadFactsRow, claims: &mut Claims) {
    let daybreak = Subject::of_thread(FactKind::Daybreak, thread_id);
    match row.daybreak_enabled.stated() {
        None => {}
        Some(None) => claims.add_none(daybreak),
        Some(Some(enabled)) => {
            let hash = hash_of(&[Column::Number(i64::from(*enabled))]);
            claims.add(daybreak, hash, raw(&json!(enabled)));
        }
    }
    let project = Subject::of_thread(FactKind::ProjectMember, thread_id);
    match row.project_id.stated() {
        None => {}
        Some(None) => claims.add_none(project),
        Some(Some(project_id)) => claims.add(
            project,
            hash_of(&[Column::Text(project_id)]),
            raw(&json!({ "projectId": project_id })),
        ),
    }
}

/// Writes a value of ours.
pub(super) fn raw(value: &serde_json::Value) -> RawJson {
    RawJson::of(value).expect("a JSON value always serialises")
}
