#!/usr/bin/env python3
"""Tries a server from the outside, for long and under strain.

    endure.py [--only PART]... [--rounds N] [--turns N] [--seed N] [--sparse-gb N] [--codex PATH] [--scratch DIR] [--interop DIR]
              --server PROGRAM serve

The parts:

    kill      SIGKILL at random moments while it records, forks, reverts, archives and deletes, N rounds
    enospc    a disk that is full, three times, and has room again (needs root or user namespaces, on Linux)
    crowd     the real Codex writes N turns while two servers page, list, search and verify the same home (needs npm)
    clients   many walks at once through gigabytes of sparse history, and clients that stop reading

The last line has the counts of each part. Exit code 1 if anything was wrong. Nothing leaves this machine but the
installation of the real Codex.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import interop_path  # noqa: F401
import clients
import crowd
import enospc
import kill
from codex import Skip
from rpc import ServerError

PARTS = ("kill", "enospc", "crowd", "clients")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to run; all if not given")
    parser.add_argument("--rounds", type=int, default=50, help="rounds of `kill`")
    parser.add_argument("--turns", type=int, default=40, help="turns that the real Codex writes in `crowd`")
    parser.add_argument("--sparse-gb", type=int, default=2, help="size of the home of `clients`")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="of `kill` and `crowd`")
    parser.add_argument("--codex", help="the real Codex; installed if not given")
    parser.add_argument("--scratch", default=os.path.join("target", "endurance"), help="where to work")
    parser.add_argument("--interop", default=os.path.join("target", "interop"), help="where to install the real Codex")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True, help="the server under test, with its arguments")
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("--server needs a command")
    arguments.server[0] = os.path.abspath(shutil.which(arguments.server[0]) or arguments.server[0])
    arguments.scratch, arguments.interop = os.path.abspath(arguments.scratch), os.path.abspath(arguments.interop)
    return arguments


def run_part(part, arguments, work):
    """Returns the checks of a part and what to say of them."""
    if part == "kill":
        return kill.run(arguments.server, work, arguments.rounds, arguments.seed)
    if part == "enospc":
        return enospc.run(arguments.server, work)
    if part == "crowd":
        return crowd.run(arguments.server, work, arguments.codex, arguments.interop, arguments.turns, arguments.seed)
    return clients.run(arguments.server, work, arguments.sparse_gb)


def main():
    arguments = parse_arguments()
    os.makedirs(arguments.scratch, exist_ok=True)
    work = tempfile.mkdtemp(prefix="run-", dir=arguments.scratch)
    counts, failed = [], []
    for part in PARTS:
        if part not in (arguments.only or PARTS):
            continue
        started = time.monotonic()
        try:
            checks, summary = run_part(part, arguments, work)
            held = checks.report()
        except Skip as why:
            print(f"endure: SKIPPED ({part}: {why})")
            counts.append(f"{part}: skipped")
            continue
        except (ServerError, OSError, subprocess.TimeoutExpired) as error:
            held, summary = False, f"{type(error).__name__}: {error}"
        print(f"{part}: {'OK' if held else 'FAILED'} after {time.monotonic() - started:.0f} s: {summary}", flush=True)
        counts.append(f"{part}: {summary}")
        if not held:
            failed.append(part)
    if not failed:
        shutil.rmtree(work)
    outcome = f"FAILED: {', '.join(failed)} (homes and logs in {work})" if failed else "OK"
    print(f"endure: {outcome}; {'; '.join(counts)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
