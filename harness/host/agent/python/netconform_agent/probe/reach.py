"""Attempts to reach ports."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import socket
import time

from ..net.datagrams import exchange, open_datagram
from ..net.icmp import filling
from ..net.path_errors import PathError
from ..net.sockets import (
    IPPROTO_SCTP,
    NoRoute,
    ProbeError,
    SocketAddress,
    Unsent,
    elapsed_ms,
    errno_name,
    open_socket,
    own_failure,
    resolve_literal,
    source_for,
    wait_ready,
)
from ..rpc.params import Params
from .ping import Ping

# `Reach` of reach.ts, without the milliseconds.
Reach = dict[str, object]

# No ICMP error is an EPERM.
UNSENT: Reach = {"state": "unreachable", "errno": "EPERM"}

# Bytes of ICMP payload that carry the nonce.
PAYLOAD = 56


class Reacher:
    """Reaches ports, no more than `limit` at once over all calls."""

    def __init__(self, limit: int) -> None:
        self._clients = asyncio.Semaphore(limit)

    async def scan(self, params: Params) -> object:
        """Attempts `ports` of `address`, `parallel` of them at once; answers with pairs of port and reach."""
        address, ports, nonce = params.text("address"), params.integers("ports"), params.text("nonce")
        seconds = params.seconds("timeoutMs")
        protocol = params.text("protocol")
        if protocol == "udp":
            reach = functools.partial(reach_udp, from_port=params.integer_or_none("fromPort") or 0)
        elif protocol in STREAMS:
            reach = STREAMS[protocol]
        else:
            raise ProbeError(f"{protocol}: expected tcp, udp or sctp")
        family, _ = resolve_literal(address, 0)
        own_limit = asyncio.Semaphore(params.integer_or_none("parallel") or len(ports) or 1)

        async def one(port: int) -> list[object]:
            async with own_limit, self._clients:
                start = time.monotonic()
                try:
                    found = await reach(family, resolve_literal(address, port)[1], seconds, nonce)
                except Unsent:
                    found = UNSENT
                return [port, {**found, "ms": elapsed_ms(start)}]

        tasks = [asyncio.ensure_future(one(port)) for port in ports]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def reach_all(self, params: Params) -> object:
        """One attempt for each of `targets`, as `tcp ADDRESS PORT` or `icmp ADDRESS`; a state each, in order.

        A state is the word of `Reach`, with the identity behind `open`; `no route` where there is none.
        """
        seconds, nonce = params.seconds("timeoutMs"), params.text("nonce")

        async def one(target: str) -> str:
            async with self._clients:
                try:
                    return state_of(await attempt(target, seconds, nonce))
                except NoRoute:
                    return "no route"
                except Unsent:
                    return state_of(UNSENT)

        tasks = [asyncio.ensure_future(one(target)) for target in params.texts("targets")]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()


async def reach_tcp(family: int, sockaddr: SocketAddress, seconds: float, nonce: str) -> Reach:
    """One attempt over TCP; a mere handshake is never open."""
    return await reach_stream(open_socket(family, socket.SOCK_STREAM), sockaddr, seconds, nonce)


async def reach_sctp(family: int, sockaddr: SocketAddress, seconds: float, nonce: str) -> Reach:
    """One attempt over SCTP, from one address.

    An association offers every address of its socket (RFC 9260, section 5.1.2).
    """
    source = source_for(family, sockaddr)
    sock = open_socket(family, socket.SOCK_STREAM, IPPROTO_SCTP)
    try:
        sock.bind((source, 0))
    except OSError as error:
        sock.close()
        raise own_failure(error, f"binding to the way to {sockaddr[0]}") from error
    return await reach_stream(sock, sockaddr, seconds, nonce)


async def reach_stream(sock: socket.socket, sockaddr: SocketAddress, seconds: float, nonce: str) -> Reach:
    """One attempt with a socket that is closed afterwards."""
    end = time.monotonic() + seconds
    try:
        try:
            sock.connect(sockaddr)
        except BlockingIOError:
            if not await wait_ready(sock, end - time.monotonic(), write=True):
                return {"state": "dropped"}
            failed = reach_of_failure(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            if failed:
                return failed
        except ConnectionRefusedError:
            return {"state": "refused"}
        except OSError as error:
            raise own_failure(error, f"connecting to {sockaddr[0]} port {sockaddr[1]}") from error
        # What a server said before it closed is still there to read.
        with contextlib.suppress(OSError):
            sock.send(nonce.encode() + b"\n")
        return await read_identity(sock, end)
    finally:
        sock.close()


STREAMS = {"tcp": reach_tcp, "sctp": reach_sctp}


async def read_identity(sock: socket.socket, end: float) -> Reach:
    """What a server says on a connection until the time `end`."""
    answer, how = b"", "timeout"
    try:
        while answer.count(b"\n") < 2 and await wait_ready(sock, end - time.monotonic()):
            chunk = sock.recv(4096)
            if not chunk:
                how = "closed"
                break
            answer += chunk
    except OSError:
        how = "reset"
    return reach_of_answer(answer) or {"state": "silent", "how": how}


async def reach_udp(
    family: int, sockaddr: SocketAddress, seconds: float, nonce: str, from_port: int = 0
) -> Reach:
    """One attempt over UDP, of up to three datagrams, from a port of our own choice or from any."""
    sock = open_datagram(family, sockaddr, from_port)
    try:
        answer = await exchange(
            sock, family, nonce.encode() + b"\n", seconds, lambda answer: bool(answer.strip())
        )
    finally:
        sock.close()
    if answer is None:
        return {"state": "dropped"}
    if not isinstance(answer, bytes):
        return reach_of_error(answer)
    # What begins with an empty line names nobody.
    return reach_of_answer(answer) or {"state": "silent", "how": "closed"}


def reach_of_failure(failure: int) -> Reach | None:
    """What a connect that ended with this errno means; `None` for none."""
    if not failure:
        return None
    if failure == errno.ETIMEDOUT:
        return {"state": "dropped"}
    if failure == errno.ECONNREFUSED:
        return {"state": "refused"}
    if failure in (errno.ECONNRESET, errno.EPIPE):
        return {"state": "silent", "how": "reset"}  # the handshake was complete
    return {"state": "unreachable", "errno": errno_name(failure)}


def reach_of_error(error: PathError) -> Reach:
    """What an error that came back for a datagram means."""
    if error["kind"] == "port unreachable":
        return {"state": "refused"}
    return {"state": "unreachable", "errno": error["errno"]}


def reach_of_answer(answer: bytes) -> Reach | None:
    """A server's identity and, as JSON in the second line, where it saw us; `None` without identity."""
    lines = answer.decode("utf-8", "replace").split("\n")
    if not lines[0].strip():
        return None
    try:
        seen_from: object = json.loads(lines[1])["from"]
    except (IndexError, ValueError, KeyError, TypeError):
        seen_from = None
    return {"state": "open", "identity": lines[0].rstrip("\r"), "seenFrom": seen_from}


async def attempt(target: str, seconds: float, nonce: str) -> Reach:
    """What comes of one attempt."""
    protocol, _, place = target.partition(" ")
    address, _, port = place.partition(" ")
    if protocol == "icmp":
        return await reach_icmp(address, seconds, nonce)
    if protocol not in ("udp", *STREAMS) or not port.isdigit():
        raise ProbeError(f"{target}: expected tcp, udp, sctp or icmp, an address and, but for icmp, a port")
    family, sockaddr = resolve_literal(address, int(port))
    return await STREAMS.get(protocol, reach_udp)(family, sockaddr, seconds, nonce)


async def reach_icmp(address: str, seconds: float, nonce: str) -> Reach:
    """One echo request; what answers names nobody."""
    family, sockaddr = resolve_literal(address, 0)
    run = Ping(family, address, filling(nonce, PAYLOAD), 1)
    try:
        run.open(sockaddr, False)
        await run.send_all(0)
        await run.watch(time.monotonic() + seconds)
    finally:
        run.close()
    if run.replies:
        return {"state": "open", "identity": ""}
    return {"state": "unreachable", "errno": run.errors[0]["errno"]} if run.errors else {"state": "dropped"}


def state_of(reach: Reach) -> str:
    """A reach in a few words that are cheap to send."""
    state = str(reach["state"])
    return f"open {reach['identity']}" if state == "open" else state
