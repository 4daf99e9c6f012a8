"""The real Codex takes over threads that our agent has recorded, and we read what it added."""
import contextlib
import os

from checks import Checks
from home import Author
from questions import pages
from views import ids_of, listed, messages_of, turns_of

QUESTION = "what is here? \u65e5\u672c\u8a9e \U0001f600 na\u00efve"
ANSWER = "There is one file: `hello.txt` \U0001f44b \u65e5\u672c\u8a9e na\u00efve"
LONG_ANSWER = "a long answer with \u00fcn\u00efc\u00f6d\u00e9 \u2014 " * 6500
LONG_QUESTION = "a long question, \u65e5\u672c\u8a9e and all " * 6500
# What a model must be told of a thread that was compacted, then reviewed.
CONTEXT = ("Summary: a file was made.", "The review found nothing.")
# Kinds of items that the agent records, and those of them that legacy files have no line for.
KINDS = {"userMessage", "agentMessage", "reasoning", "commandExecution", "fileChange", "mcpToolCall", "webSearch", "plan",
         "imageView", "dynamicToolCall", "collabAgentToolCall", "subAgentActivity", "sleep", "functionCallOutput", "hookPrompt",
         "imageGeneration", "contextCompaction", "enteredReviewMode", "exitedReviewMode"}
NOT_IN_LEGACY = {"commandExecution", "imageView", "dynamicToolCall", "collabAgentToolCall"}


def check_recorded(codex, agent, reader, model, home, project, log_path):
    checks = Checks("recorded by us, continued by the real Codex")
    script = agent.play_script()
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        seen = listed(real.client)
        for thread_id, (mode, turn_ids) in script.items():
            checks.that(f"{mode} is listed", thread_id in seen, list(seen))
            if mode == "legacy":  # without its database, Codex reads a paginated thread as empty until it is resumed
                checks.same(f"{mode}, read before resuming", turn_ids, ids_of(turns_of(real.client, thread_id)))
        for thread_id, (mode, turn_ids) in script.items():
            check_resumed(checks, real, thread_id, mode, turn_ids)
            turn_ids.append(check_continued(checks, real, thread_id, mode))
    expected = {}
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        for thread_id, (mode, turn_ids) in script.items():
            expected[thread_id] = turns_of(real.client, thread_id)
            checks.same(f"{mode}, after a restart", turn_ids, ids_of(expected[thread_id]))
        rows = listed(real.client)
    reader.check_against(checks, home, rows, expected)
    check_without_databases(checks, codex, script, model, home, project, log_path)
    return checks


def check_resumed(checks, real, thread_id, mode, turn_ids):
    turns = real.resume(thread_id)
    checks.same(f"{mode}, resumed", turn_ids, ids_of(turns))
    checks.same(f"{mode}, read", turns, turns_of(real.client, thread_id))
    statuses = [turn["status"] for turn in turns]
    checks.same(f"{mode}, ends of turns", {"completed": 8, "interrupted": 1, "failed": 1},
                {status: statuses.count(status) for status in sorted(set(statuses))})
    said = {text for _, _, text in messages_of(turns)}
    texts = {"question": QUESTION, "answer": ANSWER, "long question": LONG_QUESTION, "long answer": LONG_ANSWER}
    for name, text in texts.items():
        checks.that(f"{mode}, {name}", text in said, f"not among {len(said)} texts")
    kinds = KINDS - NOT_IN_LEGACY if mode == "legacy" else KINDS
    checks.same(f"{mode}, kinds of items", sorted(kinds), sorted({item["type"] for turn in turns for item in turn["items"]}))
    items = [(turn["id"], item["id"]) for turn in turns for item in turn["items"]]
    for direction in ("asc", "desc"):
        def page(method, direction=direction, **params):
            data = pages(real.client, method, {"threadId": thread_id, "sortDirection": direction, **params})["data"]
            return data if direction == "asc" else data[::-1]
        checks.same(f"{mode}, pages of turns ({direction})", turn_ids, ids_of(page("thread/turns/list", limit=2)))
        if mode == "paginated":  # Codex has no pages of items for the others
            paged = [(entry["turnId"], entry["item"]["id"]) for entry in page("thread/items/list", limit=3)]
            checks.same(f"{mode}, pages of items ({direction})", items, paged)
    check_search(checks, real, thread_id, mode)


def check_search(checks, real, thread_id, mode):
    word = "\u00fcn\u00efc\u00f6d\u00e9"
    found = pages(real.client, "thread/search", {"searchTerm": word, "limit": 50, "sourceKinds": ["exec"]})
    checks.that(f"{mode}, found by its text", thread_id in str(found), found)
    found = pages(real.client, "thread/list", {"searchTerm": "what is here?", "limit": 50, "sourceKinds": ["exec"]})
    checks.that(f"{mode}, found by its title", thread_id in str(found), found)
    if mode == "paginated":
        found = pages(real.client, "thread/searchOccurrences", {"threadId": thread_id, "searchTerm": word, "limit": 50})
        checks.that(f"{mode}, occurrences", bool(found["data"]), found)


def check_continued(checks, real, thread_id, mode):
    text = f"go on with {mode}"
    turn_id = real.turn(thread_id, text)
    last = turns_of(real.client, thread_id)[-1]
    checks.same(f"{mode}, continued", (turn_id, "completed"), (last["id"], last["status"]))
    shown = str(real.model.shown.get(text))
    for told in CONTEXT:
        checks.that(f"{mode}, the model is told {told!r}", told in shown, shown)
    checks.that(f"{mode}, the model is not told what was compacted", QUESTION not in shown, shown)
    return turn_id


def check_without_databases(checks, codex, script, model, home, project, log_path):
    """Takes Codex' databases away: the rollouts alone still say everything."""
    for name in os.listdir(home):
        if ".sqlite" in name:
            os.remove(os.path.join(home, name))
    with contextlib.closing(Author(codex, model, home, project, log_path)) as real:
        seen = listed(real.client)
        for thread_id, (mode, turn_ids) in script.items():
            checks.that(f"{mode} is listed from its file", thread_id in seen, list(seen))
            checks.same(f"{mode}, resumed from its file", turn_ids, ids_of(real.resume(thread_id)))
