"""P10: what one request takes in memory, each asked of a server of its own that has no index yet.

The peer has to resume a paginated thread before its pages are more than empty; that counts.
"""
from race import PEER, Figure
from wire import NoAnswer

# No server may take more than this while it is measured: the machine has others on it.
ADDRESS_SPACE_BYTES = 16 << 30
TIMEOUT_SECONDS = 120

REQUESTS = {
    "turns, full": ("thread/turns/list", {"limit": 20, "itemsView": "full"}),
    "turns, full, from the oldest": ("thread/turns/list", {"limit": 20, "itemsView": "full", "sortDirection": "asc"}),
    "items": ("thread/items/list", {"limit": 50}),
    "occurrences": ("thread/searchOccurrences", {"searchTerm": "tokio", "limit": 20}),
    "whole thread": ("thread/read", {"includeTurns": True}),
}


def single_requests(bench, home):
    """Returns [(what, figures)]; a figure has the peak without the answer's own bytes."""
    told = []
    stand = bench.stand(home)
    thread = home.threads()[0]["id"]
    for what, (method, params) in REQUESTS.items():
        figures = {}
        for side in stand.sides:
            stand.copies[side.name].without_index()
            figure = figures[side.name] = Figure()
            try:
                wire = stand.start(side, address_space_bytes=ADDRESS_SPACE_BYTES, timeout=TIMEOUT_SECONDS)
                if side.name == PEER and home.threads()[0]["mode"] == "paginated" and method != "thread/read":
                    wire.call("thread/resume", {"threadId": thread, "excludeTurns": True}, TIMEOUT_SECONDS)
                answer = wire.ask(method, {"threadId": thread} | params, timeout=TIMEOUT_SECONDS)
                figure.add(answer)
                figure.rows = answer.rows()
                memory = wire.memory()
                figure.more = memory | {"beyondAnswerMb": round(memory["peakMb"] - len(answer.line) / 1_000_000, 1)}
                if answer.error():
                    figure.more["refused"] = answer.error()
            except NoAnswer as error:
                figure.error = str(error)
            finally:
                if side.name in stand.wires:
                    stand.wires[side.name].process.kill()
                    stand.stop(side)
        told.append((what, bench.keep(home.name, f"one request: {what}", figures)))
    stand.close()
    return told
