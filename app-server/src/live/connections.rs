//! The connections of a server: who is told what (`app-server-api.md` 3, 1.8).
//!
//! Delivers encoded notifications. Waits for nobody: a connection that does not keep up is given up by its transport.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use codex_protocol::rpc::notification::is_experimental;

use super::notice::Notice;
use crate::transport::Outbound;

/// Names a connection for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(u64);

/// One connection, as the rest of the server sees it.
pub(crate) struct Connection {
    /// Its name.
    pub(crate) id: ConnectionId,
    outbound: Outbound,
    /// Set when the handshake was answered: nothing is sent unasked before that.
    wishes: OnceLock<Wishes>,
}

/// What a client said in its handshake.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// Which methods and fields it may use, and of what it is told.
    pub(crate) api: Api,
    /// Notifications that it does not want.
    pub(crate) opted_out: HashSet<String>,
}

/// Which part of the protocol a client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// What is open to every client.
    Stable,
    /// All of it.
    Experimental,
}

impl Connection {
    /// Lets notifications through, but for those that the client does not want or may not have.
    pub(crate) fn greet(&self, wishes: Wishes) {
        // A second handshake is refused, so the first value is the only one.
        let _ = self.wishes.set(wishes);
    }

    /// Delivers a notification, if the client is to have it.
    pub(crate) fn deliver(&self, notice: &Notice) {
        let wanted = |wishes: &Wishes| {
            let open = wishes.api == Api::Experimental || !is_experimental(notice.method);
            open && !wishes.opted_out.contains(notice.method)
        };
        if self.wishes.get().is_some_and(wanted) {
            self.outbound.notify(Arc::clone(&notice.message));
        }
    }
}

/// All connections.
#[derive(Default)]
pub(crate) struct Connections {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    open: HashMap<ConnectionId, Arc<Connection>>,
}

impl Connections {
    /// Takes a connection in.
    pub(crate) fn open(&self, outbound: Outbound) -> Arc<Connection> {
        let mut inner = self.lock();
        let id = ConnectionId(inner.next);
        inner.next += 1;
        let connection = Arc::new(Connection {
            id,
            outbound,
            wishes: OnceLock::new(),
        });
        inner.open.insert(id, Arc::clone(&connection));
        connection
    }

    /// Forgets a connection.
    pub(crate) fn close(&self, id: ConnectionId) {
        self.lock().open.remove(&id);
    }

    /// Tells whether a connection is open.
    pub(crate) fn is_open(&self, id: ConnectionId) -> bool {
        self.lock().open.contains_key(&id)
    }

    /// Delivers a notification to all connections.
    pub(crate) fn broadcast(&self, notice: &Notice) {
        let all: Vec<Arc<Connection>> = self.lock().open.values().cloned().collect();
        all.iter().for_each(|connection| connection.deliver(notice));
    }

    /// Delivers a notification to some connections.
    pub(crate) fn tell(&self, ids: impl IntoIterator<Item = ConnectionId>, notice: &Notice) {
        let some: Vec<Arc<Connection>> = {
            let inner = self.lock();
            ids.into_iter().filter_map(|id| inner.open.get(&id).cloned()).collect()
        };
        some.iter().for_each(|connection| connection.deliver(notice));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
