//! The first lines of rollouts that go on where others were cut: forks and revisions (`rollout-format.md` 8.5, 8.7).
//!
//! Pure: ids and times are handed in.

use std::collections::HashSet;

use codex_protocol::ids::ThreadId;
use codex_protocol::log::{HistoryBase, HistoryMode, RawJson, SessionMeta, SessionSource};
use codex_rollout::recorder::{EncodedItem, WriteResult, line_time};
use serde_json::json;

use crate::lifecycle::{ForkAttachment, ForkRequest};
use crate::live::logged_git;

/// Text that tells a model that a turn was stopped; readers know it by its first word.
const ABORTED_TEXT: &str = "<turn_aborted>\nThe conversation was forked while this turn was running. Any running tools or \
                            commands may have partially executed.\n</turn_aborted>";

/// Kind and payload of a line to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewLine {
    pub(crate) kind: &'static str,
    pub(crate) payload: RawJson,
}

impl NewLine {
    /// Returns the form that writers take.
    pub(crate) fn encoded(&self) -> EncodedItem {
        EncodedItem::from_parts(self.kind, &self.payload, None)
    }
}

/// A turn that an inherited history ends inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CutTurn {
    pub(crate) turn_id: String,
    pub(crate) root_turn_id: Option<String>,
    pub(crate) started_at: Option<i64>,
}

/// What the newest settings of a source say, which may be newer than its header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LatestSettings {
    pub(crate) cwd: Option<String>,
    pub(crate) model_provider: Option<String>,
}

/// Makes the session metadata of a fork, unless its time cannot be written.
pub(crate) fn fork_meta(
    source: &SessionMeta,
    settings: LatestSettings,
    request: &ForkRequest,
    base: Option<HistoryBase>,
    now_ms: i64,
) -> WriteResult<SessionMeta> {
    let overrides = &request.overrides;
    let instructions = overrides.base_instructions.as_ref();
    let instructions = instructions
        .map(|text| RawJson::of(&json!({ "text": text })).expect("an object of texts always serialises"))
        .or_else(|| source.base_instructions.clone());
    let cwd = overrides.cwd.clone().or(settings.cwd.filter(|cwd| !cwd.is_empty()));
    let roots = overrides.runtime_workspace_roots.clone();
    let roots = roots.or_else(|| match &overrides.cwd {
        Some(cwd) => Some(vec![cwd.clone()]),
        None => source.runtime_workspace_roots.clone(),
    });
    let spawned = matches!(source.source, SessionSource::SubAgent(_));
    let inherited_source = if spawned {
        SessionSource::VsCode
    } else {
        source.source.clone()
    };
    let attached = request.attachment == ForkAttachment::Attached;
    Ok(SessionMeta {
        session_id: request.new_thread_id,
        id: request.new_thread_id,
        forked_from_id: Some(request.source),
        attached_thread: attached.then(|| RawJson::of(&true).expect("a bool always serialises")),
        forked_from_ordinal_exclusive: base.map(|base| base.end_ordinal_exclusive),
        parent_thread_id: None,
        timestamp: line_time(now_ms)?,
        cwd: cwd.unwrap_or_else(|| source.cwd.clone()),
        runtime_workspace_roots: roots,
        originator: overrides
            .originator
            .clone()
            .unwrap_or_else(|| source.originator.clone()),
        cli_version: overrides
            .cli_version
            .clone()
            .unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        source: overrides.source.clone().unwrap_or(inherited_source),
        thread_source: overrides.thread_source.clone(),
        agent_nickname: None,
        agent_role: None,
        agent_path: None,
        model_provider: overrides
            .model_provider
            .clone()
            .or(settings.model_provider)
            .or_else(|| source.model_provider.clone()),
        base_instructions: instructions,
        history_base: base,
        subagent_history_start_ordinal: None,
        context_window: None,
        git: overrides.git.as_ref().map(logged_git),
        ..source.clone()
    })
}

/// Makes the session metadata of a thread's next revision, unless its time cannot be written.
pub(crate) fn revision_meta(current: &SessionMeta, base: Option<HistoryBase>, now_ms: i64) -> WriteResult<SessionMeta> {
    Ok(SessionMeta {
        timestamp: line_time(now_ms)?,
        history_base: base,
        subagent_history_start_ordinal: None,
        ..current.clone()
    })
}

/// Makes the lines that end a turn which an inherited history ends inside: what the model reads, then the record.
pub(crate) fn interruption(turn: &CutTurn, mode: HistoryMode, message_id: &str) -> [NewLine; 2] {
    let mut message = json!({
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": ABORTED_TEXT}],
        "internal_chat_message_metadata_passthrough": {"turn_id": turn.turn_id},
    });
    if mode == HistoryMode::Paginated {
        message["id"] = format!("msg_{message_id}").into();
    }
    let mut aborted = json!({"type": "turn_aborted"});
    if let Some(root) = &turn.root_turn_id {
        aborted["root_turn_id"] = root.as_str().into();
    }
    aborted["turn_id"] = turn.turn_id.as_str().into();
    aborted["reason"] = "interrupted".into();
    if let Some(started_at) = turn.started_at {
        aborted["started_at"] = started_at.into();
    }
    [("response_item", message), ("event_msg", aborted)].map(|(kind, payload)| NewLine {
        kind,
        payload: RawJson::of(&payload).expect("values always serialise"),
    })
}

/// Makes the marker that removes the newest turns of a legacy thread.
pub(crate) fn rollback(num_turns: u32) -> NewLine {
    let payload = json!({"type": "thread_rolled_back", "num_turns": num_turns});
    NewLine {
        kind: "event_msg",
        payload: RawJson::of(&payload).expect("values always serialise"),
    }
}

/// Returns the time of a new revision: later than that of every other one, whatever the clock says.
pub(crate) fn revision_time_ms(now_ms: i64, others_ms: impl IntoIterator<Item = i64>) -> i64 {
    let newest = others_ms.into_iter().max();
    newest.map_or(now_ms, |newest| now_ms.max(newest.saturating_add(1)))
}

/// Follows which turn a legacy history is inside of, line by line.
#[derive(Debug, Default)]
pub(crate) struct TurnWatch {
    open: Option<CutTurn>,
    known: HashSet<String>,
}

impl TurnWatch {
    /// Takes the next event's payload.
    pub(crate) fn event(&mut self, payload: &serde_json::value::RawValue) {
        use codex_protocol::log::EventMsg;
        // Only the few kinds that begin or end turns are decoded.
        let Some(tag) = codex_protocol::log::payload_tag(payload) else {
            return;
        };
        if !matches!(
            tag.as_ref(),
            "task_started" | "turn_started" | "task_complete" | "turn_complete" | "turn_aborted" | "thread_rolled_back"
        ) {
            return;
        }
        let Ok(event) = EventMsg::decode(payload) else { return };
        let ended = match event {
            EventMsg::TaskStarted(started) => {
                self.known.insert(started.turn_id.clone());
                self.open = Some(CutTurn {
                    turn_id: started.turn_id,
                    root_turn_id: started.root_turn_id,
                    started_at: started.started_at,
                });
                return;
            }
            EventMsg::TaskComplete(complete) => Some(complete.turn_id),
            EventMsg::TurnAborted(aborted) => aborted.turn_id,
            _ => None,
        };
        // An end without id, or with an id that nothing began with, ends what is running (section 11).
        let is_open = |id: &String| self.open.as_ref().is_some_and(|open| open.turn_id == *id);
        let is_other = ended.is_some_and(|id| self.known.contains(&id) && !is_open(&id));
        if !is_other {
            self.open = None;
        }
    }

    /// Returns the turn that is open after the last line.
    pub(crate) fn open(self) -> Option<CutTurn> {
        self.open
    }
}

/// Orders threads that were spawned by each other: parents before children.
pub(crate) fn parents_first(root: ThreadId, spawned: &[(ThreadId, Option<ThreadId>)]) -> Vec<ThreadId> {
    let mut ordered = vec![root];
    let mut at = 0;
    while let Some(parent) = ordered.get(at).copied() {
        for (child, of) in spawned {
            if *of == Some(parent) && !ordered.contains(child) {
                ordered.push(*child);
            }
        }
        at += 1;
    }
    ordered
}
