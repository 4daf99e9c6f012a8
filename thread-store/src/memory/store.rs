//! The memory store: a home behind a lock, and the store traits over it.
//!
//! Each method answers from a snapshot of the home, so writers never show through half way.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use codex_protocol::ids::{RolloutId, ThreadId};
use codex_protocol::log::HistoryMode;

use super::history::History;
use super::home::{Home, MemoryRollout};
use super::rollout::Rollout;
use super::{history_search, list, pages, search, writes};
use crate::clock::Clock;
use crate::damage::damage_kind;
use crate::error::{StoreError, StoreResult};
use crate::history_query::{HistoryPage, HistoryQuery};
use crate::lifecycle::ThreadLifecycle;
use crate::live::{IdSource, SystemIds};
use crate::organise::{Decision, FactStore, Goal, NewestOfProjects, Organised};
use crate::report::{Damage, DamageKind, IndexState, IndexStateKind};
use crate::store::{ThreadSearch, ThreadStore};
use crate::trash::ThreadTrash;
use crate::types::{
    ItemEntry, ItemPage, ItemPageQuery, ListPage, ListQuery, OccurrencePage, OccurrenceQuery, SearchPage, SearchQuery,
    ThreadReadQuery, ThreadRecord, ThreadSelector, TimelinePage, TimelineQuery, TurnPage, TurnPageQuery, View,
};
use crate::writes::{
    Durability, DurableLine, MetadataPatch, ModelContext, NewThread, OpenThread, StoredLines, ThreadWrites, WriterKey,
};

/// Candidates that an ambiguous selector returns at most.
const MAX_CANDIDATES: usize = 20;
/// Damaged lines that a state lists one by one.
const MAX_LISTED_DAMAGE: usize = 1_000;

/// Rollouts as bytes in memory, folded anew for every request.
///
/// Correct rather than fast: meant for tests, as the model that other stores are compared with. Keeps no index, so
/// nothing can be stale, and applies no limits on sizes.
pub struct MemoryStore {
    home: RwLock<Home>,
    pub(super) clock: Clock,
    pub(super) ids: Arc<dyn IdSource>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(Clock::system())
    }
}

impl MemoryStore {
    /// Makes an empty store that takes the time of what it records from `clock`.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            home: RwLock::default(),
            ids: Arc::new(SystemIds::new(clock.clone())),
            clock,
        }
    }

    /// Takes the ids of new rollouts and records from `ids`.
    #[must_use]
    pub fn with_ids(self, ids: Arc<dyn IdSource>) -> Self {
        Self { ids, ..self }
    }

    /// Adds a rollout, or replaces the one at the same path.
    pub fn insert(&self, rollout: MemoryRollout) {
        self.change(|home| home.insert(rollout));
    }

    /// Appends to the rollout with this file name.
    pub fn append(&self, file_name: &str, bytes: &[u8], mtime_ms: i64) {
        self.change(|home| home.append(file_name, bytes, mtime_ms));
    }

    /// Removes the rollout with this file name.
    pub fn remove(&self, file_name: &str) {
        self.change(|home| home.remove(file_name));
    }

    /// Gives a thread a name, as a line of `session_index.jsonl` does.
    pub fn set_name(&self, thread_id: ThreadId, name: &str) {
        self.change(|home| home.set_name(thread_id, name));
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Home) -> T) -> T {
        change(&mut self.home.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn home(&self) -> Home {
        self.home.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ThreadStore for MemoryStore {
    async fn list_threads(&self, query: ListQuery) -> StoreResult<ListPage> {
        list::list(&self.home(), &query)
    }

    async fn read_thread(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        read(&self.home(), query)
    }

    async fn list_turns(&self, query: TurnPageQuery) -> StoreResult<TurnPage> {
        pages::turns(&self.home(), &query)
    }

    async fn list_items(&self, query: ItemPageQuery) -> StoreResult<ItemPage> {
        pages::items(&self.home(), &query)
    }

    async fn read_items(
        &self,
        thread_id: ThreadId,
        turn_id: &str,
        item_ids: &[String],
        view: View,
    ) -> StoreResult<Vec<ItemEntry>> {
        pages::items_by_id(&self.home(), thread_id, (turn_id, item_ids), view)
    }

    async fn list_timeline(&self, query: TimelineQuery) -> StoreResult<TimelinePage> {
        pages::timeline(&self.home(), &query)
    }

    async fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState> {
        let history = History::open(&self.home(), thread_id, View::Full)?;
        Ok(state_of(history.current()))
    }

    async fn resolve(&self, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
        resolve(&self.home(), selector)
    }

    fn search(&self) -> Option<&dyn ThreadSearch> {
        Some(self)
    }

    fn writes(&self) -> Option<&dyn ThreadWrites> {
        Some(self)
    }

    fn lifecycle(&self) -> Option<&dyn ThreadLifecycle> {
        Some(self)
    }

    fn trash(&self) -> Option<&dyn ThreadTrash> {
        Some(self)
    }

    fn facts(&self) -> Option<&dyn FactStore> {
        Some(self)
    }
}

#[async_trait]
impl FactStore for MemoryStore {
    async fn organised(&self) -> StoreResult<Arc<Organised>> {
        Ok(Arc::new(self.home().organised))
    }

    async fn organise_with(&self, decision: Decision, _: Durability) -> StoreResult<()> {
        let at_ms = self.clock.now_ms();
        self.change(|home| {
            for fact in decision(&home.organised, at_ms)? {
                home.organised.learn(&fact);
            }
            Ok(())
        })
    }

    async fn recorded_goal(&self, thread_id: ThreadId) -> StoreResult<Option<Goal>> {
        Ok(self.home().recorded_goal(thread_id))
    }

    async fn newest_of_projects(&self, project_ids: Vec<String>) -> StoreResult<NewestOfProjects> {
        let home = self.home();
        let threads = list::Shelf::new(&home).threads(&home)?;
        let mut newest = NewestOfProjects::new();
        for record in threads
            .into_iter()
            .map(|listed| listed.record)
            .filter(|record| !record.archived)
        {
            let Some(id) = record.project_id.filter(|id| project_ids.contains(id)) else {
                continue;
            };
            let time_ms = record.recency_at_ms.unwrap_or(record.created_at_ms);
            let known = newest.entry(id).or_insert(time_ms);
            *known = time_ms.max(*known);
        }
        Ok(newest)
    }
}

#[async_trait]
impl ThreadWrites for MemoryStore {
    async fn create_thread(&self, new: NewThread) -> StoreResult<OpenThread> {
        self.change(|home| home.create_thread(&new, self.clock.now_ms()))
    }

    async fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        self.change(|home| home.resume_thread(thread_id))
    }

    async fn append_items(
        &self,
        key: WriterKey,
        lines: &[DurableLine],
        durability: Durability,
    ) -> StoreResult<StoredLines> {
        self.change(|home| home.append_items(key, lines, durability, self.clock.now_ms()))
    }

    async fn persist_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.change(|home| {
            home.check_open(key)?;
            home.persist_thread(key.thread_id, self.clock.now_ms())
        })
    }

    async fn flush_thread(&self, key: WriterKey, _: Durability) -> StoreResult<()> {
        self.change(|home| home.check_open(key))
    }

    async fn close_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.change(|home| home.close_thread(key))
    }

    async fn discard_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.change(|home| home.close_thread(key))
    }

    fn abandon_thread(&self, key: WriterKey) {
        // One that is not open has nothing to give back.
        let _ = self.change(|home| home.close_thread(key));
    }

    async fn update_metadata(&self, thread_id: ThreadId, patch: MetadataPatch) -> StoreResult<()> {
        self.change(|home| home.update_metadata(thread_id, &patch, self.clock.now_ms()))
    }

    async fn item_ids_at(
        &self,
        thread_id: ThreadId,
        offsets: Vec<u64>,
        view: View,
    ) -> StoreResult<Vec<Option<String>>> {
        let history = History::open(&self.home(), thread_id, view)?;
        let at = history.segments.len() - 1;
        let id_at = |offset: &u64| {
            let mut items = history.items().iter();
            let made_there = items.find(|item| item.at == at && item.row.key.offset() == *offset);
            made_there.map(|item| item.entry.item.item.id().to_owned())
        };
        Ok(offsets.iter().map(id_at).collect())
    }

    async fn load_model_context(&self, thread_id: ThreadId) -> StoreResult<ModelContext> {
        writes::model_context(&self.home(), thread_id)
    }
}

#[async_trait]
impl ThreadSearch for MemoryStore {
    async fn search_threads(&self, query: SearchQuery) -> StoreResult<SearchPage> {
        search::threads(&self.home(), &query)
    }

    async fn search_occurrences(&self, query: OccurrenceQuery) -> StoreResult<OccurrencePage> {
        search::occurrences(&self.home(), &query)
    }

    async fn search_history(&self, query: HistoryQuery) -> StoreResult<HistoryPage> {
        history_search::search(&self.home(), &query, self.clock.now_ms())
    }
}

pub(super) fn read(home: &Home, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
    let history = History::open(home, query.thread_id, query.view)?;
    history.require_header()?;
    let mut record = list::record(home, history.thread_id)?;
    if query.view == View::Codex && record.history_mode == HistoryMode::Legacy && query.turns.is_none() {
        // Without turns Codex reads a cold legacy thread as never updated (`app-server-api.md` 5).
        record.updated_at_ms = record.created_at_ms;
    }
    if let Some(view) = query.turns {
        record.turns = history
            .turns()
            .iter()
            .map(|turn| history.record(turn, view))
            .collect::<StoreResult<_>>()?;
    }
    Ok(record)
}

fn state_of(rollout: &Rollout) -> IndexState {
    let file_bytes = rollout.file.bytes.len() as u64;
    let lag_bytes = file_bytes - rollout.complete_offset;
    let complete = rollout
        .rows
        .damage
        .iter()
        .filter(|row| row.offset < rollout.complete_offset);
    let damaged = |offset, length, kind| Damage {
        rollout_id: RolloutId(rollout.rollout_id),
        offset,
        length,
        kind,
    };
    let stored = complete.take(MAX_LISTED_DAMAGE);
    let mut damage: Vec<Damage> = stored
        .map(|row| damaged(row.offset, row.len, damage_kind(row.code)))
        .collect();
    if let Some((offset, len)) = rollout.torn_tail.filter(|_| rollout.header_error.is_none()) {
        damage.push(damaged(offset, len, DamageKind::TornTail));
    }
    let state = match (lag_bytes, damage.is_empty()) {
        (0, true) => IndexStateKind::Current,
        (0, false) => IndexStateKind::Damaged,
        _ => IndexStateKind::Behind,
    };
    IndexState {
        projected_offset: rollout.complete_offset,
        file_bytes,
        lag_bytes,
        state,
        damage,
    }
}

fn resolve(home: &Home, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
    let text = match selector {
        ThreadSelector::Path(path) => return resolve_path(home, path),
        ThreadSelector::Text(text) => text.trim(),
    };
    let mut records: Vec<ThreadRecord> = list::Shelf::new(home)
        .threads(home)?
        .into_iter()
        .map(|listed| listed.record)
        .collect();
    records.sort_by_key(|record| record.thread_id.to_string());
    let prefix = text.to_lowercase();
    let by_id: Vec<ThreadRecord> = records
        .iter()
        .filter(|record| record.thread_id.to_string().starts_with(&prefix))
        .cloned()
        .collect();
    if !by_id.is_empty() {
        return Ok(by_id.into_iter().take(MAX_CANDIDATES).collect());
    }
    records.retain(|record| record.name.as_deref() == Some(text));
    records.sort_by_key(|record| std::cmp::Reverse((record.updated_at_ms, record.thread_id.to_string())));
    Ok(records)
}

fn resolve_path(home: &Home, path: &Path) -> StoreResult<Vec<ThreadRecord>> {
    let relative = path.strip_prefix("/").unwrap_or(path);
    let not_found = || StoreError::RolloutPathNotFound { path: path.to_owned() };
    let mut files = home.rollouts().into_iter();
    let file = files
        .find(|file| Path::new(&file.relative_path()) == relative)
        .ok_or_else(not_found)?;
    let Ok(rollout) = Rollout::fold(file) else {
        return Ok(Vec::new());
    };
    let listed = list::Shelf::new(home).thread(home, &rollout.thread_id)?;
    Ok(listed.into_iter().map(|listed| listed.record).collect())
}
