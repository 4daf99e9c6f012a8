//! The named limits of reading (design section 5).
//!
//! Numbers only; the readers that enforce them name them.

/// Longest line that is delivered; a longer one is reported with offset and length and never buffered.
pub const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;
/// Largest item: a larger one is not appended, and a recorded one is answered with its long texts cut.
pub const MAX_ITEM_BYTES: u64 = 16 * 1024 * 1024;
/// Size at which a page ends early, with a cursor.
pub const MAX_PAGE_BYTES: u64 = 32 * 1024 * 1024;
/// Largest answer of an unpaged read; beyond it the answer is an error that names the paged methods.
pub const MAX_ANSWER_BYTES: u64 = 256 * 1024 * 1024;
/// Memory of a process for long lines and large pages, with all copies that are made of them; who needs more waits. A single
/// line or answer that needs more than this has it alone.
pub const MAX_LINE_BUFFER_BYTES_IN_USE: u64 = 96 * 1024 * 1024;
/// Calls of a store that run at the same time; the next one waits. Each holds a few files open.
pub const MAX_CALLS_AT_ONCE: usize = 64;

/// Threads of a store that are open for writing at the same time; another one is refused. Each holds two files open, and many
/// systems give a process 1,024.
pub const MAX_OPEN_THREADS: usize = 256;

/// The limits that a store passes to what it reads with; the default is the named constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`MAX_LINE_BYTES`].
    pub max_line_bytes: u64,
    /// See [`MAX_ITEM_BYTES`].
    pub max_item_bytes: u64,
    /// See [`MAX_PAGE_BYTES`].
    pub max_page_bytes: u64,
    /// See [`MAX_ANSWER_BYTES`].
    pub max_answer_bytes: u64,
    /// See [`MAX_LINE_BUFFER_BYTES_IN_USE`].
    pub max_line_buffer_bytes_in_use: u64,
    /// See [`MAX_CALLS_AT_ONCE`].
    pub max_calls_at_once: usize,
    /// See [`MAX_OPEN_THREADS`].
    pub max_open_threads: usize,
}

impl Limits {
    /// The limits of the design.
    pub const DEFAULT: Self = Self {
        max_line_bytes: MAX_LINE_BYTES,
        max_item_bytes: MAX_ITEM_BYTES,
        max_page_bytes: MAX_PAGE_BYTES,
        max_answer_bytes: MAX_ANSWER_BYTES,
        max_line_buffer_bytes_in_use: MAX_LINE_BUFFER_BYTES_IN_USE,
        max_calls_at_once: MAX_CALLS_AT_ONCE,
        max_open_threads: MAX_OPEN_THREADS,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
