//! The one table from store errors to JSON-RPC codes and texts (`app-server-api.md` 1.10).
//!
//! Knows the wording of each method; decides nothing about storage.

use std::error::Error;

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::read_state::ThreadReadStateConflict;
use codex_thread_store::organise::OrganiseRefusal;
use codex_thread_store::{HistoryMode, StoreError, View};

use crate::convert;
use crate::rpc_error::RpcError;

/// What was being done, as far as the wording of an error depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing<'a> {
    /// Name of the method.
    pub(crate) method: &'static str,
    /// The view that was asked for.
    pub(crate) view: View,
    /// The cursor as the client sent it.
    pub(crate) cursor: Option<&'a str>,
    /// The thread, where the error names it.
    pub(crate) thread_id: Option<ThreadId>,
}

impl<'a> Failing<'a> {
    /// A call without cursor.
    pub(crate) fn new(method: &'static str, view: View) -> Self {
        Self {
            method,
            view,
            cursor: None,
            thread_id: None,
        }
    }

    /// A call with a cursor that the error may quote.
    pub(crate) fn with_cursor(self, cursor: Option<&'a str>) -> Self {
        Self { cursor, ..self }
    }

    /// A call about a thread that the error may name.
    pub(crate) fn about(self, thread_id: ThreadId) -> Self {
        Self {
            thread_id: Some(thread_id),
            ..self
        }
    }

    /// Maps an error of the store.
    pub(crate) fn error(self, error: StoreError) -> RpcError {
        match error {
            StoreError::ThreadNotFound { thread_id } => self.not_found(&thread_id.to_string()),
            StoreError::RolloutPathNotFound { .. } => RpcError::invalid_request(error.to_string()),
            StoreError::CursorMismatch => self.invalid_cursor(),
            StoreError::PositionOutsideLineage | StoreError::AnchorTurnMissing if self.method == TIMELINE => {
                self.invalid_cursor()
            }
            StoreError::PositionOutsideLineage => {
                RpcError::invalid_request("invalid cursor: position outside thread lineage")
            }
            StoreError::AnchorTurnMissing => {
                RpcError::invalid_request("invalid cursor: anchor turn is no longer present")
            }
            StoreError::AnchorItemMissing => {
                RpcError::invalid_params("cursor.itemId does not identify an item in the requested history scope")
            }
            StoreError::Unsupported { .. } if matches!(self.method, FORK | REVERT) => {
                RpcError::unsupported(error.to_string())
            }
            StoreError::Unsupported { .. } => self.not_supported_yet(),
            StoreError::TurnInProgress { turn_id, .. } if self.method == FORK => {
                RpcError::invalid_request(format!("lastTurnId '{turn_id}' identifies an in-progress turn"))
            }
            StoreError::TurnNotFound { .. }
            | StoreError::TurnInProgress { .. }
            | StoreError::NoTurnStart { .. }
            | StoreError::BeyondInheritedHistory { .. }
            | StoreError::NotArchived { .. }
            | StoreError::TrashNotFound { .. }
            | StoreError::RestoreBlocked { .. }
            | StoreError::HasForks { .. } => RpcError::invalid_request(error.to_string()),
            StoreError::HasAttachedThread { attached, .. } => RpcError::invalid_request(format!(
                "cannot delete thread while attached thread {attached} exists; delete the attached thread first"
            )),
            StoreError::TooLarge {
                limit_bytes,
                paged_method,
            } => RpcError::invalid_request(format!(
                "the answer would exceed {limit_bytes} bytes; page with {paged_method} instead"
            )),
            StoreError::Query { ref source } => RpcError::invalid_params(format!("query: {source}")),
            StoreError::Organise(ref refusal) => self.refused(refusal),
            StoreError::WriterConflict { .. } => RpcError::invalid_request(error.to_string()),
            StoreError::TooManyOpen { .. } => RpcError::overloaded(error.to_string()),
            StoreError::Archived { thread_id } if self.says_archived() => RpcError::invalid_request(format!(
                "session {thread_id} is archived. Run `codex unarchive {thread_id}` to unarchive it first."
            )),
            StoreError::Archived { thread_id } => self.not_found(&thread_id.to_string()),
            StoreError::NotOpen { thread_id } => RpcError::invalid_request(format!("thread not found: {thread_id}")),
            StoreError::Rejected { ref source, .. } => {
                RpcError::invalid_request(format!("failed to {}", chain(&**source)))
            }
            StoreError::Record { .. } | StoreError::InDoubt { .. } | StoreError::Lifecycle { .. } => {
                RpcError::internal(format!("failed to {}", chain(&error)))
            }
            StoreError::ReadOnly => RpcError::unsupported(format!("{} is not supported by this store", self.method)),
            StoreError::Header { ref path, ref source } => self.header(&path.display().to_string(), &chain(&**source)),
            error => RpcError::internal(format!(
                "{}: thread-store internal error: {}",
                self.failed(),
                chain(&error)
            )),
        }
    }

    /// Codex says of some methods only that the thread is archived; the default view says it of goals, too.
    fn says_archived(self) -> bool {
        let is_goal = self.method.starts_with(GOALS) && self.view == View::Full;
        is_goal || matches!(self.method, RESUME | FORK) || self.method.starts_with(QUEUE)
    }

    /// Only some families tell a wrong parameter from a wrong request (1.10).
    fn refused(self, refusal: &OrganiseRefusal) -> RpcError {
        if let OrganiseRefusal::ReadStateConflict { current } = refusal {
            let conflict = ThreadReadStateConflict {
                reason: "readStateConflict".to_owned(),
                read_state: convert::read_state((**current).clone()),
            };
            let data = serde_json::to_value(conflict).expect("texts always serialise");
            return RpcError::invalid_request(refusal.to_string()).with_data(data);
        }
        let tells_apart = ["project/", "thread/attachment", "threadSection/"];
        match self.method == LIST || tells_apart.iter().any(|family| self.method.starts_with(family)) {
            true => RpcError::invalid_params(refusal.to_string()),
            false => RpcError::invalid_request(refusal.to_string()),
        }
    }

    /// The error for a cursor that this method did not make for this thread.
    pub(crate) fn invalid_cursor(self) -> RpcError {
        if self.method == TIMELINE {
            return RpcError::invalid_request("invalid thread timeline cursor");
        }
        RpcError::invalid_cursor(self.cursor.unwrap_or_default())
    }

    /// The error for the turns of a thread that has no rollout yet (3.4, 3.6).
    pub(crate) fn unwritten(self, mode: HistoryMode, what: &str) -> RpcError {
        let thread_id = self.thread_id.map(|id| format!(" {id}")).unwrap_or_default();
        match mode {
            HistoryMode::Legacy => RpcError::invalid_request(format!(
                "thread{thread_id} is not materialized yet; {what} is unavailable before first user message"
            )),
            HistoryMode::Paginated => RpcError::unsupported("list_turns is not supported yet"),
        }
    }

    /// The error for what a thread does not have that lives in the server only.
    pub(crate) fn ephemeral(self, thread_id: ThreadId) -> RpcError {
        let what = match self.method {
            SET_NAME | UPDATE_METADATA | SET_MEMORY_MODE => "metadata updates",
            MOVE_THREAD => "section moves",
            method if method.starts_with(GOALS) => "goals",
            method if method.starts_with(QUEUE) => "queued submissions",
            DELETE => {
                let message = format!("thread is not persisted and cannot be deleted: {thread_id}");
                return RpcError::invalid_request(message);
            }
            READ => return RpcError::invalid_request("ephemeral threads do not support includeTurns"),
            TURNS | REVERT => {
                return RpcError::invalid_request(format!("ephemeral threads do not support {}", self.method));
            }
            _ => return self.error(StoreError::ThreadNotFound { thread_id }),
        };
        RpcError::invalid_request(format!("ephemeral thread does not support {what}: {thread_id}"))
    }

    /// The error for what the thread does not have.
    pub(crate) fn not_supported_yet(self) -> RpcError {
        RpcError::unsupported(format!("{} is not supported yet", self.method))
    }

    fn not_found(self, thread_id: &str) -> RpcError {
        match (self.method, self.view) {
            (SUMMARY, _) => RpcError::invalid_request(format!("no rollout found for conversation id {thread_id}")),
            (UNARCHIVE, _) => RpcError::invalid_request(format!("no archived rollout found for thread id {thread_id}")),
            (method, _) if method.starts_with(ATTACHMENTS) => {
                RpcError::invalid_params(format!("thread not found: {thread_id}"))
            }
            (method, _) if method.starts_with(GOALS) => {
                RpcError::invalid_request(format!("thread not found: {thread_id}"))
            }
            (method, _) if method.starts_with(QUEUE) => RpcError::internal(format!(
                "{}: invalid thread-store request: no rollout found for thread id {thread_id}",
                self.failed()
            )),
            (MOVE_THREAD, _) => RpcError::invalid_request(format!("thread not found: {thread_id}")),
            (RESUME | FORK | ARCHIVE | DELETE | SET_NAME | UPDATE_METADATA | SET_MEMORY_MODE, _) => {
                RpcError::invalid_request(format!("no rollout found for thread id {thread_id}"))
            }
            (ITEMS | ITEMS_READ | TIMELINE | OCCURRENCES, View::Codex) => self.not_supported_yet(),
            _ => RpcError::invalid_request(format!("thread not loaded: {thread_id}")),
        }
    }

    fn failed(self) -> String {
        match (self.method, self.thread_id) {
            (SUMMARY, Some(id)) => format!("failed to load conversation summary for {id}"),
            (SUMMARY, None) => "failed to load conversation summary".to_owned(),
            _ => "failed to read thread".to_owned(),
        }
    }

    /// Codex says the first half twice; clients match on the end of the text.
    fn header(self, path: &str, cause: &str) -> RpcError {
        let what = format!("thread-store internal error: failed to read session metadata {path}: ");
        let repeat = match self.view {
            View::Codex => what.as_str(),
            View::Full => "",
        };
        RpcError::internal(format!("{}: {what}{repeat}{cause}", self.failed()))
    }
}

const ATTACHMENTS: &str = "thread/attachment/";
const GOALS: &str = "thread/goal/";
const QUEUE: &str = "thread/queue/";
const LIST: &str = "thread/list";
const MOVE_THREAD: &str = "thread/section/move";
const READ: &str = "thread/read";
const TURNS: &str = "thread/turns/list";
const ITEMS: &str = "thread/items/list";
const ITEMS_READ: &str = "thread/items/read";
const TIMELINE: &str = "thread/timeline/list";
const OCCURRENCES: &str = "thread/searchOccurrences";
const RESUME: &str = "thread/resume";
const FORK: &str = "thread/fork";
const REVERT: &str = "thread/revert";
const ARCHIVE: &str = "thread/archive";
const UNARCHIVE: &str = "thread/unarchive";
const DELETE: &str = "thread/delete";
const SET_NAME: &str = "thread/name/set";
const UPDATE_METADATA: &str = "thread/metadata/update";
const SET_MEMORY_MODE: &str = "thread/memoryMode/set";
const SUMMARY: &str = "getConversationSummary";

/// Joins an error and its causes with colons.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
