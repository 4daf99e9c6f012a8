"""What an agent says in one turn, as records of `thread/append`: the beginning with the question, the end with the answer."""
NOW_S = 1_790_000_000


def event(payload):
    return {"type": "event_msg", "payload": payload}


def item(thread_id, turn_id, value):
    return event({"type": "item_completed", "thread_id": thread_id, "turn_id": turn_id, "item": value,
                  "started_at_ms": (NOW_S + 1) * 1000, "completed_at_ms": (NOW_S + 2) * 1000})


def question(thread_id, turn_id, text):
    content = [{"type": "text", "text": text, "text_elements": []}]
    return [event({"type": "task_started", "turn_id": turn_id, "started_at": NOW_S}),
            item(thread_id, turn_id, {"type": "UserMessage", "id": f"u-{turn_id}", "content": content})]


def answer(thread_id, turn_id, text):
    content = [{"type": "Text", "text": text}]
    done = {"type": "task_complete", "turn_id": turn_id, "last_agent_message": None, "started_at": NOW_S,
            "completed_at": NOW_S + 9, "duration_ms": 9_000}
    return [item(thread_id, turn_id, {"type": "AgentMessage", "id": f"msg_{turn_id}", "content": content, "phase": None}),
            event(done)]


def whole(thread_id, turn_id, ask, tell):
    return question(thread_id, turn_id, ask) + answer(thread_id, turn_id, tell)
