"""What our compressor writes, the real Codex lists, reads, resumes and continues, with its databases and without them."""
import contextlib
import glob
import os
import random
import shutil
import subprocess
import time

from checks import Checks
from home import Author
from lifecycle import take_databases_away
from model import message
from views import ids_of, listed, messages_of, turns_of

TURNS = 4
ANSWER_BYTES = 700_000  # so that a rollout has several frames
IDLE_SECONDS = 8 * 24 * 3600
COMPRESS_SECONDS = 60
SEEK_TABLE_END = (0x8F92EAB1).to_bytes(4, "little")


def check_compressed(codex, reader, model, home, project, log_path):
    checks = Checks("compressed by us, continued by the real Codex")
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        threads = {mode: [real.thread(mode), []] for mode in ("legacy", "paginated")}
        for mode, (thread_id, turns) in threads.items():
            turns += [real.turn(thread_id, f"step {number} of {mode}", [message(answer(mode, number))]) for number in range(TURNS)]
        said = {thread_id: messages_of(turns_of(real.client, thread_id)) for thread_id, _ in threads.values()}
    compress(checks, reader, home)
    bare = home + "-without-databases"
    shutil.copytree(home, bare)
    take_databases_away(bare)
    for place, what in ((home, "with its databases"), (bare, "without its databases")):
        check_theirs(checks, (codex, model, place, project, log_path), what, threads, said)
        verified = reader.command("verify", "--home", place)
        checks.that(f"verify finds nothing, {what}", verified.returncode == 0, verified.stdout + verified.stderr)
    return checks


def answer(mode, number):
    """A text that hardly compresses."""
    random.seed(f"{mode} {number}")
    return f"Answer {number}: " + random.randbytes(ANSWER_BYTES // 2).hex()


def rollouts(home, ending):
    return sorted(glob.glob(os.path.join(home, "sessions", "**", "rollout-*" + ending), recursive=True))


def compress(checks, reader, home):
    """Makes all rollouts cold and asks our server to compress them."""
    plain = {}
    for path in rollouts(home, ".jsonl"):
        long_ago = time.time() - IDLE_SECONDS
        os.utime(path, (long_ago, long_ago))
        with open(path, "rb") as rollout:
            plain[path + ".zst"] = rollout.read()
    with reader.open(reader.full, home) as ours:
        ours.call("rollout/compress", {})
        until = time.monotonic() + COMPRESS_SECONDS
        while rollouts(home, ".jsonl") and time.monotonic() < until:
            time.sleep(0.2)
    checks.same("all rollouts are compressed", sorted(plain), rollouts(home, ".zst"))
    checks.same("no plain one is left", [], rollouts(home, ".jsonl"))
    for path in rollouts(home, ".zst"):
        with open(path, "rb") as stored:
            checks.that("there is a seek table", stored.read().endswith(SEEK_TABLE_END), path)
        if shutil.which("zstd"):
            done = subprocess.run(["zstd", "-dcq", path], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            checks.that("the zstd program decodes it", done.returncode == 0 and done.stdout == plain.get(path), done.stderr)


def check_theirs(checks, server, what, threads, said):
    codex, model, home, project, log_path = server
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        rows = listed(real.client)
        for mode, (thread_id, turns) in threads.items():
            checks.that(f"{mode}, listed {what}", thread_id in rows, list(rows))
            if mode == "legacy" or what.startswith("with its"):  # else empty until it is resumed
                checks.same(f"{mode}, read {what}", said[thread_id], messages_of(turns_of(real.client, thread_id)))
                checks.that(f"{mode}, still compressed {what}", find(home, thread_id).endswith(".zst"), find(home, thread_id))
            checks.same(f"{mode}, resumed {what}", said[thread_id], messages_of(real.resume(thread_id)))
            added = real.turn(thread_id, f"one more for {mode}")
            after = turns_of(real.client, thread_id)
            checks.same(f"{mode}, continued {what}", [*turns, added], ids_of(after))
            checks.same(f"{mode}, texts after it {what}", said[thread_id], messages_of(after)[:2 * TURNS])
            checks.that(f"{mode}, plain again {what}", find(home, thread_id).endswith(".jsonl"), find(home, thread_id))


def find(home, thread_id):
    [path] = glob.glob(os.path.join(home, "sessions", "**", f"rollout-*{thread_id}.jsonl*"), recursive=True)
    return path
