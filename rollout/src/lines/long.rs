//! What is different about long lines: they are measured before they are kept, and memory for them is taken in advance.
//!
//! Rules and sums only; the readers of lines follow them.

use super::budget::{LineBudget, LineHold};
use crate::limits::{MAX_ITEM_BYTES, MAX_LINE_BYTES};

/// Usually lines up to this length are read without being measured, and need no share of the budget.
pub const LONG_LINE_BYTES: u64 = 1024 * 1024;
/// Copies of a line that handling it makes at most at a time: the line, its texts unescaped, and the values they become.
pub const LINE_COPIES: u64 = 3;

/// By which rules the lines of a rollout are read.
#[derive(Debug, Clone)]
pub struct ReadRules {
    /// Length above which a line is reported instead of delivered.
    pub max_line_bytes: u64,
    /// Length above which a line is measured before it is kept, and needs a share of the budget.
    pub long_line_bytes: u64,
    /// Length above which only a cut of a line becomes part of an item.
    pub max_item_bytes: u64,
    /// What memory for long lines is taken from; there is no bound on all readers together without it.
    pub budget: Option<LineBudget>,
}

impl ReadRules {
    /// Takes memory for a line of so many bytes if it is a long one, waiting for others; what this thread holds already is
    /// enough.
    pub fn hold_once(&self, len: u64) -> Option<LineHold> {
        let budget = self.budget.as_ref()?;
        let is_needed = len > self.long_line_bytes && !budget.is_held_here();
        is_needed.then(|| budget.hold(len.saturating_mul(LINE_COPIES)))
    }

    /// Takes memory for a line of so many bytes, waiting for others.
    pub(super) fn hold(&self, len: u64) -> Option<LineHold> {
        let bytes = len.saturating_mul(LINE_COPIES);
        self.budget.as_ref().map(|budget| budget.hold(bytes))
    }
}

impl Default for ReadRules {
    fn default() -> Self {
        Self {
            max_line_bytes: MAX_LINE_BYTES,
            long_line_bytes: LONG_LINE_BYTES,
            max_item_bytes: MAX_ITEM_BYTES,
            budget: None,
        }
    }
}
