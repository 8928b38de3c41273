"""What the probe makes of what it saw."""

import asyncio
import errno
import socket
import struct
import unittest
from typing import TypedDict, cast

from netconform_agent.net.sockets import is_lost, own_failure
from netconform_agent.probe.names import outcome
from netconform_agent.probe.ping import hop_limit
from netconform_agent.probe.reach import reach_of_answer, reach_of_error, reach_of_failure, state_of
from netconform_agent.probe.servers import IP_PKTINFO, answer_of, reply_source
from netconform_agent.rpc.params import Params
from netconform_agent.watch.tally import Tally


class Taken(TypedDict):
    """What `take` answers."""

    seen: list[dict[str, object]]
    dropped: int


class ReachTest(unittest.TestCase):
    """States of reachability."""

    def test_a_connect_that_fails_is_classified_by_its_errno(self) -> None:
        self.assertIsNone(reach_of_failure(0))
        self.assertEqual(reach_of_failure(errno.ETIMEDOUT), {"state": "dropped"})
        self.assertEqual(reach_of_failure(errno.ECONNREFUSED), {"state": "refused"})
        self.assertEqual(reach_of_failure(errno.ECONNRESET), {"state": "silent", "how": "reset"})
        self.assertEqual(
            reach_of_failure(errno.EHOSTUNREACH), {"state": "unreachable", "errno": "EHOSTUNREACH"}
        )

    def test_an_error_for_a_datagram_is_classified_by_its_kind(self) -> None:
        refused = reach_of_error({"kind": "port unreachable", "local": False, "errno": "ECONNREFUSED"})
        self.assertEqual(refused, {"state": "refused"})
        prohibited = reach_of_error({"kind": "prohibited", "local": False, "errno": "EHOSTUNREACH"})
        self.assertEqual(prohibited, {"state": "unreachable", "errno": "EHOSTUNREACH"})

    def test_a_namespace_that_refuses_to_send_is_told_by_its_errno(self) -> None:
        refused = own_failure(PermissionError(errno.EPERM, "no"), "sending")
        self.assertEqual(refused.kind, "unsent")
        self.assertEqual(own_failure(PermissionError(errno.EACCES, "no"), "sending").kind, "no route")

    def test_what_a_full_queue_drops_was_sent(self) -> None:
        self.assertTrue(is_lost(OSError(errno.ENOBUFS, "full")))
        self.assertFalse(is_lost(OSError(errno.ENETDOWN, "down")))

    def test_what_a_server_says_is_what_a_client_reads(self) -> None:
        seen = {"address": "192.0.2.1", "port": 1}
        self.assertEqual(
            reach_of_answer(answer_of("web-1", {"from": seen})),
            {"state": "open", "identity": "web-1", "seenFrom": seen},
        )

    def test_another_server_is_open_by_its_first_line(self) -> None:
        for answer in (b"SSH-2.0\r\n", b"SSH-2.0", b"SSH-2.0\nno json\n", b"SSH-2.0\n[]\n"):
            with self.subTest(answer=answer):
                expected = {"state": "open", "identity": "SSH-2.0", "seenFrom": None}
                self.assertEqual(reach_of_answer(answer), expected)

    def test_nothing_and_an_empty_line_are_no_identity(self) -> None:
        self.assertIsNone(reach_of_answer(b""))
        self.assertIsNone(reach_of_answer(b" \nweb\n"))

    def test_many_are_told_in_few_words(self) -> None:
        self.assertEqual(state_of({"state": "open", "identity": "web-1", "seenFrom": None}), "open web-1")
        self.assertEqual(state_of({"state": "open", "identity": ""}), "open ")
        self.assertEqual(state_of({"state": "unreachable", "errno": "EHOSTUNREACH"}), "unreachable")


class NamesTest(unittest.TestCase):
    """What an answer says about a name."""

    def test_answers_are_told_apart(self) -> None:
        self.assertEqual(outcome(0, ["192.0.2.1"]), {"state": "resolved", "addresses": ["192.0.2.1"]})
        self.assertEqual(outcome(0, []), {"state": "no data"})
        self.assertEqual(outcome(3, []), {"state": "nxdomain"})
        self.assertEqual(outcome(2, []), {"state": "failed", "rcode": "SERVFAIL"})
        self.assertEqual(outcome(9, []), {"state": "failed", "rcode": "9"})


class AncillaryTest(unittest.TestCase):
    """Control messages."""

    def test_an_answer_leaves_from_the_address_that_was_asked(self) -> None:
        asked = socket.inet_aton("192.0.2.1")
        came = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I", 5) + asked + socket.inet_aton("192.0.2.9"))]
        expected = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I", 0) + asked + bytes(4))]
        self.assertEqual(reply_source(came), expected)
        self.assertEqual(reply_source([]), [])

    def test_the_interface_counts_for_link_local_addresses_alone(self) -> None:
        for address, interface in (("fe80::1", 5), ("2001:db8::1", 0)):
            asked = socket.inet_pton(socket.AF_INET6, address)
            came = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, asked + struct.pack("=I", 5))]
            expected = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, asked + struct.pack("=I", interface))]
            self.assertEqual(reply_source(came), expected)

    def test_the_hop_limit_is_found(self) -> None:
        self.assertEqual(hop_limit([(41, socket.IPV6_HOPLIMIT, struct.pack("=i", 63))]), 63)
        self.assertIsNone(hop_limit([]))


class TallyTest(unittest.TestCase):
    """What is counted, by length and source."""

    def packet(self, length: int, source: str) -> bytes:
        """The headers of an echo request."""
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 1, 0, socket.inet_aton(source), bytes(4))
        return bytes(12) + b"\x08\x00" + ip

    def test_echo_requests_are_counted_by_length_and_source_until_they_are_taken(self) -> None:
        async def story() -> None:
            tally = Tally()
            tally.count(self.packet(85, "10.1.1.2"), 1.0)
            tally.count(self.packet(85, "10.1.1.2"), 2.0)
            tally.count(self.packet(85, "192.0.2.1"), 3.0)
            tally.count(self.packet(86, "10.1.1.3"), 3.0)
            tally.count(b"cut off", 3.0)
            taken = await tally.take(Params({"bytes": 85}))
            counts = [(one["source"], one["count"]) for one in cast("Taken", taken)["seen"]]
            self.assertEqual(counts, [("10.1.1.2", 2), ("192.0.2.1", 1)])
            self.assertEqual(await tally.take(Params({"bytes": 85})), {"seen": [], "dropped": 0})
            tally.count(self.packet(85, "10.1.1.2"), 4.0)
            lengths = cast("dict[str, list[dict[str, object]]]", await tally.take_all(Params({})))["lengths"]
            self.assertEqual([one["bytes"] for one in lengths], [85, 86])
            self.assertEqual(await tally.take_all(Params({})), {"lengths": [], "dropped": 0})

        asyncio.run(story())

    def test_the_first_of_a_length_is_waited_for_and_no_longer_than_that(self) -> None:
        async def story() -> None:
            tally = Tally()
            self.assertEqual(await tally.first(Params({"bytes": 90, "timeoutMs": 1})), [])
            waiting = asyncio.ensure_future(tally.first(Params({"bytes": 90, "timeoutMs": 60_000})))
            await asyncio.sleep(0)
            tally.count(self.packet(90, "10.1.1.2"), 1.0)
            (one,) = cast("list[dict[str, object]]", await waiting)
            self.assertEqual((one["source"], one["count"]), ("10.1.1.2", 1))

        asyncio.run(story())
