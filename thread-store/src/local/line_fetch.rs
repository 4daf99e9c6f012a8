//! Reads the lines at many spans with few positioned reads.
//!
//! Spans that lie close together are fetched in one read; the bytes are kept once. Of a line that is too large for an item
//! only a cut is kept.

use codex_rollout::source::RolloutSource;
use codex_state::rows::Span;

use super::cut_line::cut_line;
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
    /// In the order of the spans, in which they are read.
    places: Vec<(Span, Place)>,
}

/// Where a line is kept.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: usize,
    first: usize,
    len: usize,
}

impl Lines {
    /// Reads the lines at `spans`; what is longer than an item may be is cut down to that.
    pub(super) fn fetch(source: &RolloutSource, spans: Vec<Span>) -> StoreResult<Self> {
        Self::fetch_cut(source, spans, source.rules().max_item_bytes)
    }

    /// Reads the lines at `spans`; a line of more than `max_kept_bytes` is cut down to about so many.
    ///
    /// Takes memory for the longest one, unless this thread holds some already.
    pub(super) fn fetch_cut(source: &RolloutSource, mut spans: Vec<Span>, max_kept_bytes: u64) -> StoreResult<Self> {
        spans.sort_unstable();
        spans.dedup();
        let longest = spans.iter().map(|span| u64::from(span.len)).max().unwrap_or(0);
        let _hold = source.rules().hold_once(longest);
        let mut lines = Self::default();
        let mut at = 0;
        while at < spans.len() {
            if u64::from(spans[at].len) > max_kept_bytes {
                lines.read_cut(source, spans[at], max_kept_bytes)?;
                at += 1;
                continue;
            }
            let start = spans[at].offset;
            let mut end = spans[at].end();
            let mut next = at + 1;
            while next < spans.len()
                && u64::from(spans[next].len) <= max_kept_bytes
                && spans[next].offset <= end + MAX_GAP_BYTES
                && spans[next].end().max(end) - start <= MAX_READ_BYTES
            {
                end = end.max(spans[next].end());
                next += 1;
            }
            let bytes = read(source, start, end - start)?;
            for span in &spans[at..next] {
                let first = usize::try_from(span.offset - start).expect("inside the block");
                lines.place(*span, first, span.len as usize);
            }
            lines.blocks.push(bytes);
            at = next;
        }
        Ok(lines)
    }

    /// Reads one line and keeps a cut of it.
    fn read_cut(&mut self, source: &RolloutSource, span: Span, max_kept_bytes: u64) -> StoreResult<()> {
        let whole = read(source, span.offset, u64::from(span.len))?;
        let file = source.path().file_name().unwrap_or_default().to_string_lossy();
        let place = format!("line of {} bytes at byte {} of {file}", span.len, span.offset);
        let is_plain = !place.contains(['"', '\\']) && !place.contains(char::is_control);
        let cut = cut_line(
            &whole,
            max_kept_bytes,
            if is_plain { &place } else { "line in the log" },
        );
        self.place(span, 0, cut.len());
        self.blocks.push(cut);
        Ok(())
    }

    /// Notes where in the next block a line is.
    fn place(&mut self, span: Span, first: usize, len: usize) {
        let block = self.blocks.len();
        self.places.push((span, Place { block, first, len }));
    }

    /// Returns the line at `span`, if it was fetched.
    pub(super) fn get(&self, span: Span) -> Option<&[u8]> {
        let at = self.places.binary_search_by_key(&span, |(span, _)| *span).ok()?;
        let (_, place) = self.places.get(at)?;
        self.blocks.get(place.block)?.get(place.first..place.first + place.len)
    }

    /// Returns the lines at `spans` that end at or before `cut`, in order.
    pub(super) fn of<'a>(&'a self, spans: &[Span], cut: Option<u64>) -> Vec<(Span, &'a [u8])> {
        let visible = spans.iter().filter(|span| cut.is_none_or(|cut| span.end() <= cut));
        visible
            .filter_map(|span| self.get(*span).map(|bytes| (*span, bytes)))
            .collect()
    }
}

fn read(source: &RolloutSource, offset: u64, len: u64) -> StoreResult<Vec<u8>> {
    source
        .read_at(offset, len)
        .map_err(|error| read_error(source, offset, error))
}

#[cfg(test)]
#[path = "line_fetch_tests.rs"]
mod line_fetch_tests;
