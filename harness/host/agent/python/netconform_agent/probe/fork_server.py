"""Starts agents by forking: a hundred times as fast as starting Python and importing all of it anew."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys

from ..programs.runner import serve_programs
from ..rpc.messages import Failure, error_line
from ..rpc.server import say
from ..watch.namespaces import enter
from .agent import serve_probe


def serve_forks() -> None:
    """Each connection is an agent of the kind and in the namespace that its first line names.

    Serves until stdin ends; the socket goes with it.
    """
    folder = "/run" if os.access("/run", os.W_OK) else "/tmp"
    path = f"{folder}/netconform-{os.urandom(8).hex()}.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    listener.bind(path)
    os.umask(before)
    try:
        listener.listen(128)
        # Nobody asks what became of an agent: it ends with its connection.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        say(path.encode() + b"\n")
        while True:
            ready, _, _ = select.select([0, listener], [], [])
            if 0 in ready and not os.read(0, 65536):
                return
            if listener in ready:
                connection, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    become_agent(connection)
                connection.close()
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)


def become_agent(connection: socket.socket) -> None:
    """Never returns: this process is an agent from now on, which is spoken to over the connection."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (0, 1):
            os.dup2(connection.fileno(), descriptor)
        order = json.loads(read_line(connection))
        connection.close()
        if order["netns"] is not None:
            enter(order["netns"])
        (serve_programs if order["kind"] == "programs" else serve_probe)()
    except Exception as error:  # told, so that no caller waits for its deadline
        say(error_line(None, Failure(f"{type(error).__name__}: {error}")))
        # A caller that writes to what was closed is told of that alone.
        while os.read(0, 65536):
            pass
    finally:
        sys.stdout.flush()
        os._exit(1)


def read_line(connection: socket.socket) -> bytes:
    """Reads no byte behind the line: the rest is the agent's."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line
