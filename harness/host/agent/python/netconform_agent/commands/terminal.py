"""A command on a pseudo-terminal of its own; script(1) is not on every host."""

from __future__ import annotations

import os
import pty
import sys


def run_on_terminal(command: list[str]) -> None:
    """Runs the command; stdin and stdout of this process are its terminal. Exits as it does, modulo 256."""
    sys.exit(os.waitstatus_to_exitcode(pty.spawn(command)) % 256)
