//! Answers that say what Codex goes on showing, because its own database has the thread.

mod support;

use std::path::Path;

use codex_test_support::codex_db::{CodexDb, GOALS_SCHEMA, STATE_SCHEMA};
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use serde_json::{Value, json};
use support::recording::{Home, whole_turn};
use support::{Wire, request};

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

/// A home with one thread of two turns; nothing is loaded any more.
async fn recorded() -> (Home, String) {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let id = wire.start_thread("paginated").await;
    for turn in ["t1", "t2"] {
        let items = whole_turn(&id, turn);
        answered(&mut wire, "thread/append", json!({"threadId": id, "items": items})).await;
    }
    for method in ["thread/archive", "thread/unarchive"] {
        answered(&mut wire, method, json!({"threadId": id})).await;
    }
    (home, id)
}

/// What Codex keeps of the thread.
fn codex_keeps(home: &Path, id: &str) -> [CodexDb; 2] {
    let row = format!(
        "{STATE_SCHEMA} INSERT INTO threads (id, rollout_path, created_at, updated_at, history_mode, name, title,
             first_user_message) VALUES ('{id}', 'x', 1, 1, 'paginated', 'Codex calls it so', '', '')"
    );
    [
        CodexDb::create(&home.join("state_5.sqlite"), &row),
        CodexDb::create(&home.join("goals_1.sqlite"), GOALS_SCHEMA),
    ]
}

async fn opened(home: &Path, view: View) -> Wire {
    let store = LocalStore::open(LocalStoreOptions::new(home)).expect("a home");
    Wire::initialized(support::server(store, view), true).await
}

/// Changes everything of a thread; returns what each answer says of Codex's database.
async fn changed(wire: &mut Wire, id: &str) -> Vec<(&'static str, Value)> {
    let pinned = "01984de2-8f74-7c91-a3b2-5c5e937cf318";
    let mut said = Vec::new();
    for (method, params) in [
        ("thread/name/set", json!({"threadId": id, "name": "ours"})),
        (
            "thread/metadata/update",
            json!({"threadId": id, "gitInfo": {"branch": "ours"}, "daybreakEnabled": true}),
        ),
        ("thread/memoryMode/set", json!({"threadId": id, "mode": "disabled"})),
        ("thread/section/move", json!({"threadId": id, "sectionId": pinned})),
        (
            "thread/goal/set",
            json!({"threadId": id, "objective": "o", "status": "paused"}),
        ),
        ("thread/goal/set", json!({"threadId": id})),
        ("thread/goal/clear", json!({"threadId": id})),
        ("thread/resume", json!({"threadId": id, "excludeTurns": true})),
        ("thread/revert", json!({"threadId": id, "beforeTurnId": "t2"})),
    ] {
        let result = answered(wire, method, params).await;
        said.push((method, result["codexDatabase"]["keepsShowing"].clone()));
    }
    said
}

#[tokio::test]
async fn an_answer_says_what_codex_goes_on_showing() {
    let (home, id) = recorded().await;
    let databases = codex_keeps(home.path(), &id);
    let mut wire = opened(home.path(), View::Full).await;
    let expected = [
        ("thread/name/set", json!(["name"])),
        ("thread/metadata/update", json!(["gitInfo", "daybreakEnabled"])),
        ("thread/memoryMode/set", json!(["memoryMode"])),
        ("thread/section/move", json!(["section"])),
        ("thread/goal/set", json!(["goal"])),
        ("thread/goal/set", Value::Null), // changes nothing
        ("thread/goal/clear", json!(["goal"])),
        ("thread/resume", Value::Null),
        ("thread/revert", json!(["revision"])),
    ];
    assert_eq!(changed(&mut wire, &id).await, expected);
    drop(databases);
}

#[tokio::test]
async fn nothing_is_said_without_codex_s_database_and_in_the_exact_view() {
    let (home, id) = recorded().await;
    let mut wire = opened(home.path(), View::Full).await;
    let said = changed(&mut wire, &id).await;
    assert!(said.iter().all(|(_, said)| said.is_null()), "{said:?}");

    let (home, id) = recorded().await;
    let databases = codex_keeps(home.path(), &id);
    let mut wire = opened(home.path(), View::Codex).await;
    let said = changed(&mut wire, &id).await;
    assert!(said.iter().all(|(_, said)| said.is_null()), "{said:?}");
    drop(databases);
}
