//! A store that is told what to answer, and a client that sees every byte.
//!
//! Used by several test programs, each of which uses a part of it.
#![allow(dead_code, reason = "every test program uses a part")]

pub(crate) mod recording;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use codex_app_server::{Identity, RecordingSettings, Server, ServerOptions, TransportError, serve_connection};
use codex_protocol::ids::ThreadId;
use codex_protocol::item::{
    AgentMessageThreadItem, TextUserInput, ThreadItem, TimedItem, TurnStatus, UserInput, UserMessageThreadItem,
};
use codex_protocol::log::SessionSource;
use codex_protocol::rpc::settings::{AskForApproval, SandboxMode};
use codex_thread_store::{
    Clock, HistoryMode, HistoryPage, HistoryQuery, IndexState, IndexStateKind, ItemEntry, ItemPage, ItemPageQuery,
    ItemsView, ListPage, ListQuery, OccurrencePage, OccurrenceQuery, Position, SearchPage, SearchQuery, StoreError,
    StoreResult, ThreadReadQuery, ThreadRecord, ThreadSearch, ThreadSelector, ThreadStore, TimelinePage, TimelineQuery,
    TurnPage, TurnPageQuery, TurnRecord, View,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// A thread id that differs in its last digits.
pub(crate) fn id(number: u32) -> ThreadId {
    format!("01a0c400-0000-7000-8000-{number:012x}")
        .parse()
        .expect("a uuid")
}

/// A place that its ordinal names.
pub(crate) fn at(ordinal: u64) -> Position {
    Position {
        ordinal,
        offset: Some(ordinal * 100),
        unambiguous: true,
    }
}

/// A thread as a store knows it.
pub(crate) fn record(number: u32) -> ThreadRecord {
    let thread_id = id(number);
    ThreadRecord {
        thread_id,
        path: PathBuf::from(format!("/home/ada/.codex/sessions/rollout-{thread_id}.jsonl")),
        archived: false,
        history_mode: HistoryMode::Paginated,
        forked_from: None,
        attached_to: None,
        parent: None,
        preview: format!("message {number}"),
        name: None,
        model_provider: "mock".to_owned(),
        model: None,
        reasoning_effort: None,
        created_at_ms: 1_790_000_000_000 + i64::from(number) * 60_000,
        updated_at_ms: 1_790_000_001_900 + i64::from(number) * 60_000,
        recency_at_ms: Some(1_790_000_001_000 + i64::from(number) * 60_000),
        cwd: "/home/ada".to_owned(),
        cli_version: "0.169.0".to_owned(),
        originator: Some("probe".to_owned()),
        source: SessionSource::VsCode,
        thread_source: None,
        agent_nickname: None,
        agent_role: None,
        git: None,
        section: None,
        project_id: None,
        daybreak: None,
        turns: Vec::new(),
    }
}

/// A completed turn without items.
pub(crate) fn turn(number: u64) -> TurnRecord {
    TurnRecord {
        turn_id: format!("turn-{number}"),
        root_turn_id: None,
        position: at(number * 10),
        status: TurnStatus::Completed,
        error: None,
        started_at: Some(1_790_000_000),
        completed_at: Some(1_790_000_001),
        duration_ms: Some(900),
        items: Vec::new(),
        items_view: ItemsView::Summary,
    }
}

/// A message of the user.
pub(crate) fn user_item(number: u64) -> ItemEntry {
    let content = vec![UserInput::Text(TextUserInput {
        text: format!("said {number}"),
        text_elements: Vec::new(),
    })];
    let item = ThreadItem::UserMessage(UserMessageThreadItem {
        id: format!("u{number}"),
        client_id: None,
        content,
    });
    entry(number, item)
}

/// A message of the agent.
pub(crate) fn agent_item(number: u64) -> ItemEntry {
    let item = ThreadItem::AgentMessage(AgentMessageThreadItem {
        id: format!("a{number}"),
        text: format!("answer {number}"),
        phase: None,
        moderation: None,
        memory_citation: None,
        delivery: None,
        questions: None,
    });
    entry(number, item)
}

/// An item with its place and times.
pub(crate) fn entry(number: u64, item: ThreadItem) -> ItemEntry {
    let item = TimedItem {
        item,
        started_at_ms: Some(1_790_000_000_010),
        completed_at_ms: None,
    };
    ItemEntry {
        turn_id: "turn-1".to_owned(),
        position: at(number),
        item,
    }
}

type Read = Arc<dyn Fn() -> StoreResult<ThreadRecord> + Send + Sync>;

/// What the fake does.
#[derive(Default)]
pub(crate) struct Script {
    /// Rows of every list.
    pub(crate) rows: Vec<ThreadRecord>,
    /// Turns of every page of turns.
    pub(crate) turns: Vec<TurnRecord>,
    /// Mode that pages of turns report.
    pub(crate) legacy: bool,
    /// Items of every page of items.
    pub(crate) items: Vec<ItemEntry>,
    /// Whether pages say that there are more.
    pub(crate) has_more: bool,
    /// Answers of `read_thread` for single threads.
    pub(crate) reads: HashMap<ThreadId, Read>,
    /// Reads of this thread wait for a permit.
    pub(crate) gate: Option<(ThreadId, Arc<Semaphore>)>,
    /// Timeline, occurrences, hits.
    pub(crate) timeline: Option<TimelinePage>,
    pub(crate) occurrences: Option<OccurrencePage>,
    pub(crate) hits: Option<SearchPage>,
    pub(crate) history: Option<HistoryPage>,
}

/// A store that answers as scripted and remembers what it was asked.
pub(crate) struct FakeStore {
    script: Script,
    pub(crate) calls: AtomicUsize,
    pub(crate) lists: Mutex<Vec<ListQuery>>,
    pub(crate) turn_queries: Mutex<Vec<TurnPageQuery>>,
    pub(crate) item_queries: Mutex<Vec<ItemPageQuery>>,
    pub(crate) timeline_queries: Mutex<Vec<TimelineQuery>>,
    pub(crate) searches: Mutex<Vec<SearchQuery>>,
    pub(crate) history_queries: Mutex<Vec<HistoryQuery>>,
    pub(crate) occurrence_queries: Mutex<Vec<OccurrenceQuery>>,
}

impl FakeStore {
    pub(crate) fn new(script: Script) -> Arc<Self> {
        Arc::new(Self {
            script,
            calls: AtomicUsize::new(0),
            lists: Mutex::default(),
            turn_queries: Mutex::default(),
            item_queries: Mutex::default(),
            timeline_queries: Mutex::default(),
            searches: Mutex::default(),
            history_queries: Mutex::default(),
            occurrence_queries: Mutex::default(),
        })
    }

    fn note<Q>(&self, log: &Mutex<Vec<Q>>, query: Q) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        log.lock().expect("no test panics while it holds a log").push(query);
    }

    fn known(&self, thread_id: ThreadId) -> StoreResult<()> {
        if thread_id == id(999) {
            Err(StoreError::ThreadNotFound { thread_id })
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl ThreadStore for FakeStore {
    async fn list_threads(&self, query: ListQuery) -> StoreResult<ListPage> {
        self.note(&self.lists, query);
        Ok(ListPage {
            threads: self.script.rows.clone(),
            has_more: self.script.has_more,
        })
    }

    async fn read_thread(&self, query: ThreadReadQuery) -> StoreResult<ThreadRecord> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some((gated, permits)) = &self.script.gate
            && *gated == query.thread_id
        {
            permits.acquire().await.expect("never closed").forget();
        }
        self.known(query.thread_id)?;
        match self.script.reads.get(&query.thread_id) {
            Some(read) => read(),
            None => {
                let mut thread = record(0);
                thread.thread_id = query.thread_id;
                Ok(thread)
            }
        }
    }

    async fn list_turns(&self, query: TurnPageQuery) -> StoreResult<TurnPage> {
        let thread_id = query.thread_id;
        self.note(&self.turn_queries, query);
        self.known(thread_id)?;
        let history_mode = if self.script.legacy {
            HistoryMode::Legacy
        } else {
            HistoryMode::Paginated
        };
        Ok(TurnPage {
            turns: self.script.turns.clone(),
            has_more: self.script.has_more,
            history_mode,
        })
    }

    async fn list_items(&self, query: ItemPageQuery) -> StoreResult<ItemPage> {
        let thread_id = query.thread_id;
        self.note(&self.item_queries, query);
        self.known(thread_id)?;
        Ok(ItemPage {
            items: self.script.items.clone(),
            has_more: self.script.has_more,
        })
    }

    async fn read_items(&self, thread_id: ThreadId, _: &str, _: &[String], _: View) -> StoreResult<Vec<ItemEntry>> {
        self.known(thread_id)?;
        Ok(self.script.items.clone())
    }

    async fn list_timeline(&self, query: TimelineQuery) -> StoreResult<TimelinePage> {
        let thread_id = query.thread_id;
        self.note(&self.timeline_queries, query);
        self.known(thread_id)?;
        let empty = TimelinePage {
            entries: Vec::new(),
            has_more: false,
        };
        Ok(self.script.timeline.clone().unwrap_or(empty))
    }

    async fn index_state(&self, thread_id: ThreadId) -> StoreResult<IndexState> {
        self.known(thread_id)?;
        let state = IndexStateKind::Current;
        Ok(IndexState {
            projected_offset: 10,
            file_bytes: 10,
            lag_bytes: 0,
            state,
            damage: Vec::new(),
        })
    }

    async fn resolve(&self, selector: &ThreadSelector) -> StoreResult<Vec<ThreadRecord>> {
        match selector {
            ThreadSelector::Path(path) if path.ends_with("known.jsonl") => Ok(vec![record(1)]),
            ThreadSelector::Path(path) => Err(StoreError::RolloutPathNotFound { path: path.clone() }),
            ThreadSelector::Text(_) => Ok(self.script.rows.clone()),
        }
    }

    fn search(&self) -> Option<&dyn ThreadSearch> {
        Some(self)
    }
}

#[async_trait]
impl ThreadSearch for FakeStore {
    async fn search_threads(&self, query: SearchQuery) -> StoreResult<SearchPage> {
        self.note(&self.searches, query);
        Ok(self.script.hits.clone().unwrap_or(SearchPage {
            hits: Vec::new(),
            has_more: false,
        }))
    }

    async fn search_history(&self, query: HistoryQuery) -> StoreResult<HistoryPage> {
        self.note(&self.history_queries, query);
        Ok(self.script.history.clone().unwrap_or(HistoryPage {
            threads: Vec::new(),
            next: None,
            thread_count: 0,
            hit_count: 0,
            facets: None,
            incomplete: None,
        }))
    }

    async fn search_occurrences(&self, query: OccurrenceQuery) -> StoreResult<OccurrencePage> {
        let thread_id = query.thread_id;
        self.note(&self.occurrence_queries, query);
        self.known(thread_id)?;
        let empty = OccurrencePage {
            occurrences: Vec::new(),
            next: None,
            history_mode: HistoryMode::Paginated,
        };
        Ok(self.script.occurrences.clone().unwrap_or(empty))
    }
}

/// An identity that is the same on every machine.
pub(crate) fn identity() -> Identity {
    Identity {
        home: "/home/ada/.codex".to_owned(),
        os: "Debian 12.0.0".to_owned(),
        arch: "x86_64".to_owned(),
        terminal: "xterm".to_owned(),
        server_name: "lovelace".to_owned(),
        installation_id: "195c426e-5c27-4f06-a269-56309ff2b8e0".to_owned(),
        originator_override: None,
    }
}

/// A server over a store.
pub(crate) fn server(store: Arc<dyn ThreadStore>, view: View) -> Arc<Server> {
    server_at(store, view, &identity().home)
}

/// A server that says where its home is.
pub(crate) fn server_at(store: Arc<dyn ThreadStore>, view: View, home: &str) -> Arc<Server> {
    Server::new(ServerOptions {
        store,
        view,
        default_provider: "mock".to_owned(),
        identity: Identity {
            home: home.to_owned(),
            ..identity()
        },
        recording: RecordingSettings {
            model: Some("mock-model".to_owned()),
            approval_policy: AskForApproval::Never,
            sandbox: SandboxMode::DangerFullAccess,
            ..RecordingSettings::default()
        },
        clock: Clock::from_fn(|| 1_790_000_000_123),
    })
}

/// A connection of which every byte is seen.
pub(crate) struct Wire {
    pub(crate) reader: BufReader<ReadHalf<DuplexStream>>,
    pub(crate) writer: WriteHalf<DuplexStream>,
    pub(crate) serving: JoinHandle<Result<(), TransportError>>,
}

impl Wire {
    pub(crate) fn open(server: Arc<Server>) -> Self {
        let (ours, theirs) = tokio::io::duplex(16 << 10);
        let (their_reader, their_writer) = tokio::io::split(theirs);
        let serving = tokio::spawn(serve_connection(server, BufReader::new(their_reader), their_writer));
        let (reader, writer) = tokio::io::split(ours);
        Self {
            reader: BufReader::new(reader),
            writer,
            serving,
        }
    }

    /// Opens and shakes hands; the answer and the first notification are read.
    pub(crate) async fn initialized(server: Arc<Server>, experimental: bool) -> Self {
        let mut wire = Self::open(server);
        wire.send(&initialize(0, experimental)).await;
        assert_eq!(wire.receive().await["id"], 0);
        assert_eq!(wire.receive().await["method"], "remoteControl/status/changed");
        wire
    }

    /// Opens and shakes hands as a client that does not want some notifications.
    pub(crate) async fn without(server: Arc<Server>, unwanted: &[&str]) -> Self {
        let mut wire = Self::open(server);
        let mut hello = initialize(0, false);
        hello["params"]["capabilities"]["optOutNotificationMethods"] = json!(unwanted);
        wire.send(&hello).await;
        assert_eq!(wire.receive().await["id"], 0);
        assert_eq!(wire.receive().await["method"], "remoteControl/status/changed");
        wire
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_text(&format!("{message}\n")).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.expect("the server reads");
    }

    /// Reads the next message; `Null` at the end.
    pub(crate) async fn receive(&mut self) -> Value {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).await.expect("the server writes");
        if read == 0 {
            Value::Null
        } else {
            serde_json::from_str(&line).expect("one message per line")
        }
    }

    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.send(&request(1, method, params)).await;
        self.receive().await
    }

    /// Sends a call and returns its result.
    pub(crate) async fn result(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.call(method, params).await;
        assert_eq!(answer.get("error"), None, "{method}");
        answer["result"].take()
    }

    /// Sends a call and returns code and text of its error.
    pub(crate) async fn error(&mut self, method: &str, params: Value) -> (i64, String) {
        let answer = self.call(method, params).await;
        let error = &answer["error"];
        (
            error["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}")),
            error["message"].as_str().expect("a text").to_owned(),
        )
    }
}

pub(crate) fn request(id: i64, method: &str, params: Value) -> Value {
    json!({"id": id, "method": method, "params": params})
}

pub(crate) fn initialize(id: i64, experimental: bool) -> Value {
    let client = json!({"name": "probe", "title": "probe", "version": "0.1"});
    request(
        id,
        "initialize",
        json!({"clientInfo": client, "capabilities": {"experimentalApi": experimental}}),
    )
}
