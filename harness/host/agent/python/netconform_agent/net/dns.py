"""DNS messages (RFC 1035)."""

from __future__ import annotations

import socket
import struct

RECORD_TYPES = {"A": 1, "AAAA": 28}


def encode_query(ident: int, name: str, record_type: int) -> bytes:
    """A recursive query for one record type. Throws `ValueError` for what is no DNS name in ASCII."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError("a label is empty or too long")
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", record_type, 1)


def answers_query(message: bytes, ident: int) -> bool:
    """Whether a message is an answer to the query `ident`."""
    return len(message) >= 12 and struct.unpack_from("!H", message)[0] == ident and message[2] & 0x80 != 0


def read_answer(message: bytes, record_type: int) -> tuple[int, list[str]]:
    """RCODE and addresses. Throws `IndexError`, `struct.error` or `ValueError` if the message is cut off."""
    _, flags, questions, answers = struct.unpack_from("!HHHH", message)
    at = 12
    addresses: list[str] = []
    for _ in range(questions):
        at = _skip_name(message, at) + 4
    for _ in range(answers):
        at = _skip_name(message, at)
        kind, _, _, length = struct.unpack_from("!HHIH", message, at)
        if kind == record_type:
            family = socket.AF_INET if kind == RECORD_TYPES["A"] else socket.AF_INET6
            addresses.append(socket.inet_ntop(family, message[at + 10 : at + 10 + length]))
        at += 10 + length
    return flags & 15, addresses


def _skip_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += message[at] + 1
    return at + 1
