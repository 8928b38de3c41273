"""BGP sessions with neighbours, one for each handle."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass, field

from ..net.sockets import ProbeError, explain, open_socket
from ..rpc.params import Params
from .messages import (
    HEADER_BYTES,
    KEEPALIVE,
    NOTIFICATION,
    OPEN,
    Malformed,
    cease_message,
    describe,
    message,
    open_message,
    read_header,
    read_open,
    update_message,
)

PORT = 179
HOLD_SECONDS = 90
# A neighbour that only waits to be called is called when it has not called for so long, and then again.
CALL_SECONDS = 1.0
OPENS_SECONDS = 10.0


class NoSession(Exception):
    """The neighbour had no session in time."""


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Speaker:
    """The sessions of all `bgpOpen` calls, by handle."""

    def __init__(self) -> None:
        self._last = 0
        self._sessions: dict[int, Session] = {}

    async def open(self, params: Params) -> object:
        """Has a session with `neighbor` from `address`, called or calling, or tells why there was none."""
        address, neighbor, number = params.text("address"), params.text("neighbor"), params.integer("as")
        try:
            session = await establish(address, neighbor, number, params.seconds("timeoutMs"))
        except NoSession as error:
            return {"failed": str(error)}
        self._last += 1
        self._sessions[self._last] = session
        return {"handle": self._last}

    async def announce(self, params: Params) -> None:
        """Sends one UPDATE that announces `prefixes`, with the attribute `marred` malformed where given."""
        session = self._session(params)
        prefixes, marred = params.texts("prefixes"), params.text_or_none("marred")
        await session.send(update_message(prefixes, session.number, session.address, marred))

    async def told(self, params: Params) -> object:
        """What the neighbour sent since the session is established, in words, and with what it ended it."""
        session = self._session(params)
        return {"messages": session.messages, "end": session.end}

    async def close(self, params: Params) -> None:
        """Ends a session by a NOTIFICATION."""
        session = self._sessions.pop(params.integer("handle"), None)
        if session:
            await session.close()

    def _session(self, params: Params) -> Session:
        handle = params.integer("handle")
        session = self._sessions.get(handle)
        if session is None:
            raise ProbeError(f"no BGP session has the handle {handle}")
        return session


@dataclass
class Session:
    """An established session of the AS `number`; `end` is how the neighbour ended it."""

    address: str
    number: int
    hold_time: int
    streams: Streams
    messages: list[str] = field(default_factory=list[str])
    end: str | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list["asyncio.Task[None]"])

    def begin(self) -> None:
        """Reads from now on, and keeps the session."""
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._keep())]

    async def send(self, data: bytes) -> None:
        """Sends a message; a session that the neighbour ended takes none."""
        if self.end is not None:
            return
        _, writer = self.streams
        writer.write(data)
        with contextlib.suppress(OSError):
            await writer.drain()

    async def close(self) -> None:
        """Says goodbye where somebody listens."""
        for task in self._tasks:
            task.cancel()
        _, writer = self.streams
        if self.end is None:
            writer.write(cease_message())
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _listen(self) -> None:
        try:
            self.end = await self._collect()
        except asyncio.IncompleteReadError:
            self.end = "connection closed"
        except Malformed as error:
            self.end = str(error)
        except OSError as error:
            self.end = explain(error)
        self.ended.set()

    async def _collect(self) -> str:
        """Resolves to the NOTIFICATION that the neighbour sent."""
        while True:
            kind, body = await receive(self.streams[0])
            self.messages.append(describe(kind, body))
            if kind == NOTIFICATION:
                return describe(kind, body)

    async def _keep(self) -> None:
        while self.hold_time > 0 and self.end is None:
            await asyncio.sleep(self.hold_time / 3)
            await self.send(message(KEEPALIVE))


async def receive(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next message: type and body."""
    kind, length = read_header(await reader.readexactly(HEADER_BYTES))
    return kind, await reader.readexactly(length)


async def establish(address: str, neighbor: str, number: int, seconds: float, port: int = PORT) -> Session:
    """Tries until a connection in either direction becomes a session. Throws `NoSession` after `seconds`."""
    calls: asyncio.Queue[Streams] = asyncio.Queue()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("peername")[0] == neighbor:
            calls.put_nowait((reader, writer))
        else:
            writer.close()

    try:
        server = await asyncio.start_server(accept, address, port)
    except OSError as error:
        raise ProbeError(f"listening on {address} tcp port {port}: {explain(error)}") from error
    until, last = time.monotonic() + seconds, "nobody called, and no call was taken"
    try:
        while time.monotonic() < until:
            streams = await next_call(calls, address, neighbor, port)
            if streams is None:
                continue
            try:
                hold_time = await asyncio.wait_for(handshake(streams, address, number), OPENS_SECONDS)
            except (OSError, EOFError, asyncio.TimeoutError, Malformed) as error:
                last = str(error) or type(error).__name__
                streams[1].close()
                continue
            session = Session(address, number, hold_time, streams)
            session.begin()
            return session
    finally:
        server.close()
        while not calls.empty():
            calls.get_nowait()[1].close()
    raise NoSession(last)


async def next_call(calls: asyncio.Queue[Streams], address: str, neighbor: str, port: int) -> Streams | None:
    """A connection that the neighbour opened, or else one to it; `None` where it takes none."""
    try:
        return await asyncio.wait_for(calls.get(), CALL_SECONDS)
    except asyncio.TimeoutError:
        pass
    sock = open_socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.bind((address, 0))
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.sock_connect(sock, (neighbor, port)), CALL_SECONDS)
        return await asyncio.open_connection(sock=sock)
    except (OSError, asyncio.TimeoutError):
        sock.close()
        return None


async def handshake(streams: Streams, address: str, number: int) -> int:
    """OPEN and KEEPALIVE from both sides; the hold time agreed on, in seconds. Throws `Malformed`."""
    reader, writer = streams
    writer.write(open_message(number, HOLD_SECONDS, address))
    _, theirs = read_open(await expect(reader, OPEN))
    writer.write(message(KEEPALIVE))
    await expect(reader, KEEPALIVE)
    return min(HOLD_SECONDS, theirs)


async def expect(reader: asyncio.StreamReader, wanted: int) -> bytes:
    """The body of the next message, which has to be of that type."""
    kind, body = await receive(reader)
    if kind != wanted:
        raise Malformed(f"expected {describe(wanted, b'')}, got {describe(kind, body)}")
    return body
