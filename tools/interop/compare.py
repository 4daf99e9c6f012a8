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


def compare(expected, again, actual):
    """Returns {method: (equal fields, all fields, differences)}; a field that only one side has is a difference.

    `expected` and `again` are the real server's answers before and after a restart. Fields in which it contradicts itself
    (previews of forks, which it derives anew from the shorter file) judge nobody.
    """
    scores = {}
    for method, questions in expected.items():
        same, total, differences = 0, 0, []
        for question in questions:
            theirs, later, ours = (dict(leaves(source.get(method, {}).get(question, {"error": "not asked"})))
                                   for source in (expected, again, actual))
            for path in list(theirs) + [path for path in ours if path not in theirs]:
                if (path in theirs) != (path in later) or (path in theirs and not equal(path, theirs[path], later[path])):
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
