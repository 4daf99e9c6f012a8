//! The facts about projects, and what they mean together (`app-server-api.md` 3.19).
//!
//! Three kinds. A project, by key, with the idempotency keys that made it: one fact makes both. A key whose project is
//! gone, which stays for ever. A membership, by thread; one in a project that is not there counts as none, so that a project
//! goes with one fact. It comes with one, too, which names its first threads. Pure; decisions are taken in `projects.rs`.

use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use serde::{Deserialize, Serialize};

use super::facts::{Organised, replace};
use super::projects::{NewProject, Project};
use super::ranks::{Place, rank_at};
use super::refusal::OrganiseRefusal;

/// A project as the journal has it, without its id, which is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectFact {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) roots: Vec<String>,
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
    /// Projects stand in the order of their ranks.
    pub(crate) rank: i64,
    pub(crate) created_at_ms: i64,
    pub(crate) updated_at_ms: i64,
    /// The keys that its making was asked for with.
    #[serde(default)]
    pub(crate) idempotency_keys: Vec<String>,
    /// Threads that the project came with, as far as they belong to it when this fact is recorded: it says so for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) founders: Vec<ThreadId>,
}

/// The project that a key made, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectKeyFact {
    pub(crate) project_id: String,
}

/// The project that a thread belongs to, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectMemberFact {
    pub(crate) project_id: String,
}

/// Most threads that the fact of a new project names; a fact must not exceed 1 MiB. Others follow it.
const MAX_FOUNDERS: usize = 10_000;

impl Organised {
    /// Takes over a fact about a project.
    pub(super) fn learn_project(&mut self, id: &str, fact: &JournalFact) {
        replace(&mut self.projects, id.to_owned(), fact);
        let Some(project) = self.projects.get(id) else { return };
        for founder in &project.founders {
            let member = ProjectMemberFact {
                project_id: id.to_owned(),
            };
            self.project_members.insert(*founder, member);
        }
    }

    /// Returns whether there is a project.
    pub fn has_project(&self, project_id: &str) -> bool {
        self.projects.contains_key(project_id)
    }

    /// Returns the project that a thread belongs to, if there is such a project.
    pub fn project_of(&self, thread_id: ThreadId) -> Option<&str> {
        let member = self.project_members.get(&thread_id)?;
        self.has_project(&member.project_id).then_some(&member.project_id)
    }

    /// Returns the threads of a project, in the order of their ids.
    pub fn threads_of_project(&self, project_id: &str) -> Vec<ThreadId> {
        let members = self.project_members.iter();
        let mut threads: Vec<ThreadId> = members
            .filter(|(_, member)| member.project_id == project_id)
            .map(|(thread_id, _)| *thread_id)
            .collect();
        threads.sort_unstable();
        threads
    }

    /// Returns a project, without its recency.
    pub(super) fn project(&self, project_id: &str) -> Option<Project> {
        let fact = self.projects.get(project_id)?;
        let place = (fact.rank, project_id);
        let before = self
            .projects
            .iter()
            .filter(|(id, fact)| (fact.rank, id.as_str()) < place);
        Some(project(project_id, fact, before.count()))
    }

    /// Returns all projects in their order. Ties, which only others make, go by id.
    pub(super) fn projects_in_order(&self) -> Vec<(&str, &ProjectFact)> {
        let mut projects: Vec<(&str, &ProjectFact)> =
            self.projects.iter().map(|(id, fact)| (id.as_str(), fact)).collect();
        projects.sort_by_key(|(id, fact)| (fact.rank, *id));
        projects
    }

    /// Returns the project that a key made, even if it is gone.
    pub(super) fn project_of_key(&self, key: &str) -> Option<&str> {
        let gone = self.project_keys.get(key).map(|fact| fact.project_id.as_str());
        let there = self.projects.iter();
        let mut there = there.filter(|(_, fact)| fact.idempotency_keys.iter().any(|known| known == key));
        there.next().map(|(id, _)| id.as_str()).or(gone)
    }
}

/// Makes the value of a project; its recency is for others to add.
pub(super) fn project(id: &str, fact: &ProjectFact, position: usize) -> Project {
    Project {
        id: id.to_owned(),
        name: fact.name.clone(),
        roots: fact.roots.clone(),
        metadata: fact.metadata.clone(),
        position,
        created_at_ms: fact.created_at_ms,
        updated_at_ms: fact.updated_at_ms,
        recency_at_ms: None,
    }
}

/// The facts of a new project. The first one that names it says everything.
pub(super) fn created(
    organised: &Organised,
    new: &NewProject,
    (name, roots): (String, Vec<String>),
    at_ms: i64,
) -> (Vec<JournalFact>, Project) {
    let others = organised.projects_in_order();
    let ranks: Vec<i64> = others.iter().map(|(_, fact)| fact.rank).collect();
    let ranked = rank_at(&ranks, Place::Last);
    let fact = ProjectFact {
        name,
        roots,
        metadata: new.metadata.clone(),
        rank: ranked.new,
        created_at_ms: at_ms,
        updated_at_ms: at_ms,
        idempotency_keys: vec![new.idempotency_key.clone()],
        founders: new.threads.iter().take(MAX_FOUNDERS).copied().collect(),
    };
    let again = ranked.before.iter();
    let mut facts: Vec<JournalFact> = again
        .map(|(at, rank)| reranked(organised, others[*at], *rank, at_ms))
        .collect();
    facts.push(project_fact(&new.id, at_ms, Some(&fact)));
    let rest = new.threads.iter().skip(MAX_FOUNDERS);
    facts.extend(rest.map(|thread_id| member_fact(*thread_id, Some(&new.id), at_ms)));
    (facts, project(&new.id, &fact, others.len()))
}

/// The facts that put a project before another one, or behind all.
pub(super) fn moved(
    organised: &Organised,
    project_id: &str,
    before: Option<&str>,
    at_ms: i64,
) -> Result<Vec<JournalFact>, OrganiseRefusal> {
    let fact = organised
        .projects
        .get(project_id)
        .ok_or_else(|| not_found(project_id))?;
    let mut others = organised.projects_in_order();
    others.retain(|(id, _)| *id != project_id);
    let place = match before {
        None => Place::Last,
        Some(before) => {
            let at = others.iter().position(|(id, _)| *id == before);
            Place::Before(at.ok_or_else(|| OrganiseRefusal::BeforeProjectNotFound {
                project_id: before.to_owned(),
            })?)
        }
    };
    let ranks: Vec<i64> = others.iter().map(|(_, fact)| fact.rank).collect();
    let ranked = rank_at(&ranks, place);
    let again = |(at, rank): &(usize, i64)| reranked(organised, others[*at], *rank, at_ms);
    let mut facts: Vec<JournalFact> = ranked.behind.iter().map(again).collect();
    facts.push(reranked(organised, (project_id, fact), ranked.new, at_ms));
    facts.extend(ranked.before.iter().map(again));
    Ok(facts)
}

fn reranked(organised: &Organised, (id, fact): (&str, &ProjectFact), rank: i64, at_ms: i64) -> JournalFact {
    let fact = ProjectFact {
        rank,
        ..repeated(organised, id, fact)
    };
    project_fact(id, at_ms, Some(&fact))
}

/// What a later fact says again of a project; threads that have left it are not said to belong to it.
pub(super) fn repeated(organised: &Organised, id: &str, fact: &ProjectFact) -> ProjectFact {
    let mut again = fact.clone();
    again
        .founders
        .retain(|thread_id| organised.project_of(*thread_id) == Some(id));
    again
}

pub(super) fn not_found(project_id: &str) -> OrganiseRefusal {
    OrganiseRefusal::ProjectNotFound {
        project_id: project_id.to_owned(),
    }
}

pub(super) fn project_fact(id: &str, at_ms: i64, project: Option<&ProjectFact>) -> JournalFact {
    let value = RawJson::of(&project).expect("texts and numbers always serialise");
    JournalFact::of_key(FactKind::Project, id, at_ms, value)
}

pub(super) fn key_fact(key: &str, project_id: &str, at_ms: i64) -> JournalFact {
    let fact = ProjectKeyFact {
        project_id: project_id.to_owned(),
    };
    let value = RawJson::of(&fact).expect("texts always serialise");
    JournalFact::of_key(FactKind::ProjectKey, key, at_ms, value)
}

/// The fact that a thread belongs to a project, or to none any more.
pub(crate) fn member_fact(thread_id: ThreadId, project_id: Option<&str>, at_ms: i64) -> JournalFact {
    let member = project_id.map(|project_id| ProjectMemberFact {
        project_id: project_id.to_owned(),
    });
    let value = RawJson::of(&member).expect("texts always serialise");
    JournalFact::of_thread(FactKind::ProjectMember, thread_id, at_ms, value)
}

/// The fact whether a thread takes part in the daybreak feature.
pub(crate) fn daybreak_fact(thread_id: ThreadId, choice: bool, at_ms: i64) -> JournalFact {
    let value = RawJson::of(&choice).expect("a truth value always serialises");
    JournalFact::of_thread(FactKind::Daybreak, thread_id, at_ms, value)
}

#[cfg(test)]
#[path = "project_facts_tests.rs"]
mod project_facts_tests;
