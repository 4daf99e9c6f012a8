//! The process or the machine goes down at every operation of a thread's life, in every way that the disk knows.
//!
//! What was acknowledged is there at its class, in order, once, under the same ids; nothing else is; the other threads are
//! as they were; and the thread goes on.

use std::io;
use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, FsOp, SimFs};
use codex_test_support::agent::Form;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    HistoryMode, IndexProgress, LocalStore, MemoryRollout, StoreErrorKind, StoreMaintenance, ThreadRecord, ThreadStore,
};

use crate::agent::{new_thread, options, thread, turn_batches};
use crate::answers::{LogLine, assert_ordinals, items_of, log_lines, read, whole_lines};
use crate::player::{Player, Promise, life};
use crate::sim_home::{HOME, SimHome, plain_store};

/// Set to go down at every operation in every way; otherwise at every change of the disk in some ways, in turn, and at
/// every so many other operations.
pub(crate) const EVERYTHING: &str = "CRASH_EVERYTHING";
const WAYS_OF_A_CHANGE: usize = 2;
const STRIDE_OF_READS: usize = 16;
/// How much later the next process runs.
const LATER_MS: i64 = 100_000_000;
const THREAD: u32 = 1;
const WITNESS: u32 = 2;

struct Quiet;

impl IndexProgress for Quiet {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

/// What a run without faults left.
struct Model {
    mode: HistoryMode,
    /// Promises before the first step and after each one.
    promises: Vec<Promise>,
    lines: Vec<LogLine>,
    witness: ThreadRecord,
    /// What was done on the disk.
    operations: Vec<FsOp>,
}

/// A home with one recorded thread, everything on stable storage.
fn disk_with_witness() -> SimFs {
    let home = SimHome::new(SimFs::new(), -LATER_MS);
    let store: Arc<dyn ThreadStore> = home.open().expect("a home");
    home.run(async {
        let new = new_thread(thread(WITNESS), HistoryMode::Paginated);
        let live = LiveThread::create(store, new, options(Form::Canonical)).await;
        let live = live.expect("a new thread");
        for batch in turn_batches(thread(WITNESS), "witness") {
            live.append(&batch, None).await.expect("recorded");
        }
        live.close().await.expect("closed");
    });
    let rollout = home.rollout_of(thread(WITNESS)).expect("a file");
    let disk = SimFs::new();
    let path = Path::new(HOME).join(rollout.relative_path());
    disk.put(&path, &rollout.bytes).expect("in memory");
    disk
}

fn model(disk: &SimFs, mode: HistoryMode) -> Model {
    let home = SimHome::new(disk.crash(Crash::Process), 0);
    let store = home.open().expect("a home");
    let mut player = Player::new(Arc::clone(&store), thread(THREAD), mode);
    let mut promises = vec![Promise::default()];
    for step in life(thread(THREAD)) {
        let taken = home.run(player.take(&step));
        taken.unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
        let before = promises.last().copied().unwrap_or_default();
        promises.push(before.after(&step, mode, player.given()));
    }
    let rollout = home.rollout_of(thread(THREAD)).expect("a file");
    let lines = log_lines(&rollout.bytes);
    assert_ordinals(&lines);
    assert_eq!(lines.len(), player.given());
    let operations = home.faults.operations().into_iter().map(|(op, _)| op).collect();
    let witness = home.run(read(&*store, thread(WITNESS))).expect("readable");
    Model {
        operations,
        mode,
        promises,
        lines,
        witness,
    }
}

/// Lives until operation `at` fails; returns how many steps were acknowledged.
fn live_until(home: &SimHome, mode: HistoryMode, at: u64) -> usize {
    home.faults.add(Fault::FailFrom {
        at,
        kind: io::ErrorKind::Other,
    });
    let Ok(store) = home.open() else { return 0 };
    let mut player = Player::new(store, thread(THREAD), mode);
    let steps = life(thread(THREAD));
    for (acknowledged, step) in steps.iter().enumerate() {
        if home.run(player.take(step)).is_err() {
            return acknowledged;
        }
    }
    steps.len()
}

/// In how many ways the machine goes down at an operation.
fn ways(at: usize, operations: &[FsOp]) -> usize {
    use FsOp as Op;
    if std::env::var_os(EVERYTHING).is_some() {
        return Crash::ALL.len();
    }
    match operations.get(at) {
        Some(
            Op::CreateDirAll | Op::Create | Op::Rename | Op::Remove | Op::SyncDir | Op::Write | Op::Sync | Op::SetLen,
        ) => WAYS_OF_A_CHANGE,
        Some(_) if !at.is_multiple_of(STRIDE_OF_READS) => 0,
        Some(_) | None => 1,
    }
}

fn sweep(mode: HistoryMode) {
    let prepared = disk_with_witness();
    let model = model(&prepared, mode);
    let mut crashes = Crash::ALL.into_iter().cycle();
    let mut keeps_index = false;
    for at in 0.. {
        let ways = ways(at, &model.operations);
        if ways == 0 {
            continue;
        }
        let home = SimHome::new(prepared.crash(Crash::Process), 0);
        let steps = live_until(&home, mode, at as u64);
        for crash in crashes.by_ref().take(ways) {
            keeps_index = !keeps_index;
            let what = format!("{mode:?}, operation {at}, {crash:?}, {steps} steps, index kept: {keeps_index}");
            let after = After {
                model: &model,
                steps,
                crash,
                what,
            };
            after.check(&home, keeps_index);
        }
        if home.faults.operation_count() <= at as u64 {
            assert!(at > 100, "the sweep ended after {at} operations");
            return;
        }
    }
}

/// A home after a crash, and what it must be.
struct After<'m> {
    model: &'m Model,
    steps: usize,
    crash: Crash,
    what: String,
}

impl After<'_> {
    fn check(&self, crashed: &SimHome, keeps_index: bool) {
        let home = SimHome::new(crashed.disk.crash(self.crash), LATER_MS);
        let home = if keeps_index { home.with_index_of(crashed) } else { home };
        let rollout = home.rollout_of(thread(THREAD));
        let store = home.open().expect("a home");
        home.run(self.check_others(&store));
        let survived = home.run(self.check_survivors(&store, rollout.clone()));
        let once = home.run(read(&*store, thread(THREAD)));
        drop(store);
        let store = home.open().expect("a home");
        let twice = home.run(read(&*store, thread(THREAD)));
        assert_eq!(format!("{once:?}"), format!("{twice:?}"), "{}", self.what);
        let before = rollout.map(|rollout| rollout.bytes);
        let unchanged = home.rollout_of(thread(THREAD)).map(|rollout| rollout.bytes);
        assert_eq!(unchanged, before, "{}: reading changes nothing", self.what);
        self.go_on(&home, &store, survived);
    }

    async fn check_others(&self, store: &Arc<LocalStore>) {
        let witness = read(&**store, thread(WITNESS)).await;
        let witness = witness.unwrap_or_else(|error| panic!("{}: {error}", self.what));
        assert_eq!(items_of(&witness), items_of(&self.model.witness), "{}", self.what);
    }

    /// Compares what is left with the promises; returns the lines.
    async fn check_survivors(&self, store: &Arc<LocalStore>, rollout: Option<MemoryRollout>) -> Vec<LogLine> {
        let before = self.model.promises[self.steps];
        let after = self.model.promises.get(self.steps + 1).copied().unwrap_or(before);
        let lines = rollout
            .as_ref()
            .map(|file| whole_lines(&file.bytes))
            .unwrap_or_default();
        let kept = match self.crash {
            Crash::Process => before.written,
            Crash::Power { .. } => before.synced,
        };
        assert!(
            (kept..=after.given).contains(&lines.len()),
            "{}: {} lines, {before:?}",
            self.what,
            lines.len()
        );
        assert_eq!(lines, self.model.lines[..lines.len()], "{}", self.what);
        let record = match read(&**store, thread(THREAD)).await {
            Ok(record) => record,
            Err(error) => {
                let known = matches!(error.kind(), StoreErrorKind::NotFound | StoreErrorKind::Unreadable);
                assert!(known && kept == 0 && lines.is_empty(), "{}: {error:?}", self.what);
                return lines;
            }
        };
        let name = record.name.as_deref();
        assert!(name == before.name || name == after.name, "{}: {name:?}", self.what);
        let branch = record.git.as_ref().and_then(|git| git.branch.as_deref());
        assert!(
            branch == before.branch || branch == after.branch,
            "{}: {branch:?}",
            self.what
        );
        self.compare(store, rollout.expect("a thread has a file"), &record)
            .await;
        lines
    }

    /// The store reads the file as a plain fold of its bytes does, and reports the same damage.
    async fn compare(&self, store: &Arc<LocalStore>, rollout: MemoryRollout, record: &ThreadRecord) {
        let plain = plain_store(rollout);
        let expected = read(&plain, thread(THREAD)).await.expect("readable");
        assert_eq!(record.turns, expected.turns, "{}", self.what);
        let state = store.index_state(thread(THREAD)).await.expect("a state");
        let expected = plain.index_state(thread(THREAD)).await.expect("a state");
        assert_eq!(state.damage, expected.damage, "{}", self.what);
    }

    /// Continues the thread, or begins it anew if there is nothing to continue, and reads the whole of it.
    fn go_on(&self, home: &SimHome, store: &Arc<LocalStore>, survived: Vec<LogLine>) {
        let what = &self.what;
        let shared: Arc<dyn ThreadStore> = store.clone();
        home.run(async {
            let live = match survived.is_empty() {
                true => {
                    let new = new_thread(thread(THREAD), self.model.mode);
                    LiveThread::create(shared, new, options(Form::Canonical)).await
                }
                false => LiveThread::resume(shared, thread(THREAD), options(Form::Canonical)).await,
            };
            let live = live.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            for batch in turn_batches(thread(THREAD), "t9") {
                let appended = live.append(&batch, None).await;
                appended.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            }
            live.close().await.expect("closed");
        });
        let rollout = home.rollout_of(thread(THREAD)).expect("a file");
        let lines = log_lines(&rollout.bytes);
        assert_ordinals(&lines);
        assert_eq!(lines[..survived.len()], survived[..], "{what}");
        home.run(async {
            let record = read(&**store, thread(THREAD)).await.expect("readable");
            let last = record.turns.last().expect("a turn");
            assert_eq!((last.turn_id.as_str(), last.items.len()), ("t9", 5), "{what}");
            self.compare(store, rollout, &record).await;
            let report = store.verify(Arc::new(Quiet)).await.expect("a report");
            assert_eq!((report.differing, report.unreadable), (vec![], vec![]), "{what}");
        });
    }
}

#[test]
fn a_crash_anywhere_in_the_life_of_a_legacy_thread() {
    sweep(HistoryMode::Legacy);
}

#[test]
fn a_crash_anywhere_in_the_life_of_a_paginated_thread() {
    sweep(HistoryMode::Paginated);
}
