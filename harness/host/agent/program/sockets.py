"""Sockets of the probe agent, and which of their failures mean what."""

import asyncio
import errno
import os
import resource
import socket
import time

# What a connect or send fails with at once when there is no route, or no source address that may be used yet.
NO_ROUTE = {errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL, errno.ENETDOWN}


class NoRoute(Exception):
    pass


class ProbeError(Exception):
    pass


def name_of(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def explain(error):
    text = f"{name_of(error)} ({os.strerror(error.errno)})"
    if error.errno == errno.EMFILE:
        text += f"; the open-file limit is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    return text


def own_failure(error, doing):
    """The exception for a socket call that failed before anything left the namespace."""
    text = f"{doing}: {explain(error)}"
    return NoRoute(text) if error.errno in NO_ROUTE else ProbeError(text)


def resolve_literal(address, port):
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(
            address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    except (socket.gaierror, OverflowError) as error:
        raise ProbeError(f"{address} port {port}: expected an IP address and a port ({error})")
    return family, sockaddr


def open_socket(family, kind, protocol=0):
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise own_failure(error, "opening a socket")
    sock.setblocking(False)
    return sock


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address.split("%")[0]


def endpoint(sockaddr):
    return {"address": plain(sockaddr[0]), "port": sockaddr[1]}


def elapsed_ms(since):
    return round((time.monotonic() - since) * 1000, 3)


async def wait_ready(sock, timeout, write=False):
    """Waits until the socket is readable (or writable) or has an error. False when the time is over."""
    if timeout <= 0:
        return False
    loop, fd = asyncio.get_running_loop(), sock.fileno()
    ready = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(fd, lambda: ready.done() or ready.set_result(True))
    try:
        return await asyncio.wait_for(ready, timeout)
    except asyncio.TimeoutError:
        return False
    finally:
        remove(fd)
