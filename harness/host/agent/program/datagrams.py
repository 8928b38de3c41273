"""Datagram exchanges, and the errors that come back for them: the socket's error queue."""

import errno
import socket
import struct
import time

from sockets import name_of, open_socket, own_failure, plain, wait_ready

# Not in every Python's socket module; values from linux/in.h, linux/in6.h.
IP_MTU_DISCOVER, IP_RECVERR, IPV6_MTU_DISCOVER, IPV6_RECVERR = 10, 11, 23, 25
MSG_ERRQUEUE = 0x2000
PMTUDISC_DONT, PMTUDISC_DO = 0, 2
ORIGIN_LOCAL = 1
ATTEMPTS = 3


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
