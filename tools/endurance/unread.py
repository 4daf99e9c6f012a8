"""Clients that send and do not read: one of answers, which has to wait, and one of notifications, which is given up."""
import contextlib
import json
import os
import selectors
import subprocess
import threading

import interop_path  # noqa: F401
import said
from place import resident_peak_mb
from rpc import loopback_only
from views import turns_of

REQUESTS = 400
PADDING = "x" * 4096  # so that buffers between us and the server hold few requests
BUFFERED_BYTES = 512 << 10  # generous: the pipe's 64 KiB and the server's buffer
MAX_REQUESTS_IN_FLIGHT = 128
MAX_APPEND_ITEMS = 8_192
APPENDS = 4  # twice as many notifications each, of which 32,768 may wait
STALL_SECONDS = 5
END_SECONDS = 90


class Mute:
    """A server whose output nobody reads until somebody asks for it."""

    def __init__(self, place):
        env = loopback_only({"CODEX_HOME": place.home, "HOME": os.path.dirname(place.home)})
        with open(place.log_path, "ab") as log:
            self.process = subprocess.Popen(place.command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.write(self.line("hello", "initialize", {"clientInfo": {"name": "mute", "version": "1"},
                                                     "capabilities": {"experimentalApi": True}}))
        self.read("hello")

    @staticmethod
    def line(request, method, params):
        return json.dumps({"id": request, "method": method, "params": params}).encode() + b"\n"

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, request):
        """Reads until an answer comes."""
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == request:
                return message.get("result")
        return None

    def push(self, data):
        """Writes until the server takes no more, or has gone. Returns what it did not take."""
        os.set_blocking(self.process.stdin.fileno(), False)
        with selectors.DefaultSelector() as selector, contextlib.suppress(BrokenPipeError):
            selector.register(self.process.stdin, selectors.EVENT_WRITE)
            while data and selector.select(STALL_SECONDS):
                data = data[os.write(self.process.stdin.fileno(), data):]
        os.set_blocking(self.process.stdin.fileno(), True)
        return data

    def end(self):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()


def check_answers(checks, place, threads):
    """A client that does not read is served no further than the limit, harms nobody, and misses nothing when it reads again.

    Returns how many requests were taken at most, and the resident memory.
    """
    mute = Mute(place)
    thread_id, turn_ids = next(iter(threads.items()))
    params = {"threadId": thread_id, "limit": 100, "itemsView": "full", "sortDirection": "asc", "padding": PADDING}
    lines = [mute.line(number, "thread/turns/list", params) for number in range(REQUESTS)]
    rest = mute.push(b"".join(lines))
    taken = REQUESTS - len(rest) // len(lines[-1])
    most = MAX_REQUESTS_IN_FLIGHT + BUFFERED_BYTES // len(lines[-1])
    checks.that("a client that does not read is made to wait", taken <= most, f"{taken} of {REQUESTS} requests taken")
    peak_mb = resident_peak_mb(mute)
    with contextlib.closing(place.open()) as other:
        checks.same("another client is served meanwhile", turn_ids, [turn["id"] for turn in turns_of(other, thread_id)])
    answered, wrong = [], []

    def listen():
        for line in mute.process.stdout:
            message = json.loads(line)
            if "method" in message:
                continue
            answered.append(message.get("id"))
            if [turn["id"] for turn in message.get("result", {}).get("data", [])] != turn_ids[:100]:
                wrong.append(line[:200])
    listening = threading.Thread(target=listen)
    listening.start()
    mute.write(rest)
    mute.process.stdin.close()
    listening.join(END_SECONDS)
    checks.same("every request is answered once it reads", list(range(REQUESTS)), sorted(answered))
    checks.that("every answer is the same page", not wrong, wrong[:1])
    mute.end()
    return taken, peak_mb


def check_notifications(checks, place):
    """A subscriber that reads nothing is given up; what it recorded stays. Returns the number of items that were kept."""
    mute = Mute(place)
    mute.write(mute.line("start", "thread/start", {"historyMode": "paginated"}))
    thread_id = mute.read("start")["thread"]["id"]
    ids = [f"m{number}" for number in range(APPENDS * (MAX_APPEND_ITEMS - 1))]
    for number in range(APPENDS):
        some = ids[number * (MAX_APPEND_ITEMS - 1):(number + 1) * (MAX_APPEND_ITEMS - 1)]
        items = [said.item(thread_id, "t1", {"type": "AgentMessage", "id": item_id, "content": [{"type": "Text", "text": "x"}],
                                             "phase": None}) for item_id in some]
        begin = [said.event({"type": "task_started", "turn_id": "t1", "started_at": said.NOW_S})] if number == 0 else []
        mute.push(mute.line(number, "thread/append", {"threadId": thread_id, "items": begin + items}))
    try:
        code = mute.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        code = None
    checks.that("a subscriber that does not read is given up", code not in (None, 0), f"exit code {code}")
    mute.end()
    with contextlib.closing(place.open()) as client:
        kept = [item["id"] for turn in turns_of(client, thread_id) for item in turn["items"]]
    checks.that("what it recorded is kept, in order and in whole appends",
                kept and kept == ids[:len(kept)] and len(kept) % (MAX_APPEND_ITEMS - 1) == 0, f"{len(kept)} items")
    return len(kept)
