"""The rows P1 to P12: what each asks for, what was measured for it, and whether that is enough.

A row passes if each of its checks does; a check without a figure is `not measured`, with the reason, and never passes.
"""
PASS, MISSED, UNKNOWN = "pass", "missed", "not measured"

# Row, work, target, which calls are compared with which.
TEXTS = {
    "P1": ("long thread, no index: start to the first full page of 20 turns", ">= 20x the peer's resume; <= 64 MB resident",
           "ours: `thread/turns/list` limit 20 full; peer: `thread/resume` with `excludeTurns`, then the same page"),
    "P2": ("long threads, indexed: any page of 20 turns or 50 items",
           "p50 <= 2 ms; flat within 1.5x from the smallest to the largest thread; legacy >= 500x the peer; occurrences <= 5 ms; "
           ".zst first page <= 1.5x `zstd -dc`",
           "`thread/turns/list`, `thread/items/list`, `thread/searchOccurrences`, the same parameters for both"),
    "P3": ("many threads, no index: start to `initialize` answered", "<= 50 ms", "process start to the answer of `initialize`"),
    "P4": ("many threads, no index: start to lists", "first page <= 300 ms; all listed <= 1.5 s; all positions <= 5 s; all searchable <= 10 s",
           "`thread/list` limit 50, then pages of 100, then `thread/search` for a word of one thread; positions and words are read off "
           "our index file"),
    "P5": ("many threads, indexed: `thread/list` limit 50",
           "p50 <= 2 ms; >= 20x the peer's default, >= 3x its `useStateDbOnly`; largest home: p50 <= 5 ms, two characters without a match "
           "<= 150 ms, start to first page <= 300 ms",
           "`thread/list` with the same parameters for both"),
    "P6": ("many threads, indexed: `thread/search`", "p50 <= 5 ms rare, <= 15 ms common; >= 20x the peer",
           "`thread/search` with the same term for both"),
    "P7": ("size of the index against the log", "positions and metadata <= 6 %; with the text of messages <= 9 %",
           "pages of our index file by table, against the bytes of all rollouts; peer: its state and history databases"),
    "P8": ("appends of 8 items of 1 KB, acknowledged as written", ">= 100,000 items/s; p99 <= 1 ms",
           "`cargo bench -p codex-thread-store --bench append`; the peer has no such call"),
    "P9": ("ends of turns, acknowledged as synced", "64 threads: >= 80 % of a bare loop of syncs; p99 <= 5x one sync",
           "the same bench, with its bare loop over 64 files"),
    "P10": ("peak memory of one request, without its answer's bytes", "<= 96 MB",
            "each request asked of a new process without an index"),
    "P11": ("1 KB appended to a long thread: visible", "<= 3 ms; proportional to what was appended",
            "three lines are appended to the file, then `thread/turns/list` limit 1 full"),
    "P12": ("home of the real Codex: every thread read in full", "total >= 3x faster than the peer; no slower p50 per thread",
            "`thread/read` with `includeTurns`, ours in the exact view"),
}


class Check:
    """One figure against one limit."""

    def __init__(self, what, target, ours, passed, peer=None, ratio=None, why=None):
        self.what, self.target, self.ours, self.peer, self.ratio, self.why = what, target, ours, peer, ratio, why
        self.verdict = UNKNOWN if passed is None else PASS if passed else MISSED

    def as_json(self):
        return {key: value for key, value in vars(self).items() if value is not None}


class Rows:
    """All checks so far, by row."""

    def __init__(self):
        self.checks = {name: [] for name in TEXTS}

    def add(self, row, *checks):
        self.checks[row] += checks

    def missing(self, row, what, why):
        self.add(row, Check(what, "", None, None, why=why))

    def at_most(self, row, what, value, limit, unit, peer=None):
        """A figure of ours that may not be greater; the peer's beside it."""
        if value is None:
            return self.missing(row, what, "no figure")
        ratio = peer / value if peer and value else None
        return self.add(row, Check(what, f"<= {limit:g} {unit}", shown(value, unit), value <= limit, shown(peer, unit), times(ratio)))

    def at_least(self, row, what, value, limit, unit):
        if value is None:
            return self.missing(row, what, "no figure")
        return self.add(row, Check(what, f">= {limit:g} {unit}", shown(value, unit), value >= limit))

    def faster(self, row, what, ours, peer, limit, why="the peer was not measured"):
        """How many times faster than the peer."""
        if not ours or not peer:
            return self.missing(row, what, why if ours else "no figure")
        return self.add(row, Check(what, f">= {limit:g}x", shown(ours, "ms"), peer / ours >= limit, shown(peer, "ms"), times(peer / ours)))

    def verdict(self, row):
        verdicts = [check.verdict for check in self.checks[row]]
        if MISSED in verdicts:
            return MISSED
        return PASS if verdicts and UNKNOWN not in verdicts else UNKNOWN

    def as_json(self):
        told = []
        for name, (work, target, calls) in TEXTS.items():
            told.append({"id": name, "work": work, "target": target, "compared": calls, "verdict": self.verdict(name),
                         "checks": [check.as_json() for check in self.checks[name]]})
        return told


def shown(value, unit):
    if value is None:
        return None
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}"


def times(ratio):
    return None if ratio is None else f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.2g}x"
