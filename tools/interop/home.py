"""Lets the real Codex write a small home: both history modes, tools, failures, forks, a revert, an archive."""
import os
import time

from model import message, patch, reasoning, shell, web_search
from rpc import Client

CONFIG = """model = "mock-model"
model_provider = "mock"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
thread_unload_delay_secs = {unload_seconds}

[model_providers.mock]
name = "mock"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false

[analytics]
enabled = false

[projects."{project}"]
trust_level = "trusted"
"""

NEVER_SECONDS = 3600  # longer than any run
UNICODE = "caf\u00e9 \u65e5\u672c\u8a9e \U0001f600 \u05e2\u05d1\u05e8\u05d9\u05ea"


class Author:
    """Drives one server: starts threads, says things, waits for the turns to end."""

    def __init__(self, codex, model, home, project, log_path, unload_seconds=NEVER_SECONDS):
        os.makedirs(home, exist_ok=True)
        os.makedirs(project, exist_ok=True)
        with open(os.path.join(home, "config.toml"), "w", encoding="utf-8") as config:
            config.write(CONFIG.format(port=model.port, project=project, unload_seconds=unload_seconds))
        self.model, self.project = model, project
        env = {"CODEX_HOME": home, "HOME": os.path.dirname(home)}
        self.client = Client([codex, "app-server"], env, project, log_path)

    def thread(self, mode):
        next_second()
        return self.client.call("thread/start", {"cwd": self.project, "historyMode": mode})["thread"]["id"]

    def turn(self, thread_id, text, *steps):
        """Says `text`; the model answers with `steps`. Returns the turn's id when it has ended."""
        self.model.script(text, list(steps) or [[message(f"Answer to: {text}")]])
        params = {"threadId": thread_id, "input": [{"type": "text", "text": text, "text_elements": []}]}
        turn_id = self.client.call("turn/start", params)["turn"]["id"]
        self.client.wait_for("turn/completed", lambda done: done["turn"]["id"] == turn_id)
        return turn_id

    def resume_params(self, thread_id):
        return {"threadId": thread_id, "cwd": self.project, "modelProvider": "mock", "model": "mock-model"}

    def resume(self, thread_id):
        """Loads a thread; returns its turns."""
        return self.client.call("thread/resume", self.resume_params(thread_id))["thread"]["turns"]

    def release(self, thread_ids):
        """Leaves loaded threads and waits until the server, which needs a short `unload_seconds`, has unloaded them."""
        self.client.notifications.clear()
        for thread_id in thread_ids:
            self.client.call("thread/unsubscribe", {"threadId": thread_id})
        for thread_id in thread_ids:
            self.client.wait_for("thread/closed", lambda closed, wanted=thread_id: closed["threadId"] == wanted)

    def close(self):
        self.client.close()

    def fork(self, thread_id, **params):
        next_second()
        return self.client.call("thread/fork", {"threadId": thread_id, **params})["thread"]["id"]


def next_second():
    """Waits: Codex' list cursors count whole seconds, and threads of the same second loop or get lost in its pages."""
    time.sleep(1.02 - time.time() % 1)


def make_home(codex, model, home, project, log_path):
    """Writes the home and stops the server that wrote it."""
    author = Author(codex, model, home, project, log_path)
    for mode in ("legacy", "paginated"):
        talk(author, mode)
        work(author, mode)
        trouble(author, mode)
        branches(author, mode)
    archived(author)
    author.close()


def talk(author, mode):
    thread = author.thread(mode)
    author.turn(thread, f"hello {mode} walrus")
    author.turn(thread, f"{UNICODE} in {mode}", [message(f"You said {UNICODE}. The *walrus* is **bold**, see [it](http://x).")])
    author.turn(thread, f"think about {mode}", [reasoning("**First**\nlook", "**Then**\ndecide"), message("Decided.")])
    author.turn(thread, f"phases of {mode}", [message("On my way.", "commentary"), message("There.", "final_answer")])
    author.client.call("thread/name/set", {"threadId": thread, "name": f"Talk in {mode}"})


def work(author, mode):
    thread = author.thread(mode)
    author.turn(thread, f"list files of {mode}", [shell("echo one; echo two")], [message("Two lines.")])
    author.turn(thread, f"fail in {mode}", [shell("echo oops >&2; exit 3")], [message("It failed with 3.")])
    name = f"{mode}.txt"
    author.turn(thread, f"write {name}", [patch(f"*** Begin Patch\n*** Add File: {name}\n+alpha\n+beta\n*** End Patch")],
                [patch(f"*** Begin Patch\n*** Update File: {name}\n@@\n-alpha\n+ALPHA\n*** End Patch")], [message("Written.")])
    author.turn(thread, f"search for {mode}", [web_search("walrus facts"), message("Walruses are large.")])


def trouble(author, mode):
    thread = author.thread(mode)
    author.turn(thread, f"break in {mode}", 500)
    author.turn(thread, f"go on in {mode}")


def branches(author, mode):
    source = author.thread(mode)
    turns = [author.turn(source, f"step {number} of {mode} aardvark") for number in range(4)]
    # Each first message has the same rare word: whichever becomes the preview, a search finds the thread.
    author.turn(author.fork(source), f"after a whole {mode} fork, aardvark")
    author.turn(author.fork(source, lastTurnId=turns[1]), f"after a partial {mode} fork, aardvark")
    if mode == "paginated":
        author.client.call("thread/revert", {"threadId": source, "beforeTurnId": turns[2]})
        author.turn(source, "after the revert, aardvark")


def archived(author):
    thread = author.thread("paginated")
    author.turn(thread, "soon in the archive")
    author.client.call("thread/archive", {"threadId": thread})
