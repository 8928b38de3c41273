"""Attempts to reach ports."""

import asyncio
import errno
import json
import socket
import time

from datagrams import exchange, open_datagram
from sockets import elapsed_ms, open_socket, own_failure, resolve_literal, wait_ready


async def reach_tcp(family, sockaddr, seconds, nonce):
    start = time.monotonic()
    left = lambda: start + seconds - time.monotonic()
    done = lambda state, **more: {"state": state, **more, "ms": elapsed_ms(start)}
    sock = open_socket(family, socket.SOCK_STREAM)
    try:
        try:
            sock.connect(sockaddr)
        except BlockingIOError:
            if not await wait_ready(sock, left(), write=True):
                return done("dropped")
            failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure == errno.ETIMEDOUT:
                return done("dropped")
            if failure == errno.ECONNREFUSED:
                return done("refused")
            if failure in (errno.ECONNRESET, errno.EPIPE):
                return done("silent", how="reset")  # the handshake was complete
            if failure:
                return done("unreachable", errno=errno.errorcode.get(failure, str(failure)))
        except ConnectionRefusedError:
            return done("refused")
        except OSError as error:
            raise own_failure(error, f"connecting to {sockaddr[0]} port {sockaddr[1]}")
        answer, how = b"", "timeout"
        try:
            sock.send(nonce.encode() + b"\n")
        except OSError:
            pass  # what a server said before it closed is still there to read
        try:
            while answer.count(b"\n") < 2 and await wait_ready(sock, left()):
                chunk = sock.recv(4096)
                if not chunk:
                    how = "closed"
                    break
                answer += chunk
        except OSError:
            how = "reset"
        return read_answer(answer, done) or done("silent", how=how)
    finally:
        sock.close()


def read_answer(answer, done):
    lines = answer.decode("utf-8", "replace").split("\n")
    if not lines[0].strip():
        return None
    try:
        seen_from = json.loads(lines[1])["from"]
    except (IndexError, ValueError, KeyError, TypeError):
        seen_from = None
    return done("open", identity=lines[0].rstrip("\r"), seenFrom=seen_from)


async def reach_udp(family, sockaddr, seconds, nonce):
    start = time.monotonic()
    done = lambda state, **more: {"state": state, **more, "ms": elapsed_ms(start)}
    sock = open_datagram(family, sockaddr)
    try:
        what, value = await exchange(sock, family, nonce.encode() + b"\n", seconds, lambda answer: bool(answer.strip()))
    finally:
        sock.close()
    if what == "answer":
        return read_answer(value, done)
    if what == "nothing":
        return done("dropped")
    if value["kind"] == "port unreachable":
        return done("refused")
    return done("unreachable", errno=value["errno"])


async def scan(agent, protocol, address, ports, timeoutMs, nonce, parallel=None, **_):
    family, _ = resolve_literal(address, 0)
    reach = reach_tcp if protocol == "tcp" else reach_udp
    own_limit = asyncio.Semaphore(parallel or len(ports) or 1)

    async def one(port):
        async with own_limit, agent.clients:
            return [port, await reach(family, resolve_literal(address, port)[1], timeoutMs / 1000, nonce)]

    tasks = [asyncio.ensure_future(one(port)) for port in ports]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
