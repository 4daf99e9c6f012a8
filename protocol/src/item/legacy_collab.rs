//! Legacy collaboration events as canonical items, with the status rules of format 7.2.

use std::collections::BTreeMap;

use super::stored::AgentStatus;
use super::stored_enums::{StoredCollabStatus, StoredCollabTool};
use super::tools::CollabAgentToolCallItem;
use super::turn_item::TurnItem;
use crate::log::EventMsg;
use crate::log::event::CollabSpawnEnd;

/// Returns the item of a collaboration event; `None` for events of other families.
pub(super) fn collab_item(event: &EventMsg) -> Option<TurnItem> {
    let item = match event {
        EventMsg::CollabAgentSpawnBegin(event) => CollabAgentToolCallItem {
            prompt: event.prompt.clone(),
            model: event.model.clone(),
            reasoning_effort: event.reasoning_effort.clone(),
            ..begin(
                StoredCollabTool::SpawnAgent,
                &event.call_id,
                &event.sender_thread_id,
                &[],
            )
        },
        EventMsg::CollabAgentSpawnEnd(event) => spawn_end(event),
        EventMsg::CollabAgentInteractionBegin(event) => CollabAgentToolCallItem {
            prompt: event.prompt.clone(),
            ..begin(
                StoredCollabTool::SendInput,
                &event.call_id,
                &event.sender_thread_id,
                std::slice::from_ref(&event.receiver_thread_id),
            )
        },
        EventMsg::CollabAgentInteractionEnd(event) => CollabAgentToolCallItem {
            prompt: event.prompt.clone(),
            ..end(
                StoredCollabTool::SendInput,
                &event.call_id,
                &event.sender_thread_id,
                one(&event.receiver_thread_id, &event.status),
            )
        },
        EventMsg::CollabWaitingBegin(event) => begin(
            StoredCollabTool::Wait,
            &event.call_id,
            &event.sender_thread_id,
            &event.receiver_thread_ids,
        ),
        EventMsg::CollabWaitingEnd(event) => end(
            StoredCollabTool::Wait,
            &event.call_id,
            &event.sender_thread_id,
            event.statuses.clone(),
        ),
        EventMsg::CollabCloseBegin(event) => begin(
            StoredCollabTool::CloseAgent,
            &event.call_id,
            &event.sender_thread_id,
            std::slice::from_ref(&event.receiver_thread_id),
        ),
        EventMsg::CollabCloseEnd(event) => end(
            StoredCollabTool::CloseAgent,
            &event.call_id,
            &event.sender_thread_id,
            one(&event.receiver_thread_id, &event.status),
        ),
        EventMsg::CollabResumeBegin(event) => begin(
            StoredCollabTool::ResumeAgent,
            &event.call_id,
            &event.sender_thread_id,
            std::slice::from_ref(&event.receiver_thread_id),
        ),
        EventMsg::CollabResumeEnd(event) => end(
            StoredCollabTool::ResumeAgent,
            &event.call_id,
            &event.sender_thread_id,
            one(&event.receiver_thread_id, &event.status),
        ),
        _ => return None,
    };
    Some(TurnItem::CollabAgentToolCall(Box::new(item)))
}

fn one(thread_id: &str, status: &AgentStatus) -> BTreeMap<String, AgentStatus> {
    BTreeMap::from([(thread_id.to_owned(), status.clone())])
}

fn begin(tool: StoredCollabTool, call_id: &str, sender: &str, receivers: &[String]) -> CollabAgentToolCallItem {
    CollabAgentToolCallItem {
        id: call_id.to_owned(),
        tool,
        status: StoredCollabStatus::InProgress,
        sender_thread_id: sender.to_owned(),
        receiver_thread_ids: receivers.to_vec(),
        receiver_agents: Vec::new(),
        prompt: None,
        model: None,
        reasoning_effort: None,
        agents_states: BTreeMap::new(),
    }
}

/// The receivers are the agents whose state is told, sorted; the call fails when any of them
/// failed or does not exist. An interrupted agent counts as success.
fn end(
    tool: StoredCollabTool,
    call_id: &str,
    sender: &str,
    states: BTreeMap<String, AgentStatus>,
) -> CollabAgentToolCallItem {
    let status = if states.values().any(is_failure) {
        StoredCollabStatus::Failed
    } else {
        StoredCollabStatus::Completed
    };
    let receivers: Vec<String> = states.keys().cloned().collect();
    CollabAgentToolCallItem {
        status,
        agents_states: states,
        ..begin(tool, call_id, sender, &receivers)
    }
}

/// A spawn also fails when no thread came of it.
fn spawn_end(event: &CollabSpawnEnd) -> CollabAgentToolCallItem {
    let states = match &event.new_thread_id {
        Some(thread_id) => one(thread_id, &event.status),
        None => BTreeMap::new(),
    };
    let mut item = end(
        StoredCollabTool::SpawnAgent,
        &event.call_id,
        &event.sender_thread_id,
        states,
    );
    if event.new_thread_id.is_none() {
        item.status = StoredCollabStatus::Failed;
    }
    CollabAgentToolCallItem {
        prompt: event.prompt.clone(),
        model: event.model.clone(),
        reasoning_effort: event.reasoning_effort.clone(),
        ..item
    }
}

fn is_failure(status: &AgentStatus) -> bool {
    match status {
        AgentStatus::Errored(_) | AgentStatus::NotFound => true,
        AgentStatus::PendingInit
        | AgentStatus::Running
        | AgentStatus::Interrupted
        | AgentStatus::Shutdown
        | AgentStatus::Completed(_) => false,
    }
}
