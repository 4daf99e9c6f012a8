//! Decides the id of an item and where its line goes (format 3.1, 3.4, 13.1).
//!
//! Does not write anything.

use codex_protocol::item::{ExtensionItem, TurnItem};
use codex_protocol::log::HistoryMode;

use super::canonicalizer::EventStyle;
use super::draft::{Draft, Place};
use super::error::{MissingId, Rejection};
use super::link::{Link, LinkKey};
use super::response_ids::{has_prefix, prefixed};

/// The id of an item, and where its line goes.
pub(super) struct Placed {
    /// None for items of legacy threads that have no id in the log.
    pub(super) id: Option<String>,
    /// Where its line goes.
    pub(super) place: Place,
}

impl Draft<'_> {
    /// Decides the id of an item and the place of its line (format 3.4, 13.1).
    pub(super) fn place_item(&mut self, index: usize, item: &TurnItem, own: Option<&str>) -> Result<Placed, Rejection> {
        let key = LinkKey::of_item(item);
        let link = key.as_ref().and_then(|key| self.link(index, key, own));
        let place = match &key {
            Some(key) => place_of(link.as_ref(), key),
            None => Place::End,
        };
        if self.mode() == HistoryMode::Legacy && has_no_recorded_id(item) {
            self.offer_id(link.as_ref(), key.as_ref(), own);
            return Ok(Placed { id: None, place });
        }
        let linked = link.as_ref().and_then(|link| link.id.clone());
        let takes_linked =
            own.is_none() || (self.style() == EventStyle::Legacy && matches!(item, TurnItem::WebSearch(_)));
        let id = match (linked.filter(|_| takes_linked), own, &key) {
            (Some(linked), _, _) => linked,
            (None, Some(own), _) => own.to_owned(),
            (None, None, Some(key)) => prefixed(key.id_prefix(), self.cx.ids.uuid_v7()),
            (None, None, None) if brings_its_id(item) => return Err(Rejection::MissingId { id: MissingId::Call }),
            (None, None, None) => self.new_uuid(),
        };
        self.offer_id(link.as_ref(), key.as_ref(), Some(&id));
        Ok(Placed { id: Some(id), place })
    }

    /// Gives the Responses item of a pair the id of the item, if it fits.
    fn offer_id(&mut self, link: Option<&Link>, key: Option<&LinkKey>, id: Option<&str>) {
        if let (Some(link), Some(key), Some(id), true) = (link, key, id, self.gives_ids())
            && has_prefix(id, key.id_prefix())
        {
            self.links.decide(link, id);
        }
    }

    fn link(&mut self, index: usize, key: &LinkKey, own: Option<&str>) -> Option<Link> {
        let link = self.links.take(index, key, own);
        if link.is_some() || !(matches!(key, LinkKey::WebSearch(_)) && self.style() == EventStyle::Legacy) {
            return link;
        }
        // The call id of a legacy event is only a second choice.
        self.links.take(index, key, None)
    }
}

/// Legacy lines of these kinds have no member for an id.
pub(super) fn has_no_recorded_id(item: &TurnItem) -> bool {
    matches!(
        item,
        TurnItem::UserMessage(_) | TurnItem::AgentMessage(_) | TurnItem::Reasoning(_) | TurnItem::ContextCompaction(_)
    )
}

/// Kinds whose id ties them to a call that only the agent knows.
fn brings_its_id(item: &TurnItem) -> bool {
    match item {
        TurnItem::CommandExecution(_)
        | TurnItem::DynamicToolCall(_)
        | TurnItem::CollabAgentToolCall(_)
        | TurnItem::ImageView(_)
        | TurnItem::FileChange(_)
        | TurnItem::McpToolCall(_)
        | TurnItem::Extension(ExtensionItem::Sleep(_)) => true,
        TurnItem::UserMessage(_)
        | TurnItem::HookPrompt(_)
        | TurnItem::AgentMessage(_)
        | TurnItem::FunctionCallOutput(_)
        | TurnItem::Plan(_)
        | TurnItem::Reasoning(_)
        | TurnItem::SubAgentActivity(_)
        | TurnItem::WebSearch(_)
        | TurnItem::ImageGeneration(_)
        | TurnItem::Extension(ExtensionItem::ImageGeneration(_) | ExtensionItem::WebSearch(_))
        | TurnItem::EnteredReviewMode(_)
        | TurnItem::ExitedReviewMode(_)
        | TurnItem::ContextCompaction(_) => false,
    }
}

/// What the model said stands before its Responses item; what was put before the model stands behind it (format 3.1).
pub(super) fn place_of(link: Option<&Link>, key: &LinkKey) -> Place {
    let line = link.and_then(|link| link.line);
    match (line, key) {
        (Some(line), LinkKey::Message(_) | LinkKey::Reasoning(..) | LinkKey::WebSearch(_) | LinkKey::Image(_)) => {
            Place::Before(line)
        }
        (_, LinkKey::HookPrompt(_) | LinkKey::Output(..)) | (None, _) => Place::End,
    }
}
