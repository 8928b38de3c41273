"""Packets on all interfaces of a network namespace."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import socket
import struct
import subprocess
from typing import cast

ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
# SO_TIMESTAMPNS of every architecture that Docker runs on.
SO_TIMESTAMPNS = 35
BUFFER_BYTES = 8 << 20
# What is looked at of a packet, and how many of a namespace.
SNAP_BYTES = 512
MOST = 5000


def compile_filter(expression: str) -> bytes:
    """The filter as the kernel takes it (struct sock_filter), from a pcap-filter expression."""
    argv = ["tcpdump", "-i", "lo", "-y", "EN10MB", "-ddd", "--", expression]
    told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    rows = [[int(number) for number in row.split()] for row in told.splitlines()[1:]]
    return b"".join(struct.pack("=HBBI", *row) for row in rows)


class Packets:
    """Those that this namespace sees from now on; the kernel keeps them until they are read."""

    def __init__(self, program: bytes) -> None:
        protocol = socket.htons(ETH_P_ALL)
        self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        kept = ctypes.create_string_buffer(program)
        head = struct.pack("HP", len(program) // 8, ctypes.addressof(kept))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, head)
        # What came before there was a filter is not meant.
        with contextlib.suppress(BlockingIOError):
            while self._sock.recv(1):
                pass

    def read(self) -> list[dict[str, object]]:
        """What was seen, oldest first. Ends it."""
        found: list[dict[str, object]] = []
        with self._sock:
            while len(found) < MOST:
                try:
                    data, ancillary, _, address = self._sock.recvmsg(SNAP_BYTES, 64)
                except BlockingIOError:
                    break
                except OSError:  # an interface went down, which is told once
                    continue
                link, _, kind, *_ = cast("tuple[str, int, int, int, bytes]", address)
                stamps = [
                    struct.unpack("=qq", body) for _, option, body in ancillary if option == SO_TIMESTAMPNS
                ]
                seconds, nanoseconds = stamps[0] if stamps else (0, 0)
                found.append(
                    {
                        "link": link,
                        "outgoing": kind == socket.PACKET_OUTGOING,
                        "time": seconds * 1000 + nanoseconds / 1e6,
                        "data": base64.b64encode(data).decode(),
                    }
                )
        return found
