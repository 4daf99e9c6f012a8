#!/usr/bin/env python3
"""An agent that brings its own model and records over JSON-RPC.

    python3 json_rpc_agent.py PATH/TO/codex-threads HOME

Starts a paginated thread in HOME, records one turn, closes, resumes the thread in a second server, records another turn,
and reads both back. Needs Python 3 and nothing else.
"""

import json
import subprocess
import sys
import time
import uuid


class Server:
    """A server on standard input and output: one JSON message per line."""

    def __init__(self, program, home):
        command = [program, "--home", home, "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.last_id = 0
        self.notifications = []
        client = {"name": "json_rpc_agent", "version": "1"}
        self.ask("initialize", {"clientInfo": client, "capabilities": {"experimentalApi": True}})
        self.send({"method": "initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        """Sends a request and returns its result; notifications that come before it are kept."""
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") != self.last_id:
                self.notifications.append(message["method"])
            elif "error" in message:
                raise SystemExit(f"{method}: {message['error']['message']}")
            else:
                return message["result"]
        raise SystemExit(f"{method}: the server has gone")

    def close(self):
        self.process.stdin.close()
        for line in self.process.stdout:
            self.notifications.append(json.loads(line).get("method"))
        if self.process.wait(timeout=30) != 0:
            raise SystemExit("the server failed")


def event(payload):
    return {"type": "event_msg", "payload": payload}


def completed(thread_id, turn_id, item):
    now_ms = int(time.time() * 1000)
    return event({
        "type": "item_completed", "thread_id": thread_id, "turn_id": turn_id, "item": item,
        "started_at_ms": now_ms, "completed_at_ms": now_ms,
    })


def play_turn(server, thread_id, question, answer):
    """Records a turn as it happens, and returns what the server said of its end."""
    turn_id = str(uuid.uuid4())
    user = {"type": "UserMessage", "id": str(uuid.uuid4()), "content": [{"type": "text", "text": question, "text_elements": []}]}
    agent = {"type": "AgentMessage", "id": f"msg_{uuid.uuid4()}", "content": [{"type": "Text", "text": answer}], "phase": "final_answer"}
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]}
    heard = {"type": "message", "id": agent["id"], "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
    server.ask("thread/append", {"threadId": thread_id, "items": [
        event({"type": "task_started", "turn_id": turn_id, "started_at": int(time.time())}),
        {"type": "response_item", "payload": said},
        completed(thread_id, turn_id, user),
    ]})
    return server.ask("thread/append", {"threadId": thread_id, "items": [
        completed(thread_id, turn_id, agent),
        {"type": "response_item", "payload": heard},
        event({"type": "task_complete", "turn_id": turn_id, "last_agent_message": answer}),
    ]})


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    program, home = sys.argv[1:]
    server = Server(program, home)
    started = server.ask("thread/start", {"cwd": "/home/user/project", "historyMode": "paginated"})
    thread_id = started["thread"]["id"]
    end = play_turn(server, thread_id, "what is here?", "Nothing yet.")
    server.ask("thread/name/set", {"threadId": thread_id, "name": "recorded over JSON-RPC"})
    server.close()
    print(f"recorded {thread_id}: {end['persisted']} lines, {end['durability']}, next ordinal {end['nextOrdinal']}")
    print("told:", ", ".join(server.notifications))

    server = Server(program, home)
    server.ask("thread/resume", {"threadId": thread_id, "excludeTurns": True})
    play_turn(server, thread_id, "and now?", "Still nothing.")
    turns = server.ask("thread/turns/list", {"threadId": thread_id, "sortDirection": "asc", "itemsView": "full"})["data"]
    for turn in turns:
        texts = [item.get("text") or item["content"][0]["text"] for item in turn["items"]]
        print(f"{turn['id']} {turn['status']}: {' / '.join(texts)}")
    server.close()


if __name__ == "__main__":
    main()
