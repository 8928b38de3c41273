"""DNS queries to one name server."""

from __future__ import annotations

import random
import struct
import time

from ..net.datagrams import exchange, open_datagram
from ..net.dns import RECORD_TYPES, answers_query, encode_query, read_answer
from ..net.sockets import ProbeError, elapsed_ms, resolve_literal
from ..rpc.params import Params

NXDOMAIN = 3
RCODES = {1: "FORMERR", 2: "SERVFAIL", NXDOMAIN: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


async def resolve(params: Params) -> object:
    """Asks `nameserver` for the records `type` of `name`, over UDP."""
    name, nameserver = params.text("name"), params.text("nameserver")
    record_type = RECORD_TYPES[params.text("type")]
    family, sockaddr = resolve_literal(nameserver, params.integer("port"))
    ident = random.randrange(65536)
    try:
        query = encode_query(ident, name, record_type)
    except ValueError as error:
        raise ProbeError(f"{name}: expected a DNS name in ASCII with labels below 64 characters") from error
    start = time.monotonic()
    sock = open_datagram(family, sockaddr)
    try:
        answer = await exchange(
            sock, family, query, params.seconds("timeoutMs"), lambda message: answers_query(message, ident)
        )
    finally:
        sock.close()
    if answer is None:
        return {"state": "no answer"}
    if not isinstance(answer, bytes):
        if answer["kind"] == "port unreachable":
            return {"state": "refused"}
        return {"state": "no answer", "errno": answer["errno"]}
    try:
        rcode, addresses = read_answer(answer, record_type)
    except (IndexError, struct.error, ValueError) as error:
        raise ProbeError(
            f"the answer of {nameserver} for {name} does not decode ({error}): {answer.hex()}"
        ) from error
    return {**outcome(rcode, addresses), "ms": elapsed_ms(start)}


def outcome(rcode: int, addresses: list[str]) -> dict[str, object]:
    """What an answer says about a name."""
    if rcode == NXDOMAIN:
        return {"state": "nxdomain"}
    if rcode:
        return {"state": "failed", "rcode": RCODES.get(rcode, str(rcode))}
    return {"state": "resolved", "addresses": addresses} if addresses else {"state": "no data"}
