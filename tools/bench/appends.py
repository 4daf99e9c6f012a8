"""P8 and P9: the project's own bench of recording, next to a bare loop of syncs. There is nothing of the peer's to compare with: it
has no call that only appends."""
import json
import subprocess

COMMAND = ["cargo", "bench", "--locked", "-p", "codex-thread-store", "--bench", "append"]


def figures(root):
    """{name: figure}, or why there are none."""
    done = subprocess.run(COMMAND, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {}, f"`{' '.join(COMMAND)}` ended with code {done.returncode}"
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return {figure["name"]: figure for figure in map(json.loads, lines)}, None
