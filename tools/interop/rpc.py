"""A client of an app-server: newline-delimited JSON-RPC over the standard streams of a child process."""
import contextlib
import json
import os
import queue
import subprocess
import threading

CLOSED_PORT = "http://127.0.0.1:9"  # "discard": nothing listens there


class ServerError(Exception):
    """An answer that is an error, or no answer at all."""


def loopback_only(extra):
    """The environment of a server under test: whatever it tries to reach, it stays on this machine."""
    env = dict(os.environ)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        env[name] = env[name.lower()] = CLOSED_PORT
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost"
    env.update({"TZ": "UTC", "LANG": "C.UTF-8", "RUST_LOG": "error"})
    env.update(extra)
    return env


class Client:
    """One initialized connection. Requests may overtake each other; answers and notifications are kept aside until asked for."""

    def __init__(self, command, env, cwd, log_path):
        self.log = open(log_path, "ab")
        self.process = subprocess.Popen(command, env=loopback_only(env), cwd=cwd, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log)
        self.incoming = queue.Queue()
        self.notifications = []
        self.answers = {}
        self.next_id = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.call("initialize", {"clientInfo": {"name": "interop", "title": "interop", "version": "1"},
                                 "capabilities": {"experimentalApi": True}})
        self._send({"method": "initialized"})

    def _read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"):  # a killed server may leave half a message
                self.incoming.put(json.loads(line))
        self.incoming.put(None)

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ServerError("the server has gone") from None

    def _receive(self, timeout):
        try:
            message = self.incoming.get(timeout=timeout)
        except queue.Empty:
            raise ServerError(f"no message within {timeout} s") from None
        if message is None:
            self.incoming.put(None)
            raise ServerError(f"the server ended with code {self.process.wait()}")
        if "method" in message and "id" in message:  # nothing here is ever asked for approval
            self._send({"id": message["id"], "error": {"code": -32601, "message": "not supported"}})
        elif "method" in message:
            self.notifications.append(message)
        return message

    def begin(self, method, params=None):
        """Sends a request; returns its id."""
        self.next_id += 1
        self._send({"id": self.next_id, "method": method, "params": params or {}})
        return self.next_id

    def take(self, timeout=60):
        """Waits for whichever answer comes next, or came before; returns its id and the object with `result` or `error`."""
        while not self.answers:
            message = self._receive(timeout)
            if "id" in message and "method" not in message:
                self.answers[message["id"]] = {key: message[key] for key in ("result", "error") if key in message}
        request = next(iter(self.answers))
        return request, self.answers.pop(request)

    def ask(self, method, params=None, timeout=60):
        """Sends a request and returns its whole answer: an object with `result` or `error`."""
        wanted, aside = self.begin(method, params), {}
        while True:
            request, answer = self.take(timeout)
            if request == wanted:
                self.answers.update(aside)
                return answer
            aside[request] = answer

    def call(self, method, params=None, timeout=60):
        """Sends a request and returns its result."""
        answer = self.ask(method, params, timeout)
        if "error" in answer:
            raise ServerError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_for(self, method, wanted, timeout=60):
        """Returns the params of the first notification of this method, past or coming, that `wanted` accepts."""
        seen = 0
        while True:
            for note in self.notifications[seen:]:
                if note["method"] == method and wanted(note["params"]):
                    return note["params"]
            seen = len(self.notifications)
            self._receive(timeout)

    def kill(self):
        """Ends the server at once, as SIGKILL does."""
        self.process.kill()

    def close(self):
        """Closes the server's input and waits for its end."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
