//! Promises about openings of threads: a handle that is out of date does nothing to the writer that came after it.

use super::fixture::{StoreFixture, turn_ids, turns};
use super::log::thread;
use super::recording::{agent, create, options, resume, start, turn, user};
use crate::error::{StoreError, StoreErrorKind};
use crate::live::LiveThread;
use crate::types::HistoryMode;
use crate::writes::Durability;

const MODES: [HistoryMode; 2] = [HistoryMode::Legacy, HistoryMode::Paginated];

/// What the owner of a handle that is out of date does with it.
#[derive(Debug, Clone, Copy)]
enum Late {
    Append,
    Persist,
    Flush,
    Close,
    Discard,
    Drop,
}

/// Makes a thread with one turn; the handle that recorded it is out of date, because the thread was archived meanwhile.
async fn stale(fixture: &dyn StoreFixture, n: u32, mode: HistoryMode) -> LiveThread {
    let live = create(fixture, n, mode).await;
    live.append(&turn(thread(n), "t1"), None).await.expect("recorded");
    let store = fixture.store();
    let lifecycle = store.lifecycle().expect("a store that archives");
    lifecycle.archive_thread(thread(n)).await.expect("archived");
    lifecycle.unarchive_thread(thread(n)).await.expect("unarchived");
    live
}

async fn use_late(live: LiveThread, n: u32, late: Late) {
    let used = match late {
        Late::Append => {
            let first = live.append(&turn(thread(n), "late"), None).await;
            assert!(matches!(first, Err(StoreError::NotOpen { .. })), "{first:?}");
            live.append(&turn(thread(n), "late"), None).await.map(|_| ())
        }
        Late::Persist => live.persist().await,
        Late::Flush => live.flush(Durability::Synced).await,
        Late::Close => live.close().await,
        Late::Discard => live.discard().await,
        Late::Drop => {
            drop(live);
            return;
        }
    };
    let error = used.expect_err("somebody else writes the thread");
    let is_refused = matches!(error, StoreError::NotOpen { .. } | StoreError::WriterConflict { .. });
    assert!(is_refused, "{late:?}: {error:?}");
}

/// Whatever is done with a handle whose thread somebody else opened meanwhile, the other writer goes on, alone.
pub async fn handles_that_are_out_of_date_touch_no_newer_writer(fixture: &dyn StoreFixture) {
    let uses = [
        Late::Append,
        Late::Persist,
        Late::Flush,
        Late::Close,
        Late::Discard,
        Late::Drop,
    ];
    for (n, late) in (1..).zip(uses) {
        for (n, mode) in [(n, MODES[0]), (n + 10, MODES[1])] {
            let old = stale(fixture, n, mode).await;
            let new = resume(fixture, thread(n)).await;
            use_late(old, n, late).await;
            let third = LiveThread::resume(fixture.store(), thread(n), options()).await;
            let error = third.map(|_| ()).expect_err("the newer writer has the lock");
            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{late:?} {mode:?}");
            new.append(&turn(thread(n), "t2"), None).await.expect("goes on");
            new.close().await.expect("closed");
            let read = turns(&*fixture.store(), thread(n)).await;
            assert_eq!(turn_ids(&read), ["t1", "t2"], "{late:?} {mode:?}");
        }
    }
}

/// A handle that is out of date opens the thread anew with its next append but one, if nobody else has it.
pub async fn handles_that_are_out_of_date_open_the_thread_anew(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = stale(fixture, n, mode).await;
        let refused = live.append(&turn(thread(n), "t2"), None).await;
        assert!(matches!(refused, Err(StoreError::NotOpen { .. })), "{refused:?}");
        live.append(&turn(thread(n), "t2"), None).await.expect("opened anew");
        live.close().await.expect("closed");
        resume(fixture, thread(n))
            .await
            .close()
            .await
            .expect("nobody has the lock");
        assert_eq!(turn_ids(&turns(&*fixture.store(), thread(n)).await), ["t1", "t2"]);
    }
}

/// The handle of a thread that was reverted while it was open still closes it.
pub async fn handles_of_reverted_threads_close_them(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        for name in ["t1", "t2"] {
            live.append(&turn(thread(n), name), None).await.expect("recorded");
        }
        let store = fixture.store();
        let lifecycle = store.lifecycle().expect("a store that reverts");
        lifecycle.revert_thread(thread(n), "t2").await.expect("reverted");
        live.close().await.expect("closed");
        let next = resume(fixture, thread(n)).await;
        next.append(&turn(thread(n), "t3"), None).await.expect("goes on");
        drop(next);
        resume(fixture, thread(n))
            .await
            .close()
            .await
            .expect("nobody has the lock");
        assert_eq!(turn_ids(&turns(&*store, thread(n)).await), ["t1", "t3"]);
    }
}

/// A thread that reverts itself goes on behind what is kept, and may use the id of a dropped turn again.
pub async fn live_threads_revert_themselves(fixture: &dyn StoreFixture) {
    for (n, mode) in (1..).zip(MODES) {
        let live = create(fixture, n, mode).await;
        live.append(&turn(thread(n), "t1"), None).await.expect("recorded");
        let half = [start("t2"), user(thread(n), "t2", "dropped")];
        live.append(&half, None).await.expect("recorded");
        let unknown = live.revert("zz").await;
        assert!(matches!(unknown, Err(StoreError::TurnNotFound { .. })), "{unknown:?}");
        live.append(&[agent(thread(n), "t2", "still open")], None)
            .await
            .expect("a refused revert changes nothing");
        let reverted = live.revert("t2").await.expect("reverted");
        assert_eq!(
            (reverted.thread_id, &reverted.path),
            (thread(n), &live.path()),
            "{mode:?}"
        );
        let again = live.append(&turn(thread(n), "t2"), None).await.expect("goes on");
        let store = fixture.store();
        let read = turns(&*store, thread(n)).await;
        assert_eq!(turn_ids(&read), ["t1", "t2"], "{mode:?}");
        let last = read.last().expect("a turn");
        let told: Vec<_> = again.ids.iter().filter_map(|ids| ids.item_id.clone()).collect();
        let shown: Vec<_> = last.items.iter().map(|item| item.item.id().to_owned()).collect();
        assert!(
            shown.iter().all(|id| told.contains(id)),
            "{mode:?}: {shown:?}, {told:?}"
        );
        live.close().await.expect("closed");
        resume(fixture, thread(n))
            .await
            .close()
            .await
            .expect("nobody has the lock");
    }
}
