"""What is read of a place's files and processes."""

import os
import subprocess
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

    def test_an_empty_file_has_no_lines_and_a_binary_one_has_none_to_compare(self) -> None:
        (self.folder / "empty").touch()
        (self.folder / "database").write_bytes(b"a\0b\n\xff")
        self.assertEqual(self.lines(), ["./database:(binary)"])

    def test_what_is_no_regular_file_is_not_opened(self) -> None:
        os.mkfifo(self.folder / "pipe")
        (self.folder / "link").symlink_to("/etc/passwd")
        (self.folder / "others").symlink_to("/etc")
        self.assertEqual(self.lines(), [])

    def test_odd_names_and_deep_folders_are_read(self) -> None:
        (self.folder / os.fsdecode(b"\xff")).write_text("one\n", encoding="utf-8")
        above = os.open(self.folder, os.O_RDONLY)
        for _ in range(1100):
            os.mkdir("d", dir_fd=above)
            below = os.open("d", os.O_RDONLY, dir_fd=above)
            os.close(above)
            above = below
        os.close(above)
        self.assertEqual(self.lines(), ["./\udcff:one"])
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    def test_of_much_the_first_is_told_and_that_there_is_more(self) -> None:
        for name in "abc":
            (self.folder / name).write_text(f"{name}{name}\n", encoding="utf-8")
        with mock.patch.object(state, "MOST_FILES", 2):
            self.assertEqual([state.MORE in self.lines(), len(self.lines())], [True, 3])
        with mock.patch.object(state, "TOTAL_LIMIT", 7):
            self.assertEqual(len([line for line in self.lines() if line.startswith("./")]), 2)
            self.assertIn("… (more than 7 bytes)", self.lines())
        (self.folder / "a").write_text("long line\n", encoding="utf-8")
        with mock.patch.object(state, "FILE_LIMIT", 4):
            self.assertIn("./a:long", self.lines())
            self.assertIn("./a:… (longer than 4 bytes)", self.lines())

    def test_files_beside_are_told_but_for_locks(self) -> None:
        for path in ("run/mine/pid", "lib/mine.lock"):
            file = self.folder.parent / path
            file.parent.mkdir(parents=True)
            file.touch()
        self.assertEqual(list(files_beside(str(self.folder))), ["run/mine/pid"])


class ProcessesTest(unittest.TestCase):
    """Processes that come and go while somebody looks."""

    def test_one_that_ends_meanwhile_is_not_there(self) -> None:
        churn = "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do /bin/true; done"
        with subprocess.Popen(["sh", "-c", churn], start_new_session=True) as churning:
            looks = 0
            while churning.poll() is None:
                list(processes_here())
                looks += 1
        self.assertGreater(looks, 10)


class ToolsTest(unittest.TestCase):
    """Tools of the host."""

    def test_a_namespace_without_an_interface_is_none(self) -> None:
        told = "^ip shows no interface: no such option$"
        failing = path_with("ip", "echo no such option >&2; exit 1")
        with failing, self.assertRaisesRegex(Failure, told):
            state_of(None, Caller())

    def test_one_that_may_not_be_started_tells_nothing(self) -> None:
        for nowhere in ("/dev/null/tc", "/nowhere/tc"):
            with mock.patch.object(state, "TOOLS", {"shaper": [nowhere]}):
                self.assertIn("=== shaper\n\n", state_of(None, Caller()))

    def test_one_that_hangs_is_told_and_ended(self) -> None:
        with path_with("nft", "exec sleep 600"), mock.patch.object(state, "LONGEST", 0.3):
            with self.assertRaisesRegex(Failure, "^nft did not end within 0 s$"):
                state_of(None, Caller())
            left = subprocess.run(["pgrep", "-P", str(os.getpid()), "-x", "sleep"], check=False)
            self.assertEqual(left.returncode, 1)

    def test_they_end_when_the_call_is_given_up(self) -> None:
        caller = Caller()
        with path_with("nft", "exec sleep 600"):
            threading.Timer(0.3, caller.give_up).start()
            with self.assertRaises(Failure):
                state_of(None, caller)
