//! Attachments: what clients have attached to threads, found by thread and by what it is (`app-server-api.md` 3.22).
//!
//! One fact per attachment, its key the [`Identity`] as a JSON array, its value [`Attachment`].

use std::collections::HashMap;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::RawJson;
use codex_rollout::journal::{FactKind, JournalFact};
use serde::{Deserialize, Serialize};

use super::refusal::OrganiseRefusal;
use super::store::{FactStore, decide};
use crate::error::StoreResult;

/// Longest type of an attachment.
pub const MAX_ATTACHMENT_TYPE_BYTES: usize = 256;
/// Longest key of an attachment: both escaped twice and with its payload it fits into a fact.
pub const MAX_IDENTITY_KEY_BYTES: usize = 65_536;
/// Longest payload, as compact JSON.
pub const MAX_PAYLOAD_BYTES: usize = 65_536;

/// What a thread's attachment is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// What kind of thing it is, in the client's words.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
}

impl Identity {
    /// Checks an identity.
    ///
    /// # Errors
    /// For a member that is empty or too long.
    pub fn check(&self) -> Result<(), OrganiseRefusal> {
        if self.attachment_type.is_empty() {
            return Err(OrganiseRefusal::EmptyAttachmentType);
        }
        if self.attachment_type.len() > MAX_ATTACHMENT_TYPE_BYTES {
            return Err(OrganiseRefusal::LongAttachmentType);
        }
        if self.identity_key.is_empty() {
            return Err(OrganiseRefusal::EmptyIdentityKey);
        }
        if self.identity_key.len() > MAX_IDENTITY_KEY_BYTES {
            return Err(OrganiseRefusal::LongIdentityKey);
        }
        Ok(())
    }

    /// Returns the key of the attachment's facts.
    fn to_key(&self) -> String {
        serde_json::to_string(&(&self.attachment_type, &self.identity_key)).expect("texts always serialise")
    }

    /// Returns the identity that a fact's key names.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let (attachment_type, identity_key) = serde_json::from_str(key).ok()?;
        Some(Self {
            attachment_type,
            identity_key,
        })
    }
}

/// An attachment, as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// What kind of thing it is.
    pub attachment_type: String,
    /// Which one of its kind.
    pub identity_key: String,
    /// Any JSON.
    pub payload: RawJson,
    /// When it was attached, Unix seconds.
    pub created_at: i64,
}

/// Whether something was attached already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WasThere {
    /// It was, and stays as it is.
    Yes,
    /// It is new.
    No,
}

/// The attachments of a store's threads.
#[derive(Clone, Copy)]
pub struct Attachments<'s>(&'s dyn FactStore);

impl<'s> Attachments<'s> {
    /// Uses the attachments of a store.
    pub fn of(store: &'s dyn FactStore) -> Self {
        Self(store)
    }

    /// Returns a thread's attachments, oldest first, then by id.
    ///
    /// # Errors
    /// If the facts cannot be read.
    pub async fn list(&self, thread_id: ThreadId) -> StoreResult<Vec<Attachment>> {
        let organised = self.0.organised().await?;
        let attached = organised.attachments.get(&thread_id);
        let mut all: Vec<Attachment> = attached.into_iter().flat_map(HashMap::values).cloned().collect();
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(all)
    }

    /// Returns the threads that something is attached to, by id.
    ///
    /// # Errors
    /// `Organise` for an identity that cannot be, and if the facts cannot be read.
    pub async fn owners(&self, identity: &Identity) -> StoreResult<Vec<ThreadId>> {
        identity.check()?;
        let organised = self.0.organised().await?;
        let owning = organised
            .attachments
            .iter()
            .filter(|(_, attached)| attached.contains_key(identity));
        let mut owners: Vec<ThreadId> = owning.map(|(thread_id, _)| *thread_id).collect();
        owners.sort_unstable();
        Ok(owners)
    }

    /// Attaches something under a new id. What is attached already stays, with its id and its payload.
    ///
    /// # Errors
    /// `Organise` for an identity that cannot be, and a payload that is too long.
    pub async fn add(
        &self,
        thread_id: ThreadId,
        identity: Identity,
        payload: RawJson,
        id: String,
    ) -> StoreResult<(Attachment, WasThere)> {
        identity.check()?;
        if payload.get().len() > MAX_PAYLOAD_BYTES {
            return Err(OrganiseRefusal::LongPayload.into());
        }
        decide(self.0, move |organised, at_ms| {
            let attached = organised.attachments.get(&thread_id);
            if let Some(there) = attached.and_then(|attached| attached.get(&identity)) {
                return Ok((Vec::new(), (there.clone(), WasThere::Yes)));
            }
            let attachment = Attachment {
                id,
                attachment_type: identity.attachment_type.clone(),
                identity_key: identity.identity_key.clone(),
                payload,
                created_at: at_ms.div_euclid(1_000),
            };
            let fact = fact(thread_id, &identity, at_ms, Some(&attachment));
            Ok((vec![fact], (attachment, WasThere::No)))
        })
        .await
    }

    /// Detaches something; returns what it was, if it was attached.
    ///
    /// # Errors
    /// `Organise` for an identity that cannot be.
    pub async fn remove(&self, thread_id: ThreadId, identity: Identity) -> StoreResult<Option<Attachment>> {
        identity.check()?;
        decide(self.0, move |organised, at_ms| {
            let attached = organised.attachments.get(&thread_id);
            let Some(there) = attached.and_then(|attached| attached.get(&identity)) else {
                return Ok((Vec::new(), None));
            };
            Ok((vec![fact(thread_id, &identity, at_ms, None)], Some(there.clone())))
        })
        .await
    }
}

fn fact(thread_id: ThreadId, identity: &Identity, at_ms: i64, attachment: Option<&Attachment>) -> JournalFact {
    let value = RawJson::of(&attachment).expect("texts, numbers and raw JSON always serialise");
    JournalFact::of_thread_key(FactKind::Attachment, thread_id, identity.to_key(), at_ms, value)
}
