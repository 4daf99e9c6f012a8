"""Two servers asked the same, in turns, and what came out of it."""
import math
import os
import shutil

from homes import Copy
from wire import NoAnswer, Wire

OURS, PEER = "ours", "peer"


class Side:
    """A server under measurement: its name, its command."""

    def __init__(self, name, command):
        self.name, self.command = name, command


class Limits:
    """How often a question is asked of each server, and when it is enough."""

    def __init__(self, quick):
        self.repeat = 20 if quick else 100
        self.seconds = 2.0 if quick else 6.0
        self.least = 3
        self.cold_rounds = 2 if quick else 5
        self.cold_seconds = 8.0 if quick else 40.0


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else None


class Figure:
    """What one server took for one question."""

    def __init__(self):
        self.times_ms, self.bytes, self.rows, self.error, self.more = [], None, None, None, {}

    def add(self, answer):
        self.times_ms.append(answer.ms)
        self.bytes = len(answer.line)

    def p50(self):
        return percentile(self.times_ms, 0.5) if not self.error else None

    def enough(self, limits):
        return len(self.times_ms) >= limits.least and sum(self.times_ms) > limits.seconds * 1000

    def as_json(self):
        plain = {"error": self.error} if self.error else {
            "n": len(self.times_ms), "firstMs": rounded(self.times_ms[0]), "p50Ms": rounded(self.p50()),
            "p99Ms": rounded(percentile(self.times_ms, 0.99)), "bytes": self.bytes, "rows": self.rows}
        return {key: value for key, value in plain.items() if value is not None} | self.more


def rounded(value):
    return None if value is None else float(f"{value:.4g}")


class Bench:
    """The servers that there are, where to work, and all figures so far."""

    def __init__(self, sides, homes, work, limits, quick):
        self.sides, self.homes, self.work, self.limits, self.quick = sides, homes, work, limits, quick
        self.figures = []
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)

    def has(self, name):
        return any(side.name == name for side in self.sides)

    def keep(self, home, what, figures):
        """Notes the figures of a question, by server."""
        entry = {"home": home, "what": what, **{name: figure.as_json() for name, figure in figures.items()}}
        self.figures.append(entry)
        told = "  ".join(f"{name} {told_of(entry[name])}" for name in figures)
        print(f"{home:12} {what:48} {told}", flush=True)
        return figures

    def stand(self, home, only=None):
        """Copies of a home for the servers."""
        return Stand(self, home, [side for side in self.sides if only is None or side.name in only])


def told_of(figure):
    if "error" in figure:
        return f"failed: {figure['error'][:60]}"
    if "p50Ms" not in figure:
        return str(figure)
    return f"{figure['p50Ms']} ms (p99 {figure['p99Ms']}, {figure.get('bytes', 0)} B)"


class Stand:
    """One home, copied for each server; the servers that run on the copies."""

    def __init__(self, bench, home, sides):
        self.bench, self.home, self.sides = bench, home, sides
        self.copies = {side.name: Copy(home.path, os.path.join(bench.work, home.name, side.name, "home")) for side in sides}
        self.wires = {}

    def start(self, side, **options):
        wire = Wire(side.command, self.copies[side.name].path, **options)
        self.wires[side.name] = wire
        return wire

    def start_all(self):
        """Starts every server; one that does not start is left out from here on. Returns {name: why}."""
        failed = {}
        for side in list(self.sides):
            try:
                self.start(side)
            except NoAnswer as error:
                failed[side.name] = str(error)
                self.sides.remove(side)
        return failed

    def stop(self, side):
        self.wires.pop(side.name).close()

    def warm(self, what, steps):
        """The same as `cold` on a copy with its index."""
        return self.cold(what, steps, with_index=True)

    def cold(self, what, steps, with_index=False):
        """Starts each server on a copy without an index, in turns, and does `steps(wire, side)`, which returns {name: milliseconds}.

        Stops the rounds of a server that has used up its time. Notes one figure for each name.
        """
        taken = {side.name: {} for side in self.sides}
        for number in range(self.bench.limits.cold_rounds):
            for side in turn_order(self.sides, number):
                mine = taken[side.name]
                if number and sum(sum(figure.times_ms) for figure in mine.values()) > self.bench.limits.cold_seconds * 1000:
                    continue
                if not with_index:
                    self.copies[side.name].without_index()
                try:
                    wire = self.start(side)
                    for name, ms in steps(wire, side).items():
                        figure = mine.setdefault(name, Figure())
                        figure.times_ms.append(ms)
                        memory = wire.memory()
                        figure.more = {key: max(value, figure.more.get(key, 0)) for key, value in memory.items()} | wire.io()
                except NoAnswer as error:
                    mine.setdefault("failed", Figure()).error = str(error)
                finally:
                    if side.name in self.wires:
                        self.stop(side)
        for mine in taken.values():
            if "failed" in mine:  # the rounds that went well prove nothing then
                for figure in mine.values():
                    figure.error = mine["failed"].error
        names = [name for mine in taken.values() for name in mine]
        told = {}
        for name in dict.fromkeys(names):
            told[name] = self.bench.keep(self.home.name, f"{what}: {name}",
                                         {side: mine[name] for side, mine in taken.items() if name in mine})
        return told

    def ask(self, what, method, params, repeat=None):
        """Asks all running servers in turns. `params` is the same for all, or by server, `None` for one that is not asked."""
        limits, figures = self.bench.limits, {}
        by_side = params if set(params) <= {OURS, PEER} and params else {side.name: params for side in self.sides}
        asked = [side for side in self.sides if by_side.get(side.name) is not None and side.name in self.wires]
        for number in range(repeat or limits.repeat):
            for side in turn_order(asked, number):
                figure = figures.setdefault(side.name, Figure())
                if figure.error or figure.enough(limits):
                    continue
                try:
                    answer = self.wires[side.name].ask(method, by_side[side.name])
                except NoAnswer as error:
                    figure.error = str(error)
                    continue
                figure.add(answer)
                if figure.rows is None:
                    figure.error, figure.rows = answer.error(), answer.rows()
        if OURS in figures and PEER in figures and not any(figure.error for figure in figures.values()):
            ours, peer = figures[OURS].rows, figures[PEER].rows
            if ours != peer:
                figures[PEER].error = f"{peer} rows, where ours has {ours}"
        for name, figure in figures.items():
            if self.wires[name].process.poll() is None:
                figure.more = self.wires[name].memory()
        return self.bench.keep(self.home.name, what, figures)

    def close(self):
        for wire in self.wires.values():
            wire.close()
        for copy in self.copies.values():
            copy.remove()


def turn_order(sides, number):
    return list(sides) if number % 2 == 0 else list(reversed(sides))
