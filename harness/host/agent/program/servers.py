"""Servers that answer with their identity and log who came."""

import asyncio
import json
import socket
import struct
import time

from sockets import ProbeError, endpoint, explain, open_socket, resolve_literal, wait_ready

# Not in every Python's socket module; value from linux/in.h.
IP_PKTINFO = 8
NONCE_SECONDS = 2.0


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
            if await wait_ready(connection, NONCE_SECONDS):
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
