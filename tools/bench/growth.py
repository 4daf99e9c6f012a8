"""How costs grow: with the items of a thread, with the threads of a home."""
import lists
import pages
from race import OURS, PEER, rounded

ITEMS_OF_TURN = 10
# What is drawn of the lists and searches; the figures have all of them.
CURVES = ("start to initialize", "start to first list page", "indexed, start to first list page", "list 50, default", "oldest updated", "search term without a match",
          "two characters without a match", "search, rare word", "search, common word")


def only(bench, size, limit):
    return None if size <= limit else [side.name for side in bench.sides if side.name != PEER]


def by_items(bench, sizes, shape_of, peer_limit):
    """Returns {question: {server: [[items, milliseconds]]}}."""
    curves = {}
    for size in sizes:
        home = bench.homes.made(f"ITEMS{size}", shape_of(size))
        stand = bench.stand(home, only(bench, size, peer_limit))
        pages.make_ready(stand, home)
        thread = home.threads()[0]["id"]
        for what, method, extra in (
                ("20 turns, full, newest", "thread/turns/list", {"limit": 20, "itemsView": "full"}),
                ("20 turns, full, oldest", "thread/turns/list", {"limit": 20, "itemsView": "full", "sortDirection": "asc"}),
                ("20 turns, summary, newest", "thread/turns/list", {"limit": 20, "itemsView": "summary"}),
                ("50 items, newest", "thread/items/list", {"limit": 50}),
                ("occurrences, first page", "thread/searchOccurrences", {"searchTerm": "tokio", "limit": 20})):
            add(curves, what, home.manifest["items"], stand.ask(what, method, {"threadId": thread} | extra))
        if OURS in stand.wires:
            memory = stand.wires[OURS].memory()
            curves.setdefault("resident memory, MB", {}).setdefault(OURS, []).append([home.manifest["items"], memory["rssMb"]])
        stand.close()
        stand = bench.stand(home, [OURS])
        add(curves, "no index: start to first full page", home.manifest["items"], first_page_of(stand, home))
        stand.close()
    return curves


def first_page_of(stand, home):
    def steps(wire, _side):
        wire.call("thread/turns/list", {"threadId": home.threads()[0]["id"], "limit": 20, "itemsView": "full"})
        return {"start to first full page": wire.since_begin_ms()}

    return stand.cold("no index", steps).get("start to first full page", {})


def start_and_list(wire, _side):
    taken = {"start to initialize": wire.initialized_ms}
    wire.call("thread/list", lists.ALL)
    return taken | {"start to first list page": wire.since_begin_ms()}


def by_threads(bench, sizes, shape_of, peer_limit):
    """Returns {question: {server: [[threads, milliseconds]]}}, and the figures of the largest home by question."""
    curves, largest = {}, {}
    for size in sizes:
        home = bench.homes.made(f"THREADS{size}", shape_of(size))
        sides = only(bench, size, peer_limit)
        stand = bench.stand(home, sides)

        largest = dict(stand.cold("no index", start_and_list))
        lists.make_ready(stand)
        largest["list 50, default"], largest["list 50, useStateDbOnly"] = lists.default_lists(stand)
        for what, figures in lists.lists(stand):
            largest[what] = figures
        what = "two characters without a match"
        largest[what] = stand.ask(f"list {lists.LIMIT}, {what}", "thread/list", lists.ALL | {"searchTerm": "q7"})
        largest["search, rare word"], largest["search, common word"] = lists.searches(stand, home)
        for side in [side for side in stand.sides if side.name in stand.wires]:
            stand.stop(side)
        for what, figures in stand.warm("indexed", start_and_list).items():
            largest[f"indexed, {what}"] = figures
        stand.close()
        for what in CURVES:
            add(curves, what, size, largest.get(what, {}))
    return curves, largest


def add(curves, what, size, figures):
    for name, figure in figures.items():
        if figure.p50() is not None:
            curves.setdefault(what, {}).setdefault(name, []).append([size, rounded(figure.p50())])


def flatness(curves, what, sizes):
    """Largest over smallest time of ours, over all sizes; `None` if one of them has no answer."""
    times = [ms for _, ms in curves.get(what, {}).get(OURS, [])]
    return max(times) / min(times) if len(times) == len(sizes) > 1 else None
