//! The disk is full, or an operation fails, and the process lives on.
//!
//! An error is clear; a batch is in the log as a whole or not at all; the live thread goes on by itself.

use std::error::Error;
use std::io;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_rollout::fs::{Fault, FsOp, SimFs};
use codex_test_support::agent::Form;
use codex_thread_store::live::{LiveOptions, LiveThread};
use codex_thread_store::{Durability, HistoryMode, StoreError, StoreErrorKind, ThreadStore, View};
use serde_json::Value;

use crate::agent::{MODES, new_thread, options, thread, turn_batches};
use crate::answers::{LogLine, assert_ordinals, read, whole_lines};
use crate::crash::EVERYTHING;
use crate::player::{Player, Step, life};
use crate::sim_home::SimHome;

const THREAD: u32 = 1;
/// How many times an agent tries a step.
const TRIES: usize = 4;

fn lines_of(home: &SimHome, thread_id: ThreadId) -> Vec<LogLine> {
    let rollout = home.rollout_of(thread_id);
    rollout.map(|rollout| whole_lines(&rollout.bytes)).unwrap_or_default()
}

/// What a line says besides ids, which a second try makes anew.
fn saying(lines: Vec<LogLine>) -> Vec<(String, Value)> {
    let saying = lines.into_iter().map(|line| (line.kind, without_ids(line.payload)));
    let mut saying: Vec<_> = saying.collect();
    // A change of metadata that is tried again is said again.
    saying.dedup_by(|next, last| next == last && next.0 == "session_meta");
    saying
}

fn without_ids(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(name, _)| name != "id");
            members.map(|(name, value)| (name, without_ids(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_ids).collect(),
        other => other,
    }
}

fn is_storage_full(error: &StoreError) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind() == io::ErrorKind::StorageFull;
        }
        source = error.source();
    }
    false
}

/// Fills the disk before batch number `full_at`, and makes room after two tries.
fn record_on_a_full_disk(mode: HistoryMode, full_at: usize, free_bytes: u64) -> (Vec<LogLine>, bool) {
    let home = SimHome::new(SimFs::new(), 0);
    let store: Arc<dyn ThreadStore> = home.open().expect("a home");
    let mut was_full = false;
    home.run(async {
        let live = LiveThread::create(
            Arc::clone(&store),
            new_thread(thread(THREAD), mode),
            options(Form::Canonical),
        );
        let live = live.await.expect("nothing is written yet");
        for (number, batch) in turn_batches(thread(THREAD), "t1").into_iter().enumerate() {
            if number == full_at {
                home.disk.set_free_bytes(Some(free_bytes));
                let before = lines_of(&home, thread(THREAD));
                for _ in 0..2 {
                    match live.append(&batch, Some(Durability::Synced)).await {
                        Ok(_) => break,
                        Err(error) => {
                            was_full = true;
                            assert!(is_storage_full(&error), "{error:?}");
                            assert!(
                                matches!(&error, StoreError::Record { thread_id, .. } if *thread_id == thread(THREAD))
                            );
                            assert_eq!(lines_of(&home, thread(THREAD)), before, "nothing of the batch");
                        }
                    }
                }
                home.disk.set_free_bytes(None);
                if !was_full {
                    continue;
                }
            }
            live.append(&batch, None).await.expect("there is room");
        }
        live.close().await.expect("closed");
        let record = read(&*store, thread(THREAD)).await.expect("readable");
        assert_eq!(record.turns[0].items.len(), 5);
    });
    let lines = lines_of(&home, thread(THREAD));
    assert_ordinals(&lines);
    (lines, was_full)
}

#[test]
fn a_batch_that_does_not_fit_leaves_nothing_and_is_taken_when_there_is_room() {
    for mode in MODES {
        let (whole, _) = record_on_a_full_disk(mode, 0, u64::MAX);
        for full_at in 0..3 {
            let mut free_bytes = 0;
            loop {
                let (lines, was_full) = record_on_a_full_disk(mode, full_at, free_bytes);
                assert_eq!(saying(lines), saying(whole.clone()), "{mode:?} {full_at} {free_bytes}");
                if !was_full {
                    break;
                }
                free_bytes += 173;
            }
            assert!(free_bytes > 300);
        }
    }
}

/// A thread's life in which some operations fail, by an agent that tries again what is not in the log.
struct Stubborn {
    home: SimHome,
    player: Player,
}

impl Stubborn {
    fn new(mode: HistoryMode) -> Self {
        let home = SimHome::new(SimFs::new(), 0);
        let player = Player::new(home.open().expect("a home"), thread(THREAD), mode);
        Self { home, player }
    }

    fn live(&mut self, what: &str) -> Vec<LogLine> {
        for step in life(thread(THREAD)) {
            self.surely(&step, &format!("{what}, {step:?}"));
        }
        lines_of(&self.home, thread(THREAD))
    }

    fn surely(&mut self, step: &Step, what: &str) {
        let before = lines_of(&self.home, thread(THREAD)).len();
        for _ in 0..TRIES {
            let error = match self.home.run(self.player.take(step)) {
                Ok(()) => return,
                Err(error) => error,
            };
            let expected = match error.kind() {
                StoreErrorKind::Internal | StoreErrorKind::Unreadable => true,
                // Readers may not find what they cannot look at; writers never say so.
                _ => matches!(step, Step::Look),
            };
            assert!(expected, "{what}: {error:?}");
            let more = lines_of(&self.home, thread(THREAD)).len() - before;
            match step {
                // Closed all the same.
                Step::Close => return,
                Step::Append(items, _) if more > 0 => {
                    // Written, but not synced: to be synced now, not to be appended again.
                    let header = usize::from(before == 0);
                    assert!(more >= items.len() + header, "{what}: a part of a batch, {more} lines");
                    self.surely(&Step::Flush(Durability::Synced), what);
                    return;
                }
                _ => {}
            }
        }
        panic!("{what}: still failing");
    }
}

#[test]
fn an_operation_that_fails_loses_and_repeats_nothing() {
    for mode in MODES {
        let mut undisturbed = Stubborn::new(mode);
        let expected = saying(undisturbed.live("undisturbed"));
        for at in undisturbed.changes() {
            let mut disturbed = Stubborn::new(mode);
            disturbed.home.faults.add(fail_at(at));
            let lines = disturbed.live(&format!("{mode:?}, operation {at}"));
            assert_ordinals(&lines);
            assert_eq!(saying(lines), expected, "{mode:?}, operation {at}");
        }
    }
}

#[test]
fn two_operations_that_fail_lose_and_repeat_nothing() {
    for mode in MODES {
        let mut undisturbed = Stubborn::new(mode);
        let expected = saying(undisturbed.live("undisturbed"));
        let writes = undisturbed.rollout_changes();
        for (number, at) in writes.into_iter().enumerate() {
            // While the thread is being opened again, another operation fails; not the one that takes back what a failed
            // write left, because then a part of a batch may stay.
            let (first, stride) = match std::env::var_os(EVERYTHING) {
                Some(_) => (2, 1),
                None => (2 + number as u64 % 4, 4),
            };
            for gap in (first..32).step_by(stride) {
                let mut disturbed = Stubborn::new(mode);
                disturbed.home.faults.add(fail_at(at));
                disturbed.home.faults.add(fail_at(at + gap));
                let what = format!("{mode:?}, operations {at} and {}", at + gap);
                let lines = disturbed.live(&what);
                assert_ordinals(&lines);
                assert_eq!(saying(lines), expected, "{what}");
            }
        }
    }
}

#[test]
fn an_append_that_cannot_be_synced_is_in_doubt_and_is_not_repeated() {
    for mode in MODES {
        let home = SimHome::new(SimFs::new(), 0);
        let store: Arc<dyn ThreadStore> = home.open().expect("a home");
        home.run(async {
            let live = LiveThread::create(
                Arc::clone(&store),
                new_thread(thread(THREAD), mode),
                options(Form::Canonical),
            );
            let live = live.await.expect("a new thread");
            let batches = turn_batches(thread(THREAD), "t1");
            live.append(&batches[0], Some(Durability::Synced))
                .await
                .expect("synced");
            let before = home.faults.operation_count();
            let operations = |after: u64| home.faults.operations().split_off(usize::try_from(after).expect("few"));
            live.append(&batches[1], Some(Durability::Synced))
                .await
                .expect("synced");
            let sync = operations(before)
                .iter()
                .position(|(op, _)| *op == FsOp::Sync)
                .expect("a sync");
            home.faults.add(fail_at(home.faults.operation_count() + sync as u64));
            let written = lines_of(&home, thread(THREAD)).len();
            let doubt = live.append(&batches[2], Some(Durability::Synced)).await;
            assert!(matches!(doubt, Err(StoreError::InDoubt { .. })), "{doubt:?}");
            assert!(lines_of(&home, thread(THREAD)).len() > written, "they are in the log");
            live.flush(Durability::Synced).await.expect("synced now");
            live.close().await.expect("closed");
            let record = read(&*store, thread(THREAD)).await.expect("readable");
            assert_eq!(record.turns[0].items.len(), 5, "{mode:?}");
        });
        assert_ordinals(&lines_of(&home, thread(THREAD)));
    }
}

/// Appends to a legacy thread whose subscribers are told the ids of the exact view, while the operation so many behind
/// the write of the second batch fails; tells whether there was one.
fn append_and_fail_behind_the_write(behind: u64) -> bool {
    let home = SimHome::new(SimFs::new(), 0);
    let store: Arc<dyn ThreadStore> = home.open().expect("a home");
    let options = LiveOptions {
        view: View::Codex,
        ..options(Form::Canonical)
    };
    home.run(async {
        let live = LiveThread::create(store, new_thread(thread(THREAD), HistoryMode::Legacy), options);
        let live = live.await.expect("a new thread");
        let [first, second, third] = turn_batches(thread(THREAD), "t1");
        live.append(&first, None).await.expect("recorded");
        let before = home.faults.operation_count();
        live.append(&second, None).await.expect("recorded");
        let operations = home.faults.operations();
        let of_append = &operations[usize::try_from(before).expect("few")..];
        let write = of_append
            .iter()
            .position(|(op, _)| *op == FsOp::Write)
            .expect("a write");
        let lines = lines_of(&home, thread(THREAD)).len();
        let at = home.faults.operation_count() + write as u64 + behind;
        home.faults.add(fail_at(at));
        let appended = live.append(&third, Some(Durability::Written)).await;
        let appended = appended.unwrap_or_else(|error| panic!("{behind} behind the write: {error:?}"));
        let more = lines_of(&home, thread(THREAD)).len() - lines;
        assert_eq!(appended.persisted, more as u64, "{behind} behind the write");
        assert!(appended.ids.iter().any(|ids| ids.item_id.is_some()));
        home.faults.operation_count() > at
    })
}

#[test]
fn an_append_whose_ids_cannot_be_read_does_not_fail() {
    let count = (1..)
        .take_while(|behind| append_and_fail_behind_the_write(*behind))
        .count();
    assert!(count > 2, "{count} operations behind the write");
}

fn fail_at(at: u64) -> Fault {
    Fault::FailAt {
        at,
        kind: io::ErrorKind::Other,
    }
}

impl Stubborn {
    /// Numbers of the operations that changed the disk.
    fn changes(&self) -> Vec<u64> {
        use FsOp as Op;
        let operations = (0..).zip(self.home.faults.operations());
        let changes = operations.filter(|(_, (op, _))| {
            matches!(
                op,
                Op::CreateDirAll | Op::Create | Op::OpenAppend | Op::Rename | Op::SyncDir | Op::Write | Op::Sync
            )
        });
        changes.map(|(at, _)| at).collect()
    }

    /// Those of them that were about the rollout's bytes.
    fn rollout_changes(&self) -> Vec<u64> {
        let rollout = self.player.path();
        let operations = (0..).zip(self.home.faults.operations());
        let changes = operations
            .filter(|(_, (op, path))| *path == rollout && matches!(op, FsOp::Create | FsOp::Write | FsOp::Sync));
        changes.map(|(at, _)| at).collect()
    }
}
