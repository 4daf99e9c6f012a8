"""Many walks at once through gigabytes of history, and clients that stop reading.

The server speaks on its standard streams only, so a process has one connection: its clients are requests in flight, 64 walks at
a time. That a slow one harms nobody else is seen in a second process on the same home.
"""
import contextlib
import itertools
import os
import random

import interop_path  # noqa: F401
import sparse
import unread
from checks import Checks
from place import Place, resident_peak_mb

WALKS = 64
PAGE_ROWS = 15
MAX_RESIDENT_MB = 256
HOLE_BYTES = 65 << 20  # one more MiB than a line may have
ANSWER_SECONDS = 240


def run(command, work, sparse_gb):
    """Returns the checks and what to say of them."""
    checks = Checks("clients")
    place = Place(command, os.path.join(work, "clients", "home"), os.path.join(work, "clients.log"))
    with contextlib.closing(place.open()) as client:
        recorded = sparse.record(client)
    copies = max(sparse_gb * 1024 * 1024 * 1024 // HOLE_BYTES // len(recorded), 1)
    threads = sparse.multiply(place.home, recorded, copies, HOLE_BYTES)
    with contextlib.closing(place.open()) as client:
        answers = walk_all(checks, client, threads)
        walked_mb = resident_peak_mb(client)
    checks.that("resident memory while clients page", walked_mb is None or walked_mb < MAX_RESIDENT_MB, f"{walked_mb} MB")
    taken, stalled_mb = unread.check_answers(checks, place, threads)
    checks.that("resident memory while a client does not read", stalled_mb is None or stalled_mb < MAX_RESIDENT_MB, f"{stalled_mb} MB")
    kept = unread.check_notifications(checks, place)
    return checks, (f"{WALKS} walks at once over {len(threads)} threads with {len(threads) * HOLE_BYTES / (1 << 30):.1f} GiB of holes, "
                    f"{answers} pages, at most {walked_mb} MB resident; a client that reads no answers had {taken} requests taken, {stalled_mb} MB; "
                    f"one that reads no notifications was closed, {kept} items of it kept")


class Walk:
    """One client's way through a thread, page by page."""

    def __init__(self, thread_id, turn_ids, method, direction):
        self.thread_id, self.turn_ids, self.method, self.direction = thread_id, turn_ids, method, direction
        self.cursor, self.seen = None, []

    def ask(self, client):
        params = {"threadId": self.thread_id, "limit": PAGE_ROWS, "sortDirection": self.direction}
        if self.method == "thread/turns/list":
            params["itemsView"] = "full"
        if self.cursor:
            params["cursor"] = self.cursor
        return client.begin(self.method, params)

    def take(self, result):
        """Notes a page; returns whether there is another one."""
        for row in result["data"]:
            turn_id = row.get("turnId") or row["id"]
            if self.seen[-1:] != [turn_id]:
                self.seen.append(turn_id)
        self.cursor = result["nextCursor"]
        return bool(self.cursor)

    def check(self, checks):
        expected = self.turn_ids if self.direction == "asc" else self.turn_ids[::-1]
        checks.same(f"{self.method} of {self.thread_id}, {self.direction}", expected, self.seen)


def walk_all(checks, client, threads):
    """Every thread is walked through, by several clients if they are few, many at a time. Returns the number of pages."""
    dice = random.Random(7)
    walks = [Walk(thread_id, turn_ids, dice.choice(["thread/turns/list", "thread/items/list"]), dice.choice(["asc", "desc"]))
             for thread_id, turn_ids in itertools.islice(itertools.cycle(threads.items()), max(len(threads), WALKS))]
    waiting, answers, ahead = {}, 0, iter(walks)
    for walk in [walk for walk, _ in zip(ahead, range(WALKS))]:
        waiting[walk.ask(client)] = walk
    while waiting:
        request, answer = client.take(ANSWER_SECONDS)
        walk = waiting.pop(request)
        answers += 1
        checks.that("a page is answered", "result" in answer, answer.get("error"))
        if "result" in answer and walk.take(answer["result"]):
            waiting[walk.ask(client)] = walk
            continue
        walk.check(checks)
        for another in ahead:
            waiting[another.ask(client)] = another
            break
    return answers
