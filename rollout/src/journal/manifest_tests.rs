//! A manifest says what it was told, in every state, and decides by its name.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use uuid::Uuid;

use super::{
    Framed, MAX_MANIFEST_LINE_BYTES, TRASH_FOLDER, TrashFile, TrashHeader, TrashManifests, TrashName, TrashState,
    manifest_name,
};
use crate::fs::SimFs;
use crate::journal::{FactKind, Journal, JournalError, JournalFact};

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
            path: "sessions/rollout-a.jsonl".to_owned(),
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
fn a_manifest_leads_to_rollouts_of_the_home_and_nowhere_else() {
    let trash = manifests();
    let path = trash.path("op", TrashState::Kept);
    let read = |header: &TrashHeader| {
        let framed = super::Framed {
            trash_format: super::FORMAT,
            header,
        };
        let mut bytes = serde_json::to_vec(&framed).expect("json");
        bytes.push(b'\n');
        let disk = SimFs::new();
        disk.put(&path, &bytes).expect("in memory");
        let trash = TrashManifests::new(Arc::new(disk), Path::new("/home"));
        trash.facts("op", TrashState::Kept).map(|_| ())?;
        trash.header("op", TrashState::Kept)
    };
    assert_eq!(read(&header()).expect("readable"), Some(header()));
    for operation in ["", "other", "/home/notes", "../op"] {
        let mut header = header();
        header.operation = operation.to_owned();
        let refused = read(&header).expect_err(operation);
        assert!(matches!(refused, JournalError::LeadsAstray { .. }), "{refused:?}");
    }
    for place in [
        "",
        "/sessions/rollout-a.jsonl",
        "../sessions/rollout-a.jsonl",
        "sessions/../../rollout-a.jsonl",
        "sessions//rollout-a.jsonl",
        "sessions/./rollout-a.jsonl",
        "sessions/rollout-a.jsonl/..",
        "sessions/autostart.desktop",
        "rollout-a.jsonl",
        "codex-threads/rollout-a.jsonl",
    ] {
        let mut header = header();
        header.files[0].path = place.to_owned();
        let refused = read(&header).expect_err(place);
        assert!(matches!(refused, JournalError::LeadsAstray { .. }), "{refused:?}");
        trash.write(&header, &[]).expect_err("it could not be read");
    }
}

#[test]
fn what_a_dead_writer_left_of_a_manifest_goes_and_nothing_else() {
    let disk = SimFs::new();
    let home = Path::new("/home");
    let trash = TrashManifests::new(Arc::new(disk.clone()), home);
    trash.write(&header(), &[]).expect("written");
    let left = trash.folder.join("gone.manifest.tmp");
    let other = trash.folder.join("notes.tmp");
    for path in [&left, &other] {
        disk.put(path, b"half").expect("in memory");
    }
    let journal = Journal::new(Arc::new(disk.clone()), home);
    trash.remove_unfinished(&journal).expect("removed");
    let in_trash = disk.files().into_iter().filter(|path| path.starts_with(&trash.folder));
    assert_eq!(
        in_trash.collect::<Vec<_>>(),
        [other, trash.path("op", TrashState::Deleting)]
    );
}

#[test]
fn a_manifest_for_which_there_is_no_room_leaves_nothing() {
    let disk = SimFs::new();
    let trash = TrashManifests::new(Arc::new(disk.clone()), Path::new("/home"));
    disk.set_free_bytes(Some(40));
    trash.write(&header(), &[]).expect_err("no room");
    assert_eq!(disk.files(), Vec::<std::path::PathBuf>::new());
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

/// Returns a header whose line has this length.
fn header_of_bytes(len: u64) -> TrashHeader {
    let mut header = header();
    let framed = Framed {
        trash_format: super::FORMAT,
        header: &header,
    };
    let short = serde_json::to_vec(&framed).expect("serialises").len();
    let missing = usize::try_from(len).expect("small") - short;
    header.preview = "x".repeat(missing);
    header
}

#[test]
fn a_header_may_be_as_long_as_the_limit_and_no_longer() {
    let trash = manifests();
    let longest = header_of_bytes(MAX_MANIFEST_LINE_BYTES);
    let fact = JournalFact::of_thread(FactKind::Goal, longest.thread_id, 3, RawJson::string("kept"));
    trash.write(&longest, std::slice::from_ref(&fact)).expect("written");
    let found = trash.header("op", TrashState::Deleting).expect("readable");
    assert!(found == Some(longest), "as it was written");
    assert_eq!(trash.facts("op", TrashState::Deleting).expect("readable"), [fact]);
    trash.remove("op", TrashState::Deleting).expect("removed");
    let refused = trash.write(&header_of_bytes(MAX_MANIFEST_LINE_BYTES + 1), &[]);
    assert!(
        matches!(refused, Err(JournalError::HeaderTooLong { len, max_bytes }) if len == max_bytes + 1),
        "{refused:?}"
    );
    assert_eq!(trash.list().expect("readable"), [], "nothing is left of it");
}

#[test]
fn a_manifest_with_a_longer_line_is_none() {
    let fs = SimFs::new();
    let trash = TrashManifests::new(Arc::new(fs.clone()), Path::new("/home"));
    let path = Path::new("/home").join(TRASH_FOLDER).join("op.kept.manifest");
    let framed = Framed {
        trash_format: super::FORMAT,
        header: header_of_bytes(MAX_MANIFEST_LINE_BYTES + 1),
    };
    fs.put(&path, &serde_json::to_vec(&framed).expect("serialises"))
        .expect("in memory");
    let found = trash.header("op", TrashState::Kept);
    assert!(
        matches!(found, Err(JournalError::NoHeader { .. })),
        "{:?}",
        found.map(drop)
    );
}
