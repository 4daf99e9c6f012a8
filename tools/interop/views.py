"""Reads threads through a server, and takes from its answers what has to be equal between servers."""
import contextlib
import json
import os
import subprocess

from compare import equal, leaves
from questions import SOURCES, normal, pages
from rpc import Client

TIMEOUT_SECONDS = 60


def listed(client):
    """All threads that the server lists, by id."""
    rows = pages(client, "thread/list", {"limit": 50, "sourceKinds": SOURCES, "modelProviders": []})["data"]
    return {row["id"]: row for row in rows}


def turns_of(client, thread_id):
    return client.call("thread/read", {"threadId": thread_id, "includeTurns": True})["thread"]["turns"]


def ids_of(turns):
    return [turn["id"] for turn in turns]


def messages_of(turns):
    """What people and the agent said: (turn id, who, text)."""
    said = []
    for turn in turns:
        for item in turn["items"]:
            if item["type"] == "userMessage":
                text = "".join(part.get("text", "") for part in item["content"])
                said.append((turn["id"], "user", text))
            elif item["type"] == "agentMessage":
                said.append((turn["id"], "agent", item["text"]))
    return said


def comparable(theirs, ours, home):
    """The fields of a thread: {path: (what the servers say, whether they agree)}."""
    theirs, ours = (dict(leaves(normal(thread, home))) for thread in (theirs, ours))
    return {path: ((theirs.get(path, "(absent)"), ours.get(path, "(absent)")),
                   path in theirs and path in ours and equal(path, theirs[path], ours[path]))
            for path in sorted({*theirs, *ours})}


class Reader:
    """The server under test and the rest of its command line."""

    def __init__(self, command, cwd, log_path):
        self.exact = command
        self.full = [word for word in command if word != "--exact"]
        self.cwd, self.log_path = cwd, log_path

    def open(self, command, home):
        return contextlib.closing(Client(command, {"CODEX_HOME": home, "HOME": os.path.dirname(home)}, self.cwd, self.log_path))

    def command(self, *arguments):
        """Runs another command of the program."""
        return subprocess.run([self.exact[0], *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, check=False)

    def findings(self, home, thread_id):
        """What `doctor` says about a thread. Its exit code says whether the thread is in the default list."""
        done = self.command("doctor", "--json", "--home", home, thread_id)
        try:
            return json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            return [{"check": "doctor", "ok": False, "detail": f"exit code {done.returncode}: {done.stderr}"}]

    def check_against(self, checks, home, rows, expected):
        """Compares both views with what the real server says: `rows` of its list, and {thread id: its turns}."""
        with self.open(self.exact, home) as client:
            ours = listed(client)
            for thread_id, turns in expected.items():
                for path, (theirs, same) in comparable(rows[thread_id], ours.get(thread_id, {}), home).items():
                    checks.that(f"exact list entry of {thread_id}, {path}", same, theirs)
                read = turns_of(client, thread_id)
                checks.same(f"exact turns and items of {thread_id}", normal(turns, home), normal(read, home))
                for direction in ("asc", "desc"):
                    params = {"threadId": thread_id, "limit": 2, "sortDirection": direction, "itemsView": "full"}
                    paged = pages(client, "thread/turns/list", params)["data"]
                    checks.same(f"exact pages ({direction}) of {thread_id}", ids_of(turns),
                                ids_of(paged if direction == "asc" else paged[::-1]))
        with self.open(self.full, home) as client:
            for thread_id, turns in expected.items():
                full = turns_of(client, thread_id)
                checks.same(f"turns of {thread_id} in the full view", ids_of(turns), ids_of(full))
                checks.same(f"messages of {thread_id} in the full view", messages_of(turns), messages_of(full))
        verified = self.command("verify", "--home", home)
        checks.that("verify finds nothing", verified.returncode == 0, verified.stdout + verified.stderr)
        for thread_id in expected:
            wrong = [finding for finding in self.findings(home, thread_id) if not finding["ok"]]
            checks.that(f"doctor finds nothing in {thread_id}", not wrong, wrong)
