//! The capabilities of the local store that change threads as a whole: off the async threads, then to the file of each
//! subject.
//!
//! Each change runs once, whatever becomes of the index: only its questions to the index are asked again.

use std::sync::Arc;

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;

use super::delete::Removal;
use super::store::LocalStore;
use crate::error::StoreResult;
use crate::lifecycle::{ForkCut, ForkRequest, InheritedHistory, ThreadLifecycle};
use crate::organise::{Decision, FactStore, Goal, NewestOfProjects, Organised};
use crate::trash::{ThreadTrash, TrashPage, TrashQuery, TrashSelection, Trashed};
use crate::types::{ThreadReadQuery, ThreadRecord, View};
use crate::writes::Durability;

impl LocalStore {
    async fn record_of_thread(&self, thread_id: ThreadId) -> StoreResult<ThreadRecord> {
        let query = ThreadReadQuery {
            thread_id,
            view: View::Full,
            turns: None,
        };
        self.run(move |inner| inner.read(query)).await
    }
}

#[async_trait]
impl ThreadLifecycle for LocalStore {
    async fn fork_thread(&self, request: ForkRequest) -> StoreResult<ThreadRecord> {
        let thread_id = request.new_thread_id;
        self.run_once(move |inner| inner.fork(&request)).await?;
        self.record_of_thread(thread_id).await
    }

    async fn inherited_history(&self, source: ThreadId, cut: ForkCut) -> StoreResult<InheritedHistory> {
        self.run(move |inner| inner.inherited_history(source, &cut)).await
    }

    async fn revert_thread(&self, thread_id: ThreadId, before_turn_id: &str) -> StoreResult<ThreadRecord> {
        let turn_id = before_turn_id.to_owned();
        self.run_once(move |inner| inner.revert(thread_id, &turn_id)).await?;
        self.record_of_thread(thread_id).await
    }

    async fn archive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        self.run_once(move |inner| inner.archive(thread_id)).await
    }

    async fn unarchive_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        self.run_once(move |inner| inner.unarchive(thread_id)).await
    }

    async fn delete_thread(&self, thread_id: ThreadId) -> StoreResult<Vec<ThreadId>> {
        let deleted = self.run_once(move |inner| inner.delete(thread_id, Removal::ForGood));
        deleted.await.map(|deleted| deleted.threads)
    }
}

#[async_trait]
impl ThreadTrash for LocalStore {
    async fn trash_thread(&self, thread_id: ThreadId) -> StoreResult<Trashed> {
        self.run_once(move |inner| inner.delete(thread_id, Removal::ToTrash))
            .await
    }

    async fn list_trash(&self, query: TrashQuery) -> StoreResult<TrashPage> {
        self.run_once(move |inner| inner.list_trash(&query)).await
    }

    async fn restore_trash(&self, trash_id: &str) -> StoreResult<Vec<ThreadId>> {
        let trash_id = trash_id.to_owned();
        self.run_once(move |inner| inner.restore(&trash_id)).await
    }

    async fn empty_trash(&self, which: TrashSelection) -> StoreResult<Vec<String>> {
        self.run_once(move |inner| inner.empty_trash(&which)).await
    }
}

#[async_trait]
impl FactStore for LocalStore {
    async fn organised(&self) -> StoreResult<Arc<Organised>> {
        self.run(|inner| inner.organised()).await
    }

    async fn organise_with(&self, decision: Decision, durability: Durability) -> StoreResult<()> {
        self.run_once(move |inner| inner.organise(decision, durability)).await
    }

    async fn recorded_goal(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>> {
        self.run(move |inner| inner.recorded_goal(thread_id)).await
    }

    async fn newest_of_projects(&self, project_ids: Vec<String>) -> StoreResult<NewestOfProjects> {
        self.run(move |inner| inner.newest_of_projects(&project_ids)).await
    }
}
