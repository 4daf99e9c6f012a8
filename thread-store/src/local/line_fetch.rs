//! Reads the lines at many spans with few positioned reads.
//!
//! Spans that lie close together are fetched in one read; the bytes are kept once.

use std::collections::HashMap;

use codex_rollout::source::RolloutSource;
use codex_state::rows::Span;

use super::open_rollout::read_error;
use crate::error::StoreResult;

/// Bytes between two spans that are read along rather than skipped.
const MAX_GAP_BYTES: u64 = 16 * 1024;
/// Bytes that one read fetches at most, unless a single line is longer.
const MAX_READ_BYTES: u64 = 1024 * 1024;

/// Lines of one rollout, by span.
#[derive(Debug, Default)]
pub(super) struct Lines {
    blocks: Vec<Vec<u8>>,
    places: HashMap<Span, (usize, usize)>,
}

impl Lines {
    /// Reads the lines at `spans`.
    pub(super) fn fetch(source: &RolloutSource, mut spans: Vec<Span>) -> StoreResult<Self> {
        spans.sort_unstable();
        spans.dedup();
        let mut lines = Self::default();
        let mut at = 0;
        while at < spans.len() {
            let start = spans[at].offset;
            let mut end = spans[at].end();
            let mut next = at + 1;
            while next < spans.len()
                && spans[next].offset <= end + MAX_GAP_BYTES
                && spans[next].end().max(end) - start <= MAX_READ_BYTES
            {
                end = end.max(spans[next].end());
                next += 1;
            }
            let bytes = source
                .read_at(start, end - start)
                .map_err(|error| read_error(source, start, error))?;
            for span in &spans[at..next] {
                let first = usize::try_from(span.offset - start).expect("inside the block");
                lines.places.insert(*span, (lines.blocks.len(), first));
            }
            lines.blocks.push(bytes);
            at = next;
        }
        Ok(lines)
    }

    /// Returns the line at `span`, if it was fetched.
    pub(super) fn get(&self, span: Span) -> Option<&[u8]> {
        let (block, first) = *self.places.get(&span)?;
        let len = usize::try_from(span.len).ok()?;
        self.blocks.get(block)?.get(first..first + len)
    }

    /// Returns the lines at `spans` that end at or before `cut`, in order.
    pub(super) fn of<'a>(&'a self, spans: &[Span], cut: Option<u64>) -> Vec<(Span, &'a [u8])> {
        let visible = spans.iter().filter(|span| cut.is_none_or(|cut| span.end() <= cut));
        visible
            .filter_map(|span| self.get(*span).map(|bytes| (*span, bytes)))
            .collect()
    }
}
