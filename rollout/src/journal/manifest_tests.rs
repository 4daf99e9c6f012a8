//! A manifest says what it was told, in every state, and decides by its name.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use uuid::Uuid;

use super::{TrashFile, TrashHeader, TrashManifests, TrashName, TrashState, manifest_name};
use crate::fs::SimFs;
use crate::journal::{FactKind, JournalFact};

fn manifests() -> TrashManifests {
    TrashManifests::new(Arc::new(SimFs::new()), Path::new("/home"))
}

fn header() -> TrashHeader {
    let thread_id = ThreadId(Uuid::from_u128(1));
    TrashHeader {
        operation: "op".to_owned(),
        thread_id,
        threads: vec![thread_id],
        deleted_at_ms: 5,
        name: Some("a \"name\"\n".to_owned()),
        preview: String::new(),
        files: vec![TrashFile {
            path: "sessions/a.jsonl".to_owned(),
            bytes: 7,
        }],
        needs: vec!["base".to_owned()],
        names: vec![TrashName {
            thread_id,
            name: String::new(),
            updated_at: "then".to_owned(),
        }],
    }
}

#[test]
fn a_manifest_is_read_back_in_every_state() {
    let (trash, header) = (manifests(), header());
    let fact = JournalFact::of_thread(FactKind::Goal, header.thread_id, 3, RawJson::string("kept"));
    trash.write(&header, std::slice::from_ref(&fact)).expect("written");
    let mut state = TrashState::Deleting;
    for next in [TrashState::Kept, TrashState::Restoring, TrashState::Emptying] {
        assert_eq!(trash.header("op", state).expect("readable"), Some(header.clone()));
        assert_eq!(trash.facts("op", state).expect("readable"), std::slice::from_ref(&fact));
        assert_eq!(trash.list().expect("readable"), [("op".to_owned(), state)]);
        trash.turn("op", state, next).expect("turned");
        trash.turn("op", state, next).expect_err("it has been turned already");
        state = next;
    }
    trash.remove("op", state).expect("removed");
    assert_eq!(trash.list().expect("readable"), []);
    assert_eq!(trash.header("op", state).expect("readable"), None);
}

#[test]
fn files_of_the_trash_are_no_manifests() {
    for name in ["op", "op.sessions%2Frollout-a.jsonl", "op.manifest", "op.manifest.tmp"] {
        assert_eq!(manifest_name(name), None, "{name}");
    }
    assert_eq!(
        manifest_name("op.kept.manifest"),
        Some(("op".to_owned(), TrashState::Kept))
    );
}
