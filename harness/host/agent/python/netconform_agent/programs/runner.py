"""Runs programs for a caller that wants nothing of a shell: exact environment, exact input, a deadline."""

from __future__ import annotations

import base64
import contextlib
import math
import os
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from ..rpc.messages import Failure
from ..rpc.params import Params
from ..rpc.server import Caller, ThreadedServer
from ..watch.namespaces import CLONE_NEWNET, CLONE_NEWNS, leave_shared_folders, set_namespace
from .state import state_of

# How long what a killed program has started may hold its output. In seconds.
GRACE = 5.0
# How `timeout` of coreutils ends when it can start nothing.
GUARD_FAILED = 125
GUARD_WORDS = b"timeout: fork system call failed"
# As much is read at once.
CHUNK = 65536
# Open files of this process itself.
RESERVED = 64


class Order:
    """A program, as the caller wants it run."""

    def __init__(self, given: Params) -> None:
        self.argv = given.texts("argv")
        self.environment = dict(line.split("=", 1) for line in given.texts("environment"))
        self.input = given.text("input").encode()
        self.deadline = given.seconds("deadlineMs")
        self.limit = given.integer("outputLimit")
        self.netns = given.text_or_none("netns")
        self.mountns = given.text_or_none("mountns")


class Output:
    """What comes out of a pipe, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._chunks: list[bytes] = []
        self._room = limit
        self.dropped = 0

    def add(self, chunk: bytes) -> None:
        """Keeps of it what there is room for."""
        kept = chunk[: self._room]
        self._chunks.append(kept)
        self._room -= len(kept)
        self.dropped += len(chunk) - len(kept)

    def kept(self) -> bytes:
        """What there was room for."""
        return b"".join(self._chunks)

    def text(self) -> str:
        """The same in Base64: it may be anything."""
        return base64.b64encode(self.kept()).decode()


class Runner:
    """Any number of programs at a time."""

    def __init__(self) -> None:
        # Each takes three open files, and some more while it starts.
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._room = threading.Semaphore(max(1, (most - RESERVED) // 8))
        # What the `PATH` of a program leads to is the program's.
        self._guard = shutil.which("timeout")

    def run(self, given: Params, caller: Caller) -> object:
        """How the program ended and what it said. It is killed when the caller gives up."""
        order = Order(given)
        with self._room:
            return self._run(order, caller)

    def put(self, given: Params, caller: Caller) -> object:
        """Writes a file whole or not at all, with the folders that it needs."""
        path, content, mode = given.text("path"), given.text("content").encode(), given.integer("mode")
        # Who gives up waits for it, so that no part of a file stays.
        caller.begin(lambda: write_whole(path, content, mode), lambda _: None)
        return None

    def drop(self, given: Params, _: Caller) -> object:
        """Removes a file that may be gone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(given.text("path"))
        return None

    def state(self, given: Params, caller: Caller) -> object:
        """What is set in a namespace, as `state_of` has it."""
        with self._room:
            move_into(given.text("netns"), None)
            try:
                return state_of(given.text_or_none("folder"), caller)
            finally:
                caller.ended()

    def _run(self, order: Order, caller: Caller) -> object:
        began = time.monotonic()
        kept = {"stdout": Output(order.limit), "stderr": Output(order.limit)}
        move_into(order.netns, order.mountns)
        guard = self._guard
        if guard is None:
            raise Failure("there is no program timeout, which is part of coreutils")
        try:
            program = caller.begin(lambda: start(order, guard), lambda begun: kill(begun.pid))
        except OSError as error:
            raise Failure(f"starting {guard}: {error.strerror}") from error
        try:
            end = attend(program, order, kept, began)
        finally:
            caller.ended()
        refuse_guard(program.returncode, kept["stderr"].kept())
        return end


def start(order: Order, guard: str) -> subprocess.Popen[bytes]:
    """Starts it with a guard: where this process is gone it still ends.

    It is no leader, as it is none under a runtime.
    """
    return subprocess.Popen(
        ["timeout", "-s", "KILL", str(math.ceil(order.deadline + GRACE)), *order.argv],
        executable=guard,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=order.environment,
        start_new_session=True,
    )


def refuse_guard(code: int | None, words: bytes) -> None:
    """Throws `Failure` where the machine had no process for the program."""
    if code == GUARD_FAILED and words.startswith(GUARD_WORDS):
        raise Failure(words.decode("utf-8", "replace").strip())


def serve_programs() -> None:
    """Serves until stdin ends; each method reads its parameters as harness/host/runner/runner.ts sends them.

    What the programs inherit of this process is as it was started.
    """
    runner = Runner()
    methods = {"run": runner.run, "state": runner.state, "put": runner.put, "drop": runner.drop}
    ThreadedServer(methods).serve()


def move_into(netns: str | None, mountns: str | None) -> None:
    """As `enter_namespaces`; throws `Failure` where one cannot be entered."""
    try:
        enter_namespaces(netns, mountns)
    except OSError as error:
        raise Failure(f"entering {error.filename or 'the namespaces'}: {error.strerror}") from error


def enter_namespaces(netns: str | None, mountns: str | None) -> None:
    """Moves this thread there, which never comes back. Both paths are those of before."""
    kinds = {CLONE_NEWNS: mountns, CLONE_NEWNET: netns}
    wanted: dict[int, tuple[str, int]] = {}
    try:
        for kind, path in kinds.items():
            if path is not None:
                wanted[kind] = (path, os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        if mountns is not None:
            leave_shared_folders()
        for kind, (path, descriptor) in wanted.items():
            try:
                set_namespace(descriptor, kind)
            except OSError as error:
                raise OSError(error.errno, error.strerror, path) from error
    finally:
        for _, descriptor in wanted.values():
            os.close(descriptor)


def attend(program: subprocess.Popen[bytes], order: Order, kept: dict[str, Output], began: float) -> object:
    """Gives the program its input, and takes its output until it has ended and nobody holds its pipes.

    At the deadline it is killed with its children, and counts as killed. What has left its process group may
    hold the pipes: a little later it is given up.
    """
    pipes = Pipes(program, order.input, kept)
    try:
        if pipes.attend(until := began + order.deadline) and ended(program, until):
            return answer(program.returncode, kept, began)
        kill(program.pid)
        if pipes.attend(until := time.monotonic() + GRACE):
            ended(program, until)
        return answer(None, kept, began)
    finally:
        pipes.close()


def write_whole(path: str, content: bytes, mode: int) -> None:
    """Makes the folders that are missing, too."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    descriptor, part = tempfile.mkstemp(prefix=f".{os.path.basename(path)}-", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


class Pipes:
    """The three pipes of a program, which it may close in any order."""

    def __init__(self, program: subprocess.Popen[bytes], given: bytes, kept: dict[str, Output]) -> None:
        assert program.stdin and program.stdout and program.stderr
        self._files = [program.stdin, program.stdout, program.stderr]
        self._input = program.stdin.fileno()
        self._rest = memoryview(given)
        self._outputs = {program.stdout.fileno(): kept["stdout"], program.stderr.fileno(): kept["stderr"]}
        self._poll = select.poll()
        for descriptor in self._outputs:
            self._poll.register(descriptor, select.POLLIN)
        os.set_blocking(self._input, False)
        self._feed()
        if self._rest:
            self._poll.register(self._input, select.POLLOUT)

    def attend(self, until: float) -> bool:
        """Whether all output had come by then."""
        while self._outputs:
            left = until - time.monotonic()
            if left <= 0:
                return False
            for descriptor, _ in self._poll.poll(left * 1000):
                if descriptor == self._input:
                    self._feed()
                    if not self._rest:
                        self._poll.unregister(descriptor)
                else:
                    self._read(descriptor)
        return True

    def close(self) -> None:
        """What was not closed by now."""
        for file in self._files:
            file.close()

    def _feed(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._input, self._rest) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It does not read its input: what it answers is judged, not this.
            self._rest = self._rest[:0]
        self._files[0].close()

    def _read(self, descriptor: int) -> None:
        chunk = os.read(descriptor, CHUNK)
        if chunk:
            self._outputs[descriptor].add(chunk)
        else:
            self._poll.unregister(descriptor)
            del self._outputs[descriptor]


def ended(program: subprocess.Popen[bytes], until: float) -> bool:
    """Whether it had by then."""
    left = max(0.0, until - time.monotonic())
    try:
        descriptor = os.pidfd_open(program.pid)
    except (AttributeError, OSError):
        # A kernel before 5.3, or a Python that was built for one. Python looks every now and then.
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(left)
        return program.returncode is not None
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(left * 1000)
    finally:
        os.close(descriptor)
    return program.poll() is not None


def kill(leader: int) -> None:
    """Ends a process group. One that is gone is what the caller wants."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def answer(code: int | None, kept: dict[str, Output], began: float) -> object:
    """What runner.ts reads; `code` as Python has it, nothing where the program was killed at its deadline."""
    by_signal = signal_name(-code) if code is not None and code < 0 else None
    return {
        "code": None if by_signal else code,
        "signal": "KILL" if code is None else by_signal,
        "stdout": kept["stdout"].text(),
        "stderr": kept["stderr"].text(),
        "dropped": [kept["stdout"].dropped, kept["stderr"].dropped],
        "late": code is None,
        "durationMs": (time.monotonic() - began) * 1000,
    }


def signal_name(number: int) -> str:
    """Without `SIG`; the real-time signals have none."""
    try:
        return signal.Signals(number).name[3:]
    except ValueError:
        return str(number)
