"""Probe agent: listens, connects, pings and resolves in the network namespace it was started in.

JSON lines on stdin ({"id", "op", ...}) and stdout ({"id", "ok"} or {"id", "error": {"kind", "message"}}), any number
under way at once; ends when stdin closes. Standard library only, Python >= 3.9. Results are typed in reach.ts.
"""

import asyncio
import json
import os
import resource
import sys
import threading

from names import resolve
from path import datagram, ping
from reach import scan
from servers import listen, received, unlisten
from sockets import NoRoute, ProbeError

OPERATIONS = {f.__name__: f for f in (scan, listen, received, unlisten, ping, datagram, resolve)}


class Agent:
    def __init__(self, limit):
        self.handles, self.servers = 0, {}
        self.clients = asyncio.Semaphore(limit)

    async def handle(self, line):
        request = json.loads(line)
        try:
            answer = {"ok": await OPERATIONS[request["op"]](self, **request)}
        except NoRoute as error:
            answer = {"error": {"kind": "no route", "message": str(error)}}
        except ProbeError as error:
            answer = {"error": {"kind": "probe", "message": str(error)}}
        except Exception as error:  # a defect of the agent: told, so that no caller waits for its deadline
            answer = {"error": {"kind": "probe", "message": f"{request['op']}: {type(error).__name__}: {error}"}}
        say({"id": request["id"], **answer})


def say(message):
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(0)


def raise_file_limit():
    """Half of the open files are for clients, the other half for servers; returns how many clients may run at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 65536:
        hard = max(soft, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(16, (hard - 64) // 2)


async def serve():
    limit = raise_file_limit()
    agent, loop = Agent(limit), asyncio.get_running_loop()
    tasks = set()

    def begin(line):
        task = asyncio.ensure_future(agent.handle(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def read_requests():
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(begin, line)
        os._exit(0)

    threading.Thread(target=read_requests, daemon=True).start()
    say({"ready": {"python": sys.version.split()[0], "parallel": limit}})
    await asyncio.Event().wait()


asyncio.run(serve())
