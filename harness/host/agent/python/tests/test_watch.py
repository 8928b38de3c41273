"""What the watcher makes of messages of netlink."""

import socket
import struct
import unittest

from netconform_agent.watch.netlink import attributes, link_of, messages
from netconform_agent.watch.rules import verdicts_of


def attribute(kind: int, value: bytes) -> bytes:
    """As netlink has it, padded."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def trace(*told: bytes, family: int = 1) -> bytes:
    """The body of a message of a trace."""
    return bytes([family, 0, 0, 0]) + b"".join(told)


class NetlinkTest(unittest.TestCase):
    """Messages and their attributes."""

    def test_messages_and_attributes_are_padded(self) -> None:
        body = attribute(3, b"eth0\0") + attribute(18 | 0x8000, attribute(1, b"veth\0"))
        data = struct.pack("=IHHII", 16 + len(body), 16, 0, 0, 0) + body
        self.assertEqual(list(messages(data * 2)), [(16, body)] * 2)
        self.assertEqual(attributes(body)[3], b"eth0\0")
        link = link_of(struct.pack("=BxHiII", 0, 0, 7, 0, 0) + body)
        self.assertEqual((link.index, link.name, link.kind), (7, "eth0", "veth"))

    def test_what_is_cut_off_ends_them(self) -> None:
        self.assertEqual(list(messages(bytes(16))), [])
        self.assertEqual(attributes(bytes(4)), {})


class RulesTest(unittest.TestCase):
    """What became of packets, and by what."""

    where = attribute(1, b"filter\0") + attribute(2, b"input\0")
    header = attribute(8, b"\x45" + bytes(19)) + attribute(9, bytes(8))

    def verdict(self, code: int) -> bytes:
        """The verdict of rule 7."""
        rule = attribute(4, struct.pack(">I", 3)) + attribute(3, struct.pack(">Q", 7))
        return self.where + rule + attribute(5, attribute(1, struct.pack(">i", code)))

    def test_a_rule_that_drops_is_told_with_what_the_packet_was_at_each_hook(self) -> None:
        number = attribute(6, b"\0\0\0\1")
        sent = trace(number, self.header, attribute(12, b"\0\0\0\2"), self.verdict(-1))
        (drop,) = verdicts_of([sent, trace(number, self.header, self.verdict(0))])
        self.assertEqual(
            (drop["verdict"], drop["family"], drop["table"], drop["chain"], drop["handle"]),
            ("drop", "inet", "filter", "input", 7),
        )
        data = (b"\x45" + bytes(27)).hex()
        self.assertEqual(drop["headers"], [{"data": data, "sent": True}, {"data": data, "sent": False}])

    def test_a_rule_that_accepts_is_told_and_one_that_goes_on_is_not(self) -> None:
        (accept,) = verdicts_of([trace(self.verdict(-1)), trace(self.verdict(1))])
        self.assertEqual((accept["verdict"], accept["handle"]), ("accept", 7))

    def test_the_policy_of_a_chain_has_the_last_word(self) -> None:
        def policy(what: int) -> bytes:
            kind = attribute(4, struct.pack(">I", 1)) + attribute(16, struct.pack(">I", what))
            return trace(self.where, kind, family=socket.AF_INET)

        accept, drop = verdicts_of([policy(1), policy(0)])
        self.assertEqual([accept["verdict"], drop["verdict"]], ["accept", "drop"])
        self.assertEqual((drop["family"], drop["handle"]), ("ip", None))
