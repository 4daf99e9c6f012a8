//! What becomes of an item of the batch, and the reason if it gets no line.
//!
//! The tables of the policy are in the protocol crate, where readers see them too.

use codex_protocol::item::TurnItem;
use codex_protocol::log::{HistoryMode, LegacyForm, ResponseItem, keeps_response_item, legacy_form};

use super::batch::DropReason;

/// What becomes of a completed canonical item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemFate {
    /// Its `item_completed` is kept.
    Kept,
    /// Legacy events carry it.
    AsLegacyEvents,
    /// It has no line.
    Dropped(DropReason),
}

/// Returns what becomes of an item in a mode.
pub(super) fn item_fate(item: &TurnItem, mode: HistoryMode) -> ItemFate {
    match mode {
        HistoryMode::Paginated => ItemFate::Kept,
        HistoryMode::Legacy => match legacy_form(item) {
            LegacyForm::Canonical => ItemFate::Kept,
            LegacyForm::Events => ItemFate::AsLegacyEvents,
            LegacyForm::ResponseItem => ItemFate::Dropped(DropReason::CarriedByResponseItem),
            LegacyForm::None => ItemFate::Dropped(DropReason::NoLegacyLine),
        },
    }
}

/// Returns why a Responses item has no line, in either mode; `None` for those that are kept.
pub(super) fn response_drop(item: &ResponseItem) -> Option<DropReason> {
    match item {
        item if keeps_response_item(item) => None,
        ResponseItem::Other(_) => Some(DropReason::UnknownResponseKind),
        _ => Some(DropReason::ResponseKindNotKept),
    }
}
