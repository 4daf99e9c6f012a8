//! The scripted session as `thread/turns/list` answers it, whole: the end of the chain from records to the wire.
#![expect(clippy::disallowed_methods, reason = "tests prepare their own files")]

mod support;

#[expect(dead_code, reason = "the example plays more than the script")]
#[path = "../../thread-store/examples/scripted_agent/script.rs"]
mod script;

#[expect(dead_code, reason = "the lines are looked at elsewhere")]
#[path = "../../thread-store/tests/session/play.rs"]
mod play;

use codex_thread_store::{HistoryMode, View};
use serde_json::{Value, json};

use play::{THREAD, play, shorten};
use support::{Wire, server};

async fn answer(mode: HistoryMode, view: View) -> String {
    let home = tempfile::tempdir().expect("a folder");
    let store = play(home.path(), mode).await;
    let mut wire = Wire::initialized(server(store, view), true).await;
    let params = json!({"threadId": THREAD, "limit": 100, "sortDirection": "asc", "itemsView": "full"});
    let mut answer: Value = wire.result("thread/turns/list", params).await;
    shorten(&mut answer);
    serde_json::to_string_pretty(&answer).expect("a value")
}

#[tokio::test]
async fn a_legacy_session_on_the_wire() {
    insta::assert_snapshot!(answer(HistoryMode::Legacy, View::Full).await);
}

#[tokio::test]
async fn a_legacy_session_as_codex_shows_it() {
    insta::assert_snapshot!(answer(HistoryMode::Legacy, View::Codex).await);
}

#[tokio::test]
async fn a_paginated_session_on_the_wire() {
    insta::assert_snapshot!(answer(HistoryMode::Paginated, View::Full).await);
}
