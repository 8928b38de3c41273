"""Programs with another number in them than they were built with."""

from __future__ import annotations

import os
import sys


def replace_number(program: bytes, old: int, new: int) -> bytes | None:
    """The program with `new` in the one place of 64 bits that holds `old`; `None` without exactly one."""
    before, after = (number.to_bytes(8, sys.byteorder) for number in (old, new))
    return program.replace(before, after) if program.count(before) == 1 else None


def rewrite(source: str, target: str, old: int, new: int) -> None:
    """Writes a copy of a program, as `replace_number` has it; exits with one line where it has none."""
    with open(source, "rb") as file:
        program = file.read()
    changed = replace_number(program, old, new)
    if changed is None:
        count = program.count(old.to_bytes(8, sys.byteorder))
        sys.exit(f"{source}: expected the number {old} in one place, got {count}")
    with open(target, "wb") as copy:
        copy.write(changed)
    os.chmod(target, 0o755)
