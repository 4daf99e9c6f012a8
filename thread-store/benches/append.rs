//! What recording costs: appends that are acknowledged as written, and synced turn ends over many threads.
//!
//! `cargo bench -p codex-thread-store --bench append` prints one JSON line per figure; compare within one run only, because
//! the disk decides; `-- written` or `-- synced` measures one of both. The bare loop of syncs is measured in the same run, in
//! turns with ours. What is appended is made before.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a measurement: it reads the time, speaks to people and stops at the first failure"
)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_thread_store::live::{IdSource, LiveOptions, LiveThread, RawItem, SystemIds};
use codex_thread_store::{Clock, Durability, HistoryMode, LocalStore, LocalStoreOptions, NewThread, ThreadStore};
use serde_json::{Value, json};

/// Batches of the first figure.
const WRITTEN_BATCHES: usize = 4_000;
/// Items of a batch.
const BATCH_ITEMS: usize = 8;
/// Text of an item.
const ITEM_BYTES: usize = 1_000;
/// Threads of the second figure.
const SYNCED_THREADS: usize = 64;
/// Turn ends of each thread in a round.
const SYNCED_TURNS: usize = 24;
/// Rounds of the second figure, each after one of the bare loop.
const ROUNDS: usize = 3;

fn main() {
    // Cargo runs benches with `--bench`, and tests of all targets without; then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    // `cargo bench ... -- written` measures that alone, for a profile.
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let is_wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if is_wanted("written") {
        runtime.block_on(written());
    }
    for threads in [1, SYNCED_THREADS] {
        if !is_wanted("synced") {
            continue;
        }
        let (mut bare, mut ours) = (Measured::default(), Measured::default());
        for _ in 0..ROUNDS {
            bare.add(bare_syncs(threads));
            ours.add(runtime.block_on(synced(threads)));
        }
        bare.report(&format!("bare syncs, {threads} files"), "syncs");
        ours.report(&format!("synced turn ends, {threads} threads"), "turns");
    }
}

/// How long things took: all together, and each.
#[derive(Default)]
struct Measured {
    total: Duration,
    each: Vec<Duration>,
}

impl Measured {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.each.extend(other.each);
    }

    fn report(self, name: &str, unit: &str) {
        report(name, self.each.len(), unit, self.total, self.each);
    }
}

fn store(home: &Path) -> Arc<dyn ThreadStore> {
    std::fs::create_dir_all(home.join("sessions")).unwrap();
    LocalStore::open(LocalStoreOptions::new(home)).unwrap()
}

async fn live(store: &Arc<dyn ThreadStore>, thread_id: ThreadId) -> LiveThread {
    let new = NewThread::new(thread_id, HistoryMode::Paginated, "/home/user/project");
    let options = LiveOptions::new(Clock::system());
    LiveThread::create(Arc::clone(store), new, options).await.unwrap()
}

fn event(payload: &Value) -> RawItem {
    RawItem::new("event_msg", RawJson::of(payload).unwrap())
}

fn start(turn: &str) -> RawItem {
    event(&json!({"type": "task_started", "turn_id": turn}))
}

fn item(thread_id: ThreadId, turn: &str, id: usize, text: &str) -> RawItem {
    event(&json!({
        "type": "item_completed", "thread_id": thread_id, "turn_id": turn, "started_at_ms": 1, "completed_at_ms": 2,
        "item": {"type": "AgentMessage", "id": format!("msg_{id}"), "content": [{"type": "Text", "text": text}]},
    }))
}

fn report(name: &str, count: usize, unit: &str, total: Duration, mut each: Vec<Duration>) {
    each.sort_unstable();
    let at = |share: f64| each[((each.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let figure = json!({
        "name": name, "per_second": (count as f64 / total.as_secs_f64()).round(), "unit": unit,
        "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0),
    });
    println!("{figure}");
}

/// P8: batches of items of one KB into one paginated thread, acknowledged as written.
async fn written() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let thread_id = ThreadId(SystemIds::new(Clock::system()).uuid_v7());
    let live = live(&store, thread_id).await;
    live.append(&[start("turn")], None).await.unwrap();
    let text = "x".repeat(ITEM_BYTES);
    let batches: Vec<Vec<RawItem>> = (0..WRITTEN_BATCHES)
        .map(|batch| {
            (0..BATCH_ITEMS)
                .map(|n| item(thread_id, "turn", batch * BATCH_ITEMS + n, &text))
                .collect()
        })
        .collect();
    let mut each = Vec::new();
    let begin = Instant::now();
    for batch in &batches {
        let sent = Instant::now();
        live.append(batch, Some(Durability::Written)).await.unwrap();
        each.push(sent.elapsed());
    }
    report("written", WRITTEN_BATCHES * BATCH_ITEMS, "items", begin.elapsed(), each);
    live.close().await.unwrap();
}

/// P9: ends of turns in many threads at once, each synced before it is acknowledged.
async fn synced(threads: usize) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let ids = SystemIds::new(Clock::system());
    let mut open = Vec::new();
    for _ in 0..threads {
        let thread_id = ThreadId(ids.uuid_v7());
        let live = live(&store, thread_id).await;
        live.append(&[start("t0")], Some(Durability::Synced)).await.unwrap();
        open.push((turns_of(thread_id), live));
    }
    let begin = Instant::now();
    let tasks: Vec<_> = open
        .into_iter()
        .map(|(turns, live)| tokio::spawn(record(turns, live)))
        .collect();
    let mut each = Vec::new();
    for task in tasks {
        each.extend(task.await.unwrap());
    }
    let total = begin.elapsed();
    Measured { total, each }
}

/// The end of each turn, and the start of the next one.
fn turns_of(thread_id: ThreadId) -> Vec<([RawItem; 2], [RawItem; 1])> {
    let turn = |number| {
        let turn = format!("t{number}");
        let end = event(&json!({"type": "task_complete", "turn_id": turn, "last_agent_message": null}));
        let next = start(&format!("t{}", number + 1));
        ([item(thread_id, &turn, number, "done"), end], [next])
    };
    (0..SYNCED_TURNS).map(turn).collect()
}

async fn record(turns: Vec<([RawItem; 2], [RawItem; 1])>, live: LiveThread) -> Vec<Duration> {
    let mut each = Vec::new();
    for (end, next) in turns {
        let sent = Instant::now();
        live.append(&end, None).await.unwrap();
        each.push(sent.elapsed());
        live.append(&next, None).await.unwrap();
    }
    each
}

/// The yardstick: the same number of small writes and syncs, a thread for each file.
fn bare_syncs(files: usize) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let open: Vec<File> = (0..files)
        .map(|n| {
            let path = folder.path().join(n.to_string());
            let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(&[b'x'; 400]).unwrap();
            file.sync_data().unwrap();
            file
        })
        .collect();
    let begin = Instant::now();
    let workers: Vec<_> = open
        .into_iter()
        .map(|mut file| {
            std::thread::spawn(move || {
                let mut each = Vec::new();
                for _ in 0..SYNCED_TURNS {
                    let sent = Instant::now();
                    file.write_all(&[b'x'; 400]).unwrap();
                    file.sync_data().unwrap();
                    each.push(sent.elapsed());
                }
                each
            })
        })
        .collect();
    let each: Vec<Duration> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
    let total = begin.elapsed();
    Measured { total, each }
}
