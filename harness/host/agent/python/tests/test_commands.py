"""The commands beside the probe agent."""

import asyncio
import io
import json
import os
import socket
import sys
import tarfile
import tempfile
import threading
import unittest

from netconform_agent.commands.cni import error_result
from netconform_agent.commands.relay import Relay
from netconform_agent.commands.transfer import receive_bytes, send_bytes
from netconform_agent.commands.unpack import look_into, unpack_programs
from netconform_agent.programs.rewrite import replace_number
from netconform_agent.rpc.client import call
from netconform_agent.rpc.messages import Failure, Garbage, error_line, read_request, result_line
from netconform_agent.rpc.params import Params


class UnpackTest(unittest.TestCase):
    """Programs in a release."""

    def test_only_programs_are_taken_wherever_they_are(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            archive, target = os.path.join(folder, "release.tar"), os.path.join(folder, "target")
            os.mkdir(target)
            with tarfile.open(archive, "w") as release:
                for name, content in (
                    ("x/contrib/netctl", b"#compdef netctl"),
                    ("x/netmaster", b"\x7fELF one"),
                    ("x/other", b"\x7fELF other"),
                    ("../netctl", b"\x7fELF two"),
                ):
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    release.addfile(member, io.BytesIO(content))
                member = tarfile.TarInfo("x/netplugin")
                member.type = tarfile.DIRTYPE
                release.addfile(member)
            missing = unpack_programs(archive, target, ["netctl", "netmaster", "netplugin"])
            self.assertEqual(missing, {"netplugin"})
            self.assertEqual(sorted(os.listdir(target)), ["netctl", "netmaster"])
            with open(os.path.join(target, "netctl"), "rb") as program:
                self.assertEqual(program.read(), b"\x7fELF two")
            self.assertEqual(os.stat(os.path.join(target, "netctl")).st_mode & 0o777, 0o755)

    def test_what_is_no_archive_is_an_error(self) -> None:
        with tempfile.NamedTemporaryFile() as file, self.assertRaises(tarfile.TarError):
            file.write(b"no archive" * 100)
            file.flush()
            unpack_programs(file.name, "/nonexistent", ["netctl"])

    def test_looking_says_what_is_wrong_and_leaves_everything_where_it_is(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            archive = os.path.join(folder, "release.tar.bz2")
            with tarfile.open(archive, "w:bz2") as release:
                member = tarfile.TarInfo("bin/netctl")
                member.size = 100_000
                release.addfile(member, io.BytesIO(b"\x7fELF" + os.urandom(99_996)))
            look_into(archive, ["netctl"])
            self.assertEqual(os.listdir(folder), ["release.tar.bz2"])
            with self.assertRaisesRegex(SystemExit, "^no program netmaster in it$"):
                look_into(archive, ["netctl", "netmaster"])
            with open(archive, "rb") as whole:
                content = whole.read()
            for broken in (content[:50_000], content[:10] + b"garbage" * 100, b"a page, and no release"):
                with open(archive, "wb") as file:
                    file.write(broken)
                with self.assertRaisesRegex(SystemExit, "^not a tar archive: "):
                    look_into(archive, ["netctl", "netmaster"])


class RewriteTest(unittest.TestCase):
    """Numbers in programs."""

    def test_the_one_place_of_a_number_is_replaced(self) -> None:
        old, new = (number.to_bytes(8, sys.byteorder) for number in (43_200_000_000_000, 10_000_000_000))
        self.assertEqual(
            replace_number(b"ab" + old + b"c", 43_200_000_000_000, 10_000_000_000), b"ab" + new + b"c"
        )
        for program in (b"abc", old + b"abc" + old):
            self.assertIsNone(replace_number(program, 43_200_000_000_000, 10_000_000_000))


class RelayTest(unittest.TestCase):
    """Sockets that are carried."""

    def test_a_relay_that_ends_late_leaves_the_socket_of_the_next_one(self) -> None:
        async def serve_twice(path: str) -> tuple[Relay, Relay]:
            params = Params({"path": path, "to": "/nonexistent", "owner": None})
            first, second = Relay(), Relay()
            await first.listen(params)
            await second.listen(params)
            return first, second

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out1")
            first, second = asyncio.run(serve_twice(path))
            first.remove_all()
            self.assertTrue(os.path.exists(path))
            second.remove_all()
            self.assertFalse(os.path.exists(path))


class CniTest(unittest.TestCase):
    """Errors of CNI."""

    def test_an_error_has_the_version_of_the_configuration(self) -> None:
        result = json.loads(error_result('{"cniVersion": "0.4.0"}', "nobody is there"))
        self.assertEqual(result, {"cniVersion": "0.4.0", "code": 11, "msg": "nobody is there"})

    def test_an_error_without_configuration_has_the_newest_version(self) -> None:
        for stdin in ("", "no json", "[]", "{}"):
            with self.subTest(stdin=stdin):
                self.assertEqual(json.loads(error_result(stdin, ""))["cniVersion"], "1.1.0")


class TransferTest(unittest.TestCase):
    """Bytes over a connection."""

    def test_every_byte_is_sent_and_counted(self) -> None:
        for size in (0, 1, (1 << 20) + 7, 3 << 20):
            with self.subTest(size=size):
                one, other = socket.socketpair()

                def send(connection: socket.socket = one, size: int = size) -> None:
                    with connection:
                        send_bytes(connection, size)

                thread = threading.Thread(target=send)
                thread.start()
                with other:
                    received, seconds = receive_bytes(other)
                thread.join()
                self.assertEqual(received, size)
                self.assertGreaterEqual(seconds, 0)


class ClientTest(unittest.TestCase):
    """Calls over a unix socket."""

    def ask(self, answer: bytes) -> "dict[str, object]":
        """A call that is answered so, and then the connection ends."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
            path = os.path.join(folder, "socket")
            server.bind(path)
            server.listen()

            def serve() -> None:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as lines:
                    request = read_request(lines.readline())
                    self.assertEqual((request.method, request.params), ("run", {"arguments": ["net", "ls"]}))
                    connection.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return call(path, "run", {"arguments": ["net", "ls"]})
            finally:
                thread.join()

    def test_the_result_is_returned(self) -> None:
        self.assertEqual(self.ask(result_line(1, {"code": 3, "output": "é" * 50_000}))["code"], 3)

    def test_a_failure_is_told(self) -> None:
        with self.assertRaisesRegex(Failure, "^it is closed$"):
            self.ask(error_line(1, Failure("it is closed")))

    def test_a_peer_that_dies_and_garbage_are_errors(self) -> None:
        with self.assertRaisesRegex(OSError, "the connection was closed without an answer"):
            self.ask(b'{"jsonrpc":')
        with self.assertRaisesRegex(Garbage, 'got "HTTP/1.1 400 Bad Request'):
            self.ask(b"HTTP/1.1 400 Bad Request\n")

    def test_nobody_there_is_an_error(self) -> None:
        with self.assertRaises(FileNotFoundError):
            call("/nonexistent/socket", "run", {})
