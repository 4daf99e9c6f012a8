//! Content as a pure fold: the item or turn facts that the lines at a row's spans amount to.
//!
//! The projector and every reader use the same decoding, so an answer is always a function of the log alone.

use codex_protocol::item::rebuilt::{
    CallPlace, is_output, item_from_call, place_call, settle_call, user_shell_from_message,
};
use codex_protocol::item::{
    MessagePhase, ReasoningItem, ReasoningPart, ThreadItem, TimedItem, TurnError, TurnItem, canonical_from_event,
    canonical_reasoning, hook_prompt_from_message,
};
use codex_protocol::log::event::ItemCompletedEvent;
use codex_protocol::log::{BareLine, EventMsg, LineHead, ResponseItem, RolloutItem};
use uuid::Uuid;

use crate::error::{StateError, StateResult};
use crate::messages::message_from_raw;
use crate::rows::{FoldKind, ItemClass, ItemRow, RowSet, Span, SyntheticKind, TurnState, id_hash, synthetic_id};

/// An item as its lines tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedItem {
    /// Content and times as served.
    pub item: TimedItem,
    /// Turn id that the item's own line names (canonical items only).
    pub turn_id: Option<String>,
}

/// Returns the message class of an item.
pub fn class_of_item(item: &TurnItem) -> ItemClass {
    match item {
        TurnItem::UserMessage(_) => ItemClass::User,
        TurnItem::AgentMessage(message) => match &message.phase {
            None => ItemClass::AgentPlain,
            Some(MessagePhase::FinalAnswer) => ItemClass::AgentFinal,
            Some(MessagePhase::PartialAnswer) => ItemClass::AgentPartial,
            Some(MessagePhase::Commentary) => ItemClass::AgentOther,
        },
        TurnItem::HookPrompt(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::Reasoning(_)
        | TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageView(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(_)
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::ContextCompaction(_) => ItemClass::Other,
    }
}

/// What a fold needs to know besides the lines.
#[derive(Debug, Clone, Copy)]
pub struct FoldContext<'a> {
    /// The rollout.
    pub rollout_id: Uuid,
    /// Set that the item is shown in.
    pub set: RowSet,
    /// Working directory of the thread, for calls that name none.
    pub cwd: &'a str,
    /// The thread.
    pub thread_id: &'a str,
}

/// Makes the item of a row from its lines, given in span order; lines beyond a cut are simply not given.
///
/// # Errors
/// [`StateError::StaleRow`] when the lines are not those that the row was made of.
pub fn fold_item(row: &ItemRow, context: FoldContext<'_>, lines: &[(Span, &[u8])]) -> StateResult<FoldedItem> {
    let stale = || StateError::StaleRow {
        offset: row.key.offset(),
    };
    let mut folded = match row.fold {
        FoldKind::Canonical => canonical(row, lines)?,
        FoldKind::Event => {
            let (_, bytes) = lines.last().ok_or_else(stale)?;
            event(bytes).ok_or_else(stale)?
        }
        FoldKind::Reasoning => untimed(reasoning(lines).ok_or_else(stale)?),
        FoldKind::Call => call(lines, context).ok_or_else(stale)?,
        FoldKind::RawItem => {
            let (_, bytes) = lines.last().ok_or_else(stale)?;
            untimed(raw_item(bytes).ok_or_else(stale)?)
        }
    };
    if row.fold != FoldKind::Canonical {
        let own = row
            .alias
            .filter(|_| context.set == RowSet::Codex)
            .map(|number| format!("item-{number}"));
        let natural = id_hash(folded.item.item.id()) == row.id_hash;
        let id = match own {
            Some(alias) => alias,
            None if natural => folded.item.item.id().to_owned(),
            None => synthetic_id(context.rollout_id, SyntheticKind::Item, row.key.offset(), 0),
        };
        folded.item.item.set_id(id);
    }
    Ok(folded)
}

fn canonical(row: &ItemRow, lines: &[(Span, &[u8])]) -> StateResult<FoldedItem> {
    let mut newest = None;
    let mut started_at_ms = None;
    let mut completed_at_ms = None;
    for (span, bytes) in lines {
        let completed = completed(bytes).ok_or(StateError::StaleRow { offset: span.offset })?;
        if id_hash(completed.item.id()) != row.id_hash {
            return Err(StateError::StaleRow { offset: span.offset });
        }
        // The first value wins (8.2); zero means unknown.
        started_at_ms = started_at_ms.or(completed.started_at_ms.filter(|ms| *ms != 0));
        completed_at_ms = completed_at_ms.or(Some(completed.completed_at_ms).filter(|ms| *ms != 0));
        newest = Some((completed.turn_id, completed.item));
    }
    let (turn_id, item) = newest.ok_or(StateError::StaleRow {
        offset: row.key.offset(),
    })?;
    let item = TimedItem {
        item: ThreadItem::from(item),
        started_at_ms,
        completed_at_ms,
    };
    Ok(FoldedItem {
        item,
        turn_id: Some(turn_id),
    })
}

fn completed(bytes: &[u8]) -> Option<ItemCompletedEvent> {
    if let Some(completed) = ItemCompletedEvent::decode_line(bytes) {
        return Some(completed);
    }
    match decode(bytes)? {
        RolloutItem::EventMsg(event) => match *event {
            EventMsg::ItemCompleted(completed) => Some(completed),
            _ => None,
        },
        _ => None,
    }
}

fn untimed(item: TurnItem) -> FoldedItem {
    let item = TimedItem {
        item: ThreadItem::from(item),
        started_at_ms: None,
        completed_at_ms: None,
    };
    FoldedItem { item, turn_id: None }
}

fn event(bytes: &[u8]) -> Option<FoldedItem> {
    let RolloutItem::EventMsg(event) = decode(bytes)? else {
        return None;
    };
    let told = canonical_from_event(&event)?;
    let mut folded = untimed(told.item);
    // Few legacy events tell times: plans (13.4), and activities of sub-agents.
    folded.item.started_at_ms = told.started_at_ms;
    folded.item.completed_at_ms = told.completed_at_ms;
    Some(folded)
}

fn reasoning(lines: &[(Span, &[u8])]) -> Option<TurnItem> {
    let mut item = ReasoningItem {
        id: String::new(),
        summary_text: Vec::new(),
        raw_content: Vec::new(),
    };
    for (_, bytes) in lines {
        let RolloutItem::EventMsg(event) = decode(bytes)? else {
            return None;
        };
        match canonical_reasoning(&event)? {
            ReasoningPart::Summary(text) => item.summary_text.push(text),
            ReasoningPart::Raw(text) => item.raw_content.push(text),
        }
    }
    Some(TurnItem::Reasoning(item))
}

/// A call: its event if there is one, else what the raw lines amount to.
fn call(lines: &[(Span, &[u8])], context: FoldContext<'_>) -> Option<FoldedItem> {
    let mut responses: Vec<ResponseItem> = Vec::new();
    let mut told = None;
    for (_, bytes) in lines {
        match decode_any(bytes)? {
            Decoded::Event(event) => told = canonical_from_event(&event).or(told),
            Decoded::Response(response) => responses.push(*response),
        }
    }
    if let Some(event) = told {
        return Some(untimed(event.item));
    }
    let (call, rest) = responses.split_first()?;
    let (output, later) = match rest.split_first() {
        Some((output, later)) if is_output(output) => (Some(output), later),
        _ => (None, rest),
    };
    let mut item = item_from_call(call, output, later)?;
    place_call(
        &mut item,
        CallPlace {
            cwd: context.cwd,
            thread_id: context.thread_id,
        },
    );
    // Reads see turns that are over: no writer of ours is live.
    settle_call(&mut item);
    Some(untimed(item))
}

fn raw_item(bytes: &[u8]) -> Option<TurnItem> {
    let Decoded::Response(response) = decode_any(bytes)? else {
        return None;
    };
    hook_prompt_from_message(&response)
        .or_else(|| user_shell_from_message(&response))
        .or_else(|| message_from_raw(&response))
}

enum Decoded {
    Event(Box<EventMsg>),
    Response(Box<ResponseItem>),
}

fn decode_any(bytes: &[u8]) -> Option<Decoded> {
    match decode(bytes) {
        Some(RolloutItem::EventMsg(event)) => Some(Decoded::Event(event)),
        Some(RolloutItem::ResponseItem(line)) => Some(Decoded::Response(Box::new(line.item))),
        Some(_) => None,
        None => match BareLine::decode(bytes) {
            Ok(BareLine::Item(item)) => Some(Decoded::Response(Box::new(item))),
            _ => None,
        },
    }
}

fn decode(bytes: &[u8]) -> Option<RolloutItem> {
    let head = LineHead::parse(bytes).ok()?;
    RolloutItem::decode(&head.kind, head.payload, head.metadata).ok()
}

/// What the records of a turn say up to some point of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnFacts {
    /// State.
    pub state: TurnState,
    /// Start, Unix seconds.
    pub started_at: Option<i64>,
    /// End, Unix seconds.
    pub completed_at: Option<i64>,
    /// Duration.
    pub duration_ms: Option<i64>,
    /// Root turn, as the first record that names one.
    pub root_turn_id: Option<String>,
    /// Error of a failed turn.
    pub error: Option<TurnError>,
}

/// Folds turn records of a paginated rollout as the projector does (`rollout-format.md` 8.2).
///
/// # Errors
/// [`StateError::StaleRow`] when a line is not a turn record.
pub fn fold_turn(lines: &[(Span, &[u8])]) -> StateResult<TurnFacts> {
    let mut facts = TurnFacts {
        state: TurnState::InProgress,
        started_at: None,
        completed_at: None,
        duration_ms: None,
        root_turn_id: None,
        error: None,
    };
    for (span, bytes) in lines {
        let stale = StateError::StaleRow { offset: span.offset };
        let Some(RolloutItem::EventMsg(event)) = decode(bytes) else {
            return Err(stale);
        };
        let (state, started_at, completed_at, duration_ms, root_turn_id, error) = match *event {
            EventMsg::TaskStarted(record) => (
                TurnState::InProgress,
                record.started_at,
                None,
                None,
                record.root_turn_id,
                None,
            ),
            EventMsg::TaskComplete(record) => {
                let state = if record.error.is_some() {
                    TurnState::Failed
                } else {
                    TurnState::Completed
                };
                let error = record.error.as_ref().map(TurnError::from);
                let (started_at, completed_at) = (record.started_at, record.completed_at);
                (
                    state,
                    started_at,
                    completed_at,
                    record.duration_ms,
                    record.root_turn_id,
                    error,
                )
            }
            EventMsg::TurnAborted(record) => (
                TurnState::Interrupted,
                record.started_at,
                record.completed_at,
                record.duration_ms,
                record.root_turn_id,
                None,
            ),
            _ => return Err(stale),
        };
        facts = TurnFacts {
            state,
            started_at,
            completed_at,
            duration_ms,
            root_turn_id: facts.root_turn_id.or(root_turn_id),
            error,
        };
    }
    Ok(facts)
}

/// Returns the newest error among the records of a turn.
///
/// # Errors
/// [`StateError::StaleRow`] when a line is not an event.
pub fn turn_error(lines: &[(Span, &[u8])]) -> StateResult<Option<TurnError>> {
    for (span, bytes) in lines.iter().rev() {
        let Some(RolloutItem::EventMsg(event)) = decode(bytes) else {
            return Err(StateError::StaleRow { offset: span.offset });
        };
        match *event {
            EventMsg::TaskComplete(record) => {
                if let Some(error) = record.error {
                    return Ok(Some(TurnError::from(&error)));
                }
            }
            EventMsg::Error(error) => return Ok(Some(TurnError::from(&error))),
            _ => {}
        }
    }
    Ok(None)
}
