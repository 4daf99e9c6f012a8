"""The real Codex writes while two of our servers page, list, search and verify its home.

What the servers answer meanwhile is kept, and judged when all has been written: a page may end early, but never say anything
else than the same page of the finished thread.
"""
import contextlib
import os
import random
import threading
import time

import interop_path  # noqa: F401
from checks import Checks
from codex import installed_codex
from home import Author
from ledger import check_pages, listed_ids
from model import Model, message, shell
from place import Place
from questions import SOURCES
from rpc import ServerError
from views import ids_of, messages_of, turns_of

MODES = ("legacy", "paginated", "legacy", "paginated")
READERS = 2
MAX_PAGES = 500
VERIFY_PAUSE_SECONDS = 3
SETTLE_SECONDS = 20
SWEEP_SECONDS = 2  # lists and searches look for new files at most once a second
PAUSE_SECONDS = 0.02  # between the questions of a reader


def run(command, work, codex, interop_scratch, turns, seed):
    """Returns the checks and what to say of them."""
    checks, model = Checks("crowd"), Model()
    codex = codex or installed_codex(interop_scratch)
    home, project = (os.path.join(work, "crowd", name) for name in ("home", "project"))
    place = Place(command, home, os.path.join(work, "crowd.log"))
    print(f"crowd: {turns} turns, {READERS} servers, seed {seed}", flush=True)
    try:
        with contextlib.closing(Author(codex, model, home, project, place.log_path)) as real:
            crowd = Crowd(checks, place, seed)
            with crowd.reading():
                written = write(real, turns, random.Random(seed), crowd.told)
            for server in crowd.servers:
                for thread_id, turn_ids in written.items():
                    crowd.judge_end(server, real, thread_id, turn_ids)
            crowd.close()
        wrong = place.verify()
        checks.that("verify finds nothing at the end", wrong is None, wrong)
    finally:
        model.close()
    return checks, (f"{turns} turns of the real Codex in {len(MODES)} threads, {crowd.answers} answers meanwhile "
                    f"({crowd.walks} walks, {crowd.verified} runs of verify), {crowd.judged} pages judged")


def write(real, turns, dice, told):
    """The real Codex takes turns. Returns {thread id: turn ids}."""
    written = {}
    for mode in MODES:
        thread_id = real.thread(mode)
        written[thread_id] = []
    for number in range(turns):
        thread_id = dice.choice(list(written)) if number >= len(written) else list(written)[number]
        text = f"turn {number} about a walrus of {thread_id}"
        steps = [[shell(f"echo {number}")]] if dice.random() < 0.2 else []
        written[thread_id].append(real.turn(thread_id, text, *steps, [message(f"Answer to: {text} " * dice.choice([1, 1, 200]))]))
        told.setdefault(thread_id, []).append(time.monotonic())
    return written


class Crowd:
    """Servers that read at once, and what they said."""

    def __init__(self, checks, place, seed):
        self.checks, self.place, self.seed = checks, place, seed
        self.told = {}  # {thread id: when each of its turns had ended}: a reader that asks later has to see them
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.servers, self.pages = [], []
        self.answers = self.walks = self.verified = self.judged = 0

    @contextlib.contextmanager
    def reading(self):
        self.servers = [self.place.open() for _ in range(READERS)]
        tasks = [threading.Thread(target=self.guarded, args=(self.read, server, random.Random(self.seed + number)))
                 for number, server in enumerate(self.servers)]
        tasks.append(threading.Thread(target=self.guarded, args=(self.keep_verifying,)))
        for task in tasks:
            task.start()
        try:
            yield
        finally:
            self.stopping.set()
            for task in tasks:
                task.join()

    def guarded(self, task, *arguments):
        try:
            task(*arguments)
        except (ServerError, OSError, KeyError) as error:
            self.that("a reader goes on to the end", False, f"{type(error).__name__}: {error}")

    def that(self, fact, held, seen=None):
        with self.lock:
            self.checks.that(fact, held, seen)

    def ask(self, server, method, **params):
        """Returns the result; an error is a fault."""
        answer = server.ask(method, params)
        with self.lock:
            self.answers += 1
        self.that(f"{method} is answered", "result" in answer, (params, answer.get("error")))
        return answer.get("result", {"data": [], "nextCursor": None})

    def keep_verifying(self):
        while not self.stopping.wait(VERIFY_PAUSE_SECONDS):
            wrong = self.place.verify()
            self.verified += 1
            self.that("verify finds nothing meanwhile", wrong is None, wrong)

    def read(self, server, dice):
        while not self.stopping.wait(PAUSE_SECONDS):
            with self.lock:
                known = {thread_id: len(times) for thread_id, times in self.told.items()}
                settled = {thread_id for thread_id, times in self.told.items() if time.monotonic() - times[0] > SWEEP_SECONDS}
            rows = self.ask(server, "thread/list", limit=dice.randint(4, 50), sourceKinds=SOURCES, modelProviders=[])["data"]
            missing = settled - {row["id"] for row in rows}
            self.that("every thread with a turn is listed", not missing, missing)
            if not known:
                continue
            thread_id = dice.choice(sorted(known))
            hits = self.ask(server, "thread/search", searchTerm=f"walrus of {thread_id}", limit=5, sourceKinds=SOURCES)["data"]
            self.that("a thread is found by its words", thread_id in str(hits) or thread_id not in settled, (thread_id, hits))
            kind = dice.choice(["turns", "turns", "items", "read"])
            if kind == "read":
                turns = self.ask(server, "thread/read", threadId=thread_id, includeTurns=True)["thread"]["turns"]
                self.keep("turns", thread_id, "asc", turns, known[thread_id])
            else:
                self.walk(server, dice, thread_id, kind, known[thread_id])

    def walk(self, server, dice, thread_id, kind, at_least):
        """Follows the cursors to the end of a thread."""
        direction, cursor, data = dice.choice(["asc", "desc"]), None, []
        params = {"threadId": thread_id, "limit": dice.randint(1, 20), "sortDirection": direction}
        if kind == "turns":
            params["itemsView"] = "full"
        for _ in range(MAX_PAGES):
            page = self.ask(server, f"thread/{kind}/list", **params, **({"cursor": cursor} if cursor else {}))
            data += page["data"]
            cursor = page["nextCursor"]
            if not cursor:
                break
        self.that("a walk ends", not cursor, params)
        self.keep(kind, thread_id, direction, data, at_least)
        with self.lock:
            self.walks += 1

    def keep(self, kind, thread_id, direction, data, at_least):
        with self.lock:
            self.pages.append((kind, thread_id, data if direction == "asc" else data[::-1], at_least))

    def judge_end(self, server, real, thread_id, turn_ids):
        """The last state of a thread, and everything that was said of it meanwhile."""
        theirs, ours = turns_of(real.client, thread_id), turns_of(server, thread_id)
        self.checks.same(f"{thread_id}, turns of the real Codex", turn_ids, ids_of(theirs))
        self.checks.same(f"{thread_id}, turns", turn_ids, ids_of(ours))
        self.checks.same(f"{thread_id}, messages", messages_of(theirs), messages_of(ours))
        self.checks.that(f"{thread_id}, ends of turns", all(turn["status"] == "completed" for turn in ours), ours[-1:])
        self.checks.that(f"{thread_id} is listed", thread_id in listed_ids(server, self.checks))
        check_pages(self.checks, server, thread_id, ours, 7, "desc")
        self.checks.same(f"{thread_id}, lag", 0, lag(server, thread_id))
        for kind, _, data, at_least in [page for page in self.pages if page[1] == thread_id]:
            self.judge(kind, thread_id, data, at_least, ours)
            self.judged += 1

    def judge(self, kind, thread_id, data, at_least, turns):
        """What was shown is the beginning of what is shown now; of a turn that had ended, every word."""
        if kind == "turns":
            ended = [turn for turn in data if turn["status"] == "completed"]
            self.checks.that(f"{thread_id}, turns that had ended are shown", len(ended) >= at_least, (len(ended), at_least))
            self.checks.same(f"{thread_id}, order of turns", ids_of(turns)[:len(data)], ids_of(data))
            final = {turn["id"]: turn for turn in turns}
            self.checks.same(f"{thread_id}, turns that had ended", [final.get(turn["id"]) for turn in ended], ended)
            return
        entries = [(turn["id"], item) for turn in turns for item in turn["items"]]
        shown = [(entry["turnId"], entry["item"]) for entry in data]
        self.checks.that(f"{thread_id}, items of ended turns are shown", len({turn for turn, _ in shown}) >= at_least,
                         (len(shown), at_least))
        order = [(turn, item["id"]) for turn, item in entries[:len(shown)]]
        self.checks.same(f"{thread_id}, order of items", order, [(turn, item["id"]) for turn, item in shown])
        last = shown[-1][0] if shown else None  # the last turn may have been running
        self.checks.same(f"{thread_id}, items of ended turns", [entry for entry in entries[:len(shown)] if entry[0] != last],
                         [entry for entry in shown if entry[0] != last])

    def close(self):
        for server in self.servers:
            server.close()


def lag(server, thread_id):
    """The bytes that the index is behind after a read; it is given a moment, because it follows behind answers."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        server.call("thread/read", {"threadId": thread_id})
        bytes_behind = server.call("thread/indexState", {"threadId": thread_id})["lagBytes"]
        if bytes_behind == 0 or time.monotonic() > until:
            return bytes_behind
        time.sleep(0.1)
