"""BGP messages, and a session between two speakers."""

import asyncio
import unittest

from netconform_agent.bgp.messages import (
    KEEPALIVE,
    NOTIFICATION,
    OPEN,
    Malformed,
    cease_message,
    describe,
    message,
    open_message,
    read_header,
    read_open,
    update_message,
)
from netconform_agent.bgp.speaker import establish, receive

MARKER = "ff" * 16


class MessagesTest(unittest.TestCase):
    """Bytes on the wire."""

    def test_a_message_has_its_length(self) -> None:
        self.assertEqual(message(KEEPALIVE).hex(), MARKER + "001304")
        self.assertEqual(cease_message().hex(), MARKER + "001503" + "0603")

    def test_an_open_is_read_as_it_was_written(self) -> None:
        whole = open_message(64600, 90, "10.128.0.240")
        self.assertEqual(whole.hex(), MARKER + "001d01" + "04" + "fc58" + "005a" + "0a8000f0" + "00")
        self.assertEqual(read_header(whole[:19]), (OPEN, 10))
        self.assertEqual(read_open(whole[19:]), (64600, 90))

    def test_an_update_has_attributes_and_prefixes(self) -> None:
        right = update_message(["10.128.5.0/24", "10.9.8.7/32"], 64600, "10.128.0.240")
        path = "40010100" + "4002040201fc58" + "4003040a8000f0"
        self.assertEqual(right[19:].hex(), "0000" + "0012" + path + "180a8005" + "200a090807")

    def test_a_marred_attribute_has_a_wrong_length_that_all_others_allow_for(self) -> None:
        marred = update_message(["10.9.8.7/32"], 64600, "10.128.0.240", "ORIGIN")
        path = "4001020000" + "4002040201fc58" + "4003040a8000f0"
        self.assertEqual(marred[19:].hex(), "0000" + "0013" + path + "200a090807")
        marred = update_message(["10.9.8.7/32"], 64600, "10.128.0.240", "MULTI_EXIT_DISC")
        path = "40010100" + "4002040201fc58" + "4003040a8000f0" + "800403000000"
        self.assertEqual(marred[19:].hex(), "0000" + "0018" + path + "200a090807")

    def test_what_is_no_message_is_refused(self) -> None:
        with self.assertRaisesRegex(Malformed, "expected the header of a BGP message, got 00"):
            read_header(bytes(19))
        with self.assertRaisesRegex(Malformed, "expected an OPEN of 10 octets or more, got 3"):
            read_open(b"abc")

    def test_a_notification_is_told_with_its_codes(self) -> None:
        self.assertEqual(describe(NOTIFICATION, b"\x03\x05rest"), "NOTIFICATION 3/5")
        self.assertEqual(describe(KEEPALIVE, b""), "KEEPALIVE")
        self.assertEqual(describe(9, b""), "type 9")


class SessionTest(unittest.IsolatedAsyncioTestCase):
    """A session with a neighbour of the test's own, over loopback."""

    async def test_a_session_tells_what_the_neighbour_sent_until_it_ended_it(self) -> None:
        told: list[str] = []

        async def neighbour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.append(describe(*await receive(reader)))
            writer.write(open_message(64601, 30, "127.0.0.1") + message(KEEPALIVE))
            for _ in range(2):
                told.append(describe(*await receive(reader)))
            writer.write(message(KEEPALIVE) + message(NOTIFICATION, b"\x03\x05"))
            writer.close()

        server = await asyncio.start_server(neighbour, "127.77.0.2", 0)
        port: int = server.sockets[0].getsockname()[1]
        session = await establish("127.77.0.1", "127.77.0.2", 64600, 10, port)
        self.assertEqual(session.hold_time, 30)
        await session.send(update_message(["192.0.2.0/24"], 64600, "127.0.0.1"))
        await asyncio.wait_for(session.ended.wait(), 10)
        self.assertEqual(session.messages, ["KEEPALIVE", "NOTIFICATION 3/5"])
        self.assertEqual(session.end, "NOTIFICATION 3/5")
        self.assertEqual(told, ["OPEN", "KEEPALIVE", "UPDATE"])
        await session.close()
        server.close()
