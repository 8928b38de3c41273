"""Datagrams of an exact size or content."""

from __future__ import annotations

import json
import socket
import time

from ..net.datagrams import exchange, forbid_fragments, open_datagram
from ..net.icmp import filling
from ..net.sockets import ProbeError, elapsed_ms, own_failure, resolve_literal
from ..rpc.params import Params

STATES = {"fragmentation needed": "too big", "port unreachable": "refused"}


async def datagram(params: Params) -> object:
    """Sends one UDP datagram in an IP packet of `packetBytes` to a server of an agent."""
    address, port, packet_bytes = (
        params.text("address"),
        params.integer("port"),
        params.integer("packetBytes"),
    )
    family, sockaddr = resolve_literal(address, port)
    start = time.monotonic()
    length = packet_bytes - (48 if family == socket.AF_INET6 else 28)
    payload = filling(params.text("marker") + "\n", length)
    sock = open_datagram(family, sockaddr)
    try:
        forbid_fragments(sock, family, params.flag("dontFragment"))
        answer = await exchange(
            sock, family, payload, params.seconds("timeoutMs"), lambda answer: b"\n{" in answer
        )
    finally:
        sock.close()
    if answer is None:
        return {"state": "lost"}
    if not isinstance(answer, bytes):
        return {"state": STATES.get(answer["kind"], "unreachable"), "error": answer}
    identity, told = answer.decode("utf-8", "replace").split("\n")[:2]
    arrived = json.loads(told)["bytes"]
    if arrived != length:
        raise ProbeError(f"sent {length} payload bytes to {address} port {port}, the server saw {arrived}")
    return {"state": "delivered", "identity": identity, "bytes": packet_bytes, "ms": elapsed_ms(start)}


async def send(params: Params) -> object:
    """Sends one UDP datagram with the bytes of `payload`, in hexadecimal, and waits for nothing."""
    address, port = params.text("address"), params.integer("port")
    payload = bytes.fromhex(params.text("payload"))
    family, sockaddr = resolve_literal(address, port)
    sock = open_datagram(family, sockaddr)
    try:
        sock.send(payload)
    except OSError as error:
        raise own_failure(error, f"a datagram to {address} port {port}") from error
    finally:
        sock.close()
    return None
