//! Promises about attachments.
//!
//! A thread has at most one attachment of an identity; what was acknowledged is there for every later call.

use codex_protocol::log::RawJson;

use super::fixture::{StoreFixture, put_all};
use super::log::{Log, thread};
use crate::error::StoreError;
use crate::organise::{
    Attachments, Identity, MAX_ATTACHMENT_TYPE_BYTES, MAX_IDENTITY_KEY_BYTES, MAX_PAYLOAD_BYTES, OrganiseRefusal,
    WasThere,
};
use crate::store::ThreadStore;

fn attachments(store: &dyn ThreadStore) -> Attachments<'_> {
    Attachments::of(store.facts().expect("a store that keeps facts"))
}

fn identity(attachment_type: &str, identity_key: &str) -> Identity {
    Identity {
        attachment_type: attachment_type.to_owned(),
        identity_key: identity_key.to_owned(),
    }
}

fn json(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).expect("JSON")
}

async fn ids(store: &dyn ThreadStore, n: u32) -> Vec<String> {
    let all = attachments(store).list(thread(n)).await.expect("lists");
    all.into_iter().map(|attachment| attachment.id).collect()
}

/// What is attached twice stays as it was first; types and keys are told apart however they are cut.
pub async fn attachments_are_kept_by_identity(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = attachments(&*store);
    let add = |key: Identity, payload: &str, id: &str| here.add(thread(1), key, json(payload), id.to_owned());
    let (made, was_there) = add(identity("pr", "k\"1"), r#"{"b":1.50,"a":null}"#, "i1")
        .await
        .expect("adds");
    assert_eq!((made.id.as_str(), was_there), ("i1", WasThere::No));
    let (again, was_there) = add(identity("pr", "k\"1"), "2", "i2").await.expect("adds");
    assert_eq!((&again, was_there), (&made, WasThere::Yes));
    add(identity("prk", "\"1"), "null", "i3").await.expect("adds");
    let later = fixture.reopened();
    let listed = attachments(&*later).list(thread(1)).await.expect("lists");
    assert_eq!(listed[0], made);
    assert_eq!(listed[0].payload, json(r#"{"b":1.50,"a":null}"#));
    assert!(listed[1].payload.is_null());
    assert_eq!(ids(&*later, 1).await, ["i1", "i3"]);

    let removed = attachments(&*later).remove(thread(1), identity("pr", "k\"1")).await;
    assert_eq!(removed.expect("removes"), Some(made));
    let removed = attachments(&*later).remove(thread(1), identity("pr", "k\"1")).await;
    assert_eq!(removed.expect("nothing to remove"), None);
    assert_eq!(ids(&*store, 1).await, ["i3"]);
    assert_eq!(ids(&*fixture.reopened(), 1).await, ["i3"]);
}

/// Threads are found by what is attached to them.
pub async fn attachments_lead_to_their_threads(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = attachments(&*store);
    for n in [3, 1, 2] {
        let id = format!("i{n}");
        here.add(thread(n), identity("pr", "k"), json("1"), id)
            .await
            .expect("adds");
    }
    here.add(thread(4), identity("note", "k"), json("1"), "i4".to_owned())
        .await
        .expect("adds");
    here.remove(thread(2), identity("pr", "k")).await.expect("removes");
    let later = fixture.reopened();
    let owners = attachments(&*later).owners(&identity("pr", "k")).await.expect("finds");
    assert_eq!(owners, [thread(1), thread(3)]);
    let nobody = attachments(&*later)
        .owners(&identity("pr", "other"))
        .await
        .expect("finds");
    assert_eq!(nobody, []);
}

/// What is refused changes nothing; what is as long as allowed is kept.
pub async fn attachments_have_limits(fixture: &dyn StoreFixture) {
    let store = fixture.store();
    let here = attachments(&*store);
    // Escaped, this is as long as it gets.
    let (longest_type, longest_key) = (
        "\u{1}".repeat(MAX_ATTACHMENT_TYPE_BYTES),
        "\u{1}".repeat(MAX_IDENTITY_KEY_BYTES),
    );
    let longest_payload = format!("\"{}\"", "x".repeat(MAX_PAYLOAD_BYTES - 2));
    let add = |key: Identity, payload: &str| here.add(thread(1), key, json(payload), "i".to_owned());
    add(identity(&longest_type, &longest_key), &longest_payload)
        .await
        .expect("adds");
    let before = here.list(thread(1)).await.expect("lists");
    assert_eq!(before.len(), 1);
    let cases = [
        (identity("", "k"), "1", OrganiseRefusal::EmptyAttachmentType),
        (identity("t", ""), "1", OrganiseRefusal::EmptyIdentityKey),
        (
            identity(&format!("{longest_type}x"), "k"),
            "1",
            OrganiseRefusal::LongAttachmentType,
        ),
        (
            identity("t", &format!("{longest_key}x")),
            "1",
            OrganiseRefusal::LongIdentityKey,
        ),
        (
            identity("t", "k"),
            &*longest_payload.replacen('x', "xx", 1),
            OrganiseRefusal::LongPayload,
        ),
    ];
    for (key, payload, expected) in cases {
        match add(key, payload).await {
            Err(StoreError::Organise(refusal)) => assert_eq!(refusal, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    assert_eq!(
        attachments(&*fixture.reopened()).list(thread(1)).await.expect("lists"),
        before
    );
}

/// A deleted thread has nothing attached, and is not found by it.
pub async fn attachments_go_with_their_thread(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "q", "a");
    put_all(fixture, &[&log]).await;
    let store = fixture.store();
    let here = attachments(&*store);
    here.add(thread(1), identity("pr", "k"), json("1"), "i".to_owned())
        .await
        .expect("adds");
    let lifecycle = store.lifecycle().expect("a store that deletes");
    lifecycle.delete_thread(thread(1)).await.expect("deletes");
    for store in [store, fixture.reopened()] {
        assert_eq!(ids(&*store, 1).await, [""; 0]);
        let owners = attachments(&*store).owners(&identity("pr", "k")).await.expect("finds");
        assert_eq!(owners, []);
    }
}
