//! How a turn is stored: its key, what it is found by, and all else packed into one sealed value.
//!
//! No SQL here; `history` asks.

use uuid::Uuid;

use super::packed::{Packer, Unpacker};
use crate::error::StateResult;
use crate::rows::{RowKey, RowSets, TurnEnd, TurnRow, TurnState, turn_link_of_id, turn_link_of_key};
use crate::seal::{seal_bytes, unseal_bytes};

const COLUMN: &str = "turns.body";
/// Bytes that most turns take at most; only spares the vector from growing.
const USUAL_TURN_BYTES: usize = 80;

// What the first number of a turn says, from the lowest bit on.
const SETS_BITS: u64 = 0b111;
const STATE_SHIFT: u32 = 3;
const STATE_BITS: u64 = 0b11;
const ID_IS_UUID: u64 = 1 << 5;
const LINK_OF_ID: u64 = 1 << 6;
const LINK_OF_KEY: u64 = 1 << 7;
const STARTED: u64 = 1 << 8;
const COMPLETED: u64 = 1 << 9;
const DURATION: u64 = 1 << 10;
const ENDED: u64 = 1 << 11;
const FIRST_USER: u64 = 1 << 12;
const FINAL_AGENT: u64 = 1 << 13;
const ROOT: u64 = 1 << 14;
const ROOT_IS_UUID: u64 = 1 << 15;
const ROOT_IS_ITSELF: u64 = 1 << 16;
const ALIAS: u64 = 1 << 17;
const ERROR_EVENT: u64 = 1 << 18;
const REMOVED: u64 = 1 << 19;

/// What a seal is bound to: a row's bytes do not pass for those of another row.
fn seal_place(rollout: i64, key: RowKey) -> u64 {
    rollout.cast_unsigned().rotate_right(20) ^ key.0
}

/// Returns the UUID that is written as `text`, if it is written in the one way that we would write it.
fn uuid_of(text: &str) -> Option<Uuid> {
    let uuid = Uuid::parse_str(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (uuid.as_hyphenated().encode_lower(&mut buffer) == text).then_some(uuid)
}

/// Packs a turn, but for its key.
pub(super) fn encode(rollout: i64, turn: &TurnRow) -> Vec<u8> {
    let flag = |set: bool, flag: u64| if set { flag } else { 0 };
    let uuid = uuid_of(&turn.turn_id);
    let root = turn.root_turn_id.as_deref();
    let root_uuid = root.and_then(uuid_of);
    let root_is_itself = root == Some(&turn.turn_id);
    let link_of_key = turn.link == turn_link_of_key(turn.key);
    let link_of_id = !link_of_key && turn.link == turn_link_of_id(&turn.turn_id);
    let tag = u64::from(turn.sets.0) & SETS_BITS
        | (turn.state as u64) << STATE_SHIFT
        | flag(uuid.is_some(), ID_IS_UUID)
        | flag(link_of_id, LINK_OF_ID)
        | flag(link_of_key, LINK_OF_KEY)
        | flag(turn.started_at.is_some(), STARTED)
        | flag(turn.completed_at.is_some(), COMPLETED)
        | flag(turn.duration_ms.is_some(), DURATION)
        | flag(turn.end.is_some(), ENDED)
        | flag(turn.first_user.is_some(), FIRST_USER)
        | flag(turn.final_agent.is_some(), FINAL_AGENT)
        | flag(root.is_some(), ROOT)
        | flag(root_uuid.is_some(), ROOT_IS_UUID)
        | flag(root_is_itself, ROOT_IS_ITSELF)
        | flag(turn.alias.is_some(), ALIAS)
        | flag(turn.error_event.is_some(), ERROR_EVENT)
        | flag(turn.removed_at.is_some(), REMOVED);
    let mut packer = Packer::with_capacity(USUAL_TURN_BYTES);
    packer.bytes(&[0; 4]);
    packer.number(tag);
    put_id(&mut packer, &turn.turn_id, uuid);
    if let Some(root) = root
        && !root_is_itself
    {
        put_id(&mut packer, root, root_uuid);
    }
    if !(link_of_key || link_of_id) {
        packer.hash(turn.link);
    }
    put_rest(&mut packer, turn);
    let mut bytes = packer.into_bytes();
    let seal = seal_bytes(seal_place(rollout, turn.key), &bytes[4..]);
    bytes[..4].copy_from_slice(&seal);
    bytes
}

fn put_id(packer: &mut Packer, text: &str, uuid: Option<Uuid>) {
    match uuid {
        Some(uuid) => packer.bytes(uuid.as_bytes()),
        None => packer.text(text.as_bytes()),
    }
}

fn put_rest(packer: &mut Packer, turn: &TurnRow) {
    let offset = turn.key.offset();
    packer.number(turn.ordinal);
    let signed = |packer: &mut Packer, base: i64, value: Option<i64>| {
        if let Some(value) = value {
            packer.distance(base.cast_unsigned(), value.cast_unsigned());
        }
    };
    signed(packer, 0, turn.started_at);
    signed(packer, turn.started_at.unwrap_or(0), turn.completed_at);
    signed(packer, 0, turn.duration_ms);
    if let Some(end) = turn.end {
        packer.distance(turn.ordinal, end.ordinal);
        packer.span(offset, end.span);
    }
    for key in [turn.first_user, turn.final_agent].into_iter().flatten() {
        packer.distance(turn.key.0, key.0);
    }
    if let Some(alias) = turn.alias {
        packer.number(alias);
    }
    if let Some(span) = turn.error_event {
        packer.span(offset, span);
    }
    if let Some(removed_at) = turn.removed_at {
        packer.distance(offset, removed_at);
    }
    packer.spans(offset, &turn.records);
}

/// Reads what [`encode`] made.
///
/// # Errors
/// When a byte was changed since.
pub(super) fn decode(rollout: i64, key: RowKey, sealed: &[u8]) -> StateResult<TurnRow> {
    let bytes = unseal_bytes(COLUMN, seal_place(rollout, key), sealed)?;
    let mut packed = Unpacker::new(COLUMN, bytes);
    let tag = packed.number()?;
    let has = |flag: u64| tag & flag != 0;
    let state = TurnState::from_code(((tag >> STATE_SHIFT) & STATE_BITS).cast_signed());
    let state = state.ok_or_else(|| packed.bad("state"))?;
    let turn_id = take_id(&mut packed, has(ID_IS_UUID))?;
    let root_turn_id = match (has(ROOT), has(ROOT_IS_ITSELF)) {
        (false, _) => None,
        (true, true) => Some(turn_id.clone()),
        (true, false) => Some(take_id(&mut packed, has(ROOT_IS_UUID))?),
    };
    let link = match (has(LINK_OF_KEY), has(LINK_OF_ID)) {
        (true, _) => turn_link_of_key(key),
        (false, true) => turn_link_of_id(&turn_id),
        (false, false) => take_link(&mut packed)?,
    };
    let mut turn = TurnRow::open(key, RowSets((tag & SETS_BITS) as u8), turn_id, link, packed.number()?);
    turn.state = state;
    turn.root_turn_id = root_turn_id;
    take_rest(&mut packed, &mut turn, has)?;
    Ok(turn)
}

fn take_id(packed: &mut Unpacker<'_>, is_uuid: bool) -> StateResult<String> {
    if is_uuid {
        let bytes = packed.bytes(16)?;
        return Ok(Uuid::from_slice(bytes).map_err(|_| packed.bad("id"))?.to_string());
    }
    let text = std::str::from_utf8(packed.text()?);
    Ok(text.map_err(|_| packed.bad("id"))?.to_owned())
}

fn take_link(packed: &mut Unpacker<'_>) -> StateResult<i64> {
    let bytes = packed.bytes(8)?;
    let bytes = bytes.try_into().map_err(|_| packed.bad("link"))?;
    Ok(i64::from_le_bytes(bytes))
}

fn take_rest(packed: &mut Unpacker<'_>, turn: &mut TurnRow, has: impl Fn(u64) -> bool) -> StateResult<()> {
    let offset = turn.key.offset();
    let signed = |packed: &mut Unpacker<'_>, flag: u64, base: i64| -> StateResult<Option<i64>> {
        if !has(flag) {
            return Ok(None);
        }
        Ok(Some(packed.distance(base.cast_unsigned())?.cast_signed()))
    };
    turn.started_at = signed(packed, STARTED, 0)?;
    turn.completed_at = signed(packed, COMPLETED, turn.started_at.unwrap_or(0))?;
    turn.duration_ms = signed(packed, DURATION, 0)?;
    if has(ENDED) {
        turn.end = Some(TurnEnd {
            ordinal: packed.distance(turn.ordinal)?,
            span: packed.span(offset)?,
        });
    }
    if has(FIRST_USER) {
        turn.first_user = Some(RowKey(packed.distance(turn.key.0)?));
    }
    if has(FINAL_AGENT) {
        turn.final_agent = Some(RowKey(packed.distance(turn.key.0)?));
    }
    if has(ALIAS) {
        turn.alias = Some(packed.number()?);
    }
    if has(ERROR_EVENT) {
        turn.error_event = Some(packed.span(offset)?);
    }
    if has(REMOVED) {
        turn.removed_at = Some(packed.distance(offset)?);
    }
    turn.records = packed.spans(offset)?;
    Ok(())
}

#[cfg(test)]
#[path = "turn_row_tests.rs"]
mod turn_row_tests;
