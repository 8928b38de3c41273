"""What rules of the kernel's old tables (iptables-legacy) have counted.

A trace of nftables sees nothing of them. They have a trace of their own, by the target TRACE. It goes to the
logger of the namespace. The usual one, the kernel's log, says nothing of other namespaces than the host's
first, but by a setting of the whole host (net.netfilter.nf_log_all_netns). Another logger takes the place of
the one that is there. Counters are on every host.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable

# By family: where the kernel lists the tables that are in use, and what prints them with counters.
TABLES = {
    "iptables": ("/proc/thread-self/net/ip_tables_names", "iptables-legacy-save"),
    "ip6tables": ("/proc/thread-self/net/ip6_tables_names", "ip6tables-legacy-save"),
}
VERDICTS = {"DROP": "drop", "REJECT": "drop", "ACCEPT": "accept"}
POLICY = re.compile(r"^:(\S+) (\S+) \[(\d+):(\d+)\]$")
RULE = re.compile(r"^\[(\d+):(\d+)\] -A (\S+) (.*)$")
TARGET = re.compile(r"(?:^| )-j (\S+)")

# Table, chain, position in it (0 for its policy) and text; packets and bytes.
Place = tuple[str, str, str, int, str]
Count = tuple[int, int]


class Counters:
    """Those of this namespace, from now on."""

    def __init__(self) -> None:
        self._before = read_all()

    def risen(self) -> list[dict[str, object]]:
        """What has counted since, in the namespace in which it was begun, with when it was read."""
        if not self._before:
            return []
        begun = time.time() * 1000
        after = read_all()
        read = {"from": begun, "to": time.time() * 1000}
        return [{**one, "read": read} for one in risen(self._before, after)]


def read_all() -> dict[Place, Count]:
    """The counters of this thread's namespace; tables that nobody uses are left as they are."""
    found: dict[Place, Count] = {}
    for family, (listed, save) in TABLES.items():
        try:
            with open(listed, encoding="ascii") as names:
                if not names.read().strip():
                    continue
            told = subprocess.run([save, "-c"], check=True, capture_output=True, text=True, timeout=5).stdout
        except (OSError, subprocess.SubprocessError):
            # A kernel without them, or a host without their program.
            continue
        found.update(counts_of(family, told.splitlines()))
    return found


def counts_of(family: str, rows: Iterable[str]) -> dict[Place, Count]:
    """The counters of what ends a packet's way through a table, as `iptables-save -c` prints them."""
    found: dict[Place, Count] = {}
    table, rules = "", dict[str, int]()
    for row in rows:
        if row.startswith("*"):
            table, rules = row[1:].strip(), {}
        elif policy := POLICY.match(row):
            chain, verdict, packets, size = policy.groups()
            if verdict in VERDICTS:
                found[family, table, chain, 0, f"-j {verdict}"] = (int(packets), int(size))
        elif rule := RULE.match(row):
            packets, size, chain, text = rule.groups()
            rules[chain] = rules.get(chain, 0) + 1
            if verdict_of(text):
                found[family, table, chain, rules[chain], text] = (int(packets), int(size))
    return found


def verdict_of(text: str) -> str | None:
    """`drop` or `accept`, where a rule says so."""
    targets = TARGET.findall(text)
    return VERDICTS.get(targets[-1]) if targets else None


def risen(before: dict[Place, Count], after: dict[Place, Count]) -> list[dict[str, object]]:
    """What has counted in between, of the rules that were there before."""
    found: list[dict[str, object]] = []
    for place, (packets, size) in after.items():
        family, table, chain, position, text = place
        earlier, earlier_size = before.get(place, (packets, size))
        if packets > earlier:
            found.append(
                {
                    "family": family,
                    "table": table,
                    "chain": chain,
                    "handle": position or None,
                    "rule": text if position else "",
                    "verdict": verdict_of(text),
                    "packets": packets - earlier,
                    "bytes": size - earlier_size,
                }
            )
    return found
