//! Collaboration calls rebuilt from function calls (format 13.2).
//!
//! Two generations of agent tools: one names agents by thread, the other by task.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::call::Outcome;
use crate::item::TurnItem;
use crate::item::stored::AgentStatus;
use crate::item::stored_enums::{StoredCollabStatus, StoredCollabTool};
use crate::item::tools::{CollabAgentToolCallItem, CollabReceiver};
use crate::log::response::FunctionCall;

#[derive(Deserialize, Default)]
struct Arguments {
    #[serde(default, alias = "prompt")]
    message: Option<String>,
    #[serde(default, alias = "id", alias = "agent_id")]
    target: Option<String>,
    #[serde(default, alias = "ids")]
    targets: Option<Vec<String>>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    reasoning_effort: Option<String>,
}

#[derive(Deserialize, Default)]
struct Answer {
    #[serde(default)]
    agent_id: Option<String>,
    #[serde(default)]
    nickname: Option<String>,
    #[serde(default)]
    status: Option<BTreeMap<String, AgentStatus>>,
    #[serde(default)]
    previous_status: Option<AgentStatus>,
}

/// Rebuilds a call of an agent tool; `None` for other tools.
pub(super) fn item(call: &FunctionCall, outcome: Outcome<'_>) -> Option<TurnItem> {
    let tool = tool(call)?;
    // Arguments that the model got wrong: shown as a plain tool call instead.
    let arguments: Arguments = serde_json::from_str(&call.arguments).ok()?;
    let text = outcome.text();
    let (status, answer) = match text.as_deref().map(str::trim) {
        None => (StoredCollabStatus::InProgress, Answer::default()),
        Some("") => (StoredCollabStatus::Completed, Answer::default()),
        Some(text) => match serde_json::from_str::<Answer>(text) {
            Ok(answer) => (StoredCollabStatus::Completed, answer),
            Err(_) => (StoredCollabStatus::Failed, Answer::default()),
        },
    };
    let states = states(tool, &arguments, &answer);
    let receivers = receivers(tool, &arguments, &states);
    let receiver_agents = receivers
        .iter()
        .map(|thread_id| CollabReceiver {
            thread_id: thread_id.clone(),
            agent_nickname: answer.nickname.clone(),
            agent_role: None,
        })
        .collect();
    let failed = states
        .values()
        .any(|state| matches!(state, AgentStatus::Errored(_) | AgentStatus::NotFound));
    Some(TurnItem::CollabAgentToolCall(Box::new(CollabAgentToolCallItem {
        id: call.call_id.clone(),
        tool,
        status: if failed { StoredCollabStatus::Failed } else { status },
        sender_thread_id: String::new(),
        receiver_thread_ids: receivers,
        receiver_agents,
        prompt: arguments.message,
        model: arguments.model,
        reasoning_effort: arguments.reasoning_effort,
        agents_states: states,
    })))
}

fn tool(call: &FunctionCall) -> Option<StoredCollabTool> {
    if !matches!(
        call.namespace.as_deref(),
        None | Some("multi_agent_v1" | "collaboration" | "functions")
    ) {
        return None;
    }
    Some(match call.name.as_str() {
        "spawn_agent" => StoredCollabTool::SpawnAgent,
        "send_input" => StoredCollabTool::SendInput,
        "resume_agent" => StoredCollabTool::ResumeAgent,
        "wait" | "wait_agent" => StoredCollabTool::Wait,
        "close_agent" => StoredCollabTool::CloseAgent,
        "send_message" => StoredCollabTool::SendMessage,
        "followup_task" => StoredCollabTool::FollowupTask,
        "interrupt_agent" => StoredCollabTool::InterruptAgent,
        _ => return None,
    })
}

fn states(tool: StoredCollabTool, arguments: &Arguments, answer: &Answer) -> BTreeMap<String, AgentStatus> {
    if let Some(states) = &answer.status {
        return states.clone();
    }
    match (tool, &answer.agent_id, &arguments.target, &answer.previous_status) {
        (StoredCollabTool::SpawnAgent, Some(agent), ..) => BTreeMap::from([(agent.clone(), AgentStatus::PendingInit)]),
        (StoredCollabTool::CloseAgent | StoredCollabTool::InterruptAgent, _, Some(target), Some(state))
            if is_thread(target) =>
        {
            BTreeMap::from([(target.clone(), state.clone())])
        }
        _ => BTreeMap::new(),
    }
}

fn receivers(tool: StoredCollabTool, arguments: &Arguments, states: &BTreeMap<String, AgentStatus>) -> Vec<String> {
    if tool == StoredCollabTool::SpawnAgent || !states.is_empty() {
        return states.keys().cloned().collect();
    }
    let named = arguments.targets.iter().flatten().chain(&arguments.target);
    // The newer tools name agents by task; only threads are receivers.
    named.filter(|target| is_thread(target)).cloned().collect()
}

fn is_thread(target: &str) -> bool {
    target.parse::<crate::ids::ThreadId>().is_ok()
}
