"""Servers that answer with their identity and log who came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from typing import TypedDict

from ..net.half_open import half_open
from ..net.sockets import (
    IPPROTO_SCTP,
    Endpoint,
    ProbeError,
    SocketAddress,
    endpoint,
    explain,
    open_socket,
    resolve_literal,
    wait_ready,
)
from ..rpc.params import Params

# Not in every Python's socket module; value from linux/in.h.
IP_PKTINFO = 8
NONCE_SECONDS = 2.0

Ancillary = list[tuple[int, int, bytes]]


class _Came(TypedDict):
    protocol: str
    port: int
    halfOpen: bool
    at: int


# "from" is a word of Python's own.
_From = TypedDict("_From", {"from": Endpoint})


class Arrival(_Came, _From, total=False):
    """One arrival as the server saw it; `at` is in milliseconds since the epoch."""

    nonce: str


class Listeners:
    """The servers of all `listen` calls, by handle."""

    def __init__(self) -> None:
        self._last = 0
        self._servers: dict[int, Servers] = {}

    async def listen(self, params: Params) -> object:
        """Opens one server per port; answers with the handle for the other calls, and with the ports."""
        servers = Servers(params.text("protocol"), params.text("identity"))
        try:
            for port in params.integers("ports"):
                servers.open(params.text_or_none("address"), port)
        except Exception:
            servers.close()
            raise
        self._last += 1
        self._servers[self._last] = servers
        return {"handle": self._last, "ports": servers.ports}

    async def received(self, params: Params) -> object:
        """What arrived at the servers of `handle`, oldest first; with `nonce`, what carried that one."""
        servers = self._servers.get(params.integer("handle"))
        nonce = params.text_or_none("nonce")
        if servers and nonce is not None:
            return [arrival for arrival in servers.arrivals if arrival.get("nonce") == nonce]
        return servers.received() if servers else []

    async def unlisten(self, params: Params) -> None:
        """Closes the servers of `handle`."""
        servers = self._servers.pop(params.integer("handle"), None)
        if servers:
            servers.close()


class Servers:
    """The sockets of one `listen` call and what arrived at them."""

    def __init__(self, protocol: str, identity: str) -> None:
        self.protocol, self.identity = protocol, identity
        self.sockets: list[socket.socket] = []
        self.arrivals: list[Arrival] = []
        self.ports: list[int] = []
        self._answering: set[asyncio.Future[None]] = set()

    def open(self, address: str | None, port: int) -> None:
        """Opens a server on an address, or on all of them."""
        stream = self.protocol != "udp"
        family, sockaddr, sock = self._bindable(address, port)
        self.sockets.append(sock)
        try:
            if stream:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            sock.bind(sockaddr)
            if stream:
                sock.listen(512)
        except OSError as error:
            raise ProbeError(
                f"listening on {sockaddr[0]} {self.protocol} port {port}: {explain(error)}"
            ) from error
        number: int = sock.getsockname()[1]
        self.ports.append(number)
        serve = self._accept if stream else self._echo
        asyncio.get_running_loop().add_reader(sock.fileno(), serve, sock, number)

    def close(self) -> None:
        """Closes all servers."""
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            loop.remove_reader(sock.fileno())
            sock.close()
        self.sockets = []

    def received(self) -> list[Arrival]:
        """What arrived, and after it the handshakes that are under way.

        Of SCTP there are none: a server knows nothing of an association before its client has returned
        the cookie (RFC 9260, section 5.1.3).
        """
        if self.protocol != "tcp":
            return self.arrivals
        now = int(time.time() * 1000)
        under_way: list[Arrival] = [
            {"protocol": "tcp", "port": port, "from": peer, "halfOpen": True, "at": now}
            for port, peer in half_open(set(self.ports))
        ]
        return self.arrivals + under_way

    def _bindable(self, address: str | None, port: int) -> tuple[int, SocketAddress, socket.socket]:
        kind = socket.SOCK_DGRAM if self.protocol == "udp" else socket.SOCK_STREAM
        number = IPPROTO_SCTP if self.protocol == "sctp" else 0
        if address:
            family, sockaddr = resolve_literal(address, port)
            return family, sockaddr, open_socket(family, kind, number)
        if socket.has_ipv6:
            try:
                return socket.AF_INET6, ("::", port), open_socket(socket.AF_INET6, kind, number)
            except ProbeError:
                pass  # a kernel without IPv6
        return socket.AF_INET, ("0.0.0.0", port), open_socket(socket.AF_INET, kind, number)

    def _log(self, port: int, peer: SocketAddress, nonce: str = "") -> Arrival:
        arrival: Arrival = {
            "protocol": self.protocol,
            "port": port,
            "from": endpoint(peer),
            "halfOpen": False,
            "at": int(time.time() * 1000),
        }
        if nonce:
            arrival["nonce"] = nonce
        self.arrivals.append(arrival)
        return arrival

    def _accept(self, sock: socket.socket, port: int) -> None:
        while True:
            try:
                connection, peer = sock.accept()
            except OSError:
                return
            connection.setblocking(False)
            task = asyncio.ensure_future(self._answer(connection, self._log(port, peer)))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, connection: socket.socket, arrival: Arrival) -> None:
        try:
            connection.send(answer_of(self.identity, {"from": arrival["from"]}))
            # Closing with the client's nonce unread would reset the connection and could destroy the answer.
            if await wait_ready(connection, NONCE_SECONDS):
                nonce = connection.recv(4096).decode("utf-8", "replace").split("\n")[0].strip()
                if nonce:
                    arrival["nonce"] = nonce
        except OSError:
            pass
        finally:
            connection.close()

    def _echo(self, sock: socket.socket, port: int) -> None:
        while True:
            try:
                data, ancillary, _, peer = sock.recvmsg(65536, 512)
            except OSError:
                return
            nonce = data.split(b"\n")[0].decode("utf-8", "replace")[:200]
            arrival = self._log(port, peer, nonce)
            answer = answer_of(self.identity, {"from": arrival["from"], "nonce": nonce, "bytes": len(data)})
            with contextlib.suppress(OSError):
                sock.sendmsg([answer], reply_source(ancillary), 0, peer)


def answer_of(identity: str, told: dict[str, object]) -> bytes:
    """What a server says: its identity, and what it saw as JSON."""
    return f"{identity}\n{json.dumps(told)}\n".encode()


def reply_source(ancillary: Ancillary) -> Ancillary:
    """Has the answer come from the address that was asked, not from the one that routing would choose.

    The interface is left to routing, but for link-local addresses.
    """
    source: Ancillary = []
    for level, kind, body in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            source = [(level, kind, struct.pack("=I", 0) + body[4:8] + bytes(4))]
        elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            link_local = body[:2] == b"\xfe\x80"
            source = [(level, kind, body if link_local else body[:16] + struct.pack("=I", 0))]
    return source
