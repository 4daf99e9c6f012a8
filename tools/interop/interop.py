#!/usr/bin/env python3
"""Compares a server with the real Codex on a home that the real Codex writes.

    interop.py [--bar PERCENT] [--show N] [--codex PATH] [--scratch DIR] [--in-place] --server COMMAND...

Installs the pinned Codex from npm into the scratch folder, lets it write a small home with a scripted model on loopback,
asks it everything there is to read, and asks COMMAND (an app-server on standard input and output) the same on a copy of the
home without Codex' databases. Exit code 1 if any method scores below the bar. Nothing leaves this machine but the installation.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from compare import compare, report
from home import make_home
from model import Model
from questions import ask_all
from rpc import Client, ServerError

PACKAGE, VERSION = "@openai/codex", "0.169.0"


class Skip(Exception):
    """Why the comparison cannot run here."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bar", type=float, default=99.0, help="lowest accepted score in percent")
    parser.add_argument("--show", type=int, default=5, help="differences to show per method")
    parser.add_argument("--codex", help="the real Codex; installed if not given")
    parser.add_argument("--scratch", default=os.path.join("target", "interop"), help="where to install and work")
    parser.add_argument("--in-place", action="store_true", help="ask on the home itself, databases and all (to check this script)")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True, help="the server under test, with its arguments")
    arguments = parser.parse_args()
    if not arguments.server:
        parser.error("--server needs a command")
    arguments.server[0] = os.path.abspath(shutil.which(arguments.server[0]) or arguments.server[0])
    arguments.scratch = os.path.abspath(arguments.scratch)
    return arguments


def installed_codex(scratch):
    """The native binary of the pinned version, installed if it is not there yet."""
    folder = os.path.join(scratch, "codex")
    pattern = os.path.join(folder, "node_modules", "@openai", "codex-*", "vendor", "*", "bin", "codex")
    if not glob.glob(pattern):
        npm = shutil.which("npm")
        if not npm:
            raise Skip("npm is not installed")
        os.makedirs(folder, exist_ok=True)
        command = [npm, "install", "--prefix", folder, "--no-fund", "--no-audit", "--loglevel=error", f"{PACKAGE}@{VERSION}"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            raise Skip(f"npm could not install {PACKAGE} {VERSION}")
    found = sorted(glob.glob(pattern))
    if not found:
        raise Skip(f"{PACKAGE} {VERSION} has no binary for this machine")
    return found[0]


def answers_of(command, home, cwd, log_path):
    client = Client(command, {"CODEX_HOME": home, "HOME": os.path.dirname(home)}, cwd, log_path)
    try:
        return ask_all(client, home)
    finally:
        client.close()


def run(arguments):
    codex = arguments.codex or installed_codex(arguments.scratch)
    os.makedirs(arguments.scratch, exist_ok=True)
    work = tempfile.mkdtemp(prefix="run-", dir=arguments.scratch)
    home, copy, project = (os.path.join(work, name) for name in ("home", "copy", "project"))
    log_path = os.path.join(work, "stderr.log")
    model = Model()
    try:
        make_home(codex, model, home, project, log_path)
        expected = answers_of([codex, "app-server"], home, project, log_path)
        again = answers_of([codex, "app-server"], home, project, log_path)
    finally:
        model.close()
    if arguments.in_place:
        copy = home
    else:
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.sqlite*", "*.lock", "log", "tmp", ".tmp"))
    actual = answers_of(arguments.server, copy, project, log_path)
    scores = compare(expected, again, actual)
    report(scores, arguments.show)
    low = [method for method, (same, total, _) in scores.items() if 100 * same < arguments.bar * total]
    if low:
        print(f"interop: FAILED, below {arguments.bar} %: {', '.join(low)} (home and logs in {work})")
        return 1
    shutil.rmtree(work)
    print("interop: OK")
    return 0


def main():
    try:
        return run(parse_arguments())
    except Skip as why:
        print(f"interop: SKIPPED ({why})")
        return 0
    except (ServerError, OSError) as error:
        print(f"interop: FAILED, {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
