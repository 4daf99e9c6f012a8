//! The facts of all families, folded from the journal.
//!
//! A fact replaces what was said before of the same subject; `null` removes it. Pure.

use std::collections::HashMap;
use std::hash::Hash;

use codex_protocol::ids::ThreadId;
use codex_rollout::journal::{FactKind, JournalFact};
use serde::de::DeserializeOwned;

use super::attachments::{Attachment, Identity};
use super::goals::Goal;
use super::project_facts::{ProjectFact, ProjectKeyFact, ProjectMemberFact};
use super::queue::QueuedSubmission;
use super::read_state::ReadState;
use super::sections::{SectionFact, SectionMember};

/// How threads are organised, at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Organised {
    pub(super) daybreak: HashMap<ThreadId, bool>,
    /// `None` where a goal was cleared: what the log says of it does not count any more.
    pub(super) goals: HashMap<ThreadId, Option<Goal>>,
    pub(super) project_keys: HashMap<String, ProjectKeyFact>,
    pub(super) project_members: HashMap<ThreadId, ProjectMemberFact>,
    pub(super) projects: HashMap<String, ProjectFact>,
    pub(super) attachments: HashMap<ThreadId, HashMap<Identity, Attachment>>,
    pub(super) queues: HashMap<ThreadId, HashMap<String, QueuedSubmission>>,
    pub(super) read_states: HashMap<ThreadId, ReadState>,
    pub(super) section_members: HashMap<ThreadId, SectionMember>,
    pub(super) sections: HashMap<String, SectionFact>,
}

/// What lists show of how a thread is organised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Belonging {
    /// Where it is in a section.
    pub(crate) section: Option<SectionMember>,
    /// The project that it belongs to.
    pub(crate) project_id: Option<String>,
    /// Whether it takes part in the daybreak feature.
    pub(crate) daybreak: Option<bool>,
}

impl Organised {
    /// Returns what lists show of a thread.
    pub(crate) fn belonging_of(&self, thread_id: ThreadId) -> Belonging {
        Belonging {
            section: self.section_member(thread_id).cloned(),
            project_id: self.project_of(thread_id).map(str::to_owned),
            daybreak: self.daybreak_of(thread_id),
        }
    }

    /// Takes over one fact; facts arrive in the order in which they were recorded.
    pub(crate) fn learn(&mut self, fact: &JournalFact) {
        match (&fact.kind, fact.thread_id, fact.key.as_deref()) {
            (FactKind::ThreadDeleted, Some(thread_id), _) => self.forget_thread(thread_id),
            (FactKind::Daybreak, Some(thread_id), _) => replace(&mut self.daybreak, thread_id, fact),
            (FactKind::Goal, Some(thread_id), _) => match fact.value.parse::<Option<Goal>>() {
                Ok(goal) => {
                    self.goals.insert(thread_id, goal);
                }
                Err(error) => not_understood(fact, &error),
            },
            (FactKind::Project, None, Some(id)) => self.learn_project(id, fact),
            (FactKind::ProjectKey, None, Some(key)) => replace(&mut self.project_keys, key.to_owned(), fact),
            (FactKind::ProjectMember, Some(thread_id), _) => replace(&mut self.project_members, thread_id, fact),
            (FactKind::Attachment, Some(thread_id), Some(key)) => {
                // A key that is no identity is of another version: it names nothing here.
                if let Some(identity) = Identity::of_key(key) {
                    replace(self.attachments.entry(thread_id).or_default(), identity, fact);
                }
            }
            (FactKind::QueuedSubmission, Some(thread_id), Some(key)) => {
                replace(self.queues.entry(thread_id).or_default(), key.to_owned(), fact);
            }
            (FactKind::ReadState, Some(thread_id), _) => replace(&mut self.read_states, thread_id, fact),
            (FactKind::Section, None, Some(id)) => replace(&mut self.sections, id.to_owned(), fact),
            (FactKind::SectionMember, Some(thread_id), _) => replace(&mut self.section_members, thread_id, fact),
            // Other facts belong to others.
            _ => {}
        }
    }

    /// Returns the threads that lists show something of.
    pub(crate) fn placed(&self) -> impl Iterator<Item = ThreadId> {
        let members = self.section_members.keys().chain(self.project_members.keys());
        members.chain(self.daybreak.keys()).copied()
    }

    /// Returns whether a thread takes part in the daybreak feature, where that was said.
    pub fn daybreak_of(&self, thread_id: ThreadId) -> Option<bool> {
        self.daybreak.get(&thread_id).copied()
    }

    /// Takes over what another state knows of a thread.
    pub(crate) fn recall_thread(&mut self, thread_id: ThreadId, from: &Self) {
        recall(&mut self.daybreak, &from.daybreak, thread_id);
        recall(&mut self.goals, &from.goals, thread_id);
        recall(&mut self.project_members, &from.project_members, thread_id);
        recall(&mut self.attachments, &from.attachments, thread_id);
        recall(&mut self.queues, &from.queues, thread_id);
        recall(&mut self.read_states, &from.read_states, thread_id);
        recall(&mut self.section_members, &from.section_members, thread_id);
    }

    /// Drops what is known of a thread.
    pub(crate) fn forget_thread(&mut self, thread_id: ThreadId) {
        self.daybreak.remove(&thread_id);
        self.goals.remove(&thread_id);
        self.project_members.remove(&thread_id);
        self.attachments.remove(&thread_id);
        self.queues.remove(&thread_id);
        self.read_states.remove(&thread_id);
        self.section_members.remove(&thread_id);
    }
}

fn recall<V: Clone>(known: &mut HashMap<ThreadId, V>, from: &HashMap<ThreadId, V>, thread_id: ThreadId) {
    if let Some(value) = from.get(&thread_id) {
        known.insert(thread_id, value.clone());
    }
}

/// Puts the value of a fact in the place of the one that was known of its subject.
///
/// A value of another shape, as a later version might write it, leaves what was known, and is reported.
pub(super) fn replace<K: Eq + Hash, V: DeserializeOwned>(known: &mut HashMap<K, V>, subject: K, fact: &JournalFact) {
    match fact.value.parse::<Option<V>>() {
        Ok(Some(value)) => {
            known.insert(subject, value);
        }
        Ok(None) => {
            known.remove(&subject);
        }
        Err(error) => not_understood(fact, &error),
    }
}

fn not_understood(fact: &JournalFact, error: &serde_json::Error) {
    tracing::warn!(kind = fact.kind.as_str(), %error, "a fact of the journal is not understood");
}
