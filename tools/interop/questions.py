"""Asks a server everything that the comparison needs, and takes out of the answers what cannot be equal."""
import json

SOURCES = ["cli", "vscode", "exec", "appServer", "subAgent", "subAgentReview", "subAgentCompact", "subAgentThreadSpawn",
           "subAgentOther", "unknown"]
WORDS = ["walrus", "aardvark", "ALPHA", "\u65e5\u672c", "no such word"]
MAX_PAGES = 200

# Live state, what only Codex' databases know, and cursors (they are followed, page by page, instead).
IGNORED = {"status", "environments", "canAcceptDirectInput", "readState", "readStates", "section", "sectionEnteredAt",
           "projectId", "daybreakEnabled"}
CURSORS = {"nextCursor", "backwardsCursor", "turnCursor"}


def ask_all(client, home):
    """Returns {method: {question: answer}}."""
    answers = {}

    def put(method, question, answer):
        answers.setdefault(method, {})[question] = normal(answer, home)

    def ask(method, **params):
        put(method, json.dumps(params, sort_keys=True), client.ask(method, params))

    def ask_pages(method, **params):
        put(method, json.dumps(params, sort_keys=True), pages(client, method, params))

    threads = []
    for is_archived in (False, True):
        listed = {"sourceKinds": SOURCES, "modelProviders": [], "archived": is_archived}
        for key in ("created_at", "updated_at"):
            for direction in ("asc", "desc"):
                ask_pages("thread/list", limit=3, sortKey=key, sortDirection=direction, **listed)
        for word in WORDS:
            ask_pages("thread/list", limit=50, searchTerm=word, **listed)
            ask_pages("thread/search", limit=50, searchTerm=word, archived=is_archived, sourceKinds=SOURCES)
        threads += pages(client, "thread/list", {"limit": 50, **listed})["data"]
    for thread_id in sorted({thread["id"] for thread in threads}):
        ask_thread(client, thread_id, ask, ask_pages)
    return answers


def ask_thread(client, thread_id, ask, ask_pages):
    ask("thread/read", threadId=thread_id)
    ask("thread/read", threadId=thread_id, includeTurns=True)
    for direction in ("asc", "desc"):
        ask_pages("thread/items/list", threadId=thread_id, limit=2, sortDirection=direction)
        for view in ("full", "summary", "notLoaded"):
            ask_pages("thread/turns/list", threadId=thread_id, limit=2, sortDirection=direction, itemsView=view)
    ask_pages("thread/timeline/list", threadId=thread_id, limit=5)
    for word in WORDS:
        ask_pages("thread/searchOccurrences", threadId=thread_id, searchTerm=word, limit=2)
    turns = client.call("thread/read", {"threadId": thread_id, "includeTurns": True})["thread"]["turns"]
    for turn in turns:
        items = [item["id"] for item in turn["items"]]
        if items:
            ask("thread/items/read", threadId=thread_id, turnId=turn["id"], itemIds=items[:3])
            ask_pages("thread/items/list", threadId=thread_id, turnId=turn["id"], limit=2)


def pages(client, method, params):
    """All pages of a listing as one list, with what the first page says besides."""
    data, cursor = [], None
    for _ in range(MAX_PAGES):
        answer = client.ask(method, {**params, **({"cursor": cursor} if cursor else {})})
        if "error" in answer:
            return {"error": answer["error"], "data": data}
        result = answer["result"]
        data += result["data"]
        cursor = result.get("nextCursor")
        if not cursor:
            return {"data": data}
    return {"error": {"message": f"more than {MAX_PAGES} pages"}, "data": data}


def normal(value, home):
    """The value without what depends on the place, the moment or live state."""
    if isinstance(value, str):
        return value.replace(home, "$CODEX_HOME")
    if isinstance(value, list):
        return [normal(entry, home) for entry in value]
    if isinstance(value, dict):
        return {normal(key, home): "cursor" if key in CURSORS and entry is not None else normal(entry, home)
                for key, entry in value.items() if key not in IGNORED}
    return value
