//! Promises about queues of submissions.
//!
//! What was acknowledged is there for every later call, in the order that was given last.

use std::collections::BTreeMap;

use codex_protocol::item::{TextUserInput, UserInput};

use super::fixture::{StoreFixture, put_all};
use super::log::{Log, thread};
use crate::error::StoreError;
use crate::organise::{
    MAX_QUEUED_SUBMISSIONS, MAX_SUBMISSION_BYTES, NewSubmission, OrganiseRefusal, QueueEntry, Queues,
};
use crate::store::ThreadStore;

fn queues(store: &dyn ThreadStore) -> Queues<'_> {
    Queues::of(store.facts().expect("a store that keeps facts"))
}

fn input(text: &str) -> Vec<UserInput> {
    vec![UserInput::Text(TextUserInput {
        text: text.to_owned(),
        text_elements: Vec::new(),
    })]
}

fn new(id: &str, text: &str) -> NewSubmission {
    NewSubmission {
        id: id.to_owned(),
        input: input(text),
        client_user_message_id: format!("client-{id}"),
        responsesapi_client_metadata: None,
    }
}

async fn ids(store: &dyn ThreadStore) -> Vec<String> {
    let queue = queues(store).list(thread(1)).await.expect("lists");
    queue.into_iter().map(|entry| entry.id).collect()
}

async fn reorder(store: &dyn ThreadStore, ids: &[&str]) -> Result<bool, StoreError> {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    queues(store).reorder(thread(1), ids).await
}

/// Submissions wait in the order in which they came, until that is changed, and survive.
pub async fn submissions_wait_in_order(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = queues(&*store);
    assert_eq!(here.list(thread(1)).await.expect("lists"), []);
    // Ids do not decide.
    for id in ["c", "a", "b"] {
        let added = here.add(thread(1), new(id, &format!("say {id}"))).await.expect("adds");
        assert_eq!(
            (added.id.as_str(), added.submission.input),
            (id, input(&format!("say {id}")))
        );
    }
    here.add(thread(2), new("other", "elsewhere")).await.expect("adds");
    assert_eq!(ids(&*store).await, ["c", "a", "b"]);
    assert!(reorder(&*store, &["b", "c", "a"]).await.expect("another order"));
    assert!(!reorder(&*store, &["b", "c", "a"]).await.expect("the same order"));
    assert_eq!(ids(&*fixture.reopened()).await, ["b", "c", "a"]);
    here.add(thread(1), new("0", "last")).await.expect("adds");
    assert_eq!(ids(&*store).await, ["b", "c", "a", "0"]);
    assert!(here.delete(thread(1), "c".to_owned()).await.expect("deletes"));
    assert!(!here.delete(thread(1), "c".to_owned()).await.expect("deletes"));
    assert!(reorder(&*store, &["0", "b", "a"]).await.expect("another order"));
    assert_eq!(ids(&*fixture.reopened()).await, ["0", "b", "a"]);
    let elsewhere = queues(&*store).list(thread(2)).await.expect("lists");
    assert_eq!(elsewhere.len(), 1);
}

/// A change keeps the client's name, the place, and metadata that it does not name.
pub async fn submissions_are_changed_in_place(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let metadata = Some(BTreeMap::from([("k".to_owned(), "v".to_owned())]));
    let first = NewSubmission {
        responsesapi_client_metadata: metadata.clone(),
        ..new("a", "before")
    };
    queues(&*store).add(thread(1), first).await.expect("adds");
    queues(&*store).add(thread(1), new("b", "second")).await.expect("adds");
    let here = queues(&*store);
    let changed = here
        .update(thread(1), "a".to_owned(), input("after"), None)
        .await
        .expect("changes");
    assert_eq!(changed.submission.input, input("after"));
    assert_eq!(changed.submission.client_user_message_id, "client-a");
    assert_eq!(changed.submission.responsesapi_client_metadata, metadata);
    let later = fixture.reopened();
    let there = queues(&*later);
    let listed: Vec<QueueEntry> = there.list(thread(1)).await.expect("lists");
    assert_eq!(listed[0], changed);
    let other = Some(BTreeMap::new());
    let changed = there
        .update(thread(1), "a".to_owned(), input("after"), other.clone())
        .await;
    assert_eq!(changed.expect("changes").submission.responsesapi_client_metadata, other);
}

/// What is refused changes nothing.
pub async fn queues_refuse_what_they_cannot_hold(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = queues(&*store);
    let empty = NewSubmission {
        input: Vec::new(),
        ..new("x", "")
    };
    let refused = here.add(thread(1), empty).await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::EmptySubmission))
    ));
    for n in 0..MAX_QUEUED_SUBMISSIONS {
        here.add(thread(1), new(&format!("{n:03}"), "one of many"))
            .await
            .expect("adds");
    }
    let refused = here.add(thread(1), new("x", "one too many")).await;
    assert!(matches!(refused, Err(StoreError::Organise(OrganiseRefusal::FullQueue))));
    let before = ids(&*store).await;
    assert_eq!(before.len(), MAX_QUEUED_SUBMISSIONS);
    let names: Vec<&str> = before.iter().map(String::as_str).collect();
    let mut twice = names.clone();
    twice[1] = twice[0];
    let mut unknown = names.clone();
    unknown[1] = "x";
    for order in [&names[1..], &twice, &unknown, &[]] {
        let refused = reorder(&*store, order).await;
        assert!(matches!(
            refused,
            Err(StoreError::Organise(OrganiseRefusal::PartialReorder))
        ));
    }
    let refused = here.update(thread(1), "x".to_owned(), input("t"), None).await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::NoSubmission { .. }))
    ));
    let refused = here.update(thread(1), "000".to_owned(), Vec::new(), None).await;
    assert!(matches!(
        refused,
        Err(StoreError::Organise(OrganiseRefusal::EmptySubmission))
    ));
    assert_eq!(ids(&*fixture.reopened()).await, before);
}

/// A submission may be as long as the limit says, and can still be moved then.
pub async fn the_longest_submission_is_kept(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = queues(&*store);
    let short = here.add(thread(1), new("a", "")).await.expect("adds").submission;
    let around = serde_json::to_string(&short).expect("serialises").len();
    let longest = "x".repeat(MAX_SUBMISSION_BYTES - around);
    let added = here
        .add(thread(1), new("b", &longest))
        .await
        .expect("as long as allowed");
    let refused = here.add(thread(1), new("c", &format!("{longest}x"))).await;
    let Err(StoreError::Organise(OrganiseRefusal::LongSubmission { bytes })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(bytes, MAX_SUBMISSION_BYTES + 1);
    assert!(reorder(&*store, &["b", "a"]).await.expect("another order"));
    let first = queues(&*fixture.reopened())
        .list(thread(1))
        .await
        .expect("lists")
        .remove(0);
    assert_eq!(first.submission.input, added.submission.input);
}

/// A deleted thread has no queue.
pub async fn queues_go_with_their_thread(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q", "a");
    put_all(fixture, &[&log]).await;
    let store = fixture.store();
    queues(&*store).add(thread(1), new("a", "later")).await.expect("adds");
    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(1)).await.expect("deletes");
    assert_eq!(ids(&*store).await, [""; 0]);
    assert_eq!(ids(&*fixture.reopened()).await, [""; 0]);
}
