"""Bytes over one TCP connection, to measure how fast a network carries them."""

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
