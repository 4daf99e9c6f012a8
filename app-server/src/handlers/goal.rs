//! `thread/goal/*` (`app-server-api.md` 3.20).
//!
//! Goals are kept and shown; nothing pursues them here.

use codex_protocol::ids::ThreadId;
use codex_protocol::rpc::codex_database::CodexDatabaseField;
use codex_protocol::rpc::goal::{
    ThreadGoal, ThreadGoalClearParams, ThreadGoalClearResponse, ThreadGoalClearedNotification, ThreadGoalGetParams,
    ThreadGoalGetResponse, ThreadGoalSetParams, ThreadGoalSetResponse, ThreadGoalStatus, ThreadGoalUpdatedNotification,
};
use codex_protocol::rpc::notification::notification_name;
use codex_thread_store::live::RawItem;
use codex_thread_store::organise::{Goal, GoalPatch, GoalStatus, Goals};

use super::subject::{Subject, Wanted};
use super::{codex_database, ids};
use crate::dispatch::{Cx, Told};
use crate::error_map::Failing;
use crate::live::{Audience, Notice};
use crate::rpc_error::RpcResult;
use crate::server::Server;

/// `thread/goal/get`.
pub(crate) async fn get(server: &Server, params: ThreadGoalGetParams) -> RpcResult<ThreadGoalGetResponse> {
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/goal/get", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::AnyInFull, failing).await?;
    let goal = Goals::of(subject.facts).get(thread_id).await;
    let goal = goal.map_err(|error| failing.error(error))?;
    Ok(ThreadGoalGetResponse {
        goal: goal.map(|goal| wire(thread_id, goal)),
    })
}

/// `thread/goal/set`.
pub(crate) async fn set(cx: &Cx, params: ThreadGoalSetParams) -> RpcResult<Told<ThreadGoalSetResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/goal/set", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let patch = GoalPatch {
        objective: params.objective,
        status: params.status.map(stored_status),
        token_budget: params.token_budget,
    };
    let set = Goals::of(subject.facts).set(thread_id, patch).await;
    let (goal, changed) = set.map_err(|error| failing.error(error))?;
    subject.settle(failing).await?;
    if changed {
        record(cx, thread_id, &goal).await;
    }
    let notice = changed.then(|| updated(server, thread_id, goal.clone()));
    let fields: &[CodexDatabaseField] = if changed { &[CodexDatabaseField::Goal] } else { &[] };
    Ok(Told {
        before: Vec::new(),
        result: ThreadGoalSetResponse {
            goal: wire(thread_id, goal),
            codex_database: codex_database::notice(server, thread_id, fields).await,
        },
        after: notice.into_iter().collect(),
    })
}

/// Tells of the goal in the rollout of a thread that is loaded, as Codex does (`rollout-format.md` 9.5).
///
/// The goal is kept already: one that cannot be told there is told by the journal all the same.
async fn record(cx: &Cx, thread_id: ThreadId, goal: &Goal) {
    let Some(loaded) = cx.server.loaded.get(thread_id) else {
        return;
    };
    let item = RawItem::new("event_msg", goal.record(thread_id));
    if let Err(error) = loaded.live.append(&[item], None).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(%thread_id, error, "a goal is not told in its thread's rollout");
    }
}

/// `thread/goal/clear`.
pub(crate) async fn clear(cx: &Cx, params: ThreadGoalClearParams) -> RpcResult<Told<ThreadGoalClearResponse>> {
    let server = &cx.server;
    let thread_id = ids::thread_id(&params.thread_id)?;
    let failing = Failing::new("thread/goal/clear", server.view).about(thread_id);
    let subject = Subject::find(server, thread_id, Wanted::Live, failing).await?;
    let cleared = Goals::of(subject.facts).clear(thread_id).await;
    let was_there = cleared.map_err(|error| failing.error(error))?;
    let fields: &[CodexDatabaseField] = if was_there { &[CodexDatabaseField::Goal] } else { &[] };
    Ok(Told {
        before: Vec::new(),
        result: ThreadGoalClearResponse {
            cleared: was_there,
            codex_database: codex_database::notice(server, thread_id, fields).await,
        },
        after: was_there
            .then(|| cleared_notice(server, thread_id))
            .into_iter()
            .collect(),
    })
}

/// The goal of a thread as everybody is told at every resume (3.2); nothing if it cannot be read.
pub(super) async fn snapshot(server: &Server, thread_id: ThreadId) -> Option<Notice> {
    let goal = match server.store.facts() {
        Some(facts) => Goals::of(facts).get(thread_id).await,
        None => Ok(None),
    };
    match goal {
        Ok(Some(goal)) => Some(updated(server, thread_id, goal)),
        Ok(None) => Some(cleared_notice(server, thread_id)),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(%thread_id, error, "the goal of a resumed thread cannot be told");
            None
        }
    }
}

fn updated(server: &Server, thread_id: ThreadId, goal: Goal) -> Notice {
    let params = ThreadGoalUpdatedNotification {
        thread_id: thread_id.to_string(),
        turn_id: None,
        goal: wire(thread_id, goal),
    };
    let method = notification_name::THREAD_GOAL_UPDATED;
    Notice::new(Audience::All, method, &params, server.clock.now_ms())
}

fn cleared_notice(server: &Server, thread_id: ThreadId) -> Notice {
    let params = ThreadGoalClearedNotification {
        thread_id: thread_id.to_string(),
    };
    let method = notification_name::THREAD_GOAL_CLEARED;
    Notice::new(Audience::All, method, &params, server.clock.now_ms())
}

fn wire(thread_id: ThreadId, goal: Goal) -> ThreadGoal {
    ThreadGoal {
        thread_id: thread_id.to_string(),
        objective: goal.objective,
        status: match goal.status {
            GoalStatus::Active => ThreadGoalStatus::Active,
            GoalStatus::Paused => ThreadGoalStatus::Paused,
            GoalStatus::Blocked => ThreadGoalStatus::Blocked,
            GoalStatus::UsageLimited => ThreadGoalStatus::UsageLimited,
            GoalStatus::BudgetLimited => ThreadGoalStatus::BudgetLimited,
            GoalStatus::Complete => ThreadGoalStatus::Complete,
        },
        token_budget: goal.token_budget,
        tokens_used: goal.tokens_used,
        time_used_seconds: goal.time_used_seconds,
        created_at: goal.created_at_ms.div_euclid(1_000),
        updated_at: goal.updated_at_ms.div_euclid(1_000),
    }
}

fn stored_status(status: ThreadGoalStatus) -> GoalStatus {
    match status {
        ThreadGoalStatus::Active => GoalStatus::Active,
        ThreadGoalStatus::Paused => GoalStatus::Paused,
        ThreadGoalStatus::Blocked => GoalStatus::Blocked,
        ThreadGoalStatus::UsageLimited => GoalStatus::UsageLimited,
        ThreadGoalStatus::BudgetLimited => GoalStatus::BudgetLimited,
        ThreadGoalStatus::Complete => GoalStatus::Complete,
    }
}
