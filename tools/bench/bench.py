#!/usr/bin/env python3
"""Measures P1 to P12: an app-server against the real Codex, in turns, on copies of the same generated homes.

    bench.py [--quick] [--only STAGE]... [--home PATH] [--codex PATH | --no-peer] [--out DIR] --server COMMAND...

Writes DIR/results.json (machine, commit, date, sizes, every figure), DIR/table.md (targets and verdicts) and plots of how costs
grow. The real Codex is installed from npm where tools/interop has it; without it the table says so. Nothing fails because a machine
is slow. A full run makes some 6 GB of homes, which stay for the next one, and works on copies of them. The stages:

    long        P1, P2, P11   one thread of 10,000 turns
    legacy      P2            the same as a legacy thread
    compressed  P2            the same as .zst
    many        P3 to P7      5,000 threads
    growing     P2, P3, P5    1,000 to 1,000,000 items of a thread; 100 to 100,000 threads of a home
    recording   P8, P9        appends, beside a bare loop of syncs
    memory      P10           one request each, on a line of 100 MB, on a sparse file, on the long threads
    real        P12, P7       a home that the real Codex wrote, or PATH
"""
import argparse
import datetime
import os
import shutil
import subprocess
import sys

import interop_path  # noqa: F401
import report
from codex import Skip, installed_codex
from homes import Homes
from race import OURS, PEER, Bench, Limits, Side
from rows import Rows
from rpc import ServerError
from stages import Stages
from wire import NoAnswer

STAGES = ("long", "legacy", "compressed", "many", "growing", "recording", "memory", "real")
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small homes, few repetitions")
    parser.add_argument("--only", action="append", choices=STAGES, help="a stage to run; all if not given")
    parser.add_argument("--home", help="a home of the real Codex for `real`; it is copied")
    parser.add_argument("--codex", help="the real Codex; installed if not given")
    parser.add_argument("--no-peer", action="store_true", help="measure ours alone")
    parser.add_argument("--peer-items", type=int, default=100_000, help="longest thread of `growing` that the peer is asked for")
    parser.add_argument("--peer-threads", type=int, default=10_000, help="most threads of `growing` that the peer is asked for")
    parser.add_argument("--scratch", default=os.path.join(ROOT, "target", "bench"), help="where homes and the real Codex are kept")
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "performance"), help="where to put the results")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True, help="the server, with its arguments")
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("--server needs a command")
    arguments.server[0] = os.path.abspath(shutil.which(arguments.server[0]) or arguments.server[0])
    arguments.scratch, arguments.out, arguments.root = os.path.abspath(arguments.scratch), os.path.abspath(arguments.out), ROOT
    arguments.home = arguments.home and os.path.abspath(arguments.home)
    return arguments


def find_peer(arguments):
    """The real server's side, or why there is none."""
    if arguments.no_peer:
        return None, "it was not wanted (--no-peer)"
    try:
        return Side(PEER, [arguments.codex or installed_codex(os.path.join(ROOT, "target", "interop")), "app-server"]), None
    except Skip as why:
        return None, str(why)


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.scratch, exist_ok=True)
    peer, why = find_peer(arguments)
    sides = [Side(OURS, arguments.server), *([peer] if peer else [])]
    homes = Homes(arguments.scratch, ROOT)
    bench = Bench(sides, homes, os.path.join(arguments.scratch, "run"), Limits(arguments.quick), arguments.quick)
    rows = Rows()
    stages = Stages(bench, rows, arguments)
    results = {
        "machine": report.machine(), "commit": report.commit(ROOT), "quick": arguments.quick,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "servers": {"ours": {"version": report.version(arguments.server)},
                    "peer": {"version": report.version(peer.command)} if peer else {"absent": why}},
        "failed": {},
    }
    for stage in arguments.only or STAGES:
        print(f"\n--- {stage}", flush=True)
        try:
            getattr(stages, stage)()
        except (NoAnswer, ServerError, OSError, subprocess.CalledProcessError) as error:
            print(f"{stage}: {error}", file=sys.stderr, flush=True)
            results["failed"][stage] = str(error)
        # After every stage: a run that is interrupted leaves what it had.
        report.write(arguments.out, results | {"sizes": stages.used, "rows": rows.as_json(), "figures": bench.figures,
                                               "growth": stages.growth})
    shutil.rmtree(bench.work, ignore_errors=True)
    print(f"\nwritten: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
