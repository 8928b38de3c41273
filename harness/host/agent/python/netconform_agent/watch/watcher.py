"""The watcher of a host: packets and rules in several of its network namespaces, while something is tried."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading

from ..rpc.messages import Failure
from ..rpc.params import Params
from ..rpc.server import Method, Server
from .counters import Counters
from .namespaces import inside, survey
from .packets import Packets, compile_filter
from .rules import Rules, rule_text


def serve_watcher() -> None:
    """Serves until stdin ends, and then leaves nothing behind."""
    watcher = Watcher()

    async def serve() -> None:
        operations: dict[str, Method] = {
            "survey": watcher.survey,
            "begin": watcher.begin,
            "end": watcher.end,
            "rule": watcher.rule,
        }
        await Server(operations, watcher.close).serve()

    asyncio.run(serve())


class Watcher:
    """One watch at a time; parameters are as harness/observe/hop/watcher.ts sends them."""

    def __init__(self) -> None:
        self._packets: dict[str, Packets] = {}
        self._rules: dict[str, Rules] = {}
        self._counters: dict[str, Counters] = {}
        # The end of stdin is seen by a thread of its own.
        self._changing = threading.Lock()
        self._ended = False

    async def survey(self, params: Params) -> object:
        """The network namespaces of the host."""
        return survey(params.texts("known"))

    async def begin(self, params: Params) -> object:
        """Watches the namespaces at `paths`; every packet from now on is seen."""
        try:
            program = compile_filter(params.text("filter"))
        except (OSError, subprocess.SubprocessError) as error:
            raise Failure(f"tcpdump: {error}") from error
        for path in params.texts("paths"):
            self._watch(path, program, params.text("table"), params.text("chains"))
        return None

    def _watch(self, path: str, program: bytes, table: str, chains: str) -> None:
        try:
            with inside(path), self._changing:
                if self._ended:
                    return
                self._packets[path] = Packets(program)
                self._rules[path] = Rules(table)
                # A host without nftables has no rules to trace.
                with contextlib.suppress(OSError, subprocess.SubprocessError):
                    self._rules[path].mark(chains)
                self._counters[path] = Counters()
        except OSError as error:
            # A namespace may be gone by now; one that is there can be watched.
            if os.path.exists(path):
                raise Failure(f"{path}: {error}") from error

    async def end(self, _: Params) -> object:
        """Ends the watch, and tells what was seen, by path."""
        # Packets last: all that was counted by then is among them.
        counts = {path: self._count(path, one) for path, one in self._counters.items()}
        packets = {path: one.read() for path, one in self._packets.items()}
        verdicts = {path: one.read() for path, one in self._rules.items()}
        with self._changing:
            self._remove()
        return {"packets": packets, "verdicts": verdicts, "counts": counts}

    def _count(self, path: str, counters: Counters) -> list[dict[str, object]]:
        # A namespace may be gone by now.
        with contextlib.suppress(OSError), inside(path):
            return counters.risen()
        return []

    async def rule(self, params: Params) -> object:
        """A rule in words."""
        with contextlib.suppress(OSError, subprocess.SubprocessError), inside(params.text("path")):
            return rule_text(
                params.text("family"), params.text("table"), params.text("chain"), params.integer("handle")
            )
        return ""

    def close(self) -> None:
        """Takes away what was put into the namespaces, and lets nothing more be put there."""
        with self._changing:
            self._ended = True
            self._remove()

    def _remove(self) -> None:
        for path, rules in self._rules.items():
            with contextlib.suppress(OSError), inside(path):
                rules.remove()
        self._packets, self._rules, self._counters = {}, {}, {}
