//! Our answers follow our own JSON Schema, and so do the requests that we accept.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use codex_protocol::rpc::schema::{METHOD_TYPES, json_schema_files};
use codex_test_support::{demo, fixture};
use codex_thread_store::{LocalStore, LocalStoreOptions, View};
use jsonschema::Validator;
use serde_json::{Value, json};
use support::Wire;

/// Validators of parameters and results by method.
struct Schemas(BTreeMap<&'static str, (Validator, Validator)>);

/// Types of notifications about threads.
const NOTIFICATIONS: [(&str, &str); 20] = [
    ("thread/started", "ThreadStartedNotification"),
    ("thread/status/changed", "ThreadStatusChangedNotification"),
    ("thread/closed", "ThreadClosedNotification"),
    ("thread/archived", "ThreadArchivedNotification"),
    ("thread/unarchived", "ThreadUnarchivedNotification"),
    ("thread/deleted", "ThreadDeletedNotification"),
    ("thread/restored", "ThreadRestoredNotification"),
    ("thread/reverted", "ThreadRevertedNotification"),
    ("thread/name/updated", "ThreadNameUpdatedNotification"),
    ("thread/readState/changed", "ThreadReadStateChangedNotification"),
    ("thread/attachment/updated", "ThreadAttachmentUpdatedNotification"),
    ("thread/goal/cleared", "ThreadGoalClearedNotification"),
    ("thread/goal/updated", "ThreadGoalUpdatedNotification"),
    ("thread/queue/changed", "ThreadQueueChangedNotification"),
    ("thread/tokenUsage/updated", "ThreadTokenUsageUpdatedNotification"),
    ("deprecationNotice", "DeprecationNoticeNotification"),
    ("turn/started", "TurnStartedNotification"),
    ("turn/completed", "TurnCompletedNotification"),
    ("item/started", "ItemStartedNotification"),
    ("item/completed", "ItemCompletedNotification"),
];

impl Schemas {
    fn load() -> Self {
        let files = json_schema_files();
        let validator = |name: &str| {
            let schema: Value = serde_json::from_str(&files[&format!("{name}.json")]).expect("JSON");
            jsonschema::validator_for(&schema).expect("a schema")
        };
        let pair = |types: &codex_protocol::rpc::schema::MethodTypes| {
            (types.method, (validator(types.params), validator(types.result)))
        };
        Self(METHOD_TYPES.iter().map(pair).collect())
    }

    #[track_caller]
    fn check(&self, method: &str, params: &Value, result: &Value) {
        let (of_params, of_result) = &self.0[method];
        for (what, validator, value) in [("params", of_params, params), ("result", of_result, result)] {
            let wrong: Vec<String> = validator
                .iter_errors(value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{method} {what} {value}\n{}", wrong.join("\n"));
        }
    }
}

/// Asks everything about every thread of a home and returns how many items were seen by type.
async fn ask_everything(home: &Path, view: View, schemas: &Schemas) -> BTreeMap<String, usize> {
    let store = LocalStore::open(LocalStoreOptions::new(home)).expect("a home");
    let mut wire = Wire::initialized(support::server(store, view), true).await;
    let mut seen = BTreeMap::new();
    let kinds = ["cli", "vscode", "exec", "appServer", "subAgent", "unknown"];
    let mut threads = Vec::new();
    for archived in [false, true] {
        let params = json!({"modelProviders": [], "sourceKinds": kinds, "archived": archived, "limit": 100});
        let list = wire.result("thread/list", params.clone()).await;
        schemas.check("thread/list", &params, &list);
        threads.extend(
            list["data"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|thread| thread["id"].clone()),
        );
    }
    let words = json!({"searchTerm": "the", "sourceKinds": kinds, "sortKey": "updated_at"});
    let calls = [
        ("thread/search", words),
        (
            "history/search",
            json!({"query": "e", "facets": true, "limit": 2, "hitsPerThread": 2}),
        ),
        (
            "history/search",
            json!({"query": "", "order": "newest", "typing": true}),
        ),
        ("thread/loaded/list", json!({})),
        ("server/diagnostics", json!({})),
    ];
    for (method, params) in calls {
        let result = wire.result(method, params.clone()).await;
        schemas.check(method, &params, &result);
    }
    for id in threads {
        for (method, params) in [
            ("thread/read", json!({"threadId": id})),
            ("thread/read", json!({"threadId": id, "includeTurns": true})),
            (
                "thread/turns/list",
                json!({"threadId": id, "itemsView": "full", "sortDirection": "asc", "cursor": null}),
            ),
            ("thread/items/list", json!({"threadId": id, "limit": 100})),
            ("thread/timeline/list", json!({"threadId": id, "limit": 100})),
            ("thread/searchOccurrences", json!({"threadId": id, "searchTerm": "e"})),
            ("getConversationSummary", json!({"conversationId": id})),
            ("thread/indexState", json!({"threadId": id})),
        ] {
            let mut answer = wire.call(method, params.clone()).await;
            let result = answer["result"].take();
            if result.is_null() {
                let message = answer["error"]["message"].as_str().expect("an error").to_owned();
                assert!(
                    view == View::Codex && (message.contains("not supported yet") || message.contains("is archived")),
                    "{method} {id}: {message}"
                );
                continue;
            }
            schemas.check(method, &params, &result);
            if method == "thread/items/list" {
                for entry in result["data"].as_array().expect("a list") {
                    *seen
                        .entry(entry["item"]["type"].as_str().expect("a type").to_owned())
                        .or_default() += 1;
                    let params = json!({"threadId": id, "turnId": entry["turnId"], "itemIds": [entry["item"]["id"]]});
                    let read = wire.result("thread/items/read", params.clone()).await;
                    schemas.check("thread/items/read", &params, &read);
                    assert_eq!(&read["data"][0], entry, "one item reads as it is listed");
                }
            }
        }
    }
    seen
}

#[tokio::test]
async fn answers_about_the_fixture_follow_the_schema_in_both_views() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a temporary folder");
    fixture::listing_home(folder.path()).expect("writable");
    for view in [View::Full, View::Codex] {
        let seen = ask_everything(folder.path(), view, &schemas).await;
        assert!(
            seen.contains_key("userMessage") && seen.contains_key("agentMessage"),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn answers_about_every_kind_of_item_follow_the_schema() {
    let schemas = Schemas::load();
    let folder = tempfile::tempdir().expect("a temporary folder");
    demo::demo_home(folder.path()).expect("writable");
    let seen = ask_everything(folder.path(), View::Full, &schemas).await;
    for kind in [
        "userMessage",
        "agentMessage",
        "reasoning",
        "commandExecution",
        "fileChange",
        "enteredReviewMode",
    ] {
        assert!(seen.contains_key(kind), "{kind} is not in {seen:?}");
    }
}

#[tokio::test]
async fn the_handshake_follows_the_schema() {
    let schemas = Schemas::load();
    let mut wire = Wire::open(support::server(
        support::FakeStore::new(support::Script::default()),
        View::Full,
    ));
    let mut call = support::initialize(1, true);
    let answer = {
        wire.send(&call).await;
        wire.receive().await
    };
    schemas.check("initialize", &call["params"].take(), &answer["result"]);
}

/// Reads up to the answer of a call; returns it with all notifications so far.
async fn until_answer(wire: &mut Wire, told: &mut Vec<Value>) -> Value {
    loop {
        let mut message = wire.receive().await;
        if message.get("id").is_some() {
            assert_eq!(message.get("error"), None);
            return message["result"].take();
        }
        told.push(message);
    }
}

#[tokio::test]
async fn recording_and_its_notifications_follow_the_schema() {
    let schemas = Schemas::load();
    let home = support::recording::Home::new();
    let mut wire = Wire::initialized(home.server_that_unloads_after(std::time::Duration::ZERO), true).await;
    let mut told = Vec::new();
    let start = json!({"historyMode": "paginated", "sandbox": "workspace-write", "eventStyle": "canonical"});
    wire.send(&support::request(1, "thread/start", start.clone())).await;
    let started = until_answer(&mut wire, &mut told).await;
    schemas.check("thread/start", &start, &started);
    let id = started["thread"]["id"].as_str().expect("an id").to_owned();
    wire.send(&support::request(1, "thread/start", start.clone())).await;
    let spare = until_answer(&mut wire, &mut told).await["thread"]["id"].clone();
    let items = support::recording::whole_turn(&id, "t1");
    let message = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]});
    let calls = [
        (
            "thread/append",
            json!({"threadId": id, "items": items, "durability": "written"}),
        ),
        ("thread/inject_items", json!({"threadId": id, "items": [message]})),
        ("thread/name/set", json!({"threadId": id, "name": "n"})),
        (
            "thread/metadata/update",
            json!({"threadId": id, "gitInfo": {"sha": null, "branch": "b"}}),
        ),
        ("thread/memoryMode/set", json!({"threadId": id, "mode": "disabled"})),
        ("rollout/compress", json!({})),
        (
            "thread/goal/set",
            json!({"threadId": id, "objective": "o", "tokenBudget": null}),
        ),
        ("thread/goal/get", json!({"threadId": id})),
        ("thread/goal/clear", json!({"threadId": id, "origin": "user"})),
        (
            "thread/queue/add",
            json!({"threadId": id, "clientUserMessageId": "c", "input": [{"type": "text", "text": "x"}],
                "responsesapiClientMetadata": {"k": "v"}}),
        ),
        ("thread/queue/list", json!({"threadId": id, "limit": 1})),
        (
            "thread/attachment/add",
            json!({"threadId": id, "attachmentType": "pr", "identityKey": "k", "payload": {"a": [1.5, null]}}),
        ),
        ("thread/attachment/list", json!({"threadId": id})),
        (
            "thread/attachmentOwner/list",
            json!({"attachmentType": "pr", "identityKey": "k", "archived": false}),
        ),
        (
            "thread/attachment/remove",
            json!({"threadId": id, "attachmentType": "pr", "identityKey": "k"}),
        ),
        (
            "thread/resume",
            json!({"threadId": id, "initialTurnsPage": {"limit": 1}}),
        ),
        (
            "thread/fork",
            json!({"threadId": id, "excludeTurns": true, "config": {"a": 1}}),
        ),
        ("thread/revert", json!({"threadId": id, "beforeTurnId": "t1"})),
        ("thread/archive", json!({"threadId": id})),
        ("thread/unarchive", json!({"threadId": id})),
        ("thread/loaded/list", json!({"limit": 1})),
        ("thread/resume", json!({"threadId": id, "excludeTurns": true})),
        ("thread/unsubscribe", json!({"threadId": id})),
    ];
    for (method, params) in calls {
        wire.send(&support::request(2, method, params.clone())).await;
        let result = until_answer(&mut wire, &mut told).await;
        schemas.check(method, &params, &result);
    }
    while told.last().is_none_or(|message| message["method"] != "thread/closed") {
        told.push(wire.receive().await);
    }
    let params = json!({"threadId": spare, "name": "kept"});
    wire.send(&support::request(3, "thread/name/set", params)).await;
    until_answer(&mut wire, &mut told).await;
    let params = json!({"threadId": spare, "toTrash": true});
    wire.send(&support::request(3, "thread/delete", params.clone())).await;
    let result = until_answer(&mut wire, &mut told).await;
    schemas.check("thread/delete", &params, &result);
    let params = json!({"trashId": result["trashId"]});
    wire.send(&support::request(3, "thread/trash/restore", params.clone()))
        .await;
    let result = until_answer(&mut wire, &mut told).await;
    schemas.check("thread/trash/restore", &params, &result);
    let params = json!({"threadId": spare});
    wire.send(&support::request(3, "thread/delete", params.clone())).await;
    let result = until_answer(&mut wire, &mut told).await;
    schemas.check("thread/delete", &params, &result);
    while told.last().is_none_or(|message| message["method"] != "thread/deleted") {
        told.push(wire.receive().await);
    }
    let files = json_schema_files();
    let mut seen = std::collections::BTreeSet::new();
    for message in &told {
        let method = message["method"].as_str().expect("a notification");
        let (_, name) = NOTIFICATIONS.iter().find(|(known, _)| *known == method).expect(method);
        let schema: Value = serde_json::from_str(&files[&format!("{name}.json")]).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let wrong: Vec<String> = validator
            .iter_errors(&message["params"])
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{message}\n{}", wrong.join("\n"));
        seen.insert(method);
    }
    assert_eq!(seen.len(), NOTIFICATIONS.len(), "{seen:?}");
}

#[tokio::test]
async fn sections_and_projects_follow_the_schema() {
    let schemas = Schemas::load();
    let home = support::recording::Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let mut told = Vec::new();
    let thread = wire.start_thread("paginated").await;
    let mut call = async |method: &'static str, params: Value| {
        wire.send(&support::request(1, method, params.clone())).await;
        let result = until_answer(&mut wire, &mut told).await;
        schemas.check(method, &params, &result);
        result
    };
    let looks = json!({"name": "S", "appearance": {"icon": "i"}});
    let section = call("threadSection/create", looks).await["section"]["id"].clone();
    let plain = json!({"sectionId": section, "name": "T", "appearance": null});
    call("threadSection/update", plain).await;
    call("threadSection/list", json!({"limit": 1, "cursor": null})).await;
    call(
        "thread/section/move",
        json!({"threadId": thread, "sectionId": section, "beforeThreadId": null}),
    )
    .await;
    call(
        "thread/list",
        json!({"sectionId": section, "sortKey": "section_position"}),
    )
    .await;
    call("thread/section/move", json!({"threadId": thread, "sectionId": null})).await;
    call("threadSection/delete", json!({"sectionId": section})).await;

    let root = json!([{"path": "/a"}]);
    let new = json!({"name": "P", "roots": root, "metadata": {"k": "v"}, "idempotencyKey": "1"});
    let project = call("project/create", new).await["project"]["id"].clone();
    let import = json!({"name": "Q", "roots": [], "threads": [thread], "idempotencyKey": "2"});
    let imported = call("project/import", import).await["project"]["id"].clone();
    call(
        "project/update",
        json!({"projectId": project, "name": "R", "metadata": null}),
    )
    .await;
    call(
        "project/move",
        json!({"projectId": imported, "beforeProjectId": project}),
    )
    .await;
    call("project/list", json!({"sortKey": "recencyAt", "sortDirection": "asc"})).await;
    call("project/read", json!({"projectId": imported})).await;
    call("project/delete", json!({"projectId": imported})).await;
    let files = json_schema_files();
    let names = [
        ("thread/section/changed", "ThreadSectionChangedNotification", 2),
        ("project/changed", "ProjectChangedNotification", 4),
        ("thread/project/updated", "ThreadProjectUpdatedNotification", 1),
    ];
    for (method, name, count) in names {
        let schema: Value = serde_json::from_str(&files[&format!("{name}.json")]).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let of_method: Vec<&Value> = told.iter().filter(|message| message["method"] == method).collect();
        // What the deletion tells comes behind its answer, and nobody asked for more.
        assert_eq!(of_method.len(), count, "{method} in {told:?}");
        assert!(
            of_method.iter().all(|message| validator.is_valid(&message["params"])),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn changes_of_queues_and_read_states_follow_the_schema() {
    let schemas = Schemas::load();
    let home = support::recording::Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let id = wire.start_thread("paginated").await;
    let mut told = Vec::new();
    let mut call = async |method: &str, params: Value| {
        wire.send(&support::request(2, method, params.clone())).await;
        let result = until_answer(&mut wire, &mut told).await;
        schemas.check(method, &params, &result);
        result
    };
    let input = json!([{"type": "text", "text": "x"}]);
    let add = json!({"threadId": id, "clientUserMessageId": "c", "input": input});
    let added = call("thread/queue/add", add).await;
    let entry = &added["queuedSubmission"]["id"];
    let update = json!({"threadId": id, "queuedSubmissionId": entry, "input": input});
    call("thread/queue/update", update).await;
    let order = json!({"threadId": id, "queuedSubmissionIds": [entry]});
    call("thread/queue/reorder", order).await;
    let delete = json!({"threadId": id, "queuedSubmissionId": entry});
    call("thread/queue/delete", delete).await;
    let items = support::recording::whole_turn(&id, "t1");
    call("thread/append", json!({"threadId": id, "items": items})).await;
    let read = call("thread/read", json!({"threadId": id})).await;
    let revision = &read["readState"]["revision"];
    for operation in ["read", "unread"] {
        let params = json!({"threadId": id, "operation": {"type": operation}, "expectedRevision": revision});
        wire.send(&support::request(3, "thread/readState/update", params.clone()))
            .await;
        let mut answer = wire.receive().await;
        while answer.get("id").is_none() {
            answer = wire.receive().await;
        }
        match operation {
            "read" => schemas.check("thread/readState/update", &params, &answer["result"]),
            _ => {
                let files = json_schema_files();
                let schema = serde_json::from_str(&files["ThreadReadStateConflict.json"]).expect("JSON");
                let validator = jsonschema::validator_for(&schema).expect("a schema");
                assert!(validator.is_valid(&answer["error"]["data"]), "{answer}");
            }
        }
    }
}
