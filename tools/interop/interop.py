#!/usr/bin/env python3
"""Compares a server with the real Codex, and lets the two record into the same homes.

    interop.py [--only PART]... [--bar PERCENT] [--show N] [--codex PATH] [--agent PATH] [--scratch DIR] [--in-place]
               --server PROGRAM serve [--exact]

Installs the pinned Codex from npm into the scratch folder, which then works with a scripted model on loopback. The parts:

    read        Codex writes a small home and answers everything there is to read; the server answers the same on a copy
                without Codex' databases
    recorded    our example agent records; Codex lists, reads, pages, searches, resumes and continues it; we read it back
    alternate   the agent and Codex write the same threads, turn by turn
    locks       the agent and Codex want the same thread
    lifecycle   the server forks, reverts, archives, deletes and names threads, then Codex does, while the server runs
    compressed  the server compresses what Codex wrote; Codex lists, reads, resumes and continues it

Exit code 1 if a method of `read` scores below the bar, or any fact of the others does not hold. Nothing leaves this machine
but the installation.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

from agent import Agent, AgentError
from alternate import check_alternation
from codex import Skip, installed_codex
from compare import compare, report
from compressed import check_compressed
from home import make_home
from lifecycle import check_lifecycle
from model import Model
from locks import check_locks
from questions import ask_all
from recorded import check_recorded
from rpc import Client, ServerError
from views import Reader

PARTS = ("read", "recorded", "alternate", "locks", "lifecycle", "compressed")
WITHOUT_AGENT = ("read", "compressed")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to run; all if not given")
    parser.add_argument("--bar", type=float, default=99.0, help="lowest accepted score in percent")
    parser.add_argument("--show", type=int, default=5, help="differences to show per method")
    parser.add_argument("--codex", help="the real Codex; installed if not given")
    parser.add_argument("--agent", default=os.path.join("target", "debug", "examples", "scripted_agent"),
                        help="the example agent; without it only `read` and `compressed` run")
    parser.add_argument("--scratch", default=os.path.join("target", "interop"), help="where to install and work")
    parser.add_argument("--in-place", action="store_true",
                        help="in `read`, ask on the home itself, databases and all (to check this script)")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True, help="the server under test, with its arguments")
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("--server needs a command")
    arguments.server[0] = os.path.abspath(shutil.which(arguments.server[0]) or arguments.server[0])
    arguments.scratch = os.path.abspath(arguments.scratch)
    arguments.agent = os.path.abspath(arguments.agent)
    return arguments


def answers_of(command, home, cwd, log_path):
    client = Client(command, {"CODEX_HOME": home, "HOME": os.path.dirname(home)}, cwd, log_path)
    try:
        return ask_all(client, home)
    finally:
        client.close()


class Run:
    """What the parts share: the real Codex, a model for it, and a folder each."""

    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work
        self.codex = arguments.codex or installed_codex(arguments.scratch)
        self.log_path = os.path.join(work, "stderr.log")
        self.model = Model()

    def paths(self, part):
        return tuple(os.path.join(self.work, part, name) for name in ("home", "project"))

    def read(self):
        """Returns whether the server answers as the real one does."""
        home, project = self.paths("read")
        make_home(self.codex, self.model, home, project, self.log_path)
        expected = answers_of([self.codex, "app-server"], home, project, self.log_path)
        again = answers_of([self.codex, "app-server"], home, project, self.log_path)
        copy = home
        if not self.arguments.in_place:
            copy = os.path.join(self.work, "read", "copy")
            shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.sqlite*", "*.lock", "log", "tmp", ".tmp"))
        scores = compare(expected, again, answers_of(self.arguments.server, copy, project, self.log_path))
        report(scores, self.arguments.show)
        bar = self.arguments.bar
        low = [method for method, (same, total, _) in scores.items() if 100 * same < bar * total]
        if low:
            print(f"below {bar} %: {', '.join(low)}")
        return not low

    def write(self, part):
        """Returns whether all facts of a part hold in which both write."""
        home, project = self.paths(part)
        os.makedirs(project)
        if part == "compressed":
            reader = Reader(self.arguments.server, project, self.log_path)
            return check_compressed(self.codex, reader, self.model, home, project, self.log_path).report()
        agent = Agent(self.arguments.agent, home)
        reader = Reader(self.arguments.server, project, self.log_path)
        common = (self.model, home, project, self.log_path)
        if part == "recorded":
            return check_recorded(self.codex, agent, reader, *common).report()
        if part == "alternate":
            return check_alternation(self.codex, agent, reader, *common).report()
        if part == "lifecycle":
            return check_lifecycle(self.codex, agent, reader, *common).report()
        return check_locks(self.codex, agent, *common).report()


def wanted_parts(arguments):
    parts = [part for part in PARTS if part in (arguments.only or PARTS)]
    if os.access(arguments.agent, os.X_OK):
        return parts
    left_out = [part for part in parts if part not in WITHOUT_AGENT]
    if left_out:
        print(f"no agent at {arguments.agent}: {', '.join(left_out)} left out")
    return [part for part in parts if part in WITHOUT_AGENT]


def without(parts):
    """Says which parts are missing."""
    missing = [part for part in PARTS if part not in parts]
    return f" (without {', '.join(missing)})" if missing else ""


def run(arguments):
    parts = wanted_parts(arguments)
    if not parts:
        raise Skip("nothing to run")
    os.makedirs(arguments.scratch, exist_ok=True)
    work = tempfile.mkdtemp(prefix="run-", dir=arguments.scratch)
    shared = Run(arguments, work)
    failed = []
    try:
        for part in parts:
            started = time.monotonic()
            try:
                held = shared.read() if part == "read" else shared.write(part)
            except (ServerError, AgentError, OSError, subprocess.TimeoutExpired) as error:
                print(f"{part}: {error}")
                held = False
            print(f"{part}: {'OK' if held else 'FAILED'} after {time.monotonic() - started:.0f} s", flush=True)
            if not held:
                failed.append(part)
    finally:
        shared.model.close()
    if failed:
        print(f"interop: FAILED: {', '.join(failed)} (homes and logs in {work})")
        return 1
    shutil.rmtree(work)
    print(f"interop: OK{without(parts)}")
    return 0


def main():
    try:
        return run(parse_arguments())
    except Skip as why:
        print(f"interop: SKIPPED ({why})")
        return 0
    except OSError as error:
        print(f"interop: FAILED, {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
