//! Finds threads that say a text (`app-server-api.md` 6.1), newest first, with the first match as a snippet.
//!
//! The word index proposes rollouts and lines; every hit is verified in the log.

use std::collections::BTreeSet;

use codex_protocol::log::{EventMsg, LineHead, RolloutItem};
use codex_rollout::lines::LineEvent;
use codex_state::db::{Reader, RolloutRow};
use codex_state::messages::{said, said_in_bare};
use codex_state::projector::{Mode, RowReader};
use codex_state::rows::{ItemClass, ItemRow, RowKey, RowSet, RowSets, Span, id_hash};
use codex_state::text::LiteralMatcher;
use codex_state::threads::{self, DefaultSources, ListFilter, ThreadRow, Visibility};
use codex_state::words::{self, Candidates, Inheritance, ReachLimits, WordScope};

use super::catalog::{Freshness, Sweep};
use super::catch_up::{is_index_full, plain_end};
use super::list::{anchor_after, anchor_of, archived_of, direction_of, selector_of, sort_of};
use super::open_rollout::{OpenRollout, index_error, read_error};
use super::store::Inner;
use super::text_index::TextPart;
use crate::error::{StoreError, StoreResult};
use crate::types::{SearchHit, SearchPage, SearchQuery, View};

/// Rows that are taken from the list at once while looking for hits.
const BATCH_THREADS: usize = 64;
/// What is looked at to name the rollouts with candidates before the list is walked: mostly this is all there is.
const AT_FIRST: ReachLimits = ReachLimits {
    max_documents: 1_000,
    max_rollouts: 1_000,
};
/// The same once a batch of the list did not fill the page: of a common term most threads have it, or it is not in these.
const LATER: ReachLimits = ReachLimits {
    max_documents: 50_000,
    max_rollouts: 1_000,
};

/// What a search looks for, and where.
struct Hunt<'q> {
    query: &'q SearchQuery,
    matcher: LiteralMatcher,
    candidates: Candidates,
    /// Whether the index knows of every byte that the last sweep saw, if only that it has no document of it.
    is_index_current: bool,
}

/// The part of a rollout that a thread shows.
struct Share {
    rollout: RolloutRow,
    /// Offset after the last line that belongs to the thread.
    cut: Option<u64>,
}

impl Inner {
    /// Finds threads.
    pub(super) fn search(&self, query: &SearchQuery) -> StoreResult<SearchPage> {
        let is_index_current = self.bring_words_up_to_date(TextPart::Said)?;
        let sweep = self.sweep(Freshness::Recent);
        let index = self.index();
        let reader = index.reader().map_err(|error| self.index_error(error))?;
        let hunt = self.hunt(&reader, query, is_index_current)?;
        let mut filter = filter_of(query);
        filter.rollouts = self.reach(&reader, &hunt, AT_FIRST)?;
        let mut is_first_batch = true;
        let (mut hits, mut page_bytes) = (Vec::new(), 0);
        loop {
            let page = threads::list(reader.connection(), &filter).map_err(|error| self.index_error(error))?;
            for row in page.rows {
                filter.anchor = Some(anchor_after(&row, query.sort));
                let found = match self.snippet_of(&reader, &sweep, &hunt, &row) {
                    // A file that cannot be read keeps nobody from finding what is in the others; `doctor` names it.
                    Err(error @ StoreError::Read { .. }) => {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, thread_id = row.thread_id, "a thread could not be searched");
                        None
                    }
                    found => found?,
                };
                if let Some(snippet) = found {
                    if hits.len() == query.limit {
                        return Ok(SearchPage { hits, has_more: true });
                    }
                    let thread = self.stored_record(&reader, row)?;
                    page_bytes += thread.text_bytes();
                    if page_bytes > self.limits.max_page_bytes && !hits.is_empty() {
                        return Ok(SearchPage { hits, has_more: true });
                    }
                    hits.push(SearchHit { thread, snippet });
                }
            }
            if !page.has_more {
                return Ok(SearchPage { hits, has_more: false });
            }
            if std::mem::take(&mut is_first_batch) && filter.rollouts.is_none() {
                filter.rollouts = self.reach(&reader, &hunt, LATER)?;
            }
            filter.limit = BATCH_THREADS;
        }
    }

    /// Brings positions and a part of the words up to date; returns whether they are.
    pub(super) fn bring_words_up_to_date(&self, part: TextPart) -> StoreResult<bool> {
        self.bring_up_to_date_if_there_is_room()?;
        match self.catch_up_text(part, &mut |_| {}) {
            // What has no documents is searched in the log.
            Err(error) if is_index_full(&error) => Ok(false),
            done => done.map(|()| true),
        }
    }

    fn hunt<'q>(&self, reader: &Reader<'_>, query: &'q SearchQuery, is_index_current: bool) -> StoreResult<Hunt<'q>> {
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
        Ok(Hunt {
            query,
            matcher,
            candidates,
            is_index_current,
        })
    }

    /// Names the only rollouts that can have hits, if they are few: then the list is made of their threads alone.
    fn reach(&self, reader: &Reader<'_>, hunt: &Hunt<'_>, limits: ReachLimits) -> StoreResult<Option<BTreeSet<i64>>> {
        let Candidates::Rows(rows) = &hunt.candidates else {
            return Ok(None);
        };
        if !hunt.is_index_current {
            return Ok(None); // what the index does not know of can be in any file
        }
        let inheritance = match hunt.query.view {
            View::Full => Inheritance::Followed,
            View::Codex => Inheritance::Ignored,
        };
        words::rollouts_in_reach(reader.connection(), rows, inheritance, limits)
            .map_err(|error| self.index_error(error))
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
        let mut base = current.base.clone();
        let mut shares = vec![Share {
            rollout: current,
            cut: None,
        }];
        while let Some((rollout_id, _, cut)) = base {
            let known = shares.iter().any(|share| share.rollout.rollout_id == rollout_id);
            if hunt.query.view == View::Codex || known {
                break;
            }
            let ancestor = reader.rollout(&rollout_id).map_err(|error| self.index_error(error))?;
            // A lineage leads through paginated rollouts only.
            let Some(ancestor) = ancestor.filter(|row| row.checkpoint.mode == Mode::Paginated) else {
                break;
            };
            base = ancestor.base.clone();
            shares.push(Share {
                rollout: ancestor,
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
        let row = &share.rollout;
        let offsets = match &hunt.candidates {
            Candidates::All => None,
            Candidates::Rows(rows) => Some(
                rows.offsets(reader.connection(), row.key, 0..words::MAX_OFFSET, usize::MAX)
                    .map_err(|error| self.index_error(error))?,
            ),
        };
        let Some(file) = row.rollout_id.parse().ok().and_then(|id| sweep.rollout(id)) else {
            return Ok(None);
        };
        let unindexed = row.text_offset;
        // A complete last line without newline is behind the checkpoint, and found all the same.
        let end = plain_end(file, row);
        if offsets.as_ref().is_some_and(Vec::is_empty) && unindexed >= end {
            return Ok(None);
        }
        let open = self.open_rollout(reader, file)?;
        let source = &open.source;
        let shown = Shown {
            set: open.row_set(View::Full),
            open: &open,
            cut: share.cut,
            view: hunt.query.view,
        };
        let mut raw_line_seen = false;
        let mut snippet = None;
        // Candidates first, then the suffix that is not in the word index yet; without candidates the whole file.
        let first_scanned = if offsets.is_some() { unindexed } else { 0 };
        for offset in offsets.into_iter().flatten().filter(|offset| *offset < unindexed) {
            if share.cut.is_some_and(|cut| offset >= cut) {
                break;
            }
            let mut lines = source.lines(offset);
            let event = lines.next().map_err(|error| read_error(source, offset, error))?;
            if let Some(LineEvent::Line { bytes, .. }) = event {
                raw_line_seen |= hunt.matcher.raw_line_matches(bytes);
                if snippet.is_none() {
                    snippet = shown.snippet(hunt, offset, bytes)?;
                }
            }
            if snippet.is_some() && raw_line_seen {
                return Ok(snippet);
            }
        }
        let mut lines = source.lines(first_scanned);
        loop {
            let at = lines.offset();
            let Some(event) = lines.next().map_err(|error| read_error(source, at, error))? else {
                break;
            };
            if let LineEvent::Line { offset, bytes, .. } = event {
                if share.cut.is_some_and(|cut| offset + bytes.len() as u64 > cut) {
                    break;
                }
                raw_line_seen |= hunt.matcher.raw_line_matches(bytes);
                if snippet.is_none() {
                    snippet = shown.snippet(hunt, offset, bytes)?;
                }
                if snippet.is_some() && raw_line_seen {
                    break;
                }
            }
        }
        Ok(snippet.filter(|_| raw_line_seen))
    }
}

/// What a view shows of one rollout.
struct Shown<'s, 'r> {
    open: &'s OpenRollout<'r>,
    set: RowSet,
    /// Offset after the last line that belongs to the thread.
    cut: Option<u64>,
    view: View,
}

impl Shown<'_, '_> {
    /// Returns the snippet of a line that says the term, if the view shows what it says.
    fn snippet(&self, hunt: &Hunt<'_>, offset: u64, bytes: &[u8]) -> StoreResult<Option<String>> {
        let Some(line) = Line::decode(bytes, self.open.checkpoint.mode) else {
            return Ok(None);
        };
        let Some(snippet) = hunt.matcher.snippet(&line.text) else {
            return Ok(None);
        };
        Ok(self.is_shown(offset, &line)?.then_some(snippet))
    }

    /// The full view finds the messages of the visible history: not what a rollback removed, what a later snapshot
    /// replaced, or what only the model saw. Codex finds every line.
    fn is_shown(&self, offset: u64, line: &Line) -> StoreResult<bool> {
        if self.view == View::Codex {
            return Ok(true);
        }
        let rows = &self.open.rows;
        let found = match (self.open.checkpoint.mode, &line.item_id) {
            (Mode::Paginated, Some(id)) => rows.items_by_id(id_hash(id)),
            (Mode::Paginated, None) => return Ok(false),
            (Mode::Legacy | Mode::Bare, _) => {
                let sets = if self.set == RowSet::Raw {
                    RowSets::RAW
                } else {
                    RowSets::BOTH
                };
                rows.item(RowKey::new(offset, sets))
                    .map(|row| row.into_iter().collect())
            }
        };
        let newest = |row: &ItemRow| {
            let visible = |span: &&Span| self.cut.is_none_or(|cut| span.end() <= cut);
            row.spans.iter().rfind(visible).map(|span| span.offset)
        };
        let found = found.map_err(|error| index_error(&self.open.file.path, error))?;
        // A hook prompt is a message for the model only, and an item of its own for people.
        Ok(found.iter().any(|row| {
            row.class != ItemClass::Other
                && row.sets.contains(self.set)
                && row.removed_at.is_none()
                && newest(row) == Some(offset)
        }))
    }
}

/// What a line says.
struct Line {
    text: String,
    /// Id of the canonical item that the line is a snapshot of.
    item_id: Option<String>,
}

impl Line {
    fn decode(bytes: &[u8], mode: Mode) -> Option<Self> {
        if mode == Mode::Bare {
            let (_, text) = said_in_bare(bytes)?;
            return Some(Self { text, item_id: None });
        }
        let head = LineHead::parse(bytes).ok()?;
        let item = RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()?;
        let (_, text) = said(&item)?;
        let item_id = match &item {
            RolloutItem::EventMsg(event) => match event.as_ref() {
                EventMsg::ItemCompleted(completed) => Some(completed.item.id().to_owned()),
                _ => None,
            },
            _ => None,
        };
        Some(Self { text, item_id })
    }
}

fn filter_of(query: &SearchQuery) -> ListFilter {
    let full = query.view == View::Full;
    let shown = |shown: bool| if shown { Visibility::Shown } else { Visibility::Hidden };
    ListFilter {
        sort: sort_of(query.sort),
        direction: direction_of(query.direction),
        limit: query.limit.saturating_add(1).min(BATCH_THREADS),
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
