"""Runs programs for a caller that wants nothing of a shell: exact environment, exact input, a deadline."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from ..rpc.params import Params
from ..rpc.server import Method, Server
from ..watch.namespaces import CLONE_NEWNET, CLONE_NEWNS, leave_shared_folders, set_namespace

Answer = TypeVar("Answer")

# How long what a killed program has started may hold its output. In seconds.
GRACE = 5.0
# As much is read at once.
CHUNK = 65536


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

    def text(self) -> str:
        """All of it, in Base64: it may be anything."""
        return base64.b64encode(b"".join(self._chunks)).decode()


class Runner:
    """Any number of programs at a time; all that still run are killed when the caller is gone."""

    def __init__(self) -> None:
        self._running: set[int] = set()

    async def run(self, given: Params) -> object:
        """How the program ended and what it said.

        One that cannot be started ends as in a shell, with 126 or 127.
        """
        order = Order(given)
        return await in_thread(lambda: self._run(order))

    async def put(self, given: Params) -> object:
        """Writes a file whole or not at all, with the folders that it needs."""
        path, content, mode = given.text("path"), given.text("content"), given.integer("mode")
        return await in_thread(lambda: write_whole(path, content.encode(), mode))

    async def drop(self, given: Params) -> object:
        """Removes a file that may be gone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(given.text("path"))
        return None

    def end(self) -> None:
        """Kills what runs."""
        for leader in list(self._running):
            kill(leader)

    def _run(self, order: Order) -> object:
        enter_namespaces(order.netns, order.mountns)
        began = time.monotonic()
        try:
            program = subprocess.Popen(
                order.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=order.environment,
                start_new_session=True,
            )
        except OSError as error:
            said = Output(order.limit)
            said.add(f"{order.argv[0]}: {error.strerror}\n".encode())
            code = 127 if isinstance(error, FileNotFoundError) else 126
            return answer(code, Output(0), said, began, late=False)
        self._running.add(program.pid)
        try:
            return attend(program, order, began)
        finally:
            self._running.discard(program.pid)


def serve_programs() -> None:
    """Serves until stdin ends. What the programs inherit of this process is as it was started."""
    asyncio.run(serve())


async def serve() -> None:
    """The operations by name; each reads its parameters as harness/host/runner/runner.ts sends them."""
    runner = Runner()
    operations: dict[str, Method] = {"run": runner.run, "put": runner.put, "drop": runner.drop}
    await Server(operations, runner.end).serve()


def enter_namespaces(netns: str | None, mountns: str | None) -> None:
    """Moves this thread there, which never comes back. Both paths are those of before."""
    kinds = {CLONE_NEWNS: mountns, CLONE_NEWNET: netns}
    wanted = {kind: os.open(path, os.O_RDONLY | os.O_CLOEXEC) for kind, path in kinds.items() if path}
    try:
        if mountns is not None:
            leave_shared_folders()
        for kind, descriptor in wanted.items():
            set_namespace(descriptor, kind)
    finally:
        for descriptor in wanted.values():
            os.close(descriptor)


def attend(program: subprocess.Popen[bytes], order: Order, began: float) -> object:
    """Gives the program its input, and takes its output until it has ended and nobody holds its pipes.

    At the deadline it is killed with its children. What has left its process group may hold the pipes:
    a little later it is given up.
    """
    kept = {"stdout": Output(order.limit), "stderr": Output(order.limit)}
    until = began + order.deadline
    late = False
    with contextlib.ExitStack() as stack:
        pipes = Pipes(program, order.input, kept)
        stack.callback(pipes.close)
        while not (pipes.attend(until) and ended(program, until)):
            if late:
                return answer(None, kept["stdout"], kept["stderr"], began, late)
            late = True
            kill(program.pid)
            until = time.monotonic() + GRACE
    return answer(program.returncode, kept["stdout"], kept["stderr"], began, late)


def write_whole(path: str, content: bytes, mode: int) -> None:
    """Makes the folders that are missing, too."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = f"{path}.part"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    os.replace(part, path)


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
    try:
        program.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def kill(leader: int) -> None:
    """Ends a process group. One that is gone is what the caller wants."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def answer(code: int | None, stdout: Output, stderr: Output, began: float, late: bool) -> object:
    """What runner.ts reads; `code` as Python has it, nothing where the program was given up."""
    by_signal = signal_name(-code) if code is not None and code < 0 else None
    return {
        "code": None if by_signal else code,
        "signal": "KILL" if code is None else by_signal,
        "stdout": stdout.text(),
        "stderr": stderr.text(),
        "dropped": [stdout.dropped, stderr.dropped],
        "late": late,
        "durationMs": (time.monotonic() - began) * 1000,
    }


def signal_name(number: int) -> str:
    """Without `SIG`; the real-time signals have none."""
    try:
        return signal.Signals(number).name[3:]
    except ValueError:
        return str(number)


async def in_thread(work: Callable[[], Answer]) -> Answer:
    """A thread of its own, which is in no namespace that another one has entered."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = loop.create_future()

    def run() -> None:
        try:
            value = work()
        except Exception as error:  # the caller's
            loop.call_soon_threadsafe(done.set_exception, error)
        else:
            loop.call_soon_threadsafe(done.set_result, value)

    threading.Thread(target=run, daemon=True).start()
    return await done
