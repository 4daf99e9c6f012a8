"""The server under test: how to start it on a home, and to run the rest of its command line."""
import json
import os
import subprocess

import interop_path  # noqa: F401
from rpc import Client

VERIFY_SECONDS = 300


class Place:
    """A home and the program that serves it."""

    def __init__(self, command, home, log_path):
        self.command, self.home, self.log_path = command, home, log_path
        self.empty_files = 0
        # A server that is killed before it made the folder leaves no home behind, and there is nothing to check then.
        os.makedirs(os.path.join(home, "sessions"), exist_ok=True)

    def open(self):
        env = {"CODEX_HOME": self.home, "HOME": os.path.dirname(self.home)}
        return Client(self.command, env, os.path.dirname(self.home), self.log_path)

    def verify(self):
        """Runs `verify --json`. Returns what is wrong, or None."""
        done = subprocess.run([self.command[0], "--home", self.home, "verify", "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=VERIFY_SECONDS, check=False)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        # A server that was killed between making a thread's file and its first line leaves it empty: nothing was promised.
        unreadable = [entry for entry in report["unreadable"] if os.path.getsize(entry["path"]) > 0]
        self.empty_files = len(report["unreadable"]) - len(unreadable)
        if report["differing"] or unreadable or (done.returncode and not self.empty_files):
            return f"exit code {done.returncode}: {report} {done.stderr}"
        return None


def resident_peak_mb(client):
    """The highest resident memory of a running server, in MiB; None where the system does not tell."""
    try:
        with open(f"/proc/{client.process.pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        return int(fields["VmHWM"].split()[0]) // 1024
    except (OSError, KeyError):
        return None
