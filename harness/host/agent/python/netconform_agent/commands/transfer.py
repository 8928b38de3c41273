"""Over one TCP connection: bytes, to measure how fast a network is, and lines, to see that it lives."""

from __future__ import annotations

import socket
import sys
import time

CHUNK = 1 << 20
CONNECT_SECONDS = 5


def send_bytes(connection: socket.socket, size: int) -> None:
    """Sends that many bytes."""
    data = bytes(CHUNK)
    while size > 0:
        connection.sendall(data[:size])
        size -= CHUNK


def receive_bytes(connection: socket.socket) -> tuple[int, float]:
    """How many bytes came until the other side closed, and in how many seconds."""
    start, size = time.monotonic(), 0
    while data := connection.recv(CHUNK >> 2):
        size += len(data)
    return size, time.monotonic() - start


def send_transfer(address: str, port: int, size: int) -> None:
    """Connects and sends."""
    with socket.create_connection((address, port), CONNECT_SECONDS) as connection:
        send_bytes(connection, size)


def receive_transfer(port: int) -> None:
    """Takes one connection on all IPv4 addresses; prints its bytes and seconds, separated by a space."""
    with socket.create_server(("", port)) as server:
        connection, _ = server.accept()
        with connection:
            size, seconds = receive_bytes(connection)
    sys.stdout.write(f"{size} {seconds}\n")


def answer_lines(port: int) -> None:
    """Says on which port it listens, takes one connection, and sends back each line that comes."""
    with socket.create_server(("", port)) as server:
        sys.stdout.write(f"listening on {server.getsockname()[1]}\n")
        connection, _ = server.accept()
    with connection, connection.makefile("rb") as lines:
        for line in lines:
            connection.sendall(line)


def exchange_lines(address: str, port: int) -> None:
    """Connects; sends each line of stdin and writes what comes back. Exits with one line when that ends."""
    with socket.create_connection((address, port), CONNECT_SECONDS) as connection:
        connection.settimeout(None)
        with connection.makefile("rb") as lines:
            for line in sys.stdin.buffer:
                try:
                    connection.sendall(line)
                    answer = lines.readline()
                except OSError as error:
                    sys.exit(f"the connection ended: {error}")
                if not answer:
                    sys.exit("the connection was closed")
                sys.stdout.write(answer.decode())
