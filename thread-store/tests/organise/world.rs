//! A few threads in sections and projects, and what a reader sees of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::organise::{
    NewProject, PINNED_SECTION_ID, ProjectQuery, ProjectSort, Projects, SectionMove, Sections,
};
use codex_thread_store::{
    ArchivedFilter, Direction, GroupFilter, HistoryMode, ListQuery, ListSort, MetadataPatch, ThreadStore, View,
};

use crate::agent::{new_thread, options, thread, turn_batches};

/// Threads of the world.
pub(crate) const THREADS: u32 = 4;

pub(crate) fn sections(store: &dyn ThreadStore) -> Sections<'_> {
    Sections::of(store.facts().expect("a store that keeps facts"))
}

pub(crate) fn projects(store: &dyn ThreadStore) -> Projects<'_> {
    Projects::of(store.facts().expect("a store that keeps facts"))
}

/// A project with these threads.
pub(crate) fn new_project(id: &str, threads: &[u32]) -> NewProject {
    NewProject {
        id: id.to_owned(),
        name: id.to_owned(),
        roots: Vec::new(),
        metadata: BTreeMap::new(),
        idempotency_key: format!("key of {id}"),
        threads: threads.iter().map(|number| thread(*number)).collect(),
    }
}

pub(crate) async fn put(store: &dyn ThreadStore, number: u32, before: Option<u32>) {
    let section_id = PINNED_SECTION_ID.to_owned();
    let to = match before {
        None => SectionMove::Last { section_id },
        Some(before) => SectionMove::Before {
            section_id,
            thread_id: thread(before),
        },
    };
    sections(store).move_thread(thread(number), to).await.expect("moves");
}

pub(crate) async fn assign(store: &dyn ThreadStore, number: u32, project: Option<&str>) {
    let patch = MetadataPatch {
        project: Some(project.map(str::to_owned)),
        ..MetadataPatch::default()
    };
    let writes = store.writes().expect("a store that records");
    writes.update_metadata(thread(number), patch).await.expect("updates");
}

/// Records the threads.
pub(crate) async fn record(store: &Arc<dyn ThreadStore>) {
    for number in 1..=THREADS {
        let new = new_thread(thread(number), HistoryMode::Paginated);
        let live = LiveThread::create(Arc::clone(store), new, options(Form::Canonical)).await;
        let live = live.expect("a new thread");
        for batch in turn_batches(thread(number), "a") {
            live.append(&batch, None).await.expect("recorded");
        }
        live.close().await.expect("closed");
    }
}

/// What a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The pinned threads in order.
    pub(crate) pinned: Vec<ThreadId>,
    /// Threads outside of any section.
    pub(crate) unsectioned: Vec<ThreadId>,
    /// Projects in order, with their threads by age.
    pub(crate) projects: Vec<(String, Vec<ThreadId>)>,
    /// Threads outside of any project.
    pub(crate) unassigned: Vec<ThreadId>,
}

/// Lists everything in every way; records say what lists say.
pub(crate) async fn seen(store: &dyn ThreadStore) -> Seen {
    let (any, none) = (GroupFilter::Any, GroupFilter::None);
    let query = ProjectQuery {
        sort: ProjectSort::Position,
        direction: Direction::Ascending,
        anchor: None,
        limit: 100,
    };
    let page = projects(store).list(query).await.expect("lists");
    let mut with_threads = Vec::new();
    for project in page.projects {
        let of_project = GroupFilter::One(project.id.clone());
        let threads = listed(store, any.clone(), of_project, ListSort::CreatedAt).await;
        with_threads.push((project.id, threads));
    }
    let pinned = GroupFilter::One(PINNED_SECTION_ID.to_owned());
    Seen {
        pinned: listed(store, pinned, any.clone(), ListSort::SectionPosition).await,
        unsectioned: listed(store, none.clone(), any.clone(), ListSort::CreatedAt).await,
        projects: with_threads,
        unassigned: listed(store, any, none, ListSort::CreatedAt).await,
    }
}

async fn listed(store: &dyn ThreadStore, section: GroupFilter, project: GroupFilter, sort: ListSort) -> Vec<ThreadId> {
    let query = ListQuery {
        view: View::Full,
        sort,
        direction: Direction::Ascending,
        limit: 100,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: Some(vec![codex_thread_store::SourceFilter::Exec]),
        providers: None,
        cwds: None,
        search_term: None,
        relation: None,
        section: section.clone(),
        project: project.clone(),
        include_attached: true,
        excluded: Vec::new(),
        include_unpreviewed: true,
        database_rows: false,
    };
    let page = store.list_threads(query).await.expect("a list");
    for record in &page.threads {
        let is_in = record.section.as_ref().map(|place| place.section.id.as_str());
        for (filter, is_in) in [(&section, is_in), (&project, record.project_id.as_deref())] {
            match filter {
                GroupFilter::Any => {}
                GroupFilter::None => assert_eq!(is_in, None, "{}", record.thread_id),
                GroupFilter::One(id) => assert_eq!(is_in, Some(id.as_str()), "{}", record.thread_id),
            }
        }
    }
    page.threads.iter().map(|record| record.thread_id).collect()
}
