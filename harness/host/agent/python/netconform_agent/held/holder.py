"""Connections that are held: both ends send numbered lines at a steady pace, and log what arrives."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

from ..net.sockets import (
    ProbeError,
    errno_name,
    explain,
    open_socket,
    own_failure,
    resolve_literal,
    wait_ready,
)
from ..rpc.params import Params


class Holder:
    """The ends of all `hold` calls, by handle."""

    def __init__(self) -> None:
        self._last = 0
        self._ends: dict[int, End] = {}

    async def hold(self, params: Params) -> object:
        """Listens at `address` and `port`, or connects to them; answers with the handle and the own port.

        What listens holds the first connection that comes, or the peer of the first datagram. With `fresh`
        each datagram comes from a port of its own, and what listens says nothing.
        """
        end = End(params.text("protocol") == "tcp", params.seconds("everyMs"))
        address, port = params.text("address"), params.integer("port")
        try:
            if params.flag("fresh"):
                if params.flag("listens"):
                    end.overhear(address, port)
                else:
                    end.knock(address, port)
            elif params.flag("listens"):
                end.listen(address, port)
            else:
                await end.connect(
                    address, port, params.integer_or_none("fromPort") or 0, params.seconds("timeoutMs")
                )
        except Exception:
            end.close()
            raise
        self._last += 1
        self._ends[self._last] = end
        return {"handle": self._last, "port": end.port}

    async def told(self, params: Params) -> object:
        """When each line was sent, which lines arrived when, and what ended the connection."""
        end = self._end(params)
        return {"sent": end.sent, "arrived": end.arrived, "ended": end.ended}

    async def counts(self, params: Params) -> object:
        """How many lines were sent, and how many arrived."""
        end = self._end(params)
        return {"sent": len(end.sent), "arrived": len(end.arrived)}

    async def release(self, params: Params) -> None:
        """Closes an end."""
        end = self._ends.pop(params.integer("handle"), None)
        if end:
            end.close()

    def _end(self, params: Params) -> End:
        handle = params.integer("handle")
        end = self._ends.get(handle)
        if end is None:
            raise ProbeError(f"there is no held connection {handle}")
        return end


class End:
    """One end. A line is a number in ASCII: how many were sent before it.

    Times are milliseconds since the epoch.
    """

    def __init__(self, is_stream: bool, every: float) -> None:
        self.sent: list[float] = []
        self.arrived: list[list[float]] = []
        self.ended: str | None = None
        self.port = 0
        self._is_stream, self._every = is_stream, every
        self._listening: socket.socket | None = None
        self._sock: socket.socket | None = None
        self._sending: asyncio.Task[None] | None = None
        self._unsent = b""
        self._unread = b""

    def listen(self, address: str, port: int) -> None:
        """Waits at an address for who comes first."""
        sock = self._bind(address, port)
        greet = self._accept if self._is_stream else self._meet
        asyncio.get_running_loop().add_reader(sock.fileno(), greet, sock)

    def overhear(self, address: str, port: int) -> None:
        """Logs the datagrams of everybody who comes to an address."""
        sock = self._bind(address, port)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._receive, sock)

    def knock(self, address: str, port: int) -> None:
        """Sends datagrams to an address, each from another port."""
        family, sockaddr = resolve_literal(address, port)

        def send(data: bytes) -> None:
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(data, sockaddr)

        self._sending = asyncio.ensure_future(self._send_steadily(lambda: self._send_datagram(send)))

    def _bind(self, address: str, port: int) -> socket.socket:
        family, sockaddr = resolve_literal(address, port)
        sock = open_socket(family, socket.SOCK_STREAM if self._is_stream else socket.SOCK_DGRAM)
        self._listening = sock
        try:
            if self._is_stream:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(sockaddr)
            if self._is_stream:
                sock.listen(1)
        except OSError as error:
            raise ProbeError(f"holding {address} port {port}: {explain(error)}") from error
        self.port = sock.getsockname()[1]
        return sock

    async def connect(self, address: str, port: int, from_port: int, seconds: float) -> None:
        """Connects to an end that listens, and begins to send."""
        family, sockaddr = resolve_literal(address, port)
        sock = open_socket(family, socket.SOCK_STREAM if self._is_stream else socket.SOCK_DGRAM)
        self._sock = sock
        try:
            if from_port:
                sock.bind(("", from_port))
            sock.connect(sockaddr)
        except BlockingIOError as error:
            if not await wait_ready(sock, seconds, write=True):
                raise ProbeError(f"connecting to {address} port {port}: no answer") from error
            failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failed:
                raise ProbeError(f"connecting to {address} port {port}: {errno_name(failed)}") from error
        except OSError as error:
            raise own_failure(error, f"connecting to {address} port {port}") from error
        self.port = sock.getsockname()[1]
        self._begin(sock)

    def close(self) -> None:
        """Stops sending, and closes the connection."""
        self._end("closed here")
        self._stop_listening()

    def _accept(self, listening: socket.socket) -> None:
        try:
            sock, _ = listening.accept()
        except OSError:
            return
        sock.setblocking(False)
        self._stop_listening()
        self._begin(sock)

    def _meet(self, listening: socket.socket) -> None:
        try:
            data, peer = listening.recvfrom(65536)
            listening.connect(peer)
        except OSError:
            return
        asyncio.get_running_loop().remove_reader(listening.fileno())
        self._listening = None
        self._log(data)
        self._begin(listening)

    def _begin(self, sock: socket.socket) -> None:
        if self._is_stream:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._receive, sock)
        if self._is_stream:
            sending = self._send_steadily(lambda: self._send_line(sock))
        else:
            sending = self._send_steadily(lambda: self._send_datagram(sock.send))
        self._sending = asyncio.ensure_future(sending)

    async def _send_steadily(self, send_next: Callable[[], None]) -> None:
        """What is late is not made up for."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self.ended is None:
            send_next()
            due = max(due + self._every, loop.time())
            await asyncio.sleep(due - loop.time())

    def _send_datagram(self, send: Callable[[bytes], object]) -> None:
        number = len(self.sent)
        self.sent.append(now())
        # Where it cannot be sent it is lost, as one that nobody answers.
        with contextlib.suppress(OSError):
            send(b"%d" % number)

    def _send_line(self, sock: socket.socket) -> None:
        # While the kernel takes nothing more, nothing new is sent.
        self._flush(sock)
        if not self._unsent and self.ended is None:
            self._unsent = b"%d\n" % len(self.sent)
            self.sent.append(now())
            self._flush(sock)

    def _flush(self, sock: socket.socket) -> None:
        if not self._unsent:
            return
        try:
            self._unsent = self._unsent[sock.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._end(explain(error))

    def _receive(self, sock: socket.socket) -> None:
        while self.ended is None:
            try:
                data = sock.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:
                # Of datagrams it is what came back for one that was sent.
                if self._is_stream:
                    self._end(explain(error))
                continue
            if not data and self._is_stream:
                self._end("closed by the other end")
            self._log(data)

    def _log(self, data: bytes) -> None:
        at = now()
        if self._is_stream:
            *lines, self._unread = (self._unread + data).split(b"\n")
        else:
            lines = [data]
        self.arrived += [[int(line), at] for line in lines if line.isdigit()]

    def _end(self, why: str) -> None:
        self.ended = self.ended or why
        if self._sending:
            self._sending.cancel()
        if self._sock:
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()
            self._sock = None

    def _stop_listening(self) -> None:
        if self._listening:
            asyncio.get_running_loop().remove_reader(self._listening.fileno())
            self._listening.close()
            self._listening = None


def now() -> float:
    """Milliseconds since the epoch."""
    return round(time.time() * 1000, 1)
