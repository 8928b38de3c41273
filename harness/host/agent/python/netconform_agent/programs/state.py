"""What is set in a network namespace and in a folder of state, by the host's tools, the kernel and files."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import subprocess
from collections.abc import Iterator

from ..rpc.messages import Failure
from ..rpc.server import Caller

# By section, the tool that is asked, and what it is given. Those of the first must be there.
NETWORK = (["ip", "-o", "-batch", "-"], b"link\naddress\nroute show table all\nrule\n")
TOOLS = {"rule6": ["ip", "-6", "rule"], "shaper": ["tc", "qdisc"]}
RULESET = ["nft", "-s", "list", "ruleset"]
TABLES = {"iptables": ["iptables-save"], "ip6tables": ["ip6tables-save"]}
# Where the kernel lists the old tables that are in use, of which nft knows nothing.
OLD_TABLES = ("/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names")
# Every interface has one of these by itself.
USUAL_SHAPERS = {"noqueue", "pfifo_fast", "fq_codel", "mq"}
HEADING = re.compile(r"^===", re.MULTILINE)
SHAPER = re.compile(r"^qdisc (\S+) \S+ dev (\S+)", re.MULTILINE)
SETTINGS = "/proc/sys/net"
SETTING_FOLDERS = ("ipv4/conf/all", "ipv4/conf/default", "ipv6/conf/all", "ipv6/conf/default")
# A tool that takes longer is told of, in seconds.
LONGEST = 30.0
# Of a file of state, whosever it is, so much is read, in bytes, and so much is told of all together, in
# characters; of so many files.
FILE_LIMIT = 1 << 16
TOTAL_LIMIT = 1 << 20
MOST_FILES = 20_000
# Stands for the others.
MORE = f"… (more than {MOST_FILES} files)"


def state_of(folder: str | None, caller: Caller) -> str:
    """Sections, each behind a line `=== name`; the first has none.

    Settings, lines of files and the names of files beside it only where there is a folder. Throws `Failure`
    where a tool cannot be run, or does not end.
    """
    # Before tools run there.
    processes = list(processes_here())
    with Tools(caller) as tools:
        said = network_told_by(tools)
    said["process"] = "\n".join(processes)
    if folder is not None:
        said["sysctl"] = "\n".join(settings_here())
        said["file"] = "\n".join(lines_in(folder))
        said["kept"] = "\n".join(files_beside(folder))
    links = said.pop("")
    # Whatever a plugin calls what it leaves is no heading.
    plain = {name: HEADING.sub(" ===", text) for name, text in said.items()}
    return "\n".join([links, *(f"=== {name}\n{text}" for name, text in plain.items())])


def network_told_by(tools: Tools) -> dict[str, str]:
    """What the tools print, by section; the first has no name."""
    network = tools.begin(*NETWORK, stderr=subprocess.PIPE)
    if network is None:
        raise Failure("there is no program ip, which is part of iproute2")
    ruleset = tools.begin(RULESET)
    said = tools.sections(TOOLS)
    said["filter"] = "\n".join(filters(tools, said["shaper"]))
    said["nft"] = tools.told_by(ruleset)
    # No rule in the tables of nft, which iptables uses today, and no old table in use:
    # iptables need not be asked.
    if said["nft"] or not succeeded(ruleset) or any(read_text(path) for path in OLD_TABLES):
        said.update(tools.sections(TABLES))
    said[""], complaint = tools.end_of(network)
    # What it shows in part would read as a place in which there is no more. Every namespace has an interface.
    if not said[""] or not succeeded(network):
        raise Failure(f"ip does not show what is in the namespace: {complaint or 'nothing'}")
    return said


class Tools:
    """Programs of the host that run for one look, and are ended when the caller gives it up."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Tools:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends and forgets those that nobody has waited for."""
        self._end()
        for program in self._running:
            # Unless the kernel holds it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(1.0)
            for pipe in (program.stdout, program.stderr):
                if pipe:
                    pipe.close()

    def begin(
        self, argv: list[str], given: bytes = b"", stderr: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes] | None:
        """Starts it in this thread's namespace; `None` where there is none that this user may start."""
        pipe = subprocess.PIPE
        try:
            program = self._caller.begin(
                lambda: subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=stderr, bufsize=0),
                self._end_with,
            )
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return None
        except OSError as error:
            raise Failure(f"starting {argv[0]}: {error.strerror}") from error
        self._running.append(program)
        assert program.stdin
        # So little that a pipe has room for it, unless it has ended by now.
        with contextlib.suppress(BrokenPipeError), program.stdin:
            program.stdin.write(given)
        program.stdin = None
        return program

    def sections(self, asked: dict[str, list[str]]) -> dict[str, str]:
        """What each tool prints, all at once."""
        begun = {name: self.begin(argv) for name, argv in asked.items()}
        return {name: self.told_by(program) for name, program in begun.items()}

    def told_by(self, program: subprocess.Popen[bytes] | None) -> str:
        """What it printed, however it ended; nothing of one that is missing."""
        return self.end_of(program)[0] if program else ""

    def end_of(self, program: subprocess.Popen[bytes]) -> tuple[str, str]:
        """What it printed, and what it complained of where that is kept."""
        try:
            told, complaint = program.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{error.cmd[0]} did not end within {LONGEST:.0f} s") from error
        return text_of(told), text_of(complaint or b"")

    def _end_with(self, last: subprocess.Popen[bytes]) -> None:
        last.kill()
        self._end()

    def _end(self) -> None:
        for program in self._running:
            program.kill()


def text_of(said: bytes) -> str:
    """Without blank space around it."""
    return said.decode("utf-8", "replace").strip()


def succeeded(program: subprocess.Popen[bytes] | None) -> bool:
    """Whether one that has ended was there, and did what it was asked."""
    return program is not None and program.returncode == 0


def filters(tools: Tools, shapers: str) -> Iterator[str]:
    """The filters of what shapes traffic, each with its interface and its place there."""
    for kind, device in SHAPER.findall(shapers):
        if kind in USUAL_SHAPERS:
            continue
        for place in ("root", "ingress", "egress"):
            told = tools.told_by(tools.begin(["tc", "filter", "show", "dev", device, place]))
            yield from (f"{device} {place} {line.strip()}" for line in told.splitlines())


def processes_here() -> Iterator[str]:
    """The names of the processes in this thread's namespace, without what this process has just started."""
    here = os.stat("/proc/thread-self/ns/net")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        # Others end, and one that is a zombie is in no namespace.
        with contextlib.suppress(OSError):
            there = os.stat(f"/proc/{name}/ns/net")
            if (there.st_ino, there.st_dev) != (here.st_ino, here.st_dev) or parent_of(name) == os.getpid():
                continue
            yield read_text(f"/proc/{name}/comm")


def parent_of(process: str) -> int:
    """The number of its parent. Throws `OSError` where it has ended."""
    with open(f"/proc/{process}/stat", "rb") as file:
        # The name, which may be anything, is in brackets.
        return int(file.read().rpartition(b")")[2].split()[1])


def settings_here() -> Iterator[str]:
    """The settings of this thread's namespace that are no interface's, as `path:value`."""
    names = [f"{folder}/{name}" for folder in SETTING_FOLDERS for name in entries(f"{SETTINGS}/{folder}")]
    for name in ["ipv4/ip_forward", *names]:
        # Some cannot be read before they are set.
        with contextlib.suppress(OSError):
            yield from (f"{name}:{line}" for line in read_text(f"{SETTINGS}/{name}").splitlines())


def entries(folder: str) -> list[str]:
    """What is in a folder; nothing where there is none."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def lines_in(folder: str) -> Iterator[str]:
    """The lines of the files in a folder, each with its path from there; locks and cursors are no state."""
    room = TOTAL_LIMIT
    for path in regular_files(folder):
        if is_lock(path) or os.path.basename(path).startswith("last_reserved_ip"):
            continue
        for told in [MORE] if path == MORE else lines_of(os.path.join(folder, path), shown(path)):
            room -= len(told)
            if room < 0:
                yield f"… (more than {TOTAL_LIMIT} characters)"
                return
            yield told


def lines_of(file: str, name: str) -> list[str]:
    """The lines of a text; of what is none, or has none, only that. Nothing of a file that has gone.

    The bytes of a database may change and mean the same.
    """
    content, size = content_of(file)
    if content is None:
        return []
    if b"\0" in content:
        return [f"./{name}: (binary)"]
    if not content:
        return [f"./{name}: (empty)"]
    lines = [f"./{name}:{line}" for line in content.decode("utf-8", "replace").removesuffix("\n").split("\n")]
    return lines if size <= FILE_LIMIT else [*lines, f"./{name}: (the first of {size} bytes)"]


def is_lock(path: str) -> bool:
    """By its name."""
    name = os.path.basename(path)
    return name == "lock" or name.endswith((".lock", ".lck"))


def shown(path: str) -> str:
    """In one line."""
    return path.replace("\n", "\\n")


def content_of(path: str) -> tuple[bytes | None, int]:
    """The first bytes of a regular file, and its size; `None` where it is gone, or another kind by now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            there = os.fstat(descriptor)
            return (file.read(FILE_LIMIT), there.st_size) if stat.S_ISREG(there.st_mode) else (None, 0)
    except OSError:
        return None, 0


def files_beside(folder: str) -> Iterator[str]:
    """Paths of the files in `run` and `lib` beside a folder, but for locks."""
    above = os.path.dirname(folder)
    for name in ("run", "lib"):
        for path in regular_files(os.path.join(above, name)):
            if not is_lock(path):
                yield f"{name}/{shown(path)}"


def regular_files(folder: str) -> Iterator[str]:
    """Paths from there, at any depth, without following links; of very many the first ones, then `MORE`."""
    folders, found = [""], 0
    while folders:
        above = folders.pop()
        # What goes meanwhile is not there.
        with contextlib.suppress(OSError), os.scandir(os.path.join(folder, above)) as entries_there:
            for entry in sorted(entries_there, key=lambda entry: entry.name):
                path = os.path.join(above, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found += 1
                    if found > MOST_FILES:
                        yield MORE
                        return
                    yield path


def read_text(path: str) -> str:
    """What is in a file of the kernel's; nothing where that cannot be read now."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
