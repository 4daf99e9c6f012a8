//! Folds raw response items: bare rollouts of 2025, and envelope rollouts without user events (`rollout-format.md` 12).
//!
//! A turn begins at each real user message; context that only the model sees opens none.

use codex_protocol::item::TurnItem;
use codex_protocol::item::rebuilt::{call_key, is_output, item_from_call};
use codex_protocol::log::{BareLine, ResponseItem};

use super::legacy::NewItem;
use super::meta::{ShortText, session_timestamp_ms};
use super::row_store::RowStore;
use super::{LineAt, Projector};
use crate::error::StateResult;
use crate::fold::class_of_item;
use crate::messages::{context_cwd, message_from_raw, raw_user_text};
use crate::rows::{
    FoldKind, ItemClass, RowKey, RowSets, SyntheticKind, TurnRow, TurnState, synthetic_id, turn_link_of_key,
};

impl<S: RowStore> Projector<'_, S> {
    pub(super) fn bare_line(&mut self, line: LineAt<'_>) -> StateResult<()> {
        match BareLine::decode(line.bytes) {
            Ok(BareLine::Header(header)) => {
                if !self.meta.header_seen {
                    self.meta.header_seen = true;
                    let meta = &mut self.meta.header;
                    meta.thread_id = Some(header.id.to_string());
                    meta.created_at_ms = session_timestamp_ms(&header.timestamp);
                    if let Some(git) = header.git {
                        meta.git_sha = git.commit_hash;
                        meta.git_branch = git.branch;
                        meta.git_origin_url = git.repository_url;
                    }
                }
                Ok(())
            }
            Ok(BareLine::StateMarker) => Ok(()),
            Ok(BareLine::Item(item)) => self.raw_item(line, &item),
            Err(error) => self.reject(line, &error),
        }
    }

    /// Takes a raw response item into the raw set.
    pub(super) fn raw_item(&mut self, line: LineAt<'_>, item: &ResponseItem) -> StateResult<()> {
        if let Some(message) = message_from_raw(item) {
            let class = class_of_item(&message);
            if class == ItemClass::User {
                return self.raw_user_message(line, item, message.id());
            }
            if matches!(message, TurnItem::AgentMessage(_) | TurnItem::Reasoning(_)) {
                let turn = self.raw_turn(line)?;
                return self.push_raw(line, turn, class, message.id());
            }
            return Ok(());
        }
        if is_output(item) {
            return self.call_output(line, item, RowSets::RAW);
        }
        if self.continue_session(line, item, RowSets::RAW)? {
            return Ok(());
        }
        let Some(rebuilt) = item_from_call(item, None, &[]) else {
            return Ok(());
        };
        let turn = self.raw_turn(line)?;
        self.put_call(line, &turn, RowSets::RAW, &rebuilt, call_key(item))
    }

    fn raw_user_message(&mut self, line: LineAt<'_>, item: &ResponseItem, id: &str) -> StateResult<()> {
        let Some(text) = raw_user_text(item) else {
            if self.meta.raw_cwd.is_none() {
                self.meta.raw_cwd = context_cwd(item);
            }
            return Ok(());
        };
        if self.meta.raw_preview.is_empty() {
            self.meta.raw_preview = ShortText::new(text.trim(), line.span());
        }
        self.checkpoint.raw.user_seen = true;
        let turn = self.open_raw_turn(line)?;
        self.push_raw(line, turn, ItemClass::User, id)
    }

    fn push_raw(&mut self, line: LineAt<'_>, turn: TurnRow, class: ItemClass, id: &str) -> StateResult<()> {
        let id = Some(id).filter(|id| !id.is_empty()).map(str::to_owned);
        self.push_item(
            line,
            turn,
            NewItem {
                sets: RowSets::RAW,
                fold: FoldKind::RawItem,
                class,
                natural_id: id,
            },
        )
    }

    fn raw_turn(&mut self, line: LineAt<'_>) -> StateResult<TurnRow> {
        if let Some(key) = self.checkpoint.raw.turn
            && let Some(turn) = self.rows.turn(key)?
        {
            return Ok(turn);
        }
        self.open_raw_turn(line)
    }

    fn open_raw_turn(&mut self, line: LineAt<'_>) -> StateResult<TurnRow> {
        let key = RowKey::new(line.offset, RowSets::RAW);
        // The sub-index keeps the id apart from that of an event turn made by the same line.
        let turn_id = synthetic_id(self.rollout_id, SyntheticKind::Turn, line.offset, 1);
        let link = turn_link_of_key(key);
        let mut turn = TurnRow::open(key, RowSets::RAW, turn_id, link, self.checkpoint.line_no);
        turn.state = TurnState::Completed;
        if self.checkpoint.raw.turn.is_none() {
            // Bare items carry no times: the header's stands for the first turn (12).
            turn.started_at = self.meta.header.created_at_ms.map(|ms| ms.div_euclid(1_000));
        }
        self.checkpoint.raw.turn = Some(key);
        self.rows.put_turn(turn.clone())?;
        Ok(turn)
    }
}
