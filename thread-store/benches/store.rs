//! What the store's calls cost without any wire: pages, lists, searches, appends.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prepares its own files and stops at the first failure"
)]

mod support;

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread, RawItem, SystemIds};
use codex_thread_store::{Clock, Direction, Durability, HistoryMode, IndexStep, NewThread, OccurrenceQuery, View};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use tokio::runtime::Runtime;

const BATCH_ITEMS: usize = 8;
const ITEM_BYTES: usize = 1_000;

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let thread = support::write_home(folder.path());
    let runtime = Runtime::new().unwrap();
    let store = support::open(folder.path());
    // Everything is indexed before the first measurement.
    while runtime.block_on(store.maintenance().unwrap().index_step()).unwrap() != IndexStep::Done {}
    let mut group = criterion.benchmark_group("store");
    for (name, direction) in [("newest", Direction::Descending), ("oldest", Direction::Ascending)] {
        group.bench_function(format!("page of 20 turns, {name}"), |bencher| {
            bencher.iter(|| {
                runtime
                    .block_on(store.list_turns(support::turns(thread, direction)))
                    .unwrap()
            });
        });
    }
    group.bench_function("page of 50 items", |bencher| {
        bencher.iter(|| runtime.block_on(store.list_items(support::items(thread))).unwrap());
    });
    for (name, term) in [("list", None), ("list with a term", Some(support::COMMON))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(store.list_threads(support::list(term))).unwrap());
        });
    }
    let search = store.search().unwrap();
    for term in [support::RARE, support::COMMON] {
        group.bench_function(format!("search `{term}`"), |bencher| {
            bencher.iter(|| runtime.block_on(search.search_threads(support::search(term))).unwrap());
        });
    }
    group.bench_function("occurrences", |bencher| {
        let query = || OccurrenceQuery {
            thread_id: thread,
            view: View::Full,
            term: support::COMMON.to_owned(),
            anchor: None,
            limit: 20,
        };
        bencher.iter(|| runtime.block_on(search.search_occurrences(query())).unwrap());
    });
    group.finish();
}

fn event(payload: &serde_json::Value) -> RawItem {
    RawItem::new("event_msg", RawJson::of(payload).unwrap())
}

fn batch(thread_id: ThreadId, first: usize) -> Vec<RawItem> {
    let text = "x".repeat(ITEM_BYTES);
    (first..first + BATCH_ITEMS)
        .map(|n| {
            event(&json!({
                "type": "item_completed", "thread_id": thread_id, "turn_id": "turn", "started_at_ms": 1, "completed_at_ms": 2,
                "item": {"type": "AgentMessage", "id": format!("msg_{n}"), "content": [{"type": "Text", "text": text}]},
            }))
        })
        .collect()
}

fn appending(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    std::fs::create_dir_all(folder.path().join("sessions")).unwrap();
    let store = support::open(folder.path());
    let thread_id = ThreadId(SystemIds::new(Clock::system()).uuid_v7());
    let new = NewThread::new(thread_id, HistoryMode::Paginated, "/home/user/project");
    let options = LiveOptions::new(Clock::system());
    let live = runtime
        .block_on(LiveThread::create(Arc::clone(&store), new, options))
        .unwrap();
    let start = event(&json!({"type": "task_started", "turn_id": "turn"}));
    runtime.block_on(live.append(&[start], None)).unwrap();
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(BATCH_ITEMS as u64));
    let mut first = 0;
    group.bench_function("8 items of 1 KB, written", |bencher| {
        let next = || {
            first += BATCH_ITEMS;
            batch(thread_id, first)
        };
        let append = |items: Vec<RawItem>| {
            runtime
                .block_on(live.append(&items, Some(Durability::Written)))
                .unwrap()
        };
        bencher.iter_batched(next, append, criterion::BatchSize::SmallInput);
    });
    group.finish();
    runtime.block_on(live.close()).unwrap();
}

criterion_group!(parts, reading, appending);
criterion_main!(parts);
