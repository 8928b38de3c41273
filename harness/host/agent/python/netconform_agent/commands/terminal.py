"""A command on a pseudo-terminal of its own; script(1) is not on every host."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys

CHUNK = 65536


def run_on_terminal(command: list[str]) -> None:
    """Runs the command; stdin and stdout of this process are its terminal. Exits as it does, modulo 256.

    Ends with the command, also while a program that the command has left behind still has the terminal open.
    """
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, ignore)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.execvp(command[0], command)
    status = carry(terminal, woken, child)
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


def ignore(number: int, frame: object) -> None:
    """For a signal that has done its work once it is written to the pipe that wakes."""


def carry(terminal: int, woken: int, child: int) -> int:
    """Carries what is typed and printed until the child has ended and all is out; returns its wait status."""
    sources = [terminal, woken, 0]
    status = None
    while True:
        ready, _, _ = select.select(sources, [], [], None if status is None else 0)
        if terminal in ready:
            printed = read(terminal)
            if printed:
                write(1, printed)
                continue
            sources.remove(terminal)
        if status is not None:
            return status
        if woken in ready:
            os.read(woken, CHUNK)
        if 0 in ready:
            typed = os.read(0, CHUNK)
            if typed:
                write(terminal, typed)
            else:
                sources.remove(0)
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended == child:
            status = code


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, CHUNK)
    except OSError:  # EIO: nobody has it open any more.
        return b""


def write(to: int, what: bytes) -> None:
    while what:
        what = what[os.write(to, what) :]
