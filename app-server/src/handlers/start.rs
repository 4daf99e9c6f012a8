//! `thread/start` (`app-server-api.md` 3.1).
//!
//! Checks come in the real server's order. Nothing is on disk before something is recorded.

use std::path::Path;
use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::SessionSource;
use codex_protocol::rpc::live::ThreadStartedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::settings::ThreadEventStyle;
use codex_protocol::rpc::start::{ThreadStartParams, ThreadStartResponse};
use codex_protocol::rpc::thread::{Thread, ThreadHistoryMode};
use codex_thread_store::live::{EventStyle, LiveOptions, LiveThread};
use codex_thread_store::organise::ThreadChoices;
use codex_thread_store::{HistoryMode, NewThread, StoreResult, ThreadStore, View};

use super::project;

use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::limits::MAX_EPHEMERAL_THREADS;
use crate::live::{Audience, Lifetime, LoadedThread, NoRoom, Notice, Origin, Reading, Recording, ThreadSettings};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

/// Providers that every Codex has.
const BUILT_IN_PROVIDERS: [&str; 4] = ["openai", "ollama", "lmstudio", "amazon-bedrock"];

/// `thread/start`.
pub(crate) async fn thread_start(cx: &Cx, params: ThreadStartParams) -> RpcResult<Told<ThreadStartResponse>> {
    let server = &cx.server;
    check(server, &params).await?;
    let choices = ThreadChoices {
        project_id: params.project_id.clone(),
        daybreak: params.daybreak_enabled,
    };
    let cwd = absolute_cwd(params.cwd.as_deref());
    let settings = ThreadSettings::of_new(&params, cwd, &server.recording, &server.default_provider);
    let mode = match params.history_mode {
        Some(ThreadHistoryMode::Legacy) => HistoryMode::Legacy,
        Some(ThreadHistoryMode::Paginated) | None => HistoryMode::Paginated,
    };
    let new = NewThread {
        thread_source: params.thread_source,
        base_instructions: params.base_instructions,
        ..new_thread(server, mode, &settings)
    };
    let loaded = match params.ephemeral == Some(true) {
        true => load_ephemeral(cx, (new, params.event_style), settings, Origin::default()).await?,
        false => {
            let reading = convert::reading_from(new.thread_source.as_deref());
            let failing = Failing::new("thread/start", server.view);
            let live = LiveThread::create(Arc::clone(&server.store), new, options(server, params.event_style))
                .await
                .map_err(|error| failing.error(error))?;
            let live = with_choices(server, live, &choices)
                .await
                .map_err(|error| failing.error(error))?;
            load(cx, live, settings, (reading, Lifetime::Recorded)).await?
        }
    };
    loaded.choose(choices);
    let thread = unwritten_thread(server, &loaded);
    let started = ThreadStartedNotification { thread: thread.clone() };
    let notice = Notice::new(
        Audience::All,
        notification_name::THREAD_STARTED,
        &started,
        server.clock.now_ms(),
    );
    Ok(Told {
        before: Vec::new(),
        result: ThreadStartResponse {
            thread,
            settings: loaded.settings.answered(),
        },
        after: vec![notice],
    })
}

/// Remembers what a thread belongs to; without a project that it asks for there is no thread.
async fn with_choices(server: &Server, live: LiveThread, choices: &ThreadChoices) -> StoreResult<LiveThread> {
    if *choices == ThreadChoices::default() {
        return Ok(live);
    }
    let adopted = match project::projects(server) {
        Ok(projects) => projects.adopt(live.thread_id(), choices.clone()).await,
        Err(error) => Err(error),
    };
    match adopted {
        Ok(()) => Ok(live),
        Err(error) => {
            live.discard().await?;
            Err(error)
        }
    }
}

async fn check(server: &Server, params: &ThreadStartParams) -> RpcResult<()> {
    if params.permissions.is_some() && params.sandbox.is_some() {
        return Err(permissions_and_sandbox());
    }
    if params.ephemeral == Some(true) && params.daybreak_enabled.is_some() {
        return Err(RpcError::invalid_request(
            "daybreakEnabled is not supported for ephemeral threads",
        ));
    }
    check_project(server, params.project_id.as_deref()).await?;
    if server.view == View::Codex
        && let Some(provider) = &params.model_provider
        && !knows_provider(server, provider)
    {
        return Err(RpcError::invalid_request(format!(
            "failed to load configuration: Model provider `{provider}` not found"
        )));
    }
    Ok(())
}

/// The error for two ways of saying what is allowed.
pub(super) fn permissions_and_sandbox() -> RpcError {
    RpcError::invalid_request("`permissions` cannot be combined with `sandbox`")
}

async fn check_project(server: &Server, project_id: Option<&str>) -> RpcResult<()> {
    let failing = Failing::new("thread/start", server.view);
    match project_id {
        None => Ok(()),
        Some("") => Err(RpcError::invalid_request("projectId must not be empty")),
        Some(id) => project::check(server, id).await.map_err(|error| failing.error(error)),
    }
}

fn knows_provider(server: &Server, provider: &str) -> bool {
    provider == server.default_provider
        || BUILT_IN_PROVIDERS.contains(&provider)
        || server.recording.providers.iter().any(|known| known == provider)
}

/// A new thread of this server; what only some clients say is added by the caller.
pub(super) fn new_thread(server: &Server, history_mode: HistoryMode, settings: &ThreadSettings) -> NewThread {
    NewThread {
        thread_id: ThreadId(server.ids.uuid_v7()),
        history_mode,
        cwd: settings.cwd.clone(),
        runtime_workspace_roots: settings.runtime_workspace_roots.clone(),
        originator: server.recording_originator(),
        cli_version: env!("CARGO_PKG_VERSION").to_owned(),
        // As Codex records threads that are started over JSON-RPC, whatever the client (2.1).
        source: SessionSource::VsCode,
        thread_source: None,
        model_provider: settings.model_provider.clone(),
        base_instructions: None,
        git: None,
    }
}

/// How a thread is recorded.
pub(super) fn options(server: &Server, style: Option<ThreadEventStyle>) -> LiveOptions {
    LiveOptions {
        event_style: match style.unwrap_or_default() {
            ThreadEventStyle::Canonical => EventStyle::Canonical,
            ThreadEventStyle::Legacy => EventStyle::Legacy,
            ThreadEventStyle::Both => EventStyle::Both,
        },
        ids: Arc::clone(&server.ids),
        view: server.view,
        ..LiveOptions::new(server.clock.clone())
    }
}

/// Takes a writer among the loaded threads, with the caller as its first listener.
///
/// # Errors
/// When the server is closing, or has too many threads like this; the writer is closed again.
pub(super) async fn load(
    cx: &Cx,
    live: LiveThread,
    settings: ThreadSettings,
    (reading, lifetime): (Reading, Lifetime),
) -> RpcResult<Arc<LoadedThread>> {
    let server = &cx.server;
    let loaded = LoadedThread::new(Recording {
        live,
        settings,
        reading,
        lifetime,
        now_ms: server.clock.now_ms(),
    });
    if let Err(no_room) = server.loaded.insert(Arc::clone(&loaded)) {
        let (refused, error) = match no_room {
            NoRoom::Closing(refused) => (refused, RpcError::internal("the server is closing")),
            NoRoom::TooManyEphemeral(refused) => (refused, too_many_ephemeral()),
        };
        let failing = Failing::new("thread/start", server.view);
        refused.live.discard().await.map_err(|error| failing.error(error))?;
        return Err(error);
    }
    server.subscribe(&loaded, cx.connection.id);
    Ok(loaded)
}

/// Takes a new thread among the loaded ones that is kept nowhere else.
///
/// # Errors
/// As [`load`].
pub(super) async fn load_ephemeral(
    cx: &Cx,
    (new, style): (NewThread, Option<ThreadEventStyle>),
    settings: ThreadSettings,
    origin: Origin,
) -> RpcResult<Arc<LoadedThread>> {
    let server = &cx.server;
    let failing = Failing::new("thread/start", server.view);
    // What a model is told is kept by whoever has one.
    let new = NewThread {
        base_instructions: None,
        ..new
    };
    let store: Arc<dyn ThreadStore> = Arc::clone(&server.ephemeral) as _;
    let live = LiveThread::create(store, new, options(server, style)).await;
    let live = live.map_err(|error| failing.error(error))?;
    let kind = (Reading::Untracked, Lifetime::Ephemeral(origin));
    load(cx, live, settings, kind).await
}

fn too_many_ephemeral() -> RpcError {
    RpcError::invalid_request(format!(
        "at most {MAX_EPHEMERAL_THREADS} ephemeral threads are loaded at a time; unsubscribe from those that are done"
    ))
}

/// A loaded thread as clients see it before it has a rollout.
pub(super) fn unwritten_thread(server: &Server, loaded: &LoadedThread) -> Thread {
    let mut thread = convert::thread(loaded.unwritten_record(), &server.lens, Role::WithTurns);
    loaded.dress(&mut thread, Role::WithTurns);
    thread
}

/// The working directory that a client means; relative ones start where the server runs.
pub(super) fn absolute_cwd(cwd: Option<&str>) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    match cwd {
        None => here.display().to_string(),
        Some(cwd) if Path::new(cwd).is_absolute() => cwd.to_owned(),
        Some(cwd) => here.join(cwd).display().to_string(),
    }
}
