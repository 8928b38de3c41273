"""The probe agent of the network namespace that it was started in."""

from __future__ import annotations

import asyncio
import resource
import sys

from ..bgp.speaker import Speaker
from ..held.holder import Holder
from ..rpc.params import Params
from ..rpc.server import Method, Server
from ..watch.tally import Tally
from .datagram import datagram, send
from .names import resolve
from .ping import ping
from .reach import Reacher
from .servers import Listeners


def serve_probe() -> None:
    """Serves until stdin ends."""
    asyncio.run(serve())


async def serve() -> None:
    """The operations by name; each reads its parameters as harness/host/agent/agent.ts sends them."""
    limit = raise_file_limit()
    reacher, listeners, holder, speaker = Reacher(limit), Listeners(), Holder(), Speaker()
    tally = Tally()

    async def ready(_: Params) -> object:
        return {"python": sys.version.split()[0], "parallel": limit}

    operations: dict[str, Method] = {
        "ready": ready,
        "scan": reacher.scan,
        "reachAll": reacher.reach_all,
        "listen": listeners.listen,
        "received": listeners.received,
        "unlisten": listeners.unlisten,
        "hold": holder.hold,
        "heldTold": holder.told,
        "heldCounts": holder.counts,
        "release": holder.release,
        "ping": ping,
        "datagram": datagram,
        "send": send,
        "resolve": resolve,
        "tallyBegin": tally.begin,
        "tallyFirst": tally.first,
        "tallyTake": tally.take,
        "tallyTakeAll": tally.take_all,
        "bgpOpen": speaker.open,
        "bgpAnnounce": speaker.announce,
        "bgpTold": speaker.told,
        "bgpClose": speaker.close,
    }
    await Server(operations).serve()


def raise_file_limit() -> int:
    """Half of the open files are for clients, half for servers; returns how many clients may run."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 65536:
        hard = max(soft, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(16, (hard - 64) // 2)
