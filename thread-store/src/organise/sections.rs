//! Sections: named parts of the list of threads, each with an order of its own (`app-server-api.md` 3.18).
//!
//! Two facts. A section is its name and looks, by key. A membership says in which section a thread is, at which rank and
//! since when; one in a section that is not there counts as none, so that a section goes with one fact.

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use serde::{Deserialize, Serialize};

use super::facts::Organised;
use super::ranks::{Place, Ranked, rank_at};
use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide};
use crate::error::StoreResult;

/// Id of the section that every home has.
pub const PINNED_SECTION_ID: &str = "01984de2-8f74-7c91-a3b2-5c5e937cf318";
/// Its name.
const PINNED_SECTION_NAME: &str = "Pinned";
/// Longest icon and longest colour of a section, in bytes.
pub const MAX_APPEARANCE_BYTES: usize = 64;

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its id.
    pub id: String,
    /// Its name; several may share one.
    pub name: String,
    /// How it looks.
    pub appearance: Option<SectionAppearance>,
}

/// How a section looks; what the words mean is the client's business.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SectionAppearance {
    /// Icon.
    pub icon: Option<String>,
    /// Colour.
    pub color: Option<String>,
}

/// Where a thread is in a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SectionMember {
    /// The section.
    pub section_id: String,
    /// Its place: lower ranks come first.
    pub rank: i64,
    /// When it entered the section, Unix milliseconds.
    pub entered_at_ms: i64,
}

/// A section as the journal has it, without its id, which is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SectionFact {
    pub(super) name: String,
    #[serde(default)]
    pub(super) appearance: Option<SectionAppearance>,
}

/// A change of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionPatch {
    /// The new name.
    pub name: String,
    /// New looks; `Some(None)` removes them, `None` leaves them.
    pub appearance: Option<Option<SectionAppearance>>,
}

/// Where a thread is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionMove {
    /// Into no section.
    Out,
    /// To the end of a section.
    Last {
        /// The section.
        section_id: String,
    },
    /// Before another thread of a section.
    Before {
        /// The section.
        section_id: String,
        /// The other thread.
        thread_id: ThreadId,
    },
}

/// Part of the list of sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionPage {
    /// The sections, in order of their ids.
    pub sections: Vec<Section>,
    /// Whether more follow.
    pub has_more: bool,
}

impl Organised {
    /// Returns a section.
    pub fn section(&self, section_id: &str) -> Option<Section> {
        if section_id == PINNED_SECTION_ID {
            return Some(pinned());
        }
        let fact = self.sections.get(section_id)?;
        Some(section(section_id, fact))
    }

    /// Returns where a thread is, if it is in a section that exists.
    pub fn section_member(&self, thread_id: ThreadId) -> Option<&SectionMember> {
        let member = self.section_members.get(&thread_id)?;
        self.has_section(&member.section_id).then_some(member)
    }

    fn has_section(&self, section_id: &str) -> bool {
        section_id == PINNED_SECTION_ID || self.sections.contains_key(section_id)
    }

    /// Returns the members of a section in order, but for one thread. Ties, which only others make, go by thread.
    fn members_without(&self, section_id: &str, left_out: ThreadId) -> Vec<(ThreadId, &SectionMember)> {
        let members = self.section_members.iter();
        let mut members: Vec<(ThreadId, &SectionMember)> = members
            .filter(|(thread_id, member)| member.section_id == section_id && **thread_id != left_out)
            .map(|(thread_id, member)| (*thread_id, member))
            .collect();
        members.sort_by_key(|(thread_id, member)| (member.rank, *thread_id));
        members
    }
}

fn pinned() -> Section {
    Section {
        id: PINNED_SECTION_ID.to_owned(),
        name: PINNED_SECTION_NAME.to_owned(),
        appearance: None,
    }
}

fn section(id: &str, fact: &SectionFact) -> Section {
    Section {
        id: id.to_owned(),
        name: fact.name.clone(),
        appearance: fact.appearance.clone(),
    }
}

/// The sections of a store.
#[derive(Clone, Copy)]
pub struct Sections<'s>(&'s dyn FactStore);

impl<'s> Sections<'s> {
    /// Uses the sections of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Returns the sections whose ids are greater than `after` as text.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> StoreResult<SectionPage> {
        let organised = self.0.organised().await?;
        let stored = organised.sections.iter().filter(|(id, _)| *id != PINNED_SECTION_ID);
        let mut sections: Vec<Section> = stored.map(|(id, fact)| section(id, fact)).collect();
        sections.push(pinned());
        sections.retain(|section| after.is_none_or(|after| section.id.as_str() > after));
        sections.sort_by(|one, other| one.id.cmp(&other.id));
        let has_more = sections.len() > limit;
        sections.truncate(limit);
        Ok(SectionPage { sections, has_more })
    }

    /// Makes a section under an id that no other one has.
    ///
    /// # Errors
    /// `Organise` for a name or looks that are not allowed.
    pub async fn create(&self, id: String, name: &str, appearance: Option<SectionAppearance>) -> StoreResult<Section> {
        let fact = SectionFact {
            name: checked_name(name)?,
            appearance: appearance.map(checked_appearance).transpose()?,
        };
        decide(self.0, move |_, at_ms| {
            Ok((vec![section_fact(&id, at_ms, Some(&fact))], section(&id, &fact)))
        })
        .await
    }

    /// Renames a section.
    ///
    /// # Errors
    /// `Organise` for a section that does not exist or is built in, and for a name or looks that are not allowed.
    pub async fn update(&self, section_id: &str, patch: SectionPatch) -> StoreResult<Section> {
        refuse_empty(section_id)?;
        let name = checked_name(&patch.name)?;
        let appearance = match patch.appearance {
            Some(Some(appearance)) => Some(Some(checked_appearance(appearance)?)),
            unset => unset,
        };
        if section_id == PINNED_SECTION_ID {
            return Err(OrganiseRefusal::PinnedSectionName.into());
        }
        let id = section_id.to_owned();
        decide(self.0, move |organised, at_ms| {
            let Some(before) = organised.sections.get(&id) else {
                return Err(OrganiseRefusal::SectionNotFound { section_id: id }.into());
            };
            let after = SectionFact {
                name,
                appearance: appearance.unwrap_or_else(|| before.appearance.clone()),
            };
            let facts = match *before == after {
                true => Vec::new(),
                false => vec![section_fact(&id, at_ms, Some(&after))],
            };
            Ok((facts, section(&id, &after)))
        })
        .await
    }

    /// Removes a section; its threads are in none then.
    ///
    /// # Errors
    /// `Organise` for a section that does not exist or is built in.
    pub async fn delete(&self, section_id: &str) -> StoreResult<()> {
        refuse_empty(section_id)?;
        if section_id == PINNED_SECTION_ID {
            return Err(OrganiseRefusal::PinnedSectionDeletion.into());
        }
        let id = section_id.to_owned();
        decide(self.0, move |organised, at_ms| {
            if !organised.sections.contains_key(&id) {
                return Err(OrganiseRefusal::SectionNotFound { section_id: id }.into());
            }
            Ok((vec![section_fact(&id, at_ms, None)], ()))
        })
        .await
    }

    /// Puts a thread somewhere. Whether there is such a thread is the caller's to know.
    ///
    /// # Errors
    /// `Organise` for a section that does not exist, and a thread to be before that is not in it.
    pub async fn move_thread(&self, thread_id: ThreadId, to: SectionMove) -> StoreResult<()> {
        match &to {
            SectionMove::Last { section_id } | SectionMove::Before { section_id, .. } if section_id.is_empty() => {
                return Err(OrganiseRefusal::EmptySectionId.into());
            }
            SectionMove::Before { thread_id: before, .. } if *before == thread_id => {
                return Err(OrganiseRefusal::ThreadBeforeItself { thread_id }.into());
            }
            SectionMove::Out | SectionMove::Last { .. } | SectionMove::Before { .. } => {}
        }
        decide(self.0, move |organised, at_ms| {
            Ok((moved(organised, thread_id, &to, at_ms)?, ()))
        })
        .await
    }
}

fn moved(
    organised: &Organised,
    thread_id: ThreadId,
    to: &SectionMove,
    at_ms: i64,
) -> Result<Vec<JournalFact>, OrganiseRefusal> {
    let (section_id, before) = match to {
        SectionMove::Out => {
            let is_anywhere = organised.section_members.contains_key(&thread_id);
            return Ok(is_anywhere
                .then(|| member_fact(thread_id, at_ms, None))
                .into_iter()
                .collect());
        }
        SectionMove::Last { section_id } => (section_id, None),
        SectionMove::Before { section_id, thread_id } => (section_id, Some(*thread_id)),
    };
    if !organised.has_section(section_id) {
        return Err(OrganiseRefusal::NoSuchSection {
            section_id: section_id.clone(),
        });
    }
    let others = organised.members_without(section_id, thread_id);
    let place = match before {
        None => Place::Last,
        Some(before) => {
            let at = others.iter().position(|(other, _)| *other == before);
            Place::Before(at.ok_or_else(|| OrganiseRefusal::BeforeThreadElsewhere {
                thread_id: before,
                section_id: section_id.clone(),
            })?)
        }
    };
    let ranks: Vec<i64> = others.iter().map(|(_, member)| member.rank).collect();
    let Ranked {
        behind,
        new,
        before: earlier,
    } = rank_at(&ranks, place);
    let own = organised.section_member(thread_id);
    let own = SectionMember {
        section_id: section_id.clone(),
        rank: new,
        // Whoever only changes places has been there since then.
        entered_at_ms: own
            .filter(|member| member.section_id == *section_id)
            .map_or(at_ms, |member| member.entered_at_ms),
    };
    let again = |(index, rank): &(usize, i64)| {
        let (other, member) = others[*index];
        let member = SectionMember {
            rank: *rank,
            ..member.clone()
        };
        member_fact(other, at_ms, Some(&member))
    };
    let mut facts: Vec<JournalFact> = behind.iter().map(again).collect();
    facts.push(member_fact(thread_id, at_ms, Some(&own)));
    facts.extend(earlier.iter().map(again));
    Ok(facts)
}

fn refuse_empty(section_id: &str) -> Result<(), OrganiseRefusal> {
    match section_id.is_empty() {
        true => Err(OrganiseRefusal::EmptySectionId),
        false => Ok(()),
    }
}

fn checked_name(name: &str) -> Result<String, OrganiseRefusal> {
    match name.trim() {
        "" => Err(OrganiseRefusal::EmptySectionName),
        name => Ok(name.to_owned()),
    }
}

fn checked_appearance(appearance: SectionAppearance) -> Result<SectionAppearance, OrganiseRefusal> {
    for (member, text) in [("icon", &appearance.icon), ("color", &appearance.color)] {
        if text.as_ref().is_some_and(|text| text.len() > MAX_APPEARANCE_BYTES) {
            return Err(OrganiseRefusal::LongAppearance { member });
        }
    }
    Ok(appearance)
}

fn section_fact(id: &str, at_ms: i64, section: Option<&SectionFact>) -> JournalFact {
    let value = RawJson::of(&section).expect("texts always serialise");
    JournalFact::of_key(FactKind::Section, id, at_ms, value)
}

fn member_fact(thread_id: ThreadId, at_ms: i64, member: Option<&SectionMember>) -> JournalFact {
    let value = RawJson::of(&member).expect("texts and numbers always serialise");
    JournalFact::of_thread(FactKind::SectionMember, thread_id, at_ms, value)
}
