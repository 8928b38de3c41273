"""Ping."""

from __future__ import annotations

import asyncio
import errno
import random
import socket
import struct
import time

from ..net.datagrams import forbid_fragments
from ..net.icmp import EchoReply, echo_request, filling, read_echo_reply
from ..net.path_errors import PathError, kind_of, read_errors, want_errors
from ..net.sockets import (
    SocketAddress,
    elapsed_ms,
    errno_name,
    is_lost,
    open_socket,
    own_failure,
    resolve_literal,
    wait_ready,
)
from ..rpc.params import Params


async def ping(params: Params) -> object:
    """Sends `count` echo requests and collects what comes back for them."""
    address = params.text("address")
    family, sockaddr = resolve_literal(address, 0)
    header = 40 if family == socket.AF_INET6 else 20
    length = (params.integer_or_none("packetBytes") or header + 64) - header - 8
    payload = filling(params.text("marker"), length)
    run = Ping(family, address, payload, params.integer("count"))
    try:
        run.open(sockaddr, params.flag("dontFragment"))
        await run.send_all(params.seconds("intervalMs"))
        await run.watch(time.monotonic() + params.seconds("timeoutMs"))
    finally:
        run.close()
    replies = list(run.replies.values())
    return {"sent": run.count, "received": len(replies), "replies": replies, "errors": run.errors}


class Ping:
    """Echo requests with one identifier; `replies` and `failed` are by sequence number."""

    def __init__(self, family: socket.AddressFamily, address: str, payload: bytes, count: int) -> None:
        self.family, self.address, self.payload, self.count = family, address, payload, count
        self.version = 6 if family == socket.AF_INET6 else 4
        self.ident = random.randrange(1, 65536)
        self.sent_at: dict[int, float] = {}
        self.replies: dict[int, dict[str, object]] = {}
        self.failed: set[int] = set()
        self.errors: list[PathError] = []
        protocol = socket.IPPROTO_ICMPV6 if self.version == 6 else socket.IPPROTO_ICMP
        self.sock = open_socket(family, socket.SOCK_RAW, protocol)

    def open(self, sockaddr: SocketAddress, dont_fragment: bool) -> None:
        """Sets the socket up for the target."""
        want_errors(self.sock, self.family)
        if self.version == 6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        forbid_fragments(self.sock, self.family, dont_fragment)
        try:
            self.sock.connect(sockaddr)
        except OSError as error:
            raise own_failure(error, f"a ping to {self.address}") from error

    async def send_all(self, interval: float) -> None:
        """Sends all requests, `interval` seconds apart."""
        for seq in range(1, self.count + 1):
            self._send(seq)
            if seq < self.count:
                await self.watch(time.monotonic() + interval)
                await asyncio.sleep(max(0, self.sent_at[seq] + interval - time.monotonic()))

    async def watch(self, until: float) -> None:
        """Collects until every request has a reply or an error, or until the time is over."""
        while True:
            self._collect()
            settled = len(self.replies.keys() | self.failed) >= self.count
            if settled or not await wait_ready(self.sock, until - time.monotonic()):
                return

    def close(self) -> None:
        """Closes the socket."""
        self.sock.close()

    def _send(self, seq: int) -> None:
        self.sent_at[seq] = time.monotonic()
        try:
            self.sock.send(echo_request(self.version, self.ident, seq, self.payload))
        except OSError as error:
            if is_lost(error):
                return
            before = len(self.errors)
            self._collect()
            self.failed.add(seq)
            if len(self.errors) == before:
                if error.errno not in (errno.EMSGSIZE, errno.EPERM):
                    raise own_failure(error, f"a ping to {self.address}") from error
                kind = kind_of(error.errno, self.version, 0, 0)
                self.errors.append({"kind": kind, "local": True, "errno": errno_name(error.errno)})

    def _collect(self) -> None:
        for data, error in read_errors(self.sock, self.family):
            quoted = struct.unpack_from("!HH", data, 4) if len(data) >= 8 else None
            if quoted and quoted[0] != self.ident:
                continue
            self.errors.append(error)
            self.failed.add(quoted[1] if quoted else max(self.sent_at))
        while True:
            try:
                data, ancillary, _, _ = self.sock.recvmsg(65536, 512)
            except BlockingIOError:
                return
            except OSError:
                continue
            reply = read_echo_reply(self.version, data)
            if reply and self._is_first(reply):
                self._keep(reply, hop_limit(ancillary) if self.version == 6 else reply.ttl)

    def _is_first(self, reply: EchoReply) -> bool:
        asked = reply.ident == self.ident and reply.seq in self.sent_at and reply.payload == self.payload
        return asked and reply.seq not in self.replies

    def _keep(self, reply: EchoReply, ttl: int | None) -> None:
        entry: dict[str, object] = {"seq": reply.seq, "ms": elapsed_ms(self.sent_at[reply.seq]), "ttl": ttl}
        if reply.ip_id is not None:
            entry["ipId"] = reply.ip_id
        self.replies[reply.seq] = entry


def hop_limit(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    """The hop limit with which an IPv6 packet arrived."""
    return next(
        (struct.unpack("=i", body)[0] for _, kind, body in ancillary if kind == socket.IPV6_HOPLIMIT), None
    )
