//! Generated sessions of every kind of agent: what subscribers were told is what every later read shows.
//!
//! In both modes and both stores, while recording, after closing, and from an index made anew.

use std::fs;
use std::sync::Arc;

use codex_protocol::item::ThreadItem;
use codex_test_support::agent::{Form, Pause, Session, session};
use codex_thread_store::live::{Appended, LiveThread, LiveUpdate};
use codex_thread_store::{Clock, Durability, HistoryMode, LocalStore, LocalStoreOptions, MemoryStore, ThreadStore};
use proptest::prelude::*;

use crate::agent::{MODES, NOW_MS, new_thread, options, raw, thread};
use crate::answers::{ItemName, items_of, read};

const THREAD: u32 = 1;
const FORMS: [Form; 3] = [Form::Canonical, Form::Legacy, Form::Both];

type Told = Vec<ItemName>;

/// What subscribers were told, as far as it has a place in the log.
struct Subscriber {
    mode: HistoryMode,
    told: Told,
    lines: u64,
    /// Whether reasoning is left out.
    splits_reasoning: bool,
}

impl Subscriber {
    fn take(&mut self, appended: &Appended) {
        self.lines += appended.persisted;
        for update in &appended.updates {
            if let LiveUpdate::ItemCompleted { turn_id, item, .. } = update {
                self.take_item(turn_id, item);
            }
        }
    }

    fn take_item(&mut self, turn_id: &str, item: &ThreadItem) {
        if self.mode == HistoryMode::Legacy && has_no_legacy_line(item) {
            return;
        }
        if self.splits_reasoning && matches!(item, ThreadItem::Reasoning(_)) {
            return;
        }
        self.told.push((turn_id.to_owned(), item.id().to_owned()));
    }
}

/// Records a session; returns what was told, and how many lines there are.
async fn record(store: &Arc<dyn ThreadStore>, session: &Session, mode: HistoryMode, form: Form) -> (Told, u64) {
    let options = options(form);
    let live = LiveThread::create(Arc::clone(store), new_thread(thread(THREAD), mode), options.clone());
    let mut live = live.await.expect("a new thread");
    let mut subscriber = Subscriber {
        mode,
        told: Told::new(),
        lines: 0,
        splits_reasoning: splits_reasoning(session, mode),
    };
    for (records, pause) in session.batches(thread(THREAD), form) {
        subscriber.take(&live.append(&raw(&records), None).await.expect("the session is good"));
        match pause {
            Pause::None => {}
            Pause::Flush => live.flush(Durability::Written).await.expect("flushed"),
            Pause::Sync => live.flush(Durability::Synced).await.expect("synced"),
            Pause::Settle => {
                subscriber.take(&live.settle().await.expect("settled"));
            }
            Pause::Resume if live.is_materialized() => {
                subscriber.take(&live.settle().await.expect("settled"));
                live.close().await.expect("closed");
                let resumed = LiveThread::resume(Arc::clone(store), thread(THREAD), options.clone());
                live = resumed.await.expect("a thread to continue");
            }
            Pause::Resume => {}
        }
    }
    subscriber.take(&live.settle().await.expect("settled"));
    live.close().await.expect("closed");
    let Subscriber { mut told, lines, .. } = subscriber;
    told.sort();
    told.dedup();
    (told, lines)
}

/// Legacy rollouts have no lines for some kinds (format 3.5).
fn has_no_legacy_line(item: &ThreadItem) -> bool {
    matches!(
        item,
        ThreadItem::DynamicToolCall(_) | ThreadItem::CollabAgentToolCall(_) | ThreadItem::ImageView(_)
    )
}

/// Legacy lines do not tell where one reasoning ends and the next one begins: readers see one item. An agent that settles or
/// closes in between has told two, so the reasoning of such a session is not compared.
fn splits_reasoning(session: &Session, mode: HistoryMode) -> bool {
    let splits = |pause| matches!(pause, Pause::Settle | Pause::Resume);
    mode == HistoryMode::Legacy && session.pauses().any(splits)
}

async fn read_items(store: &dyn ThreadStore, session: &Session, mode: HistoryMode) -> Told {
    let mut record = read(store, thread(THREAD)).await.expect("readable");
    if splits_reasoning(session, mode) {
        for turn in &mut record.turns {
            turn.items.retain(|item| !matches!(item.item, ThreadItem::Reasoning(_)));
        }
    }
    let mut items = items_of(&record);
    items.sort();
    items
}

fn local_store(home: &std::path::Path) -> Arc<LocalStore> {
    let options = LocalStoreOptions {
        clock: Clock::from_fn(|| NOW_MS),
        ..LocalStoreOptions::new(home)
    };
    LocalStore::open(options).expect("a home")
}

async fn check(session: &Session, mode: HistoryMode, form: Form) {
    let what = format!("{mode:?} {form:?}");
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("sessions")).expect("folder");
    let local = local_store(folder.path());
    let as_store: Arc<dyn ThreadStore> = local.clone();
    let memory = Arc::new(MemoryStore::with_clock(Clock::from_fn(|| NOW_MS)));
    let as_memory: Arc<dyn ThreadStore> = memory.clone();
    let (told, lines) = record(&as_store, session, mode, form).await;
    let (told_of_memory, lines_of_memory) = record(&as_memory, session, mode, form).await;
    assert_eq!((&told, lines), (&told_of_memory, lines_of_memory), "{what}");
    assert_eq!(
        read_items(&*local, session, mode).await,
        told,
        "{what}, right behind the recording"
    );
    assert_eq!(read_items(&*memory, session, mode).await, told, "{what}, in memory");
    drop((local, as_store));
    let index = folder.path().join("codex-threads/index");
    fs::remove_dir_all(&index).expect("an index");
    let local = local_store(folder.path());
    assert_eq!(
        read_items(&*local, session, mode).await,
        told,
        "{what}, from an index made anew"
    );
    let in_file = read(&*local, thread(THREAD)).await.expect("readable");
    let in_memory = read(&*memory, thread(THREAD)).await.expect("readable");
    assert_eq!(in_file.turns, in_memory.turns, "{what}");
}

/// Each case is six threads in two stores; another number may be given.
fn cases() -> u32 {
    let given = std::env::var("TOLD_CASES").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_was_told_is_what_is_read(session in session()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        runtime.block_on(async {
            for mode in MODES {
                for form in FORMS {
                    check(&session, mode, form).await;
                }
            }
        });
    }
}
