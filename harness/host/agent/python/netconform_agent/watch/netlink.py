"""Messages of netlink, as far as links, addresses and the traces of nftables need them."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
RTM_GETLINK, RTM_GETADDR = 18, 22
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1
IFA_ADDRESS, IFA_LOCAL = 1, 2
# The two highest bits of a type say how its value is encoded.
TYPE_MASK = 0x3FFF


class Link:
    """One interface; `kind` is `veth`, `bridge`, `vxlan`, or empty."""

    def __init__(self, index: int, name: str, kind: str) -> None:
        self.index, self.name, self.kind = index, name, kind
        self.addresses: list[str] = []


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each message."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 16:
            return
        yield kind, data[at + 16 : at + length]
        at += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a message, or those nested in one of them, by type."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        found[kind & TYPE_MASK] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def text(value: bytes) -> str:
    """A text that ends with a zero byte."""
    return value.split(b"\0", 1)[0].decode("utf-8", "replace")


def read_links() -> list[Link]:
    """The interfaces of this network namespace, with their addresses as CIDRs."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        links = {link.index: link for link in map(link_of, dump(sock, RTM_GETLINK))}
        for body in dump(sock, RTM_GETADDR):
            family, prefix, index = struct.unpack_from("=BBxxI", body)
            known = attributes(body[8:])
            address = known.get(IFA_LOCAL, known.get(IFA_ADDRESS))
            if index in links and address is not None and family in (socket.AF_INET, socket.AF_INET6):
                links[index].addresses.append(f"{socket.inet_ntop(family, address)}/{prefix}")
    return list(links.values())


def link_of(body: bytes) -> Link:
    """What the answer to RTM_GETLINK says of an interface."""
    (index,) = struct.unpack_from("=i", body, 4)
    known = attributes(body[16:])
    kind = attributes(known.get(IFLA_LINKINFO, b"")).get(IFLA_INFO_KIND, b"")
    return Link(index, text(known.get(IFLA_IFNAME, b"")), text(kind))


def dump(sock: socket.socket, kind: int) -> list[bytes]:
    """The bodies of everything of that kind."""
    request = struct.pack("=IHHIIB3x", 20, kind, NLM_F_REQUEST | NLM_F_DUMP, 0, 0, socket.AF_UNSPEC)
    sock.send(request)
    found: list[bytes] = []
    while True:
        for answered, body in messages(sock.recv(1 << 20)):
            if answered == NLMSG_DONE:
                return found
            if answered == NLMSG_ERROR:
                number = -struct.unpack_from("=i", body)[0]
                raise OSError(number, os.strerror(number))
            found.append(body)
