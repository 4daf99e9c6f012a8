//! Rebuilds tool calls of legacy threads from raw records: which lines make which call (`rollout-format.md` 13.2).
//!
//! Pairs lines only; what a call says is decided by the fold when it is read.

use codex_protocol::item::TurnItem;
use codex_protocol::item::rebuilt::{call_key, continued_session, is_output, item_from_call, running_session};
use codex_protocol::log::ResponseItem;

use super::checkpoint::{MAX_OPEN_SESSIONS, MAX_OPEN_WEB_CALLS, SessionCall, WebCall, push_bounded};
use super::legacy::NewItem;
use super::row_store::RowStore;
use super::{LineAt, Projector};
use crate::error::StateResult;
use crate::fold::class_of_item;
use crate::rows::{FoldKind, ItemRow, RowKey, RowSet, RowSets, TurnRow, id_hash};

/// Prefix of the session entries that stand for a `write_stdin` call in flight.
const STDIN_CALL: &str = "call:";

impl<S: RowStore> Projector<'_, S> {
    /// Takes note of a raw call or output of a legacy thread, for the full set.
    pub(super) fn full_call(&mut self, line: LineAt<'_>, item: &ResponseItem) -> StateResult<()> {
        if is_output(item) {
            return self.call_output(line, item, RowSets::FULL);
        }
        if self.continue_session(line, item, RowSets::FULL)? {
            return Ok(());
        }
        let Some(rebuilt) = item_from_call(item, None, &[]) else {
            return Ok(());
        };
        let turn = self.full_turn(line)?;
        let Some(id) = call_key(item) else {
            return self.call_without_id(line, turn, &rebuilt);
        };
        let same = self.rows.items_by_id(id_hash(id))?;
        if same
            .iter()
            .any(|row| row.turn_link == turn.link && row.sets.contains(RowSet::Full))
        {
            return Ok(()); // its event came first, and tells it better
        }
        if let TurnItem::WebSearch(search) = &rebuilt
            && self.pair_with_web_event(&search.query)
        {
            return Ok(());
        }
        self.put_call(line, &turn, RowSets::FULL, &rebuilt, Some(id))
    }

    /// Stores a call as an item of `turn`.
    pub(super) fn put_call(
        &mut self,
        line: LineAt<'_>,
        turn: &TurnRow,
        sets: RowSets,
        rebuilt: &TurnItem,
        id: Option<&str>,
    ) -> StateResult<()> {
        let class = class_of_item(rebuilt);
        self.push_item(
            line,
            turn.clone(),
            NewItem {
                sets,
                fold: FoldKind::Call,
                class,
                natural_id: id.map(str::to_owned),
            },
        )
    }

    /// Web searches mostly carry no id: pair by query within the turn.
    fn call_without_id(&mut self, line: LineAt<'_>, turn: TurnRow, rebuilt: &TurnItem) -> StateResult<()> {
        if let TurnItem::WebSearch(search) = rebuilt {
            if self.pair_with_web_event(&search.query) {
                return Ok(());
            }
            let item = RowKey::new(line.offset, RowSets::FULL);
            let call = WebCall {
                query: id_hash(&search.query),
                item,
                from_event: false,
            };
            push_bounded(&mut self.checkpoint.legacy.web, call, MAX_OPEN_WEB_CALLS);
        }
        self.put_call(line, &turn, RowSets::FULL, rebuilt, None)
    }

    fn pair_with_web_event(&mut self, query: &str) -> bool {
        let hash = id_hash(query);
        let web = &mut self.checkpoint.legacy.web;
        let paired = web.iter().rposition(|call| call.from_event && call.query == hash);
        if let Some(at) = paired {
            web.remove(at);
        }
        paired.is_some()
    }

    /// Pairs a `web_search_end` with a call without id that came before it, or remembers it for one that follows.
    pub(super) fn note_web_event(&mut self, line: LineAt<'_>, item: &TurnItem) -> StateResult<()> {
        let TurnItem::WebSearch(search) = item else {
            return Ok(());
        };
        let query = id_hash(&search.query);
        let web = &mut self.checkpoint.legacy.web;
        if let Some(at) = web.iter().rposition(|call| !call.from_event && call.query == query)
            && let Some(call) = web.remove(at)
        {
            // Shown once: the call's row leaves the full set, the event's row takes its place.
            if let Some(mut row) = self.rows.item(call.item)? {
                row.removed_at = Some(line.offset);
                self.rows.put_item(row)?;
            }
            return Ok(());
        }
        let item = RowKey::new(line.offset, RowSets::BOTH);
        push_bounded(
            web,
            WebCall {
                query,
                item,
                from_event: true,
            },
            MAX_OPEN_WEB_CALLS,
        );
        Ok(())
    }

    /// Adds an output to its call, wherever the call is.
    pub(super) fn call_output(&mut self, line: LineAt<'_>, item: &ResponseItem, sets: RowSets) -> StateResult<()> {
        let Some(id) = call_key(item) else { return Ok(()) };
        let stdin = format!("{STDIN_CALL}{id}");
        let sessions = self.sessions(sets);
        let target = match sessions.iter().rposition(|call| call.session == stdin) {
            Some(at) => sessions.remove(at).map(|call| call.item),
            None => self.call_row(id, sets)?.map(|row| row.key),
        };
        let Some(key) = target else { return Ok(()) };
        self.add_span(key, line.span())?;
        if let Some(session) = running_session(item) {
            push_bounded(
                self.sessions(sets),
                SessionCall { session, item: key },
                MAX_OPEN_SESSIONS,
            );
        }
        Ok(())
    }

    /// Adds a call that continues a running session to the item that started the session.
    pub(super) fn continue_session(
        &mut self,
        line: LineAt<'_>,
        item: &ResponseItem,
        sets: RowSets,
    ) -> StateResult<bool> {
        let Some(session) = continued_session(item) else {
            return Ok(false);
        };
        let sessions = self.sessions(sets);
        let Some(at) = sessions.iter().rposition(|call| call.session == session) else {
            return Ok(false);
        };
        let Some(running) = sessions.remove(at) else {
            return Ok(false);
        };
        if let Some(id) = call_key(item) {
            let session = format!("{STDIN_CALL}{id}");
            push_bounded(
                sessions,
                SessionCall {
                    session,
                    item: running.item,
                },
                MAX_OPEN_SESSIONS,
            );
        }
        push_bounded(
            self.sessions(sets),
            SessionCall {
                session,
                item: running.item,
            },
            MAX_OPEN_SESSIONS,
        );
        self.add_span(running.item, line.span())?;
        Ok(true)
    }

    fn sessions(&mut self, sets: RowSets) -> &mut std::collections::VecDeque<SessionCall> {
        if sets == RowSets::RAW {
            &mut self.checkpoint.raw.sessions
        } else {
            &mut self.checkpoint.legacy.sessions
        }
    }

    /// Returns the call with this id: that of the open turn, else the newest.
    fn call_row(&self, id: &str, sets: RowSets) -> StateResult<Option<ItemRow>> {
        let calls: Vec<ItemRow> = self
            .rows
            .items_by_id(id_hash(id))?
            .into_iter()
            .filter(|row| row.fold == FoldKind::Call && row.sets == sets)
            .collect();
        let open = if sets == RowSets::RAW {
            self.checkpoint.raw.turn
        } else {
            self.checkpoint.legacy.turn
        };
        let link = open.map(crate::rows::turn_link_of_key);
        let here = calls.iter().rposition(|row| Some(row.turn_link) == link);
        let at = here.or(calls.len().checked_sub(1));
        Ok(at.and_then(|at| calls.into_iter().nth(at)))
    }
}
