//! One path through the store, for counting its instructions: `instructions prepare|index|page|list|search|append HOME`.
//!
//! `prepare` writes the fixed home that the other paths work on; `tools/bench/instructions` runs each under callgrind. Time
//! stands still here, ids are counted, and nothing runs behind the answers, so that the same code takes the same instructions.
#![allow(
    missing_docs,
    dead_code,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a measurement prepares its own files, speaks to people and stops at the first failure"
)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_test_support::clock;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread, RawItem};
use codex_thread_store::{Clock, Direction, Durability, HistoryMode, IndexStep, NewThread, ThreadStore};
use serde_json::json;
use tokio::runtime::Builder;
use uuid::Uuid;

/// So many times that what a start costs does not count.
const PAGES: usize = 20;
const LISTS: usize = 60;
const SEARCHES: usize = 30;
const BATCHES: usize = 60;
const BATCH_ITEMS: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, home] = arguments.as_slice() else {
        println!("usage: instructions prepare|index|page|list|search|append HOME");
        return;
    };
    let home = Path::new(home);
    if path == "prepare" {
        support::write_home(home);
        return;
    }
    // One thread for whatever blocks: two of them would share the work differently in every run.
    let runtime = Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let store = support::open(home);
    runtime.block_on(async {
        match path.as_str() {
            "index" => index(&store).await,
            "page" => page(&store).await,
            "list" => list(&store).await,
            "search" => search(&store).await,
            "append" => append(&store).await,
            _ => panic!("no such path"),
        }
    });
}

async fn index(store: &Arc<dyn ThreadStore>) {
    let maintenance = store.maintenance().unwrap();
    while maintenance.index_step().await.unwrap() != IndexStep::Done {}
}

async fn page(store: &Arc<dyn ThreadStore>) {
    let thread = support::long_thread();
    for _ in 0..PAGES {
        for direction in [Direction::Ascending, Direction::Descending] {
            let page = store.list_turns(support::turns(thread, direction)).await.unwrap();
            assert_eq!(page.turns.len(), 20);
        }
        assert_eq!(store.list_items(support::items(thread)).await.unwrap().items.len(), 50);
    }
}

async fn list(store: &Arc<dyn ThreadStore>) {
    for _ in 0..LISTS {
        assert_eq!(store.list_threads(support::list(None)).await.unwrap().threads.len(), 50);
        let found = store.list_threads(support::list(Some(support::COMMON))).await.unwrap();
        assert!(!found.threads.is_empty());
    }
}

async fn search(store: &Arc<dyn ThreadStore>) {
    for _ in 0..SEARCHES {
        for term in [support::RARE, support::COMMON] {
            let page = store
                .search()
                .unwrap()
                .search_threads(support::search(term))
                .await
                .unwrap();
            assert!(!page.hits.is_empty());
        }
    }
}

/// Ids in order.
#[derive(Debug, Default)]
struct CountedIds(AtomicU64);

impl IdSource for CountedIds {
    fn uuid_v7(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x019b_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}

async fn append(store: &Arc<dyn ThreadStore>) {
    let ids = Arc::new(CountedIds::default());
    let thread_id = ThreadId(ids.uuid_v7());
    let new = NewThread::new(thread_id, HistoryMode::Paginated, "/home/user/project");
    let mut options = LiveOptions::new(Clock::from_fn(|| clock::DEFAULT_START_MS));
    options.ids = ids;
    let live = LiveThread::create(Arc::clone(store), new, options).await.unwrap();
    let event = |payload: serde_json::Value| RawItem::new("event_msg", RawJson::of(&payload).unwrap());
    let start = event(json!({"type": "task_started", "turn_id": "turn"}));
    live.append(&[start], Some(Durability::Written)).await.unwrap();
    let text = "x".repeat(1_000);
    for batch in 0..BATCHES {
        let items: Vec<RawItem> = (0..BATCH_ITEMS)
            .map(|n| {
                event(json!({
                    "type": "item_completed", "thread_id": thread_id, "turn_id": "turn", "started_at_ms": 1, "completed_at_ms": 2,
                    "item": {"type": "AgentMessage", "id": format!("msg_{}", batch * BATCH_ITEMS + n),
                             "content": [{"type": "Text", "text": text}]},
                }))
            })
            .collect();
        live.append(&items, Some(Durability::Written)).await.unwrap();
        // The page indexes what was appended, so that how often that happens is not up to a timer.
        let page = store.list_turns(support::newest_turn(thread_id)).await.unwrap();
        assert_eq!(page.turns.len(), 1);
    }
    live.close().await.unwrap();
}
