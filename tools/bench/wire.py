"""One connection to an app-server over its standard streams, timed until the last byte of an answer is here.

Nothing is parsed while the time runs: a line is taken apart after its end was read. An answer is told from a notification by how
its line begins; only a line that begins in an unknown way is parsed to find out.
"""
import contextlib
import fcntl
import json
import os
import re
import resource
import select
import subprocess
import time

import interop_path  # noqa: F401
from rpc import loopback_only

READ_BYTES = 1 << 20
PIPE_BYTES = 1 << 20
F_SETPIPE_SZ = 1031


class NoAnswer(Exception):
    """The server ended, or took longer than anybody waits."""


class Answer:
    """The bytes of an answer and how long it took."""

    def __init__(self, line, ms):
        self.line, self.ms, self._parsed = line, ms, None

    def parsed(self):
        if self._parsed is None:
            self._parsed = json.loads(self.line)
        return self._parsed

    def error(self):
        return self.parsed().get("error", {}).get("message")

    def result(self):
        if "error" in self.parsed():
            raise NoAnswer(f"refused: {self.parsed()['error'].get('message')}")
        return self.parsed()["result"]

    def rows(self):
        return len(self.parsed().get("result", {}).get("data", []))


class Wire:
    """A server that has answered `initialize`."""

    def __init__(self, command, home, address_space_bytes=None, timeout=600):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (address_space_bytes, address_space_bytes))

        self.begun = time.perf_counter()
        self.next_id, self.rest, self.ended_in = 0, b"", None
        with open(os.path.join(os.path.dirname(home), "stderr.log"), "ab") as log:
            self.process = subprocess.Popen(command, env=loopback_only({"CODEX_HOME": home, "HOME": home}), cwd=home, bufsize=0,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=limit if address_space_bytes else None)
        with contextlib.suppress(OSError):  # not Linux, or not allowed: then the pipe is a small one for every server
            fcntl.fcntl(self.process.stdout, F_SETPIPE_SZ, PIPE_BYTES)
        os.set_blocking(self.process.stdout.fileno(), False)
        try:
            self.ask("initialize", {"clientInfo": {"name": "bench", "title": "bench", "version": "1"},
                                    "capabilities": {"experimentalApi": True}}, timeout)
            self.initialized_ms = self.since_begin_ms()
            self._write({"method": "initialized"})
        except NoAnswer:
            self.close()
            raise

    def since_begin_ms(self):
        return (time.perf_counter() - self.begun) * 1000

    def _write(self, message):
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise NoAnswer("the server has gone") from None

    def ask(self, method, params=None, timeout=600):
        """Sends a request and returns its answer, an error as well."""
        self.next_id += 1
        request = json.dumps({"id": self.next_id, "method": method, "params": params or {}}).encode() + b"\n"
        mine = re.compile(rb'\{(?:"jsonrpc":"2\.0",)?"id":%d[,}]' % self.next_id)
        begun = time.perf_counter()
        try:
            self.process.stdin.write(request)
        except BrokenPipeError:
            raise NoAnswer("the server has gone") from None
        while True:
            line = self._line(begun + timeout)
            ms = (time.perf_counter() - begun) * 1000
            if mine.match(line):
                return Answer(line, ms)
            if b'"method"' not in line[:200] and json.loads(line).get("id") == self.next_id:
                return Answer(line, ms)
            self._refuse(line)

    def call(self, method, params=None, timeout=600):
        """Sends a request and returns its result."""
        return self.ask(method, params, timeout).result()

    def _refuse(self, line):
        """Nothing here is ever asked anything."""
        message = json.loads(line)
        if "method" in message and "id" in message:
            self._write({"id": message["id"], "error": {"code": -32601, "message": "not supported"}})

    def _line(self, deadline):
        chunks = [self.rest]
        while b"\n" not in chunks[-1]:
            try:
                chunk = os.read(self.process.stdout.fileno(), READ_BYTES)
            except BlockingIOError:
                left = deadline - time.perf_counter()
                if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                    raise NoAnswer("no answer in time") from None
                continue
            if not chunk:
                raise NoAnswer(f"the server ended with code {self.process.wait()}")
            chunks.append(chunk)
        line, _, self.rest = b"".join(chunks).partition(b"\n")
        return line

    def memory(self):
        """Resident and highest resident size in megabytes."""
        fields = self._fields("status")
        megabytes = {key: round(int(fields[field].split()[0]) * 1024 / 1_000_000, 1) for key, field in (("rssMb", "VmRSS"), ("peakMb", "VmHWM"))}
        return megabytes

    def io(self):
        """Bytes read and written, as asked for (`asked`) and as they reached the disk (`disk`)."""
        fields = self._fields("io")
        return {"askedReadBytes": int(fields["rchar"]), "askedWriteBytes": int(fields["wchar"]),
                "diskReadBytes": int(fields["read_bytes"]), "diskWriteBytes": int(fields["write_bytes"])}

    def _fields(self, name):
        with open(f"/proc/{self.process.pid}/{name}", encoding="ascii") as file:
            return dict(line.rstrip().split(":", 1) for line in file)

    def close(self):
        """Closes the server's input and waits for its end; kills it if it does not come."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
