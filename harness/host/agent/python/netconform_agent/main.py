"""Starts a command of the program. Each imports no more than it needs: CNI calls and agents start often."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(argv: list[str]) -> None:
    """Runs the command that `argv` begins with; exits 2 for a command line that is wrong."""
    command, *arguments = argv or [""]
    if command == "watch" and not arguments:
        leave_tls_out()
        from .watch.watcher import serve_watcher

        serve_watcher()
    elif command == "fork-server" and not arguments:
        leave_tls_out()
        from .probe.fork_server import serve_forks

        serve_forks()
    elif command == "relay" and not arguments:
        leave_tls_out()
        from .commands.relay import serve_relay

        serve_relay()
    elif command == "web-server" and len(arguments) == 1:
        from .commands.web_server import serve_web

        serve_web(int(arguments[0]))
    elif command == "unpack" and len(arguments) >= 3:
        from .commands.unpack import unpack

        unpack(arguments[0], arguments[1], arguments[2:])
    elif command == "look-into" and len(arguments) >= 2:
        from .commands.unpack import look_into

        look_into(arguments[0], arguments[1:])
    elif command == "cni" and len(arguments) == 2:
        from .commands.cni import forward_cni_call

        forward_cni_call(arguments[0], arguments[1])
    elif command == "command" and arguments:
        from .commands.command import forward_command

        forward_command(arguments[0], arguments[1:])
    elif command == "terminal" and arguments:
        from .commands.terminal import run_on_terminal

        run_on_terminal(arguments)
    elif command == "receive" and len(arguments) == 1:
        from .commands.transfer import receive_transfer

        receive_transfer(int(arguments[0]))
    elif command == "send" and len(arguments) == 3:
        from .commands.transfer import send_transfer

        send_transfer(arguments[0], int(arguments[1]), int(arguments[2]))
    elif command == "answer-lines" and len(arguments) == 1:
        from .commands.transfer import answer_lines

        answer_lines(int(arguments[0]))
    elif command == "exchange-lines" and len(arguments) == 2:
        from .commands.transfer import exchange_lines

        exchange_lines(arguments[0], int(arguments[1]))
    elif command == "rewrite" and len(arguments) == 4:
        from .programs.rewrite import rewrite

        rewrite(arguments[0], arguments[1], int(arguments[2]), int(arguments[3]))
    else:
        sys.stderr.write(
            "usage: fork-server | relay | watch | web-server PORT | unpack ARCHIVE FOLDER PROGRAM..."
            " | look-into ARCHIVE PROGRAM... | cni SOCKET WHO | command SOCKET ARGUMENT..."
            " | terminal COMMAND ARGUMENT..."
            " | receive PORT | send ADDRESS PORT BYTES | answer-lines PORT | exchange-lines ADDRESS PORT"
            " | rewrite PROGRAM COPY OLD NEW\n"
        )
        sys.exit(2)


def leave_tls_out() -> None:
    """Has asyncio do without `ssl`: a sixth of the start, for connections that there are none of."""
    modules: dict[str, Any] = sys.modules
    modules["ssl"] = None
