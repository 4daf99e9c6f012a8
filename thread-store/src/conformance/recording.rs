//! Promises about recording threads and continuing them.
//!
//! What was acknowledged is in the next answer, under the ids that subscribers were told.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::item::TurnStatus;
use codex_protocol::log::RawJson;
use serde_json::{Value, json};

use super::fixture::{StoreFixture, list_query, read, turn_ids, turn_texts, turns};
use super::log::{Log, thread};
use crate::clock::Clock;
use crate::error::{StoreError, StoreErrorKind};
use crate::live::{Appended, EventStyle, ItemOrigin, LiveOptions, LiveThread, LiveUpdate, RawItem};
use crate::store::ThreadStore;
use crate::types::{HistoryMode, ListQuery, SourceFilter, View};
use crate::writes::{Durability, GitPatch, MemoryMode, MetadataPatch, NewThread};

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

fn new(n: u32, mode: HistoryMode) -> NewThread {
    NewThread::new(thread(n), mode, "/home/user/project")
}

pub(super) fn options() -> LiveOptions {
    LiveOptions::new(Clock::system())
}

pub(super) async fn create(fixture: &dyn StoreFixture, n: u32, mode: HistoryMode) -> LiveThread {
    LiveThread::create(fixture.store(), new(n, mode), options())
        .await
        .expect("a new thread")
}

pub(super) async fn resume(fixture: &dyn StoreFixture, thread_id: ThreadId) -> LiveThread {
    LiveThread::resume(fixture.store(), thread_id, options())
        .await
        .expect("a thread to continue")
}

fn raw(kind: &str, payload: &Value) -> RawItem {
    RawItem::new(kind, RawJson::of(payload).expect("values always serialise"))
}

fn event(payload: &Value) -> RawItem {
    raw("event_msg", payload)
}

fn completed(thread_id: ThreadId, turn: &str, item: &Value) -> RawItem {
    event(&json!({
        "type": "item_completed", "thread_id": thread_id, "turn_id": turn, "item": item,
        "started_at_ms": 1_772_442_000_000_i64, "completed_at_ms": 1_772_442_001_000_i64,
    }))
}

pub(super) fn start(turn: &str) -> RawItem {
    event(&json!({"type": "task_started", "turn_id": turn, "started_at": 1_772_442_000, "model_context_window": 1000}))
}

pub(super) fn end(turn: &str) -> RawItem {
    event(&json!({"type": "task_complete", "turn_id": turn, "last_agent_message": null, "completed_at": 1_772_442_009}))
}

pub(super) fn user(thread_id: ThreadId, turn: &str, text: &str) -> RawItem {
    let item = json!({"type": "UserMessage", "id": format!("user of {turn}"), "content": [{"type": "text", "text": text, "text_elements": []}]});
    completed(thread_id, turn, &item)
}

pub(super) fn agent(thread_id: ThreadId, turn: &str, text: &str) -> RawItem {
    let item = json!({"type": "AgentMessage", "id": format!("msg of {turn}"), "content": [{"type": "Text", "text": text}], "phase": null});
    completed(thread_id, turn, &item)
}

pub(super) fn turn(thread_id: ThreadId, turn: &str) -> Vec<RawItem> {
    vec![
        start(turn),
        user(thread_id, turn, &format!("ask {turn}")),
        agent(thread_id, turn, &format!("answer {turn}")),
        end(turn),
    ]
}

fn told_ids(appended: &Appended) -> Vec<String> {
    let ids = appended.updates.iter().filter_map(|update| match update {
        LiveUpdate::ItemCompleted { item, .. } => Some(item.id().to_owned()),
        _ => None,
    });
    ids.collect()
}

async fn read_ids(store: &Arc<dyn ThreadStore>, thread_id: ThreadId) -> Vec<String> {
    let turns = turns(&**store, thread_id).await;
    let items = turns.iter().flat_map(|turn| &turn.items);
    items.map(|item| item.item.id().to_owned()).collect()
}

/// A thread that has recorded nothing leaves nothing, whether it is closed or discarded.
pub async fn a_thread_without_records_leaves_nothing(fixture: &dyn StoreFixture) {
    for (n, mode) in [(1, HistoryMode::Legacy), (2, HistoryMode::Paginated)] {
        let live = create(fixture, n, mode).await;
        assert!(!live.is_materialized());
        let nothing = live
            .append(&[event(&json!({"type": "warning", "message": "not kept"}))], None)
            .await;
        assert_eq!(nothing.expect("an empty batch").persisted, 0);
        match mode {
            HistoryMode::Legacy => live.close().await.expect("closed"),
            HistoryMode::Paginated => live.discard().await.expect("discarded"),
        }
        let error = read(&*fixture.store(), thread(n), View::Full)
            .await
            .expect_err("nothing");
        assert_eq!(error.kind(), StoreErrorKind::NotFound);
    }
}

/// What was appended is in the next answer, in both modes, under the ids that subscribers were told.
pub async fn recorded_turns_are_read_back_under_the_ids_that_were_told(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        let mut told = Vec::new();
        for name in ["t1", "t2"] {
            let appended = live.append(&turn(thread(n), name), None).await.expect("recorded");
            assert_eq!(appended.durability, Durability::Synced, "the end of a turn is synced");
            assert_eq!(appended.dropped, []);
            told.extend(told_ids(&appended));
        }
        assert!(live.is_materialized());
        let store = fixture.store();
        assert_eq!(told.len(), 4);
        assert_eq!(read_ids(&store, thread(n)).await, told, "{mode:?}");
        let turns = turns(&*store, thread(n)).await;
        assert_eq!(turn_ids(&turns), ["t1", "t2"]);
        assert_eq!(turn_texts(&turns), ["ask t1", "answer t1", "ask t2", "answer t2"]);
        live.close().await.expect("closed");
    }
}

/// A recorded thread is listed at once, with what its first message says.
pub async fn recorded_threads_are_listed_at_once(fixture: &dyn StoreFixture) {
    let live = create(fixture, 1, HistoryMode::Paginated).await;
    live.append(&turn(thread(1), "t1"), None).await.expect("recorded");
    let query = ListQuery {
        view: View::Codex,
        sources: Some(vec![SourceFilter::Exec]),
        ..list_query()
    };
    let page = fixture.store().list_threads(query).await.expect("a list");
    let previews: Vec<&str> = page.threads.iter().map(|row| row.preview.as_str()).collect();
    assert_eq!(previews, ["ask t1"]);
    live.close().await.expect("closed");
}

/// What this process appends is in the rows of lists at once, however recently there was a list.
pub async fn appended_records_are_in_lists_at_once(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        live.persist().await.expect("a file");
        let store = fixture.store();
        let query = ListQuery {
            sources: Some(vec![SourceFilter::Exec]),
            include_unpreviewed: true,
            ..list_query()
        };
        for expected in ["", "ask t1"] {
            let page = store.list_threads(query.clone()).await.expect("a list");
            let row = page.threads.iter().find(|row| row.thread_id == thread(n));
            assert_eq!(row.map(|row| row.preview.as_str()), Some(expected), "{mode:?}");
            if expected.is_empty() {
                live.append(&turn(thread(n), "t1"), None).await.expect("recorded");
            }
        }
        live.close().await.expect("closed");
    }
}

/// A resumed thread goes on after its last record: ordinals without gap, also after several resumes.
pub async fn resumed_threads_continue_their_ordinals(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        let mut next = live
            .append(&turn(thread(n), "t1"), None)
            .await
            .expect("recorded")
            .next_ordinal;
        assert_eq!(next.is_some(), mode == HistoryMode::Paginated);
        live.close().await.expect("closed");
        for name in ["t2", "t3"] {
            let live = resume(fixture, thread(n)).await;
            let appended = live.append(&turn(thread(n), name), None).await.expect("recorded");
            assert_eq!(appended.first_ordinal, next);
            next = appended.next_ordinal;
            live.close().await.expect("closed");
        }
        let store = fixture.store();
        assert_eq!(turn_ids(&turns(&*store, thread(n)).await), ["t1", "t2", "t3"]);
        let state = store.index_state(thread(n)).await.expect("a state");
        assert_eq!(state.damage, []);
    }
}

/// Threads that were recorded elsewhere are continued in their own mode.
pub async fn threads_of_others_are_continued(fixture: &dyn StoreFixture) {
    let mut logs = [Log::legacy(1), Log::paginated(2)];
    for log in &mut logs {
        log.turn("t1", "one", "1");
        fixture.put(&log.file()).await;
    }
    for (n, mode) in (1..).zip(MODES) {
        let live = resume(fixture, thread(n)).await;
        assert_eq!(live.history_mode(), mode);
        live.append(&turn(thread(n), "t2"), None).await.expect("recorded");
        live.close().await.expect("closed");
        let turns = turns(&*fixture.store(), thread(n)).await;
        assert_eq!(turn_texts(&turns), ["one", "1", "ask t2", "answer t2"]);
    }
}

/// A thread has one writer; the next one comes when it has closed.
pub async fn a_second_writer_is_refused(fixture: &dyn StoreFixture) {
    let live = create(fixture, 1, HistoryMode::Paginated).await;
    live.append(&turn(thread(1), "t1"), None).await.expect("recorded");
    let second = LiveThread::resume(fixture.store(), thread(1), options()).await;
    let error = second.map(|_| ()).expect_err("one writer");
    assert!(
        matches!(error, StoreError::WriterConflict { thread_id } if thread_id == thread(1)),
        "{error:?}"
    );
    live.close().await.expect("closed");
    resume(fixture, thread(1)).await.close().await.expect("closed");
    let again = LiveThread::create(fixture.store(), new(1, HistoryMode::Legacy), options()).await;
    let error = again.map(|_| ()).expect_err("an id is given once");
    assert!(matches!(error, StoreError::ThreadExists { .. }), "{error:?}");
    let error = live.append(&turn(thread(1), "t2"), None).await.expect_err("closed");
    assert!(matches!(error, StoreError::NotOpen { .. }), "{error:?}");
}

/// The open turn of a thread that is being written is in progress; without a writer it was interrupted.
pub async fn an_open_turn_is_in_progress_while_there_is_a_writer(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        let half = [start("t1"), user(thread(n), "t1", "ask")];
        let written = live.append(&half, None).await.expect("recorded");
        assert_eq!(written.durability, Durability::Written);
        let store = fixture.store();
        assert_eq!(turns(&*store, thread(n)).await[0].status, TurnStatus::InProgress);
        live.close().await.expect("closed");
        assert_eq!(turns(&*store, thread(n)).await[0].status, TurnStatus::Interrupted);
        let live = resume(fixture, thread(n)).await;
        live.append(&[agent(thread(n), "t1", "late"), end("t1")], None)
            .await
            .expect("the open turn goes on");
        let turns = turns(&*store, thread(n)).await;
        assert_eq!((turns.len(), turns[0].status), (1, TurnStatus::Completed));
        assert_eq!(turn_texts(&turns), ["ask", "late"]);
        live.close().await.expect("closed");
    }
}

/// A batch with an item that cannot be recorded is refused as a whole, and names the item.
pub async fn a_refused_batch_leaves_nothing(fixture: &dyn StoreFixture) {
    let live = create(fixture, 1, HistoryMode::Paginated).await;
    live.append(&[start("t1")], None).await.expect("recorded");
    let streamed = raw(
        "response_item",
        &json!({"type": "message", "role": "assistant", "content": []}),
    );
    let bad = [
        event(&json!({"type": "no_such_event"})),
        raw("no_such_kind", &json!({})),
        user(thread(9), "t1", "of another thread"),
        event(&json!({"type": "task_started"})),
        streamed.with_origin(ItemOrigin::Streamed),
    ];
    for item in bad {
        let batch = [user(thread(1), "t1", "not kept"), item];
        match live.append(&batch, None).await {
            Err(StoreError::Rejected { index: 1, .. }) => {}
            other => panic!("{:?} gives {other:?}", batch[1]),
        }
    }
    let batch = [user(thread(1), "t1", "kept"), user(thread(1), "t1", "twice")];
    let twice = live.append(&batch, None).await.expect_err("an item is completed once");
    assert!(matches!(twice, StoreError::Rejected { index: 1, .. }), "{twice:?}");
    live.append(&[user(thread(1), "t1", "kept"), end("t1")], None)
        .await
        .expect("the thread goes on");
    let again = live.append(&[end("t1")], None).await.expect_err("a turn ends once");
    assert!(matches!(again, StoreError::Rejected { index: 0, .. }), "{again:?}");
    live.close().await.expect("closed");
    assert_eq!(turn_texts(&turns(&*fixture.store(), thread(1)).await), ["kept"]);
}

/// An agent of the old kind records paginated threads too, and one of the new kind legacy ones.
pub async fn both_styles_of_agents_record_both_modes(fixture: &dyn StoreFixture) {
    let old = |turn: &str| {
        vec![
            start(turn),
            event(
                &json!({"type": "user_message", "message": "ask", "images": [], "local_images": [], "text_elements": []}),
            ),
            event(&json!({"type": "agent_reasoning", "text": "**thinking**"})),
            event(&json!({"type": "agent_message", "message": "answer", "phase": null})),
            end(turn),
        ]
    };
    for (n, mode) in (1..).zip(MODES) {
        let options = LiveOptions {
            event_style: EventStyle::Legacy,
            ..options()
        };
        let live = LiveThread::create(fixture.store(), new(n, mode), options)
            .await
            .expect("a new thread");
        let appended = live.append(&old("t1"), None).await.expect("recorded");
        live.close().await.expect("closed");
        let store = fixture.store();
        assert_eq!(read_ids(&store, thread(n)).await, told_ids(&appended), "{mode:?}");
        assert_eq!(turns(&*store, thread(n)).await[0].items.len(), 3);
    }
}

/// Names, repository states and memory modes are known at once, of open and of closed threads.
pub async fn metadata_is_known_at_once(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        live.append(&turn(thread(n), "t1"), None).await.expect("recorded");
        let store = fixture.store();
        let writes = store.writes().expect("a store that records");
        let patch = |branch: Option<&str>| MetadataPatch {
            name: Some(format!("name {branch:?}")),
            git: GitPatch {
                sha: Some(Some("abc".to_owned())),
                branch: Some(branch.map(str::to_owned)),
                origin_url: None,
            },
            memory_mode: Some(MemoryMode::Disabled),
            ..MetadataPatch::default()
        };
        writes
            .update_metadata(thread(n), patch(Some("main")))
            .await
            .expect("an open thread");
        let record = read(&*store, thread(n), View::Full).await.expect("a thread");
        assert_eq!(record.name.as_deref(), Some("name Some(\"main\")"));
        let git = record.git.expect("a repository");
        assert_eq!((git.sha.as_deref(), git.branch.as_deref()), (Some("abc"), Some("main")));
        live.close().await.expect("closed");
        writes
            .update_metadata(thread(n), patch(None))
            .await
            .expect("a closed thread");
        let record = read(&*store, thread(n), View::Full).await.expect("a thread");
        assert_eq!(record.git.expect("a repository").branch, None, "{mode:?}");
        assert_eq!(turn_ids(&record.turns), ["t1"], "a change of metadata is no turn");
    }
    let store = fixture.store();
    let patch = MetadataPatch {
        name: Some("nobody".to_owned()),
        ..MetadataPatch::default()
    };
    let unknown = store
        .writes()
        .expect("a store that records")
        .update_metadata(thread(9), patch)
        .await;
    assert_eq!(unknown.expect_err("no such thread").kind(), StoreErrorKind::NotFound);
}

/// What a model needs to continue holds what was recorded, the session metadata first.
pub async fn a_model_context_holds_what_was_recorded(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        live.append(&turn(thread(n), "t1"), None).await.expect("recorded");
        let message =
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]});
        live.append(&[raw("response_item", &message)], None)
            .await
            .expect("recorded");
        live.close().await.expect("closed");
        let store = fixture.store();
        let context = store
            .writes()
            .expect("a store that records")
            .load_model_context(thread(n))
            .await
            .expect("a context");
        let kinds: Vec<&str> = context.records.iter().map(|record| record.item.kind()).collect();
        assert_eq!(kinds.first(), Some(&"session_meta"));
        assert_eq!(kinds.last(), Some(&"response_item"), "{mode:?}: {kinds:?}");
    }
}

/// Archived threads are not continued and not changed.
pub async fn archived_threads_are_not_continued(fixture: &dyn StoreFixture) {
    let mut log = Log::paginated(1);
    log.turn("t1", "one", "1");
    let mut file = log.file();
    file.archived = true;
    fixture.put(&file).await;
    let error = LiveThread::resume(fixture.store(), thread(1), options())
        .await
        .map(|_| ());
    assert!(matches!(error, Err(StoreError::Archived { .. })), "{error:?}");
    let patch = MetadataPatch {
        name: Some("name".to_owned()),
        ..MetadataPatch::default()
    };
    let store = fixture.store();
    let named = store
        .writes()
        .expect("a store that records")
        .update_metadata(thread(1), patch)
        .await;
    assert_eq!(named.expect_err("archived").kind(), StoreErrorKind::NotFound);
}

/// In the exact view subscribers are told the ids that this view shows.
pub async fn the_exact_view_is_told_its_own_ids(fixture: &dyn StoreFixture) {
    let options = LiveOptions {
        view: View::Codex,
        ..options()
    };
    let live = LiveThread::create(fixture.store(), new(1, HistoryMode::Legacy), options)
        .await
        .expect("a new thread");
    let mut told = Vec::new();
    for name in ["t1", "t2"] {
        let appended = live.append(&turn(thread(1), name), None).await.expect("recorded");
        told.extend(told_ids(&appended));
    }
    live.close().await.expect("closed");
    let record = read(&*fixture.store(), thread(1), View::Codex).await.expect("a thread");
    let items = record.turns.iter().flat_map(|turn| &turn.items);
    let shown: Vec<&str> = items.map(|item| item.item.id()).collect();
    assert_eq!(told, shown);
    assert_eq!(told[0], "item-1");
}

/// A live thread that is dropped leaves no lock behind, and nothing that was acknowledged is lost.
pub async fn a_dropped_thread_gives_its_lock_back(fixture: &dyn StoreFixture) {
    drop(create(fixture, 1, HistoryMode::Paginated).await);
    let live = create(fixture, 1, HistoryMode::Paginated).await;
    live.append(&turn(thread(1), "t1"), None).await.expect("recorded");
    drop(live);
    let live = resume(fixture, thread(1)).await;
    live.append(&turn(thread(1), "t2"), None).await.expect("recorded");
    live.close().await.expect("closed");
    assert_eq!(turn_ids(&turns(&*fixture.store(), thread(1)).await), ["t1", "t2"]);
}

/// A resumed thread knows how many tokens it had used, without reading its history.
pub async fn a_resumed_thread_recalls_its_use_of_tokens(fixture: &dyn StoreFixture) {
    let tokens = json!({"input_tokens": 7, "cached_input_tokens": 0, "output_tokens": 1, "reasoning_output_tokens": 0, "total_tokens": 8});
    let info = json!({"total_token_usage": tokens, "last_token_usage": tokens, "model_context_window": 1000});
    let count = event(&json!({"type": "token_count", "info": info, "rate_limits": null}));
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        live.append(&[start("t1"), count.clone(), end("t1")], None)
            .await
            .expect("recorded");
        live.close().await.expect("closed");
        let live = resume(fixture, thread(n)).await;
        let known = live.token_use().expect("a use of tokens");
        assert_eq!(
            (known.turn_id.as_str(), known.usage.total_token_usage.total_tokens),
            ("t1", 8)
        );
        live.close().await.expect("closed");
    }
}
