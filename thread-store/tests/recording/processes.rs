//! Processes that are killed while they record, and processes that compete for one thread.
//!
//! What was acknowledged as written outlives its process, and a thread has one writer at any time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::IdSequence;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{HistoryMode, MemoryRollout, MetadataPatch, StoreError, ThreadStore};
use tempfile::TempDir;

use crate::agent::{MODES, thread, turn_batches};
use crate::answers::{LogLine, assert_ordinals, items_of, log_lines, read, whole_lines};
use crate::child::{Process, Role, block_on, open, open_thread, real_options};
use crate::sim_home::plain_store;

/// How many processes are killed; another number may be given.
const ROUNDS: u64 = 50;
const ROUNDS_VARIABLE: &str = "KILL_ROUNDS";
/// Seed of the moments of the kills; another one may be given.
const SEED_VARIABLE: &str = "KILL_SEED";
/// Kills before the next thread is begun.
const ROUNDS_PER_THREAD: u64 = 10;
/// Most acknowledgements that a child lives for.
const MAX_ACKNOWLEDGEMENTS: u64 = 12;

fn home() -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("sessions")).expect("folder");
    folder
}

fn rollout_of(home: &Path, thread_id: ThreadId) -> Option<MemoryRollout> {
    let mut folders = vec![home.join("sessions")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(&format!("{thread_id}.jsonl")) {
                return Some(MemoryRollout {
                    file_name: name,
                    bytes: fs::read(&path).expect("a file"),
                    mtime_ms: 0,
                    archived: false,
                });
            }
        }
    }
    None
}

/// How many lines of each turn there are; lines of different turns must not be mixed.
fn lines_per_turn(lines: &[LogLine]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in lines {
        if line.payload["type"] == "task_started" {
            current = line.payload["turn_id"].as_str().map(str::to_owned);
            let turn = current.clone().expect("a turn");
            assert!(!count.contains_key(&turn), "turn {turn} is recorded once");
        }
        if let Some(turn) = &current {
            let named = line.payload["turn_id"].as_str();
            assert!(named.is_none_or(|named| named == turn), "{line:?} in turn {turn}");
            *count.entry(turn.clone()).or_default() += 1;
        }
    }
    count
}

/// Kills a recording child after so many acknowledgements; returns the lines that each turn must have.
fn kill_after(
    acknowledgements: u64,
    home: &Path,
    thread_id: ThreadId,
    mode: HistoryMode,
    name: &str,
) -> BTreeMap<String, usize> {
    let mut child = Process::start(Role::Record(mode), home, thread_id, name);
    let mut acknowledged: BTreeMap<String, usize> = BTreeMap::new();
    let mut take = |said: &str| {
        let mut words = said.split(' ');
        let turn = words.next().expect("a turn").to_owned();
        let lines: usize = words
            .nth(1)
            .and_then(|lines| lines.parse().ok())
            .expect("a number of lines");
        *acknowledged.entry(turn).or_default() += lines;
    };
    for _ in 0..acknowledgements {
        take(&child.next().expect("a child records until it is killed"));
    }
    child.kill();
    // What it had said before it died counts too.
    while let Some(said) = child.next() {
        take(&said);
    }
    assert!(!child.wait());
    acknowledged
}

async fn go_on(store: &Arc<dyn ThreadStore>, thread_id: ThreadId, mode: HistoryMode, name: &str) {
    let live = open_thread(store, thread_id, mode).await.expect("a thread to continue");
    for batch in turn_batches(thread_id, name) {
        live.append(&batch, None).await.expect("recorded");
    }
    live.close().await.expect("closed");
}

#[test]
fn a_killed_process_loses_nothing_that_was_written() {
    let number = |name, default| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (rounds, seed) = (number(ROUNDS_VARIABLE, ROUNDS), number(SEED_VARIABLE, 1));
    println!("{SEED_VARIABLE}={seed}");
    let mut moments = IdSequence::new(&seed.to_string());
    let home = home();
    for round in 0..rounds {
        let mode = MODES[(round / ROUNDS_PER_THREAD % 2) as usize];
        let thread_id = thread((round / ROUNDS_PER_THREAD) as u32 + 1);
        let acknowledgements = moments.word() % (MAX_ACKNOWLEDGEMENTS + 1);
        let what = format!("round {round}, killed after {acknowledgements}");
        let before = rollout_of(home.path(), thread_id)
            .map(|rollout| log_lines(&rollout.bytes))
            .unwrap_or_default();

        let acknowledged = kill_after(acknowledgements, home.path(), thread_id, mode, &format!("r{round}"));
        let left = rollout_of(home.path(), thread_id)
            .map(|rollout| rollout.bytes)
            .unwrap_or_default();
        let left = whole_lines(&left);
        assert_eq!(left[..before.len()], before[..], "{what}");
        let counts = lines_per_turn(&left);
        for (turn, lines) in acknowledged {
            let there = counts.get(&turn).copied().unwrap_or_default();
            assert!(there >= lines, "{what}: {there} of {lines} lines of {turn}");
        }

        let store = open(home.path());
        block_on(go_on(&store, thread_id, mode, &format!("parent{round}")));
        let rollout = rollout_of(home.path(), thread_id).expect("a file");
        let lines = log_lines(&rollout.bytes);
        assert_ordinals(&lines);
        assert_eq!(lines[..left.len()], left[..], "{what}");
        let record = block_on(read(&*store, thread_id)).expect("readable");
        let expected = block_on(read(&plain_store(rollout), thread_id)).expect("readable");
        assert_eq!(items_of(&record), items_of(&expected), "{what}");
    }
}

#[test]
fn processes_that_compete_for_a_thread_write_one_after_the_other() {
    let home = home();
    let thread_id = thread(1);
    block_on(go_on(&open(home.path()), thread_id, HistoryMode::Paginated, "first"));
    let mut rivals: Vec<Process> = ["a", "b", "c"]
        .map(|name| Process::start(Role::Compete, home.path(), thread_id, name))
        .into();
    let mut wins = 0;
    for rival in &mut rivals {
        while let Some(said) = rival.next() {
            wins += usize::from(said == "won");
        }
        assert!(rival.wait(), "a rival met another writer, or lost what it wrote");
    }
    assert_eq!(wins, 24);
    let rollout = rollout_of(home.path(), thread_id).expect("a file");
    let lines = log_lines(&rollout.bytes);
    assert_ordinals(&lines);
    let counts = lines_per_turn(&lines);
    assert_eq!(counts.len(), wins + 1);
    let per_turn = counts["first"];
    assert!(counts.values().all(|count| *count == per_turn), "{counts:?}");
    let record = block_on(read(&*open(home.path()), thread_id)).expect("readable");
    assert_eq!(record.turns.len(), wins + 1);
}

#[test]
fn a_thread_that_another_process_writes_is_refused_by_name() {
    let home = home();
    let thread_id = thread(1);
    let mut holder = Process::start(Role::Hold, home.path(), thread_id, "holder");
    assert_eq!(holder.next().as_deref(), Some("holding"));
    let store = open(home.path());
    let is_conflict =
        |error: &StoreError| matches!(error, StoreError::WriterConflict { thread_id: named } if *named == thread_id);
    block_on(async {
        let resumed = LiveThread::resume(Arc::clone(&store), thread_id, real_options()).await;
        let error = resumed.map(|_| ()).expect_err("the thread has a writer");
        assert!(is_conflict(&error), "{error:?}");
        assert!(error.to_string().contains(&thread_id.to_string()));
        let patch = MetadataPatch {
            name: Some("named from outside".to_owned()),
            ..MetadataPatch::default()
        };
        let writes = store.writes().expect("a store that records");
        writes
            .update_metadata(thread_id, patch)
            .await
            .expect("a name is no line of the rollout");
        let record = read(&*store, thread_id).await.expect("readable meanwhile");
        assert_eq!(record.name.as_deref(), Some("named from outside"));
        assert_eq!(record.turns[0].status, codex_protocol::item::TurnStatus::InProgress);
    });
    holder.let_go();
    assert!(holder.wait());
    block_on(go_on(&store, thread_id, HistoryMode::Paginated, "mine"));
    let record = block_on(read(&*store, thread_id)).expect("readable");
    let turns: Vec<&str> = record.turns.iter().map(|turn| turn.turn_id.as_str()).collect();
    assert_eq!(turns, ["held", "mine"]);
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let home = home();
    let thread_id = thread(1);
    let mut holder = Process::start(Role::Hold, home.path(), thread_id, "holder");
    assert_eq!(holder.next().as_deref(), Some("holding"));
    holder.kill();
    assert!(!holder.wait());
    let locks = home.path().join("thread-writer-locks");
    assert!(
        locks.join(format!("{thread_id}.lock")).exists(),
        "a killed process leaves its file"
    );
    block_on(go_on(&open(home.path()), thread_id, HistoryMode::Paginated, "mine"));
    assert!(!locks.join(format!("{thread_id}.lock")).exists());
}
