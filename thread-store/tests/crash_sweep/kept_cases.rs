//! What sweeps once found, by name.

use std::path::Path;
use std::sync::Arc;

use codex_rollout::fs::{Crash, Fault, LogFs as _};
use codex_thread_store::live::LiveThread;
use codex_thread_store::{StoreErrorKind, ThreadStore};

use crate::agent::{thread, turn_batches};
use crate::answers::list_query;
use crate::machine::{IndexFolder, Machine, Process};
use crate::operations::rollout_of;
use crate::world::{BEGIN_MS, LEGACY, lifecycle, world};

/// Opens the legacy thread, and fails to revert it because the disk is full.
fn with_failed_revert(check: impl AsyncFn(&Process, &LiveThread)) {
    let machine = Machine::new(world().disk.crash(Crash::Process), BEGIN_MS);
    let index = IndexFolder::of(&world().index);
    let process = Process::start(&machine, index.path(), 1 << 41).expect("a home");
    process.run(async {
        let store: Arc<dyn ThreadStore> = process.store.clone();
        let live = LiveThread::resume(store, thread(LEGACY), process.options(1)).await;
        let live = live.expect("opened");
        process.faults.add(Fault::FullFrom {
            at: process.faults.operation_count(),
        });
        let error = live.revert("c").await.expect_err("the disk is full");
        assert_eq!(error.kind(), StoreErrorKind::Internal);
        process.faults.heal();
        check(&process, &live).await;
    });
}

#[test]
fn an_open_thread_is_reverted_once_the_disk_has_room_again() {
    with_failed_revert(async |_, live| {
        live.revert("c").await.expect("there is room");
    });
}

#[test]
fn an_open_thread_is_forked_after_a_failure_although_it_has_appended_nothing_since() {
    with_failed_revert(async |process, _| {
        let fork = codex_thread_store::ForkRequest::new(thread(LEGACY), thread(crate::world::NEW));
        lifecycle(&*process.store)
            .fork_thread(fork)
            .await
            .expect("there is room");
    });
}

#[test]
fn the_first_append_after_a_failed_revert_is_taken() {
    with_failed_revert(async |_, live| {
        let items = turn_batches(thread(LEGACY), "t")[0].clone();
        live.append(&items, None).await.expect("there is room");
    });
}

#[test]
fn a_rollout_that_went_and_came_back_unchanged_is_listed_again() {
    let machine = Machine::new(world().disk.crash(Crash::Process), BEGIN_MS);
    let index = IndexFolder::of(&world().index);
    let process = Process::start(&machine, index.path(), 1 << 41).expect("a home");
    let listed = || {
        machine.wait(2_000);
        let page = process.run(process.store.list_threads(list_query())).expect("a list");
        page.threads.iter().any(|record| record.thread_id == thread(LEGACY))
    };
    assert!(listed());
    let (path, away) = (rollout_of(&machine.disk, LEGACY), Path::new("/home/away"));
    machine.disk.rename(&path, away).expect("moved");
    assert!(!listed());
    machine.disk.rename(away, &path).expect("moved back");
    assert!(listed());
}

#[test]
fn a_thread_whose_log_lost_even_its_header_is_not_listed_although_the_index_knows_it() {
    let machine = Machine::new(world().disk.crash(Crash::Process), BEGIN_MS);
    let index = IndexFolder::of(&world().index);
    machine.disk.put(&rollout_of(&machine.disk, LEGACY), b"").expect("cut");
    let process = Process::start(&machine, index.path(), 1 << 41).expect("a home");
    let page = process.run(process.store.list_threads(list_query())).expect("a list");
    assert!(!page.threads.iter().any(|record| record.thread_id == thread(LEGACY)));
}
