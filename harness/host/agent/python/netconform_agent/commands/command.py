"""A command that is carried out elsewhere: hands its arguments over and prints the answer."""

from __future__ import annotations

import sys

from ..rpc.client import call
from ..rpc.messages import Failure


def forward_command(path: str, arguments: list[str]) -> None:
    """Has the command carried out at the socket `path`; exits as it does there."""
    try:
        answer = call(path, "run", {"arguments": arguments})
    except (OSError, Failure) as reason:
        sys.exit(f"no answer at {path}: {reason}")
    code = answer["code"]
    sys.stdout.write(str(answer["output"]))
    sys.exit(code if isinstance(code, int) else 1)
