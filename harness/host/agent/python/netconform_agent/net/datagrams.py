"""Datagram exchanges."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable

from .path_errors import PathError, kind_of, read_errors, want_errors
from .sockets import SocketAddress, errno_name, is_lost, open_socket, own_failure, wait_ready

# Not in every Python's socket module; values from linux/in.h, linux/in6.h.
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
PMTUDISC_DONT, PMTUDISC_DO = 0, 2
ATTEMPTS = 3


def forbid_fragments(sock: socket.socket, family: int, forbid: bool) -> None:
    """Sets DF, or allows fragments at the source again."""
    value = PMTUDISC_DO if forbid else PMTUDISC_DONT
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, value)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, value)


async def exchange(
    sock: socket.socket, family: int, payload: bytes, seconds: float, accept: Callable[[bytes], bool]
) -> bytes | PathError | None:
    """Sends a datagram up to three times; the first answer accepted, the error that came back, or nothing."""
    start = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            sock.send(payload)
        except OSError as error:
            # An ICMP error for an earlier attempt is reported on the next send.
            errors = read_errors(sock, family)
            if errors:
                return errors[0][1]
            if error.errno in (errno.ECONNREFUSED, errno.EMSGSIZE, errno.EPERM):
                local = error.errno != errno.ECONNREFUSED
                return {
                    "kind": kind_of(error.errno, 4, 0, 0),
                    "local": local,
                    "errno": errno_name(error.errno),
                }
            if not is_lost(error):
                raise own_failure(error, "sending a datagram") from error
        until = start + seconds * attempt / ATTEMPTS
        while await wait_ready(sock, until - time.monotonic()):
            errors = read_errors(sock, family)
            if errors:
                return errors[0][1]
            try:
                answer = sock.recv(65536)
            except OSError:
                continue
            if accept(answer):
                return answer
    return None


def open_datagram(family: int, sockaddr: SocketAddress, from_port: int = 0) -> socket.socket:
    """A connected datagram socket that keeps its errors; from any port where none is given."""
    sock = open_socket(family, socket.SOCK_DGRAM)
    try:
        want_errors(sock, family)
        if from_port:
            sock.bind(("", from_port))
        sock.connect(sockaddr)
    except OSError as error:
        sock.close()
        raise own_failure(error, f"a datagram to {sockaddr[0]} port {sockaddr[1]}") from error
    return sock
