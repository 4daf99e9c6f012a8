//! A notification on its way: to whom, and the encoded message.
//!
//! Encodes; delivers nothing.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::envelope::ServerNotification;
use codex_protocol::rpc::live::ThreadStatusChangedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::thread::ThreadStatus;
use serde::Serialize;

use super::connections::ConnectionId;
use crate::transport::Message;

/// Who gets a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Every connection that has shaken hands.
    All,
    /// Connections that started or resumed the thread.
    Subscribers(ThreadId),
    /// One connection.
    Only(ConnectionId),
}

/// A notification.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Who gets it.
    pub(crate) audience: Audience,
    /// Its name.
    pub(crate) method: &'static str,
    /// The encoded message.
    pub(crate) message: Message,
}

impl Notice {
    /// Makes a notification.
    pub(crate) fn new<T: Serialize>(audience: Audience, method: &'static str, params: &T, now_ms: i64) -> Self {
        let message = ServerNotification {
            method: method.to_owned(),
            params,
            emitted_at_ms: now_ms,
        };
        let message = serde_json::to_vec(&message).expect("wire types serialise: text keys and no failing impls");
        Self {
            audience,
            method,
            message: Arc::new(message),
        }
    }

    /// Makes `thread/status/changed`, which everybody gets.
    pub(crate) fn status(thread_id: ThreadId, status: ThreadStatus, now_ms: i64) -> Self {
        let params = ThreadStatusChangedNotification {
            thread_id: thread_id.to_string(),
            status,
        };
        Self::new(Audience::All, notification_name::THREAD_STATUS_CHANGED, &params, now_ms)
    }
}
