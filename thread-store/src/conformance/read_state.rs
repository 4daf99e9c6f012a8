//! Promises about how far threads were read.
//!
//! What was acknowledged is there for every later call, of every process, with or without an index.

use super::fixture::{StoreFixture, put_all};
use super::log::{Log, thread};
use crate::error::StoreError;
use crate::organise::{OrganiseRefusal, ReadChange, ReadState, ReadStates, UnreadFrom};
use crate::store::ThreadStore;

fn states(store: &dyn ThreadStore) -> ReadStates<'_> {
    ReadStates::of(store.facts().expect("a store that keeps facts"))
}

fn turn(turn_id: &str) -> Option<UnreadFrom> {
    Some(UnreadFrom::Turn {
        turn_id: turn_id.to_owned(),
    })
}

async fn get(store: &dyn ThreadStore) -> ReadState {
    states(store).get(thread(1)).await.expect("answers")
}

async fn completed(store: &dyn ThreadStore, turn_id: &str, revision: &str) -> ReadState {
    let states = states(store);
    let state = states
        .turn_completed(thread(1), turn_id.to_owned(), revision.to_owned())
        .await;
    state.expect("notes")
}

/// Without a fact everything was read; a turn that completes is unread unless something before it is.
pub async fn the_first_unread_turn_stays(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let initial = get(&*store).await;
    assert_eq!(initial, ReadState::initial(thread(1)));
    assert_eq!(initial.revision, format!("initial:{}", thread(1)));
    let first = completed(&*store, "t1", "r1").await;
    assert_eq!(
        (first.first_unread.clone(), first.revision.as_str()),
        (turn("t1"), "r1")
    );
    let second = completed(&*store, "t2", "r2").await;
    assert_eq!((&second.first_unread, second.revision.as_str()), (&turn("t1"), "r2"));
    assert_eq!(second.last_turn.as_deref(), Some("t2"));
    assert_eq!(get(&*fixture.reopened()).await, second);
    let organised = store.facts().expect("facts").organised().await.expect("reads");
    assert_eq!(organised.read_state(thread(1)), second);
    assert_eq!(organised.read_state(thread(2)), ReadState::initial(thread(2)));
}

/// Only whoever knows the present revision changes the state.
pub async fn a_stale_revision_changes_nothing(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = states(&*store);
    let update =
        |change, expected: &str, new: &str| here.update(thread(1), change, expected.to_owned(), new.to_owned());
    let initial = get(&*store).await.revision;
    let unread = update(ReadChange::Unread, &initial, "r1")
        .await
        .expect("the present revision");
    assert_eq!(unread.first_unread, Some(UnreadFrom::ThreadStart));
    for stale in [initial.as_str(), "bogus", ""] {
        match update(ReadChange::Read, stale, "r2").await {
            Err(StoreError::Organise(OrganiseRefusal::ReadStateConflict { current })) => assert_eq!(*current, unread),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(get(&*fixture.reopened()).await, unread);
    let after_turn = completed(&*store, "t1", "r3").await;
    assert_eq!(after_turn.first_unread, Some(UnreadFrom::ThreadStart));
    let read = update(ReadChange::Read, "r3", "r4")
        .await
        .expect("the present revision");
    assert_eq!((read.first_unread.as_ref(), read.revision.as_str()), (None, "r4"));
    assert_eq!(read.last_turn.as_deref(), Some("t1"));
    assert_eq!(get(&*fixture.reopened()).await, read);
}

/// When the first unread turn is no more, what is left was read; other turns do not matter.
pub async fn a_removed_turn_is_not_unread(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = states(&*store);
    let removed = |turn_id: &str| here.turn_removed(thread(1), turn_id.to_owned(), "r9".to_owned());
    assert_eq!(removed("t1").await.expect("nothing to do"), None);
    let state = completed(&*store, "t1", "r1").await;
    assert_eq!(removed("t2").await.expect("nothing to do"), None);
    assert_eq!(get(&*store).await, state);
    let read = removed("t1").await.expect("notes").expect("a change");
    assert_eq!((read.first_unread.as_ref(), read.revision.as_str()), (None, "r9"));
    assert_eq!(get(&*fixture.reopened()).await, read);
}

/// Nothing is known of how far a deleted thread was read.
pub async fn read_states_go_with_their_thread(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q", "a");
    put_all(fixture, &[&log]).await;
    let store = fixture.store();
    completed(&*store, "t1", "r1").await;
    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(1)).await.expect("deletes");
    assert_eq!(get(&*store).await, ReadState::initial(thread(1)));
    assert_eq!(get(&*fixture.reopened()).await, ReadState::initial(thread(1)));
}
