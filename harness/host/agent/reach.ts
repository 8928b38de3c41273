/** Transport protocols that a probe speaks. */
export type Transport = "tcp" | "udp" | "sctp";

/** An address and port as JSON from the agent; IPv4 dotted or IPv6 text without brackets or zone. */
export interface Endpoint {
  address: string;
  port: number;
}

/**
 * What became of one attempt to reach a port.
 * - `open`: a server answered with its identity (first line of what it sent). A mere handshake is never `open`.
 * - `silent`: TCP or SCTP connected, no answer followed: the peer closed, reset, or said nothing until the deadline.
 *   A userland proxy without a server behind it looks like this.
 * - `refused`: a TCP RST, an SCTP ABORT, or over TCP and UDP an ICMP port unreachable came back (Linux reports them as ECONNREFUSED).
 * - `unreachable`: an ICMP error other than port unreachable came back, the neighbour did not resolve, or, with `EPERM`, the sender's own
 *   namespace refused to send.
 * - `dropped`: nothing came back before the deadline.
 *
 * ICMP errors are rate-limited by the sender's kernel, so in a scan a rejected port may read `dropped`.
 */
export type Reach =
  | { state: "open"; identity: string; seenFrom: Endpoint | undefined; ms: number }
  | { state: "silent"; how: "closed" | "reset" | "timeout"; ms: number }
  | { state: "refused"; ms: number }
  | { state: "unreachable"; errno: string; ms: number }
  | { state: "dropped"; ms: number };

/** One arrival as the server saw it. */
export interface Arrival {
  protocol: Transport;
  /** Port of the server. */
  port: number;
  /** Address and port of the client as the server sees them, after any NAT. */
  from: Endpoint;
  /** The nonce the client sent; absent when it sent none (yet). */
  nonce?: string;
  /** `true`: only a SYN arrived; the handshake was not completed because the answer got lost. */
  halfOpen: boolean;
  /** Milliseconds since the epoch on the server's node. */
  at: number;
}

/** An ICMP error, or a refusal by the sender's own kernel (`local`), for something that was sent. */
export interface PathError {
  kind:
    | "fragmentation needed"
    | "host unreachable"
    | "network unreachable"
    | "prohibited"
    | "port unreachable"
    | "time exceeded"
    | "refused to send"
    | "other";
  /** Raised by the sender's own kernel before anything left: EMSGSIZE, EPERM, neighbour not resolved. */
  local: boolean;
  errno: string;
  /** Who reported it; absent where the kernel does not say. */
  by?: string;
  /** Bytes of the largest IP packet that fits, for `fragmentation needed`. */
  mtu?: number;
}

export interface PingReply {
  seq: number;
  ms: number;
  /** TTL or hop limit on arrival. */
  ttl: number | undefined;
  /** IPv4 identification of the reply; undefined for IPv6. */
  ipId: number | undefined;
}

export interface PingResult {
  sent: number;
  received: number;
  replies: PingReply[];
  errors: PathError[];
}

/**
 * What became of one datagram of an exact size.
 * - `delivered`: the peer's server confirmed that all bytes arrived.
 * - `too big`: refused for its size, by the own kernel (`error.local`) or by an ICMP "fragmentation needed".
 * - `unreachable` / `refused`: another ICMP error came back.
 * - `lost`: nothing came back before the deadline.
 */
export type DatagramResult =
  | { state: "delivered"; identity: string; bytes: number; ms: number }
  | { state: "too big"; error: PathError }
  | { state: "refused"; error: PathError }
  | { state: "unreachable"; error: PathError }
  | { state: "lost" };

/** What a name server said. `no data` is NOERROR without a record of the type asked for. */
export type Resolution =
  | { state: "resolved"; addresses: string[]; ms: number }
  | { state: "nxdomain"; ms: number }
  | { state: "no data"; ms: number }
  | { state: "failed"; rcode: string; ms: number }
  | { state: "refused" }
  /** With the error that came of the question, where one did. */
  | { state: "no answer"; errno?: string };

/** What is told of a sender whose own rules, e.g. of nftables, drop what it sends. */
export const refusesToSend = "its own namespace refuses to send";

/** Whether the sender's own namespace refused to send, so that nothing left it. */
export function isUnsent(seen: object): boolean {
  return "errno" in seen && seen.errno === "EPERM";
}

/** A reach in a few words: `open (answered "web-1")`, `refused`, `unreachable (EHOSTUNREACH)`, `silent (closed)`. */
export function describeReach(reach: Reach): string {
  switch (reach.state) {
    case "open":
      return `open (answered ${JSON.stringify(reach.identity)})`;
    case "silent":
      return `silent (connected, then ${reach.how === "timeout" ? "nothing" : reach.how})`;
    case "unreachable":
      return `unreachable (${isUnsent(reach) ? `${reach.errno}: ${refusesToSend}` : reach.errno})`;
    default:
      return reach.state;
  }
}

/** The command by which a person repeats a connect in a network namespace of a node; it ends within two seconds. */
export function connectByHand(
  netns: string | undefined,
  target: { protocol: Transport; address: string; port: number },
): string[] {
  const inside = netns ? ["nsenter", `--net=${netns}`] : [];
  if (target.protocol === "sctp") {
    // 132 is the number of SCTP; the shell has no /dev/sctp.
    const family = target.address.includes(":") ? "AF_INET6" : "AF_INET";
    const to = `("${target.address}", ${target.port})`;
    // From one address, as the agent asks.
    const way = `import socket as s; u = s.socket(s.${family}, s.SOCK_DGRAM); u.connect(${to})`;
    const bind = `c = s.socket(s.${family}, s.SOCK_STREAM, 132); c.bind((u.getsockname()[0], 0)); c.settimeout(2)`;
    const ask = `c.connect(${to}); print(c.recv(99).decode().split("\\n")[0])`;
    return [...inside, "timeout", "2", "python3", "-c", `${way}; ${bind}; ${ask}`];
  }
  const udp = target.protocol === "udp";
  return [
    ...inside,
    ...["timeout", "2", "bash", "-c"],
    `exec 3<>/dev/${target.protocol}/${target.address}/${target.port}${udp ? " && echo hello >&3" : ""} && head -1 <&3`,
  ];
}
