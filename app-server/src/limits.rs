//! Named limits of the server: page sizes (`app-server-api.md` 4.2) and queues (1.6).
//!
//! Constants only; every one has a test at the limit and beyond it.

/// Page size of a list when the client names none.
pub const DEFAULT_PAGE_ROWS: u32 = 25;
/// Largest page of threads, turns, items and timeline entries.
pub const MAX_PAGE_ROWS: u32 = 100;
/// Page size of occurrences when the client names none.
pub const DEFAULT_OCCURRENCE_ROWS: u32 = 50;
/// Largest page of occurrences.
pub const MAX_OCCURRENCE_ROWS: u32 = 250;
/// Hits that a search of the history shows of a thread when the client names no number.
pub const DEFAULT_HITS_PER_THREAD: u32 = 3;
/// Most hits that a search of the history shows of a thread.
pub const MAX_HITS_PER_THREAD: u32 = 50;
/// Most threads that one list call may leave out.
pub const MAX_EXCLUDED_THREADS: usize = 100;
/// Most items that one call may read by id.
pub const MAX_ITEM_IDS: usize = 100;

/// Longest message that is read; a longer one is skipped and reported in the log.
pub const MAX_MESSAGE_BYTES: usize = 128 << 20;
/// Most requests of one connection that are worked on or whose answers wait to be written; the next one waits unread.
pub const MAX_REQUESTS_IN_FLIGHT: usize = 128;
/// While requests of one connection with more bytes than this are worked on, its next one waits unread: a single one of any
/// permitted length always passes.
pub const MAX_INBOUND_BYTES_IN_FLIGHT: usize = 32 << 20;
/// While more bytes of answers of one connection than this wait to be written, its next request waits unread, and its next
/// large answer waits in the memory that was taken for it.
pub const MAX_OUTBOUND_BYTES: usize = 32 << 20;
/// Most notifications of one connection that wait to be written; with one more the connection is closed.
pub const MAX_OUTBOUND_NOTIFICATIONS: usize = 32_768;
/// Most bytes of notifications of one connection that wait to be written; with more the connection is closed. A larger
/// single notification waits alone.
pub const MAX_NOTIFICATION_BYTES: usize = 256 << 20;
/// Most records of one `thread/append` or `thread/inject_items`.
pub const MAX_APPEND_ITEMS: usize = 8_192;
/// Most threads at a time that live in the server only; none of their records is held.
pub const MAX_EPHEMERAL_THREADS: usize = 1_024;
/// How long a connection whose client has stopped sending may take to finish its last answers.
pub const DRAIN_TIMEOUT_SECONDS: u64 = 30;

/// Applies the rules for `limit`: a default, at least one row, at most `max`.
pub fn page_rows(limit: Option<u32>, default: u32, max: u32) -> usize {
    limit.unwrap_or(default).clamp(1, max) as usize
}
