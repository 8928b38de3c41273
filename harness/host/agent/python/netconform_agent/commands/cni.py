"""A CNI executable whose plugin runs elsewhere: passes its call on, and the answer back."""

from __future__ import annotations

import json
import os
import sys

from ..rpc.client import call
from ..rpc.messages import Failure, read_object


def error_result(stdin: str, message: str) -> str:
    """An error of CNI ("try again later") in the version of the configuration on stdin."""
    try:
        version = read_object(stdin.encode())["cniVersion"]
    except (Failure, LookupError):
        version = "1.1.0"
    return json.dumps({"cniVersion": version, "code": 11, "msg": message})


def forward_cni_call(path: str, who: str) -> None:
    """Has the call of this process answered at the socket `path`; `who` answers there, for error messages."""
    stdin = sys.stdin.buffer.read().decode("utf-8", "replace")
    variables: dict[str, object] = {
        name: value for name, value in os.environ.items() if name.startswith("CNI_")
    }
    try:
        answer = call(path, "call", {"env": variables, "stdin": stdin, "pid": os.getpid()})
    except (OSError, Failure) as reason:
        sys.stdout.write(error_result(stdin, f"{who} does not answer at {path}: {reason}"))
        sys.exit(1)
    code = answer["code"]
    sys.stdout.write(str(answer["stdout"]))
    sys.exit(code if isinstance(code, int) else 1)
