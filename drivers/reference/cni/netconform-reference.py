#!/usr/bin/python3 -IS
"""The reference plugin as a CNI executable: passes its call on to the plugin's process, and its answer back."""
import json
import os
import socket
import sys

SOCKET = "/run/netconform/reference-cni.sock"


def ask(call):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(SOCKET)
        connection.sendall(json.dumps(call).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = connection.recv(65536)
            if not part:
                raise OSError("the connection was closed without an answer")
            answer += part
    return json.loads(answer)


def unreachable(stdin, reason):
    try:
        version = json.loads(stdin)["cniVersion"]
    except (ValueError, LookupError, TypeError):
        version = "1.1.0"
    message = f"the reference plugin does not answer at {SOCKET}: {reason}"
    return {"code": 1, "stdout": json.dumps({"cniVersion": version, "code": 11, "msg": message})}


stdin = sys.stdin.buffer.read().decode("utf-8", "replace")
variables = {name: value for name, value in os.environ.items() if name.startswith("CNI_")}
try:
    answer = ask({"env": variables, "stdin": stdin, "pid": os.getpid()})
except OSError as reason:
    answer = unreachable(stdin, reason)
sys.stdout.write(answer["stdout"])
sys.exit(answer["code"])
