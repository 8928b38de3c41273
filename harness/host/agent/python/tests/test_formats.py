"""Packets, messages and tables of the kernel."""

import errno
import socket
import struct
import unittest

from netconform_agent.net.dns import answers_query, encode_query, read_answer
from netconform_agent.net.half_open import read_half_open
from netconform_agent.net.icmp import checksum, echo_request, filling, read_echo_reply
from netconform_agent.net.path_errors import decode_error, kind_of
from netconform_agent.net.sockets import NoRoute, ProbeError, own_failure, plain, resolve_literal


class IcmpTest(unittest.TestCase):
    """Echo requests and replies."""

    def test_the_checksum_is_that_of_rfc_1071(self) -> None:
        self.assertEqual(checksum(bytes.fromhex("0001f203f4f5f6f7")), 0x220D)
        self.assertEqual(checksum(b"\x01"), 0xFEFF)

    def test_a_request_sums_up_to_zero(self) -> None:
        request = echo_request(4, 0x1234, 1, b"odd")
        self.assertEqual(request[:2], b"\x08\x00")
        self.assertEqual(checksum(request), 0)
        self.assertEqual(echo_request(6, 0x1234, 1, b"odd")[:4], b"\x80\x00\x00\x00")

    def test_a_filling_has_its_length(self) -> None:
        self.assertEqual(filling("ab", 5), b"ababa")
        self.assertEqual(filling("", 2), b"\0\0")
        self.assertEqual(filling("ab", -8), b"")

    def test_a_reply_is_read_behind_its_header(self) -> None:
        header = bytearray(24)
        header[0], header[4:6], header[8] = 0x46, b"\x01\x02", 63
        reply = read_echo_reply(4, bytes(header) + struct.pack("!BBHHH", 0, 0, 0, 7, 3) + b"text")
        assert reply
        self.assertEqual(
            (reply.ident, reply.seq, reply.payload, reply.ttl, reply.ip_id), (7, 3, b"text", 63, 258)
        )
        self.assertIsNone(read_echo_reply(4, bytes(header) + echo_request(4, 7, 3, b"text")))
        self.assertIsNone(read_echo_reply(6, struct.pack("!BBH", 129, 0, 0)))


class PathErrorsTest(unittest.TestCase):
    """Errors of the socket's error queue."""

    def test_errors_are_told_apart(self) -> None:
        self.assertEqual(kind_of(errno.EMSGSIZE, 4, 3, 4), "fragmentation needed")
        self.assertEqual(kind_of(errno.ECONNREFUSED, 4, 3, 3), "port unreachable")
        self.assertEqual(kind_of(errno.EHOSTUNREACH, 4, 11, 0), "time exceeded")
        self.assertEqual(kind_of(errno.EHOSTUNREACH, 6, 3, 0), "time exceeded")
        self.assertEqual(kind_of(errno.EHOSTUNREACH, 4, 3, 13), "prohibited")
        self.assertEqual(kind_of(errno.EACCES, 6, 1, 1), "prohibited")
        self.assertEqual(kind_of(errno.EHOSTUNREACH, 4, 3, 1), "host unreachable")
        self.assertEqual(kind_of(errno.ENETUNREACH, 4, 3, 0), "network unreachable")
        self.assertEqual(kind_of(errno.EPROTO, 4, 3, 2), "other")

    def test_an_error_names_who_reported_it_and_what_fits(self) -> None:
        offender = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("192.0.2.1") + bytes(8)
        body = struct.pack("=IBBBxII", errno.EMSGSIZE, 2, 3, 4, 1300, 0) + offender
        self.assertEqual(
            decode_error(body, 4, "192.0.2.9"),
            {
                "kind": "fragmentation needed",
                "local": False,
                "errno": "EMSGSIZE",
                "by": "192.0.2.1",
                "mtu": 1300,
            },
        )
        self.assertTrue(decode_error(body, 4, "192.0.2.1")["local"])

    def test_a_refusal_by_the_own_kernel_is_local(self) -> None:
        body = struct.pack("=IBBBxII", errno.EMSGSIZE, 1, 0, 0, 1500, 0)
        error = decode_error(body, 4, "192.0.2.9")
        self.assertEqual((error["local"], error.get("by"), error.get("mtu")), (True, None, 1500))


class DnsTest(unittest.TestCase):
    """Queries and answers."""

    def test_a_query_is_that_of_rfc_1035(self) -> None:
        self.assertEqual(
            encode_query(0xABCD, "www.test.", 28).hex(),
            "abcd0100000100000000000003777777047465737400001c0001",
        )

    def test_what_is_no_name_is_refused(self) -> None:
        for name in ("", "a..b", "x" * 64 + ".test", "ä.test"):
            with self.subTest(name=name), self.assertRaises(ValueError):
                encode_query(1, name, 1)

    def test_addresses_are_read_behind_aliases(self) -> None:
        query = encode_query(5, "www.test", 1)
        alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 4) + b"\x01a\xc0\x10"
        address = b"\x01a\xc0\x10" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 7])
        answer = struct.pack("!HHHHHH", 5, 0x8180, 1, 2, 0, 0) + query[12:] + alias + address
        self.assertTrue(answers_query(answer, 5))
        self.assertFalse(answers_query(answer, 6))
        self.assertFalse(answers_query(query, 5))
        self.assertEqual(read_answer(answer, 1), (0, ["192.0.2.7"]))
        self.assertEqual(read_answer(answer, 28), (0, []))
        with self.assertRaises((IndexError, struct.error, ValueError)):
            read_answer(answer[:-2], 1)

    def test_the_code_of_a_failure_is_read(self) -> None:
        self.assertEqual(read_answer(struct.pack("!HHHHHH", 5, 0x8183, 0, 0, 0, 0), 1), (3, []))


class HalfOpenTest(unittest.TestCase):
    """The kernel's table of TCP sockets."""

    def test_only_handshakes_at_the_ports_count(self) -> None:
        def row(port: int, peer: str, state: str) -> str:
            return f"   0: 00000000:{port:04X} {peer} {state} 00000000:00000000 01:00000019 00000000"

        word = struct.unpack("=I", socket.inet_aton("192.0.2.5"))[0]
        peer = f"{word:08X}:{4321:04X}"
        rows = [row(80, peer, "03"), row(80, peer, "01"), row(81, peer, "03")]
        self.assertEqual(read_half_open(rows, {80}), [(80, {"address": "192.0.2.5", "port": 4321})])

    def test_addresses_of_ipv6_are_read(self) -> None:
        words = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, "2001:db8::5"))
        peer = "".join(f"{word:08X}" for word in words) + ":0050"
        found = read_half_open([f"0: {'0' * 32}:0050 {peer} 03 0:0"], {80})
        self.assertEqual(found, [(80, {"address": "2001:db8::5", "port": 80})])


class SocketsTest(unittest.TestCase):
    """Addresses, and what a failure means."""

    def test_an_address_is_plain(self) -> None:
        self.assertEqual(plain("::ffff:192.0.2.1"), "192.0.2.1")
        self.assertEqual(plain("fe80::1%eth0"), "fe80::1")

    def test_only_addresses_are_resolved(self) -> None:
        self.assertEqual(resolve_literal("192.0.2.1", 80), (socket.AF_INET, ("192.0.2.1", 80)))
        for address in ("web", "192.0.2.300"):
            with self.subTest(address=address), self.assertRaisesRegex(ProbeError, "expected an IP address"):
                resolve_literal(address, 80)

    def test_a_missing_route_is_no_failure_of_the_probe(self) -> None:
        self.assertIsInstance(own_failure(OSError(errno.ENETUNREACH, ""), "connecting"), NoRoute)
        failure = own_failure(OSError(errno.EMFILE, ""), "connecting")
        self.assertIsInstance(failure, ProbeError)
        self.assertRegex(str(failure), r"^connecting: EMFILE \(.*\); the open-file limit is \d+$")
