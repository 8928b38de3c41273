"""Probe agent: listens, connects, pings and resolves in the network namespace it was started in.

JSON lines on stdin ({"id", "op", ...}) and stdout ({"id", "ok"} or {"id", "error": {"kind", "message"}}), any number
under way at once; ends when stdin closes. Standard library only, Python >= 3.9. Results are typed in reach.ts.
"""

import asyncio
import errno
import json
import os
import random
import resource
import socket
import struct
import sys
import threading
import time

# Not in every Python's socket module; values from linux/in.h, linux/in6.h.
IP_MTU_DISCOVER, IP_RECVERR, IPV6_MTU_DISCOVER, IPV6_RECVERR = 10, 11, 23, 25
IP_PKTINFO, MSG_ERRQUEUE = 8, 0x2000
PMTUDISC_DONT, PMTUDISC_DO = 0, 2
ORIGIN_LOCAL = 1
# What a connect or send fails with at once when there is no route, or no source address that may be used yet.
NO_ROUTE = {errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EINVAL, errno.ENETDOWN}
ATTEMPTS = 3
HANDSHAKE_READ_SECONDS = 2.0


class NoRoute(Exception):
    pass


class ProbeError(Exception):
    pass


def name_of(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def explain(error):
    text = f"{name_of(error)} ({os.strerror(error.errno)})"
    if error.errno == errno.EMFILE:
        text += f"; the open-file limit is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    return text


def own_failure(error, doing):
    """The exception for a socket call that failed before anything left the namespace."""
    text = f"{doing}: {explain(error)}"
    return NoRoute(text) if error.errno in NO_ROUTE else ProbeError(text)


def resolve_literal(address, port):
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(
            address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    except (socket.gaierror, OverflowError) as error:
        raise ProbeError(f"{address} port {port}: expected an IP address and a port ({error})")
    return family, sockaddr


def open_socket(family, kind, protocol=0):
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise own_failure(error, "opening a socket")
    sock.setblocking(False)
    return sock


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address.split("%")[0]


def endpoint(sockaddr):
    return {"address": plain(sockaddr[0]), "port": sockaddr[1]}


def elapsed_ms(since):
    return round((time.monotonic() - since) * 1000, 3)


async def wait_ready(sock, timeout, write=False):
    """Waits until the socket is readable (or writable) or has an error. False when the time is over."""
    if timeout <= 0:
        return False
    loop, fd = asyncio.get_running_loop(), sock.fileno()
    ready = loop.create_future()
    add, remove = (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    add(fd, lambda: ready.done() or ready.set_result(True))
    try:
        return await asyncio.wait_for(ready, timeout)
    except asyncio.TimeoutError:
        return False
    finally:
        remove(fd)


# --- errors that come back: the socket's error queue ---

def want_errors(sock, family):
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def forbid_fragments(sock, family, forbid):
    value = PMTUDISC_DO if forbid else PMTUDISC_DONT
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, value)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, value)


def kind_of(code_errno, version, icmp_type, icmp_code):
    if code_errno == errno.EMSGSIZE:
        return "fragmentation needed"
    if code_errno == errno.ECONNREFUSED:
        return "port unreachable"
    if version == 4 and icmp_type == 11 or version == 6 and icmp_type == 3:
        return "time exceeded"
    if version == 4 and icmp_code in (9, 10, 13) or version == 6 and icmp_code in (1, 5, 6):
        return "prohibited"
    return {errno.EHOSTUNREACH: "host unreachable", errno.ENETUNREACH: "network unreachable"}.get(code_errno, "other")


def read_errors(sock, family):
    """Everything in the error queue as [(bytes of the packet that caused it, PathError)]."""
    found = []
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(2048, 512, MSG_ERRQUEUE)
        except OSError:
            return found
        for _, kind, body in ancillary:
            if kind not in (IP_RECVERR, IPV6_RECVERR) or len(body) < 16:
                continue
            code_errno, origin, icmp_type, icmp_code, info = struct.unpack_from("=IBBBxI", body)
            offender = body[16:]
            by = None
            if origin != ORIGIN_LOCAL and len(offender) >= 8:
                offender_family = struct.unpack_from("=H", offender)[0]
                if offender_family == socket.AF_INET:
                    by = socket.inet_ntop(socket.AF_INET, offender[4:8])
                elif offender_family == socket.AF_INET6 and len(offender) >= 24:
                    by = plain(socket.inet_ntop(socket.AF_INET6, offender[8:24]))
            error = {
                "kind": kind_of(code_errno, 6 if family == socket.AF_INET6 else 4, icmp_type, icmp_code),
                "local": origin == ORIGIN_LOCAL or by == plain(sock.getsockname()[0]),
                "errno": errno.errorcode.get(code_errno, str(code_errno)),
            }
            if by:
                error["by"] = by
            if error["kind"] == "fragmentation needed" and info:
                error["mtu"] = info
            found.append((data, error))


# --- connect and scan ---

async def reach_tcp(family, sockaddr, seconds, nonce):
    start = time.monotonic()
    left = lambda: start + seconds - time.monotonic()
    done = lambda state, **more: {"state": state, **more, "ms": elapsed_ms(start)}
    sock = open_socket(family, socket.SOCK_STREAM)
    try:
        try:
            sock.connect(sockaddr)
        except BlockingIOError:
            if not await wait_ready(sock, left(), write=True):
                return done("dropped")
            failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure == errno.ETIMEDOUT:
                return done("dropped")
            if failure == errno.ECONNREFUSED:
                return done("refused")
            if failure in (errno.ECONNRESET, errno.EPIPE):
                return done("silent", how="reset")  # the handshake was complete
            if failure:
                return done("unreachable", errno=errno.errorcode.get(failure, str(failure)))
        except ConnectionRefusedError:
            return done("refused")
        except OSError as error:
            raise own_failure(error, f"connecting to {sockaddr[0]} port {sockaddr[1]}")
        answer, how = b"", "timeout"
        try:
            sock.send(nonce.encode() + b"\n")
        except OSError:
            pass  # what a server said before it closed is still there to read
        try:
            while answer.count(b"\n") < 2 and await wait_ready(sock, left()):
                chunk = sock.recv(4096)
                if not chunk:
                    how = "closed"
                    break
                answer += chunk
        except OSError:
            how = "reset"
        return read_answer(answer, done) or done("silent", how=how)
    finally:
        sock.close()


def read_answer(answer, done):
    lines = answer.decode("utf-8", "replace").split("\n")
    if not lines[0].strip():
        return None
    try:
        seen_from = json.loads(lines[1])["from"]
    except (IndexError, ValueError, KeyError, TypeError):
        seen_from = None
    return done("open", identity=lines[0].rstrip("\r"), seenFrom=seen_from)


async def exchange(sock, family, payload, seconds, accept):
    """Sends a datagram up to three times; returns ("answer", bytes), ("error", PathError) or ("nothing", None)."""
    start = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            sock.send(payload)
        except OSError as error:
            # An ICMP error for an earlier attempt is reported on the next send.
            errors = read_errors(sock, family)
            if errors:
                return "error", errors[0][1]
            if error.errno in (errno.ECONNREFUSED, errno.EMSGSIZE):
                kind = kind_of(error.errno, 4, 0, 0)
                return "error", {"kind": kind, "local": error.errno == errno.EMSGSIZE, "errno": name_of(error)}
            raise own_failure(error, "sending a datagram")
        until = start + seconds * attempt / ATTEMPTS
        while await wait_ready(sock, until - time.monotonic()):
            errors = read_errors(sock, family)
            if errors:
                return "error", errors[0][1]
            try:
                answer = sock.recv(65536)
            except OSError:
                continue
            if accept(answer):
                return "answer", answer
    return "nothing", None


def open_datagram(family, sockaddr):
    sock = open_socket(family, socket.SOCK_DGRAM)
    try:
        want_errors(sock, family)
        sock.connect(sockaddr)
    except OSError as error:
        sock.close()
        raise own_failure(error, f"a datagram to {sockaddr[0]} port {sockaddr[1]}")
    return sock


async def reach_udp(family, sockaddr, seconds, nonce):
    start = time.monotonic()
    done = lambda state, **more: {"state": state, **more, "ms": elapsed_ms(start)}
    sock = open_datagram(family, sockaddr)
    try:
        what, value = await exchange(sock, family, nonce.encode() + b"\n", seconds, lambda answer: bool(answer.strip()))
    finally:
        sock.close()
    if what == "answer":
        return read_answer(value, done)
    if what == "nothing":
        return done("dropped")
    if value["kind"] == "port unreachable":
        return done("refused")
    return done("unreachable", errno=value["errno"])


async def scan(agent, protocol, address, ports, timeoutMs, nonce, parallel=None, **_):
    family, _ = resolve_literal(address, 0)
    reach = reach_tcp if protocol == "tcp" else reach_udp
    own_limit = asyncio.Semaphore(parallel or len(ports) or 1)

    async def one(port):
        async with own_limit, agent.clients:
            return [port, await reach(family, resolve_literal(address, port)[1], timeoutMs / 1000, nonce)]

    tasks = [asyncio.ensure_future(one(port)) for port in ports]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


# --- servers ---

class Servers:
    """The sockets of one `listen` call and what arrived at them."""

    def __init__(self, protocol, identity):
        self.protocol, self.identity = protocol, identity
        self.sockets, self.arrivals, self.ports = [], [], []

    def open(self, address, port):
        loop = asyncio.get_running_loop()
        tcp = self.protocol == "tcp"
        if address:
            family, sockaddr = resolve_literal(address, port)
        else:
            family, sockaddr = (socket.AF_INET6, ("::", port)) if socket.has_ipv6 else (socket.AF_INET, ("0.0.0.0", port))
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        try:
            sock = open_socket(family, kind)
        except ProbeError:
            if address or family == socket.AF_INET:
                raise
            family, sockaddr = socket.AF_INET, ("0.0.0.0", port)  # a kernel without IPv6
            sock = open_socket(family, kind)
        self.sockets.append(sock)
        try:
            if tcp:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            sock.bind(sockaddr)
            if tcp:
                sock.listen(512)
        except OSError as error:
            raise ProbeError(f"listening on {sockaddr[0]} {self.protocol} port {port}: {explain(error)}")
        number = sock.getsockname()[1]
        self.ports.append(number)
        loop.add_reader(sock.fileno(), self.accept if tcp else self.echo, sock, number)

    def close(self):
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            loop.remove_reader(sock.fileno())
            sock.close()
        self.sockets = []

    def log(self, port, peer, nonce=None):
        arrival = {"protocol": self.protocol, "port": port, "from": endpoint(peer), "halfOpen": False,
                   "at": int(time.time() * 1000)}
        if nonce:
            arrival["nonce"] = nonce
        self.arrivals.append(arrival)
        return arrival

    def accept(self, sock, port):
        while True:
            try:
                connection, peer = sock.accept()
            except OSError:
                return
            connection.setblocking(False)
            asyncio.ensure_future(self.answer(connection, self.log(port, peer)))

    async def answer(self, connection, arrival):
        try:
            connection.send(f"{self.identity}\n{json.dumps({'from': arrival['from']})}\n".encode())
            # Closing with the client's nonce unread would reset the connection and could destroy the answer.
            if await wait_ready(connection, HANDSHAKE_READ_SECONDS):
                nonce = connection.recv(4096).decode("utf-8", "replace").split("\n")[0].strip()
                if nonce:
                    arrival["nonce"] = nonce
        except OSError:
            pass
        finally:
            connection.close()

    def echo(self, sock, port):
        while True:
            try:
                data, ancillary, _, peer = sock.recvmsg(65536, 512)
            except OSError:
                return
            nonce = data.split(b"\n")[0].decode("utf-8", "replace")[:200]
            arrival = self.log(port, peer, nonce)
            answer = {"from": arrival["from"], "nonce": nonce, "bytes": len(data)}
            # From the address that was asked, not the one routing would choose; the interface is left to routing.
            source = []
            for level, kind, body in ancillary:
                if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
                    source = [(level, kind, struct.pack("=I", 0) + body[4:8] + bytes(4))]
                elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                    link_local = body[:2] == b"\xfe\x80"
                    source = [(level, kind, body if link_local else body[:16] + struct.pack("=I", 0))]
            try:
                sock.sendmsg([f"{self.identity}\n{json.dumps(answer)}\n".encode()], source, 0, peer)
            except OSError:
                pass

    def received(self):
        return self.arrivals + (self.half_open() if self.protocol == "tcp" else [])

    def half_open(self):
        """Handshakes under way: the kernel's SYN_RECV entries for our ports."""
        ports, found, now = set(self.ports), [], int(time.time() * 1000)
        for path in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
            try:
                with open(path) as table:
                    rows = [line.split() for line in table.readlines()[1:]]
            except OSError:
                continue
            for row in rows:
                port = int(row[1].split(":")[1], 16)
                if row[3] == "03" and port in ports:
                    words, peer_port = row[2].split(":")
                    raw = b"".join(struct.pack("=I", int(words[i:i + 8], 16)) for i in range(0, len(words), 8))
                    peer = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
                    found.append({"protocol": "tcp", "port": port, "from": endpoint((peer, int(peer_port, 16))),
                                  "halfOpen": True, "at": now})
        return found


async def listen(agent, protocol, ports, identity, address=None, **_):
    servers = Servers(protocol, identity)
    try:
        for port in ports:
            servers.open(address, port)
    except Exception:
        servers.close()
        raise
    agent.handles += 1
    agent.servers[agent.handles] = servers
    return {"handle": agent.handles, "ports": servers.ports}


async def received(agent, handle, **_):
    return agent.servers[handle].received() if handle in agent.servers else []


async def unlisten(agent, handle, **_):
    servers = agent.servers.pop(handle, None)
    if servers:
        servers.close()


# --- ping and datagrams of an exact size ---

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


# --- DNS ---

RECORD_TYPES = {"A": 1, "AAAA": 28}
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += message[at] + 1
    return at + 1


def read_dns_answer(message, record_type):
    """(rcode, addresses) of a DNS answer, RFC 1035 section 4."""
    _, flags, questions, answers = struct.unpack_from("!HHHH", message)
    at, addresses = 12, []
    for _ in range(questions):
        at = skip_name(message, at) + 4
    for _ in range(answers):
        at = skip_name(message, at)
        kind, _, _, length = struct.unpack_from("!HHIH", message, at)
        if kind == record_type:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            addresses.append(socket.inet_ntop(family, message[at + 10:at + 10 + length]))
        at += 10 + length
    return flags & 15, addresses


async def resolve(agent, name, type, nameserver, port, timeoutMs, **_):
    family, sockaddr = resolve_literal(nameserver, port)
    ident = random.randrange(65536)
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
        question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    except (UnicodeEncodeError, ValueError):
        raise ProbeError(f"{name}: expected a DNS name in ASCII with labels below 64 characters")
    query = struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", RECORD_TYPES[type], 1)
    start = time.monotonic()
    sock = open_datagram(family, sockaddr)
    try:
        accept = lambda answer: len(answer) >= 12 and struct.unpack_from("!H", answer)[0] == ident and answer[2] & 0x80
        what, value = await exchange(sock, family, query, timeoutMs / 1000, accept)
    finally:
        sock.close()
    if what == "error":
        return {"state": "refused"} if value["kind"] == "port unreachable" else {"state": "no answer"}
    if what == "nothing":
        return {"state": "no answer"}
    try:
        rcode, addresses = read_dns_answer(value, RECORD_TYPES[type])
    except (IndexError, struct.error, ValueError) as error:
        raise ProbeError(f"the answer of {nameserver} for {name} does not decode ({error}): {value.hex()}")
    took = {"ms": elapsed_ms(start)}
    if rcode == 3:
        return {"state": "nxdomain", **took}
    if rcode:
        return {"state": "failed", "rcode": RCODES.get(rcode, str(rcode)), **took}
    return {"state": "resolved", "addresses": addresses, **took} if addresses else {"state": "no data", **took}


# --- the agent ---

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
