"""unpack.py ARCHIVE FOLDER: takes Contiv's three programs out of a release, and nothing else."""

import os
import shutil
import sys
import tarfile

programs = {"netctl", "netmaster", "netplugin"}


def main(archive, folder):
    missing = set(programs)
    with tarfile.open(archive) as release:
        for member in release:
            name = os.path.basename(member.name)
            # Releases also hold folders and shell completions of these names.
            if name not in missing or not member.isfile():
                continue
            content = release.extractfile(member)
            if content.read(4) != b"\x7fELF":
                continue
            content.seek(0)
            target = os.path.join(folder, name)
            with open(target, "wb") as program:
                shutil.copyfileobj(content, program)
            os.chmod(target, 0o755)
            missing.discard(name)
    if missing:
        sys.exit(f"no program {', '.join(sorted(missing))} in it")


try:
    main(*sys.argv[1:])
except tarfile.TarError as error:
    sys.exit(f"not a tar archive: {error}")
