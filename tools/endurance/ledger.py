"""What a client was told of its threads, and the comparison of that with what a server shows.

A thread has one state once everything is answered, and several possible ones while something is not: before it and after
it, and for an append every beginning of it in between. `None` is the state of a thread that is not there.
"""
import dataclasses
import itertools

import interop_path  # noqa: F401
from questions import SOURCES, pages
from views import messages_of

LIVE, ARCHIVED = "live", "archived"


@dataclasses.dataclass(frozen=True)
class Turn:
    turn_id: str
    said: tuple = ()
    completed: bool = False


@dataclasses.dataclass(frozen=True)
class State:
    turns: tuple = ()
    where: str = LIVE

    def asked(self, turn_id, text):
        """The states while a question is recorded, the last one with all of it."""
        part = dataclasses.replace(self, turns=(*self.turns, Turn(turn_id)))
        return [part, dataclasses.replace(self, turns=(*self.turns, Turn(turn_id, (("user", text),))))]

    def answered(self, text):
        """The states while the answer of the last turn is recorded, the last one with all of it."""
        *before, open_turn = self.turns
        said = dataclasses.replace(open_turn, said=(*open_turn.said, ("agent", text)))
        return [dataclasses.replace(self, turns=(*before, said)),
                dataclasses.replace(self, turns=(*before, dataclasses.replace(said, completed=True)))]


class Thread:
    def __init__(self, thread_id, mode, state=None, loaded=True):
        self.thread_id, self.mode, self.loaded = thread_id, mode, loaded
        self.possible = [state]
        self.has_forks = False
        self.open_turn = None  # one that this connection can still answer

    @property
    def state(self):
        """What was acknowledged last."""
        return self.possible[0]

    def doing(self, states):
        """Something was asked for; these states may follow."""
        self.possible = [self.state, *states]

    def done(self):
        """It was acknowledged."""
        self.possible = [self.possible[-1]]


def shown(client, thread_id, where):
    """The state that a server shows of a listed thread, and the turns as they were read."""
    turns = client.call("thread/read", {"threadId": thread_id, "includeTurns": True})["thread"]["turns"]
    said = {turn_id: tuple((who, text) for _, who, text in entries)
            for turn_id, entries in itertools.groupby(messages_of(turns), lambda entry: entry[0])}
    seen = tuple(Turn(turn["id"], said.get(turn["id"], ()), turn["status"] == "completed") for turn in turns)
    return State(seen, where), turns


def listed_ids(client, checks):
    """{thread id: where} of everything that is listed, each once."""
    found = {}
    for where in (LIVE, ARCHIVED):
        params = {"limit": 50, "sourceKinds": SOURCES, "modelProviders": [], "archived": where == ARCHIVED}
        answer = pages(client, "thread/list", params)
        checks.that(f"the {where} threads can be listed", "error" not in answer, answer.get("error"))
        for row in answer["data"]:
            checks.that(f"{row['id']} is listed once", row["id"] not in found, found)
            found[row["id"]] = where
    return found


def check_pages(checks, client, thread_id, turns, limit, direction):
    """Pages of turns and of items say what a read of the whole thread says."""
    def paged(method, **params):
        answer = pages(client, method, {"threadId": thread_id, "limit": limit, "sortDirection": direction, **params})
        checks.that(f"{thread_id}, {method} is answered", "error" not in answer, answer.get("error"))
        return answer["data"] if direction == "asc" else answer["data"][::-1]
    checks.same(f"{thread_id}, pages of {limit} turns ({direction})", turns, paged("thread/turns/list", itemsView="full"))
    items = [(turn["id"], item) for turn in turns for item in turn["items"]]
    entries = [(entry["turnId"], entry["item"]) for entry in paged("thread/items/list")]
    checks.same(f"{thread_id}, pages of {limit} items ({direction})", items, entries)
