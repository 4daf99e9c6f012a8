"""A disk that fills up while threads are recorded, gets room again, and fills up again.

Every append that fails says why and leaves nothing behind that was promised away; reads go on meanwhile.
"""
import contextlib
import os
import shutil
import subprocess
import sys
import uuid

import interop_path  # noqa: F401
import ledger
import said
from checks import Checks
from codex import Skip
from ledger import State, Thread
from place import Place
from questions import SOURCES

DISK_MB, FILLER_MB, FILLERS = 8, 1, 3
REFUSALS = 12  # of a full disk, then room is made
MAX_APPENDS = 5_000
TEXT = "a full disk is no reason to forget what was promised " * 300
NO_SPACE = "no space left"
NAMESPACE_SECONDS = 300


@contextlib.contextmanager
def small_disk(path):
    """A file system in memory, too small for what comes."""
    os.makedirs(path)
    mount = shutil.which("mount")
    if not mount:
        raise Skip("there is no mount")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"cannot mount a tmpfs: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def run(command, work):
    """Returns the checks and what to say of them."""
    if os.geteuid() != 0:
        return run_in_namespace(command, work)
    checks = Checks("enospc")
    with small_disk(os.path.join(work, "disk")) as disk:
        fillers = [os.path.join(disk, f"filler-{number}") for number in range(FILLERS)]
        for path in fillers:
            with open(path, "wb") as filler:
                filler.write(b"\0" * (FILLER_MB << 20))
        disk = Disk(checks, Place(command, os.path.join(disk, "home"), os.path.join(work, "enospc.log")))
        disk.play(fillers)
        return checks, (f"{len(fillers)} times full, {disk.appends} appends acknowledged, {disk.refusals} refused, "
                        f"{disk.in_doubt} of them found after all")


def run_in_namespace(command, work):
    """Runs this part where an ordinary user may mount."""
    unshare = shutil.which("unshare")
    enter = [unshare, "--map-root-user", "--mount"]
    if not unshare or subprocess.run([*enter, "true"], capture_output=True, check=False).returncode:
        raise Skip("needs root or user namespaces")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "endure.py")
    done = subprocess.run([*enter, sys.executable, script, "--only", "enospc", "--scratch", work, "--server", *command],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=NAMESPACE_SECONDS, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("endure: SKIPPED"):
            raise Skip(line)
    checks = Checks("enospc, in a namespace of its own")
    checks.that("nothing is wrong", done.returncode == 0, done.stdout + done.stderr)
    return checks, done.stdout.rstrip().rpartition("enospc: ")[2]


class Disk:
    def __init__(self, checks, place):
        self.checks, self.place = checks, place
        self.threads = []
        self.appends = self.refusals = self.in_doubt = 0

    def play(self, fillers):
        with contextlib.closing(self.place.open()) as client:
            for mode in ("legacy", "paginated", "legacy", "paginated"):
                thread_id = client.call("thread/start", {"historyMode": mode})["thread"]["id"]
                self.threads.append(Thread(thread_id, mode, State()))
            self.fill(client)
            *fillers, last = fillers
            for path in fillers:
                os.remove(path)
                before = self.appends
                self.fill(client)
                self.checks.that("recording goes on where there is room", self.appends > before + len(self.threads), self.appends - before)
        with contextlib.closing(self.place.open()) as client:
            self.check(client, "after a restart, still full")
        os.remove(last)
        wrong = self.place.verify()
        self.checks.that("verify finds nothing", wrong is None, wrong)

    def fill(self, client):
        """Records in turn until the disk is full; then everything acknowledged is still shown."""
        refused = 0
        for number in range(MAX_APPENDS):
            if refused == REFUSALS:
                break
            thread = self.threads[number % len(self.threads)]
            refused += not self.append(client, thread)
            if refused:
                self.read(client, thread, "while the disk is full")
        self.checks.that("the disk is full at last", refused == REFUSALS, f"{refused} refusals after {MAX_APPENDS} appends")
        self.check(client, "with a full disk")

    def append(self, client, thread):
        turn_id = str(uuid.uuid4())
        records = said.whole(thread.thread_id, turn_id, f"{turn_id} {TEXT}", TEXT)
        asked = thread.state.asked(turn_id, f"{turn_id} {TEXT}")
        thread.doing([*asked, *asked[-1].answered(TEXT)])
        answer = client.ask("thread/append", {"threadId": thread.thread_id, "items": records})
        if "result" in answer:
            thread.done()
            self.appends += 1
            return True
        self.refusals += 1
        message = answer["error"]["message"]
        self.checks.that("the refusal says that the disk is full", NO_SPACE in message.lower(), answer["error"])
        self.resume(client, thread)
        return False

    def resume(self, client, thread):
        """A thread whose writer has failed may have to be loaded again; a full disk may refuse that, too."""
        answer = client.ask("thread/resume", {"threadId": thread.thread_id, "excludeTurns": True})
        message = answer.get("error", {}).get("message", NO_SPACE)
        self.checks.that("loading it again works, or says why not", NO_SPACE in message.lower(), message)

    def read(self, client, thread, when):
        seen, turns = ledger.shown(client, thread.thread_id, ledger.LIVE)
        self.checks.that(f"{thread.thread_id} ({thread.mode}) is as it was acknowledged, {when}", seen in thread.possible,
                         f"{len(seen.turns)} turns, acknowledged {len(thread.state.turns)}; last {seen.turns[-1:]}")
        if len(thread.possible) > 1 and seen != thread.possible[0]:
            self.in_doubt += 1
        thread.possible = [seen]
        return turns

    def check(self, client, when):
        found = ledger.listed_ids(client, self.checks)
        self.checks.same(f"the threads that are listed, {when}", sorted(thread.thread_id for thread in self.threads), sorted(found))
        for thread in self.threads:
            turns = self.read(client, thread, when)
            ledger.check_pages(self.checks, client, thread.thread_id, turns, 5, "desc")
            params = {"searchTerm": thread.state.turns[-1].turn_id, "limit": 5, "sourceKinds": SOURCES}
            hits = client.ask("thread/search", params)
            self.checks.that(f"{thread.thread_id} is found by its last words, {when}", thread.thread_id in str(hits.get("result")), hits)
