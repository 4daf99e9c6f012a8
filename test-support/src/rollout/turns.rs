//! The beginning and the end of turns.

use serde_json::{Value, json};

use super::{
    builder::{OpenTurn, RolloutBuilder},
    header::Mode,
};

impl RolloutBuilder {
    /// Opens a turn with a fresh id: `task_started`, and `turn_context` behind it. In a bare rollout nothing is written.
    pub fn start_turn(&mut self) -> &mut Self {
        let id = self.new_id();
        self.start_turn_as(&id)
    }

    /// Opens a turn with this id.
    pub fn start_turn_as(&mut self, turn_id: &str) -> &mut Self {
        self.turn = Some(OpenTurn {
            id: turn_id.to_owned(),
            started_ms: self.now_ms,
            last_agent_message: None,
        });
        if self.mode() == Mode::Bare {
            return self;
        }
        self.task_started(turn_id).turn_context()
    }

    /// Appends a `task_started` for this id and nothing else; the turn that items join stays as it is.
    pub fn task_started(&mut self, turn_id: &str) -> &mut Self {
        let started_at = self.now_ms / 1000;
        self.event(json!({
            "type": "task_started",
            "turn_attribution": {
                "turn_id": turn_id,
                "turn_trigger": null,
                "parent_turn_id": null,
                "initiating_agent_path": null,
                "root_turn_id": turn_id,
            },
            "turn_id": turn_id,
            "root_turn_id": turn_id,
            "started_at": started_at,
            "model_context_window": 258_400,
            "collaboration_mode_kind": "default",
        }))
    }

    /// Lets items join this turn from now on, without writing anything (late events, crossed turns).
    pub fn use_turn(&mut self, turn_id: &str) -> &mut Self {
        self.turn = Some(OpenTurn {
            id: turn_id.to_owned(),
            started_ms: self.now_ms,
            last_agent_message: None,
        });
        self
    }

    /// Leaves the open turn without writing its end, as a crash does.
    pub fn forget_turn(&mut self) -> &mut Self {
        self.turn = None;
        self
    }

    /// Ends the open turn well.
    pub fn complete_turn(&mut self) -> &mut Self {
        self.end_turn("task_complete", None, json!({}))
    }

    /// Ends the open turn with an error.
    pub fn fail_turn(&mut self, message: &str, codex_error_info: Value) -> &mut Self {
        let error = json!({ "message": message, "codex_error_info": codex_error_info });
        self.end_turn("task_complete", Some(error), json!({}))
    }

    /// Ends the open turn by an interruption.
    pub fn abort_turn(&mut self) -> &mut Self {
        self.end_turn("turn_aborted", None, json!({ "reason": "interrupted" }))
    }

    /// Appends a late `task_complete` for any turn; the open turn stays open.
    pub fn task_complete(&mut self, turn_id: &str) -> &mut Self {
        let at = self.now_ms / 1000;
        self.event(json!({
            "type": "task_complete",
            "root_turn_id": turn_id,
            "turn_id": turn_id,
            "last_agent_message": null,
            "started_at": at,
            "completed_at": at,
            "duration_ms": 0,
        }))
    }

    /// Appends an abort without a turn id, as old files have it.
    pub fn abort_without_id(&mut self) -> &mut Self {
        self.event(json!({ "type": "turn_aborted", "turn_id": null, "reason": "interrupted" }))
    }

    /// Appends `thread_rolled_back` and closes the open turn, as the rollback does.
    pub fn roll_back(&mut self, num_turns: u32) -> &mut Self {
        self.turn = None;
        self.event(json!({ "type": "thread_rolled_back", "num_turns": num_turns }))
    }

    fn end_turn(&mut self, kind: &str, error: Option<Value>, extra: Value) -> &mut Self {
        let Some(turn) = self.turn.take() else { return self };
        if self.mode() == Mode::Bare {
            return self;
        }
        let mut payload = json!({ "type": kind, "root_turn_id": turn.id, "turn_id": turn.id });
        let object = payload.as_object_mut().expect("built as an object above");
        if kind == "task_complete" {
            object.insert("last_agent_message".into(), json!(turn.last_agent_message));
        }
        if let Some(error) = error {
            object.insert("error".into(), error);
        }
        if let Value::Object(extra) = extra {
            object.extend(extra);
        }
        object.insert("started_at".into(), json!(turn.started_ms / 1000));
        object.insert("completed_at".into(), json!(self.now_ms / 1000));
        object.insert("duration_ms".into(), json!(self.now_ms - turn.started_ms));
        self.event(payload)
    }
}
