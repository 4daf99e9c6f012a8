"""Long threads: the first page without an index (P1), every page with one (P2), what was just appended (P11)."""
import json
import os
import shutil
import statistics
import subprocess
import time

from race import OURS, PEER, Figure
from wire import NoAnswer

PAGE = 20
ITEMS = 50
WALK = 100
# A server that needs longer for a page is not asked to walk to the middle of a thread.
SLOW_MS = 200


def first_page(bench, home):
    """P1: a start without an index until a full page is here. The peer has to resume the thread first: its page is empty before."""
    thread = home.threads()[0]["id"]
    stand = bench.stand(home)

    def steps(wire, side):
        if side.name == PEER and home.threads()[0]["mode"] == "paginated":
            wire.call("thread/resume", {"threadId": thread, "excludeTurns": True})
        page = wire.call("thread/turns/list", {"threadId": thread, "limit": PAGE, "itemsView": "full"})
        if not page["data"]:
            raise NoAnswer("an empty page")
        return {"start to first full page": wire.since_begin_ms()}

    told = stand.cold("no index", steps)
    stand.close()
    return told


def middle(wire, thread, direction, turns):
    """A cursor in the middle; near the end for a server that is too slow to walk there."""
    cursor = None
    for _ in range(max(1, turns // (2 * WALK))):
        params = {"threadId": thread, "limit": WALK, "itemsView": "notLoaded", "sortDirection": direction, "cursor": cursor}
        answer = wire.ask("thread/turns/list", params)
        cursor = answer.result()["nextCursor"] or cursor
        if answer.ms > SLOW_MS:
            break
    return cursor


def item_cursor(wire, thread, direction, items):
    cursor = None
    for _ in range(max(1, items // (2 * WALK))):
        params = {"threadId": thread, "limit": WALK, "sortDirection": direction, "cursor": cursor}
        cursor = wire.call("thread/items/list", params)["nextCursor"] or cursor
    return cursor


def make_ready(stand, home):
    """Starts the servers and lets each build what it needs for pages."""
    failed = stand.start_all()
    for name, wire in stand.wires.items():
        for thread in home.threads()[:1]:
            if name == PEER and thread["mode"] == "paginated":
                wire.call("thread/resume", {"threadId": thread["id"], "excludeTurns": True})
            wire.call("thread/turns/list", {"threadId": thread["id"], "limit": 1})
    wait_for_index(stand)
    return failed


def wait_for_index(stand, seconds=120):
    """Waits until our index has stopped growing: what is measured afterwards shall not share the machine with it."""
    if OURS not in stand.wires:
        return
    quiet, before = 0, None
    for _ in range(seconds * 4):
        now = stand.wires[OURS].io()["askedWriteBytes"]
        quiet = quiet + 1 if now == before else 0
        before = now
        if quiet == 4:
            return
        time.sleep(0.25)


def all_pages(bench, home, stand):
    """P2: pages of turns and items from everywhere. Returns [(what, figures)]."""
    thread, told = home.threads()[0]["id"], []
    turns, items = home.manifest["turns"], home.manifest["items"]
    for direction in ("desc", "asc"):
        middles = {name: middle(wire, thread, direction, turns) for name, wire in stand.wires.items()}
        for place in ("first", "middle"):
            for view in ("summary", "full"):
                params = {name: {"threadId": thread, "limit": PAGE, "itemsView": view, "sortDirection": direction,
                                 "cursor": middles[name] if place == "middle" else None} for name in stand.wires}
                what = f"{PAGE} turns, {view}, {direction}, {place}"
                told.append((what, stand.ask(what, "thread/turns/list", params)))
        cursors = {}
        for name, wire in stand.wires.items():
            try:
                cursors[name] = item_cursor(wire, thread, direction, items)
            except NoAnswer:  # the peer refuses items of legacy threads; asking says so
                cursors[name] = None
        for place in ("first", "middle"):
            params = {name: {"threadId": thread, "limit": ITEMS, "sortDirection": direction,
                             "cursor": cursors[name] if place == "middle" else None} for name in stand.wires}
            what = f"{ITEMS} items, {direction}, {place}"
            told.append((what, stand.ask(what, "thread/items/list", params)))
    return told


def occurrences(stand, home, term):
    params = {"threadId": home.threads()[0]["id"], "searchTerm": term, "limit": PAGE}
    return stand.ask(f"occurrences of `{term}`, first page", "thread/searchOccurrences", params)


def appended(bench, home, stand):
    """P11: a turn is appended to the file behind the server's back; the next page must show it. Returns {bytes: figures}."""
    thread, lines = home.threads()[0], {name: home.manifest["lines"] for name in stand.wires}
    told, number = {}, 0
    for size in (1_000, 10_000, 100_000, 1_000_000):
        figures = {name: Figure() for name in stand.wires}
        for _ in range(10 if bench.quick else 30):
            number += 1
            for name, wire in stand.wires.items():
                turn = f"019b0000-0000-7000-8000-{number:012d}"
                lines[name] = append_turn(stand.copies[name].path, thread, turn, size, lines[name])
                answer = wire.ask("thread/turns/list", {"threadId": thread["id"], "limit": 1, "itemsView": "full"})
                data = answer.parsed().get("result", {}).get("data", [])
                figures[name].add(answer)
                if not data or data[0]["id"] != turn:
                    figures[name].error = "the appended turn is not in the answer"
        told[size] = bench.keep(home.name, f"{size} bytes appended, then the newest turn", figures)
    return told


def append_turn(home, thread, turn, size, ordinal):
    """Appends one turn of about so many bytes; returns the next ordinal."""
    text = "said " * max(1, (size - 700) // 5)
    records = [
        {"type": "task_started", "turn_id": turn, "started_at": 1, "model_context_window": 1000, "collaboration_mode_kind": "default"},
        {"type": "item_completed", "thread_id": thread["id"], "turn_id": turn, "started_at_ms": 1, "completed_at_ms": 2,
         "item": {"type": "AgentMessage", "id": f"msg_{turn}", "content": [{"type": "Text", "text": text}], "phase": "final_answer"}},
        {"type": "task_complete", "turn_id": turn, "last_agent_message": None, "started_at": 1, "completed_at": 1, "duration_ms": 1},
    ]
    lines = [{"timestamp": "2026-12-01T00:00:00.000Z", "ordinal": ordinal + at, "type": "event_msg", "payload": record}
             for at, record in enumerate(records)]
    with open(os.path.join(home, thread["path"]), "ab") as rollout:
        rollout.write(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
    return ordinal + len(lines)


def compressed_page(bench, home):
    """P2: the first page of a .zst without an index, against what unpacking it costs. Returns (figures, unpacking in ms or None)."""
    told = first_page(bench, home)
    if not shutil.which("zstd"):
        return told, None
    path, times = os.path.join(home.path, home.threads()[0]["path"]), []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        times.append((time.perf_counter() - begun) * 1000)
    return told, statistics.median(times)
