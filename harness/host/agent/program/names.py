"""DNS queries (RFC 1035) to one name server."""

import random
import socket
import struct
import time

from datagrams import exchange, open_datagram
from sockets import ProbeError, elapsed_ms, resolve_literal

RECORD_TYPES = {"A": 1, "AAAA": 28}
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += message[at] + 1
    return at + 1


def read_dns_answer(message, record_type):
    """(rcode, addresses) of a DNS answer, RFC 1035 section 4."""
    _, flags, questions, answers = struct.unpack_from("!HHHH", message)
    at, addresses = 12, []
    for _ in range(questions):
        at = skip_name(message, at) + 4
    for _ in range(answers):
        at = skip_name(message, at)
        kind, _, _, length = struct.unpack_from("!HHIH", message, at)
        if kind == record_type:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            addresses.append(socket.inet_ntop(family, message[at + 10:at + 10 + length]))
        at += 10 + length
    return flags & 15, addresses


async def resolve(agent, name, type, nameserver, port, timeoutMs, **_):
    family, sockaddr = resolve_literal(nameserver, port)
    ident = random.randrange(65536)
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
        question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    except (UnicodeEncodeError, ValueError):
        raise ProbeError(f"{name}: expected a DNS name in ASCII with labels below 64 characters")
    query = struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", RECORD_TYPES[type], 1)
    start = time.monotonic()
    sock = open_datagram(family, sockaddr)
    try:
        accept = lambda answer: len(answer) >= 12 and struct.unpack_from("!H", answer)[0] == ident and answer[2] & 0x80
        what, value = await exchange(sock, family, query, timeoutMs / 1000, accept)
    finally:
        sock.close()
    if what == "error":
        return {"state": "refused"} if value["kind"] == "port unreachable" else {"state": "no answer"}
    if what == "nothing":
        return {"state": "no answer"}
    try:
        rcode, addresses = read_dns_answer(value, RECORD_TYPES[type])
    except (IndexError, struct.error, ValueError) as error:
        raise ProbeError(f"the answer of {nameserver} for {name} does not decode ({error}): {value.hex()}")
    took = {"ms": elapsed_ms(start)}
    if rcode == 3:
        return {"state": "nxdomain", **took}
    if rcode:
        return {"state": "failed", "rcode": RCODES.get(rcode, str(rcode)), **took}
    return {"state": "resolved", "addresses": addresses, **took} if addresses else {"state": "no data", **took}
