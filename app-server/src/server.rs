//! What all connections share: the store, the view, who the server says it is, and its gauges.
//!
//! No transport, no methods.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use codex_thread_store::{Clock, ThreadStore, View};

use crate::convert::Lens;
use crate::identity::Identity;

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
    /// The clock.
    pub clock: Clock,
}

/// A server of stored threads.
pub struct Server {
    pub(crate) store: Arc<dyn ThreadStore>,
    pub(crate) view: View,
    pub(crate) lens: Lens,
    pub(crate) default_provider: String,
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) gauges: Gauges,
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
            view: options.view,
            lens: lens(options.view),
            default_provider: options.default_provider,
            identity: options.identity,
            clock: options.clock,
            gauges: Gauges::default(),
            originator,
        })
    }

    /// Returns the name of the first client that ever connected: it names the process (`app-server-api.md` 1.8).
    pub(crate) fn originator(&self, client: &str) -> &str {
        self.originator.get_or_init(|| client.to_owned())
    }
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
