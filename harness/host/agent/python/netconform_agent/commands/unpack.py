"""Takes programs out of a release, and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile


def unpack_programs(archive: str, folder: str, programs: list[str]) -> set[str]:
    """Puts the programs of `archive` into `folder`; returns the names of those that are not in it."""
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
    except tarfile.TarError as error:
        sys.exit(f"not a tar archive: {error}")
    if missing:
        sys.exit(f"no program {', '.join(sorted(missing))} in it")
