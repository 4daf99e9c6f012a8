//! What all connections share: the store, the view, who the server says it is, and its gauges.
//!
//! No transport, no methods.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::thread::Thread;
use codex_thread_store::live::{EphemeralStore, IdSource, SystemIds};
use codex_thread_store::{Clock, StoreError, StoreResult, ThreadLifecycle, ThreadStore, View};

use crate::convert::{Lens, Role};
use crate::identity::Identity;
use crate::live::{Audience, ConnectionId, Connections, Indexing, Left, LoadedThread, LoadedThreads, Notice};
use crate::order::Order;
use crate::recording::RecordingSettings;

/// How a server is set up.
pub struct ServerOptions {
    /// Where threads come from.
    pub store: Arc<dyn ThreadStore>,
    /// Which of the two views is served.
    pub view: View,
    /// Provider that the exact view lists when a client names none.
    pub default_provider: String,
    /// Who the server says it is.
    pub identity: Identity,
    /// What it knows about recording.
    pub recording: RecordingSettings,
    /// The clock.
    pub clock: Clock,
}

/// A server of stored threads.
pub struct Server {
    pub(crate) store: Arc<dyn ThreadStore>,
    /// What ephemeral threads are recorded into.
    pub(crate) ephemeral: Arc<EphemeralStore>,
    pub(crate) view: View,
    pub(crate) lens: Lens,
    pub(crate) default_provider: String,
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) gauges: Gauges,
    pub(crate) recording: RecordingSettings,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) connections: Connections,
    pub(crate) loaded: LoadedThreads,
    /// Orders the changes of each thread, whichever connection they come from.
    pub(crate) order: Order,
    /// How far indexing behind the answers is.
    pub(crate) indexing: Indexing,
    originator: OnceLock<String>,
}

impl Server {
    /// Makes a server; nothing is read before the first request.
    pub fn new(options: ServerOptions) -> Arc<Self> {
        let originator = OnceLock::new();
        if let Some(name) = options.identity.originator_override.clone() {
            // A fresh cell: the first value always fits.
            let _ = originator.set(name);
        }
        Arc::new(Self {
            store: options.store,
            ephemeral: Arc::default(),
            view: options.view,
            lens: lens(options.view),
            default_provider: options.default_provider,
            identity: options.identity,
            recording: options.recording,
            ids: Arc::new(SystemIds::new(options.clock.clone())),
            clock: options.clock,
            gauges: Gauges::default(),
            connections: Connections::default(),
            loaded: LoadedThreads::default(),
            order: Order::default(),
            indexing: Indexing::default(),
            originator,
        })
    }

    /// Returns the name of the first client that ever connected: it names the process (`app-server-api.md` 1.8).
    pub(crate) fn originator(&self, client: &str) -> &str {
        self.originator.get_or_init(|| client.to_owned())
    }

    /// Returns the name that threads are recorded under: that of the first client.
    pub(crate) fn recording_originator(&self) -> String {
        // Nothing is recorded before a handshake, which sets it.
        self.originator.get().cloned().unwrap_or_default()
    }

    /// Returns the store's capability of forking, reverting, archiving and deleting threads.
    ///
    /// # Errors
    /// `ReadOnly` for stores without it.
    pub(crate) fn lifecycle(&self) -> StoreResult<&dyn ThreadLifecycle> {
        self.store.lifecycle().ok_or(StoreError::ReadOnly)
    }

    /// Delivers a notification. Waits for nobody.
    pub(crate) fn publish(&self, notice: &Notice) {
        match notice.audience {
            Audience::All => self.connections.broadcast(notice),
            Audience::Only(id) => self.connections.tell([id], notice),
            Audience::Subscribers(thread_id) => {
                if let Some(thread) = self.loaded.get(thread_id) {
                    self.connections.tell(thread.subscribers(), notice);
                }
            }
        }
    }

    /// Finds a loaded thread that has no rollout, or none yet: only the server knows of it.
    pub(crate) fn unwritten(&self, thread_id: ThreadId) -> Option<Arc<LoadedThread>> {
        self.loaded
            .get(thread_id)
            .filter(|loaded| loaded.is_ephemeral() || !loaded.live.is_materialized())
    }

    /// Lets a connection listen to a thread.
    pub(crate) fn subscribe(self: &Arc<Self>, thread: &Arc<LoadedThread>, id: ConnectionId) {
        thread.subscribe(id);
        // A connection that has gone meanwhile could not end its subscription any more.
        if !self.connections.is_open(id) && thread.unsubscribe(id) == Left::NobodyStays {
            self.unload_later(thread);
        }
    }

    /// Adds to a thread what is known of it because it is loaded.
    pub(crate) fn dress(&self, thread: &mut Thread, role: Role) {
        if let Some(loaded) = loaded_id(thread).and_then(|id| self.loaded.get(id)) {
            loaded.dress(thread, role);
        }
    }
}

fn loaded_id(thread: &Thread) -> Option<ThreadId> {
    thread.id.parse().ok()
}

/// Codex puts its own working directory where none was recorded; the default view makes no such claim.
pub(crate) fn lens(view: View) -> Lens {
    let unrecorded_cwd = match view {
        View::Codex => std::env::current_dir()
            .unwrap_or_else(|_| "/".into())
            .display()
            .to_string(),
        View::Full => "/".to_owned(),
    };
    Lens { view, unrecorded_cwd }
}

/// Figures that `server/diagnostics` shows.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    in_flight: AtomicU64,
    queued: AtomicU64,
}

impl Gauges {
    /// Requests that are being worked on.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Requests that wait for an earlier one of the same thread.
    pub(crate) fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// Counts a request as waiting until the guard is dropped.
    pub(crate) fn wait(&self) -> GaugeGuard<'_> {
        GaugeGuard::raise(&self.queued)
    }

    /// Counts a request as worked on until the guard is dropped.
    pub(crate) fn work(&self) -> GaugeGuard<'_> {
        GaugeGuard::raise(&self.in_flight)
    }
}

/// Lowers a gauge when dropped.
pub(crate) struct GaugeGuard<'a>(&'a AtomicU64);

impl<'a> GaugeGuard<'a> {
    fn raise(gauge: &'a AtomicU64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for GaugeGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
