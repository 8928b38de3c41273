"""Carries connections between unix sockets of this host, as the user it runs as (root)."""

from __future__ import annotations

import asyncio
import contextlib
import os

from ..rpc.messages import Failure
from ..rpc.params import Params
from ..rpc.server import Server


class Relay:
    """The sockets that are served, by path."""

    def __init__(self) -> None:
        self._servers: dict[str, asyncio.AbstractServer] = {}
        self._made: dict[str, tuple[int, int]] = {}

    async def ready(self, _: Params) -> None:
        """Answers once the program runs."""

    async def listen(self, params: Params) -> None:
        """Makes `path` a socket that leads to the socket `to`; `owner` is the id of who may use it."""
        path, to, owner = params.text("path"), params.text("to"), params.integer_or_none("owner")
        if path in self._servers:
            return
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            remove(path)
            before = os.umask(0o177)
            try:
                self._servers[path] = await asyncio.start_unix_server(
                    lambda reader, writer: carry(to, reader, writer), path
                )
            finally:
                os.umask(before)
            self._made[path] = identity(path)
            if owner is not None:
                os.chown(path, owner, -1)
        except OSError as error:
            raise Failure(str(error)) from error

    async def close(self, params: Params) -> None:
        """Stops serving `path`."""
        path = params.text("path")
        server = self._servers.pop(path, None)
        if server:
            server.close()
            self._remove_own(path)

    def remove_all(self) -> None:
        """Removes all sockets."""
        for path in list(self._servers):
            self._remove_own(path)

    def _remove_own(self, path: str) -> None:
        """A relay that was started since, over the next connection, may serve the path by now."""
        with contextlib.suppress(OSError):
            if identity(path) == self._made.get(path):
                os.unlink(path)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        # The other direction may still have something to say.
        writer.write_eof()
    except (OSError, RuntimeError):
        writer.close()


async def carry(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        far_reader, far_writer = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
    writer.close()
    far_writer.close()


def identity(path: str) -> tuple[int, int]:
    """Which file a path leads to now."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


async def serve() -> None:
    relay = Relay()
    methods = {"ready": relay.ready, "listen": relay.listen, "close": relay.close}
    await Server(methods, relay.remove_all).serve()


def serve_relay() -> None:
    """Serves until stdin ends; its sockets go with it."""
    asyncio.run(serve())
