"""Homes of many threads: the start (P3), the first list (P4), lists (P5), searches (P6), the size of the index (P7)."""
import contextlib
import os
import sqlite3
import threading
import time

from race import OURS
from pages import wait_for_index
from wire import NoAnswer

LIMIT = 50
ALL = {"limit": LIMIT, "modelProviders": []}
# What a list may ask for besides; the peer's `useStateDbOnly` is asked as it is.
LISTS = {
    "newest created": {},
    "newest updated": {"sortKey": "updated_at"},
    "oldest created": {"sortDirection": "asc"},
    "oldest updated": {"sortKey": "updated_at", "sortDirection": "asc"},
    "of one folder": {"cwd": "/home/user/project7"},
    "of one provider": {"modelProviders": ["openai"]},
    "of one provider without threads": {"modelProviders": ["nobody"]},
    "archived": {"archived": True},
    "search term, common": {"searchTerm": "tokio"},
    "search term, part of a word": {"searchTerm": "oki"},
    "search term without a match": {"searchTerm": "zzqqxxjj"},
}


class Tables:
    """Which tables of our index hold words; everything else is positions and metadata."""

    @staticmethod
    def is_words(name):
        return "word" in name


def from_nothing(bench, home, everything):
    """P3 and P4: starts without an index. With `everything`, until each thread was listed and the index is complete."""
    stand = bench.stand(home)
    count = len(home.threads())

    def steps(wire, side):
        taken = {"start to initialize": wire.initialized_ms}
        watch = IndexWatch(wire, stand.copies[OURS].path, count) if everything and side.name == OURS else None
        first = wire.call("thread/list", ALL)
        taken["start to first list page"] = wire.since_begin_ms()
        if len(first["data"]) != min(LIMIT, count) or not all(thread["preview"] for thread in first["data"]):
            raise NoAnswer("the first list page is not complete")
        if not everything:
            return taken
        seen = walk(wire)
        taken["start to all threads listed"] = wire.since_begin_ms()
        if seen != count:
            raise NoAnswer(f"{seen} of {count} threads listed")
        found = wire.call("thread/search", {"searchTerm": home.needle()})["data"]
        taken["start to a rare word found"] = wire.since_begin_ms()
        if len(found) != 1:
            raise NoAnswer(f"{len(found)} threads found that say a word of one thread")
        return taken | watch.wait() if watch else taken

    told = stand.cold("no index", steps)
    stand.close()
    return told


def walk(wire):
    seen, cursor = 0, None
    while True:
        page = wire.call("thread/list", {"limit": 100, "modelProviders": [], "cursor": cursor})
        seen, cursor = seen + len(page["data"]), page["nextCursor"]
        if not cursor:
            return seen


class IndexWatch(threading.Thread):
    """Looks at our index from outside while a server makes it; sees nothing of a server that keeps another index."""

    PAUSE_SECONDS = 0.1
    SQL = "SELECT count(*), sum(projected_offset >= file_len), sum(text_offset >= file_len) FROM rollouts WHERE compressed = 0"

    def __init__(self, wire, home, count):
        super().__init__(daemon=True)
        self.wire, self.home, self.count, self.taken = wire, home, count, {}
        self.start()

    def run(self):
        while "start to all words indexed" not in self.taken and self.wire.process.poll() is None:
            time.sleep(self.PAUSE_SECONDS)
            with contextlib.suppress(sqlite3.Error, OSError):  # it is being made, or is no index of ours
                self.look()

    def look(self):
        path = index_file(self.home)
        if not path:
            return
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as index:
            rollouts, positions, words = index.execute(self.SQL).fetchone()
        if rollouts == self.count and positions == self.count:
            self.taken.setdefault("start to all positions indexed", self.wire.since_begin_ms())
        if rollouts == self.count and words == self.count:
            self.taken.setdefault("start to all words indexed", self.wire.since_begin_ms())

    def wait(self, seconds=120):
        """What was seen until everything was there, or until nobody waits any longer."""
        self.join(seconds)
        return dict(self.taken)


def index_file(home):
    files = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(home, "codex-threads")) for name in names
             if name.startswith("index") and name.endswith(".sqlite")]
    return max(files, key=os.path.getmtime, default=None)


def index_sizes(home):
    """Bytes of our index by what they are for: {"positions", "words"}; empty if this Python's SQLite cannot tell."""
    path, sizes = index_file(home), {}
    try:
        index = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for name, size in index.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
            kind = "words" if Tables.is_words(name) else "positions"
            sizes[kind] = sizes.get(kind, 0) + size
        (free,), (page,) = (index.execute(f"PRAGMA {what}").fetchone() for what in ("freelist_count", "page_size"))
        sizes["positions"] = sizes.get("positions", 0) + free * page
        index.close()
    except sqlite3.Error:
        return {}
    return sizes


def make_ready(stand):
    failed = stand.start_all()
    for wire in stand.wires.values():
        walk(wire)
    wait_for_index(stand)
    return failed


def lists(stand):
    """P5: lists of every kind. Returns [(what, figures)]."""
    return [(what, stand.ask(f"list {LIMIT}, {what}", "thread/list", ALL | extra)) for what, extra in LISTS.items()]


def default_lists(stand):
    """P5: what both are asked for in the same words: the default list, and the one from the database alone."""
    return (stand.ask(f"list {LIMIT}, default", "thread/list", ALL),
            stand.ask(f"list {LIMIT}, useStateDbOnly", "thread/list", ALL | {"useStateDbOnly": True}))


def searches(stand, home):
    """P6: a word that one thread says, and one that many say."""
    return (stand.ask("search, rare word", "thread/search", {"searchTerm": home.needle()}),
            stand.ask("search, common word", "thread/search", {"searchTerm": "tokio", "limit": 20}))
