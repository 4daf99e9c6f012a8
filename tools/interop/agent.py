"""The example agent of this project, which records through its Rust interface: one process per order."""
import contextlib
import subprocess

TIMEOUT_SECONDS = 60


class AgentError(Exception):
    """The agent did not do what it was asked for."""


class Agent:
    def __init__(self, binary, home):
        self.binary, self.home = binary, home

    def play_script(self):
        """Records a thread of each mode. Returns {thread id: (mode, turn ids)}."""
        return self._started(self._run())

    def start(self, mode, text):
        """Starts a thread with one turn; returns its id and the turn's."""
        [(thread_id, (_, [turn_id]))] = self._started(self._run("--start", mode, "--say", text)).items()
        return thread_id, turn_id

    def say(self, thread_id, text):
        """Resumes a thread for one turn; returns the turn's id."""
        return self._run("--resume", thread_id, "--say", text).split()[-1]

    def refusal(self, thread_id, text):
        """Tries to resume a thread for one turn. Returns what the agent says when it cannot, else None."""
        done = self._ended(["--resume", thread_id, "--say", text])
        return done.stderr.strip() if done.returncode else None

    def saying(self, thread_id, text):
        """A process that resumes a thread for one turn, now running."""
        return self._popen("--resume", thread_id, "--say", text)

    @contextlib.contextmanager
    def holding(self, thread_id):
        """A process that is the thread's writer, until the end of the block at the latest."""
        process = self._popen("--resume", thread_id, "--hold")
        try:
            line = process.stdout.readline()
            if line.split() != ["holding", thread_id]:
                raise AgentError(f"cannot hold {thread_id}: {process.communicate(timeout=TIMEOUT_SECONDS)[1].strip()}")
            yield process
        finally:
            if process.poll() is None:
                finish(process)

    def _popen(self, *arguments):
        pipe = subprocess.PIPE
        return subprocess.Popen([self.binary, self.home, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def _ended(self, arguments):
        return subprocess.run([self.binary, self.home, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, check=False)

    def _run(self, *arguments):
        done = self._ended(arguments)
        if done.returncode:
            raise AgentError(f"agent {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    @staticmethod
    def _started(output):
        threads = {}
        for word, thread_id, *turn_id in map(str.split, output.splitlines()):
            if word == "turn":
                threads[thread_id][1].extend(turn_id)
            else:
                threads[thread_id] = (word.lower(), [])
        return threads


def finish(process):
    """Closes the agent's input and waits for its end; returns its exit code and what it said about a failure."""
    try:
        _, complaint = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, complaint = process.communicate()
    return process.returncode, complaint.strip()
