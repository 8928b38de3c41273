"""One call to a program that serves on a unix socket."""

from __future__ import annotations

import socket

from .messages import read_answer, request_line


def call(path: str, method: str, params: dict[str, object]) -> dict[str, object]:
    """The result of a call. Throws `OSError` when nobody answers, `Failure` when the call failed."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(request_line(1, method, params))
        answer = b""
        while not answer.endswith(b"\n"):
            part = connection.recv(65536)
            if not part:
                raise OSError("the connection was closed without an answer")
            answer += part
    return read_answer(answer)
