"""Echo requests and replies (RFC 792, RFC 4443)."""

from __future__ import annotations

import struct


class EchoReply:
    """A reply. `ttl` and `ip_id` are of the IPv4 header; ICMPv6 comes without its header."""

    def __init__(self, ident: int, seq: int, payload: bytes, ttl: int | None, ip_id: int | None) -> None:
        self.ident, self.seq, self.payload, self.ttl, self.ip_id = ident, seq, payload, ttl, ip_id


def filling(marker: str, length: int) -> bytes:
    """`length` bytes of a text that repeats; none when `length` is negative."""
    text = marker.encode() or b"\0"
    return (text * (length // len(text) + 1))[: max(0, length)]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(version: int, ident: int, seq: int, payload: bytes) -> bytes:
    """The ICMP message; the kernel computes the checksum of ICMPv6."""
    if version == 6:
        return struct.pack("!BBHHH", 128, 0, 0, ident, seq) + payload
    head = struct.pack("!BBHHH", 8, 0, 0, ident, seq)
    return struct.pack("!BBHHH", 8, 0, checksum(head + payload), ident, seq) + payload


def read_echo_reply(version: int, data: bytes) -> EchoReply | None:
    """The reply in what a raw socket received; `None` for any other packet."""
    body = data if version == 6 else data[(data[0] & 15) * 4 :]
    if len(body) < 8 or body[0] != (129 if version == 6 else 0):
        return None
    ident, seq = struct.unpack_from("!HH", body, 4)
    if version == 6:
        return EchoReply(ident, seq, body[8:], None, None)
    return EchoReply(ident, seq, body[8:], data[8], struct.unpack_from("!H", data, 4)[0])
