"""Compares two sets of answers field by field."""

# Codex notes the moment of its last write in its database; without it the file's modification time says when.
ROUGH_SECONDS = {"updatedAt": 2, "recencyAt": 2}


def leaves(value, path=""):
    """Yields (path, value) of everything that is not a container; empty containers count as values."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from leaves(entry, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for index, entry in enumerate(value):
            yield from leaves(entry, f"{path}[{index}]")
    else:
        yield path, value


def equal(path, a, b):
    rough = ROUGH_SECONDS.get(path.rsplit(".", 1)[-1])
    if rough is not None and isinstance(a, int) and isinstance(b, int):
        return abs(a - b) <= rough
    return type(a) is type(b) and a == b


def threads_in(value):
    """Yields every thread of an answer."""
    if isinstance(value, dict):
        if "preview" in value:
            yield value
        for entry in value.values():
            yield from threads_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from threads_in(entry)


def unsettled_previews(*answers):
    """The ids of threads whose preview the real server does not agree with itself about.

    For forks and reverted threads its database and their shorter file say different things; listing replaces one by the other.
    """
    previews = {}
    for answer in answers:
        for thread in threads_in(answer):
            previews.setdefault(thread["id"], set()).add(thread["preview"])
    return {thread_id for thread_id, seen in previews.items() if len(seen) > 1}


def compare(expected, again, actual):
    """Returns {method: (equal fields, all fields, differences)}; a field that only one side has is a difference.

    `expected` and `again` are the real server's answers before and after a restart; where it contradicts itself, nobody is
    judged.
    """
    unsettled = unsettled_previews(expected, again)

    def settled(path, theirs, later):
        if path.endswith(".preview") and theirs.get(path.removesuffix("preview") + "id") in unsettled:
            return False
        return (path in theirs) == (path in later) and (path not in theirs or equal(path, theirs[path], later[path]))

    scores = {}
    for method, questions in expected.items():
        same, total, differences = 0, 0, []
        for question in questions:
            theirs, later, ours = (dict(leaves(source.get(method, {}).get(question, {"error": "not asked"})))
                                   for source in (expected, again, actual))
            for path in list(theirs) + [path for path in ours if path not in theirs]:
                if not settled(path, theirs, later):
                    continue
                total += 1
                if path in theirs and path in ours and equal(path, theirs[path], ours[path]):
                    same += 1
                else:
                    differences.append((question, path, theirs.get(path, "(absent)"), ours.get(path, "(absent)")))
        scores[method] = (same, total, differences)
    return scores


def report(scores, shown):
    """Prints a score per method and the first differences of each."""
    for method, (same, total, differences) in sorted(scores.items()):
        print(f"{100 * same / max(total, 1):7.2f} %  {method}  ({same} of {total} fields)")
        for question, path, theirs, ours in differences[:shown]:
            print(f"           {question}\n             {path}: real {theirs!r:.160}, ours {ours!r:.160}")
