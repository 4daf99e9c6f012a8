#!/usr/bin/env python3
"""Times an app-server from the outside: start, lists, searches, pages of one very long thread in each mode.

    bench.py [--turns N] [--threads N] [--repeat N] [--scratch DIR] [--out FILE] --server COMMAND...

Makes three homes with the project's own generator (LONG: one paginated thread; LONGLEG: the same as a legacy thread; MANY: many
small threads of both modes), starts COMMAND on each without any index, asks, and prints one JSON object per figure: what was
asked, the first answer and the median in milliseconds, the answer's size, the server's resident and peak memory in megabytes.
Ratios between runs on one machine mean something; single figures do not. Nothing fails because a machine is slow.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "interop"))
from rpc import Client, ServerError  # noqa: E402

ITEMS_PER_TURN = 12
MANY_TURNS, MANY_ITEMS = 6, 8


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=10_000, help="turns of the long threads")
    parser.add_argument("--threads", type=int, default=5_000, help="threads of the home with many")
    parser.add_argument("--repeat", type=int, default=9, help="how often each question is asked")
    parser.add_argument("--scratch", default=os.path.join("target", "bench"), help="where to put the homes")
    parser.add_argument("--out", help="write the figures to this file as well")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True, help="the server, with its arguments")
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("--server needs a command")
    arguments.server[0] = os.path.abspath(shutil.which(arguments.server[0]) or arguments.server[0])
    return arguments


def make_home(path, threads, turns, items, mode):
    shutil.rmtree(path, ignore_errors=True)
    command = ["cargo", "run", "--quiet", "--release", "-p", "codex-test-support", "--example", "large_home", "--",
               path, str(threads), str(turns), str(items), mode]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class Stopwatch:
    """Asks one server questions and collects the figures."""

    def __init__(self, arguments, home_name, home, figures):
        self.arguments, self.home_name, self.figures = arguments, home_name, figures
        self.started = time.perf_counter()
        self.client = Client(arguments.server, {"CODEX_HOME": home, "HOME": home}, home, os.path.join(home, "stderr.log"))
        self.note("start to initialize", [self.since_start()], None)

    def since_start(self):
        return (time.perf_counter() - self.started) * 1000

    def memory(self):
        try:
            with open(f"/proc/{self.client.process.pid}/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
            return {"rssMb": int(fields["VmRSS"].split()[0]) // 1024, "peakMb": int(fields["VmHWM"].split()[0]) // 1024}
        except (OSError, KeyError):  # not Linux
            return {}

    def note(self, what, times, answer):
        figure = {"home": self.home_name, "what": what, "firstMs": round(times[0], 2), "p50Ms": round(statistics.median(times), 2)}
        if answer is not None:
            figure["bytes"] = len(json.dumps(answer))
            figure["rows"] = len(answer.get("result", {}).get("data", []))
            if "error" in answer:
                figure["error"] = answer["error"]["message"]
        figure.update(self.memory())
        self.figures.append(figure)
        print(json.dumps(figure), flush=True)

    def ask(self, what, method, repeat=None, **params):
        times = []
        for _ in range(repeat or self.arguments.repeat):
            at = time.perf_counter()
            answer = self.client.ask(method, params, timeout=600)
            times.append((time.perf_counter() - at) * 1000)
        self.note(what, times, answer)
        return answer.get("result", {})


def long_thread(arguments, name, home, figures):
    watch = Stopwatch(arguments, name, home, figures)
    thread = watch.ask("first list page", "thread/list", repeat=1, limit=50, modelProviders=[])["data"][0]["id"]
    newest = watch.ask("first turn page, from nothing", "thread/turns/list", repeat=1, threadId=thread, limit=20, itemsView="full")
    watch.note("start to first turn page", [watch.since_start()], None)
    places = {"newest": {"sortDirection": "desc"}, "oldest": {"sortDirection": "asc"}}
    # The middle is reached by walking the turns without their items.
    cursor = None
    for _ in range(arguments.turns // 200):
        cursor = watch.client.call("thread/turns/list", {"threadId": thread, "limit": 100, "itemsView": "notLoaded", "cursor": cursor},
                                   timeout=600)["nextCursor"] or cursor
    places["middle"] = {"sortDirection": "desc", "cursor": cursor}
    for place, params in places.items():
        for view in ("summary", "full"):
            watch.ask(f"20 turns, {view}, {place}", "thread/turns/list", threadId=thread, limit=20, itemsView=view, **params)
    for direction in ("asc", "desc"):
        watch.ask(f"50 items, {direction}", "thread/items/list", threadId=thread, limit=50, sortDirection=direction)
    watch.ask("occurrences of a rare word", "thread/searchOccurrences", threadId=thread, searchTerm="walrus", limit=20)
    assert newest["data"], "the newest page of a long thread cannot be empty"
    watch.client.close()


def many_threads(arguments, home, figures):
    watch = Stopwatch(arguments, "MANY", home, figures)
    watch.ask("first list page, from nothing", "thread/list", repeat=1, limit=50, modelProviders=[])
    watch.note("start to first list page", [watch.since_start()], None)
    cursor, at = None, time.perf_counter()
    while True:
        page = watch.client.call("thread/list", {"limit": 100, "modelProviders": [], "cursor": cursor}, timeout=600)
        cursor = page["nextCursor"]
        if not cursor:
            break
    watch.note("walk the whole list", [(time.perf_counter() - at) * 1000], None)
    watch.ask("search a rare word, from nothing", "thread/search", repeat=1, searchTerm="walrus", limit=20)
    watch.note("start to everything searched once", [watch.since_start()], None)
    for key in ("created_at", "updated_at"):
        watch.ask(f"list 50 by {key}", "thread/list", limit=50, modelProviders=[], sortKey=key, sortDirection="asc")
    watch.ask("list 50 with a search term", "thread/list", limit=50, modelProviders=[], searchTerm="parser")
    watch.ask("search a rare word", "thread/search", searchTerm="walrus", limit=20)
    watch.ask("search a common word", "thread/search", searchTerm="parser", limit=20)
    watch.client.close()


def main():
    arguments = parse_arguments()
    figures = []
    scratch = os.path.abspath(arguments.scratch)
    try:
        for name, mode in (("LONG", "paginated"), ("LONGLEG", "legacy")):
            home = os.path.join(scratch, name)
            make_home(home, 1, arguments.turns, ITEMS_PER_TURN, mode)
            long_thread(arguments, name, home, figures)
        home = os.path.join(scratch, "MANY")
        make_home(home, arguments.threads, MANY_TURNS, MANY_ITEMS, "mixed")
        many_threads(arguments, home, figures)
    except ServerError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as out:
            json.dump(figures, out, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
