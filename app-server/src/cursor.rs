//! Positions and anchors as cursor texts, and back (`app-server-api.md` 4.1, 4.3).
//!
//! Pure. A cursor carries our `offset` member only where the ordinal alone does not name the place.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::attachment::AttachmentOwnerCursor;
use codex_protocol::rpc::cursor::{
    CursorScope, HistoryCursor, HistorySearchCursor, LegacyTurnCursor, OccurrenceCursor, TimelineCursor, decode_cursor,
    encode_cursor,
};
use codex_thread_store::organise::{Identity, ProjectAnchor, ProjectSort};
use codex_thread_store::{
    Anchor, Direction, HistoryAnchor, HistoryKey, HistoryMode, HistoryOrder, OccurrenceAnchor, Position, ThreadAnchor,
    TimelineAnchor, TimelineEntry, TimelineEntryKind, TurnAnchor,
};
use jiff::Timestamp;

/// Whether the row that a cursor names is part of the page that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    /// It is: cursors that go back.
    Anchor,
    /// It is not: cursors that go on.
    Rest,
}

/// Encodes the place of a turn.
pub(crate) fn turn_cursor(
    thread_id: ThreadId,
    mode: HistoryMode,
    (turn_id, position): (&str, Position),
    include: Include,
) -> String {
    match mode {
        HistoryMode::Legacy => encode_cursor(&LegacyTurnCursor {
            turn_id: turn_id.to_owned(),
            include_anchor: include == Include::Anchor,
        }),
        HistoryMode::Paginated => history_cursor(thread_id, position, include, CursorScope::Turns),
    }
}

/// Encodes the place of an item.
pub(crate) fn item_cursor(thread_id: ThreadId, position: Position, include: Include) -> String {
    history_cursor(thread_id, position, include, CursorScope::ItemsByCreatedAtOrdinal)
}

fn history_cursor(thread_id: ThreadId, position: Position, include: Include, scope: CursorScope) -> String {
    encode_cursor(&HistoryCursor {
        requested_thread_id: thread_id.to_string(),
        rollout_ordinal: position.ordinal,
        include_anchor: include == Include::Anchor,
        scope,
        offset: tie_breaker(position),
    })
}

/// Decodes a cursor of `thread/turns/list`; `None` when it is not one of this thread.
pub(crate) fn parse_turn_cursor(text: &str, thread_id: ThreadId) -> Option<Anchor<TurnAnchor>> {
    if let Some(cursor) = decode_cursor::<LegacyTurnCursor>(text) {
        return Some(anchor(cursor.include_anchor, TurnAnchor::Turn(cursor.turn_id)));
    }
    let (include, position) = parse_history_cursor(text, thread_id, CursorScope::Turns)?;
    Some(anchor(include, TurnAnchor::Position(position)))
}

/// Decodes a cursor of `thread/items/list`; `None` when it is not one of this thread.
pub(crate) fn parse_item_cursor(text: &str, thread_id: ThreadId) -> Option<Anchor<Position>> {
    let (include, position) = parse_history_cursor(text, thread_id, CursorScope::ItemsByCreatedAtOrdinal)?;
    Some(anchor(include, position))
}

fn parse_history_cursor(text: &str, thread_id: ThreadId, scope: CursorScope) -> Option<(bool, Position)> {
    let cursor: HistoryCursor = decode_cursor(text)?;
    if cursor.scope != scope || !names_thread(&cursor.requested_thread_id, thread_id) {
        return None;
    }
    Some((cursor.include_anchor, position(cursor.rollout_ordinal, cursor.offset)))
}

fn anchor<T>(include: bool, place: T) -> Anchor<T> {
    if include {
        Anchor::Including(place)
    } else {
        Anchor::Excluding(place)
    }
}

/// Encodes where the next page of occurrences starts.
pub(crate) fn occurrence_cursor(thread_id: ThreadId, term: &str, next: OccurrenceAnchor) -> String {
    encode_cursor(&OccurrenceCursor {
        thread_id: thread_id.to_string(),
        search_term: term.to_owned(),
        next_rollout_ordinal: next.position.ordinal,
        next_occurrence_index: next.index,
        offset: tie_breaker(next.position),
    })
}

/// Decodes a cursor of `thread/searchOccurrences`; `None` when it is not one of this thread and text.
pub(crate) fn parse_occurrence_cursor(text: &str, thread_id: ThreadId, term: &str) -> Option<OccurrenceAnchor> {
    let cursor: OccurrenceCursor = decode_cursor(text)?;
    (names_thread(&cursor.thread_id, thread_id) && cursor.search_term == term).then(|| OccurrenceAnchor {
        position: position(cursor.next_rollout_ordinal, cursor.offset),
        index: cursor.next_occurrence_index,
    })
}

/// Returns what stands for a question of `history/search` in its cursors: a hash that is the same everywhere.
pub(crate) fn history_question(query: &str, order: HistoryOrder, typing: bool) -> String {
    let order = match order {
        HistoryOrder::Ranked => 'r',
        HistoryOrder::Newest => 'n',
    };
    let typing = if typing { 't' } else { 'd' };
    // FNV-1a; who forges a cursor gets another page of threads that he may see anyway.
    let hash = format!("{order}{typing}{query}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    format!("{hash:016x}")
}

/// Encodes the last thread of a page of `history/search`.
pub(crate) fn history_search_cursor(question: &str, last: &HistoryAnchor) -> String {
    let (score, time_ms) = match last.key {
        HistoryKey::Score(score) => (Some(format!("{:x}", score.to_bits())), None),
        HistoryKey::TimeMs(time_ms) => (None, Some(time_ms)),
    };
    encode_cursor(&HistorySearchCursor {
        question: question.to_owned(),
        as_of_ms: last.as_of_ms,
        score,
        time_ms,
        thread_id: last.thread_id.to_string(),
    })
}

/// Decodes a cursor of `history/search`; `None` when it is not one of this question.
pub(crate) fn parse_history_search_cursor(text: &str, question: &str, order: HistoryOrder) -> Option<HistoryAnchor> {
    let cursor: HistorySearchCursor = decode_cursor(text)?;
    let key = match (order, cursor.score, cursor.time_ms) {
        (HistoryOrder::Ranked, Some(bits), None) => {
            let score = f64::from_bits(u64::from_str_radix(&bits, 16).ok()?);
            HistoryKey::Score(Some(score).filter(|score| score.is_finite())?)
        }
        (HistoryOrder::Newest, None, Some(time_ms)) => HistoryKey::TimeMs(time_ms),
        _ => return None,
    };
    // A time that no clock shows would be no present either.
    Timestamp::from_millisecond(cursor.as_of_ms).ok()?;
    Some(HistoryAnchor {
        as_of_ms: cursor.as_of_ms,
        key,
        thread_id: cursor.thread_id.parse().ok()?,
    })
    .filter(|_| cursor.question == question)
}

/// Encodes the oldest entry of a timeline page.
pub(crate) fn timeline_cursor(thread_id: ThreadId, oldest: &TimelineEntry) -> String {
    let (position, kind, id) = match oldest {
        TimelineEntry::TurnStarted { position, turn_id, .. } => {
            (*position, TimelineEntryKind::TurnStarted, turn_id.as_str())
        }
        TimelineEntry::Item(entry) => (entry.position, TimelineEntryKind::Item, entry.item.item.id()),
        TimelineEntry::TurnCompleted { position, turn } => {
            (*position, TimelineEntryKind::TurnCompleted, turn.turn_id.as_str())
        }
    };
    encode_cursor(&TimelineCursor {
        thread_id: thread_id.to_string(),
        position: position.ordinal,
        kind: kind_number(kind),
        id: id.to_owned(),
        offset: tie_breaker(position),
    })
}

/// Decodes a cursor of `thread/timeline/list`; `None` when it is not one of this thread.
pub(crate) fn parse_timeline_cursor(text: &str, thread_id: ThreadId) -> Option<TimelineAnchor> {
    let cursor: TimelineCursor = decode_cursor(text)?;
    let kind = match cursor.kind {
        0 => TimelineEntryKind::TurnStarted,
        1 => TimelineEntryKind::Item,
        2 => TimelineEntryKind::Realtime,
        3 => TimelineEntryKind::TurnCompleted,
        _ => return None,
    };
    names_thread(&cursor.thread_id, thread_id).then(|| TimelineAnchor {
        position: position(cursor.position, cursor.offset),
        kind,
    })
}

fn kind_number(kind: TimelineEntryKind) -> u8 {
    match kind {
        TimelineEntryKind::TurnStarted => 0,
        TimelineEntryKind::Item => 1,
        TimelineEntryKind::Realtime => 2,
        TimelineEntryKind::TurnCompleted => 3,
    }
}

fn names_thread(text: &str, thread_id: ThreadId) -> bool {
    text.parse() == Ok(thread_id)
}

fn position(ordinal: u64, offset: Option<u64>) -> Position {
    Position {
        ordinal,
        offset,
        unambiguous: offset.is_none(),
    }
}

fn tie_breaker(position: Position) -> Option<u64> {
    if position.unambiguous { None } else { position.offset }
}

/// Encodes the last row of a list of threads: its time without trailing zeros, and its id.
pub(crate) fn thread_cursor(time_ms: i64, thread_id: ThreadId) -> String {
    format!("{}|{thread_id}", timestamp(time_ms))
}

/// Encodes the first row of a list for the way back: its time, one millisecond against the direction.
pub(crate) fn backwards_thread_cursor(time_ms: i64, direction: Direction) -> String {
    let shifted = match direction {
        Direction::Ascending => time_ms.saturating_add(1),
        Direction::Descending => time_ms.saturating_sub(1),
    };
    iso_millis(shifted)
}

/// Decodes a cursor of a list of threads: a time with a zone, alone or followed by a thread id.
pub(crate) fn parse_thread_cursor(text: &str) -> Option<ThreadAnchor> {
    let (time, thread_id) = match text.split_once('|') {
        Some((time, id)) => (time, Some(id.parse().ok()?)),
        None => (text, None),
    };
    Some(ThreadAnchor {
        time_ms: parse_time_ms(time)?,
        thread_id,
    })
}

/// Encodes the last row of a section's list by places.
pub(crate) fn rank_cursor(rank: i64, thread_id: ThreadId) -> String {
    format!("{rank}|{thread_id}")
}

/// Encodes the first row of a section's list by places for the way back: one rank against the direction.
pub(crate) fn backwards_rank_cursor(rank: i64, thread_id: ThreadId, direction: Direction) -> String {
    let shifted = match direction {
        Direction::Ascending => rank.saturating_add(1),
        Direction::Descending => rank.saturating_sub(1),
    };
    rank_cursor(shifted, thread_id)
}

/// Decodes a cursor of a section's list by places.
pub(crate) fn parse_rank_cursor(text: &str) -> Option<ThreadAnchor> {
    let (rank, thread_id) = text.split_once('|')?;
    Some(ThreadAnchor {
        time_ms: rank.parse().ok()?,
        thread_id: Some(thread_id.parse().ok()?),
    })
}

/// Encodes the last row of a list of projects.
pub(crate) fn project_cursor(last: &ProjectAnchor, sort: ProjectSort, direction: Direction) -> String {
    let key = last.key.map(|key| key.to_string());
    let key = key.as_deref().unwrap_or(NO_RECENCY);
    match sort {
        ProjectSort::Position => format!("{key}|{}", last.id),
        ProjectSort::Recency => format!("{}{key}|{}", recency_prefix(direction), last.id),
    }
}

/// Decodes a cursor of a list of projects; `None` when it is not one of this order.
pub(crate) fn parse_project_cursor(text: &str, sort: ProjectSort, direction: Direction) -> Option<ProjectAnchor> {
    let rest = match sort {
        ProjectSort::Position => text,
        ProjectSort::Recency => text.strip_prefix(&recency_prefix(direction))?,
    };
    let (key, id) = rest.split_once('|')?;
    let key = match (key, sort) {
        (NO_RECENCY, ProjectSort::Recency) => None,
        (key, _) => Some(key.parse().ok()?),
    };
    Some(ProjectAnchor { key, id: id.to_owned() })
}

/// Stands in cursors for the recency of a project without threads.
const NO_RECENCY: &str = "null";

fn recency_prefix(direction: Direction) -> String {
    let direction = match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    format!("v1|recencyAt|{direction}|")
}

/// Place of an attachment among those of its thread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttachmentAnchor {
    /// When it was attached, Unix seconds.
    pub(crate) created_at: i64,
    /// Its id.
    pub(crate) id: String,
}

/// Encodes the last row of a list of attachments.
pub(crate) fn attachment_cursor(thread_id: ThreadId, last: &AttachmentAnchor) -> String {
    format!("{thread_id}|{}|{}", last.created_at, last.id)
}

/// Decodes a cursor of `thread/attachment/list`; `None` when it is not one of this thread.
pub(crate) fn parse_attachment_cursor(text: &str, thread_id: ThreadId) -> Option<AttachmentAnchor> {
    let (thread, rest) = text.split_once('|')?;
    let (created_at, id) = rest.split_once('|')?;
    names_thread(thread, thread_id).then_some(())?;
    Some(AttachmentAnchor {
        created_at: created_at.parse().ok()?,
        id: id.to_owned(),
    })
}

/// Encodes the last thread of a list of those that something is attached to.
pub(crate) fn attachment_owner_cursor(thread_id: &str, identity: &Identity, archived: Option<bool>) -> String {
    encode_cursor(&AttachmentOwnerCursor {
        attachment_type: identity.attachment_type.clone(),
        identity_key: identity.identity_key.clone(),
        archived,
        thread_id: thread_id.to_owned(),
    })
}

/// Decodes a cursor of `thread/attachmentOwner/list`; `None` when it is not one of this question.
pub(crate) fn parse_attachment_owner_cursor(
    text: &str,
    identity: &Identity,
    archived: Option<bool>,
) -> Option<ThreadId> {
    let cursor: AttachmentOwnerCursor = decode_cursor(text)?;
    let asked = cursor.attachment_type == identity.attachment_type
        && cursor.identity_key == identity.identity_key
        && cursor.archived == archived;
    cursor.thread_id.parse().ok().filter(|_| asked)
}

/// Formats a time with exactly three decimals.
pub(crate) fn iso_millis(time_ms: i64) -> String {
    format!("{:.3}", timestamp(time_ms))
}

fn timestamp(time_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(time_ms).unwrap_or(if time_ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// Reads RFC 3339 with whole seconds at least, or Codex's old file-name form `2026-09-21T14-30-20` in UTC.
fn parse_time_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = |pattern: &[u8]| {
        bytes.len() >= pattern.len()
            && pattern.iter().zip(bytes).all(|(want, have)| match want {
                b'0' => have.is_ascii_digit(),
                b'T' => matches!(have, b'T' | b't' | b' '),
                _ => want == have,
            })
    };
    if bytes.len() == 19 && shape(b"0000-00-00T00-00-00") {
        let (date, time) = (&text[..10], text[11..].replace('-', ":"));
        return parse_time_ms(&format!("{date}T{time}Z"));
    }
    // A leap second is no time that a row could have; the parser would round it down.
    if !shape(b"0000-00-00T00:00:00") || &bytes[17..19] == b"60" {
        return None;
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
#[path = "cursor_tests.rs"]
mod cursor_tests;
