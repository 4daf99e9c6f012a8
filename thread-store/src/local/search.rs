//! Finds threads that say a text (`app-server-api.md` 6.1), newest first, with the first match as a snippet.
//!
//! The word index proposes rollouts and lines; every hit is verified in the log.

use codex_protocol::log::{LineHead, RolloutItem};
use codex_rollout::lines::LineEvent;
use codex_state::db::{Reader, RolloutRow, StoredRows};
use codex_state::messages::{Speaker, said, said_in_bare};
use codex_state::projector::{Mode, RowReader};
use codex_state::rows::{RowKey, RowSets};
use codex_state::text::{LiteralMatcher, is_context_text};
use codex_state::threads::{self, DefaultSources, ListFilter, ThreadRow, Visibility};
use codex_state::words::{self, Candidates, WordScope};

use super::catalog::{Freshness, Sweep};
use super::list::{anchor_after, anchor_of, archived_of, direction_of, selector_of, sort_of};
use super::open_rollout::read_error;
use super::store::Inner;
use crate::error::{StoreError, StoreResult};
use crate::types::{SearchHit, SearchPage, SearchQuery, View};

/// Rows that are taken from the list at once while looking for hits.
const BATCH_THREADS: usize = 64;

/// What a search looks for, and where.
struct Hunt<'q> {
    query: &'q SearchQuery,
    matcher: LiteralMatcher,
    candidates: Candidates,
}

/// The part of a rollout that a thread shows.
struct Share {
    rollout_id: String,
    /// Offset after the last line that belongs to the thread.
    cut: Option<u64>,
}

impl Inner {
    /// Finds threads.
    pub(super) fn search(&self, query: &SearchQuery) -> StoreResult<SearchPage> {
        self.bring_up_to_date(&mut |_, _| {})?;
        self.catch_up_text(&mut |_| {})?;
        let sweep = self.sweep(Freshness::Recent);
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let matcher = match query.view {
            View::Full => LiteralMatcher::folding(&query.term),
            View::Codex => LiteralMatcher::exact_view(&query.term),
        };
        let matcher = matcher.map_err(|_| StoreError::TermTooLong {
            bytes: query.term.len(),
            limit_bytes: codex_state::text::MAX_TERM_BYTES,
        })?;
        // Raw items count in the full view too, where a rollout has nothing else; the log decides.
        let candidates = words::candidates(reader.connection(), &query.term, WordScope::SaidAndHidden)
            .map_err(|error| self.index_error(error))?;
        let hunt = Hunt {
            query,
            matcher,
            candidates,
        };
        let mut filter = filter_of(query);
        let mut hits = Vec::new();
        loop {
            let page = threads::list(reader.connection(), &filter).map_err(|error| self.index_error(error))?;
            for row in page.rows {
                filter.anchor = Some(anchor_after(&row, query.sort));
                if let Some(snippet) = self.snippet_of(&reader, &sweep, &hunt, &row)? {
                    if hits.len() == query.limit {
                        return Ok(SearchPage { hits, has_more: true });
                    }
                    hits.push(SearchHit {
                        thread: self.stored_record(&reader, row)?,
                        snippet,
                    });
                }
            }
            if !page.has_more {
                return Ok(SearchPage { hits, has_more: false });
            }
        }
    }

    /// Returns the first match in a thread's visible history, oldest segment first.
    fn snippet_of(
        &self,
        reader: &Reader<'_>,
        sweep: &Sweep,
        hunt: &Hunt<'_>,
        row: &ThreadRow,
    ) -> StoreResult<Option<String>> {
        for share in self.shares_of(reader, hunt, row)? {
            if let Some(snippet) = self.snippet_in(reader, sweep, hunt, &share)? {
                return Ok(Some(snippet));
            }
        }
        Ok(None)
    }

    /// Codex searches a thread's own file only; the full view also what the thread inherits.
    fn shares_of(&self, reader: &Reader<'_>, hunt: &Hunt<'_>, row: &ThreadRow) -> StoreResult<Vec<Share>> {
        let Some(current) = reader.rollout_at(&row.path).map_err(|error| self.index_error(error))? else {
            return Ok(Vec::new());
        };
        let mut shares = vec![Share {
            rollout_id: current.rollout_id,
            cut: None,
        }];
        let mut base = current.base;
        while let Some((rollout_id, _, cut)) = base {
            let known = shares.iter().any(|share| share.rollout_id == rollout_id);
            if hunt.query.view == View::Codex || known {
                break;
            }
            base = reader
                .rollout(&rollout_id)
                .map_err(|error| self.index_error(error))?
                .and_then(|row| row.base);
            shares.push(Share {
                rollout_id,
                cut: Some(cut),
            });
        }
        shares.reverse();
        Ok(shares)
    }

    fn snippet_in(
        &self,
        reader: &Reader<'_>,
        sweep: &Sweep,
        hunt: &Hunt<'_>,
        share: &Share,
    ) -> StoreResult<Option<String>> {
        let Some(row) = reader
            .rollout(&share.rollout_id)
            .map_err(|error| self.index_error(error))?
        else {
            return Ok(None);
        };
        let offsets = match &hunt.candidates {
            Candidates::All => None,
            Candidates::Rows(rows) => Some(
                rows.offsets(reader.connection(), row.key, 0..words::MAX_OFFSET, usize::MAX)
                    .map_err(|error| self.index_error(error))?,
            ),
        };
        let unindexed = row.text_offset;
        if offsets.as_ref().is_some_and(Vec::is_empty) && unindexed >= row.checkpoint.offset {
            return Ok(None);
        }
        let Some(file) = row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
            return Ok(None);
        };
        let source = self.source(file)?;
        let bare = row.checkpoint.mode == Mode::Bare;
        let events_decide = row.checkpoint.user_event_seen || row.checkpoint.mode == Mode::Paginated;
        let mut raw_line_seen = false;
        let mut snippet = None;
        // Candidates first, then the suffix that is not in the word index yet; without candidates the whole file.
        let first_scanned = if offsets.is_some() { unindexed } else { 0 };
        for offset in offsets.into_iter().flatten().filter(|offset| *offset < unindexed) {
            if share.cut.is_some_and(|cut| offset >= cut) {
                break;
            }
            let mut lines = source.lines(offset);
            let event = lines.next().map_err(|error| read_error(&source, offset, error))?;
            if let Some(LineEvent::Line { bytes, .. }) = event {
                raw_line_seen |= hunt.matcher.raw_line_matches(bytes);
                let text = text_of(bytes, bare, events_decide, hunt.query.view);
                let found = text.and_then(|text| hunt.matcher.snippet(&text));
                if found.is_some() && snippet.is_none() && self.is_visible(reader, hunt, &row, offset)? {
                    snippet = found;
                }
            }
            if snippet.is_some() && raw_line_seen {
                return Ok(snippet);
            }
        }
        let mut lines = source.lines(first_scanned);
        loop {
            let at = lines.offset();
            let Some(event) = lines.next().map_err(|error| read_error(&source, at, error))? else {
                break;
            };
            if share.cut.is_some_and(|cut| event.end() > cut) {
                break;
            }
            if let LineEvent::Line { offset, bytes, .. } = event {
                raw_line_seen |= hunt.matcher.raw_line_matches(bytes);
                if snippet.is_none() {
                    let text = text_of(bytes, bare, events_decide, hunt.query.view);
                    let found = text.and_then(|text| hunt.matcher.snippet(&text));
                    if found.is_some() && self.is_visible(reader, hunt, &row, offset)? {
                        snippet = found;
                    }
                }
                if snippet.is_some() && raw_line_seen {
                    break;
                }
            }
        }
        Ok(snippet.filter(|_| raw_line_seen))
    }
}

impl Inner {
    /// Returns whether no rollback removed what a line says; Codex searches rolled-back text as well.
    fn is_visible(&self, reader: &Reader<'_>, hunt: &Hunt<'_>, row: &RolloutRow, offset: u64) -> StoreResult<bool> {
        if hunt.query.view == View::Codex || row.checkpoint.mode != Mode::Legacy {
            return Ok(true);
        }
        let key = RowKey::new(offset, RowSets::BOTH);
        let item = StoredRows::new(reader.connection(), row.key)
            .item(key)
            .map_err(|error| self.index_error(error))?;
        Ok(item.is_none_or(|item| item.removed_at.is_none()))
    }
}

/// Returns what a line says as far as the view searches it.
fn text_of(bytes: &[u8], bare: bool, events_decide: bool, view: View) -> Option<String> {
    let (speaker, text) = if bare {
        said_in_bare(bytes)?
    } else {
        let head = LineHead::parse(bytes).ok()?;
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
        said(&item)?
    };
    match (view, speaker) {
        (View::Codex, _) | (View::Full, Speaker::Visible) => Some(text),
        // Where events decide, raw items only repeat them, or hold what was never shown.
        (View::Full, Speaker::Raw) => (!events_decide && !is_context_text(&text)).then_some(text),
    }
}

fn filter_of(query: &SearchQuery) -> ListFilter {
    let full = query.view == View::Full;
    let shown = |shown: bool| if shown { Visibility::Shown } else { Visibility::Hidden };
    ListFilter {
        sort: sort_of(query.sort),
        direction: direction_of(query.direction),
        limit: BATCH_THREADS,
        anchor: query.anchor.map(anchor_of),
        archived: archived_of(query.archived),
        sources: query
            .sources
            .as_ref()
            .map(|sources| sources.iter().copied().map(selector_of).collect()),
        attached: shown(query.include_attached),
        unpreviewed: shown(full),
        codex_hidden: shown(full),
        default_sources: if full {
            DefaultSources::Reachable
        } else {
            DefaultSources::Interactive
        },
        ..ListFilter::default()
    }
}
