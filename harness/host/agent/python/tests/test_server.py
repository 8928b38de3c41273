"""Processes that answer calls, and how they end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import netconform_agent
from netconform_agent.programs.runner import refuse_guard
from netconform_agent.rpc.messages import Failure, read_object, request_line
from netconform_agent.rpc.server import Caller

PACKAGES = str(Path(netconform_agent.__file__).parent.parent)

# `hold` is under way until the process ends. At its end it removes the file that its parameter names.
THREADED = """
import threading
from pathlib import Path
from netconform_agent.rpc.server import ThreadedServer

def hold(given, caller):
    path = Path(given.text("path"))
    caller.begin(path.touch, lambda _: path.unlink())
    threading.Event().wait()

ThreadedServer({"answer": lambda given, caller: "x", "hold": hold}).serve()
"""
NO_SECOND_THREAD = """
import threading
start, started = threading.Thread.start, []

def start_first(thread):
    if started:
        raise RuntimeError("can't start new thread")
    started.append(thread)
    start(thread)

threading.Thread.start = start_first
"""
LOOP = """
import asyncio
from pathlib import Path
from netconform_agent.rpc.server import Server

held = []

async def answer(given):
    return "x"

async def hold(given):
    held.append(Path(given.text("path")))
    held[0].touch()
    await asyncio.Event().wait()

asyncio.run(Server({"answer": answer, "hold": hold}, lambda: [path.unlink() for path in held]).serve())
"""


class ServerTest(unittest.TestCase):
    """Both kinds of server, each in a process of its own that is spoken to over a socket."""

    def serve(
        self, script: str, path: str, last: bytes, reads: bool = True, stderr: int = subprocess.PIPE
    ) -> tuple[bytes, int, str]:
        """Calls until `path` is there, says `last`, and goes, with or without having read the answer.

        The answer, its exit code, and what it said on stderr.
        """
        own, its = socket.socketpair()
        command = [sys.executable, "-c", script]
        environment = {**os.environ, "PYTHONPATH": PACKAGES}
        with own:
            process = subprocess.Popen(
                command,
                stdin=its.fileno(),
                stdout=its.fileno(),
                stderr=stderr,
                env=environment,
                text=True,
            )
            self.addCleanup(process.kill)
            its.close()
            own.settimeout(20)
            with own.makefile("rb") as answers:
                own.sendall(request_line(1, "hold", {"path": path}))
                number = 2
                while not os.path.exists(path):
                    own.sendall(request_line(number, "answer", {}))
                    number += 1
                    answers.readline()
                own.sendall(last)
                answer = answers.readline() if reads else b""
            if not reads:
                # What arrives is in the socket, unread, when it is closed.
                own.recv(1, socket.MSG_PEEK)
            own.close()
            _, errors = process.communicate(timeout=20)
            return answer, process.returncode, errors or ""

    def test_a_caller_that_goes_with_answers_unread_ends_it_and_what_it_holds(self) -> None:
        for script in (THREADED, LOOP):
            with self.subTest(script=script), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "held")
                ended = self.serve(script, path, request_line(0, "answer", {}), reads=False)
                self.assertEqual(ended, (b"", 0, ""))
                self.assertFalse(os.path.exists(path))

    def test_garbage_is_told_and_ends_it_and_what_it_holds(self) -> None:
        for script in (THREADED, LOOP):
            with self.subTest(script=script), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "held")
                answer, code, errors = self.serve(script, path, b"no request\n")
                self.assertIn('got "no request"', str(read_object(answer)["error"]))
                self.assertEqual((code, errors), (0, ""))
                self.assertFalse(os.path.exists(path))

    def test_a_call_for_which_there_is_no_thread_is_answered_and_the_others_go_on(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "held")
            script = NO_SECOND_THREAD + THREADED
            answer, code, errors = self.serve(script, path, request_line(0, "answer", {}))
            self.assertIn("can't start new thread", str(read_object(answer)["error"]))
            self.assertEqual((code, errors), (0, ""))
            self.assertFalse(os.path.exists(path))

    def test_a_defect_at_its_end_that_nobody_reads_of_does_not_keep_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            read, write = os.pipe()
            os.close(read)
            script = LOOP.replace("path.unlink()", "path.rmdir()")
            path = os.path.join(folder, "held")
            try:
                _, code, _ = self.serve(script, path, request_line(0, "answer", {}), stderr=write)
            finally:
                os.close(write)
            self.assertEqual(code, 0)


class CallerTest(unittest.TestCase):
    """What a call begins ends with it."""

    def test_nothing_begins_once_the_call_was_given_up(self) -> None:
        caller = Caller()
        caller.give_up()
        begun: list[str] = []
        with self.assertRaisesRegex(Failure, "^the call was given up$"):
            caller.begin(lambda: begun.append("x"), lambda _: None)
        self.assertEqual(begun, [])

    def test_who_gives_up_waits_for_what_is_being_begun(self) -> None:
        caller, starting, may_start = Caller(), threading.Event(), threading.Event()
        happened: list[str] = []

        def start() -> None:
            starting.set()
            may_start.wait()
            happened.append("begun")

        def begin() -> None:
            caller.begin(start, lambda _: happened.append("ended"))

        def give_up() -> None:
            caller.give_up()
            happened.append("given up")

        begins = threading.Thread(target=begin)
        gives_up = threading.Thread(target=give_up)
        begins.start()
        starting.wait()
        gives_up.start()
        # It has time enough to be wrong.
        gives_up.join(0.2)
        self.assertTrue(gives_up.is_alive())
        may_start.set()
        begins.join()
        gives_up.join()
        self.assertEqual(happened, ["begun", "ended", "given up"])

    def test_what_has_ended_is_not_ended_again(self) -> None:
        ended: list[int] = []
        for is_there in (True, False):
            caller = Caller()
            caller.begin(lambda: 7, ended.append)
            if not is_there:
                caller.ended()
            caller.give_up()
        self.assertEqual(ended, [7])


class GuardTest(unittest.TestCase):
    """What the guard of a program fails of is not the program's."""

    def test_only_words_of_its_own_with_its_own_code_are_the_guards(self) -> None:
        words = b"timeout: fork system call failed: Resource temporarily unavailable\n"
        for code, said in ((125, b"timeout: waiting for the lock"), (1, words), (None, words)):
            refuse_guard(code, said)
        with self.assertRaisesRegex(Failure, "^timeout: fork system call failed: Resource temporarily"):
            refuse_guard(125, words)
