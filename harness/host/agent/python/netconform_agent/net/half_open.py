"""Handshakes under way, from the kernel's table of TCP sockets."""

from __future__ import annotations

import socket
import struct
from collections.abc import Collection, Iterable

from .sockets import Endpoint, endpoint

TABLES = ("/proc/self/net/tcp", "/proc/self/net/tcp6")
SYN_RECV = "03"


def read_half_open(rows: Iterable[str], ports: Collection[int]) -> list[tuple[int, Endpoint]]:
    """Port and peer of the rows of a table (without its head) for which only a SYN arrived."""
    found: list[tuple[int, Endpoint]] = []
    for row in rows:
        _, local, remote, state, *_ = row.split()
        port = int(local.split(":")[1], 16)
        if state == SYN_RECV and port in ports:
            words, peer_port = remote.split(":")
            # Addresses are hexadecimal words in the byte order of the machine.
            raw = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
            peer = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
            found.append((port, endpoint((peer, int(peer_port, 16)))))
    return found


def half_open(ports: Collection[int]) -> list[tuple[int, Endpoint]]:
    """Port and peer of the handshakes under way in this network namespace."""
    found: list[tuple[int, Endpoint]] = []
    for path in TABLES:
        try:
            with open(path, encoding="ascii") as table:
                rows = table.readlines()[1:]
        except OSError:
            continue
        found += read_half_open(rows, ports)
    return found
