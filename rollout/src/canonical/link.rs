//! Pairs items of the turn with the Responses items of the same batch that say the same (format 3.4, 13.1).
//!
//! One id for both: it is given out before either of them is written. Pairs never cross the bounds of a turn.

use codex_protocol::item::rebuilt::item_from_call;
use codex_protocol::item::{ExtensionItem, TurnItem, hook_prompt_from_message};
use codex_protocol::log::ResponseItem;
use codex_protocol::log::RolloutItem;
use codex_protocol::log::event::EventMsg;
use codex_protocol::log::response::{ContentPart, ReasoningPartRecord};

use super::input::Input;
use super::response_ids::has_prefix;

/// What two records must have in common to be a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkKey {
    /// An agent's message: its text.
    Message(String),
    /// A hook prompt: its texts.
    HookPrompt(Vec<String>),
    /// Reasoning: its summaries and thoughts.
    Reasoning(Vec<String>, Vec<String>),
    /// A web search: its query.
    WebSearch(String),
    /// A generated image: the image.
    Image(String),
    /// An output without a call: name and output.
    Output(Option<String>, String),
}

impl LinkKey {
    /// Returns the key of an item of a turn.
    pub(super) fn of_item(item: &TurnItem) -> Option<Self> {
        Some(match item {
            TurnItem::AgentMessage(item) => Self::Message(item.content.iter().map(|part| part.text.as_str()).collect()),
            TurnItem::HookPrompt(item) => {
                Self::HookPrompt(item.fragments.iter().map(|part| part.text.clone()).collect())
            }
            TurnItem::Reasoning(item) => Self::Reasoning(spoken(&item.summary_text), spoken(&item.raw_content)),
            TurnItem::WebSearch(item) => Self::WebSearch(item.query.clone()),
            TurnItem::ImageGeneration(item) => Self::Image(item.result.clone()),
            TurnItem::FunctionCallOutput(item) => Self::Output(Some(item.name.clone()), item.output.get().to_owned()),
            TurnItem::UserMessage(_)
            | TurnItem::Plan(_)
            | TurnItem::CommandExecution(_)
            | TurnItem::DynamicToolCall(_)
            | TurnItem::CollabAgentToolCall(_)
            | TurnItem::SubAgentActivity(_)
            | TurnItem::ImageView(_)
            | TurnItem::Extension(
                ExtensionItem::ImageGeneration(_) | ExtensionItem::Sleep(_) | ExtensionItem::WebSearch(_),
            )
            | TurnItem::EnteredReviewMode(_)
            | TurnItem::ExitedReviewMode(_)
            | TurnItem::FileChange(_)
            | TurnItem::McpToolCall(_)
            | TurnItem::ContextCompaction(_) => return None,
        })
    }

    fn of_response(item: &ResponseItem) -> Option<Self> {
        Some(match item {
            ResponseItem::Message(message) if message.role == "assistant" => Self::Message(text_of(&message.content)),
            ResponseItem::Message(_) => Self::of_item(&hook_prompt_from_message(item)?)?,
            ResponseItem::Reasoning(reasoning) => Self::Reasoning(
                parts_of(&reasoning.summary),
                parts_of(reasoning.content.as_deref().unwrap_or_default()),
            ),
            ResponseItem::WebSearchCall(_) | ResponseItem::ImageGenerationCall(_) => {
                Self::of_item(&item_from_call(item, None, &[])?)?
            }
            ResponseItem::FunctionCallOutput(output) if output.call_id.is_none() => {
                Self::Output(output.name.clone(), output.output.0.get().to_owned())
            }
            _ => return None,
        })
    }

    /// Returns the prefix of the id that the pair gets when it has none.
    pub(super) fn id_prefix(&self) -> &'static str {
        match self {
            Self::Message(_) | Self::HookPrompt(_) => "msg",
            Self::Reasoning(..) => "rs",
            Self::WebSearch(_) => "ws",
            Self::Image(_) => "ig",
            Self::Output(..) => "fco",
        }
    }
}

/// Empty texts carry nothing.
fn spoken(texts: &[String]) -> Vec<String> {
    texts.iter().filter(|text| !text.is_empty()).cloned().collect()
}

fn parts_of(parts: &[ReasoningPartRecord]) -> Vec<String> {
    let texts: Vec<String> = parts.iter().map(|part| part.text.clone()).collect();
    spoken(&texts)
}

fn text_of(parts: &[ContentPart]) -> String {
    parts
        .iter()
        .filter_map(|part| match part {
            ContentPart::InputText(text) | ContentPart::OutputText(text) => Some(text.text.as_str()),
            ContentPart::InputImage(_)
            | ContentPart::InputAudio(_)
            | ContentPart::EncryptedContent(_)
            | ContentPart::Other(_) => None,
        })
        .collect()
}

/// A Responses item that an item of the turn may belong to.
#[derive(Debug)]
struct Slot {
    index: usize,
    segment: u32,
    key: LinkKey,
    /// Id of the server, or one that was given here.
    id: Option<String>,
    is_given: bool,
    line: Option<u64>,
    is_taken: bool,
}

/// A canonical item whose id a Responses item without one can take.
#[derive(Debug)]
struct Offer {
    segment: u32,
    key: LinkKey,
    id: String,
}

/// A found pair.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Id of the Responses item, if it is decided.
    pub(super) id: Option<String>,
    /// Number of its line, if it is written already.
    pub(super) line: Option<u64>,
    slot: usize,
}

/// The Responses items of one batch that can be paired.
#[derive(Debug)]
pub(super) struct Links {
    slots: Vec<Slot>,
    offers: Vec<Offer>,
    /// Per item of the batch: the stretch between two turn bounds that it is in.
    segments: Vec<u32>,
}

impl Links {
    /// Collects the Responses items of a batch.
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut links = Self {
            slots: Vec::new(),
            offers: Vec::new(),
            segments: Vec::with_capacity(inputs.len()),
        };
        let mut segment = 0;
        for input in inputs {
            match &*input.item {
                RolloutItem::EventMsg(event) if is_turn_bound(event) => segment += 1,
                RolloutItem::EventMsg(event) => links.offers.extend(offer(event, segment)),
                RolloutItem::ResponseItem(line) => {
                    let id = line.item.id().filter(|id| !id.is_empty()).map(|id| id.into_owned());
                    links.slots.extend(LinkKey::of_response(&line.item).map(|key| Slot {
                        index: input.index,
                        segment,
                        key,
                        id,
                        is_given: false,
                        line: None,
                        is_taken: false,
                    }));
                }
                _ => {}
            }
            links.segments.push(segment);
        }
        let slots = &links.slots;
        links
            .offers
            .retain(|offer| slots.iter().all(|slot| slot.id.as_deref() != Some(&offer.id)));
        links
    }

    /// Pairs the item with this key that stands at `index`; `own_id` is the id that it brings.
    ///
    /// The same id decides first. Else the first free Responses item that says the same, unless both have ids that
    /// differ: those are different things.
    pub(super) fn take(&mut self, index: usize, key: &LinkKey, own_id: Option<&str>) -> Option<Link> {
        let segment = *self.segments.get(index)?;
        let free = |slot: &Slot| !slot.is_taken && slot.segment == segment;
        let same_id = |slot: &Slot| own_id.is_some() && slot.id.as_deref() == own_id;
        let may_share = |slot: &Slot| own_id.is_none() || slot.id.is_none() || slot.is_given;
        let found = self
            .slots
            .iter()
            .position(|slot| free(slot) && same_id(slot))
            .or_else(|| {
                let says_the_same = |slot: &Slot| free(slot) && slot.key == *key && may_share(slot);
                self.slots.iter().position(says_the_same)
            })?;
        let slot = &mut self.slots[found];
        slot.is_taken = true;
        Some(Link {
            id: slot.id.clone(),
            line: slot.line,
            slot: found,
        })
    }

    /// Decides the id of the Responses item of a pair, unless it has one or is written without.
    pub(super) fn decide(&mut self, link: &Link, id: &str) {
        let slot = &mut self.slots[link.slot];
        if slot.id.is_none() && slot.line.is_none() {
            slot.id = Some(id.to_owned());
            slot.is_given = true;
        }
        self.offers.retain(|offer| offer.id != id);
    }

    /// Returns the id that was decided for the Responses item at `index`, or that of an item that follows.
    pub(super) fn decided_id(&mut self, index: usize) -> Option<String> {
        let slot = self.slots.iter_mut().find(|slot| slot.index == index)?;
        if slot.id.is_none() && !slot.is_taken {
            let fits = |offer: &Offer| offer.segment == slot.segment && offer.key == slot.key;
            let at = self.offers.iter().position(fits)?;
            slot.id = Some(self.offers.remove(at).id);
            slot.is_given = true;
        }
        slot.id.clone()
    }

    /// Notes that the Responses item at `index` is written.
    pub(super) fn written(&mut self, index: usize, id: Option<&str>, line: u64) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.index == index) {
            slot.is_given |= slot.id.is_none();
            slot.id = id.map(str::to_owned);
            slot.line = Some(line);
        }
    }
}

fn offer(event: &EventMsg, segment: u32) -> Option<Offer> {
    let EventMsg::ItemCompleted(completed) = event else {
        return None;
    };
    let key = LinkKey::of_item(&completed.item)?;
    let id = completed.item.id();
    has_prefix(id, key.id_prefix()).then(|| Offer {
        segment,
        key,
        id: id.to_owned(),
    })
}

fn is_turn_bound(event: &EventMsg) -> bool {
    matches!(
        event,
        EventMsg::TaskStarted(_) | EventMsg::TaskComplete(_) | EventMsg::TurnAborted(_)
    )
}
