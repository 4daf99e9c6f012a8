//! Promises about finding everything that was said or done.
//!
//! Visible history only, by kinds of texts, ranked, on pages that hold every thread once, with counts of all.

use codex_protocol::ids::ThreadId;
use codex_state::query::{FieldKind, Typing, parse};
use serde_json::json;

use super::fixture::{StoreFixture, append, put_all, searching};
use super::log::{Log, thread};
use crate::history_query::{HistoryOrder, HistoryPage, HistoryQuery};
use crate::store::ThreadStore;

fn asking(text: &str) -> HistoryQuery {
    HistoryQuery {
        query: parse(text, 0, Typing::Done).expect("a query"),
        order: HistoryOrder::Ranked,
        limit: 100,
        hits_per_thread: 10,
        anchor: None,
        facets: true,
    }
}

async fn page(store: &dyn ThreadStore, query: HistoryQuery) -> HistoryPage {
    searching(store).search_history(query).await.expect("a page")
}

async fn found(store: &dyn ThreadStore, text: &str) -> Vec<ThreadId> {
    let page = page(store, asking(text)).await;
    let mut ids: Vec<ThreadId> = page.threads.iter().map(|thread| thread.thread.thread_id).collect();
    ids.sort_by_key(ToString::to_string);
    ids
}

fn command(log: &mut Log, turn_id: &str, item_id: &str, command: &str, output: &str) {
    log.item(
        turn_id,
        json!({
            "type": "CommandExecution", "id": item_id, "command": ["bash", "-lc", command], "cwd": "/w", "parsed_cmd": [],
            "source": "agent", "status": "completed", "aggregated_output": output, "exit_code": 0,
        }),
    );
}

/// Commands, outputs, patches with their paths, reasoning, plans, tools and web searches are found, each by its kind.
pub async fn what_was_done_is_found_by_its_kind(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u", "please look");
    command(&mut log, "t1", "c", "cargo alpha", "beta failed");
    log.item(
        "t1",
        json!({"type": "Reasoning", "id": "r", "summary_text": ["gamma ray"], "raw_content": []}),
    )
    .item("t1", json!({"type": "Plan", "id": "p", "text": "delta first"}))
    .item(
        "t1",
        json!({"type": "WebSearch", "id": "w", "query": "epsilon", "action": {"type": "search", "query": "epsilon"}}),
    )
    .item(
        "t1",
        json!({"type": "FileChange", "id": "f", "status": "completed", "changes": {
            "/w/src/parseHistoryBase.rs": {"type": "add", "content": "zeta line\n"}}}),
    )
    .item(
        "t1",
        json!({"type": "McpToolCall", "id": "m", "server": "docs", "tool": "eta", "status": "completed",
            "arguments": {"q": "theta"}, "result": {"content": [{"type": "text", "text": "iota"}]}}),
    )
    .agent("t1", "a", "all done")
    .complete("t1");
    let mut other = Log::paginated(2);
    other.turn("t1", "nothing", "here");
    put_all(fixture, &[&log, &other]).await;
    let store = fixture.store();
    for (text, kind) in [
        ("alpha", FieldKind::Command),
        ("in:output beta", FieldKind::Output),
        ("gamma", FieldKind::Reasoning),
        ("delta", FieldKind::Plan),
        ("epsilon", FieldKind::Web),
        ("zeta", FieldKind::Patch),
        ("path:src", FieldKind::Path),
        ("history base", FieldKind::Path),
        ("parse_history_base", FieldKind::Path),
        ("eta", FieldKind::Call),
        ("theta", FieldKind::Call),
        ("iota", FieldKind::Result),
    ] {
        let page = page(&*store, asking(text)).await;
        let hits: Vec<_> = page.threads.iter().flat_map(|thread| &thread.hits).collect();
        assert_eq!(hits.len(), 1, "{text}: {hits:?}");
        assert_eq!(
            (page.threads[0].thread.thread_id, hits[0].kind),
            (thread(1), kind),
            "{text}"
        );
        assert!(
            hits[0].item.is_some() && !hits[0].highlights.is_empty(),
            "{text}: {hits:?}"
        );
    }
    for text in ["in:message alpha", "in:command beta", "alpha -beta", "alpha gamma"] {
        assert_eq!(found(&*store, text).await, [], "{text}");
    }
    assert_eq!(found(&*store, "cargo beta").await, [thread(1)], "both of one item");
    assert_eq!(found(&*store, "here OR alpha").await, [thread(1), thread(2)]);
}

/// Calls of legacy threads are found in their command and their output, also together, whenever the output came.
pub async fn rebuilt_calls_are_found_whole(fixture: &dyn StoreFixture) {
    let mut log = Log::legacy(1);
    log.user("", "", "run it").response_item(json!({
        "type": "function_call", "name": "shell", "call_id": "call-1",
        "arguments": json!({"command": ["bash", "-lc", "make alpha"]}).to_string(),
    }));
    fixture.put(&log.file()).await;
    assert_eq!(found(&*fixture.store(), "alpha").await, [thread(1)]);
    assert_eq!(found(&*fixture.store(), "alpha beta").await, []);
    append(fixture, &mut log, |log| {
        log.response_item(json!({
            "type": "function_call_output", "call_id": "call-1",
            "output": json!({"output": "beta built", "metadata": {"exit_code": 0, "duration_seconds": 0.1}}).to_string(),
        }));
    })
    .await;
    let store = fixture.store();
    for text in [
        "alpha",
        "beta",
        "alpha beta",
        "in:output beta",
        "in:command alpha in:output beta",
    ] {
        assert_eq!(found(&*store, text).await, [thread(1)], "{text}");
    }
}

/// A fork is found by what it inherits, a thread not by what a revert cut; hidden context finds nothing.
pub async fn histories_are_found_as_they_are_seen(fixture: &dyn StoreFixture) {
    let mut source = Log::paginated(1);
    source.turn("t1", "alpha", "one");
    let cut = source.cut();
    source.start("t2");
    command(&mut source, "t2", "c", "beta", "gamma");
    source.response("user", "<environment_context>delta</environment_context>");
    let mut fork = Log::fork(2, 1, &cut);
    fork.turn("t3", "epsilon", "three");
    let mut reverted = Log::paginated(3);
    reverted.turn("t1", "zeta", "one");
    let kept = reverted.cut();
    reverted.turn("t2", "eta", "two");
    let revision = Log::revision(3, 4, &kept);
    put_all(fixture, &[&source, &fork, &reverted, &revision]).await;
    let store = fixture.store();
    for (text, expected) in [
        ("alpha", &[thread(1), thread(2)][..]),
        ("beta", &[thread(1)]),
        ("gamma", &[thread(1)]),
        ("delta", &[]),
        ("epsilon", &[thread(2)]),
        ("zeta", &[thread(3)]),
        ("eta", &[]),
    ] {
        assert_eq!(found(&*store, text).await, expected, "{text}");
    }
}

/// Messages come before commands, and these before outputs; pages hold every thread once; counts are those of all pages.
pub async fn answers_are_ranked_paged_and_counted(fixture: &dyn StoreFixture) {
    let mut said = Log::paginated(1);
    said.turn("t1", "the needle is here", "answer");
    let mut run = Log::paginated(2);
    run.start("t1").user("t1", "u", "question");
    command(&mut run, "t1", "c", "grep needle", "nothing");
    let mut seen = Log::paginated(3);
    seen.start("t1").user("t1", "u", "question");
    command(&mut seen, "t1", "c", "ls", "a needle");
    command(&mut seen, "t1", "d", "ls", "another needle");
    put_all(fixture, &[&seen, &said, &run]).await;
    let store = fixture.store();
    let all = page(&*store, asking("needle")).await;
    let order: Vec<ThreadId> = all.threads.iter().map(|thread| thread.thread.thread_id).collect();
    assert_eq!(order, [thread(1), thread(2), thread(3)]);
    assert_eq!((all.thread_count, all.hit_count, all.incomplete), (3, 4, None));
    let facets = all.facets.expect("facets were asked for");
    assert_eq!(facets.kinds[0], (FieldKind::Output, 2));
    assert_eq!(facets.months.iter().map(|(_, count)| count).sum::<u64>(), 4);
    assert_eq!(facets.projects.iter().map(|(_, count)| count).sum::<u64>(), 4);
    for order in [HistoryOrder::Ranked, HistoryOrder::Newest] {
        for limit in 1..=3 {
            let mut query = HistoryQuery {
                order,
                limit,
                facets: false,
                ..asking("needle")
            };
            let mut ids = Vec::new();
            loop {
                let page = page(&*store, query.clone()).await;
                ids.extend(page.threads.iter().map(|thread| thread.thread.thread_id.to_string()));
                let Some(next) = page.next else { break };
                query.anchor = Some(next);
                assert!(ids.len() < 10, "pages loop");
            }
            ids.sort();
            assert_eq!(ids, [1, 2, 3].map(|n| thread(n).to_string()), "{order:?} by {limit}");
        }
    }
}

/// What is appended is found at once, however often was searched before.
pub async fn appended_deeds_are_found_at_once(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.start("t1").user("t1", "u", "first");
    fixture.put(&log.file()).await;
    for word in ["alpha", "beta", "gamma"] {
        assert_eq!(found(&*fixture.store(), word).await, [], "{word} before");
        append(fixture, &mut log, |log| command(log, "t1", word, "ls", word)).await;
        assert_eq!(found(&*fixture.store(), word).await, [thread(1)], "{word} after");
    }
}
