"""What is read of a place's files and processes."""

import os
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from netconform_agent.programs import state
from netconform_agent.programs.state import files_beside, lines_in, processes_here, state_of
from netconform_agent.rpc.messages import Failure
from netconform_agent.rpc.server import Caller


@contextmanager
def path_with(name: str, script: str) -> Generator[None, None, None]:
    """A `PATH` that begins with a program of this name."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        with mock.patch.dict(os.environ, {"PATH": f"{folder}:{os.environ['PATH']}"}):
            yield


class FilesTest(unittest.TestCase):
    """Files of an untrusted plugin."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "data"
        self.folder.mkdir()

    def lines(self) -> list[str]:
        """What is told, sorted."""
        return sorted(lines_in(str(self.folder)))

    def test_lines_are_told_with_their_path_and_blank_ones_too(self) -> None:
        (self.folder / "deep").mkdir()
        (self.folder / "deep/lease").write_bytes(b"one\n\ntwo")
        (self.folder / "lock").write_text("x", encoding="utf-8")
        (self.folder / "last_reserved_ip.0").write_text("x", encoding="utf-8")
        self.assertEqual(self.lines(), ["./deep/lease:", "./deep/lease:one", "./deep/lease:two"])

    def test_of_an_empty_and_of_a_binary_file_only_that_is_told(self) -> None:
        for name in ("10.1.0.5", "ipam.lck", "one.lock"):
            (self.folder / name).touch()
        (self.folder / "database").write_bytes(b"a\0b\n\xff")
        self.assertEqual(self.lines(), ["./10.1.0.5: (empty)", "./database: (binary)"])

    def test_what_is_no_regular_file_is_not_opened(self) -> None:
        os.mkfifo(self.folder / "pipe")
        (self.folder / "link").symlink_to("/etc/passwd")
        (self.folder / "others").symlink_to("/etc")
        self.assertEqual(self.lines(), [])

    def test_odd_names_and_deep_folders_are_read(self) -> None:
        (self.folder / os.fsdecode(b"\xff")).write_text("one\n", encoding="utf-8")
        (self.folder / "a\n=== kept\nb").write_text("two\n", encoding="utf-8")
        above = os.open(self.folder, os.O_RDONLY)
        for _ in range(1100):
            os.mkdir("d", dir_fd=above)
            below = os.open("d", os.O_RDONLY, dir_fd=above)
            os.close(above)
            above = below
        os.close(above)
        self.assertEqual(self.lines(), ["./a\\n=== kept\\nb:two", "./\udcff:one"])
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    def test_of_much_the_first_is_told_and_that_there_is_more(self) -> None:
        for name in "abc":
            (self.folder / name).write_text(f"{name}{name}\n", encoding="utf-8")
        with mock.patch.object(state, "MOST_FILES", 2):
            self.assertEqual([state.MORE in self.lines(), len(self.lines())], [True, 3])
        with mock.patch.object(state, "TOTAL_LIMIT", 15):
            told = list(lines_in(str(self.folder)))
            self.assertEqual(told, ["./a:aa", "./b:bb", "… (more than 15 characters)"])
        (self.folder / "a").write_text("long line\n", encoding="utf-8")
        with mock.patch.object(state, "FILE_LIMIT", 4):
            self.assertEqual(self.lines()[:2], ["./a: (the first of 10 bytes)", "./a:long"])

    def test_files_beside_are_told_but_for_locks(self) -> None:
        for path in ("run/mine/pid", "lib/mine.lock"):
            file = self.folder.parent / path
            file.parent.mkdir(parents=True)
            file.touch()
        self.assertEqual(list(files_beside(str(self.folder))), ["run/mine/pid"])


class ProcessesTest(unittest.TestCase):
    """Processes that come and go while somebody looks."""

    def test_none_passes_for_a_heading(self) -> None:
        name = "import ctypes; ctypes.CDLL(None).prctl(15, b'=== kept'); print(); input()"
        argv = [sys.executable, "-c", f"import sys; sys.stdout.reconfigure(line_buffering=True); {name}"]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=pipe, stdout=pipe, start_new_session=True) as named:
            assert named.stdout and named.stdin
            named.stdout.readline()
            with mock.patch.object(state, "parent_of", return_value=0):
                told = state_of(None, Caller())
            named.stdin.write(b"\n")
        self.assertIn("\n === kept\n", told)
        self.assertNotIn("\n=== kept", told)

    def test_one_that_ends_meanwhile_is_not_there(self) -> None:
        churn = "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do /bin/true; done"
        with subprocess.Popen(["sh", "-c", churn], start_new_session=True) as churning:
            looks = 0
            while churning.poll() is None:
                list(processes_here())
                looks += 1
        self.assertGreater(looks, 0)


class ToolsTest(unittest.TestCase):
    """Tools of the host."""

    def test_what_ip_shows_in_part_is_no_namespace(self) -> None:
        for shown in ("", "echo '1: lo: <LOOPBACK>'; "):
            failing = path_with("ip", f"{shown}echo no such option >&2; exit 1")
            with failing, self.assertRaisesRegex(Failure, "^ip does not show .*: no such option$"):
                state_of(None, Caller())

    def test_one_that_may_not_be_started_tells_nothing(self) -> None:
        for nowhere in ("/dev/null/tc", "/nowhere/tc"):
            with mock.patch.object(state, "TOOLS", {"shaper": [nowhere]}):
                self.assertIn("=== shaper\n\n", state_of(None, Caller()))

    def test_one_that_hangs_is_told_and_ended(self) -> None:
        quick = mock.patch.multiple(state, LONGEST=1.0, TOOLS={"shaper": ["true"]})
        with path_with("nft", "exec sleep 600"), quick:
            with self.assertRaisesRegex(Failure, "^nft did not end within 1 s$"):
                state_of(None, Caller())
            left = subprocess.run(["pgrep", "-P", str(os.getpid()), "-x", "sleep"], check=False)
            self.assertEqual(left.returncode, 1)

    def test_they_end_when_the_call_is_given_up(self) -> None:
        caller = Caller()
        with path_with("nft", "exec sleep 600"):
            threading.Timer(0.3, caller.give_up).start()
            with self.assertRaisesRegex(Failure, "given up"):
                state_of(None, caller)
