//! Folds paginated rollouts: turn records and completed canonical items (`rollout-format.md` 8.1, 8.2).
//!
//! Never stuck: a line without ordinal, or with one that was used before, is projected and reported as damage.

use codex_protocol::item::TurnItem;
use codex_protocol::log::event::TaskCompleteEvent;
use codex_protocol::log::{EventMsg, LineHead, RolloutItem, peek};

use super::row_store::{KeyRange, Order, RowStore};
use super::{LineAt, Projector, decode_item, timestamp_ms};
use crate::error::StateResult;
use crate::fold::class_of_item;
use crate::rows::{
    DamageCode, FoldKind, ItemClass, ItemRow, RowKey, RowSet, RowSets, TurnEnd, TurnRow, TurnState, id_hash,
    turn_link_of_id,
};

/// What a turn record changes.
struct TurnChange {
    turn_id: String,
    root_turn_id: Option<String>,
    state: TurnState,
    started_at: Option<i64>,
    completed_at: Option<i64>,
    duration_ms: Option<i64>,
}

impl<S: RowStore> Projector<'_, S> {
    pub(super) fn paginated_line(&mut self, line: LineAt<'_>) -> StateResult<()> {
        if let Some(prefix) = peek(line.bytes)
            && !is_projected(prefix.kind, prefix.payload_tag)
            && line.bytes.ends_with(b"}")
        {
            // The first bytes may only reject: whatever this line is, it makes no row.
            self.accept_ordinal(line, prefix.ordinal)?;
            return Ok(());
        }
        let head = match LineHead::parse(line.bytes) {
            Ok(head) => head,
            Err(error) => return self.reject(line, &error),
        };
        let item = match decode_item(&head) {
            Ok(item) => item,
            Err(error) => return self.reject(line, &error),
        };
        let ordinal = self.accept_ordinal(line, head.ordinal)?;
        let inherited_context = self
            .checkpoint
            .subagent_start_ordinal
            .is_some_and(|start| ordinal < start);
        if inherited_context && !matches!(item, RolloutItem::SessionMeta(_)) {
            return Ok(());
        }
        self.note_meta(line, head.timestamp.as_deref(), &item);
        match item {
            RolloutItem::EventMsg(event) => self.paginated_event(line, ordinal, head.timestamp.as_deref(), *event),
            _ => Ok(()),
        }
    }

    fn paginated_event(
        &mut self,
        line: LineAt<'_>,
        ordinal: u64,
        timestamp: Option<&str>,
        event: EventMsg,
    ) -> StateResult<()> {
        match event {
            EventMsg::TaskStarted(started) => self.turn_record(
                line,
                ordinal,
                TurnChange {
                    turn_id: started.turn_id,
                    root_turn_id: started.root_turn_id,
                    state: TurnState::InProgress,
                    started_at: started.started_at,
                    completed_at: None,
                    duration_ms: None,
                },
            ),
            EventMsg::TaskComplete(complete) => self.turn_record(line, ordinal, completion(complete)),
            EventMsg::TurnAborted(aborted) => {
                let Some(turn_id) = aborted.turn_id else { return Ok(()) };
                self.turn_record(
                    line,
                    ordinal,
                    TurnChange {
                        turn_id,
                        root_turn_id: aborted.root_turn_id,
                        state: TurnState::Interrupted,
                        started_at: aborted.started_at,
                        completed_at: aborted.completed_at,
                        duration_ms: aborted.duration_ms,
                    },
                )
            }
            EventMsg::ItemCompleted(completed) => {
                if completed.started_at_ms.is_none() && timestamp.and_then(timestamp_ms).is_none() {
                    self.damaged_line(line, DamageCode::InvalidTimestamp)?;
                }
                self.canonical_item(line, ordinal, &completed.turn_id, &completed.item)
            }
            _ => Ok(()),
        }
    }

    fn turn_record(&mut self, line: LineAt<'_>, ordinal: u64, change: TurnChange) -> StateResult<()> {
        let link = turn_link_of_id(&change.turn_id);
        let mut row = match self.rows.turn_by_id(link, RowSet::Full)? {
            Some(row) if row.end.is_some() => return Ok(()), // a terminal turn is immutable
            Some(row) => row,
            None => TurnRow::open(
                RowKey::new(line.offset, RowSets::BOTH),
                RowSets::BOTH,
                change.turn_id,
                link,
                ordinal,
            ),
        };
        row.records.push(line.span());
        row.state = change.state;
        row.started_at = change.started_at;
        row.completed_at = change.completed_at;
        row.duration_ms = change.duration_ms;
        row.root_turn_id = row.root_turn_id.or(change.root_turn_id);
        if change.state != TurnState::InProgress {
            row.end = Some(TurnEnd {
                ordinal,
                span: line.span(),
            });
        }
        self.summarise(&mut row)?;
        self.rows.put_turn(row)
    }

    /// Recomputes the summary items of a turn that is open or was just ended.
    fn summarise(&self, row: &mut TurnRow) -> StateResult<()> {
        if !row.records.is_empty() && row.records.len() == 1 && row.end.is_none() && row.first_user.is_none() {
            // A fresh turn: items that came before it are rare, but they count.
            let earlier = self
                .rows
                .items(RowSet::Full, Some(row.link), KeyRange::ALL, Order::Ascending, 1)?;
            if earlier.is_empty() {
                return Ok(());
            }
        }
        let items = self.rows.items(
            RowSet::Full,
            Some(row.link),
            KeyRange::ALL,
            Order::Ascending,
            usize::MAX,
        )?;
        let summary = summary_of(&items, row.end.is_some());
        row.first_user = row.first_user.or(summary.0);
        row.final_agent = summary.1.or(row.final_agent);
        Ok(())
    }

    fn canonical_item(&mut self, line: LineAt<'_>, ordinal: u64, turn_id: &str, item: &TurnItem) -> StateResult<()> {
        let link = turn_link_of_id(turn_id);
        let hash = id_hash(item.id());
        let class = class_of_item(item);
        if class == ItemClass::User {
            self.checkpoint.user_event_seen = true;
        }
        let existing = self
            .rows
            .items_by_id(hash)?
            .into_iter()
            .find(|row| row.turn_link == link);
        let key = match existing {
            Some(mut row) => {
                row.spans.push(line.span());
                row.class = class;
                let key = row.key;
                self.rows.put_item(row)?;
                key
            }
            None => {
                let key = RowKey::new(line.offset, RowSets::BOTH);
                self.rows.put_item(ItemRow {
                    key,
                    sets: RowSets::BOTH,
                    turn_link: link,
                    id_hash: hash,
                    alias: None,
                    ordinal,
                    class,
                    fold: FoldKind::Canonical,
                    spans: vec![line.span()],
                    removed_at: None,
                })?;
                key
            }
        };
        if !matches!(class, ItemClass::User | ItemClass::AgentFinal) {
            return Ok(());
        }
        let Some(mut turn) = self.rows.turn_by_id(link, RowSet::Full)? else {
            return Ok(());
        };
        if turn.end.is_some() {
            return Ok(());
        }
        if class == ItemClass::User && turn.first_user.is_none() {
            turn.first_user = Some(key);
        } else if class == ItemClass::AgentFinal {
            turn.final_agent = Some(key);
        } else {
            return Ok(());
        }
        self.rows.put_turn(turn)
    }
}

/// Returns the first user message and the final agent message of a turn's items (`rollout-format.md` 8.2).
pub fn summary_of(items: &[ItemRow], ended: bool) -> (Option<RowKey>, Option<RowKey>) {
    let first_user = items
        .iter()
        .find(|item| item.class == ItemClass::User)
        .map(|item| item.key);
    let last_of = |class| items.iter().rev().find(|item| item.class == class).map(|item| item.key);
    let mut final_agent = last_of(ItemClass::AgentFinal);
    if final_agent.is_none() && ended {
        final_agent = last_of(ItemClass::AgentPlain);
    }
    (first_user, final_agent)
}

fn completion(complete: TaskCompleteEvent) -> TurnChange {
    TurnChange {
        turn_id: complete.turn_id,
        root_turn_id: complete.root_turn_id,
        state: if complete.error.is_some() {
            TurnState::Failed
        } else {
            TurnState::Completed
        },
        started_at: complete.started_at,
        completed_at: complete.completed_at,
        duration_ms: complete.duration_ms,
    }
}

/// Returns whether lines of this kind can make rows or thread metadata; anything unknown must be decoded.
fn is_projected(kind: &str, payload_tag: Option<&str>) -> bool {
    match kind {
        "response_item"
        | "world_state"
        | "token_usage_record"
        | "compacted"
        | "security_risk_score"
        | "inter_agent_communication"
        | "inter_agent_communication_metadata"
        | "dynamic_tools_updated" => false,
        "event_msg" => !matches!(payload_tag, Some("token_count")),
        _ => true,
    }
}
