"""Homes to measure on: made once for each shape by the project's own generator, and copied for each server.

A home that has been made stays in the scratch folder under a name that says its shape and the generator's sources, so that a second run
makes nothing. Copies are taken from it for each server, and brought back to what they were before a start without any index.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess

GENERATOR = os.path.join("test-support", "examples", "large_home")
INDEX_FILE = re.compile(r"codex-threads/|(state|thread_history)_\d+\.sqlite")
# The smallest configuration with which the real server starts; it never reaches a model here.
CONFIG = 'model = "mock-model"\nmodel_provider = "openai"\n'


def shape(**options):
    """A shape as the generator's options."""
    return {name.replace("_", "-"): str(value) for name, value in options.items()}


class Home:
    """A made home: where it is, and what its manifest says."""

    def __init__(self, name, path):
        self.name, self.path = name, path
        with open(os.path.join(path, "manifest.json"), encoding="utf-8") as manifest:
            self.manifest = json.load(manifest)

    def threads(self, mode=None):
        return [thread for thread in self.manifest["threads"] if mode in (None, thread["mode"])]

    def needle(self):
        """A word that one thread says, not the newest one."""
        needles = [thread["needle"] for thread in self.threads() if thread["needle"]]
        return needles[len(needles) // 2]

    def sizes(self):
        return {key: self.manifest[key] for key in ("bytes", "lines", "items", "turns")} | {"threads": len(self.threads())}


class Homes:
    """Makes homes, once each."""

    def __init__(self, scratch, root):
        self.scratch, self.root, self.binary = scratch, root, None
        sources = hashlib.sha256()
        for path in sorted(glob.glob(os.path.join(root, GENERATOR, "*.rs"))):
            with open(path, "rb") as file:
                sources.update(file.read())
        self.version = sources.hexdigest()[:8]

    def made(self, name, options):
        key = "-".join([name, *(f"{option}_{value}" for option, value in sorted(options.items())), self.version])
        path = os.path.join(self.scratch, "homes", key)
        if not os.path.isdir(path):
            print(f"making {name}: {options}", flush=True)
            partial = path + ".partial"
            shutil.rmtree(partial, ignore_errors=True)
            arguments = [word for option, value in options.items() for word in (f"--{option}", value)]
            subprocess.run([self._generator(), partial, *arguments], check=True, stdin=subprocess.DEVNULL)
            os.rename(partial, path)
        return Home(name, path)

    def _generator(self):
        if not self.binary:
            command = ["cargo", "build", "--release", "--locked", "-p", "codex-test-support", "--example", "large_home"]
            subprocess.run(command, check=True, cwd=self.root, stdin=subprocess.DEVNULL)
            target = os.environ.get("CARGO_TARGET_DIR", os.path.join(self.root, "target"))
            self.binary = os.path.join(target, "release", "examples", "large_home")
        return self.binary


class Copy:
    """A server's own copy of a home."""

    def __init__(self, original, path):
        self.original, self.path = original, path
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        command = ["cp", "-R", "--preserve=timestamps", "--sparse=always", "--reflink=auto", original, path]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        with open(os.path.join(path, "config.toml"), "w", encoding="utf-8") as config:
            config.write(CONFIG)
        self.files = {file: os.stat(os.path.join(path, file)).st_size for file in self._all()}

    def _all(self):
        for folder, _, files in os.walk(self.path):
            for file in files:
                yield os.path.relpath(os.path.join(folder, file), self.path)

    def index_bytes(self):
        """Size of what a server keeps to find threads and their parts: our index, or the peer's databases of them."""
        return sum(os.stat(os.path.join(self.path, file)).st_size for file in self._all() if INDEX_FILE.match(file))

    def without_index(self):
        """Removes what the server added, and brings back what it changed or removed."""
        found = {file: os.stat(os.path.join(self.path, file)).st_size for file in self._all()}
        for file in found.keys() - self.files.keys():
            os.remove(os.path.join(self.path, file))
        for file, size in self.files.items():
            if found.get(file) != size:
                shutil.copy2(os.path.join(self.original, file), os.path.join(self.path, file))

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
