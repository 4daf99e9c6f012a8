//! `thread/fork` (`app-server-api.md` 3.3).
//!
//! Checks come in the real server's order. The fork is recorded by the store and loaded here.

use std::sync::Arc;

use codex_protocol::ids::ThreadId;
use codex_protocol::item::TurnStatus;
use codex_protocol::log::SessionSource;
use codex_protocol::rpc::lifecycle::{ThreadForkParams, ThreadForkResponse};
use codex_protocol::rpc::live::ThreadStartedNotification;
use codex_protocol::rpc::notification::notification_name;
use codex_protocol::rpc::resume::ThreadResumeParams;
use codex_protocol::rpc::thread::Thread;
use codex_thread_store::live::LiveThread;
use codex_thread_store::{
    ForkAttachment, ForkCut, ForkOverrides, ForkRequest, HistoryMode, ItemsView, NewThread, StoreError,
    ThreadReadQuery, ThreadRecord, TurnRecord, View,
};

use super::{ids, resume, start};
use crate::convert::{self, Role};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Lifetime, LoadedThread, Notice, Origin, ThreadSettings};
use crate::rpc_error::{RpcError, RpcResult};
use crate::server::Server;

const METHOD: &str = "thread/fork";

/// `thread/fork`.
pub(crate) async fn thread_fork(cx: &mut Cx, mut params: ThreadForkParams) -> RpcResult<Told<ThreadForkResponse>> {
    check(&params)?;
    if cx.server.view == View::Codex && params.model_provider.is_none() {
        // Codex resumes a thread with its provider, and forks it with the configured one.
        params.model_provider = Some(cx.server.default_provider.clone());
    }
    let source = source(cx, &mut params).await?;
    let failing = Failing::new(METHOD, cx.server.view).about(source);
    refuse_kept_nowhere(&cx.server, source, &params, failing)?;
    cx.server.settle(source).await.map_err(|error| failing.error(error))?;
    let record = read_source(&cx.server, source).await?;
    check_source(&params, &record, failing)?;
    if params.ephemeral {
        return fork_ephemeral(cx, record, params).await;
    }
    let request = request(&cx.server, source, &params);
    let lifecycle = cx.server.lifecycle().map_err(|error| failing.error(error))?;
    let forked = lifecycle
        .fork_thread(request)
        .await
        .map_err(|error| refused(error, &params, record.history_mode, failing))?;
    // From here on the source is not touched any more.
    cx.tickets.shared = None;
    let fork = forked.thread_id;
    match load_and_answer(cx, forked, params).await {
        Ok(told) => Ok(told),
        Err(error) => {
            take_back(&cx.server, fork).await;
            Err(error)
        }
    }
}

/// What can be refused before the source is known.
fn check(params: &ThreadForkParams) -> RpcResult<()> {
    if params.permissions.is_some() && params.sandbox.is_some() {
        return Err(start::permissions_and_sandbox());
    }
    let refused = if params.last_turn_id.is_some() && params.before_turn_id.is_some() {
        "`beforeTurnId` cannot be combined with `lastTurnId`"
    } else if params.attach_to_source && (params.ephemeral || params.defer_goal_continuation) {
        "attachToSource cannot be combined with ephemeral or deferGoalContinuation"
    } else if params.defer_goal_continuation && params.ephemeral {
        "`deferGoalContinuation` cannot be combined with `ephemeral`"
    } else {
        return Ok(());
    };
    Err(RpcError::invalid_request(refused))
}

/// What can be refused once it is.
fn check_source(params: &ThreadForkParams, source: &ThreadRecord, failing: Failing<'_>) -> RpcResult<()> {
    if source.archived {
        let thread_id = source.thread_id;
        return Err(failing.error(StoreError::Archived { thread_id }));
    }
    if params.attach_to_source && source.history_mode == HistoryMode::Legacy {
        return Err(RpcError::invalid_request("attachToSource requires a paginated parent"));
    }
    if params.ephemeral && source.history_mode == HistoryMode::Paginated && !params.exclude_turns {
        return Err(RpcError::invalid_request(
            "ephemeral paginated thread/fork requires `excludeTurns: true`",
        ));
    }
    Ok(())
}

/// Ephemeral threads have no rollout to fork; a thread without records gets one for the sake of a fork, but not for that
/// of an ephemeral one.
fn refuse_kept_nowhere(
    server: &Server,
    source: ThreadId,
    params: &ThreadForkParams,
    failing: Failing<'_>,
) -> RpcResult<()> {
    server.refuse_ephemeral(source, failing)?;
    match params.ephemeral && server.unwritten(source).is_some() {
        true => Err(failing.error(StoreError::ThreadNotFound { thread_id: source })),
        false => Ok(()),
    }
}

/// Finds the source, and waits for its turn where a path names another thread than the id.
async fn source(cx: &mut Cx, params: &mut ThreadForkParams) -> RpcResult<ThreadId> {
    let named = ids::parse(&params.thread_id, "session id").map_err(RpcError::invalid_request);
    match params.path.take().filter(|path| !path.is_empty()) {
        None => named,
        Some(path) => {
            let thread_id = resume::by_path(&cx.server, &path, METHOD).await?;
            if named != Ok(thread_id) {
                resume::take_place_of(cx, thread_id).await;
            }
            Ok(thread_id)
        }
    }
}

/// Reads the source, also one that has no rollout yet: forking it makes one.
async fn read_source(server: &Server, thread_id: ThreadId) -> RpcResult<ThreadRecord> {
    if let Some(loaded) = server.unwritten(thread_id) {
        return Ok(loaded.unwritten_record());
    }
    read(server, thread_id, None).await
}

async fn read(server: &Server, thread_id: ThreadId, turns: Option<ItemsView>) -> RpcResult<ThreadRecord> {
    let query = ThreadReadQuery {
        thread_id,
        view: server.view,
        turns,
    };
    let record = server.store.read_thread(query).await;
    record.map_err(|error| Failing::new(METHOD, server.view).about(thread_id).error(error))
}

fn request(server: &Server, source: ThreadId, params: &ThreadForkParams) -> ForkRequest {
    let attachment = match params.attach_to_source {
        true => ForkAttachment::Attached,
        false => ForkAttachment::Independent,
    };
    ForkRequest {
        cut: cut(params),
        attachment,
        overrides: ForkOverrides {
            cwd: params.cwd.as_deref().map(|cwd| start::absolute_cwd(Some(cwd))),
            runtime_workspace_roots: params.runtime_workspace_roots.clone(),
            originator: Some(server.recording_originator()),
            cli_version: None,
            // As Codex records threads that are made over JSON-RPC, whatever the client (2.1).
            source: Some(SessionSource::VsCode),
            thread_source: params.thread_source.clone(),
            model_provider: params.model_provider.clone(),
            base_instructions: params.base_instructions.clone(),
            git: None,
        },
        ..ForkRequest::new(source, ThreadId(server.ids.uuid_v7()))
    }
}

fn cut(params: &ThreadForkParams) -> ForkCut {
    match (&params.last_turn_id, &params.before_turn_id) {
        (Some(turn_id), _) => ForkCut::LastTurn(turn_id.clone()),
        (None, Some(turn_id)) => ForkCut::BeforeTurn(turn_id.clone()),
        (None, None) => ForkCut::Whole,
    }
}

/// A boundary that does not exist is told in other words for legacy threads.
fn refused(error: StoreError, params: &ThreadForkParams, mode: HistoryMode, failing: Failing<'_>) -> RpcError {
    match (error, mode) {
        (StoreError::TurnNotFound { turn_id, .. }, HistoryMode::Legacy) => {
            let member = match params.last_turn_id {
                Some(_) => "lastTurnId",
                None => "beforeTurnId",
            };
            RpcError::invalid_request(format!("{member} '{turn_id}' was not found in the source thread"))
        }
        (error, _) => failing.error(error),
    }
}

async fn load_and_answer(
    cx: &Cx,
    forked: ThreadRecord,
    params: ThreadForkParams,
) -> RpcResult<Told<ThreadForkResponse>> {
    let server = &cx.server;
    let thread_id = forked.thread_id;
    let failing = Failing::new(METHOD, server.view).about(thread_id);
    let options = start::options(server, params.event_style);
    let live = LiveThread::resume(Arc::clone(&server.store), thread_id, options)
        .await
        .map_err(|error| failing.error(error))?;
    let turns = (!params.exclude_turns).then_some(ItemsView::Full);
    let settings = settings(server, params, &forked);
    let described = convert::thread(forked, &server.lens, Role::WithTurns);
    let reading = convert::reading(&described);
    let record = read(server, thread_id, turns).await?;
    let loaded = start::load(cx, live, settings, (reading, Lifetime::Recorded)).await?;
    let mut thread = convert::thread(record, &server.lens, Role::WithTurns);
    loaded.dress(&mut thread, Role::WithTurns);
    Ok(tell(cx, &loaded, thread, turns))
}

fn settings(server: &Server, params: ThreadForkParams, source: &ThreadRecord) -> ThreadSettings {
    let as_resumed = ThreadResumeParams {
        model: params.model,
        model_provider: params.model_provider,
        service_tier: params.service_tier,
        runtime_workspace_roots: params.runtime_workspace_roots,
        approval_policy: params.approval_policy,
        approvals_reviewer: params.approvals_reviewer,
        sandbox: params.sandbox,
        permissions: params.permissions,
        event_style: params.event_style,
        ..ThreadResumeParams::default()
    };
    let cwd = params.cwd.as_deref().map(|cwd| start::absolute_cwd(Some(cwd)));
    ThreadSettings::of_resumed(&as_resumed, cwd, source, &server.recording)
}

/// Makes a fork that lives in this server only. What it inherits is told in the answer, and held nowhere: nothing can ask
/// an ephemeral thread for its history.
async fn fork_ephemeral(
    cx: &mut Cx,
    source: ThreadRecord,
    params: ThreadForkParams,
) -> RpcResult<Told<ThreadForkResponse>> {
    let source_id = source.thread_id;
    let mode = source.history_mode;
    let failing = Failing::new(METHOD, cx.server.view).about(source_id);
    let lifecycle = cx.server.lifecycle().map_err(|error| failing.error(error))?;
    let inherited = lifecycle.inherited_history(source_id, cut(&params)).await;
    let inherited = inherited.map_err(|error| refused(error, &params, mode, failing))?;
    let turns = match params.exclude_turns {
        true => None,
        false => Some(read(&cx.server, source_id, Some(ItemsView::Full)).await?.turns),
    };
    // From here on the source is not touched any more.
    cx.tickets.shared = None;
    let (style, thread_source) = (params.event_style, params.thread_source.clone());
    let settings = settings(&cx.server, params, &source);
    let new = NewThread {
        thread_source,
        ..start::new_thread(&cx.server, mode, &settings)
    };
    let origin = Origin::of_fork(&source, &inherited.preview);
    let loaded = start::load_ephemeral(cx, (new, style), settings, origin).await?;
    if let Some(known) = &inherited.token_use {
        loaded.with_activity(|activity| activity.recall_usage(known));
    }
    let mut thread = start::unwritten_thread(&cx.server, &loaded);
    thread.preview = inherited.preview;
    let shown = turns.as_ref().map(|_| ItemsView::Full);
    let is_inherited = |turn: &TurnRecord| turn.position.offset.is_some_and(|at| at < inherited.end_offset);
    let kept = turns.into_iter().flatten().filter(is_inherited);
    thread.turns = kept.map(interrupted).map(convert::turn).collect();
    Ok(tell(cx, &loaded, thread, shown))
}

/// A turn that runs in the source has come to its end in the fork.
fn interrupted(turn: TurnRecord) -> TurnRecord {
    match turn.status {
        TurnStatus::InProgress => TurnRecord {
            status: TurnStatus::Interrupted,
            ..turn
        },
        TurnStatus::Completed | TurnStatus::Interrupted | TurnStatus::Failed => turn,
    }
}

/// Says what everybody is told, in the real server's order.
fn tell(cx: &Cx, loaded: &LoadedThread, thread: Thread, turns: Option<ItemsView>) -> Told<ThreadForkResponse> {
    let now_ms = cx.server.clock.now_ms();
    let mut before = Vec::new();
    let mut after = Vec::new();
    if turns.is_some() {
        if loaded.live.history_mode() == HistoryMode::Paginated {
            before.push(resume::deprecation(cx));
        }
        let usage = loaded.with_activity(|activity| activity.usage().cloned());
        if let Some(usage) = usage.filter(|_| !thread.turns.is_empty()) {
            let name = notification_name::THREAD_TOKEN_USAGE_UPDATED;
            after.push(Notice::new(Audience::Only(cx.connection.id), name, &usage, now_ms));
        }
    }
    // An attached fork belongs to its source, and is not announced.
    if thread.attached_to_thread_id.is_none() {
        let started = ThreadStartedNotification {
            thread: Thread {
                turns: Vec::new(),
                ..thread.clone()
            },
        };
        after.push(Notice::new(
            Audience::All,
            notification_name::THREAD_STARTED,
            &started,
            now_ms,
        ));
    }
    Told {
        before,
        result: ThreadForkResponse {
            thread,
            settings: loaded.settings.answered(),
        },
        after,
    }
}

/// Removes a fork whose maker was told that there is none.
async fn take_back(server: &Server, fork: ThreadId) {
    let Ok(lifecycle) = server.lifecycle() else {
        return;
    };
    if let Err(error) = lifecycle.delete_thread(fork).await {
        tracing::error!(
            thread_id = %fork,
            error = &error as &dyn std::error::Error,
            "a fork that could not be answered stays"
        );
    }
}
