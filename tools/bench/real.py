"""P12: a home that the real Codex wrote, every thread read in full, the index warm."""
import contextlib
import glob
import os
import re
import shutil
import sqlite3

import interop_path  # noqa: F401
from home import make_home
from lists import index_sizes
from model import Model
from race import OURS, PEER, Figure, Stand, turn_order
from wire import NoAnswer


class RealHome:
    """A home without a manifest."""

    def __init__(self, path):
        self.name, self.path = "REAL", path

    def log_bytes(self):
        return sum(os.path.getsize(os.path.join(folder, file)) for folder, _, files in os.walk(self.path) for file in files
                   if file.startswith("rollout-"))


def written_by(codex, scratch):
    """A home that the real Codex writes with a scripted model; made once."""
    path = os.path.join(scratch, "real", "home")
    if not os.path.isdir(path):
        print("making REAL: the real Codex writes it", flush=True)
        partial = os.path.join(scratch, "real.partial")
        shutil.rmtree(partial, ignore_errors=True)
        home, project = os.path.join(partial, "home"), os.path.join(partial, "project")
        os.makedirs(partial)
        make_home(codex, Model(), home, project, os.path.join(partial, "stderr.log"))
        os.rename(partial, os.path.join(scratch, "real"))
    return RealHome(path)


def settle(home):
    """The databases of the real Codex name rollouts by their whole path: in a copy, they have to name those of the copy."""
    for database in glob.glob(os.path.join(home, "state_*.sqlite")):
        with contextlib.closing(sqlite3.connect(database)) as state:
            paths = [path for (path,) in state.execute("SELECT rollout_path FROM threads")]
            for path in paths:
                below = re.search(r"/((?:archived_)?sessions/.*)$", path)
                if below:
                    state.execute("UPDATE threads SET rollout_path = ? WHERE rollout_path = ?",
                                  (os.path.join(home, below.group(1)), path))
            state.commit()


def thread_ids(wire):
    ids = []
    for archived in (False, True):
        cursor = None
        while True:
            page = wire.call("thread/list", {"limit": 100, "modelProviders": [], "archived": archived, "cursor": cursor})
            ids += [thread["id"] for thread in page["data"]]
            cursor = page["nextCursor"]
            if not cursor:
                break
    return list(dict.fromkeys(ids))


def read_all(bench, home, sides):
    """Reads every thread that all servers list, in turns, several times. Returns {server: {thread: figure}}."""
    stand = Stand(bench, home, list(sides))
    for copy in stand.copies.values():
        settle(copy.path)
    stand.start_all()
    listed = {name: thread_ids(wire) for name, wire in stand.wires.items()}
    shared = [thread for thread in next(iter(listed.values())) if all(thread in ids for ids in listed.values())]
    figures = {side.name: {} for side in stand.sides}
    for number in range(2 + min(bench.limits.repeat, 20)):
        for thread in shared:
            for side in turn_order(stand.sides, number):
                try:
                    answer = stand.wires[side.name].ask("thread/read", {"threadId": thread, "includeTurns": True})
                except NoAnswer as error:
                    raise NoAnswer(f"{side.name}: {error}") from None
                figure = figures[side.name].setdefault(thread, Figure())
                if number < 2:  # the first ones make the index
                    figure.error = answer.error()
                elif not figure.error:
                    figure.add(answer)
    kept = {side.name: stand.copies[side.name].index_bytes() for side in stand.sides}
    sizes = index_sizes(stand.copies[OURS].path)
    stand.close()
    return figures, {"listed": {name: len(ids) for name, ids in listed.items()}, "read": len(shared), "indexBytes": kept,
                     "indexSizes": sizes}


def summary(figures):
    """(threads read by all without an error, {server: sum of medians}, threads on which ours is slower, those that only ours refuses)."""
    sides = list(figures.values())
    read = [thread for thread in sides[0] if all(not side[thread].error for side in sides)]
    totals = {name: sum(side[thread].p50() for thread in read) for name, side in figures.items()}
    slower = 0
    if PEER in figures:
        slower = sum(figures[OURS][thread].p50() > figures[PEER][thread].p50() for thread in read)
    refused = sum(bool(figures[OURS][thread].error) and all(not side[thread].error for name, side in figures.items() if name != OURS)
                  for thread in sides[0])
    return len(read), totals, slower, refused
