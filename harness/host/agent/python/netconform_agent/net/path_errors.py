"""Errors that come back for what was sent: the error queue of a socket."""

from __future__ import annotations

import errno
import socket
import struct
from typing import TypedDict

from .sockets import errno_name, plain

# Not in every Python's socket module; values from linux/in.h, linux/in6.h, linux/errqueue.h.
IP_RECVERR, IPV6_RECVERR = 11, 25
MSG_ERRQUEUE = 0x2000
ORIGIN_LOCAL = 1


class _Known(TypedDict):
    kind: str
    local: bool
    errno: str


class PathError(_Known, total=False):
    """An ICMP error, or a refusal by the own kernel (`local`); `by` reported it, `mtu` would fit."""

    by: str
    mtu: int


def want_errors(sock: socket.socket, family: int) -> None:
    """Has the kernel keep the errors for `read_errors`."""
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def kind_of(code: int | None, version: int, icmp_type: int, icmp_code: int) -> str:
    """The kind of an error by its errno and the type and code of ICMP (version 4) or ICMPv6 (6)."""
    if code == errno.EMSGSIZE:
        return "fragmentation needed"
    if code == errno.ECONNREFUSED:
        return "port unreachable"
    if code == errno.EPERM:
        return "refused to send"
    if (version == 4 and icmp_type == 11) or (version == 6 and icmp_type == 3):
        return "time exceeded"
    if (version == 4 and icmp_code in (9, 10, 13)) or (version == 6 and icmp_code in (1, 5, 6)):
        return "prohibited"
    if code == errno.EHOSTUNREACH:
        return "host unreachable"
    return "network unreachable" if code == errno.ENETUNREACH else "other"


def decode_error(body: bytes, version: int, own: str) -> PathError:
    """A `struct sock_extended_err` and the address of who reported it; `own` is the address of the socket."""
    code, origin, icmp_type, icmp_code, info = struct.unpack_from("=IBBBxI", body)
    offender, by = body[16:], None
    if origin != ORIGIN_LOCAL and len(offender) >= 8:
        family = struct.unpack_from("=H", offender)[0]
        if family == socket.AF_INET:
            by = socket.inet_ntop(socket.AF_INET, offender[4:8])
        elif family == socket.AF_INET6 and len(offender) >= 24:
            by = plain(socket.inet_ntop(socket.AF_INET6, offender[8:24]))
    error: PathError = {
        "kind": kind_of(code, version, icmp_type, icmp_code),
        "local": origin == ORIGIN_LOCAL or by == own,
        "errno": errno_name(code),
    }
    if by:
        error["by"] = by
    if error["kind"] == "fragmentation needed" and info:
        error["mtu"] = info
    return error


def read_errors(sock: socket.socket, family: int) -> list[tuple[bytes, PathError]]:
    """Everything in the error queue, each with the bytes of the packet that caused it."""
    found: list[tuple[bytes, PathError]] = []
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(2048, 512, MSG_ERRQUEUE)
        except OSError:
            return found
        for _, kind, body in ancillary:
            if kind in (IP_RECVERR, IPV6_RECVERR) and len(body) >= 16:
                version = 6 if family == socket.AF_INET6 else 4
                found.append((data, decode_error(body, version, plain(sock.getsockname()[0]))))
