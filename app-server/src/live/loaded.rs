//! The loaded threads: those that this server writes (`app-server-api.md` 3.5, 3.14).
//!
//! Holds them, their settings, what they are doing and who listens. Changes of one thread are ordered by the caller.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codex_protocol::ids::ThreadId;
use codex_protocol::log::SessionSource;
use codex_protocol::rpc::thread::{Thread, ThreadStatus};
use codex_thread_store::ThreadRecord;
use codex_thread_store::live::LiveThread;
use codex_thread_store::organise::ThreadChoices;

use super::activity::{Activity, Reading};
use super::connections::ConnectionId;
use super::ephemeral::{Lifetime, Origin};
use super::settings::ThreadSettings;
use crate::convert::Role;
use crate::limits::MAX_EPHEMERAL_THREADS;

/// A thread that this server writes.
pub(crate) struct LoadedThread {
    /// The writer.
    pub(crate) live: LiveThread,
    /// What is answered for its settings.
    pub(crate) settings: ThreadSettings,
    /// When it was loaded, Unix milliseconds.
    loaded_at_ms: i64,
    lifetime: Lifetime,
    state: Mutex<State>,
}

struct State {
    activity: Activity,
    /// What was said at the start of a thread that has no rollout yet.
    choices: ThreadChoices,
    subscribers: HashSet<ConnectionId>,
    /// Grows with whatever keeps the thread loaded; a timer that was started before is void.
    epoch: u64,
    /// Whether a timer runs.
    has_timer: bool,
}

/// What a thread is loaded with.
pub(crate) struct Recording {
    /// The writer.
    pub(crate) live: LiveThread,
    /// Its settings.
    pub(crate) settings: ThreadSettings,
    /// Whether it is tracked how far it was read.
    pub(crate) reading: Reading,
    /// How long it is there.
    pub(crate) lifetime: Lifetime,
    /// The present, Unix milliseconds.
    pub(crate) now_ms: i64,
}

impl LoadedThread {
    /// Wraps a writer.
    pub(crate) fn new(recording: Recording) -> Arc<Self> {
        let Recording {
            live,
            settings,
            reading,
            lifetime,
            now_ms,
        } = recording;
        let mut activity = Activity::idle(live.thread_id(), live.history_mode(), reading);
        if let Some(known) = live.token_use() {
            activity.recall_usage(known);
        }
        Arc::new(Self {
            live,
            settings,
            loaded_at_ms: now_ms,
            lifetime,
            state: Mutex::new(State {
                activity,
                choices: ThreadChoices::default(),
                subscribers: HashSet::new(),
                epoch: 0,
                has_timer: false,
            }),
        })
    }

    /// The thread's id.
    pub(crate) fn thread_id(&self) -> ThreadId {
        self.live.thread_id()
    }

    /// Tells whether the thread lives in this server only.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.lifetime != Lifetime::Recorded
    }

    /// What is known of a thread that has no rollout, or none yet.
    pub(crate) fn unwritten_record(&self) -> ThreadRecord {
        let new = self.live.new_thread();
        let choices = self.state().choices.clone();
        let origin = match &self.lifetime {
            Lifetime::Recorded => Origin::default(),
            Lifetime::Ephemeral(origin) => origin.clone(),
        };
        ThreadRecord {
            thread_id: self.thread_id(),
            path: self.live.path(),
            archived: false,
            history_mode: self.live.history_mode(),
            forked_from: origin.forked_from,
            attached_to: None,
            parent: None,
            preview: origin.preview,
            name: origin.name,
            model_provider: self.settings.model_provider.clone(),
            model: None,
            reasoning_effort: self.settings.reasoning_effort.clone(),
            created_at_ms: self.loaded_at_ms,
            updated_at_ms: self.loaded_at_ms,
            recency_at_ms: Some(self.loaded_at_ms),
            cwd: self.settings.cwd.clone(),
            cli_version: new.map(|new| new.cli_version.clone()).unwrap_or_default(),
            originator: new.map(|new| new.originator.clone()),
            source: new.map_or(SessionSource::Unknown, |new| new.source.clone()),
            thread_source: new.and_then(|new| new.thread_source.clone()),
            agent_nickname: None,
            agent_role: None,
            git: new.and_then(|new| new.git.clone()),
            section: None,
            project_id: choices.project_id,
            daybreak: choices.daybreak,
            turns: Vec::new(),
        }
    }

    /// Notes what was said at the start of a thread that has no rollout yet.
    pub(crate) fn choose(&self, choices: ThreadChoices) {
        self.state().choices = choices;
    }

    /// Notes that a project is gone, for as long as the thread has no rollout.
    pub(crate) fn leave_project(&self, project_id: &str) {
        let mut state = self.state();
        if state.choices.project_id.as_deref() == Some(project_id) {
            state.choices.project_id = None;
        }
    }

    /// Adds to an answer what only a loaded thread has (`app-server-api.md` 2.1).
    pub(crate) fn dress(&self, thread: &mut Thread, role: Role) {
        let state = self.state();
        thread.status = state.activity.status();
        if self.is_ephemeral() {
            (thread.ephemeral, thread.path) = (true, None);
        }
        thread.environments = Some(self.settings.environments());
        if thread.model.is_none() && !self.settings.model.is_empty() {
            thread.model = Some(self.settings.model.clone());
        }
        thread.can_accept_direct_input = match role {
            Role::Metadata | Role::WithTurns => Some(true),
            Role::Row | Role::RelatedRow | Role::Updated => None,
        };
    }

    /// Does something with what the thread is doing.
    pub(crate) fn with_activity<T>(&self, act: impl FnOnce(&mut Activity) -> T) -> T {
        act(&mut self.state().activity)
    }

    /// Lets a connection listen.
    pub(crate) fn subscribe(&self, connection: ConnectionId) {
        let mut state = self.state();
        state.subscribers.insert(connection);
        state.epoch += 1;
    }

    /// Lets a connection listen no longer; tells whether it did, and whether anybody else does.
    pub(crate) fn unsubscribe(&self, connection: ConnectionId) -> Left {
        let mut state = self.state();
        match (state.subscribers.remove(&connection), state.subscribers.is_empty()) {
            (false, _) => Left::WasNotThere,
            (true, false) => Left::OthersStay,
            (true, true) => Left::NobodyStays,
        }
    }

    /// Who listens.
    pub(crate) fn subscribers(&self) -> Vec<ConnectionId> {
        self.state().subscribers.iter().copied().collect()
    }

    /// Notes that something has happened; true when nobody listens and no timer runs yet: the caller then starts one.
    pub(crate) fn needs_timer(&self) -> bool {
        let mut state = self.state();
        state.epoch += 1;
        let needs = state.subscribers.is_empty() && !state.has_timer;
        state.has_timer |= needs;
        needs
    }

    /// The present epoch, for a timer.
    pub(crate) fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// What a timer does that was started in an epoch.
    pub(crate) fn timer_ended(&self, epoch: u64) -> Timer {
        let mut state = self.state();
        let timer = match (state.subscribers.is_empty(), state.epoch == epoch) {
            (false, _) => Timer::Stop,
            (true, false) => Timer::Again,
            (true, true) => Timer::Unload,
        };
        state.has_timer = timer == Timer::Again;
        timer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the timer of a thread does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Somebody listens again.
    Stop,
    /// Something has happened: it starts anew.
    Again,
    /// Nothing has happened.
    Unload,
}

/// What became of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// There was none.
    WasNotThere,
    /// Others listen.
    OthersStay,
    /// It was the last one.
    NobodyStays,
}

/// Why a thread cannot be taken in; gives it back.
pub(crate) enum NoRoom {
    /// The server is closing.
    Closing(Arc<LoadedThread>),
    /// There are [`MAX_EPHEMERAL_THREADS`] already.
    TooManyEphemeral(Arc<LoadedThread>),
}

/// All loaded threads.
#[derive(Default)]
pub(crate) struct LoadedThreads {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    threads: BTreeMap<ThreadId, Arc<LoadedThread>>,
    closing: bool,
}

impl LoadedThreads {
    /// Takes a thread in.
    ///
    /// # Errors
    /// Gives it back when the server is closing, or has too many of its kind.
    pub(crate) fn insert(&self, thread: Arc<LoadedThread>) -> Result<(), NoRoom> {
        let mut inner = self.lock();
        if inner.closing {
            return Err(NoRoom::Closing(thread));
        }
        let ephemeral = inner.threads.values().filter(|thread| thread.is_ephemeral());
        if thread.is_ephemeral() && ephemeral.count() >= MAX_EPHEMERAL_THREADS {
            return Err(NoRoom::TooManyEphemeral(thread));
        }
        inner.threads.insert(thread.thread_id(), thread);
        Ok(())
    }

    /// Finds a thread.
    pub(crate) fn get(&self, thread_id: ThreadId) -> Option<Arc<LoadedThread>> {
        self.lock().threads.get(&thread_id).cloned()
    }

    /// Forgets a thread.
    pub(crate) fn remove(&self, thread_id: ThreadId) -> Option<Arc<LoadedThread>> {
        self.lock().threads.remove(&thread_id)
    }

    /// Forgets a thread, unless another writer has taken its place; tells whether it was there.
    pub(crate) fn remove_this(&self, thread: &Arc<LoadedThread>) -> bool {
        let mut inner = self.lock();
        let is_there = inner
            .threads
            .get(&thread.thread_id())
            .is_some_and(|there| Arc::ptr_eq(there, thread));
        if is_there {
            inner.threads.remove(&thread.thread_id());
        }
        is_there
    }

    /// All threads, by id.
    pub(crate) fn all(&self) -> Vec<Arc<LoadedThread>> {
        self.lock().threads.values().cloned().collect()
    }

    /// All threads, by id; none is taken in afterwards.
    pub(crate) fn close(&self) -> Vec<Arc<LoadedThread>> {
        let mut inner = self.lock();
        inner.closing = true;
        std::mem::take(&mut inner.threads).into_values().collect()
    }

    /// Ids after a cursor, ascending.
    pub(crate) fn ids_after(&self, cursor: Option<ThreadId>) -> Vec<ThreadId> {
        let inner = self.lock();
        let after = |id: &&ThreadId| cursor.is_none_or(|cursor| **id > cursor);
        inner.threads.keys().filter(after).copied().collect()
    }

    /// How many threads are loaded, and how many of them have a turn running.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let all = self.all();
        let active = all
            .iter()
            .filter(|thread| thread.with_activity(|activity| activity.status() != ThreadStatus::Idle))
            .count();
        (all.len() as u64, active as u64)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
