"""Answers the calls that arrive on stdin, on stdout."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
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
BlockingMethod = Callable[[Params, "Caller"], object]


class Server:
    """Any number of calls may be under way. The process ends when stdin does, whatever is under way."""

    def __init__(self, methods: Mapping[str, Method], at_end: Callable[[], None] = lambda: None) -> None:
        self._methods = methods
        self._at_end = at_end
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Never returns."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=[loop], daemon=True).start()
        await asyncio.Event().wait()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread of its own sees the end of stdin even when the loop is busy."""
        for line in sys.stdin.buffer:
            try:
                request = read_request(line)
            except Garbage as garbage:
                say(error_line(None, garbage))
                break
            loop.call_soon_threadsafe(self._begin, request)
        self._at_end()
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
        say(answer)


class Caller:
    """Who has made a call that is under way."""

    def __init__(self) -> None:
        self._gone = threading.Lock()
        self._end: Callable[[], None] | None = None
        self.has_given_up = False

    def at_giving_up(self, end: Callable[[], None] | None) -> None:
        """Has that done when the call is given up, or at once where it was."""
        with self._gone:
            self._end = end
            if self.has_given_up and end:
                end()

    def give_up(self) -> None:
        """Ends what was named to be ended."""
        with self._gone:
            self.has_given_up = True
            if self._end:
                self._end()


class ThreadedServer:
    """For methods that wait for the kernel: a thread for each call, and no loop between it and the caller.

    Any number of calls may be under way. They are given up when stdin ends, and then the process ends.
    """

    def __init__(self, methods: Mapping[str, BlockingMethod]) -> None:
        self._methods = methods
        self._under_way: dict[int, Caller] = {}
        self._saying = threading.Lock()

    def serve(self) -> None:
        """Never returns."""
        for line in sys.stdin.buffer:
            try:
                request = read_request(line)
            except Garbage as garbage:
                say(error_line(None, garbage))
                break
            if request.id is not None:
                caller = self._under_way[request.id] = Caller()
                threading.Thread(target=self._answer, args=[request.id, request, caller], daemon=True).start()
            elif request.method == CANCEL:
                caller = self._under_way.get(Params(request.params).integer("id"))
                if caller:
                    caller.give_up()
        for caller in list(self._under_way.values()):
            caller.give_up()
        os._exit(0)

    def _answer(self, request_id: int, request: Request, caller: Caller) -> None:
        try:
            answer = result_line(request_id, find(self._methods, request)(Params(request.params), caller))
        except Exception as error:
            answer = failure_line(request_id, request, error)
        self._under_way.pop(request_id, None)
        with self._saying:
            say(answer)


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


def say(line: bytes) -> None:
    """Ends the process when nobody listens any more."""
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except OSError:
        os._exit(0)
