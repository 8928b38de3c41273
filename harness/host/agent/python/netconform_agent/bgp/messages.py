"""BGP messages (RFC 4271, section 4)."""

from __future__ import annotations

import ipaddress
import struct

MARKER = b"\xff" * 16
HEADER_BYTES = 19
LARGEST_BYTES = 4096
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
NAMES = {OPEN: "OPEN", UPDATE: "UPDATE", NOTIFICATION: "NOTIFICATION", KEEPALIVE: "KEEPALIVE"}

# Types of path attributes, and their flags.
ORIGIN, AS_PATH, NEXT_HOP, MULTI_EXIT_DISC = 1, 2, 3, 4
OPTIONAL, TRANSITIVE = 0x80, 0x40
AS_SEQUENCE = 2
CEASE, PEER_DECONFIGURED = 6, 3


class Malformed(Exception):
    """What arrived is no BGP message, or another one than had to arrive."""


def message(kind: int, body: bytes = b"") -> bytes:
    """A message with its header."""
    return MARKER + struct.pack("!HB", HEADER_BYTES + len(body), kind) + body


def open_message(number: int, hold_time: int, ident: str) -> bytes:
    """An OPEN of the AS `number`, without options; `hold_time` in seconds, `ident` an IPv4 address."""
    identifier = ipaddress.IPv4Address(ident).packed
    return message(OPEN, struct.pack("!BHH4sB", 4, number, hold_time, identifier, 0))


def cease_message() -> bytes:
    """The NOTIFICATION of a speaker that no longer has the neighbour (RFC 4486)."""
    return message(NOTIFICATION, bytes([CEASE, PEER_DECONFIGURED]))


def update_message(prefixes: list[str], number: int, next_hop: str, marred: str | None = None) -> bytes:
    """An UPDATE that announces IPv4 prefixes from the AS `number`.

    In a `marred` one that attribute has a length that it must not have (RFC 7606, sections 7.1 and 7.4):
    ORIGIN two octets, MULTI_EXIT_DISC three. All lengths fit each other, so the prefixes can be found.
    """
    attributes = [
        attribute(TRANSITIVE, ORIGIN, bytes(2 if marred == "ORIGIN" else 1)),
        attribute(TRANSITIVE, AS_PATH, struct.pack("!BBH", AS_SEQUENCE, 1, number)),
        attribute(TRANSITIVE, NEXT_HOP, ipaddress.IPv4Address(next_hop).packed),
    ]
    if marred == "MULTI_EXIT_DISC":
        attributes.append(attribute(OPTIONAL, MULTI_EXIT_DISC, bytes(3)))
    path = b"".join(attributes)
    reachable = b"".join(encode_prefix(prefix) for prefix in prefixes)
    return message(UPDATE, struct.pack("!HH", 0, len(path)) + path + reachable)


def attribute(flags: int, kind: int, value: bytes) -> bytes:
    """A path attribute of up to 255 octets."""
    return struct.pack("!BBB", flags, kind, len(value)) + value


def encode_prefix(prefix: str) -> bytes:
    """Length in bits, and as many octets as hold them. Throws `ValueError` for what is no IPv4 prefix."""
    network = ipaddress.IPv4Network(prefix)
    octets = (network.prefixlen + 7) // 8
    return bytes([network.prefixlen]) + network.network_address.packed[:octets]


def read_header(header: bytes) -> tuple[int, int]:
    """Type and number of octets that follow. Throws `Malformed` for what begins no message."""
    length, kind = struct.unpack("!HB", header[16:])
    if header[:16] != MARKER or not HEADER_BYTES <= length <= LARGEST_BYTES:
        raise Malformed(f"expected the header of a BGP message, got {header.hex()}")
    return kind, length - HEADER_BYTES


def read_open(body: bytes) -> tuple[int, int]:
    """AS number and hold time in seconds of an OPEN. Throws `Malformed` when it is cut off."""
    if len(body) < 10:
        raise Malformed(f"expected an OPEN of 10 octets or more, got {len(body)}")
    _, number, hold_time = struct.unpack_from("!BHH", body)
    return number, hold_time


def describe(kind: int, body: bytes) -> str:
    """A message in words: its name, with code and subcode for a NOTIFICATION."""
    name = NAMES.get(kind, f"type {kind}")
    if kind == NOTIFICATION and len(body) >= 2:
        return f"{name} {body[0]}/{body[1]}"
    return name
