"""Counts echo requests that come into this network namespace, by their length."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
import time

from ..net.sockets import ProbeError
from ..rpc.params import Params
from .packets import BUFFER_BYTES, SO_ATTACH_FILTER, SO_RCVBUFFORCE, compile_filter

ETH_P_IP = 0x0800
SOL_PACKET = 263
PACKET_STATISTICS = 6
FILTER = "icmp[icmptype] == icmp-echo"
# Ethernet and IP headers, which have all that is counted by.
SNAP_BYTES = 34


class Seen:
    """Echo requests of one length from one source; `first` and `last` are of the monotonic clock."""

    def __init__(self, source: str, now: float) -> None:
        self.source, self.count, self.first, self.last = source, 0, now, now

    def told(self, now: float) -> dict[str, object]:
        """As `Tallied` of tally.ts has it."""
        first, last = (round((now - then) * 1000, 3) for then in (self.first, self.last))
        return {"source": self.source, "count": self.count, "firstAgoMs": first, "lastAgoMs": last}


class Tally:
    """What came since `begin`. What passes through the namespace without being for it counts, too."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._seen: dict[int, dict[str, Seen]] = {}
        self._awaited: dict[int, asyncio.Event] = {}
        self._dropped = 0

    async def begin(self, _: Params) -> object:
        """Counts from when this is answered."""
        if self._sock:
            raise ProbeError("it is counted already")
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_IP))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        kept = ctypes.create_string_buffer(program := compile_filter(FILTER))
        head = struct.pack("HP", len(program) // 8, ctypes.addressof(kept))
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)
        # What came before there was a filter is not meant.
        with contextlib.suppress(BlockingIOError):
            while sock.recv(1):
                pass
        self._sock = sock
        asyncio.get_running_loop().add_reader(sock, self._read)
        return None

    async def first(self, params: Params) -> object:
        """What came of the length `bytes`, as soon as one has come; nothing where none did in time."""
        length = params.integer("bytes")
        event = self._awaited.setdefault(length, asyncio.Event())
        if length in self._seen:
            event.set()
        try:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(event.wait(), params.seconds("timeoutMs"))
        finally:
            self._awaited.pop(length, None)
        return self._told(length)

    async def take(self, params: Params) -> object:
        """What came of the length `bytes`, which is forgotten, and how many packets the kernel lost."""
        length = params.integer("bytes")
        self._read()
        told = self._told(length)
        self._seen.pop(length, None)
        return {"seen": told, "dropped": self._lost()}

    async def take_all(self, _: Params) -> object:
        """What came of every length, which is forgotten, and how many packets the kernel lost."""
        self._read()
        told = [{"bytes": length, "seen": self._told(length)} for length in sorted(self._seen)]
        self._seen.clear()
        return {"lengths": told, "dropped": self._lost()}

    def count(self, packet: bytes, now: float) -> None:
        """Counts one, from its Ethernet header on."""
        if len(packet) < SNAP_BYTES:
            return
        (length,) = struct.unpack_from("!H", packet, 16)
        source = socket.inet_ntoa(packet[26:30])
        seen = self._seen.setdefault(length, {}).setdefault(source, Seen(source, now))
        seen.count += 1
        seen.last = now
        event = self._awaited.get(length)
        if event:
            event.set()

    def _lost(self) -> int:
        """How many packets the kernel has lost since `begin`."""
        if self._sock:
            _, dropped = struct.unpack("=II", self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
            self._dropped += dropped
        return self._dropped

    def _told(self, length: int) -> list[dict[str, object]]:
        now = time.monotonic()
        return [seen.told(now) for seen in self._seen.get(length, {}).values()]

    def _read(self) -> None:
        while self._sock:
            try:
                packet = self._sock.recv(SNAP_BYTES)
            except BlockingIOError:
                return
            except OSError:  # an interface went down, which is told once
                continue
            self.count(packet, time.monotonic())
