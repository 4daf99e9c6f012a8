//! The shared front of the writer: classes, back-pressure, shared syncs, failures, the end.

#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "recorder/support.rs"]
mod support;

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

use codex_protocol::log::{HistoryMode, RawJson};
use codex_rollout::fs::{Crash, Fault, FaultFs, FsOp, LogFs, SimFs, SurvivingBytes, SurvivingNames};
use codex_rollout::locks::{WriterLocks, WriterProbe};
use codex_rollout::recorder::{
    Durability, EncodedItem, MAX_CALLER_WRITE_BYTES, OrdinalRange, RecordError, Recorder, RecorderOptions,
    RecorderPool, RolloutWriter, SLOW_WRITE_MS, SYNC_THREADS, WriteError,
};
use support::{HOME, NOW_MS, THREAD, lease, meta_line, new_rollout, note, note_line, rollout, text};

const LOST_POWER: Crash = Crash::Power {
    names: SurvivingNames::Synced,
    bytes: SurvivingBytes::Synced,
};

fn pool(options: RecorderOptions) -> RecorderPool {
    RecorderPool::new(options, Arc::new(|| NOW_MS)).expect("threads")
}

/// A recorder on a disk that obeys faults.
fn recorder(pool: &RecorderPool, fs: &SimFs) -> (Recorder, FaultFs) {
    let faulty = FaultFs::new(Arc::new(fs.clone()));
    let new = new_rollout(HistoryMode::Paginated);
    let writer = RolloutWriter::create(Arc::new(faulty.clone()), Path::new(HOME), lease(fs), new).expect("prepares");
    (pool.open(writer), faulty)
}

/// Holds back the next operation until something is sent or the sender is dropped.
fn hold_next(faulty: &FaultFs) -> Sender<()> {
    let (sender, receiver) = channel();
    faulty.add(Fault::Before {
        at: faulty.operation_count(),
        action: Box::new(move || {
            // An error says that the sender was dropped, which is the other way to go on.
            let _ = receiver.recv();
        }),
    });
    sender
}

fn sync_count(faulty: &FaultFs) -> usize {
    let operations = faulty.operations();
    operations.iter().filter(|(op, _)| *op == FsOp::Sync).count()
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn each_class_is_acknowledged_with_what_it_promises() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    assert_eq!(recorder.next_ordinal(), Some(1));
    let queued = block_on(recorder.append(vec![note(1), note(2)], Durability::Queued)).expect("accepted");
    assert_eq!((queued.durability, queued.bytes), (Durability::Queued, None));
    assert_eq!(queued.ordinals, Some(OrdinalRange { first: 1, next: 3 }));
    let written = block_on(recorder.append(vec![note(3)], Durability::Written)).expect("written");
    assert_eq!(written.durability, Durability::Written);
    assert_eq!(text(&fs.crash(Crash::Process)), rollout(3));
    let synced = recorder
        .append_blocking(vec![note(4)], Durability::Synced)
        .expect("synced");
    assert_eq!(
        (synced.durability, synced.ordinals),
        (Durability::Synced, Some(OrdinalRange { first: 4, next: 5 }))
    );
    assert_eq!(text(&fs.crash(LOST_POWER)), rollout(4));
    assert_eq!(recorder.next_ordinal(), Some(5));
}

#[test]
fn those_who_wait_for_one_file_share_a_sync() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, faulty) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Written)
        .expect("written");
    let held = hold_next(&faulty);
    let first = recorder.sync();
    let waiting: Vec<_> = (0..20).map(|_| recorder.sync()).collect();
    drop(held);
    first.wait().expect("synced");
    for ticket in waiting {
        ticket.wait().expect("synced");
    }
    assert!(sync_count(&faulty) <= 2, "{} syncs", sync_count(&faulty));
}

#[test]
fn many_files_are_synced_at_once() {
    let pool = pool(RecorderOptions::default());
    let barrier = Arc::new(Barrier::new(SYNC_THREADS));
    let syncs: Vec<_> = (0..SYNC_THREADS)
        .map(|_| {
            let (recorder, faulty) = recorder(&pool, &SimFs::new());
            recorder
                .append_blocking(vec![note(1)], Durability::Written)
                .expect("written");
            let barrier = Arc::clone(&barrier);
            faulty.add(Fault::Before {
                at: faulty.operation_count(),
                action: Box::new(move || {
                    barrier.wait();
                }),
            });
            recorder.sync()
        })
        .collect();
    // Ends only if all syncs are under way together.
    for sync in syncs {
        sync.wait().expect("synced");
    }
}

#[test]
fn no_more_files_are_synced_at_once_than_there_are_threads_for() {
    const FILES: usize = 8;
    let pool = pool(RecorderOptions {
        sync_threads: 2,
        ..RecorderOptions::default()
    });
    // Both threads meet at each sync, so that two are always under way; a third would be counted.
    let barrier = Arc::new(Barrier::new(2));
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let syncs: Vec<_> = (0..FILES)
        .map(|_| {
            let (recorder, faulty) = recorder(&pool, &SimFs::new());
            recorder
                .append_blocking(vec![note(1)], Durability::Written)
                .expect("written");
            let (barrier, under_way, most) = (Arc::clone(&barrier), Arc::clone(&under_way), Arc::clone(&most));
            faulty.add(Fault::Before {
                at: faulty.operation_count(),
                action: Box::new(move || {
                    let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    barrier.wait();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                }),
            });
            recorder.sync()
        })
        .collect();
    for sync in syncs {
        sync.wait().expect("synced");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

/// Returns which thread writes the next batch.
fn writing_thread(faulty: &FaultFs, append: impl FnOnce()) -> ThreadId {
    let (sender, receiver) = channel();
    // The first operation of an append looks at the length of the file.
    faulty.add(Fault::Before {
        at: faulty.operation_count(),
        action: Box::new(move || sender.send(std::thread::current().id()).expect("received below")),
    });
    append();
    receiver.recv().expect("something was done")
}

fn item_of(encoded_bytes: u64) -> EncodedItem {
    let empty = EncodedItem::from_parts("event_msg", &RawJson::string(""), None).encoded_bytes();
    let text = "x".repeat(usize::try_from(encoded_bytes - empty).expect("fits"));
    EncodedItem::from_parts("event_msg", &RawJson::string(&text), None)
}

#[test]
fn a_batch_is_written_by_its_caller_unless_it_is_large_or_the_first() {
    let pool = pool(RecorderOptions::default());
    let (recorder, faulty) = recorder(&pool, &SimFs::new());
    let append = |item, durability| {
        writing_thread(&faulty, || {
            recorder.append_blocking(vec![item], durability).expect("accepted");
            recorder.flush().wait().expect("written");
        })
    };
    let here = std::thread::current().id();
    assert_ne!(append(note(1), Durability::Written), here, "makes the file");
    assert_eq!(append(note(2), Durability::Written), here);
    assert_eq!(append(note(3), Durability::Synced), here);
    assert_ne!(append(note(4), Durability::Queued), here, "nobody waits for it");
    assert_eq!(append(item_of(MAX_CALLER_WRITE_BYTES), Durability::Written), here);
    assert_ne!(append(item_of(MAX_CALLER_WRITE_BYTES + 1), Durability::Written), here);
}

#[test]
fn after_a_slow_write_a_thread_of_the_pool_writes_until_one_is_quick() {
    // Each look at the clock finds it later by the step.
    let (now, step) = (Arc::new(AtomicI64::new(NOW_MS)), Arc::new(AtomicI64::new(0)));
    let (clock, by) = (Arc::clone(&now), Arc::clone(&step));
    let now_ms = Arc::new(move || clock.fetch_add(by.load(Ordering::SeqCst), Ordering::SeqCst));
    let pool = RecorderPool::new(RecorderOptions::default(), now_ms).expect("threads");
    let (recorder, faulty) = recorder(&pool, &SimFs::new());
    let append = |step_ms| {
        step.store(step_ms, Ordering::SeqCst);
        writing_thread(&faulty, || {
            recorder
                .append_blocking(vec![note(1)], Durability::Written)
                .expect("written");
        })
    };
    let here = std::thread::current().id();
    append(0);
    assert_eq!(append(SLOW_WRITE_MS - 1), here);
    assert_eq!(append(SLOW_WRITE_MS), here, "the write before was quick");
    assert_ne!(append(SLOW_WRITE_MS), here);
    assert_ne!(append(0), here, "the write before was slow, too");
    assert_eq!(append(0), here);
}

#[test]
fn a_full_queue_makes_appends_wait_and_keeps_their_order() {
    let line_bytes = note(1).encoded_bytes();
    let limits = [(2, u64::MAX), (usize::MAX, 2 * line_bytes)];
    for (max_queued_batches, max_queued_bytes) in limits {
        let fs = SimFs::new();
        let pool = pool(RecorderOptions {
            max_queued_batches,
            max_queued_bytes,
            ..RecorderOptions::default()
        });
        let (recorder, faulty) = recorder(&pool, &fs);
        recorder.persist().wait().expect("written");
        let held = hold_next(&faulty);
        for number in 1..=2 {
            recorder
                .append_blocking(vec![note(number)], Durability::Queued)
                .expect("accepted");
        }
        let mut third = pin!(recorder.append(vec![note(3)], Durability::Queued));
        let mut noop = Context::from_waker(Waker::noop());
        assert!(third.as_mut().poll(&mut noop).is_pending(), "beyond the limit");
        drop(held);
        block_on(third).expect("accepted");
        recorder.flush().wait().expect("written");
        assert_eq!(text(&fs), rollout(3));
    }
}

#[test]
fn one_batch_always_fits() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions {
        max_queued_bytes: 1,
        ..RecorderOptions::default()
    });
    let (recorder, _) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1), note(2)], Durability::Written)
        .expect("written");
    assert_eq!(text(&fs), rollout(2));
}

#[test]
fn a_write_that_fails_once_is_repeated_and_nothing_is_written_twice() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, faulty) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Written)
        .expect("written");
    // The next operations are the status of the file and the write.
    faulty.add(Fault::FailAt {
        at: faulty.operation_count() + 1,
        kind: io::ErrorKind::Interrupted,
    });
    let ack = recorder
        .append_blocking(vec![note(2)], Durability::Written)
        .expect("written");
    assert_eq!(ack.ordinals, Some(OrdinalRange { first: 2, next: 3 }));
    assert_eq!(text(&fs), rollout(2));
}

#[test]
fn batches_acknowledged_as_queued_outlive_a_full_disk() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Written)
        .expect("written");
    fs.set_free_bytes(Some(10));
    recorder
        .append_blocking(vec![note(2)], Durability::Queued)
        .expect("accepted");
    let error = recorder.flush().wait().expect_err("full");
    assert!(
        matches!(&error, RecordError::Write(error) if error.is_storage_full()),
        "{error}"
    );
    assert!(recorder.is_poisoned());
    let refused = recorder
        .append_blocking(vec![note(9)], Durability::Queued)
        .expect_err("poisoned");
    assert!(matches!(refused, RecordError::Write(_)));
    recorder.reopen().wait().expect_err("still full");
    assert_eq!(text(&fs), rollout(1));
    fs.set_free_bytes(None);
    recorder.reopen().wait().expect("room again");
    let ack = recorder
        .append_blocking(vec![note(3)], Durability::Written)
        .expect("written");
    assert_eq!(ack.ordinals, Some(OrdinalRange { first: 3, next: 4 }));
    assert_eq!(text(&fs), rollout(3));
}

#[test]
fn a_blocked_folder_keeps_queued_items_for_a_later_retry() {
    let fs = SimFs::new();
    fs.put(Path::new("/home/sessions"), b"in the way").expect("in memory");
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Queued)
        .expect("accepted");
    recorder.flush().wait().expect_err("blocked");
    fs.remove(Path::new("/home/sessions")).expect("in memory");
    recorder.reopen().wait().expect("free");
    assert_eq!(text(&fs), rollout(1));
    recorder
        .append_blocking(vec![note(2)], Durability::Written)
        .expect("written");
    assert_eq!(text(&fs), rollout(2));
}

#[test]
fn a_failed_sync_tells_everybody_and_is_never_repeated() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, faulty) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Written)
        .expect("written");
    faulty.add(Fault::FailAt {
        at: faulty.operation_count(),
        kind: io::ErrorKind::Other,
    });
    let error = recorder.sync().wait().expect_err("fails");
    assert!(matches!(&error, RecordError::Write(error) if matches!(&**error, WriteError::Io { action: "sync", .. })));
    recorder.sync().wait().expect_err("poisoned");
    assert_eq!(sync_count(&faulty), 1);
    let reopened = recorder.reopen().wait().expect("readable");
    assert_eq!(reopened.unsynced_bytes, rollout(1).len() as u64);
    recorder
        .append_blocking(vec![note(2)], Durability::Synced)
        .expect("synced");
    assert_eq!(text(&fs.crash(LOST_POWER)), rollout(2));
}

#[test]
fn a_batch_that_cannot_be_synced_is_in_doubt() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, faulty) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Synced)
        .expect("synced");
    faulty.add(Fault::FailAll {
        op: FsOp::Sync,
        kind: io::ErrorKind::Other,
    });
    let error = recorder
        .append_blocking(vec![note(2)], Durability::Synced)
        .expect_err("not synced");
    assert!(matches!(error, RecordError::InDoubt(_)), "{error:?}");
    assert_eq!(text(&fs), rollout(2), "written all the same");
    let refused = recorder
        .append_blocking(vec![note(3)], Durability::Synced)
        .expect_err("poisoned");
    assert!(matches!(refused, RecordError::Write(_)), "not in the log: {refused:?}");
    assert_eq!(text(&fs), rollout(2));
}

#[test]
fn a_batch_that_cannot_be_taken_back_is_in_doubt() {
    let kind = io::ErrorKind::Other;
    for is_cut in [true, false] {
        let fs = SimFs::new();
        let pool = pool(RecorderOptions::default());
        let (recorder, faulty) = recorder(&pool, &fs);
        recorder
            .append_blocking(vec![note(1)], Durability::Written)
            .expect("written");
        if !is_cut {
            faulty.add(Fault::FailAll { op: FsOp::SetLen, kind });
        }
        fs.set_free_bytes(Some(note_line(Some(2), 2).len() as u64 + 10));
        let error = recorder
            .append_blocking(vec![note(2), note(3)], Durability::Written)
            .expect_err("full");
        assert_eq!(matches!(error, RecordError::InDoubt(_)), !is_cut, "{error:?}");
        assert_eq!(text(&fs).lines().count(), if is_cut { 2 } else { 4 });
    }
}

#[test]
fn closing_writes_what_was_accepted_and_frees_the_thread() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    recorder
        .append_blocking(vec![note(1)], Durability::Queued)
        .expect("accepted");
    let synced = recorder.sync();
    recorder.close().wait().expect("closed");
    synced.wait().expect("before the close");
    assert_eq!(text(&fs.crash(LOST_POWER)), rollout(1));
    let locks = WriterLocks::new(Arc::new(fs.clone()), Path::new(HOME));
    assert_eq!(
        locks.probe(THREAD.parse().expect("id")).expect("probe"),
        WriterProbe::Free
    );
    let refused = recorder.append_blocking(vec![note(2)], Durability::Queued);
    assert!(matches!(refused, Err(RecordError::Closed { .. })));
    assert!(matches!(recorder.flush().wait(), Err(RecordError::Closed { .. })));
}

#[test]
fn a_pool_that_ends_writes_what_is_queued_and_accepts_nothing_more() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    for number in 1..=50 {
        recorder
            .append_blocking(vec![note(number)], Durability::Queued)
            .expect("accepted");
    }
    drop(pool);
    assert_eq!(text(&fs), rollout(50));
    let refused = recorder.append_blocking(vec![note(51)], Durability::Written);
    assert!(matches!(refused, Err(RecordError::Closed { .. })));
}

#[test]
fn appends_of_many_threads_get_consecutive_ordinals_in_the_order_of_the_file() {
    let fs = SimFs::new();
    let pool = pool(RecorderOptions::default());
    let (recorder, _) = recorder(&pool, &fs);
    let mut ranges: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|thread| {
                let recorder = &recorder;
                scope.spawn(move || {
                    let append = |n| recorder.append_blocking(vec![note(thread), note(n)], Durability::Written);
                    (0..20_u64).map(|n| append(n).expect("written")).collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("thread"))
            .collect()
    });
    ranges.sort_by_key(|ack| ack.ordinals.map(|range| range.first));
    let mut next = (1, meta_line(HistoryMode::Paginated, Some(0)).len() as u64);
    for ack in ranges {
        let (ordinals, bytes) = (ack.ordinals.expect("paginated"), ack.bytes.expect("written"));
        assert_eq!((ordinals.first, bytes.start), next);
        next = (ordinals.next, bytes.end);
    }
    assert_eq!(next, (321, text(&fs).len() as u64));
}
