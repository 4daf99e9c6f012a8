"""A home of many gigabytes that costs next to nothing: recorded threads, copied many times, each with a hole in the middle.

A hole is a line of zeros longer than any line may be: damage that a reader has to pass, and must never hold in memory.
"""
import glob
import os
import uuid

import interop_path  # noqa: F401
import said

TEMPLATES = ("legacy", "paginated")
TURNS = 120
TEXT = "what is said in a long thread, over and over again " * 20


def record(client):
    """Records a thread of each mode. Returns {thread id: turn ids}."""
    recorded = {}
    for mode in TEMPLATES:
        thread_id = client.call("thread/start", {"historyMode": mode})["thread"]["id"]
        recorded[thread_id] = [str(uuid.uuid4()) for _ in range(TURNS)]
        for turn_id in recorded[thread_id]:
            items = said.whole(thread_id, turn_id, f"{turn_id} {TEXT}", f"{TEXT} {turn_id}")
            client.call("thread/append", {"threadId": thread_id, "items": items, "durability": "queued"})
        client.call("thread/inject_items", {"threadId": thread_id, "items": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "the end"}]}]})
    return recorded


def multiply(home, recorded, copies, hole_bytes):
    """Copies the recorded threads under new ids, with holes. Returns {thread id: turn ids}, without those that were copied."""
    made = {}
    for thread_id, turn_ids in recorded.items():
        [path] = glob.glob(os.path.join(home, "sessions", "*", "*", "*", f"rollout-*{thread_id}.jsonl"))
        with open(path, "rb") as rollout:
            lines = rollout.readlines()
        for _ in range(copies):
            other = new_id(thread_id)
            made[other] = turn_ids
            middle = len(lines) // 2
            with open(path.replace(thread_id, other), "wb") as rollout:
                rollout.write(b"".join(lines[:middle]).replace(thread_id.encode(), other.encode()))
                rollout.truncate(rollout.tell() + hole_bytes)
                rollout.seek(0, os.SEEK_END)
                rollout.write(b"\n")
                rollout.write(b"".join(lines[middle:]).replace(thread_id.encode(), other.encode()))
        os.remove(path)
    return made


def new_id(thread_id):
    """An id of the same moment."""
    return thread_id[:19] + str(uuid.uuid4())[19:]
