//! A disk on which the index cannot grow: what is answered all the same, and what is made good when there is room.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{LogFs as _, StdFs};
use codex_state::db::Growth;
use codex_test_support::RolloutBuilder;

use super::super::catch_up::is_index_full;
use super::{LocalStore, LocalStoreOptions};
use crate::clock::Clock;
use crate::organise::{NewProject, PINNED_SECTION_ID, Projects, SectionMove, Sections};
use crate::store::{IndexProgress, ThreadStore};
use crate::types::{
    ArchivedFilter, Direction, GroupFilter, ListQuery, ListSort, SearchQuery, ThreadRecord, ThreadSelector, View,
};

const PROJECT: &str = "project";

fn thread(number: u32) -> ThreadId {
    format!("019cb354-0000-7000-8000-{number:012}").parse().expect("an id")
}

struct World {
    home: tempfile::TempDir,
    store: Arc<LocalStore>,
}

struct Silent;

impl IndexProgress for Silent {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

impl World {
    /// Two threads; the first is in the pinned section and in a project.
    async fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        // Beyond the time that a look at the folders is trusted.
        let now = AtomicI64::new(1_800_000_000_000);
        let options = LocalStoreOptions {
            clock: Clock::from_fn(move || now.fetch_add(10_000, Ordering::Relaxed)),
            ..LocalStoreOptions::new(home.path())
        };
        let sessions = home.path().join("sessions");
        StdFs.create_dir_all(&sessions).expect("writable");
        let store = LocalStore::open(options).expect("a home");
        let world = Self { home, store };
        for number in 1..=2 {
            world.put(number, 1);
        }
        assert_eq!(world.listed(GroupFilter::Any, GroupFilter::Any).await, [1, 2]);
        let facts = world.store.facts().expect("kept");
        let to = SectionMove::Last {
            section_id: PINNED_SECTION_ID.to_owned(),
        };
        Sections::of(facts).move_thread(thread(1), to).await.expect("moves");
        let project = NewProject {
            id: PROJECT.to_owned(),
            name: PROJECT.to_owned(),
            roots: Vec::new(),
            metadata: std::collections::BTreeMap::new(),
            idempotency_key: "key".to_owned(),
            threads: vec![thread(1)],
        };
        Projects::of(facts).create(project).await.expect("made");
        world.check_groups().await;
        world
    }

    /// Writes a thread with so many turns, as another program does.
    fn put(&self, number: u32, turns: u32) -> PathBuf {
        let mut rollout = RolloutBuilder::paginated(&thread(number).to_string());
        for _ in 0..turns {
            rollout.start_turn().user("ask").agent("answer").complete_turn();
        }
        rollout.file().write_to(self.home.path()).expect("writable")
    }

    fn set_name(&self, number: u32, name: &str) {
        let line = format!(
            "{{\"id\":\"{}\",\"thread_name\":\"{name}\",\"updated_at\":\"2026-01-01T00:00:00Z\"}}\n",
            thread(number)
        );
        let mut names = StdFs
            .create(&self.home.path().join("session_index.jsonl"))
            .expect("writable");
        names.write_all(line.as_bytes()).expect("writable");
    }

    async fn list(&self, section: GroupFilter, project: GroupFilter) -> crate::StoreResult<Vec<ThreadRecord>> {
        let query = ListQuery {
            view: View::Full,
            sort: ListSort::CreatedAt,
            direction: Direction::Ascending,
            limit: 10,
            anchor: None,
            archived: ArchivedFilter::Any,
            sources: None,
            providers: None,
            cwds: None,
            search_term: None,
            relation: None,
            section,
            project,
            include_attached: true,
            excluded: Vec::new(),
            include_unpreviewed: true,
            database_rows: false,
        };
        let mut threads = self.store.list_threads(query).await?.threads;
        threads.sort_by_key(|it| it.thread_id);
        Ok(threads)
    }

    async fn listed(&self, section: GroupFilter, project: GroupFilter) -> Vec<u32> {
        let threads = self.list(section, project).await.expect("a list");
        (1..=3)
            .filter(|number| threads.iter().any(|it| it.thread_id == thread(*number)))
            .collect()
    }

    async fn check_groups(&self) {
        let one = |id: &str| GroupFilter::One(id.to_owned());
        assert_eq!(self.listed(one(PINNED_SECTION_ID), GroupFilter::Any).await, [1]);
        assert_eq!(self.listed(GroupFilter::Any, one(PROJECT)).await, [1]);
        assert_eq!(self.listed(GroupFilter::None, GroupFilter::Any).await, [2]);
        let newest = self.store.facts().expect("kept");
        let newest = newest.newest_of_projects(vec![PROJECT.to_owned()]).await;
        assert_eq!(newest.expect("answered").len(), 1);
    }

    async fn name_of(&self, number: u32) -> Option<String> {
        let threads = self.list(GroupFilter::Any, GroupFilter::Any).await.expect("a list");
        let found = threads.into_iter().find(|it| it.thread_id == thread(number));
        found.expect("listed").name
    }

    fn set_growth(&self, growth: Growth) {
        self.store.inner.index().set_growth(growth).expect("sqlite");
    }
}

#[tokio::test]
async fn a_full_disk_keeps_no_answer_back_that_the_index_can_give() {
    let world = World::new().await;
    world.set_growth(Growth::Refused);
    world.put(1, 300);
    world.set_name(2, "named");
    let maintenance = world.store.maintenance().expect("kept");
    let failed = maintenance
        .index_all(Arc::new(Silent))
        .await
        .expect_err("there is no room");
    assert!(is_index_full(&failed), "{failed:?}");
    world.check_groups().await;
    assert_eq!(world.listed(GroupFilter::Any, GroupFilter::Any).await, [1, 2]);
    let report = maintenance.verify(Arc::new(Silent)).await.expect("compared");
    assert_eq!((report.rollouts, report.differing), (2, Vec::new()));
    let about = maintenance.doctor(&thread(1).to_string()).await.expect("examined");
    assert!(about.listed);
    let selector = ThreadSelector::Text(thread(1).to_string()[..34].to_owned());
    assert_eq!(world.store.resolve(&selector).await.expect("found").len(), 2);
    let query = SearchQuery {
        term: "answer".to_owned(),
        view: View::Full,
        sort: ListSort::CreatedAt,
        direction: Direction::Ascending,
        limit: 10,
        anchor: None,
        archived: ArchivedFilter::Any,
        sources: None,
        include_attached: true,
    };
    let found = world.store.search().expect("searchable").search_threads(query).await;
    assert_eq!(found.expect("searched").hits.len(), 2);

    world.put(3, 300);
    let error = world.list(GroupFilter::Any, GroupFilter::Any).await;
    let error = error.expect_err("a thread would be missing");
    assert!(is_index_full(&error), "{error:?}");

    world.set_growth(Growth::Allowed);
    assert_eq!(world.listed(GroupFilter::Any, GroupFilter::Any).await, [1, 2, 3]);
    let report = maintenance.verify(Arc::new(Silent)).await.expect("compared");
    assert_eq!((report.rollouts, report.differing), (3, Vec::new()));
}

#[tokio::test]
async fn a_fact_that_there_was_no_room_for_is_in_lists_when_there_is() {
    let world = World::new().await;
    world.set_growth(Growth::Refused);
    world.put(1, 300);
    world.set_name(2, "named");
    assert_eq!(world.name_of(2).await, None, "texts are as old as the index");
    world.set_growth(Growth::Allowed);
    assert_eq!(world.name_of(2).await.as_deref(), Some("named"));
}
