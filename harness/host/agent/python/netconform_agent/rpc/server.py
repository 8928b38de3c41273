"""Answers the calls that arrive on stdin, on stdout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

from .messages import (
    CANCEL,
    BadParams,
    Failure,
    Garbage,
    Request,
    UnknownMethod,
    error_line,
    read_request,
    result_line,
)
from .params import Params

Method = Callable[[Params], Awaitable[object]]
M = TypeVar("M")
S = TypeVar("S")
BlockingMethod = Callable[[Params, "Caller"], object]


class Server:
    """Any number of calls may be under way. The process ends when stdin does, whatever is under way."""

    def __init__(self, methods: Mapping[str, Method], at_end: Callable[[], None] = lambda: None) -> None:
        self._methods = methods
        self._at_end = at_end
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._leaving = threading.Lock()

    async def serve(self) -> None:
        """Never returns."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=[loop], daemon=True).start()
        await asyncio.Event().wait()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread of its own sees the end of stdin even when the loop is busy."""
        attempt(lambda: self._take_all(loop))
        self._leave()

    def _take_all(self, loop: asyncio.AbstractEventLoop) -> None:
        for request in requests():
            loop.call_soon_threadsafe(self._begin, request)

    def _leave(self) -> None:
        """Once: who comes second waits for the end."""
        self._leaving.acquire()
        attempt(self._at_end)
        os._exit(0)

    def _begin(self, request: Request) -> None:
        if request.id is not None:
            task = asyncio.ensure_future(self._answer(request.id, request))
            self._tasks[request.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(request.id or 0, None))
        elif request.method == CANCEL:
            task = self._tasks.get(Params(request.params).integer("id"))
            if task:
                task.cancel()

    async def _answer(self, request_id: int, request: Request) -> None:
        try:
            answer = result_line(request_id, await find(self._methods, request)(Params(request.params)))
        except Exception as error:
            answer = failure_line(request_id, request, error)
        say(answer, self._leave)


class Caller:
    """Who has made a call that is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self._has_given_up = False

    def begin(self, start: Callable[[], S], end: Callable[[S], None]) -> S:
        """Starts what is to be ended when the call is given up.

        Throws `Failure` where it was given up before.
        """
        with self._lock:
            if self._has_given_up:
                raise Failure("the call was given up")
            started = start()
            self._end = lambda: end(started)
            return started

    def ended(self) -> None:
        """What has begun is not there any more."""
        with self._lock:
            self._end = None

    def give_up(self) -> None:
        """Ends what has begun, or is about to begin."""
        with self._lock:
            self._has_given_up = True
            if self._end:
                self._end()


class ThreadedServer:
    """For methods that wait for the kernel: a thread for each call, and no loop between it and the caller.

    Any number of calls may be under way. They are given up when stdin ends, and then the process ends.
    """

    def __init__(self, methods: Mapping[str, BlockingMethod]) -> None:
        self._methods = methods
        self._under_way: dict[int, Caller] = {}
        self._changing = threading.Lock()
        self._saying = threading.Lock()

    def serve(self) -> None:
        """Never returns."""
        attempt(self._take_all)
        self._leave()

    def _take_all(self) -> None:
        for request in requests():
            self._take(request)

    def _take(self, request: Request) -> None:
        if request.id is not None:
            with self._changing:
                caller = self._under_way[request.id] = Caller()
            answering = threading.Thread(target=self._answer, args=[request.id, request, caller], daemon=True)
            try:
                answering.start()
            except RuntimeError as error:
                # No more threads are to be had: that is told of this call, and the others go on.
                self._end(request.id, failure_line(request.id, request, error))
        elif request.method == CANCEL:
            given_up = self._under_way.get(Params(request.params).integer("id"))
            if given_up:
                given_up.give_up()

    def _answer(self, request_id: int, request: Request, caller: Caller) -> None:
        try:
            answer = result_line(request_id, find(self._methods, request)(Params(request.params), caller))
        except Exception as error:
            answer = failure_line(request_id, request, error)
        self._end(request_id, answer)

    def _end(self, request_id: int, answer: bytes) -> None:
        with self._changing:
            self._under_way.pop(request_id, None)
        with self._saying:
            say(answer, self._leave)

    def _leave(self) -> None:
        """Once, and no call is taken any more: who comes second waits for the end."""
        self._changing.acquire()
        for caller in self._under_way.values():
            attempt(caller.give_up)
        os._exit(0)


def requests() -> Iterator[Request]:
    """What arrives on stdin, until it ends or holds something that is no request."""
    try:
        for line in sys.stdin.buffer:
            yield read_request(line)
    except Garbage as garbage:
        say(error_line(None, garbage), lambda: None)
    except OSError:
        # A socket whose other end has closed it with answers unread is reset, and has ended as well.
        return


def attempt(work: Callable[[], None]) -> None:
    """A defect is told where somebody listens, and what follows is done all the same."""
    try:
        work()
    except Exception:
        with contextlib.suppress(OSError):
            traceback.print_exc()


def find(methods: Mapping[str, M], request: Request) -> M:
    """The method that a request names."""
    method = methods.get(request.method)
    if not method:
        raise UnknownMethod(f'there is no method "{request.method}"')
    return method


def failure_line(request_id: int, request: Request, error: Exception) -> bytes:
    """What a call is answered with that has failed.

    A defect is told, so that no caller waits for its deadline.
    """
    if isinstance(error, BadParams):
        return error_line(request_id, BadParams(f"{request.method}: {error}"))
    if isinstance(error, Failure):
        return error_line(request_id, error)
    return error_line(request_id, Failure(f"{request.method}: {type(error).__name__}: {error}"))


def say(line: bytes, leave: Callable[[], object] = lambda: os._exit(0)) -> None:
    """Leaves when nobody listens any more; the process ends if nothing else is said."""
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except OSError:
        leave()
