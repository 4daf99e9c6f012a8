//! The store itself: what it holds, how it is opened, and how calls get off the async threads.
//!
//! Every call runs on a blocking thread, because files and SQLite block.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use async_trait::async_trait;
use codex_protocol::ids::ThreadId;
use codex_rollout::Limits;
use codex_rollout::discover::{HomeKind, SESSIONS_FOLDER, visit};
use codex_rollout::fs::{LogFs, StdFs};
use codex_rollout::journal::{Journal, TrashManifests};
use codex_rollout::lines::{LineBudget, ReadRules};
use codex_rollout::source::SeekCache;
use uuid::Uuid;

use super::background::Leadership;
use super::bulk_gate::BulkGate;
use super::catalog::Catalog;
use super::catch_up::{SharedIndex, is_rebuildable, stale_rollout};
use super::codex_db::CodexDatabases;
use super::facts::JournalCache;
use super::index_file::{index_path, open_index, remove_outdated, set_aside};
use super::index_place::{IndexPlace, find_place};
use super::keyed_lock::KeyedLocks;
use super::open_files::OpenFiles;
use super::opening::Opened;
use super::power_loss::EarlierIndex;
use super::priority::Priority;
use super::watch::{Watch, Watching};
use super::writers::Writers;
use crate::answer_room::AnswerRoom;
use crate::clock::Clock;
use crate::error::{StoreError, StoreResult};
use crate::history_query::{HistoryPage, HistoryQuery};
use crate::lifecycle::ThreadLifecycle;
use crate::live::{IdSource, SystemIds};
use crate::organise::FactStore;
use crate::report::{CompressionReport, DoctorReport, HomeReport, IndexReport, IndexState, VerifyReport};
use crate::store::{
    IndexProgress, IndexStep, KeptByCodex, SharedTurnSink, StoreMaintenance, ThreadSearch, ThreadStore,
};
use crate::trash::ThreadTrash;
use crate::types::{
    ItemEntry, ItemPage, ItemPageQuery, ListPage, ListQuery, OccurrencePage, OccurrenceQuery, SearchPage, SearchQuery,
    ThreadReadQuery, ThreadRecord, ThreadSelector, TimelinePage, TimelineQuery, TurnPage, TurnPageQuery, View,
};
use crate::writes::{
    Durability, DurableLine, MetadataPatch, ModelContext, NewThread, OpenThread, StoredLines, ThreadWrites, WriterKey,
};

/// Folder of the copies of Codex's databases, in our cache or in the folder of the index.
const COPIES_FOLDER: &str = "codex-databases";
/// Bytes that seekable copies of compressed rollouts take at most.
const CACHE_LIMIT_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// What becomes of a folder that is not a home yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyFolder {
    /// It is refused: nobody meant to read threads there.
    #[default]
    Refuse,
    /// It becomes a home, for the threads that will be recorded.
    MakeHome,
}

/// How a local store is opened.
#[derive(Clone)]
pub struct LocalStoreOptions {
    /// The Codex home.
    pub home: PathBuf,
    /// Folder of the index; `<home>/codex-threads/index` when absent.
    pub index_dir: Option<PathBuf>,
    /// Folder for the index where the home cannot keep one: it cannot be written, or is on a network file system. Each home
    /// gets a folder of its own in it. When absent, the first is an error and the second a warning.
    pub fallback_dir: Option<PathBuf>,
    /// Folder of Codex's databases; the home when absent.
    pub codex_databases: Option<PathBuf>,
    /// Provider of threads that name none.
    pub default_provider: String,
    /// What becomes of an existing folder without anything in it.
    pub empty_folder: EmptyFolder,
    /// Whether changes of files by others are watched for.
    pub watching: Watching,
    /// File operations.
    pub fs: Arc<dyn LogFs>,
    /// Time.
    pub clock: Clock,
    /// Where ids of new rollouts and records come from; random ones of the clock's time when absent.
    pub ids: Option<Arc<dyn IdSource>>,
    /// Limits.
    pub limits: Limits,
}

impl LocalStoreOptions {
    /// Opens `home` with real files, the system clock and the default limits.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            index_dir: None,
            fallback_dir: None,
            codex_databases: None,
            default_provider: "openai".to_owned(),
            empty_folder: EmptyFolder::default(),
            watching: Watching::default(),
            fs: Arc::new(StdFs),
            clock: Clock::system(),
            ids: None,
            limits: Limits::DEFAULT,
        }
    }
}

impl std::fmt::Debug for LocalStoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStoreOptions")
            .field("home", &self.home)
            .field("index_dir", &self.index_dir)
            .finish_non_exhaustive()
    }
}

/// Threads of a Codex home on this machine.
#[derive(Debug, Clone)]
pub struct LocalStore {
    inner: Arc<Inner>,
}

/// What all calls share.
pub(super) struct Inner {
    pub(super) home: PathBuf,
    pub(super) default_provider: String,
    pub(super) fs: Arc<dyn LogFs>,
    pub(super) clock: Clock,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) limits: Limits,
    pub(super) cache: SeekCache,
    pub(super) catalog: Catalog,
    pub(super) locks: KeyedLocks<Uuid>,
    pub(super) bulk: BulkGate,
    /// Memory for long lines and large pages.
    pub(super) budget: LineBudget,
    /// What bounds the files that are open.
    pub(super) open_files: OpenFiles,
    pub(super) writers: Writers,
    pub(super) journal: JournalCache,
    pub(super) trash: TrashManifests,
    pub(super) codex: CodexDatabases,
    /// Held by whoever changes what threads there are.
    pub(super) lifecycle: Mutex<()>,
    pub(super) earlier_index: EarlierIndex,
    /// Held by whoever brings changed files into the index: two would do the same work.
    pub(super) catching_up: Mutex<()>,
    pub(super) priority: Priority,
    pub(super) watching: Watching,
    /// Begun by the first sweep.
    pub(super) watch: OnceLock<Option<Watch>>,
    /// Whether this process indexes behind the answers.
    pub(super) leadership: Leadership,
    pub(super) place: IndexPlace,
    pub(super) index_path: PathBuf,
    index: RwLock<SharedIndex>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl LocalStore {
    /// Opens a home and its index; a missing, old or corrupt index is made anew.
    ///
    /// # Errors
    /// [`StoreError::NotAHome`] when the folder is not one, [`StoreError::Index`] when no index can be kept there.
    pub fn open(options: LocalStoreOptions) -> StoreResult<Arc<Self>> {
        check_home(&options)?;
        let place = find_place(&options)?;
        let databases = options.codex_databases.unwrap_or_else(|| options.home.clone());
        let codex = CodexDatabases::new(Arc::clone(&options.fs), databases, place.copies.join(COPIES_FOLDER));
        let path = index_path(&place.index);
        remove_outdated(options.fs.as_ref(), &place.index, options.clock.now_ms());
        let earlier_index = EarlierIndex::at(options.fs.as_ref(), &path);
        let index = open_index(options.fs.as_ref(), &path)?;
        let cache = SeekCache::new(Arc::clone(&options.fs), place.cache.clone(), CACHE_LIMIT_BYTES);
        let store = Self {
            inner: Arc::new(Inner {
                codex,
                lifecycle: Mutex::default(),
                writers: Writers::new(Arc::clone(&options.fs), &options.home),
                journal: JournalCache::new(Journal::new(Arc::clone(&options.fs), &options.home)),
                trash: TrashManifests::new(Arc::clone(&options.fs), &options.home),
                home: options.home,
                default_provider: options.default_provider,
                fs: options.fs,
                ids: options
                    .ids
                    .unwrap_or_else(|| Arc::new(SystemIds::new(options.clock.clone()))),
                clock: options.clock,
                budget: LineBudget::new(options.limits.max_line_buffer_bytes_in_use),
                open_files: OpenFiles::new(options.limits.max_calls_at_once),
                limits: options.limits,
                cache,
                catalog: Catalog::new(),
                locks: KeyedLocks::new(),
                earlier_index,
                bulk: BulkGate::default(),
                catching_up: Mutex::default(),
                priority: Priority::default(),
                watching: options.watching,
                watch: OnceLock::new(),
                leadership: Leadership::default(),
                place,
                index_path: path,
                index: RwLock::new(Arc::new(index)),
            }),
        };
        if let Err(error) = store.inner.recover_trash() {
            let error: &dyn std::error::Error = &error;
            // The rest of the home can be read all the same.
            tracing::warn!(error, "deletions that were interrupted could not be finished or undone");
        }
        Ok(Arc::new(store))
    }

    /// The memory for long lines and large pages, and how much of it is in use.
    pub fn line_budget(&self) -> &LineBudget {
        &self.inner.budget
    }

    /// Runs a call on a blocking thread, once, when not too many others run.
    pub(super) async fn run_once<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Inner) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let inner = Arc::clone(&self.inner);
        let room = AnswerRoom::of_task();
        let running = inner.open_files.call(room.as_ref()).await;
        let call = move || {
            // Until its last file is closed, even if nobody waits for the answer any more.
            let _running = running;
            let _entered = room.map(AnswerRoom::enter);
            call(&inner)
        };
        tokio::task::spawn_blocking(call)
            .await
            .map_err(|_| StoreError::TaskStopped)?
    }

    /// Runs a call on a blocking thread, and once more on a new index if the old one proves unusable.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl Fn(&Inner) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.run_once(move |inner| inner.repairing(|| call(inner))).await
    }
}

impl Inner {
    /// Returns the index in use.
    pub(super) fn index(&self) -> SharedIndex {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns by which rules rollouts are read.
    pub(super) fn read_rules(&self) -> ReadRules {
        ReadRules {
            max_line_bytes: self.limits.max_line_bytes,
            max_item_bytes: self.limits.max_item_bytes,
            budget: Some(self.budget.clone()),
            ..ReadRules::default()
        }
    }

    /// Asks the index, and once more after it was repaired if it proves unusable. What `ask` changes would happen twice.
    pub(super) fn repairing<T>(&self, ask: impl Fn() -> StoreResult<T>) -> StoreResult<T> {
        match ask() {
            Err(error) if is_rebuildable(&error) => {
                tracing::warn!(%error, "index is unusable; rebuilding it from the log");
                self.rebuild_index()?;
                ask()
            }
            Err(error) => match stale_rollout(&error) {
                // The rows belong to other bytes: project this rollout anew, once per call.
                Some(path) => {
                    tracing::warn!(%error, path = %path.display(), "index rows do not fit the log; projecting anew");
                    self.forget_rollout_at(path)?;
                    ask()
                }
                None => Err(error),
            },
            Ok(value) => Ok(value),
        }
    }

    /// Forgets what the index knows of the rollout at a path.
    fn forget_rollout_at(&self, path: &Path) -> StoreResult<()> {
        let sweep = self.sweep(super::catalog::Freshness::Now);
        if let Some(file) = sweep.files.iter().find(|file| file.path == path) {
            let rollout_id = super::catch_up::rollout_uuid(file).to_string();
            self.index()
                .remove_rollout(&rollout_id)
                .map_err(|error| self.index_error(error))?;
            self.catalog.forget_index();
        }
        Ok(())
    }

    /// Keeps the index aside and starts an empty one.
    pub(super) fn rebuild_index(&self) -> StoreResult<()> {
        // Whoever stores into the old one would remember files as indexed that the new one does not know.
        let _only = self.catching_up_turn();
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        set_aside(self.fs.as_ref(), &self.index_path);
        *index = Arc::new(open_index(self.fs.as_ref(), &self.index_path)?);
        self.catalog.forget_index();
        Ok(())
    }
}

/// Checks that the folder can be a home before anything is written into it.
fn check_home(options: &LocalStoreOptions) -> StoreResult<()> {
    let not_a_home = |reason: &str| StoreError::NotAHome {
        path: options.home.clone(),
        source: reason.into(),
    };
    let report = visit(options.fs.as_ref(), &options.home, &mut |_| {
        std::ops::ControlFlow::Break(())
    });
    match report.home_kind {
        HomeKind::Home => Ok(()),
        HomeKind::NoRolloutFolders if options.empty_folder == EmptyFolder::MakeHome && is_empty(options) => {
            let sessions = options.home.join(SESSIONS_FOLDER);
            options
                .fs
                .create_dir_all(&sessions)
                .map_err(|error| StoreError::NotAHome {
                    path: options.home.clone(),
                    source: Box::new(error),
                })
        }
        HomeKind::NoRolloutFolders => {
            // A fresh Codex home has a configuration before it has its first session.
            match options.fs.stat(&options.home.join("config.toml")) {
                Ok(_) => Ok(()),
                Err(_) => Err(not_a_home(
                    "it has neither sessions/ nor archived_sessions/ nor config.toml",
                )),
            }
        }
        HomeKind::Missing => Err(not_a_home("it does not exist")),
        HomeKind::NotADirectory => Err(not_a_home("it is not a folder")),
        HomeKind::Unreadable => Err(not_a_home("it cannot be read; check its permissions")),
    }
}

fn is_empty(options: &LocalStoreOptions) -> bool {
    options
        .fs
        .read_dir(&options.home)
        .is_ok_and(|entries| entries.is_empty())
}

#[async_trait]
impl ThreadStore for LocalStore {
    async fn list_threads(&self, query: ListQuery) -> StoreResult<ListPage> {
        self.run(move |inner| inner.list(&query)).await
    }

    async fn read_thread(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        self.run(move |inner| inner.read(query)).await
    }

    async fn read_thread_into(&self, query: ThreadReadQuery, sink: SharedTurnSink) -> StoreResult<ThreadRecord> {
        self.run(move |inner| inner.read_into(query, &sink)).await
    }

    async fn list_turns(&self, query: TurnPageQuery) -> StoreResult<TurnPage> {
        self.run(move |inner| inner.turn_page(&query)).await
    }

    async fn list_items(&self, query: ItemPageQuery) -> StoreResult<ItemPage> {
        self.run(move |inner| inner.item_page(&query)).await
    }

    async fn read_items(
        &self,
        thread_id: ThreadId,
        turn_id: &str,
        item_ids: &[String],
        view: View,
    ) -> StoreResult<Vec<ItemEntry>> {
        let turn_id = turn_id.to_owned();
        let item_ids = item_ids.to_vec();
        self.run(move |inner| inner.items_by_id(thread_id, &turn_id, &item_ids, view))
            .await
    }

    async fn list_timeline(&self, query: TimelineQuery) -> StoreResult<TimelinePage> {
        self.run(move |inner| inner.timeline_page(&query)).await
    }

    async fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState> {
        self.run(move |inner| inner.index_state(thread_id)).await
    }

    async fn resolve(&self, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
        let selector = selector.clone();
        self.run(move |inner| inner.resolve(&selector)).await
    }

    fn search(&self) -> Option<&dyn ThreadSearch> {
        Some(self)
    }

    fn maintenance(&self) -> Option<&dyn StoreMaintenance> {
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

    async fn kept_by_codex(&self, thread_id: ThreadId) -> StoreResult<KeptByCodex> {
        self.run(move |inner| Ok(inner.kept_by_codex(thread_id))).await
    }

    fn facts(&self) -> Option<&dyn FactStore> {
        Some(self)
    }
}

#[async_trait]
impl ThreadWrites for LocalStore {
    async fn create_thread(&self, new: NewThread) -> StoreResult<OpenThread> {
        let shared = Arc::clone(&self.inner);
        let opened = self.run_once(move |inner| Ok(Opened::new(shared, inner.create_thread(&new)?)));
        opened.await.map(Opened::hand_over)
    }

    async fn resume_thread(&self, thread_id: ThreadId) -> StoreResult<OpenThread> {
        let shared = Arc::clone(&self.inner);
        let opened = self.run(move |inner| Ok(Opened::new(Arc::clone(&shared), inner.resume_thread(thread_id)?)));
        opened.await.map(Opened::hand_over)
    }

    async fn append_items(
        &self,
        key: WriterKey,
        lines: &[DurableLine],
        durability: Durability,
    ) -> StoreResult<StoredLines> {
        let writer = self.inner.writers.get(key)?;
        let stored = writer.append(lines, durability).await?;
        self.inner.note_birth(&writer);
        self.inner.index_behind(&writer);
        Ok(stored)
    }

    async fn persist_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.inner.persist_thread(key).await
    }

    async fn flush_thread(&self, key: WriterKey, durability: Durability) -> StoreResult<()> {
        self.inner.writers.get(key)?.flush(durability).await
    }

    async fn close_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.inner.close_thread(key).await
    }

    async fn discard_thread(&self, key: WriterKey) -> StoreResult<()> {
        self.inner.discard_thread(key).await
    }

    fn abandon_thread(&self, key: WriterKey) {
        self.inner.abandon_thread(key);
    }

    async fn update_metadata(&self, thread_id: ThreadId, patch: MetadataPatch) -> StoreResult<()> {
        self.inner.persist_unborn(thread_id).await?;
        self.run_once(move |inner| inner.update_metadata(thread_id, &patch))
            .await
    }

    async fn item_ids_at(
        &self,
        thread_id: ThreadId,
        offsets: Vec<u64>,
        view: View,
    ) -> StoreResult<Vec<Option<String>>> {
        self.run(move |inner| inner.item_ids_at(thread_id, &offsets, view))
            .await
    }

    async fn load_model_context(&self, thread_id: ThreadId) -> StoreResult<ModelContext> {
        self.run(move |inner| inner.load_model_context(thread_id)).await
    }
}

#[async_trait]
impl ThreadSearch for LocalStore {
    async fn search_threads(&self, query: SearchQuery) -> StoreResult<SearchPage> {
        self.run(move |inner| inner.search(&query)).await
    }

    async fn search_occurrences(&self, query: OccurrenceQuery) -> StoreResult<OccurrencePage> {
        self.run(move |inner| inner.occurrences(&query)).await
    }

    async fn search_history(&self, query: HistoryQuery) -> StoreResult<HistoryPage> {
        self.run(move |inner| inner.search_history(&query)).await
    }
}

#[async_trait]
impl StoreMaintenance for LocalStore {
    async fn index_all(&self, progress: Arc<dyn IndexProgress>) -> StoreResult<IndexReport> {
        self.run(move |inner| inner.index_all(progress.as_ref())).await
    }

    async fn rebuild(&self, progress: Arc<dyn IndexProgress>) -> StoreResult<IndexReport> {
        self.run_once(Inner::rebuild_index).await?;
        self.index_all(progress).await
    }

    async fn check_index(&self) -> StoreResult<()> {
        self.run(Inner::check_index).await
    }

    async fn compress(&self) -> StoreResult<CompressionReport> {
        // Not repeated on a new index: a second run would find the marker of the first.
        self.run_once(Inner::compress).await
    }

    async fn verify(&self, progress: Arc<dyn IndexProgress>) -> StoreResult<VerifyReport> {
        self.run(move |inner| inner.verify(progress.as_ref())).await
    }

    async fn index_step(&self) -> StoreResult<IndexStep> {
        self.run(|inner| inner.index_step()).await
    }

    async fn doctor_home(&self) -> StoreResult<HomeReport> {
        self.run(|inner| inner.doctor_home()).await
    }

    async fn doctor(&self, subject: &str) -> StoreResult<DoctorReport> {
        let subject = subject.to_owned();
        self.run(move |inner| inner.doctor(&subject)).await
    }
}

#[cfg(test)]
#[path = "full_disk_tests.rs"]
mod full_disk_tests;
