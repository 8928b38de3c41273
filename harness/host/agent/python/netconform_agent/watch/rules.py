"""What rules of nftables do to packets that are marked for a trace; iptables writes such rules today."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
from collections.abc import Iterable

from .netlink import attributes, messages, text

NETLINK_NETFILTER, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 12, 270, 1
NFNLGRP_NFTRACE = 9
NFT_MSG_TRACE, NFNL_SUBSYS_NFTABLES = 17, 10
# Attributes of a trace message (include/uapi/linux/netfilter/nf_tables.h).
TABLE, CHAIN, RULE_HANDLE, TYPE, VERDICT, ID = 1, 2, 3, 4, 5, 6
NETWORK_HEADER, TRANSPORT_HEADER, OUTPUT, POLICY = 8, 9, 12, 16
VERDICT_CODE = 1
TYPE_POLICY, TYPE_RULE = 1, 3
VERDICTS, VERDICT_MASK = {0: "drop", 1: "accept"}, 0xFF
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}


def number(value: bytes) -> int:
    """A number in network order."""
    return int.from_bytes(value, "big")


class Rules:
    """Marks packets by an nftables table of its own in this namespace, and keeps what becomes of them."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._sock = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_NETFILTER
        )
        self._sock.bind((0, 0))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTRACE)

    def mark(self, chains: str) -> None:
        """Makes the table, with the chains that mark packets."""
        subprocess.run(["nft", f"table inet {self._table} {{\n{chains}\n}}"], check=True, capture_output=True)

    def remove(self) -> None:
        """Takes the table away, in the namespace in which it was made."""
        subprocess.run(["nft", f"delete table inet {self._table}"], check=False, capture_output=True)

    def read(self) -> list[dict[str, object]]:
        """What became of the packets. Ends it."""
        bodies: list[bytes] = []
        with self._sock:
            while True:
                try:
                    data = self._sock.recv(1 << 16)
                except BlockingIOError:
                    break
                except OSError:  # more came than there was room for
                    continue
                bodies += [body for kind, body in messages(data) if kind == TRACE]
        return verdicts_of(bodies)


TRACE = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE


def verdicts_of(bodies: Iterable[bytes]) -> list[dict[str, object]]:
    """Which packets were dropped or accepted, by what, and their headers at each hook that they came to."""
    headers: dict[bytes, list[dict[str, object]]] = {}
    verdicts: list[dict[str, object]] = []
    for body in bodies:
        told = attributes(body[4:])
        of = headers.setdefault(told.get(ID, b""), [])
        if NETWORK_HEADER in told:
            raw = told[NETWORK_HEADER] + told.get(TRANSPORT_HEADER, b"")
            of.append({"data": raw.hex(), "sent": OUTPUT in told})
        verdict = verdict_in(told)
        if verdict is not None:
            handle = number(told[RULE_HANDLE]) if RULE_HANDLE in told else None
            verdicts.append(
                {
                    "verdict": verdict,
                    # Of the table, in the head of the message (struct nfgenmsg).
                    "family": FAMILIES.get(body[0], str(body[0])),
                    "table": text(told.get(TABLE, b"")),
                    "chain": text(told.get(CHAIN, b"")),
                    "handle": handle,
                    "headers": of,
                }
            )
    return verdicts


def verdict_in(told: dict[int, bytes]) -> str | None:
    """`drop` or `accept`, where a rule or the policy of a chain says so."""
    kind = number(told.get(TYPE, b""))
    if kind == TYPE_POLICY and POLICY in told:
        return VERDICTS.get(number(told[POLICY]))
    if kind != TYPE_RULE or VERDICT not in told:
        return None
    code = attributes(told[VERDICT]).get(VERDICT_CODE, b"")
    return VERDICTS.get(struct.unpack(">I", code)[0] & VERDICT_MASK) if len(code) == 4 else None


def rule_text(family: str, table: str, chain: str, handle: int) -> str:
    """A rule as nft prints it, without counters; empty where it is gone."""
    argv = ["nft", "--handle", "list", "chain", family, table, chain]
    told = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=5).stdout
    for row in told.splitlines():
        if row.endswith(f" # handle {handle}"):
            return re.sub(r"counter packets \d+ bytes \d+ ", "", row.rsplit(" # ", 1)[0]).strip()
    return ""
