"""Takes programs out of a release, and nothing else."""

from __future__ import annotations

import lzma
import os
import shutil
import sys
import tarfile
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, NoReturn

# What reading an archive ends with that is none, or that breaks off.
NO_ARCHIVE = (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error)


def programs_in(archive: str, programs: list[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """The first of each name that is a program, with its content."""
    missing = set(programs)
    with tarfile.open(archive) as release:
        for member in release:
            name = os.path.basename(member.name)
            # Releases also hold folders and shell completions of these names.
            if name not in missing or not member.isfile():
                continue
            content = release.extractfile(member)
            if content is None or content.read(4) != b"\x7fELF":
                continue
            content.seek(0)
            missing.discard(name)
            yield name, content
            if not missing:
                return


def unpack_programs(archive: str, folder: str, programs: list[str]) -> set[str]:
    """Puts the programs of `archive` into `folder`; returns the names of those that are not in it."""
    missing = set(programs)
    for name, content in programs_in(archive, programs):
        target = os.path.join(folder, name)
        with open(target, "wb") as program:
            shutil.copyfileobj(content, program)
        os.chmod(target, 0o755)
        missing.discard(name)
    return missing


def unpack(archive: str, folder: str, programs: list[str]) -> None:
    """Exits with one line that says what is wrong with the archive."""
    try:
        missing = unpack_programs(archive, folder, programs)
    except NO_ARCHIVE as error:
        refuse_archive(error)
    refuse(missing)


def look_into(archive: str, programs: list[str]) -> None:
    """Exits as `unpack` does, and leaves everything where it is."""
    missing = set(programs)
    try:
        for name, content in programs_in(archive, programs):
            while content.read(1 << 20):
                pass
            missing.discard(name)
    # Of compressed data that is none, Python's bz2 says OSError.
    except (*NO_ARCHIVE, OSError) as error:
        refuse_archive(error)
    refuse(missing)


def refuse_archive(error: BaseException) -> NoReturn:
    """Exits with the first line of an error: tarfile tells of each compression that it tried."""
    said = str(error).split("\n")[0].rstrip(":") or type(error).__name__
    sys.exit(f"not a tar archive: {said}")


def refuse(missing: set[str]) -> None:
    """Exits where a program is missing."""
    if missing:
        sys.exit(f"no program {', '.join(sorted(missing))} in it")
