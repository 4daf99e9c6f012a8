//! Sections, projects and the daybreak choice over JSON-RPC: who is told what, and what other methods show.
//!
//! What the real server answers is in `probes.rs`; here is what it was not asked.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::Wire;
use support::recording::{Home, names, whole_turn};

const PINNED: &str = "01984de2-8f74-7c91-a3b2-5c5e937cf318";

/// Starts a thread and records a turn; returns its id once everything has been told.
async fn spoken(wire: &mut Wire, mode: &str) -> String {
    let id = wire.start_thread(mode).await;
    wire.append(&id, &whole_turn(&id, "t1")).await;
    while wire.receive().await["method"] != "turn/completed" {}
    id
}

async fn create_project(wire: &mut Wire, name: &str) -> String {
    let params = json!({"name": name, "roots": [{"path": "/a/./b"}], "idempotencyKey": name});
    let made = wire.result("project/create", params).await;
    assert_eq!(wire.receive().await["method"], "project/changed");
    made["project"]["id"].as_str().expect("an id").to_owned()
}

async fn listed(wire: &mut Wire, params: Value) -> Vec<String> {
    let list = wire.result("thread/list", params).await;
    let rows = list["data"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn clients_without_the_capability_are_not_told_of_projects_but_of_threads() {
    let home = Home::new();
    let server = home.server();
    let mut wire = Wire::initialized(server.clone(), true).await;
    let mut stable = Wire::initialized(server, false).await;
    let id = spoken(&mut wire, "paginated").await;
    while stable.receive().await["method"] != "thread/status/changed" {}
    while stable.receive().await["method"] != "thread/status/changed" {}
    let project = create_project(&mut wire, "P").await;
    let move_in = json!({"threadId": id, "projectId": project});
    let moved = wire.result("thread/metadata/update", move_in.clone()).await;
    assert_eq!(moved["thread"]["projectId"], project.as_str());
    let expected = json!({"threadId": id, "projectId": project});
    assert_eq!(wire.receive().await["params"], expected);
    // The first thing that the other one hears since the turn.
    let told = stable.receive().await;
    assert_eq!(
        (&told["method"], &told["params"]),
        (&json!("thread/project/updated"), &expected)
    );

    // The same again changes nothing, and nobody hears of it.
    wire.result("thread/metadata/update", move_in).await;
    wire.hears_nothing_more(&id).await;
    let out = json!({"threadId": id, "projectId": ""});
    assert_eq!(
        wire.result("thread/metadata/update", out).await["thread"]["projectId"],
        Value::Null
    );
    assert_eq!(wire.receive().await["params"]["projectId"], Value::Null);

    let into = json!({"threadId": id, "sectionId": PINNED});
    stable.send(&support::request(9, "thread/section/move", into)).await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.push(stable.receive().await);
    }
    assert_eq!(heard[0]["params"]["projectId"], Value::Null);
    assert_eq!(heard[1]["result"], json!({}));
    assert_eq!(heard[2]["params"], json!({"threadId": id, "sectionId": PINNED}));
    assert_eq!(wire.receive().await["method"], "thread/section/changed");
}

#[tokio::test]
async fn a_thread_belongs_to_its_project_from_the_start() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let project = create_project(&mut wire, "P").await;
    let start = json!({"projectId": project, "daybreakEnabled": true});
    let started = wire.result("thread/start", start).await;
    let thread = &started["thread"];
    assert_eq!(
        (&thread["projectId"], &thread["daybreakEnabled"]),
        (&json!(project), &json!(true))
    );
    assert_eq!(wire.receive().await["params"]["thread"]["projectId"], project.as_str());
    assert_eq!(home.rollouts().len(), 0, "nothing is recorded yet");
    let id = thread["id"].as_str().expect("an id").to_owned();
    let read = wire.result("thread/read", json!({"threadId": id})).await;
    assert_eq!(read["thread"]["projectId"], project.as_str());

    wire.append(&id, &whole_turn(&id, "t1")).await;
    while wire.receive().await["method"] != "turn/completed" {}
    assert_eq!(
        listed(&mut wire, json!({"projectId": project})).await,
        std::slice::from_ref(&id)
    );
    assert_eq!(
        listed(&mut wire, json!({"projectId": null})).await,
        Vec::<String>::new()
    );
    let read = wire.result("project/read", json!({"projectId": project})).await;
    assert!(read["project"]["recencyAt"].is_i64(), "{read}");
    let forked = wire
        .result("thread/fork", json!({"threadId": id, "excludeTurns": true}))
        .await;
    let fork = &forked["thread"];
    assert_eq!(
        (&fork["projectId"], &fork["daybreakEnabled"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn a_project_that_goes_leaves_threads_without_rollout_too() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let project = create_project(&mut wire, "P").await;
    let started = wire.result("thread/start", json!({"projectId": project})).await;
    wire.receive().await;
    let id = started["thread"]["id"].clone();
    wire.result("project/delete", json!({"projectId": project})).await;
    assert_eq!(
        names(&wire.told(2).await),
        ["project/changed", "thread/project/updated"]
    );
    let read = wire.result("thread/read", json!({"threadId": id})).await;
    assert_eq!(read["thread"]["projectId"], Value::Null);
}

#[tokio::test]
async fn a_thread_without_rollout_gets_one_when_it_is_put_somewhere() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let id = wire.start_thread("paginated").await;
    let nowhere = json!({"threadId": id, "sectionId": "nowhere"});
    let refused = (-32600, "section nowhere does not exist".to_owned());
    assert_eq!(wire.error("thread/section/move", nowhere).await, refused);
    assert_eq!(home.rollouts().len(), 0, "what is refused leaves nothing");
    wire.result("thread/section/move", json!({"threadId": id, "sectionId": PINNED}))
        .await;
    wire.receive().await;
    assert_eq!(home.rollouts().len(), 1);
    assert_eq!(
        listed(&mut wire, json!({"sectionId": PINNED})).await,
        std::slice::from_ref(&id)
    );

    let other = wire.start_thread("legacy").await;
    let import = json!({"name": "I", "roots": [], "threads": [other], "idempotencyKey": "i"});
    let made = wire.result("project/import", import.clone()).await;
    assert_eq!(wire.told(2).await[1]["params"]["threadId"], other.as_str());
    let again = wire.result("project/import", import).await;
    assert_eq!(again["project"], made["project"]);
    let rows = listed(&mut wire, json!({"projectId": made["project"]["id"]})).await;
    assert_eq!(rows, [other]);
}

#[tokio::test]
async fn orders_of_projects_have_cursors_of_their_own() {
    let home = Home::new();
    let mut wire = Wire::initialized(home.server(), true).await;
    let (first, second) = (
        create_project(&mut wire, "A").await,
        create_project(&mut wire, "B").await,
    );
    let page = wire
        .result("project/list", json!({"sortKey": "recencyAt", "limit": 1}))
        .await;
    assert_eq!(
        page["data"][0]["id"],
        second.as_str(),
        "without threads the later one comes first"
    );
    let next = page["nextCursor"].clone();
    assert_eq!(next, format!("v1|recencyAt|desc|null|{second}"));
    let rest = json!({"sortKey": "recencyAt", "limit": 1, "cursor": next});
    let rest = wire.result("project/list", rest).await;
    assert_eq!(
        (&rest["data"][0]["id"], &rest["nextCursor"]),
        (&json!(first), &Value::Null)
    );
    let mismatch = "invalid project cursor: malformed or mismatched sort anchor";
    for params in [
        json!({"cursor": next}),
        json!({"cursor": next, "sortKey": "recencyAt", "sortDirection": "asc"}),
        json!({"cursor": format!("0|{first}"), "sortKey": "recencyAt"}),
        json!({"cursor": "|"}),
    ] {
        assert_eq!(
            wire.error("project/list", params.clone()).await,
            (-32602, mismatch.to_owned()),
            "{params}"
        );
    }
    let back = wire
        .result("project/list", json!({"sortKey": "position", "sortDirection": "desc"}))
        .await;
    assert_eq!(back["data"][0]["id"], second.as_str());
    assert_eq!(back["data"][1]["roots"], json!([{"path": "/a/b"}]));
}

#[tokio::test]
async fn the_command_line_lists_sections_and_projects_by_name() {
    let home = Home::new();
    let (pinned, member) = {
        let mut wire = Wire::initialized(home.server(), true).await;
        let (pinned, member) = (spoken(&mut wire, "paginated").await, spoken(&mut wire, "legacy").await);
        wire.result("thread/section/move", json!({"threadId": pinned, "sectionId": PINNED}))
            .await;
        wire.receive().await;
        let project = create_project(&mut wire, "My project").await;
        wire.result(
            "thread/metadata/update",
            json!({"threadId": member, "projectId": project}),
        )
        .await;
        (pinned, member)
    };
    let list = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_codex-threads"))
            .env_clear()
            .env("CODEX_HOME", home.path())
            .stdin(Stdio::null())
            .arg("list")
            .arg("--json")
            .args(arguments)
            .output()
            .expect("the program starts");
        let json = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
        let rows = json["data"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> = rows
            .iter()
            .map(|row| row["id"].as_str().expect("an id").to_owned())
            .collect();
        (
            output.status.code(),
            ids,
            String::from_utf8(output.stderr).expect("UTF-8"),
        )
    };
    assert_eq!(list(&["--section", "Pinned"]).1, std::slice::from_ref(&pinned));
    assert_eq!(list(&["--section", PINNED]).1, [pinned]);
    assert_eq!(list(&["--project", "My project"]).1, [member]);
    let (code, _, said) = list(&["--project", "my project"]);
    assert_eq!(code, Some(3));
    assert!(
        said.contains("no project has the id or the name `my project`"),
        "{said}"
    );
}

#[tokio::test]
async fn goals_of_loaded_threads_are_told_in_their_rollouts() {
    for mode in ["paginated", "legacy"] {
        let home = Home::new();
        let mut wire = Wire::initialized(home.server(), true).await;
        let id = spoken(&mut wire, mode).await;
        let set = json!({"threadId": id, "objective": "ship it", "status": "paused"});
        let answer = wire.result("thread/goal/set", set.clone()).await;
        let record = home
            .rollout()
            .lines()
            .last()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let payload = &record.expect("a line")["payload"];
        let mut told = answer["goal"].clone();
        told.as_object_mut().expect("a goal").remove("tokenBudget"); // null is left out, as by Codex
        assert_eq!(
            payload,
            &json!({"type": "thread_goal_updated", "threadId": id, "goal": told})
        );
        let lines = home.rollout().lines().count();
        wire.result("thread/goal/set", json!({"threadId": id})).await;
        assert_eq!(
            home.rollout().lines().count(),
            lines,
            "what changes nothing is not told"
        );
        std::fs::remove_dir_all(home.path().join("codex-threads/journal")).expect("a journal");
        let mut wire = Wire::initialized(home.server(), true).await;
        let goal = wire.result("thread/goal/get", json!({"threadId": id})).await;
        assert_eq!(goal["goal"], answer["goal"], "the rollout tells of it");
    }
}
