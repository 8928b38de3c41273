"""Answers the calls that arrive on stdin, on stdout."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping

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
            method = self._methods.get(request.method)
            if not method:
                raise UnknownMethod(f'there is no method "{request.method}"')
            answer = result_line(request_id, await method(Params(request.params)))
        except BadParams as bad:
            answer = error_line(request_id, BadParams(f"{request.method}: {bad}"))
        except Failure as failure:
            answer = error_line(request_id, failure)
        except Exception as error:  # a defect: told, so that no caller waits for its deadline
            answer = error_line(request_id, Failure(f"{request.method}: {type(error).__name__}: {error}"))
        say(answer)


def say(line: bytes) -> None:
    """Ends the process when nobody listens any more."""
    try:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except OSError:
        os._exit(0)
