"""Forks, reverts, archives, deletions and names: what one server did, the other one shows, while both serve one home.

Without its databases the real Codex has faults of its own, which are told apart here: a paginated fork without a turn of its
own is not listed, its inherited turns appear after its source was resumed, what a reverted thread kept is never shown (the
model is told of it all the same), and names of paginated threads are lost.
"""
import contextlib
import dataclasses
import os
import time

from checks import Checks
from home import Author, next_second
from views import ids_of, listed, messages_of, turns_of
from questions import pages, SOURCES

TURNS = 4


@dataclasses.dataclass
class Outcome:
    """What was done to a thread, and the turns that it must show; `None` for no thread at all."""
    what: str
    mode: str
    turns: list
    name: str = None
    archived: bool = False
    idle_fork: bool = False
    reverted: bool = False


SEEN_SECONDS = 10  # our sweeps are at most one second apart


def check_lifecycle(codex, agent, reader, model, home, project, log_path):
    checks = Checks("forks, reverts, archives, deletions and names")
    for mode in ("legacy", "paginated"):
        thread_id, turns = talk(agent, mode)
        with reader.open(reader.full, home) as ours:
            made = change_with_ours(checks, ours, agent, mode, thread_id, turns, project)
        check_ours_in_theirs(checks, codex, reader, model, home, project, log_path, made)
    take_databases_away(home)
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real, reader.open(reader.exact, home) as ours:
        for mode in ("legacy", "paginated"):
            change_with_theirs(checks, real, ours, mode)
    verified = reader.command("verify", "--home", home)
    checks.that("verify finds nothing", verified.returncode == 0, verified.stdout + verified.stderr)
    return checks


def talk(agent, mode):
    thread_id, turn_id = agent.start(mode, f"step 0 of {mode}")
    return thread_id, [turn_id] + [agent.say(thread_id, f"step {number} of {mode}") for number in range(1, TURNS)]


def fork(ours, thread_id, project, **cut):
    next_second()
    return ours.call("thread/fork", {"threadId": thread_id, "cwd": project, "excludeTurns": True, **cut})["thread"]["id"]


def change_with_ours(checks, ours, agent, mode, source, turns, project):
    """Returns {thread id: what became of it}, sources before their forks."""
    made = {}

    def expect(thread_id, what, turns, **more):
        made[thread_id] = Outcome(f"{mode}, {what}", mode, list(turns), **more)
        checks.same(f"{mode}, {what}, shown by us", turns, ids_of(turns_of(ours, thread_id)))

    ours.call("thread/name/set", {"threadId": source, "name": f"Steps of {mode}"})
    expect(source, "named", turns, name=f"Steps of {mode}")
    expect(fork(ours, source, project), "forked whole", turns, name=f"Steps of {mode}", idle_fork=True)
    part = fork(ours, source, project, lastTurnId=turns[1])
    expect(part, "forked to a turn", turns[:2], idle_fork=True)
    expect(fork(ours, source, project, beforeTurnId=turns[2]), "forked before a turn", turns[:2], idle_fork=True)
    grandchild = fork(ours, part, project)
    release(ours, [grandchild])
    said = agent.say(grandchild, f"after a fork of a fork, {mode}")
    expect(grandchild, "forked again and continued", [*turns[:2], said])

    reverted, kept = talk(agent, mode)
    if mode == "paginated":  # a marker in a legacy file is checked by the tests of the store
        ours.call("thread/resume", {"threadId": reverted, "cwd": project, "excludeTurns": True})
        ours.call("thread/revert", {"threadId": reverted, "beforeTurnId": kept[2]})
        release(ours, [reverted])
        more = agent.say(reverted, "after the revert")
        expect(reverted, "reverted and continued", [*kept[:2], more], reverted=True)
        expect(fork(ours, reverted, project), "forked from a reverted one", [*kept[:2], more], idle_fork=True, reverted=True)

    stored, kept = talk(agent, mode)
    ours.call("thread/archive", {"threadId": stored})
    expect(stored, "archived", kept, archived=True)
    back, kept = talk(agent, mode)
    ours.call("thread/archive", {"threadId": back})
    ours.call("thread/unarchive", {"threadId": back})
    more = agent.say(back, "after the archive")
    expect(back, "archived, unarchived and continued", [*kept, more])
    gone, _ = talk(agent, mode)
    ours.call("thread/delete", {"threadId": gone})
    made[gone] = Outcome(f"{mode}, deleted", mode, None)
    return made


def release(ours, thread_ids):
    """Makes our server give up its writers: archiving would, so would time; a client that leaves does not."""
    for thread_id in thread_ids:
        ours.call("thread/archive", {"threadId": thread_id})
        ours.call("thread/unarchive", {"threadId": thread_id})


def take_databases_away(home):
    for name in os.listdir(home):
        if ".sqlite" in name:
            os.remove(os.path.join(home, name))


def archived_rows(client):
    params = {"limit": 50, "sourceKinds": SOURCES, "modelProviders": [], "archived": True}
    return {row["id"]: row for row in pages(client, "thread/list", params)["data"]}


def check_ours_in_theirs(checks, codex, reader, model, home, project, log_path, made):
    """The real Codex, without what its databases know, shows what we did."""
    take_databases_away(home)
    shown = {}
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        live, stored = listed(real.client), archived_rows(real.client)
        for thread_id, outcome in made.items():
            what, paginated = outcome.what, outcome.mode == "paginated"
            if outcome.turns is None:
                answer = real.client.ask("thread/read", {"threadId": thread_id})
                checks.that(f"{what}, unknown to the real Codex", "error" in answer, answer)
                continue
            here, there = (stored, live) if outcome.archived else (live, stored)
            if not (paginated and outcome.idle_fork):
                checks.that(f"{what}, listed by the real Codex", thread_id in here and thread_id not in there, list(here))
            if outcome.archived:
                real.client.call("thread/unarchive", {"threadId": thread_id})
            read = real.resume(thread_id)
            wanted = outcome.turns[-len(read):] if outcome.reverted and read else outcome.turns
            if not (outcome.reverted and outcome.idle_fork):
                checks.same(f"{what}, resumed by the real Codex", wanted, ids_of(read))
            if outcome.name is not None and not paginated:
                row = real.client.call("thread/read", {"threadId": thread_id})["thread"]
                checks.same(f"{what}, name", outcome.name, row["name"])
            shown[thread_id] = f"go on after {what}"
            outcome.turns.append(real.turn(thread_id, shown[thread_id]))
    with reader.open(reader.full, home) as ours:
        for thread_id, text in shown.items():
            outcome, turns = made[thread_id], turns_of(ours, thread_id)
            checks.same(f"{outcome.what}, with the turn of the real Codex", outcome.turns, ids_of(turns))
            told = str(model.shown[text])
            untold = [entry for entry in messages_of(turns[:-1]) if entry[2] not in told]
            checks.same(f"{outcome.what}, the model was told all that we show", [], untold)
            if outcome.name is not None:
                row = ours.call("thread/read", {"threadId": thread_id})["thread"]
                checks.same(f"{outcome.what}, name shown by us", outcome.name, row["name"])


def eventually(ask, wanted):
    """Asks until the answer is the wanted one, at most some seconds. Returns the last answer."""
    end = time.monotonic() + SEEN_SECONDS
    while True:
        answer = ask()
        if answer == wanted or time.monotonic() > end:
            return answer
        time.sleep(0.2)


def change_with_theirs(checks, real, ours, mode):
    """The real Codex changes threads while we serve the home: we show it without being told."""
    def seen(what, thread_id):
        expected = ids_of(turns_of(real.client, thread_id))
        actual = eventually(lambda: try_turns(ours, thread_id), expected)
        checks.same(f"{mode}, the real Codex {what}, turns", expected, actual)
        said = messages_of(turns_of(real.client, thread_id))
        checks.same(f"{mode}, the real Codex {what}, messages", said, messages_of(turns_of(ours, thread_id)))

    source = real.thread(mode)
    turns = [real.turn(source, f"they say {number} in {mode}") for number in range(TURNS)]
    seen("writes", source)
    whole, part = real.fork(source), real.fork(source, lastTurnId=turns[1])
    real.turn(whole, f"after their whole {mode} fork")
    real.turn(part, f"after their partial {mode} fork")
    seen("forks", whole)
    seen("forks a part", part)
    grandchild = real.fork(part)
    real.turn(grandchild, f"after their fork of a fork, {mode}")
    seen("forks a fork", grandchild)
    if mode == "paginated":
        next_second()
        real.client.call("thread/revert", {"threadId": source, "beforeTurnId": turns[2]})
        seen("reverts", source)
        real.turn(source, "after their revert")
        seen("reverts and goes on", source)
    real.client.call("thread/name/set", {"threadId": source, "name": f"Theirs, {mode}"})
    name = eventually(lambda: ours.call("thread/read", {"threadId": source})["thread"]["name"], f"Theirs, {mode}")
    checks.same(f"{mode}, the real Codex names a thread", f"Theirs, {mode}", name)
    real.client.call("thread/archive", {"threadId": part})
    checks.that(f"{mode}, the real Codex archives", eventually(lambda: part in archived_rows(ours), True))
    checks.that(f"{mode}, the archived one is in no other list", eventually(lambda: part not in listed(ours), True))
    real.client.call("thread/unarchive", {"threadId": part})
    checks.that(f"{mode}, the real Codex unarchives", eventually(lambda: part in listed(ours), True))
    seen("unarchives", part)
    real.client.call("thread/delete", {"threadId": grandchild})
    checks.that(f"{mode}, the real Codex deletes", eventually(lambda: grandchild not in listed(ours), True))
    answer = ours.ask("thread/read", {"threadId": grandchild})
    checks.that(f"{mode}, a deleted thread is not found", "error" in answer, answer)
    once = [row["id"] for row in pages(ours, "thread/list", {"limit": 50, "modelProviders": []})["data"]]
    checks.same(f"{mode}, every thread is listed once", len(set(once)), len(once))


def try_turns(client, thread_id):
    answer = client.ask("thread/read", {"threadId": thread_id, "includeTurns": True})
    return ids_of(answer["result"]["thread"]["turns"]) if "result" in answer else answer
