//! Stable ids and turn stamps of Responses items (format 3.4).
//!
//! Edits the payload's text: everything that is not an id or a stamp stays as written.

use codex_protocol::log::{Compacted, RawJson, ResponseItem};
use uuid::Uuid;

use super::canonicalizer::IdSource;
use super::members::Members;

const STAMP: &str = "internal_chat_message_metadata_passthrough";
/// Turn in the stamp of items outside a turn, as Codex writes it.
pub(super) const OUTSIDE_TURN: &str = "auto-compact-0";

/// Makes an id with the prefix of its kind.
pub(super) fn prefixed(prefix: &str, uuid: Uuid) -> String {
    format!("{prefix}_{}", uuid.hyphenated())
}

/// Tells whether an id has this prefix, and something behind it.
pub(super) fn has_prefix(id: &str, prefix: &str) -> bool {
    matches!(id.split_once('_'), Some((found, rest)) if found == prefix && !rest.is_empty())
}

/// Returns the payload with the given id, if one is given, and with a turn stamp.
pub(super) fn stamped(item: &ResponseItem, payload: &RawJson, id: Option<&str>, turn_id: &str) -> RawJson {
    let Some(mut members) = Members::of(payload) else {
        return payload.clone();
    };
    if let Some(id) = id {
        members.set("id", RawJson::string(id), Some("type"));
    }
    if takes_stamp(item) {
        stamp(&mut members, turn_id);
    }
    members.to_json()
}

/// Kinds whose shape we do not know get no stamp; Codex writes none for them either.
fn takes_stamp(item: &ResponseItem) -> bool {
    !matches!(
        item,
        ResponseItem::AdditionalTools(_)
            | ResponseItem::CompactionTrigger(_)
            | ResponseItem::ConfigurationUpdate(_)
            | ResponseItem::GhostSnapshot
            | ResponseItem::Other(_)
    )
}

/// Adds the turn to the stamp, unless it names one.
fn stamp(members: &mut Members, turn_id: &str) {
    let old = members.get(STAMP).and_then(Members::of);
    let named = old.as_ref().and_then(|stamp| stamp.get("turn_id"));
    if named.is_some_and(|turn| !turn.is_null() && turn.get() != "\"\"") {
        return;
    }
    let mut stamp = match old {
        Some(stamp) => stamp,
        None => Members::empty(),
    };
    stamp.set("turn_id", RawJson::string(turn_id), None);
    members.set(STAMP, stamp.to_json(), None);
}

/// Returns the payload of a `compacted` record whose replacement items all have ids, if ids are given, and without the
/// retired items that decoding removed.
pub(super) fn compacted_payload(compacted: &Compacted, payload: &RawJson, ids: Option<&dyn IdSource>) -> RawJson {
    let (Some(items), Some(mut members)) = (&compacted.replacement_history, Members::of(payload)) else {
        return payload.clone();
    };
    let items: Vec<RawJson> = match ids {
        Some(ids) => items.iter().map(|item| with_id(item, ids)).collect(),
        None => items.clone(),
    };
    let items = RawJson::of(&items).expect("raw values always serialise");
    members.set("replacement_history", items, None);
    if let Some(metadata) = &compacted.replacement_history_metadata {
        let metadata = RawJson::of(metadata).expect("raw values always serialise");
        members.set("replacement_history_metadata", metadata, None);
    }
    members.to_json()
}

/// An entry that does not decode stays as it is: readers report it, and the rest of the history is whole.
fn with_id(raw: &RawJson, ids: &dyn IdSource) -> RawJson {
    let Ok(item) = ResponseItem::decode(raw.as_raw()) else {
        return raw.clone();
    };
    let has_id = item.id().is_some_and(|id| !id.is_empty());
    let (Some(prefix), false, Some(mut members)) = (item.id_prefix(), has_id, Members::of(raw)) else {
        return raw.clone();
    };
    let id = prefixed(prefix, ids.uuid_v7());
    members.set("id", RawJson::string(&id), Some("type"));
    members.to_json()
}
