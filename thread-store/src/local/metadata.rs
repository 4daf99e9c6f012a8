//! Changes of what is known of a thread besides its history (`rollout-format.md` 9.5).
//!
//! The journal first, then the name index or the rollout that other programs read. The index follows by itself.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::{HistoryMode, RawJson, RolloutItem, SessionMeta};
use codex_rollout::discover::{Location, RolloutFile};
use codex_rollout::head::{Head, read_head};
use codex_rollout::journal::{FactKind, JournalFact};
use codex_rollout::recorder::{Durability, EncodedItem, RolloutWriter, TornTailRule, line_time};
use codex_rollout::session_index::append_name;

use super::facts::GitPatchFact;
use super::open_rollout::head_error;
use super::segments::History;
use super::store::Inner;
use super::writers::record_error;
use crate::error::{StoreError, StoreResult};
use crate::live::{LatestMeta, patched_meta};
use crate::organise::{OrganiseRefusal, daybreak_fact, member_fact};
use crate::types::View;
use crate::writes::MetadataPatch;

impl Inner {
    /// Applies a patch; every fact is durable before this returns.
    pub(super) fn update_metadata(&self, thread_id: ThreadId, patch: &MetadataPatch) -> StoreResult<()> {
        let found = self.repairing(|| {
            self.with_history(thread_id, View::Full, |history| {
                Ok((history.current().file.clone(), history.mode()))
            })
        });
        let (file, mode) = found.map_err(|error| self.or_hidden(error))?;
        if file.location == Location::Archived {
            return Err(StoreError::ThreadNotFound { thread_id });
        }
        if let Some(Some(project_id)) = &patch.project
            && !self.organised()?.has_project(project_id)
        {
            let project_id = project_id.clone();
            return Err(OrganiseRefusal::ProjectNotFound { project_id }.into());
        }
        let in_rollout = mode == HistoryMode::Legacy && (!patch.git.is_empty() || patch.memory_mode.is_some());
        if in_rollout {
            self.append_session_meta(thread_id, &file, patch)?;
        }
        let at_ms = self.clock.now_ms();
        let fact = |kind, value| JournalFact::of_thread(kind, thread_id, at_ms, value);
        let mut facts = Vec::new();
        if mode == HistoryMode::Paginated {
            if !patch.git.is_empty() {
                let value = RawJson::of(&GitPatchFact::from(&patch.git)).expect("an object of texts always serialises");
                facts.push(fact(FactKind::GitPatch, value));
            }
            if let Some(memory) = patch.memory_mode {
                facts.push(fact(FactKind::MemoryMode, RawJson::string(memory.as_str())));
            }
        }
        if let Some(project) = &patch.project {
            facts.push(member_fact(thread_id, project.as_deref(), at_ms));
        }
        if let Some(choice) = patch.daybreak_enabled {
            facts.push(daybreak_fact(thread_id, choice, at_ms));
        }
        self.record_facts(thread_id, at_ms, patch.name.as_deref(), facts)?;
        self.catalog.expire();
        Ok(())
    }

    /// Records facts about a thread: all in the journal; a name also where other programs look for it.
    pub(super) fn record_facts(
        &self,
        thread_id: ThreadId,
        at_ms: i64,
        name: Option<&str>,
        others: impl IntoIterator<Item = JournalFact>,
    ) -> StoreResult<()> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Record {
            thread_id,
            source: error,
        };
        let time = line_time(at_ms).map_err(|error| failed(Box::new(error)))?;
        let name_fact =
            name.map(|name| JournalFact::of_thread(FactKind::ThreadName, thread_id, at_ms, RawJson::string(name)));
        let facts: Vec<JournalFact> = name_fact.into_iter().chain(others).collect();
        if facts.is_empty() {
            return Ok(());
        }
        let journalled = self.journal.journal.append(&facts, Durability::Synced);
        journalled.map_err(|error| failed(Box::new(error)))?;
        if let Some(name) = name {
            append_name(self.fs.as_ref(), &self.home, thread_id, name, &time)
                .map_err(|error| failed(Box::new(error)))?;
        }
        Ok(())
    }

    /// Appends a copy of the session metadata with the latest values to a legacy rollout.
    fn append_session_meta(&self, thread_id: ThreadId, file: &RolloutFile, patch: &MetadataPatch) -> StoreResult<()> {
        let item = RolloutItem::SessionMeta(Box::new(self.patched_meta(thread_id, file, patch)?));
        let items = [EncodedItem::new(item)];
        if self.append_to_open(thread_id, &items)? {
            return Ok(());
        }
        let lease = self.acquire_lease(thread_id)?;
        let resumed = RolloutWriter::resume(Arc::clone(&self.fs), &self.home, lease, file, TornTailRule::CutAside);
        let written = resumed.and_then(|resumed| {
            let mut log = resumed.writer;
            log.append(&items, self.clock.now_ms())?;
            log.sync()
        });
        written.map(|_| ()).map_err(|error| record_error(thread_id, error))
    }

    fn patched_meta(&self, thread_id: ThreadId, file: &RolloutFile, patch: &MetadataPatch) -> StoreResult<SessionMeta> {
        let source = self.source(file)?;
        let head = match read_head(&source) {
            Ok(Head::Envelope { meta, .. }) => *meta,
            Ok(Head::Bare(_)) => {
                return Err(StoreError::Unsupported {
                    operation: "metadata update",
                    thread_id,
                });
            }
            Err(error) => return Err(head_error(&source, error)),
        };
        let known = |history: &History<'_>| Ok(LatestMeta::of(&history.current().meta.header));
        let known = self.repairing(|| self.with_history(thread_id, View::Full, known))?;
        Ok(patched_meta(head, &known, patch))
    }
}
