"""Sockets of the probe agent, and which of their failures mean what."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import time
from typing import TypedDict, Union, cast

from ..rpc.messages import Failure

# What the kernel calls an address and a port: of IPv4, or of IPv6 with flow label and zone.
SocketAddress = Union[tuple[str, int], tuple[str, int, int, int]]

# What a connect or send fails with at once when there is no route, or no source address that may be used yet.
NO_ROUTE = {
    errno.EADDRNOTAVAIL,
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.EACCES,
    errno.EINVAL,
    errno.ENETDOWN,
}


# Not in the socket module of every Python.
IPPROTO_SCTP = 132


class Endpoint(TypedDict):
    """An address and a port."""

    address: str
    port: int


class NoRoute(Failure):
    """The namespace has no route to the target."""

    kind = "no route"


class Unsent(Failure):
    """The namespace itself refuses to send to the target, as a rule of its own for what leaves has it."""

    kind = "unsent"


class ProbeError(Failure):
    """The probe could not do its work."""

    kind = "probe"


def is_lost(error: OSError) -> bool:
    """Whether a packet was lost in a full queue of a device: like any that is lost, it was sent."""
    return error.errno == errno.ENOBUFS


def errno_name(number: int | None) -> str:
    """`ECONNREFUSED` for its number."""
    return errno.errorcode.get(number or 0, str(number))


def explain(error: OSError) -> str:
    """An error in words, with the open-file limit where that is what ran out."""
    text = f"{errno_name(error.errno)} ({os.strerror(error.errno or 0)})"
    if error.errno == errno.EMFILE:
        text += f"; the open-file limit is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    return text


def own_failure(error: OSError, doing: str) -> Failure:
    """The exception for a socket call that failed before anything left the namespace."""
    text = f"{doing}: {explain(error)}"
    if error.errno == errno.EPERM:
        return Unsent(text)
    return NoRoute(text) if error.errno in NO_ROUTE else ProbeError(text)


def resolve_literal(address: str, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    """Family and socket address of an IP address. Throws `ProbeError` for anything else, such as a name."""
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(
            address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )[0]
    except (socket.gaierror, OverflowError) as error:
        raise ProbeError(f"{address} port {port}: expected an IP address and a port ({error})") from error
    return family, cast("SocketAddress", sockaddr)


def open_socket(family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket that does not block."""
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ProbeError(f"opening a socket: {explain(error)}") from error
    sock.setblocking(False)
    return sock


def source_for(family: int, sockaddr: SocketAddress) -> str:
    """The address from which the kernel would send there."""
    with open_socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(sockaddr)
        except OSError as error:
            raise own_failure(error, f"finding the way to {sockaddr[0]}") from error
        return cast("str", sock.getsockname()[0])


def plain(address: str) -> str:
    """An address without zone, and as IPv4 where it is mapped into IPv6."""
    return address[7:] if address.startswith("::ffff:") else address.split("%")[0]


def endpoint(sockaddr: SocketAddress) -> Endpoint:
    """An endpoint of the kernel's as the results have it."""
    return {"address": plain(sockaddr[0]), "port": sockaddr[1]}


def elapsed_ms(since: float) -> float:
    """Milliseconds since a time of `time.monotonic`."""
    return round((time.monotonic() - since) * 1000, 3)


async def wait_ready(sock: socket.socket, timeout: float, write: bool = False) -> bool:
    """Waits until the socket is readable (or writable) or has an error. False when the time is over."""
    if timeout <= 0:
        return False
    loop, fd = asyncio.get_running_loop(), sock.fileno()
    ready: asyncio.Future[bool] = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(fd, lambda: None if ready.done() else ready.set_result(True))
    try:
        return await asyncio.wait_for(ready, timeout)
    except asyncio.TimeoutError:
        return False
    finally:
        remove(fd)
