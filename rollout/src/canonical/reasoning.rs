//! Reasoning that may still grow: consecutive reasoning events make one item (format 7.2, 13.1).
//!
//! In paginated threads the item is written when something else follows; in legacy threads the lines are written at once,
//! and only the telling waits.

use codex_protocol::item::{ReasoningItem, ReasoningPart, TurnItem};

/// The parts so far.
#[derive(Debug, Clone)]
pub(super) struct PendingReasoning {
    /// Turn of the item.
    pub(super) turn_id: String,
    /// The item so far, without id.
    summary_text: Vec<String>,
    raw_content: Vec<String>,
    /// Bytes of the payloads that the parts came in: an upper bound for those of the item.
    pub(super) len_bytes: u64,
    /// First line, if lines are written.
    pub(super) first_line: Option<u64>,
    /// Batch items that the parts came from; those of earlier batches are gone.
    pub(super) sources: Vec<usize>,
    /// Batch item that began it, unless it began in an earlier batch.
    pub(super) source: Option<usize>,
    /// When it began, if known.
    pub(super) started_at_ms: Option<i64>,
    /// When the last part came.
    pub(super) completed_at_ms: Option<i64>,
}

impl PendingReasoning {
    /// Begins an item.
    pub(super) fn begin(turn_id: String, source: usize) -> Self {
        Self {
            turn_id,
            summary_text: Vec::new(),
            raw_content: Vec::new(),
            len_bytes: 0,
            first_line: None,
            sources: Vec::new(),
            source: Some(source),
            started_at_ms: None,
            completed_at_ms: None,
        }
    }

    /// Adds a part.
    pub(super) fn push(&mut self, part: ReasoningPart) {
        match part {
            ReasoningPart::Summary(text) => self.summary_text.push(text),
            ReasoningPart::Raw(text) => self.raw_content.push(text),
        }
    }

    /// Adds a part, if there is one.
    pub(super) fn extend(&mut self, part: Option<ReasoningPart>) {
        if let Some(part) = part {
            self.push(part);
        }
    }

    /// Forgets the batch that ends: indexes into it mean nothing in the next one.
    pub(super) fn leave_batch(&mut self) {
        self.sources.clear();
        self.source = None;
    }

    /// Returns the item, with an empty id.
    pub(super) fn item(&self) -> TurnItem {
        TurnItem::Reasoning(ReasoningItem {
            id: String::new(),
            summary_text: self.summary_text.clone(),
            raw_content: self.raw_content.clone(),
        })
    }
}
