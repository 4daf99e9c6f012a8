//! A scripted life of one thread, step by step, and what each step promises.
//!
//! A run without faults says what every step leaves; runs with faults are compared with it.

use std::path::PathBuf;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_test_support::agent::Form;
use codex_thread_store::live::{LiveThread, RawItem};
use codex_thread_store::{
    Durability, GitPatch, HistoryMode, LocalStore, MetadataPatch, StoreResult, ThreadStore, ThreadWrites,
};

use crate::agent::{new_thread, options, turn_batches};
use crate::answers::read;

/// One thing that an agent does with its thread.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create,
    Resume,
    Append(Vec<RawItem>, Option<Durability>),
    Flush(Durability),
    Close,
    /// Reads the thread: the index catches up.
    Look,
    Name(&'static str),
    Branch(&'static str),
}

/// What is promised after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Promise {
    /// Lines that the store was given.
    pub(crate) given: usize,
    /// Lines handed to the system.
    pub(crate) written: usize,
    /// Lines on stable storage.
    pub(crate) synced: usize,
    /// The name.
    pub(crate) name: Option<&'static str>,
    /// The branch.
    pub(crate) branch: Option<&'static str>,
}

/// The life of a thread: two turns, cut into batches of all classes, resumed in the middle of the second one.
pub(crate) fn life(thread_id: ThreadId) -> Vec<Step> {
    let [ask, work, answer] = turn_batches(thread_id, "t1");
    let [ask_again, work_again, answer_again] = turn_batches(thread_id, "t2");
    vec![
        Step::Create,
        Step::Append(ask, None),
        Step::Append(work, Some(Durability::Queued)),
        Step::Look,
        Step::Append(answer, None),
        Step::Look,
        Step::Name("one"),
        Step::Append(ask_again, Some(Durability::Written)),
        Step::Flush(Durability::Written),
        Step::Flush(Durability::Synced),
        Step::Close,
        Step::Branch("main"),
        Step::Resume,
        Step::Append(work_again, Some(Durability::Synced)),
        Step::Name("two"),
        Step::Branch("side"),
        Step::Append(answer_again, Some(Durability::Written)),
        Step::Look,
        Step::Close,
    ]
}

/// An agent that takes steps.
pub(crate) struct Player {
    store: Arc<LocalStore>,
    thread_id: ThreadId,
    mode: HistoryMode,
    live: Option<LiveThread>,
    /// Lines that were acknowledged.
    given: usize,
}

impl Player {
    /// Prepares an agent; its thread is not there yet.
    pub(crate) fn new(store: Arc<LocalStore>, thread_id: ThreadId, mode: HistoryMode) -> Self {
        Self {
            store,
            thread_id,
            mode,
            live: None,
            given: 0,
        }
    }

    /// Takes a step.
    pub(crate) async fn take(&mut self, step: &Step) -> StoreResult<()> {
        match step {
            Step::Create => {
                let new = new_thread(self.thread_id, self.mode);
                let store: Arc<dyn ThreadStore> = self.store.clone();
                self.live = Some(LiveThread::create(store, new, options(Form::Canonical)).await?);
            }
            Step::Resume => {
                let store: Arc<dyn ThreadStore> = self.store.clone();
                self.live = Some(LiveThread::resume(store, self.thread_id, options(Form::Canonical)).await?);
            }
            Step::Append(items, durability) => {
                let appended = self.live().append(items, *durability).await?;
                // The first line of a rollout is its header.
                self.given += appended.persisted as usize + usize::from(self.given == 0);
                if let Some(asked) = durability {
                    assert!(appended.durability >= *asked);
                }
            }
            Step::Flush(durability) => self.live().flush(*durability).await?,
            Step::Close => self.live().close().await?,
            Step::Look => {
                read(&*self.store, self.thread_id).await?;
            }
            Step::Name(name) => {
                let patch = MetadataPatch {
                    name: Some((*name).to_owned()),
                    ..MetadataPatch::default()
                };
                self.store.update_metadata(self.thread_id, patch).await?;
            }
            Step::Branch(branch) => {
                let git = GitPatch {
                    branch: Some(Some((*branch).to_owned())),
                    ..GitPatch::default()
                };
                let patch = MetadataPatch {
                    git,
                    ..MetadataPatch::default()
                };
                self.store.update_metadata(self.thread_id, patch).await?;
                // In legacy threads this is a line.
                self.given += usize::from(self.mode == HistoryMode::Legacy);
            }
        }
        Ok(())
    }

    /// Returns how many lines were acknowledged.
    pub(crate) fn given(&self) -> usize {
        self.given
    }

    /// Returns where the rollout of the thread is.
    pub(crate) fn path(&self) -> PathBuf {
        self.live().path()
    }

    fn live(&self) -> &LiveThread {
        self.live.as_ref().expect("the script opens the thread first")
    }
}

impl Promise {
    /// Returns what is promised after one more step, when so many lines were given to the store.
    pub(crate) fn after(self, step: &Step, mode: HistoryMode, given: usize) -> Self {
        let syncs = match step {
            Step::Append(_, Some(Durability::Synced)) | Step::Flush(Durability::Synced) | Step::Close => true,
            // The end of a turn is synced unless something else was asked for.
            Step::Append(items, None) => items.iter().any(|item| item.payload.get().contains("task_complete")),
            Step::Branch(_) => mode == HistoryMode::Legacy,
            Step::Create | Step::Resume | Step::Append(..) | Step::Flush(_) | Step::Look | Step::Name(_) => false,
        };
        let writes = match step {
            Step::Append(_, Some(Durability::Queued)) => false,
            Step::Append(..) | Step::Flush(_) => true,
            Step::Create | Step::Resume | Step::Close | Step::Look | Step::Name(_) | Step::Branch(_) => syncs,
        };
        let mut next = Self {
            given,
            written: if writes { given } else { self.written },
            synced: if syncs { given } else { self.synced },
            ..self
        };
        match step {
            Step::Name(name) => next.name = Some(name),
            Step::Branch(branch) => next.branch = Some(branch),
            _ => {}
        }
        next
    }
}
