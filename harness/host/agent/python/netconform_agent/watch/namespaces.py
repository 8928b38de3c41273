"""Network namespaces of a host, and how this program looks into them."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Generator

from .netlink import read_links

OWN = "/proc/self/ns/net"
CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside(path: str) -> Generator[None, None, None]:
    """What the body opens and starts is in the namespace at `path`."""
    home = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(path)
        try:
            yield
        finally:
            set_namespace(home)
    finally:
        os.close(home)


def enter(path: str) -> None:
    """Moves this thread into the namespace at `path`."""
    there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        set_namespace(there)
    finally:
        os.close(there)


def set_namespace(descriptor: int, kind: int = CLONE_NEWNET) -> None:
    """`setns` of this thread, which Python has since 3.12."""
    call_kernel("setns", descriptor, kind)


def leave_shared_folders() -> None:
    """Gives this thread a root and a current folder of its own: without, it may enter no mount namespace."""
    call_kernel("unshare", CLONE_FS)


def call_kernel(name: str, *arguments: int) -> None:
    """A function of the C library that Python does not have; it fails with an `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc[name](*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def survey(known: list[str]) -> list[dict[str, object]]:
    """This program's own namespace, those at the `known` paths, and all that are mounted; each once."""
    seen: set[int] = set()
    found: list[dict[str, object]] = []
    for path in [OWN, *known, *mounted()]:
        # One that is none, or is gone by now, has nothing to tell.
        with contextlib.suppress(OSError):
            inode = os.stat(path).st_ino
            if inode in seen:
                continue
            seen.add(inode)
            with inside(path):
                links = read_links()
            found.append({"path": path, "links": [vars(link) for link in links]})
    return found


def mounted() -> list[str]:
    """The paths at which namespaces are mounted."""
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
        rows = [row.split() for row in mounts]
    return [row[1] for row in rows if row[2] == "nsfs"]
