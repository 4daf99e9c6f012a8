"""Two writers take turns in one home: our agent and the real Codex, which keeps running, as our server does."""
import contextlib
import glob
import json
import os

from checks import Checks
from home import Author
from views import ids_of, listed, messages_of, turns_of

ROUNDS = 6
UNLOAD_SECONDS = 1

# What a crash leaves at the end of a file, by the round in which a writer finds it. Codex keeps a torn line as damage.
TORN, NO_NEWLINE = "torn line", "no newline"
BEFORE_OURS = {1: TORN, 3: NO_NEWLINE}
BEFORE_THEIRS = {4: NO_NEWLINE}


def check_alternation(codex, agent, reader, model, home, project, log_path):
    checks = Checks("two writers, turn by turn")
    with contextlib.closing(Author(codex, model, home, project, log_path, UNLOAD_SECONDS)) as real, \
            reader.open(reader.exact, home) as ours:
        told = begin(agent, real)
        real.release([thread_id for thread_id, (_, by_real, _) in told.items() if by_real])
        for number in range(ROUNDS):
            for thread_id, (_, _, turns) in told.items():
                disturb(home, thread_id, BEFORE_OURS.get(number))
                text = f"round {number} of our agent"
                turns.append((agent.say(thread_id, text), text))
                checks.same(f"{thread_id}, round {number}, our turn", ids(turns), ids_of(turns_of(ours, thread_id)))
            for thread_id, (_, _, turns) in told.items():
                disturb(home, thread_id, BEFORE_THEIRS.get(number))
                checks.same(f"{thread_id}, round {number}, resumed", ids(turns), ids_of(real.resume(thread_id)))
                text = f"round {number} of the real Codex"
                turns.append((real.turn(thread_id, text), text))
                shown = str(model.shown[text])
                checks.that(f"{thread_id}, round {number}, the model is told of our turn", turns[-2][1] in shown, shown)
                checks.same(f"{thread_id}, round {number}, the other turn", ids(turns), ids_of(turns_of(ours, thread_id)))
            real.release(told)
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        expected = {thread_id: real.resume(thread_id) for thread_id in told}
        rows = listed(real.client)
    for thread_id, (mode, _, turns) in told.items():
        said = [entry for turn_id, text in turns for entry in ((turn_id, "user", text), (turn_id, "agent", f"Answer to: {text}"))]
        checks.same(f"{thread_id}, all that was said", said, messages_of(expected[thread_id]))
        check_lines(checks, home, thread_id, mode)
    reader.check_against(checks, home, rows, expected)
    return checks


def begin(agent, real):
    """Each writer starts a thread of each mode. Returns {thread id: (mode, whether the real one started it, turns)}."""
    told = {}
    for mode in ("legacy", "paginated"):
        text = f"the agent begins a {mode} thread"
        thread_id, turn_id = agent.start(mode, text)
        told[thread_id] = (mode, False, [(turn_id, text)])
        text = f"the real Codex begins a {mode} thread"
        thread_id = real.thread(mode)
        told[thread_id] = (mode, True, [(real.turn(thread_id, text), text)])
    return told


def ids(turns):
    return [turn_id for turn_id, _ in turns]


def rollouts(home, thread_id):
    return glob.glob(os.path.join(home, "sessions", "*", "*", "*", f"rollout-*{thread_id}.jsonl"))


def disturb(home, thread_id, disturbance):
    """Leaves the end of the thread's file as a crash would."""
    if disturbance is None:
        return
    [path] = rollouts(home, thread_id)
    with open(path, "r+b") as rollout:
        end = rollout.seek(0, os.SEEK_END)
        if disturbance == TORN:
            rollout.write(b'{"timestamp":"2026-01-01T00:00:00.000Z","type":"event_m')
        else:
            rollout.truncate(end - 1)


def check_lines(checks, home, thread_id, mode):
    """One file, whole lines, and ordinals without a gap where there are ordinals."""
    paths = rollouts(home, thread_id)
    checks.same(f"{thread_id}, files", 1, len(paths))
    for path in paths:
        with open(path, "rb") as rollout:
            data = rollout.read()
        checks.that(f"{thread_id}, the last line is whole", data.endswith(b"\n"), data[-80:])
        ordinals = [decoded(line).get("ordinal", "none") for line in data.splitlines()]
        expected = list(range(len(ordinals))) if mode == "paginated" else ["none"] * len(ordinals)
        checks.same(f"{thread_id}, ordinals", expected, ordinals)


def decoded(line):
    try:
        return json.loads(line)
    except ValueError:
        return {"ordinal": f"not JSON: {line[:80]}"}
