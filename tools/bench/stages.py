"""What is measured, home by home, and which rows it answers."""
import appends
import growth
import lists
import memory
import pages
import real
from homes import shape
from race import OURS, PEER, Side

# The index of a home with less than this is mostly empty pages of its tables.
SMALLEST_LOG_BYTES = 20_000_000


def sizes(quick):
    """Options of the homes, by name."""
    long_turns, threads = (500, 300) if quick else (10_000, 5_000)
    long = {"threads": 1, "turns": long_turns, "items": 12, "words": 30}
    return {
        "K5": shape(threads=threads, turns=6, items=8, mode="mixed"),
        "LONG": shape(mode="paginated", **long),
        "LONGLEG": shape(mode="legacy", **long),
        "LONGZST": shape(mode="paginated", compress="yes", **long),
        "LINE": shape(threads=1, turns=40, items=8, mode="paginated", line_mb=20 if quick else 100),
        "SPARSE": shape(threads=1, turns=40, items=8, mode="paginated", sparse_gb=1 if quick else 4),
    }


def growth_of_items(items):
    return shape(threads=1, turns=items // growth.ITEMS_OF_TURN, items=growth.ITEMS_OF_TURN - 1, words=12, opaque=100,
                 mode="paginated")


def growth_of_threads(threads):
    return shape(threads=threads, turns=1, items=4, words=12, opaque=100, base=30, mode="mixed")


def p50(figures, name):
    return figures[name].p50() if name in figures else None


def none_is_most(entry):
    return (entry[0] is None, entry[0] or 0)


def slowest_of(told):
    """(milliseconds, question, figures) of the question that ours takes longest for, or has no answer to."""
    return max(((p50(figures, OURS), what, figures) for what, figures in told.items()), key=none_is_most)


def why_no_peer(figures):
    return figures[PEER].error if PEER in figures and figures[PEER].error else "the peer was not measured"


class Stages:
    """Each method measures on one home and fills rows."""

    def __init__(self, bench, rows, arguments):
        self.bench, self.rows, self.arguments = bench, rows, arguments
        self.shapes, self.growth, self.used = sizes(bench.quick), {}, {}

    def made(self, name):
        home = self.bench.homes.made(name, self.shapes[name])
        self.used[name] = home.sizes()
        return home

    def long(self):
        """P1, P2, P11 on LONG."""
        rows, home = self.rows, self.made("LONG")
        told = pages.first_page(self.bench, home).get("start to first full page", {})
        rows.faster("P1", "LONG: start to first full page", p50(told, OURS), p50(told, PEER), 20, why_no_peer(told))
        if OURS in told:
            rows.at_most("P1", "LONG: resident memory then", told[OURS].more["rssMb"], 64, "MB",
                         told[PEER].more.get("rssMb") if PEER in told else None)
        stand = self.bench.stand(home)
        pages.make_ready(stand, home)
        self.slowest_pages("LONG", pages.all_pages(self.bench, home, stand))
        told = pages.occurrences(stand, home, "tokio")
        rows.at_most("P2", "LONG: occurrences, first page", p50(told, OURS), 5, "ms", p50(told, PEER))
        catch_up = pages.appended(self.bench, home, stand)
        told = catch_up[1_000]
        rows.at_most("P11", "LONG: 1 KB appended, visible", p50(told, OURS), 3, "ms", p50(told, PEER))
        if PEER in told and told[PEER].error:
            rows.checks["P11"][-1].peer = "does not show it"
        self.growth["bytes appended"] = {"a turn appended, then the newest turn": {
            name: [[size, figures[name].p50()] for size, figures in catch_up.items() if figures[name].p50() is not None]
            for name in told}}
        small, large = p50(catch_up[10_000], OURS), p50(catch_up[1_000_000], OURS)
        if small and large:
            rows.at_most("P11", "LONG: 1 MB appended costs, of what 100 times 10 KB cost", 100 * large / (100 * small), 100, "%")
        stand.close()

    def slowest_pages(self, name, told):
        turns = [(p50(figures, OURS), what, figures) for what, figures in told]
        without = next((what for ms, what, _ in turns if ms is None), None)
        if without or not turns:
            return self.rows.missing("P2", f"{name}: pages", f"no figure for {without}" if turns else "no figure")
        slowest, what, figures = max(turns, key=lambda entry: entry[0])
        self.rows.at_most("P2", f"{name}: slowest of {len(turns)} kinds of pages ({what})", slowest, 2, "ms", p50(figures, PEER))
        return turns

    def legacy(self):
        """P2 on LONGLEG."""
        home = self.made("LONGLEG")
        stand = self.bench.stand(home)
        pages.make_ready(stand, home)
        turns = self.slowest_pages("LONGLEG", pages.all_pages(self.bench, home, stand))
        least = min(((p50(figures, PEER) / ours, ours, figures, what) for ours, what, figures in turns or [] if p50(figures, PEER)),
                    key=lambda entry: entry[0], default=None)
        if least:
            _, ours, figures, what = least
            self.rows.faster("P2", f"LONGLEG: least gain over the peer ({what})", ours, p50(figures, PEER), 500)
        else:
            self.rows.missing("P2", "LONGLEG: gain over the peer", "the peer was not measured")
        pages.occurrences(stand, home, "tokio")
        stand.close()

    def compressed(self):
        """P2 on a compressed LONG."""
        told, unpacking = pages.compressed_page(self.bench, self.made("LONGZST"))
        told = told.get("start to first full page", {})
        if unpacking is None:
            return self.rows.missing("P2", ".zst: first page", "zstd is not installed")
        ours = p50(told, OURS)
        what = f".zst: first page without an index, of `zstd -dc` ({unpacking:.0f} ms)"
        return self.rows.at_most("P2", what, ours and 100 * ours / unpacking, 150, "%")

    def many(self):
        """P3 to P7 on K5."""
        rows, home = self.rows, self.made("K5")
        told = lists.from_nothing(self.bench, home, everything=True)

        def at_most(row, name, limit):
            figures = told.get(name, {})
            rows.at_most(row, f"K5: {name}", p50(figures, OURS), limit, "ms", p50(figures, PEER))

        at_most("P3", "start to initialize", 50)
        for name, limit in (("start to first list page", 300), ("start to all threads listed", 1_500),
                            ("start to all positions indexed", 5_000), ("start to a rare word found", 10_000),
                            ("start to all words indexed", 10_000)):
            at_most("P4", name, limit)
        stand = self.bench.stand(home)
        lists.make_ready(stand)
        default, database = lists.default_lists(stand)
        slowest, what, figures = slowest_of({what: figures for what, figures in lists.lists(stand)})
        rows.at_most("P5", f"K5: slowest kind of list ({what})", slowest, 2, "ms", p50(figures, PEER))
        rows.faster("P5", "K5: default list", p50(default, OURS), p50(default, PEER), 20, why_no_peer(default))
        rows.faster("P5", "K5: default list, the peer's `useStateDbOnly`", p50(default, OURS), p50(database, PEER), 3,
                    why_no_peer(database))
        for name, limit, figures in zip(("rare", "common"), (5, 15), lists.searches(stand, home)):
            rows.at_most("P6", f"K5: search, {name} word", p50(figures, OURS), limit, "ms", p50(figures, PEER))
            rows.faster("P6", f"K5: search, {name} word, gain", p50(figures, OURS), p50(figures, PEER), 20, why_no_peer(figures))
        log, peer = home.manifest["bytes"], None
        if PEER in stand.wires:
            peer = 100 * stand.copies[PEER].index_bytes() / log
        self.index_size("K5", lists.index_sizes(stand.copies[OURS].path), log, peer)
        stand.close()

    def index_size(self, name, sizes_of_index, log, peer):
        if not sizes_of_index:
            return self.rows.missing("P7", f"{name}: index", "the tables of the index cannot be told apart here")
        positions, words = sizes_of_index.get("positions", 0), sizes_of_index.get("words", 0)
        self.rows.at_most("P7", f"{name}: positions and metadata", 100 * positions / log, 6, "%", peer)
        return self.rows.at_most("P7", f"{name}: with the words of messages", 100 * (positions + words) / log, 9, "%", peer)

    def growing(self):
        """P2 and P5 along sizes."""
        quick, rows = self.bench.quick, self.rows
        items = (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
        threads = (100, 1_000) if quick else (100, 1_000, 10_000, 100_000)
        curves = growth.by_items(self.bench, items, growth_of_items, self.arguments.peer_items)
        self.growth["items of a thread"] = curves
        pages_of_growth = [what for what in curves if "turns" in what or "items" in what]
        flat = [(growth.flatness(curves, what, items), what) for what in pages_of_growth]
        worst, what = max(flat, key=none_is_most)
        rows.at_most("P2", f"{items[0]:,} to {items[-1]:,} items: largest growth of a page ({what})", worst, 1.5, "x")
        curves, largest = growth.by_threads(self.bench, threads, growth_of_threads, self.arguments.peer_threads)
        self.growth["threads of a home"] = curves
        name = f"{threads[-1]:,} threads"
        slowest, what, figures = slowest_of({what: largest[what] for what in lists.LISTS})
        rows.at_most("P5", f"{name}: slowest kind of list ({what})", slowest, 5, "ms", p50(figures, PEER))
        what = "two characters without a match"
        rows.at_most("P5", f"{name}: list, {what}", p50(largest[what], OURS), 150, "ms", p50(largest[what], PEER))
        for row, what, limit in (("P3", "start to initialize", 50), ("P5", "indexed, start to first list page", 300)):
            rows.at_most(row, f"{name}: {what}", p50(largest.get(what, {}), OURS), limit, "ms", p50(largest.get(what, {}), PEER))

    def recording(self):
        """P8 and P9."""
        rows = self.rows
        figures, why = appends.figures(self.arguments.root)
        written = figures.get("written")
        self.bench.figures += [{"home": "appends", "what": name, "ours": figure} for name, figure in figures.items()]
        if not written:
            for row in ("P8", "P9"):
                rows.missing(row, "appends", why or "no figure")
            return
        rows.at_least("P8", "items per second", written["per_second"], 100_000, "items/s")
        rows.at_most("P8", "p99 of a batch", written["p99_ms"], 1, "ms")
        wanted = ("bare syncs, 1 files", "bare syncs, 64 files", "synced turn ends, 64 threads")
        if any(name not in figures for name in wanted):
            return rows.missing("P9", "appends", f"no figure for {[name for name in wanted if name not in figures]}")
        one, many, ours = (figures[name] for name in wanted)
        rows.at_least("P9", "64 threads, of a bare loop of syncs", 100 * ours["per_second"] / many["per_second"], 80, "%")
        rows.at_most("P9", "64 threads: p99, of the p50 of one sync", ours["p99_ms"] / one["p50_ms"], 5, "x")

    def memory(self):
        """P10."""
        for name in ("LINE", "SPARSE", "LONG", "LONGLEG"):
            for what, figures in memory.single_requests(self.bench, self.made(name)):
                ours = figures[OURS]
                peer = figures[PEER].more.get("beyondAnswerMb") if PEER in figures else None
                refused = ", refused" if "refused" in ours.more else ""
                if ours.error:
                    self.rows.missing("P10", f"{name}: {what}", ours.error)
                else:
                    self.rows.at_most("P10", f"{name}: {what}{refused}", ours.more["beyondAnswerMb"], 96, "MB", peer)

    def real(self):
        """P12, and P7 on a real home."""
        rows, peers = self.rows, [side for side in self.bench.sides if side.name == PEER]
        if self.arguments.home:
            home = real.RealHome(self.arguments.home)
        elif peers:
            home = real.written_by(peers[0].command[0], self.bench.homes.scratch)
        else:
            return rows.missing("P12", "a real home", "the peer is not installed and no --home was given")
        exact = Side(OURS, [*self.arguments.server, "--exact"])
        figures, told = real.read_all(self.bench, home, [exact, *peers])
        count, totals, slower, refused = real.summary(figures)
        self.bench.figures.append({"home": "REAL", "what": "every thread read in full", "totalMs": totals, **told})
        what = f"{count} of {told['listed'][OURS]} threads: sum of the p50 of each"
        rows.at_most("P12", "threads that only ours refuses", refused, 0, f"of {told['read']}")
        rows.faster("P12", what, totals[OURS], totals.get(PEER), 3)
        if peers:
            rows.at_most("P12", "threads on which ours is slower", slower, 0, f"of {count}")
        log = home.log_bytes()
        if log < SMALLEST_LOG_BYTES:
            return None
        return self.index_size("REAL", told["indexSizes"], log, 100 * told["indexBytes"][PEER] / log if peers else None)
