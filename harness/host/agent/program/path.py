"""Ping, and datagrams of an exact size."""

import asyncio
import errno
import json
import random
import socket
import struct
import time

from datagrams import exchange, forbid_fragments, open_datagram, read_errors, want_errors
from sockets import ProbeError, elapsed_ms, open_socket, own_failure, resolve_literal, wait_ready


def filling(marker, length):
    text = marker.encode() or b"\0"
    return (text * (length // len(text) + 1))[:max(0, length)]


async def ping(agent, address, count, intervalMs, timeoutMs, marker, dontFragment, packetBytes=None, **_):
    family, sockaddr = resolve_literal(address, 0)
    v6 = family == socket.AF_INET6
    header = 40 if v6 else 20
    payload = filling(marker, (packetBytes or header + 64) - header - 8)
    request, reply = (128, 129) if v6 else (8, 0)
    ident = random.randrange(1, 65536)
    sock = open_socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
    sent_at, replies, failed, errors = {}, {}, set(), []

    def collect():
        for data, error in read_errors(sock, family):
            quoted = struct.unpack_from("!HH", data, 4) if len(data) >= 8 else None
            if quoted and quoted[0] != ident:
                continue
            errors.append(error)
            failed.add(quoted[1] if quoted else max(sent_at))
        while True:
            try:
                data, ancillary, _, peer = sock.recvmsg(65536, 512)
            except BlockingIOError:
                return
            except OSError:
                continue
            body = data if v6 else data[(data[0] & 15) * 4:]
            if len(body) < 8 or body[0] != reply:
                continue
            got, seq = struct.unpack_from("!HH", body, 4)
            if got != ident or seq not in sent_at or seq in replies or body[8:] != payload:
                continue
            entry = {"seq": seq, "ms": elapsed_ms(sent_at[seq])}
            if v6:
                entry["ttl"] = next((struct.unpack("=i", b)[0] for _, k, b in ancillary if k == socket.IPV6_HOPLIMIT), None)
            else:
                entry["ttl"], entry["ipId"] = data[8], struct.unpack_from("!H", data, 4)[0]
            replies[seq] = entry

    async def watch(until):
        while True:
            collect()
            if len(replies.keys() | failed) >= count or not await wait_ready(sock, until - time.monotonic()):
                return

    try:
        want_errors(sock, family)
        if v6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        forbid_fragments(sock, family, dontFragment)
        try:
            sock.connect(sockaddr)
        except OSError as error:
            raise own_failure(error, f"a ping to {address}")
        for seq in range(1, count + 1):
            head = struct.pack("!BBHHH", request, 0, 0, ident, seq)
            if not v6:
                head = struct.pack("!BBHHH", request, 0, checksum(head + payload), ident, seq)
            sent_at[seq] = time.monotonic()
            try:
                sock.send(head + payload)
            except OSError as error:
                before = len(errors)
                collect()
                failed.add(seq)
                if len(errors) == before:
                    if error.errno != errno.EMSGSIZE:
                        raise own_failure(error, f"a ping to {address}")
                    errors.append({"kind": "fragmentation needed", "local": True, "errno": "EMSGSIZE"})
            if seq < count:
                await watch(time.monotonic() + intervalMs / 1000)
                rest = sent_at[seq] + intervalMs / 1000 - time.monotonic()
                await asyncio.sleep(max(0, rest))
        await watch(time.monotonic() + timeoutMs / 1000)
        return {"sent": count, "received": len(replies), "replies": list(replies.values()), "errors": errors}
    finally:
        sock.close()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


async def datagram(agent, address, port, packetBytes, dontFragment, timeoutMs, marker, **_):
    family, sockaddr = resolve_literal(address, port)
    start = time.monotonic()
    length = packetBytes - (48 if family == socket.AF_INET6 else 28)
    payload = filling(marker + "\n", length)
    sock = open_datagram(family, sockaddr)
    try:
        forbid_fragments(sock, family, dontFragment)
        what, value = await exchange(sock, family, payload, timeoutMs / 1000, lambda answer: b"\n{" in answer)
    finally:
        sock.close()
    if what == "nothing":
        return {"state": "lost"}
    if what == "error":
        states = {"fragmentation needed": "too big", "port unreachable": "refused"}
        return {"state": states.get(value["kind"], "unreachable"), "error": value}
    identity, told = value.decode("utf-8", "replace").split("\n")[:2]
    arrived = json.loads(told)["bytes"]
    if arrived != length:
        raise ProbeError(f"sent {length} payload bytes to {address} port {port}, the server saw {arrived}")
    return {"state": "delivered", "identity": identity, "bytes": packetBytes, "ms": elapsed_ms(start)}
