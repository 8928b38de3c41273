# Carries connections between unix sockets on this host, as the user it runs as (root). Orders come on stdin, one JSON
# object per line: {"id": N, "listen": PATH, "connect": PATH, "owner": UID or null} or {"id": N, "close": PATH}; each is
# answered on stdout by {"id": N} or {"id": N, "error": TEXT}. When stdin ends, so does everything, sockets included.
import asyncio
import json
import os
import sys

servers = {}


async def pump(reader, writer):
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        # The other direction may still have something to say.
        writer.write_eof()
    except (OSError, RuntimeError):
        writer.close()


async def carry(path, reader, writer):
    try:
        far_reader, far_writer = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
    writer.close()
    far_writer.close()


def remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


async def obey(order):
    if "close" in order:
        if order["close"] in servers:
            servers.pop(order["close"]).close()
            remove(order["close"])
        return
    path, far = order["listen"], order["connect"]
    if path in servers:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    remove(path)
    before = os.umask(0o177)
    try:
        servers[path] = await asyncio.start_unix_server(lambda r, w: carry(far, r, w), path)
    finally:
        os.umask(before)
    if order.get("owner") is not None:
        os.chown(path, order["owner"], -1)


async def main():
    orders = asyncio.StreamReader()
    loop = asyncio.get_event_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print(json.dumps({"id": 0}), flush=True)
    while True:
        line = await orders.readline()
        if not line:
            break
        order = json.loads(line.decode())
        answer = {"id": order["id"]}
        try:
            await obey(order)
        except Exception as error:
            answer["error"] = str(error)
        print(json.dumps(answer), flush=True)
    for path in servers:
        remove(path)


asyncio.new_event_loop().run_until_complete(main())
