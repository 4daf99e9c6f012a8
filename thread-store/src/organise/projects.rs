//! Projects: named sets of folders that threads belong to (`app-server-api.md` 3.19).
//!
//! What can be asked and changed; the facts and what they mean are in `project_facts.rs`.

use std::collections::{BTreeMap, HashMap, HashSet};

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::JournalFact;

use super::project_facts::{
    ProjectFact, created, daybreak_fact, key_fact, member_fact, moved, not_found, project, project_fact, repeated,
};
use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide};
use crate::error::StoreResult;
use crate::types::Direction;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name; several may share one.
    pub name: String,
    /// Absolute paths of its folders, normalised, each once; they need not exist.
    pub roots: Vec<String>,
    /// Whatever clients keep with it.
    pub metadata: BTreeMap<String, String>,
    /// Its place among all projects, from 0 without gaps.
    pub position: usize,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it was last changed, Unix milliseconds.
    pub updated_at_ms: i64,
    /// Newest recency of its threads that are not archived, Unix milliseconds.
    pub recency_at_ms: Option<i64>,
}

/// A project to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// An id that no other one has.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Absolute paths of its folders.
    pub roots: Vec<String>,
    /// Whatever clients keep with it.
    pub metadata: BTreeMap<String, String>,
    /// Names the request: a second one of the same key makes nothing.
    pub idempotency_key: String,
    /// Threads that are put into it; whether there are such threads is the caller's to know.
    pub threads: Vec<ThreadId>,
}

/// What became of a request to make a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeProject {
    /// The project.
    pub project: Project,
    /// Whether this request made it; else one before did.
    pub is_new: bool,
}

/// A change of a project; absent members stay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectPatch {
    /// A new name.
    pub name: Option<String>,
    /// New folders, in place of all old ones.
    pub roots: Option<Vec<String>>,
    /// New metadata, in place of all of the old one.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// The order of a list of projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProjectSort {
    /// By position.
    Position,
    /// By recency; those without come last, the greater position first.
    Recency,
}

/// The last project of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectAnchor {
    /// Its position or its recency, as the order has it.
    pub key: Option<i64>,
    /// Its id.
    pub id: String,
}

impl ProjectAnchor {
    /// Continues after a project.
    pub fn of(project: &Project, sort: ProjectSort) -> Self {
        Self {
            key: sort_key(project, sort),
            id: project.id.clone(),
        }
    }
}

/// What of the projects to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectQuery {
    /// The order.
    pub sort: ProjectSort,
    /// Its direction.
    pub direction: Direction,
    /// Exclusive start.
    pub anchor: Option<ProjectAnchor>,
    /// Page size; at least 1.
    pub limit: usize,
}

/// Part of the list of projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPage {
    /// The projects, in the order asked for.
    pub projects: Vec<Project>,
    /// Whether more follow.
    pub has_more: bool,
}

/// The projects of a store.
#[derive(Clone, Copy)]
pub struct Projects<'s>(&'s dyn FactStore);

impl<'s> Projects<'s> {
    /// Uses the projects of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Refuses what is no project.
    ///
    /// # Errors
    /// `Organise` if there is no such project.
    pub async fn check(&self, project_id: &str) -> StoreResult<()> {
        match self.0.organised().await?.has_project(project_id) {
            true => Ok(()),
            false => Err(not_found(project_id).into()),
        }
    }

    /// Returns a project.
    ///
    /// # Errors
    /// `Organise` if there is no such project.
    pub async fn read(&self, project_id: &str) -> StoreResult<Project> {
        let organised = self.0.organised().await?;
        let found = organised.project(project_id).ok_or_else(|| not_found(project_id))?;
        let mut projects = vec![found];
        self.add_recency(&mut projects).await?;
        projects.pop().ok_or_else(|| not_found(project_id).into())
    }

    /// Lists projects.
    ///
    /// # Errors
    /// If the facts or the threads cannot be read.
    pub async fn list(&self, query: ProjectQuery) -> StoreResult<ProjectPage> {
        let organised = self.0.organised().await?;
        let in_order = organised.projects_in_order().into_iter().enumerate();
        let mut projects: Vec<Project> = in_order.map(|(at, (id, fact))| project(id, fact, at)).collect();
        if query.sort == ProjectSort::Recency {
            self.add_recency(&mut projects).await?;
        }
        let page = page(projects, &query);
        let (mut projects, has_more) = page;
        if query.sort == ProjectSort::Position {
            self.add_recency(&mut projects).await?;
        }
        Ok(ProjectPage { projects, has_more })
    }

    /// Makes a project behind all others, unless its key has made one.
    ///
    /// # Errors
    /// `Organise` for what is not allowed, and a key whose project was deleted.
    pub async fn create(&self, new: NewProject) -> StoreResult<MadeProject> {
        if new.idempotency_key.is_empty() {
            return Err(OrganiseRefusal::EmptyIdempotencyKey.into());
        }
        let name = checked_name(&new.name)?;
        let roots = checked_roots(&new.roots)?;
        let mut seen = HashSet::new();
        if let Some(twice) = new.threads.iter().find(|thread_id| !seen.insert(**thread_id)) {
            return Err(OrganiseRefusal::DuplicateThread { thread_id: *twice }.into());
        }
        let made = decide(self.0, move |organised, at_ms| {
            if let Some(known) = organised.project_of_key(&new.idempotency_key) {
                let gone = || OrganiseRefusal::DeletedProjectKey {
                    key: new.idempotency_key.clone(),
                };
                let project = organised.project(known).ok_or_else(gone)?;
                let made = MadeProject { project, is_new: false };
                return Ok((Vec::new(), made));
            }
            let (facts, project) = created(organised, &new, (name, roots), at_ms);
            Ok((facts, MadeProject { project, is_new: true }))
        })
        .await?;
        let mut projects = [made.project];
        self.add_recency(&mut projects).await?;
        let [project] = projects;
        Ok(MadeProject { project, ..made })
    }

    /// Changes a project; returns it, and whether anything changed.
    ///
    /// # Errors
    /// `Organise` for a project that does not exist, and for what is not allowed.
    pub async fn update(&self, project_id: &str, patch: ProjectPatch) -> StoreResult<(Project, bool)> {
        let name = patch.name.as_deref().map(checked_name).transpose()?;
        let roots = patch.roots.as_deref().map(checked_roots).transpose()?;
        let id = project_id.to_owned();
        let metadata = patch.metadata;
        let asks_for_nothing = name.is_none() && roots.is_none() && metadata.is_none();
        let (project, changed) = decide(self.0, move |organised, at_ms| {
            let before = organised.projects.get(&id).ok_or_else(|| not_found(&id))?;
            let position = organised.project(&id).map_or(0, |project| project.position);
            if asks_for_nothing {
                return Ok((Vec::new(), (project(&id, before, position), false)));
            }
            let after = ProjectFact {
                name: name.unwrap_or_else(|| before.name.clone()),
                roots: roots.unwrap_or_else(|| before.roots.clone()),
                metadata: metadata.unwrap_or_else(|| before.metadata.clone()),
                updated_at_ms: at_ms,
                ..repeated(organised, &id, before)
            };
            let facts = vec![project_fact(&id, at_ms, Some(&after))];
            Ok((facts, (project(&id, &after, position), true)))
        })
        .await?;
        let mut projects = [project];
        self.add_recency(&mut projects).await?;
        let [project] = projects;
        Ok((project, changed))
    }

    /// Puts a project before another one, or behind all.
    ///
    /// # Errors
    /// `Organise` if one of them does not exist, or both are the same.
    pub async fn move_before(&self, project_id: &str, before: Option<&str>) -> StoreResult<()> {
        if before == Some(project_id) {
            return Err(OrganiseRefusal::ProjectBeforeItself {
                project_id: project_id.to_owned(),
            }
            .into());
        }
        let (id, before) = (project_id.to_owned(), before.map(str::to_owned));
        decide(self.0, move |organised, at_ms| {
            Ok((moved(organised, &id, before.as_deref(), at_ms)?, ()))
        })
        .await
    }

    /// Removes a project; returns the threads that were in it, which are in none then.
    ///
    /// # Errors
    /// `Organise` if there is no such project.
    pub async fn delete(&self, project_id: &str) -> StoreResult<Vec<ThreadId>> {
        let id = project_id.to_owned();
        decide(self.0, move |organised, at_ms| {
            let fact = organised.projects.get(&id).ok_or_else(|| not_found(&id))?;
            // The keys first: while the project is there, they lead to it all the same.
            let mut facts: Vec<JournalFact> = fact
                .idempotency_keys
                .iter()
                .map(|key| key_fact(key, &id, at_ms))
                .collect();
            facts.push(project_fact(&id, at_ms, None));
            Ok((facts, organised.threads_of_project(&id)))
        })
        .await
    }

    /// Says what a thread that is about to begin belongs to, and takes part in.
    ///
    /// # Errors
    /// `Organise` if there is no such project.
    pub async fn adopt(&self, thread_id: ThreadId, choices: ThreadChoices) -> StoreResult<()> {
        decide(self.0, move |organised, at_ms| {
            if let Some(id) = choices.project_id.as_deref().filter(|id| !organised.has_project(id)) {
                return Err(not_found(id).into());
            }
            let project = choices.project_id.as_deref();
            let member = project.map(|id| member_fact(thread_id, Some(id), at_ms));
            let daybreak = choices.daybreak.map(|choice| daybreak_fact(thread_id, choice, at_ms));
            Ok((member.into_iter().chain(daybreak).collect(), ()))
        })
        .await
    }

    async fn add_recency(&self, projects: &mut [Project]) -> StoreResult<()> {
        let ids: Vec<String> = projects.iter().map(|project| project.id.clone()).collect();
        let newest = self.0.newest_of_projects(ids).await?;
        for project in projects {
            project.recency_at_ms = newest.get(&project.id).copied();
        }
        Ok(())
    }
}

/// What is known of a thread before it has a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadChoices {
    /// The project that it belongs to.
    pub project_id: Option<String>,
    /// Whether it takes part in the daybreak feature.
    pub daybreak: Option<bool>,
}

/// Newest recency of projects, by id; those without threads are not there.
pub type NewestOfProjects = HashMap<String, i64>;

/// Sorts, and cuts the page out.
fn page(mut projects: Vec<Project>, query: &ProjectQuery) -> (Vec<Project>, bool) {
    match query.sort {
        ProjectSort::Position => projects.sort_by_key(|project| project.position),
        // Ascending; projects without threads are older than all others.
        ProjectSort::Recency => {
            projects.sort_by_key(|project| (project.recency_at_ms, project.position));
        }
    }
    if query.direction == Direction::Descending {
        projects.reverse();
    }
    let start = query.anchor.as_ref().map_or(0, |anchor| {
        let same = projects.iter().position(|project| project.id == anchor.id);
        // A project that has gone or moved meanwhile left its key behind.
        let is_beyond = |project: &Project| match query.direction {
            Direction::Ascending => sort_key(project, query.sort) > anchor.key,
            Direction::Descending => sort_key(project, query.sort) < anchor.key,
        };
        match same.filter(|at| sort_key(&projects[*at], query.sort) == anchor.key) {
            Some(at) => at + 1,
            None => projects.iter().position(is_beyond).unwrap_or(projects.len()),
        }
    });
    let mut rest = projects.split_off(start);
    let has_more = rest.len() > query.limit;
    rest.truncate(query.limit);
    (rest, has_more)
}

/// What an anchor remembers of a project.
fn sort_key(project: &Project, sort: ProjectSort) -> Option<i64> {
    match sort {
        ProjectSort::Position => i64::try_from(project.position).ok(),
        ProjectSort::Recency => project.recency_at_ms,
    }
}

fn checked_name(name: &str) -> Result<String, OrganiseRefusal> {
    match name.trim() {
        "" => Err(OrganiseRefusal::EmptyProjectName),
        name => Ok(name.to_owned()),
    }
}

fn checked_roots(roots: &[String]) -> Result<Vec<String>, OrganiseRefusal> {
    let mut checked: Vec<String> = Vec::with_capacity(roots.len());
    for root in roots {
        let path = codex_state::threads::normalise_cwd(root);
        if checked.contains(&path) {
            return Err(OrganiseRefusal::DuplicateRoot { path });
        }
        checked.push(path);
    }
    Ok(checked)
}
