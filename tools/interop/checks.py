"""Counts facts that hold and shows those that do not."""


class Checks:
    def __init__(self, subject):
        self.subject = subject
        self.held = 0
        self.broken = []

    def that(self, fact, held, seen=None):
        """Notes whether a fact holds; `seen` is shown when it does not."""
        if held:
            self.held += 1
        else:
            self.broken.append((fact, seen))

    def same(self, fact, expected, actual):
        """Notes whether two values are equal."""
        self.that(fact, expected == actual, None if expected == actual else difference(expected, actual))

    def report(self):
        """Prints the score; returns whether everything holds."""
        total = self.held + len(self.broken)
        print(f"{100 * self.held / max(total, 1):7.2f} %  {self.subject}  ({self.held} of {total} facts)")
        for fact, seen in self.broken:
            print(f"           {fact}: {seen!s:.600}")
        return total > 0 and not self.broken


def difference(expected, actual):
    """Names the first place where two values differ."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in list(expected) + [key for key in actual if key not in expected]:
            if key not in expected or key not in actual or expected[key] != actual[key]:
                return f".{key}{difference(expected.get(key, '(absent)'), actual.get(key, '(absent)'))}"
    if isinstance(expected, list) and isinstance(actual, list):
        for index, (one, other) in enumerate(zip(expected, actual)):
            if one != other:
                return f"[{index}]{difference(one, other)}"
        return f" has {len(actual)} entries, expected {len(expected)}"
    return f" is {actual!r:.200}, expected {expected!r:.200}"
