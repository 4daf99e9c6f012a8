"""Two writers want one thread: exactly one gets it, and the other is told which thread it cannot have."""
import contextlib
import glob
import os

from agent import finish
from alternate import UNLOAD_SECONDS, check_lines
from checks import Checks
from home import Author
from views import ids_of, messages_of

RIVALS = 4


def check_locks(codex, agent, model, home, project, log_path):
    checks = Checks("one writer at a time")

    def real_server():
        return contextlib.closing(Author(codex, model, home, project, log_path, UNLOAD_SECONDS))

    for mode in ("legacy", "paginated"):
        thread_id, turn_id = agent.start(mode, f"wanted by two, {mode}")
        turn_ids = [turn_id]
        with real_server() as real:
            check_real_holds(checks, agent, real, thread_id, turn_ids)
            check_agent_holds(checks, agent, real, thread_id, turn_ids)
            check_agent_killed(checks, agent, real, thread_id, turn_ids)
            real.client.process.kill()
            real.client.process.wait()
        complaint = agent.refusal(thread_id, "after the real Codex was killed")
        checks.that(f"{mode}, our agent writes after the real Codex was killed", complaint is None, complaint)
        with real_server() as real:
            check_race(checks, agent, real, thread_id)
        check_lines(checks, home, thread_id, mode)
    locks = [os.path.basename(path) for path in glob.glob(os.path.join(home, "thread-writer-locks", "*.lock"))]
    checks.same("locks are cleaned away", [], locks)
    return checks


def conflict(thread_id):
    return f"thread {thread_id} already has an active writer"


def check_real_holds(checks, agent, real, thread_id, turn_ids):
    checks.same("the real Codex resumes", turn_ids, ids_of(real.resume(thread_id)))
    complaint = agent.refusal(thread_id, "let me in")
    checks.that("our agent is refused", complaint is not None and conflict(thread_id) in complaint, complaint)
    turn_ids.append(real.turn(thread_id, f"still mine, {thread_id}"))
    real.release([thread_id])


def check_agent_holds(checks, agent, real, thread_id, turn_ids):
    with agent.holding(thread_id) as holder:
        answer = real.client.ask("thread/resume", real.resume_params(thread_id))
        checks.same("the real Codex is refused", conflict(thread_id), answer.get("error", {}).get("message"))
        complaint = agent.refusal(thread_id, "let me in as well")
        checks.that("a second agent is refused", complaint is not None and conflict(thread_id) in complaint, complaint)
        checks.same("our agent gives the thread back", (0, ""), finish(holder))
    checks.same("the real Codex resumes after our agent", turn_ids, ids_of(real.resume(thread_id)))
    real.release([thread_id])


def check_agent_killed(checks, agent, real, thread_id, turn_ids):
    with agent.holding(thread_id) as holder:
        holder.kill()
        holder.wait()
    checks.same("the real Codex resumes after our agent was killed", turn_ids, ids_of(real.resume(thread_id)))


def check_race(checks, agent, real, thread_id):
    """Several agents and the real Codex at once: who was let in has its turn recorded, all others name the thread."""
    rivals = {f"rival {number}": agent.saying(thread_id, f"rival {number}") for number in range(RIVALS)}
    wanted, text = set(), "the real rival"
    answer = real.client.ask("thread/resume", real.resume_params(thread_id))
    refused = answer.get("error", {}).get("message")
    checks.that("the real rival is let in, or told why", refused in (None, conflict(thread_id)), refused)
    if "error" not in answer:
        real.turn(thread_id, text)
        wanted.add(text)
        real.release([thread_id])
    for name, process in rivals.items():
        code, complaint = finish(process)
        if code == 0:
            wanted.add(name)
        checks.that(f"{name} is let in, or told why", code == 0 or conflict(thread_id) in complaint, complaint)
    checks.that("somebody wins", bool(wanted), wanted)
    said = [words for _, who, words in messages_of(real.resume(thread_id)) if who == "user" and "rival" in words]
    checks.same("who was let in is recorded, once", sorted(wanted), sorted(said))
