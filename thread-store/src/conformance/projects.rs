//! Promises about projects, and about the daybreak choice.
//!
//! What was acknowledged is there for every later call and list, of every process, with or without an index.

use std::collections::BTreeMap;

use codex_protocol::ids::ThreadId;

use super::fixture::{StoreFixture, list_query, listed, read, warm_and_anew};
use super::list::walk;
use super::log::{Form, Log, START_MS, thread};
use crate::error::StoreError;
use crate::lifecycle::ForkRequest;
use crate::organise::{
    NewProject, OrganiseRefusal, Project, ProjectAnchor, ProjectPatch, ProjectQuery, ProjectSort, Projects,
};
use crate::store::ThreadStore;
use crate::types::{Direction, GroupFilter, ListQuery, ListSort, View};
use crate::writes::MetadataPatch;

fn projects(store: &dyn ThreadStore) -> Projects<'_> {
    Projects::of(store.facts().expect("a store that keeps facts"))
}

fn new(id: &str) -> NewProject {
    NewProject {
        id: id.to_owned(),
        name: format!(" project {id} "),
        roots: Vec::new(),
        metadata: BTreeMap::new(),
        idempotency_key: format!("key of {id}"),
        threads: Vec::new(),
    }
}

async fn create(store: &dyn ThreadStore, new: NewProject) -> Project {
    let made = projects(store).create(new).await.expect("creates");
    assert!(made.is_new);
    made.project
}

fn query(sort: ProjectSort, direction: Direction) -> ProjectQuery {
    ProjectQuery {
        sort,
        direction,
        anchor: None,
        limit: 100,
    }
}

async fn ids(store: &dyn ThreadStore, query: ProjectQuery) -> Vec<String> {
    let page = projects(store).list(query).await.expect("lists");
    page.projects.into_iter().map(|project| project.id).collect()
}

async fn in_order(store: &dyn ThreadStore) -> Vec<String> {
    ids(store, query(ProjectSort::Position, Direction::Ascending)).await
}

async fn assign(store: &dyn ThreadStore, n: u32, project: Option<&str>) {
    let patch = MetadataPatch {
        project: Some(project.map(str::to_owned)),
        ..MetadataPatch::default()
    };
    let writes = store.writes().expect("a store that records");
    writes.update_metadata(thread(n), patch).await.expect("updates");
}

/// Puts threads of both modes; the start of each one's turn is an hour after that of the one before.
async fn put_threads(fixture: &dyn StoreFixture, count: u32) {
    for n in 1..=count {
        let form = if n % 2 == 0 { Form::Legacy } else { Form::Paginated };
        let mut log = Log::created(form, n, START_MS + i64::from(n) * 3_600_000, serde_json::json!({}));
        log.turn("t1", "q", "a");
        fixture.put(&log.file()).await;
    }
}

/// Projects stand in the order that people give them, with places from 0.
pub async fn projects_are_kept_in_their_order(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let roots = ["/a/../b/./c/", "/", "/b"].map(str::to_owned).to_vec();
    let first = NewProject {
        roots,
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        ..new("a")
    };
    let first = create(&*store, first).await;
    assert_eq!((first.name.as_str(), first.position), ("project a", 0));
    assert_eq!(first.roots, ["/b/c", "/", "/b"]);
    for (id, position) in [("b", 1), ("c", 2)] {
        assert_eq!(create(&*store, new(id)).await.position, position);
    }
    projects(&*store).move_before("c", Some("a")).await.expect("moves");
    projects(&*store).move_before("a", None).await.expect("moves");
    let patch = ProjectPatch {
        name: Some("renamed ".to_owned()),
        metadata: Some(BTreeMap::new()),
        roots: None,
    };
    let (renamed, changed) = projects(&*store).update("a", patch).await.expect("updates");
    assert_eq!((renamed.name.as_str(), renamed.position, changed), ("renamed", 2, true));
    assert_eq!((renamed.roots.len(), renamed.metadata.len()), (3, 0));
    let (same, changed) = projects(&*store)
        .update("a", ProjectPatch::default())
        .await
        .expect("updates");
    assert_eq!((&same, changed), (&renamed, false));

    for store in warm_and_anew(fixture) {
        assert_eq!(in_order(&*store).await, ["c", "b", "a"]);
        assert_eq!(projects(&*store).read("a").await.expect("reads"), renamed);
    }
    let store = fixture.store();
    projects(&*store).delete("b").await.expect("deletes");
    let last = projects(&*store).read("a").await.expect("reads");
    assert_eq!(last.position, 1, "places have no gaps");
}

/// A refused change leaves everything as it was, and says why.
pub async fn projects_are_refused_without_changing_anything(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = projects(&*store);
    let before = create(&*store, new("a")).await;
    let twice = ["/x/y", "/x/../x/y/"].map(str::to_owned).to_vec();
    let named = |name: &str| ProjectPatch {
        name: Some(name.to_owned()),
        ..ProjectPatch::default()
    };
    let gone = |id: &str| OrganiseRefusal::ProjectNotFound {
        project_id: id.to_owned(),
    };
    let unnamed = NewProject {
        name: " ".to_owned(),
        ..new("b")
    };
    let without_key = NewProject {
        idempotency_key: String::new(),
        ..new("b")
    };
    let with_roots = NewProject {
        roots: twice.clone(),
        ..new("b")
    };
    let with_threads = NewProject {
        threads: vec![thread(1), thread(1)],
        ..new("b")
    };
    let duplicate = OrganiseRefusal::DuplicateRoot {
        path: "/x/y".to_owned(),
    };
    let new_roots = ProjectPatch {
        roots: Some(twice),
        ..ProjectPatch::default()
    };
    for (refused, why) in [
        (here.create(unnamed).await.err(), OrganiseRefusal::EmptyProjectName),
        (
            here.create(without_key).await.err(),
            OrganiseRefusal::EmptyIdempotencyKey,
        ),
        (here.create(with_roots).await.err(), duplicate.clone()),
        (
            here.create(with_threads).await.err(),
            OrganiseRefusal::DuplicateThread { thread_id: thread(1) },
        ),
        (here.read("").await.err(), gone("")),
        (here.check("b").await.err(), gone("b")),
        (here.update("b", named("n")).await.err(), gone("b")),
        (
            here.update("a", named("\n")).await.err(),
            OrganiseRefusal::EmptyProjectName,
        ),
        (here.update("a", new_roots).await.err(), duplicate),
        (here.delete("b").await.err(), gone("b")),
        (here.move_before("b", None).await.err(), gone("b")),
        (
            here.move_before("a", Some("a")).await.err(),
            OrganiseRefusal::ProjectBeforeItself {
                project_id: "a".to_owned(),
            },
        ),
        (
            here.move_before("a", Some("b")).await.err(),
            OrganiseRefusal::BeforeProjectNotFound {
                project_id: "b".to_owned(),
            },
        ),
    ] {
        assert!(
            matches!(&refused, Some(StoreError::Organise(is)) if *is == why),
            "{refused:?} is not {why:?}"
        );
    }
    assert_eq!(in_order(&*store).await, ["a"]);
    assert_eq!(here.read("a").await.expect("reads"), before);
}

/// A request that is repeated under its key makes nothing, for ever, whatever became of the project.
pub async fn a_request_makes_one_project(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let made = create(&*store, new("a")).await;
    let again = NewProject {
        id: "other".to_owned(),
        name: "other".to_owned(),
        ..new("a")
    };
    for store in warm_and_anew(fixture) {
        let answer = projects(&*store).create(again.clone()).await.expect("answers");
        assert_eq!((answer.project, answer.is_new), (made.clone(), false));
    }
    let store = fixture.store();
    projects(&*store).delete("a").await.expect("deletes");
    for store in warm_and_anew(fixture) {
        let refused = projects(&*store).create(again.clone()).await;
        assert!(matches!(
            refused,
            Err(StoreError::Organise(OrganiseRefusal::DeletedProjectKey { .. }))
        ));
    }
    assert_eq!(in_order(&*store).await, Vec::<String>::new());
}

/// Threads belong to one project at most; a project that goes leaves them in none.
pub async fn projects_come_and_go_with_their_threads(fixture: &dyn StoreFixture) {
    put_threads(fixture, 3).await;
    let store = fixture.store();
    let imported = NewProject {
        threads: vec![thread(1), thread(2)],
        ..new("a")
    };
    create(&*store, imported).await;
    create(&*store, new("b")).await;
    assign(&*store, 2, Some("b")).await;
    assign(&*store, 3, Some("b")).await;
    assign(&*store, 3, None).await;
    let of = async |store: &dyn ThreadStore, n| {
        let record = read(store, thread(n), View::Full).await.expect("reads");
        record.project_id
    };
    for store in warm_and_anew(fixture) {
        let (first, second) = (of(&*store, 1).await, of(&*store, 2).await);
        assert_eq!((first.as_deref(), second.as_deref()), (Some("a"), Some("b")));
        assert_eq!(of(&*store, 3).await, None);
    }
    let store = fixture.store();
    let patch = MetadataPatch {
        project: Some(Some("c".to_owned())),
        name: Some("not given".to_owned()),
        ..MetadataPatch::default()
    };
    let writes = store.writes().expect("a store that records");
    let refused = writes.update_metadata(thread(3), patch).await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::ProjectNotFound { .. }))
    ));
    let untouched = read(&*store, thread(3), View::Full).await.expect("reads");
    assert_eq!((untouched.name, untouched.project_id), (None, None));

    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(2)).await.expect("deletes");
    assert_eq!(projects(&*store).delete("b").await.expect("deletes"), []);
    assert_eq!(projects(&*store).delete("a").await.expect("deletes"), [thread(1)]);
    for store in warm_and_anew(fixture) {
        assert_eq!(of(&*store, 1).await, None);
    }
}

/// Projects page in the order of places, and of the newest recency of their threads; those without come last.
pub async fn projects_page_by_place_and_by_recency(fixture: &dyn StoreFixture) {
    put_threads(fixture, 4).await;
    let store = fixture.store();
    for id in ["a", "b", "c", "d"] {
        create(&*store, new(id)).await;
    }
    for (n, id) in [(1, "c"), (2, "a"), (3, "c"), (4, "d")] {
        assign(&*store, n, Some(id)).await;
    }
    let lifecycle = store.lifecycle().expect("a store that archives");
    lifecycle.archive_thread(thread(4)).await.expect("archives");
    let recency = |n| async move {
        read(&*fixture.store(), thread(n), View::Full)
            .await
            .expect("reads")
            .recency_at_ms
    };
    let newest = projects(&*store).read("c").await.expect("reads");
    assert_eq!(newest.recency_at_ms, recency(3).await);
    assert_eq!(projects(&*store).read("d").await.expect("reads").recency_at_ms, None);
    for (sort, direction, expected) in [
        (ProjectSort::Position, Direction::Ascending, ["a", "b", "c", "d"]),
        (ProjectSort::Position, Direction::Descending, ["d", "c", "b", "a"]),
        (ProjectSort::Recency, Direction::Descending, ["c", "a", "d", "b"]),
        (ProjectSort::Recency, Direction::Ascending, ["b", "d", "a", "c"]),
    ] {
        for limit in 1..6 {
            let mut walked = Vec::new();
            let mut query = ProjectQuery {
                limit,
                ..query(sort, direction)
            };
            loop {
                let page = projects(&*store).list(query.clone()).await.expect("lists");
                let last = page.projects.last().cloned();
                walked.extend(page.projects.into_iter().map(|project| project.id));
                let Some(last) = last.filter(|_| page.has_more) else {
                    break;
                };
                query.anchor = Some(ProjectAnchor::of(&last, sort));
                assert!(walked.len() < 9, "pages of projects loop");
            }
            assert_eq!(walked, expected, "{sort:?} {direction:?} by {limit}");
        }
    }
}

/// Lists are restricted to a project, to none, and to a section of a project.
pub async fn threads_are_listed_by_project(fixture: &dyn StoreFixture) {
    put_threads(fixture, 5).await;
    let store = fixture.store();
    create(&*store, new("a")).await;
    for n in [5, 2, 4] {
        assign(&*store, n, Some("a")).await;
    }
    let of_project = |project, sort, direction| ListQuery {
        project,
        sort,
        direction,
        ..list_query()
    };
    let one = GroupFilter::One("a".to_owned());
    for store in warm_and_anew(fixture) {
        for sort in [ListSort::CreatedAt, ListSort::UpdatedAt, ListSort::RecencyAt] {
            let ascending = of_project(one.clone(), sort, Direction::Ascending);
            for limit in 1..5 {
                let paged = ListQuery {
                    limit,
                    ..ascending.clone()
                };
                assert_eq!(walk(&*store, paged).await, [2, 4, 5].map(thread), "{sort:?}");
            }
            let descending = of_project(one.clone(), sort, Direction::Descending);
            assert_eq!(listed(&*store, descending).await, [5, 4, 2].map(thread));
            let none = of_project(GroupFilter::None, sort, Direction::Ascending);
            assert_eq!(listed(&*store, none).await, [1, 3].map(thread));
        }
        let unknown = of_project(
            GroupFilter::One("b".to_owned()),
            ListSort::CreatedAt,
            Direction::Ascending,
        );
        assert_eq!(listed(&*store, unknown).await, Vec::<ThreadId>::new());
    }
}

/// A fork takes part in the daybreak feature as its source does; it is in no section and no project.
pub async fn forks_inherit_the_daybreak_choice_alone(fixture: &dyn StoreFixture) {
    put_threads(fixture, 2).await;
    let store = fixture.store();
    let writes = store.writes().expect("a store that records");
    create(&*store, new("a")).await;
    for n in [1, 2] {
        let patch = MetadataPatch {
            project: Some(Some("a".to_owned())),
            daybreak_enabled: Some(n == 1),
            ..MetadataPatch::default()
        };
        writes.update_metadata(thread(n), patch).await.expect("updates");
        let request = ForkRequest::new(thread(n), thread(n + 10));
        let lifecycle = store.lifecycle().expect("a store that forks");
        lifecycle.fork_thread(request).await.expect("forks");
    }
    for store in warm_and_anew(fixture) {
        for n in [1, 2] {
            let source = read(&*store, thread(n), View::Full).await.expect("reads");
            assert_eq!(
                (source.daybreak, source.project_id.as_deref()),
                (Some(n == 1), Some("a"))
            );
            let fork = read(&*store, thread(n + 10), View::Full).await.expect("reads");
            assert_eq!((fork.daybreak, fork.project_id), (Some(n == 1), None));
        }
    }
}
