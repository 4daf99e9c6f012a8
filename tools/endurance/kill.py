"""A server is killed at random moments while it records, forks, reverts, archives and deletes; then it has to tell the truth.

One home goes through many rounds. Each round opens it, compares everything that it shows with everything that was ever
acknowledged, then works on until SIGKILL.
"""
import collections
import contextlib
import dataclasses
import itertools
import os
import random
import shutil
import subprocess
import threading
import time
import uuid

import interop_path  # noqa: F401
import ledger
import said
from checks import Checks
from ledger import ARCHIVED, LIVE, State, Thread
from place import Place
from rpc import ServerError

ROUNDS_PER_HOME = 50
REQUESTS_IN_FLIGHT = 5
MAX_THREADS = 12
MAX_ANSWERS = 40  # in a round, before the kill that comes
KILL_SECONDS = 0.03  # after the last of them, at most
STARTS_KILLED = 0.15  # of the rounds: the server is killed before it can do anything
PAGED_THREADS = 1


class Home:
    """A home, the threads in it as they were acknowledged, and what is under way."""

    def __init__(self, place, dice, checks, counts):
        self.place, self.dice, self.checks, self.counts = place, dice, checks, counts
        self.threads = {}
        self.forks = []  # unanswered ones: (id of the source, state that the fork has)

    # -- comparing

    def check(self, client):
        """Compares all that is shown with the ledger, which then takes over what turned out of what was not answered."""
        found = ledger.listed_ids(client, self.checks)
        for thread_id, where in found.items():
            if thread_id not in self.threads:
                self.adopt(client, thread_id, where)
        paged = set(self.dice.sample(sorted(found), min(PAGED_THREADS, len(found))))
        for thread in list(self.threads.values()):
            unsettled = len(thread.possible) > 1
            where = found.get(thread.thread_id)
            seen, turns = ledger.shown(client, thread.thread_id, where) if where else (None, [])
            self.settle(thread, seen)
            if where and (unsettled or thread.thread_id in paged):
                ledger.check_pages(self.checks, client, thread.thread_id, turns, self.dice.randint(1, 7),
                                   self.dice.choice(["asc", "desc"]))
        self.forks.clear()

    def settle(self, thread, seen):
        self.checks.that(f"{thread.thread_id} ({thread.mode}) is as it was acknowledged", seen in thread.possible,
                         f"shown {brief(seen)}, possible {[brief(state) for state in thread.possible]}")
        if len(thread.possible) > 1:
            self.counts["unanswered, found " + ("before" if seen == thread.possible[0] else
                                                "after" if seen == thread.possible[-1] else "in part")] += 1
        thread.possible, thread.loaded, thread.open_turn = [seen], False, None
        if seen is None:
            del self.threads[thread.thread_id]

    def adopt(self, client, thread_id, where):
        """A thread that nobody was told of can only be a fork that was not answered."""
        seen, _ = ledger.shown(client, thread_id, where)
        match = next((fork for fork in self.forks if fork[1] == seen), None)
        self.checks.that(f"{thread_id} is known", match is not None, brief(seen))
        if match:
            self.forks.remove(match)
            self.counts["unanswered, found after"] += 1
        source = self.threads.get(match[0]) if match else None
        self.threads[thread_id] = Thread(thread_id, source.mode if source else "unknown", seen, loaded=False)

    # -- working

    def work(self, client, answers, killer):
        """Asks for one thing after the other, several at once; the killer starts after so many answers."""
        waiting = {}  # request: (name, thread, whatever takes its result)
        with contextlib.suppress(ServerError):
            for number in itertools.count():
                if number == answers:
                    killer.start()
                while len(waiting) < REQUESTS_IN_FLIGHT:
                    self.ask(client, waiting)
                self.take(client, waiting)
        killer.join()
        with contextlib.suppress(ServerError):  # answers that came before the end count
            while True:
                self.take(client, waiting)
        for name, _, _ in waiting.values():
            self.counts[f"{name} cut off"] += 1

    def take(self, client, waiting):
        request, answer = client.take()
        name, thread, finish = waiting.pop(request)
        self.checks.that(f"{name} is answered", "result" in answer, (thread and thread.thread_id, answer.get("error")))
        self.counts[name] += 1
        if "result" in answer:
            finish(answer["result"])

    def ask(self, client, waiting):
        busy = {thread.thread_id for _, thread, _ in waiting.values() if thread}
        free = [thread for thread in self.threads.values() if thread.thread_id not in busy and thread.mode != "unknown"]
        if self.dice.random() < 0.8:
            free = [thread for thread in free if thread.loaded] or free
        thread = self.dice.choice(free) if free else None
        if thread is None or (len(self.threads) < MAX_THREADS and self.dice.random() < 0.04):
            mode = self.dice.choice(["legacy", "paginated"])
            waiting[client.begin("thread/start", {"historyMode": mode})] = ("start", None, self.started(mode))
            return
        name, method, params, finish = self.choose(thread)
        # Noted before it is sent: it may be done although sending fails.
        waiting[client.next_id + 1] = (name, thread, finish)
        client.begin(method, {"threadId": thread.thread_id, **params})

    def started(self, mode):
        def finish(result):
            thread_id = result["thread"]["id"]
            self.threads[thread_id] = Thread(thread_id, mode)
        return finish

    def choose(self, thread):
        """Returns the name, method, parameters of something that must succeed, and what takes its result."""
        state, crowded = thread.state, len(self.threads) >= MAX_THREADS
        if state and state.where == ARCHIVED:
            if crowded and not thread.has_forks:
                return self.delete(thread)
            return self.move(thread, LIVE)
        if not thread.loaded:
            return "resume", "thread/resume", {"excludeTurns": True}, lambda _: setattr(thread, "loaded", True)
        kind = self.dice.random()
        if state is None or not state.turns or kind < 0.8:
            return self.append(thread)
        if kind < 0.87 and not crowded:
            return self.fork(thread)
        if kind < 0.92 and thread.mode == "paginated":
            return self.revert(thread)
        if kind < 0.96 and crowded and not thread.has_forks:
            return self.delete(thread)
        return self.move(thread, ARCHIVED)

    def append(self, thread):
        state, text = thread.state or State(), f"{uuid.UUID(int=self.dice.getrandbits(128))} " * self.dice.choice([1, 1, 3, 300])
        durability = self.dice.choice(["written", "synced"])
        if state.turns and thread.open_turn == state.turns[-1].turn_id:
            records = said.answer(thread.thread_id, thread.open_turn, text)
            thread.doing(state.answered(text))
            thread.open_turn = None
        else:
            thread.open_turn = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
            records = said.question(thread.thread_id, thread.open_turn, text)
            thread.doing(state.asked(thread.open_turn, text))
        return f"append {durability}", "thread/append", {"items": records, "durability": durability}, lambda _: thread.done()

    def fork(self, thread):
        thread.has_forks = True
        entry = (thread.thread_id, thread.state)
        self.forks.append(entry)

        def finish(result):
            self.forks.remove(entry)
            thread_id = result["thread"]["id"]
            self.threads[thread_id] = Thread(thread_id, thread.mode, entry[1])
        return "fork", "thread/fork", {"excludeTurns": True}, finish

    def revert(self, thread):
        cut = self.dice.randrange(len(thread.state.turns))
        before = thread.state.turns[cut].turn_id
        thread.doing([dataclasses.replace(thread.state, turns=thread.state.turns[:cut])])
        return "revert", "thread/revert", {"beforeTurnId": before}, lambda _: thread.done()

    def move(self, thread, where):
        thread.doing([dataclasses.replace(thread.state, where=where)])
        thread.loaded, thread.open_turn = False, None
        name = "archive" if where == ARCHIVED else "unarchive"
        return name, f"thread/{name}", {}, lambda _: thread.done()

    def delete(self, thread):
        thread.doing([None])

        def finish(_):
            del self.threads[thread.thread_id]
        return "delete", "thread/delete", {}, finish


def brief(state):
    if state is None:
        return "no thread"
    turns = [(turn.turn_id[:8], [f"{who} {text[:8]}*{len(text)}" for who, text in turn.said], turn.completed) for turn in state.turns]
    return f"{state.where}, {len(turns)} turns, the last {turns[-2:]}"


def kill_while_starting(place, dice):
    """Starts a server that has just enough time for something of its start."""
    env = {**os.environ, "CODEX_HOME": place.home, "RUST_LOG": "error"}
    with open(place.log_path, "ab") as log, subprocess.Popen(place.command, env=env, stdin=subprocess.PIPE,
                                                             stdout=subprocess.DEVNULL, stderr=log) as server:
        time.sleep(dice.uniform(0, 0.15))
        server.kill()


def run(command, work, rounds, seed):
    """Returns the checks and what to say of them."""
    checks, counts, dice = Checks("kill"), collections.Counter(), random.Random(seed)
    print(f"kill: {rounds} rounds, seed {seed}", flush=True)
    home = None
    for number in range(rounds):
        if number % ROUNDS_PER_HOME == 0:
            if home and not checks.broken:
                shutil.rmtree(home.place.home)
            place = Place(command, os.path.join(work, f"kill-{number}", "home"), os.path.join(work, "kill.log"))
            home = Home(place, dice, checks, counts)
        kill_once(home, dice)
        if checks.broken:
            print(f"kill: wrong after round {number} of seed {seed}, home {home.place.home}")
            break
        if number % 10 == 9:
            print(f"kill: {number + 1} rounds, {len(home.threads)} threads, {checks.held} facts", flush=True)
    if not checks.broken:
        with contextlib.closing(home.place.open()) as client:
            home.check(client)
        note_verify(home)
    appended = counts["append written"] + counts["append synced"]
    changed = sum(counts[name] for name in ("fork", "revert", "archive", "unarchive", "delete"))
    cut = sum(count for name, count in counts.items() if name.endswith("cut off"))
    print(f"kill: {dict(sorted((name, count) for name, count in counts.items() if count))}")
    return checks, f"{counts['kills']} kills, {appended} appends and {changed} changes acknowledged, {cut} cut off"


def note_verify(home):
    wrong = home.place.verify()
    home.checks.that("verify finds nothing", wrong is None, wrong)


def kill_once(home, dice):
    if dice.random() < STARTS_KILLED:
        kill_while_starting(home.place, dice)
        home.counts["kills"] += 1
    verify_first = dice.random() < 0.5
    if verify_first:
        note_verify(home)
    client = home.place.open()
    try:
        home.check(client)
        if not verify_first:
            note_verify(home)
        if home.checks.broken:
            return
        home.work(client, dice.randrange(MAX_ANSWERS), threading.Timer(dice.uniform(0, KILL_SECONDS), client.kill))
        home.counts["kills"] += 1
    finally:
        client.kill()
        client.close()
