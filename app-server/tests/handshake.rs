//! `initialize`, the gate and the order of checks (`app-server-api.md` 1.8, 1.9).
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

use std::sync::Arc;

use codex_app_server::Server;
use codex_thread_store::View;
use serde_json::{Value, json};
use support::{FakeStore, Script, Wire, request};

fn plain_server() -> Arc<Server> {
    support::server(FakeStore::new(Script::default()), View::Codex)
}

fn initialize_as(name: &str, version: &str) -> Value {
    request(
        5,
        "initialize",
        json!({"clientInfo": {"name": name, "version": version}}),
    )
}

#[tokio::test]
async fn initialize_answers_and_then_notifies() {
    let mut wire = Wire::open(plain_server());
    wire.send(&initialize_as("probe", "0.1")).await;
    let expected = json!({"id": 5, "result": {
        "userAgent": "probe/0.169.0 (Debian 12.0.0; x86_64) xterm (probe; 0.1)",
        "codexHome": "/home/ada/.codex",
        "platformFamily": std::env::consts::FAMILY,
        "platformOs": std::env::consts::OS,
    }});
    assert_eq!(wire.receive().await, expected);
    let expected = json!({"method": "remoteControl/status/changed", "params": {
        "status": "disabled",
        "serverName": "lovelace",
        "installationId": "195c426e-5c27-4f06-a269-56309ff2b8e0",
        "environmentId": null,
    }, "emittedAtMs": 1_790_000_000_123_i64});
    assert_eq!(wire.receive().await, expected);
    let again = wire
        .error("initialize", json!({"clientInfo": {"name": "x", "version": "1"}}))
        .await;
    assert_eq!(again, (-32600, "Already initialized".to_owned()));
}

#[tokio::test]
async fn notifications_can_be_declined() {
    let mut wire = Wire::open(plain_server());
    let capabilities = json!({"optOutNotificationMethods": ["remoteControl/status/changed", "no/such"]});
    let client = json!({"name": "x", "version": "1"});
    wire.send(&request(
        1,
        "initialize",
        json!({"clientInfo": client, "capabilities": capabilities}),
    ))
    .await;
    assert_eq!(wire.receive().await["id"], 1);
    assert_eq!(wire.call("thread/loaded/list", json!({})).await["id"], 1);
}

#[tokio::test]
async fn the_first_client_names_the_process() {
    let server = plain_server();
    let agent = async |name: &str, version: &str| {
        let mut wire = Wire::open(Arc::clone(&server));
        wire.send(&initialize_as(name, version)).await;
        wire.receive().await["result"]["userAgent"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    assert_eq!(
        agent("first", "1.0").await,
        "first/0.169.0 (Debian 12.0.0; x86_64) xterm (first; 1.0)"
    );
    assert_eq!(
        agent("second", "2.0").await,
        "first/0.169.0 (Debian 12.0.0; x86_64) xterm (second; 2.0)"
    );
}

#[tokio::test]
async fn user_agents_are_legal_header_values() {
    for (name, version, expected) in [
        ("é", "1", "é/0.169.0 (Debian 12.0.0; x86_64) xterm (é; 1)"),
        ("日本", "1", "日本/0.169.0 (Debian 12.0.0; x86_64) xterm (日本; 1)"),
        ("a\tb", "1\n2", "a_b/0.169.0 (Debian 12.0.0; x86_64) xterm (a_b; 1_2)"),
        ("x/y", "", "x/y/0.169.0 (Debian 12.0.0; x86_64) xterm (x/y;)"),
        ("", "0", "/0.169.0 (Debian 12.0.0; x86_64) xterm (; 0)"),
    ] {
        let mut wire = Wire::open(plain_server());
        wire.send(&initialize_as(name, version)).await;
        assert_eq!(
            wire.receive().await["result"]["userAgent"],
            expected,
            "{name:?} {version:?}"
        );
    }
}

#[tokio::test]
async fn an_illegal_name_is_refused_and_the_client_may_retry() {
    let mut wire = Wire::open(plain_server());
    for name in ["bad name\n", "a\u{7f}"] {
        let error = wire
            .error("initialize", json!({"clientInfo": {"name": name, "version": "1"}}))
            .await;
        let message = format!("Invalid clientInfo.name: '{name}'. Must be a valid HTTP header value.");
        assert_eq!(error, (-32600, message));
    }
    wire.send(&initialize_as("good", "1")).await;
    assert_eq!(wire.receive().await["id"], 5);
}

#[track_caller]
fn check((code, message): (i64, String), expected: &str) {
    assert_eq!((code, message.as_str()), (-32600, expected));
}

#[tokio::test]
async fn methods_and_parameters_are_checked_before_the_handshake() {
    let mut wire = Wire::open(plain_server());
    check(wire.error("thread/list", json!({})).await, "Not initialized");
    check(
        wire.error("thread/search", json!({"searchTerm": "x"})).await,
        "Not initialized",
    );
    check(
        wire.error("thread/list", json!({"projectId": null})).await,
        "Not initialized",
    );
    check(
        wire.error("thread/read", json!({})).await,
        "Invalid request: missing field `threadId`",
    );
    check(
        wire.error("initialize", json!({})).await,
        "Invalid request: missing field `clientInfo`",
    );
    check(
        wire.error("thread/read", Value::Null).await,
        "Invalid request: missing field `params`",
    );
    let (_, message) = wire.error("nonsense/method", json!({})).await;
    assert!(message.starts_with("Invalid request: unknown variant `nonsense/method`, expected one of `initialize`, "));
}

#[tokio::test]
async fn experimental_methods_and_fields_need_the_capability() {
    let mut wire = Wire::initialized(plain_server(), false).await;
    for (method, params) in [
        ("thread/search", json!({"searchTerm": "x"})),
        ("thread/searchOccurrences", json!({"threadId": "x", "searchTerm": "x"})),
        ("thread/timeline/list", json!({"threadId": "x"})),
        (
            "thread/items/read",
            json!({"threadId": "x", "turnId": "y", "itemIds": ["a"]}),
        ),
        ("server/diagnostics", json!({})),
        ("project/list", json!({})),
        ("rollout/compress", Value::Null),
    ] {
        check(
            wire.error(method, params).await,
            &format!("{method} requires experimentalApi capability"),
        );
    }
    for (method, field, params) in [
        ("thread/list", "parentThreadId", json!({"parentThreadId": "x"})),
        ("thread/list", "projectId", json!({"projectId": null})),
        ("thread/start", "historyMode", json!({"historyMode": "legacy"})),
        (
            "thread/fork",
            "beforeTurnId",
            json!({"threadId": "x", "beforeTurnId": "y"}),
        ),
    ] {
        check(
            wire.error(method, params).await,
            &format!("{method}.{field} requires experimentalApi capability"),
        );
    }
    assert_eq!(
        wire.result("thread/list", json!({"sectionId": null})).await["data"],
        json!([])
    );
}

#[tokio::test]
async fn methods_that_only_codex_has_say_so() {
    let mut wire = Wire::initialized(plain_server(), true).await;
    for (method, params) in [
        ("thread/compact/start", json!({})),
        ("review/start", json!({})),
        ("memory/reset", Value::Null),
    ] {
        let error = wire.error(method, params).await;
        assert_eq!(error, (-32601, format!("{method} is not supported by this server")));
    }
    for method in ["turn/start", "turn/steer", "turn/interrupt"] {
        let (code, message) = wire.error(method, json!({})).await;
        assert_eq!(code, -32601);
        assert!(
            message.starts_with(&format!("{method} is not supported")) && message.contains("thread/append"),
            "{message}"
        );
    }
    check(
        wire.error("thread/start", Value::Null).await,
        "Invalid request: missing field `params`",
    );
    check(
        wire.error("server/diagnostics", Value::Null).await,
        "Invalid request: missing field `params`",
    );
}

#[tokio::test]
async fn diagnostics_count_the_request_that_asks() {
    let mut wire = Wire::initialized(plain_server(), true).await;
    let result = wire.result("server/diagnostics", json!({})).await;
    assert_eq!(result["process"]["id"], std::process::id());
    assert_eq!(result["process"]["physicalFootprintBytes"], Value::Null);
    let gauges = json!([
        {"name": "app.requests.in_flight", "value": 1},
        {"name": "app.requests.queued", "value": 0},
        {"name": "core.threads.live", "value": 0},
        {"name": "core.turns.active", "value": 0},
    ]);
    assert_eq!(result["gauges"], gauges);
}
