//! Promises about deleted threads that are kept.
//!
//! What comes back is what was taken: the same turns, the same name, the same facts; or nothing has changed.

use serde_json::json;

use super::fixture::{StoreFixture, list_query, listed, put_all, read, turn_ids, turns};
use super::log::{Form, Log, thread};
use super::recording;
use crate::error::{StoreError, StoreErrorKind};
use crate::lifecycle::{ForkCut, ForkRequest, ThreadLifecycle};
use crate::organise::{GoalPatch, Goals};
use crate::store::ThreadStore;
use crate::trash::{RestoreObstacle, ThreadTrash, TrashQuery, TrashSelection};
use crate::types::{ArchivedFilter, GroupFilter, HistoryMode, ListQuery, View};
use crate::writes::MetadataPatch;

const EVERYTHING: TrashQuery = TrashQuery {
    after: None,
    limit: 100,
};

fn trash(store: &dyn ThreadStore) -> &dyn ThreadTrash {
    store.trash().expect("a store that keeps what is deleted")
}

fn lifecycle(store: &dyn ThreadStore) -> &dyn ThreadLifecycle {
    store.lifecycle().expect("a store that deletes")
}

async fn put_away(store: &dyn ThreadStore, n: u32) -> String {
    let trashed = trash(store).trash_thread(thread(n)).await.expect("deleted");
    trashed.trash_id.expect("something to keep")
}

async fn in_trash(store: &dyn ThreadStore) -> Vec<String> {
    let page = trash(store).list_trash(EVERYTHING).await.expect("a page");
    assert!(!page.has_more);
    page.entries.into_iter().map(|entry| entry.trash_id).collect()
}

async fn shown(store: &dyn ThreadStore) -> usize {
    let query = ListQuery {
        archived: ArchivedFilter::Any,
        section: GroupFilter::Any,
        include_unpreviewed: true,
        include_attached: true,
        ..list_query()
    };
    listed(store, query).await.len()
}

fn obstacle(error: &StoreError) -> Option<&RestoreObstacle> {
    match error {
        StoreError::RestoreBlocked { obstacle, .. } => Some(obstacle),
        _ => None,
    }
}

/// A thread comes back as it was, with all its revisions and what is known of it; archived ones as archived.
pub async fn threads_come_back_from_the_trash_as_they_were(fixture: &dyn StoreFixture) {
    let mut legacy = Log::legacy(1);
    legacy.turn("t1", "q1", "one").turn("t2", "q2", "two");
    let mut paginated = Log::paginated(2);
    paginated.turn("t1", "q1", "one").turn("t2", "q2", "two");
    put_all(fixture, &[&legacy, &paginated]).await;
    let store = fixture.store();
    let writes = store.writes().expect("a store that records");
    for n in [1, 2] {
        let mut patch = MetadataPatch {
            name: Some(format!("thread {n}")),
            ..MetadataPatch::default()
        };
        patch.git.branch = Some(Some("side".to_owned()));
        patch.daybreak_enabled = Some(true);
        writes.update_metadata(thread(n), patch).await.expect("named");
        let goal = GoalPatch {
            objective: Some("ship it".to_owned()),
            ..GoalPatch::default()
        };
        let goals = Goals::of(store.facts().expect("a store that keeps facts"));
        goals.set(thread(n), goal).await.expect("a goal");
    }
    lifecycle(&*store)
        .revert_thread(thread(2), "t2")
        .await
        .expect("reverted");
    lifecycle(&*store).archive_thread(thread(2)).await.expect("archived");
    for n in [1, 2] {
        let before = read(&*store, thread(n), View::Full).await.expect("a thread");
        let goal = Goals::of(store.facts().expect("facts"))
            .get(thread(n))
            .await
            .expect("answers");
        assert!(goal.is_some());
        let trash_id = put_away(&*store, n).await;
        let gone = read(&*store, thread(n), View::Full).await.expect_err("deleted");
        assert_eq!(gone.kind(), StoreErrorKind::NotFound);
        assert_eq!(shown(&*store).await, 1);

        let later = fixture.reopened();
        let goals = Goals::of(later.facts().expect("facts"));
        assert_eq!(goals.get(thread(n)).await.expect("answers"), None);
        let page = trash(&*later).list_trash(EVERYTHING).await.expect("a page");
        let entry = page.entries.first().expect("one deletion");
        assert_eq!((&entry.trash_id, entry.thread_id), (&trash_id, thread(n)));
        assert_eq!(entry.name.as_deref(), Some(&*format!("thread {n}")));
        assert_eq!(entry.threads, [thread(n)]);
        assert_eq!(entry.files.len(), n as usize, "every revision");
        assert_eq!(
            trash(&*later).restore_trash(&trash_id).await.expect("restored"),
            [thread(n)]
        );
        assert_eq!(in_trash(&*later).await, Vec::<String>::new());
        for store in [later, fixture.reopened()] {
            let after = read(&*store, thread(n), View::Full).await.expect("it is back");
            assert_eq!(after, before);
            let goals = Goals::of(store.facts().expect("facts"));
            assert_eq!(goals.get(thread(n)).await.expect("answers"), goal);
        }
    }
    let store = fixture.store();
    lifecycle(&*store)
        .unarchive_thread(thread(2))
        .await
        .expect("it was archived");
    assert_eq!(turn_ids(&turns(&*store, thread(2)).await), ["t1"]);
    assert_eq!(shown(&*store).await, 2);
}

/// What is deleted with a thread comes back with it; the last deletion is listed first, page by page.
pub async fn deletions_are_listed_and_undone_one_by_one(fixture: &dyn StoreFixture) {
    let mut parent = Log::paginated(1);
    parent.turn("t1", "q1", "one");
    let spawn = json!({ "parent_thread_id": thread(1).to_string(), "depth": 1 });
    let source = json!({ "source": { "subagent": { "thread_spawn": spawn } } });
    let mut child = Log::with_header(Form::Paginated, 2, source);
    child.turn("t1", "q2", "two");
    let mut other = Log::paginated(3);
    other.turn("t1", "q3", "three");
    put_all(fixture, &[&parent, &child, &other]).await;
    let store = fixture.store();
    let first = put_away(&*store, 1).await;
    let second = put_away(&*store, 3).await;
    assert_eq!(shown(&*store).await, 0);
    let page = |after: Option<&String>| {
        let query = TrashQuery {
            after: after.cloned(),
            limit: 1,
        };
        trash(&*store).list_trash(query)
    };
    let newest = page(None).await.expect("a page");
    assert_eq!(
        (newest.entries[0].trash_id.clone(), newest.has_more),
        (second.clone(), true)
    );
    let oldest = page(Some(&second)).await.expect("a page");
    assert_eq!(
        (oldest.entries[0].trash_id.clone(), oldest.has_more),
        (first.clone(), false)
    );
    assert_eq!(oldest.entries[0].threads, [thread(1), thread(2)]);
    assert_eq!(page(Some(&first)).await.expect("a page").entries, []);
    assert_eq!(
        trash(&*store).restore_trash(&first).await.expect("restored"),
        [thread(1), thread(2)]
    );
    assert_eq!(in_trash(&*store).await, [second]);
    for n in [1, 2] {
        assert_eq!(turn_ids(&turns(&*store, thread(n)).await), ["t1"]);
    }
    let again = trash(&*store).restore_trash(&first).await.expect_err("once");
    assert_eq!(again.kind(), StoreErrorKind::NotFound);
}

/// What has no place any more stays in the trash, and may come back when there is room.
pub async fn nothing_comes_back_over_something_else(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q1", "one").turn("t2", "q2", "two");
    put_all(fixture, &[&log]).await;
    let store = fixture.store();
    let request = ForkRequest {
        cut: ForkCut::LastTurn("t1".to_owned()),
        ..ForkRequest::new(thread(1), thread(2))
    };
    lifecycle(&*store).fork_thread(request).await.expect("a fork");
    let needed = trash(&*store)
        .trash_thread(thread(1))
        .await
        .expect_err("a fork needs it");
    assert_eq!(needed.kind(), StoreErrorKind::Referenced);
    assert_eq!(in_trash(&*store).await, Vec::<String>::new());

    let fork = put_away(&*store, 2).await;
    let source = put_away(&*store, 1).await;
    let orphan = trash(&*store).restore_trash(&fork).await.expect_err("its base is gone");
    assert!(
        matches!(obstacle(&orphan), Some(RestoreObstacle::MissingBase { rollout_id }) if *rollout_id == thread(1).to_string()),
        "{orphan:?}"
    );
    fixture.put(&log.file()).await;
    let taken = trash(&*store)
        .restore_trash(&source)
        .await
        .expect_err("a thread of this id");
    assert_eq!(
        obstacle(&taken),
        Some(&RestoreObstacle::ThreadExists { thread_id: thread(1) })
    );
    assert_eq!(in_trash(&*store).await, [source.clone(), fork.clone()]);
    lifecycle(&*store)
        .delete_thread(thread(1))
        .await
        .expect("deleted for good");
    for trash_id in [&source, &fork] {
        trash(&*store).restore_trash(trash_id).await.expect("there is room");
    }
    let later = fixture.reopened();
    assert_eq!(turn_ids(&turns(&*later, thread(1)).await), ["t1", "t2"]);
    assert_eq!(turn_ids(&turns(&*later, thread(2)).await), ["t1"]);
}

/// What is emptied is gone for good; what is not named stays.
pub async fn an_emptied_trash_keeps_nothing(fixture: &dyn StoreFixture) {
    let logs: Vec<Log> = (1..=3)
        .map(|n| {
            let mut log = Log::paginated(n);
            log.turn("t1", "q", "a");
            log
        })
        .collect();
    put_all(fixture, &logs.iter().collect::<Vec<_>>()).await;
    let store = fixture.store();
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(put_away(&*store, n).await);
    }
    let unknown = TrashSelection::Of(vec![ids[0].clone(), "nothing".to_owned()]);
    let refused = trash(&*store).empty_trash(unknown).await.expect_err("unknown");
    assert_eq!(refused.kind(), StoreErrorKind::NotFound);
    assert_eq!(in_trash(&*store).await.len(), 3);
    let one = TrashSelection::Of(vec![ids[1].clone()]);
    assert_eq!(
        trash(&*store).empty_trash(one).await.expect("emptied"),
        [ids[1].clone()]
    );
    let gone = trash(&*store).restore_trash(&ids[1]).await.expect_err("gone for good");
    assert_eq!(gone.kind(), StoreErrorKind::NotFound);
    let later = fixture.reopened();
    let rest = trash(&*later).empty_trash(TrashSelection::All).await.expect("emptied");
    assert_eq!(rest, [ids[2].clone(), ids[0].clone()]);
    assert_eq!(in_trash(&*later).await, Vec::<String>::new());
    assert_eq!(shown(&*later).await, 0);
}

/// A thread that has recorded nothing leaves nothing to keep; one that is open is closed.
pub async fn open_threads_go_into_the_trash_whole(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let unborn = recording::create(fixture, 1, HistoryMode::Paginated).await;
    let trashed = trash(&*store).trash_thread(thread(1)).await.expect("deleted");
    assert_eq!((trashed.threads, trashed.trash_id), (vec![thread(1)], None));
    drop(unborn);
    let live = recording::create(fixture, 2, HistoryMode::Paginated).await;
    live.append(&recording::turn(thread(2), "t1"), None)
        .await
        .expect("recorded");
    let trash_id = put_away(&*store, 2).await;
    drop(live);
    trash(&*store).restore_trash(&trash_id).await.expect("restored");
    let live = recording::resume(fixture, thread(2)).await;
    live.append(&recording::turn(thread(2), "t2"), None)
        .await
        .expect("goes on");
    live.close().await.expect("closed");
    assert_eq!(turn_ids(&turns(&*store, thread(2)).await), ["t1", "t2"]);
}
