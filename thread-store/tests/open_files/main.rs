//! How many files a store holds open, however many ask it at once: every call is answered, and few run at a time.
//!
//! Descriptors are counted, never time. One test at a time: a process has one set of descriptors.
#![allow(clippy::disallowed_methods, reason = "tests prepare their own files")]

#[path = "../support/mod.rs"]
mod support;

mod gated_fs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_test_support::{Header, RolloutBuilder};
use codex_thread_store::{
    AnswerRoom, Direction, HistoryMode, IndexProgress, IndexStep, ItemPageQuery, LocalStore, NewThread, StoreError,
    StoreMaintenance, ThreadStore, View,
};

use gated_fs::GatedFs;
use support::LocalHome;

struct NoProgress;

impl IndexProgress for NoProgress {
    fn advance(&self, _: u64, _: u64, _: u64, _: u64) {}
}

static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn id(number: usize) -> String {
    format!("019cb354-0000-7000-8000-{number:012}")
}

fn items(number: usize) -> ItemPageQuery {
    ItemPageQuery {
        thread_id: id(number).parse().expect("id"),
        view: View::Full,
        turn_id: None,
        anchor: None,
        limit: 100,
        direction: Direction::Ascending,
    }
}

/// A home whose threads are indexed, behind a gate that is open.
async fn indexed(home: &LocalHome, fs: &GatedFs, max_calls_at_once: Option<usize>) -> Arc<LocalStore> {
    let mut options = home.options();
    options.fs = Arc::new(fs.clone());
    if let Some(most) = max_calls_at_once {
        options.limits.max_calls_at_once = most;
    }
    let store = LocalStore::open(options).expect("a home");
    let report = store.index_all(Arc::new(NoProgress)).await.expect("indexed");
    assert!(report.rollouts > 0);
    store
}

fn write_threads(home: &LocalHome, count: usize) {
    for number in 0..count {
        let mut rollout = RolloutBuilder::paginated(&id(number));
        rollout
            .start_turn()
            .user(&format!("question {number}"))
            .agent(&format!("answer {number}"))
            .complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("runtime")
        .block_on(work)
}

/// Lets others go on until something is so, and a good while longer, for those who must not.
async fn settle(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    for _ in 0..20_000 {
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
}

/// Files that the process has open.
#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("linux").count()
}

#[test]
fn many_more_readers_than_the_limit_are_all_answered_and_hold_few_files_open() {
    const MOST: usize = codex_rollout::limits::MAX_CALLS_AT_ONCE;
    const READERS: usize = 3 * MOST;
    let _alone = alone();
    let home = LocalHome::new();
    write_threads(&home, READERS);
    run(async {
        let fs = GatedFs::default();
        let store = indexed(&home, &fs, None).await;
        #[cfg(target_os = "linux")]
        let before = descriptors();
        let _at_the_end = fs.opener();
        fs.close("rollout-");
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..READERS {
            let store = Arc::clone(&store);
            tasks.spawn(async move { (number, store.list_items(items(number)).await.expect("items")) });
        }
        settle(|| fs.waiting() >= MOST).await;
        assert_eq!(fs.waiting(), MOST, "the others have not begun");
        // A rollout, the index, its log, and what all connections share.
        #[cfg(target_os = "linux")]
        assert!(
            descriptors() <= before + 4 * MOST,
            "{} files, {before} before",
            descriptors()
        );
        fs.open_gate();
        let mut answered = 0;
        while let Some(page) = tasks.join_next().await {
            let (number, page) = page.expect("no panic");
            let text = format!("{:?}", page.items);
            assert!(text.contains(&format!("question {number}\"")) && text.contains(&format!("answer {number}\"")));
            answered += 1;
        }
        assert_eq!(answered, READERS);
        let (open, most) = fs.open_files();
        assert_eq!((open, most), (0, MOST));
        // SQLite keeps the descriptors of the index for connections to come; it closes their logs, but for idle ones.
        #[cfg(target_os = "linux")]
        assert!(
            descriptors() <= before + MOST + 2 * 8,
            "{} files, {before} before",
            descriptors()
        );
    });
}

#[test]
fn a_request_that_holds_memory_is_answered_while_others_fill_the_limit() {
    let _alone = alone();
    let home = LocalHome::new();
    write_threads(&home, 3);
    let mut rollout = RolloutBuilder::paginated(&id(3));
    rollout
        .start_turn()
        .user("long")
        .agent(&"x".repeat(1 << 20))
        .complete_turn();
    rollout.file().write_to(home.path()).expect("writable");
    run(async {
        let fs = GatedFs::default();
        let store = indexed(&home, &fs, Some(2)).await;
        let room = AnswerRoom::default();
        room.around(store.list_items(items(3))).await.expect("items");
        assert!(room.bytes() > 0);
        let _at_the_end = fs.opener();
        fs.close(&id(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let store = Arc::clone(&store);
            tasks.spawn(async move { store.list_items(items(0)).await.expect("items").items.len() });
        }
        settle(|| fs.waiting() >= 2).await;
        let waits = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.list_items(items(1)).await.expect("items").items.len() }
        });
        let page = room.around(store.list_items(items(2))).await.expect("items");
        assert_eq!(page.items.len(), 2, "it did not wait");
        settle(|| true).await;
        assert!(!waits.is_finished(), "one without memory does");
        fs.open_gate();
        while let Some(rows) = tasks.join_next().await {
            assert_eq!(rows.expect("no panic"), 2);
        }
        assert_eq!(waits.await.expect("no panic"), 2);
    });
}

#[test]
fn of_many_readers_of_long_lineages_few_hold_more_than_some_rollouts_open() {
    const SEGMENTS: usize = 12;
    const READERS: usize = 6;
    const DEEP_READS: usize = 2;
    const SHALLOW_ROLLOUTS: usize = 8;
    let _alone = alone();
    let home = LocalHome::new();
    let mut base: Option<RolloutBuilder> = None;
    for number in 0..SEGMENTS {
        let mut rollout = match &base {
            None => RolloutBuilder::paginated(&id(number)),
            Some(base) => RolloutBuilder::new(Header::fork(&id(number), &id(number - 1), base.cut())),
        };
        rollout.start_turn().user(&format!("question {number}")).complete_turn();
        rollout.file().write_to(home.path()).expect("writable");
        base = Some(rollout);
    }
    run(async {
        let fs = GatedFs::default();
        let store = indexed(&home, &fs, None).await;
        let _at_the_end = fs.opener();
        fs.close(&id(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..READERS {
            let store = Arc::clone(&store);
            tasks.spawn(async move { store.list_items(items(SEGMENTS - 1)).await.expect("items").items.len() });
        }
        let expected = DEEP_READS * SEGMENTS + (READERS - DEEP_READS) * SHALLOW_ROLLOUTS;
        settle(|| fs.waiting() >= DEEP_READS && fs.open_files().0 >= expected).await;
        assert_eq!((fs.waiting(), fs.open_files().0), (DEEP_READS, expected));
        // One that is as long as any may be waits for nobody.
        let shallow = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                store
                    .list_items(items(SHALLOW_ROLLOUTS - 1))
                    .await
                    .expect("items")
                    .items
                    .len()
            }
        });
        settle(|| fs.waiting() > DEEP_READS).await;
        fs.open_gate();
        assert_eq!(shallow.await.expect("no panic"), SHALLOW_ROLLOUTS);
        while let Some(rows) = tasks.join_next().await {
            assert_eq!(rows.expect("no panic"), SEGMENTS);
        }
        assert_eq!(fs.open_files().0, 0);
    });
}

#[test]
fn indexing_behind_the_answers_holds_few_rollouts_open() {
    const MAX_WORKERS: usize = 4;
    const THREADS: usize = 120;
    let _alone = alone();
    let home = LocalHome::new();
    write_threads(&home, THREADS);
    run(async {
        let fs = GatedFs::default();
        let mut options = home.options();
        options.fs = Arc::new(fs.clone());
        let store = LocalStore::open(options).expect("a home");
        #[cfg(target_os = "linux")]
        let before = descriptors();
        let _at_the_end = fs.opener();
        fs.close("rollout-");
        let step = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.index_step().await.expect("a step") }
        });
        settle(|| fs.waiting() > 0).await;
        assert!((1..=MAX_WORKERS).contains(&fs.waiting()), "{}", fs.waiting());
        // A rollout, the index and its log for each of its threads; the lock of whoever indexes.
        #[cfg(target_os = "linux")]
        assert!(descriptors() <= before + 3 * (MAX_WORKERS + 1) + 2, "{}", descriptors());
        fs.open_gate();
        let mut last = step.await.expect("no panic");
        while last != IndexStep::Done {
            last = store.index_step().await.expect("a step");
        }
        let (open, most) = fs.open_files();
        assert!(open == 0 && (1..=MAX_WORKERS).contains(&most), "{open}, {most}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn watching_takes_few_descriptors_however_many_folders_there_are() {
    use codex_thread_store::Watching;

    const FOLDERS: usize = 60;
    let _alone = alone();
    let home = LocalHome::new();
    write_threads(&home, 1);
    for number in 0..FOLDERS {
        let folder = home
            .path()
            .join(format!("sessions/2025/{:02}/{:02}", number / 28 + 1, number % 28 + 1));
        std::fs::create_dir_all(folder).expect("folder");
    }
    run(async {
        let opened = |watching| {
            let mut options = home.options();
            options.watching = watching;
            LocalStore::open(options).expect("a home")
        };
        let counted = async |store: Arc<LocalStore>| {
            let before = descriptors();
            store.list_items(items(0)).await.expect("items");
            (descriptors() - before, store)
        };
        let (without, quiet) = counted(opened(Watching::Off)).await;
        drop(quiet);
        let (with, watching) = counted(opened(Watching::On)).await;
        assert!(with <= without + 4, "{with} files with a watch, {without} without");
        drop(watching);
    });
}

#[test]
fn no_more_threads_are_open_for_writing_than_may_be_and_a_closed_one_makes_room() {
    const MOST: usize = 3;
    let _alone = alone();
    let home = LocalHome::new();
    write_threads(&home, 1);
    run(async {
        let mut options = home.options();
        options.limits.max_open_threads = MOST;
        let store = LocalStore::open(options).expect("a home");
        let writes = store.writes().expect("it records");
        let new = |number| NewThread::new(id(number).parse().expect("id"), HistoryMode::Paginated, "/work");
        let mut keys = Vec::new();
        for number in 1..=MOST {
            keys.push(writes.create_thread(new(number)).await.expect("room").key);
        }
        let recorded = id(0).parse().expect("id");
        for refused in [
            writes.create_thread(new(MOST + 1)).await,
            writes.resume_thread(recorded).await,
        ] {
            assert!(
                matches!(refused, Err(StoreError::TooManyOpen { limit: MOST })),
                "{refused:?}"
            );
        }
        writes.close_thread(keys[0]).await.expect("closed");
        let resumed = writes
            .resume_thread(recorded)
            .await
            .expect("room, and no lock that was left");
        assert!(writes.create_thread(new(MOST + 1)).await.is_err());
        writes.close_thread(resumed.key).await.expect("closed");
        writes.create_thread(new(MOST + 1)).await.expect("room");
    });
}
