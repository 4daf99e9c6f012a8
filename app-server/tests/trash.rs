//! Deleted threads that are kept: over JSON-RPC in both views, and on the command line.
#![allow(clippy::disallowed_methods, reason = "tests look at the files")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use codex_app_server::{Deletion, RecordingSettings, Server, ServerOptions};
use codex_protocol::rpc::schema::{METHOD_TYPES, json_schema_files};
use codex_test_support::demo;
use codex_thread_store::{Clock, LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};
use support::recording::whole_turn;
use support::{Wire, request};

/// Named thread of the sample home that no other one needs.
const STREAMING: &str = "019cb8a1-9bc0-7d53-a1e4-0b5d7e8f9c03";
const NAME: &str = "Front matter parser, streaming";
const UNKNOWN: &str = "01a0c400-0000-7000-8000-000000000001";

fn sample_home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    demo::demo_home(folder.path()).expect("writable");
    folder
}

fn server(home: &Path, view: View, deletion: Deletion) -> Arc<Server> {
    Server::new(ServerOptions {
        store: LocalStore::open(LocalStoreOptions::new(home)).expect("a home"),
        view,
        default_provider: "mock".to_owned(),
        identity: support::identity(),
        recording: RecordingSettings {
            deletion,
            ..RecordingSettings::default()
        },
        clock: Clock::system(),
    })
}

/// Sends a call and returns its result; what is told meanwhile is passed over.
async fn answered(wire: &mut Wire, method: &str, params: Value) -> Value {
    wire.send(&request(9, method, params)).await;
    loop {
        let mut message = wire.receive().await;
        if message["id"] == 9 {
            assert_eq!(message.get("error"), None, "{method}");
            return message["result"].take();
        }
    }
}

/// Rollouts of a home, byte for byte.
fn rollouts(home: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![home.join("sessions"), home.join("archived_sessions")];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("readable");
                found.insert(path.display().to_string(), bytes);
            }
        }
    }
    found
}

fn in_trash(home: &Path) -> usize {
    std::fs::read_dir(home.join("codex-threads/trash")).map_or(0, Iterator::count)
}

#[track_caller]
fn follows_schema(method: &str, result: &Value) {
    let types = METHOD_TYPES
        .iter()
        .find(|types| types.method == method)
        .expect("described");
    let schema: Value = serde_json::from_str(&json_schema_files()[&format!("{}.json", types.result)]).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator.iter_errors(result).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{method} {result}: {wrong:?}");
}

#[tokio::test]
async fn a_deletion_is_undone_over_the_wire() {
    let home = sample_home();
    let before = rollouts(home.path());
    let mut wire = Wire::initialized(server(home.path(), View::Full, Deletion::ForGood), false).await;
    let read = json!({"threadId": STREAMING, "includeTurns": true});
    let thread = wire.result("thread/read", read.clone()).await;
    assert_eq!(thread["thread"]["name"], NAME);
    let deleted = wire
        .result("thread/delete", json!({"threadId": STREAMING, "toTrash": true}))
        .await;
    follows_schema("thread/delete", &deleted);
    let trash_id = deleted["trashId"].as_str().expect("it can be undone").to_owned();
    let told = wire.receive().await;
    assert_eq!(
        (&told["method"], &told["params"]["threadId"]),
        (&json!("thread/deleted"), &json!(STREAMING))
    );
    let (code, _) = wire.error("thread/read", read.clone()).await;
    assert_eq!(code, -32600);
    assert!(rollouts(home.path()).keys().all(|path| !path.contains(STREAMING)));

    let list = wire.result("thread/trash/list", json!({})).await;
    follows_schema("thread/trash/list", &list);
    let entry = &list["data"][0];
    assert_eq!((&entry["trashId"], &entry["name"]), (&json!(trash_id), &json!(NAME)));
    assert_eq!(entry["threadIds"], json!([STREAMING]));
    assert!(
        entry["paths"][0]
            .as_str()
            .is_some_and(|path| path.starts_with("sessions/"))
    );

    let restore = json!({"trashId": trash_id});
    let restored = wire.result("thread/trash/restore", restore.clone()).await;
    follows_schema("thread/trash/restore", &restored);
    assert_eq!(
        (&restored["thread"]["id"], &restored["threadIds"]),
        (&json!(STREAMING), &json!([STREAMING]))
    );
    let told = wire.receive().await;
    assert_eq!(
        (&told["method"], &told["params"]["threadId"]),
        (&json!("thread/restored"), &json!(STREAMING))
    );
    assert_eq!(wire.result("thread/read", read).await, thread);
    assert_eq!(rollouts(home.path()), before, "byte for byte, where they were");
    assert_eq!(in_trash(home.path()), 0);
    let (code, message) = wire.error("thread/trash/restore", restore).await;
    assert_eq!(
        (code, message),
        (-32600, format!("nothing in the trash has the id {trash_id}"))
    );
}

#[tokio::test]
async fn a_loaded_thread_goes_into_the_trash_and_can_go_on() {
    let home = sample_home();
    let mut wire = Wire::initialized(server(home.path(), View::Full, Deletion::ToTrash), true).await;
    let thread = wire.start_thread("paginated").await;
    let items = json!({"threadId": thread, "items": whole_turn(&thread, "t1")});
    answered(&mut wire, "thread/append", items).await;
    let deleted = answered(&mut wire, "thread/delete", json!({"threadId": thread})).await;
    let restore = json!({"trashId": deleted["trashId"].as_str().expect("the server keeps what is deleted")});
    let restored = answered(&mut wire, "thread/trash/restore", restore).await;
    assert_eq!(restored["threadIds"], json!([thread]));
    let resumed = answered(&mut wire, "thread/resume", json!({"threadId": thread})).await;
    assert_eq!(resumed["thread"]["turns"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_emptied_or_deleted_for_good_does_not_come_back() {
    let home = sample_home();
    let mut wire = Wire::initialized(server(home.path(), View::Full, Deletion::ToTrash), false).await;
    let deleted = wire.result("thread/delete", json!({"threadId": STREAMING})).await;
    wire.receive().await;
    let (code, _) = wire
        .error("thread/trash/empty", json!({"trashIds": [deleted["trashId"], UNKNOWN]}))
        .await;
    assert_eq!(code, -32600, "nothing is emptied");
    let emptied = wire.result("thread/trash/empty", json!({})).await;
    follows_schema("thread/trash/empty", &emptied);
    assert_eq!(emptied["trashIds"], json!([deleted["trashId"]]));
    assert_eq!(in_trash(home.path()), 0);
    wire.error("thread/trash/restore", json!({"trashId": deleted["trashId"]}))
        .await;
    let list = wire.result("thread/list", json!({"limit": 1})).await;
    let other = &list["data"][0]["id"];
    let deleted = wire
        .result("thread/delete", json!({"threadId": other, "toTrash": false}))
        .await;
    assert_eq!(deleted, json!({}));
    wire.receive().await;
    assert_eq!(wire.result("thread/trash/list", json!({})).await["data"], json!([]));
}

#[tokio::test]
async fn the_exact_view_answers_a_deletion_as_codex_does() {
    let home = sample_home();
    let mut wire = Wire::initialized(server(home.path(), View::Codex, Deletion::ToTrash), false).await;
    let deleted = wire.result("thread/delete", json!({"threadId": STREAMING})).await;
    assert_eq!(deleted, json!({}), "also when it is kept");
    assert_eq!(wire.receive().await["method"], "thread/deleted");
    let list = wire.result("thread/trash/list", json!({})).await;
    assert_eq!(list["data"][0]["threadId"], STREAMING);
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_codex-threads"))
        .env_clear()
        .env("CODEX_HOME", home)
        .env("COLUMNS", "140")
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[track_caller]
fn prints(home: &Path, arguments: &[&str], code: i32) -> String {
    let output = run(home, arguments);
    let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        said(&output.stderr)
    );
    said(if code == 0 { &output.stdout } else { &output.stderr })
}

#[test]
fn the_command_line_deletes_and_brings_back() {
    let home = sample_home();
    let home = home.path();
    let before = rollouts(home);
    let unconfirmed = prints(home, &["delete", STREAMING], 2);
    assert!(
        unconfirmed.contains("not confirmed") && unconfirmed.contains("--yes"),
        "{unconfirmed}"
    );
    assert_eq!(rollouts(home), before);
    assert_eq!(prints(home, &["trash", "list"], 0), "The trash is empty.\n");

    let deleted = prints(home, &["delete", "--trash", NAME], 0);
    assert!(deleted.contains("codex-threads trash restore"), "{deleted}");
    assert!(prints(home, &["trash", "list"], 0).contains(NAME));
    prints(home, &["trash", "restore", "nothing like it"], 3);
    let restored = prints(home, &["trash", "restore", &STREAMING[..18]], 0);
    assert_eq!(restored, format!("Thread {STREAMING} is back: {NAME}\n"));
    assert_eq!(rollouts(home), before);

    prints(home, &["delete", "--trash", STREAMING], 0);
    prints(home, &["trash", "empty"], 2);
    assert_eq!(
        prints(home, &["trash", "empty", "--yes"], 0),
        "1 deletion cannot be undone any more.\n"
    );
    prints(home, &["trash", "restore", STREAMING], 3);
    assert_eq!(in_trash(home), 0);
}

#[test]
fn a_confirmed_deletion_is_for_good() {
    let home = sample_home();
    let home = home.path();
    assert_eq!(
        prints(home, &["delete", "--yes", STREAMING], 0),
        format!("Thread {STREAMING} is deleted.\n")
    );
    assert_eq!(prints(home, &["trash", "list"], 0), "The trash is empty.\n");
    assert_eq!(in_trash(home), 0);
}
