import type { Listener, Ports, ProbeAgent } from "#harness/host/agent/agent.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import type { Probe } from "#harness/observe/hop/hop.ts";

/** Something probes start from or servers run on: a workload, or a node with an agent in its own namespace. */
export interface Peer {
  readonly name: string;
  /** Address by which others reach it, without prefix. */
  readonly ip: string;
  /** Name server that it asks first; absent: the engine's embedded DNS. */
  readonly nameserver?: string;
  agent(): Promise<ProbeAgent>;
}

/** One port at one address, as a client asks for it. */
export interface ProbeTarget {
  /** For messages, e.g. `web-1`. */
  readonly name: string;
  readonly protocol: Transport;
  readonly address: string;
  readonly port: number;
  /** What the server there answers with; undefined: any answer will do. */
  readonly identity: string | undefined;
  /** Our server behind it, its own port and its peer, where it is ours: its log tells "dropped" from "answer lost". */
  readonly server?: { readonly listener: Listener; readonly port: number; readonly peer: Peer };
}

/** Servers of the harness on a peer, known to be listening. */
export interface ProbeService extends AsyncDisposable {
  readonly peer: Peer;
  readonly protocol: Transport;
  readonly identity: string;
  readonly ports: readonly number[];
  readonly listener: Listener;
  /** One of its ports as a target: at the peer's own address, or through a published address and port. */
  at(port: number, published?: { address?: string; port?: number }): ProbeTarget;
}

export interface ServeOptions {
  ports: Ports;
  /** Default `tcp`. */
  protocol?: Transport;
  /** Default: the peer's name. */
  identity?: string;
  /** Address to bind; default: all. */
  address?: string;
}

/** Starts servers that answer with their identity; disposal or the end of the peer's agent stops them. */
export async function serve(peer: Peer, options: ServeOptions): Promise<ProbeService> {
  const { ports, protocol = "tcp", identity = peer.name, address } = options;
  const agent = await peer.agent();
  const listener = await agent.listen({ ports, protocol, identity, ...(address ? { address } : {}) });
  return {
    peer,
    protocol,
    identity,
    ports: listener.ports,
    listener,
    at: (port, published = {}) => ({
      name: peer.name,
      protocol,
      address: published.address ?? peer.ip,
      port: published.port ?? port,
      identity,
      server: { listener, port, peer },
    }),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** `tcp 10.1.1.2:80` or `udp [fd00::2]:53`, with the target's name. */
export function describeTarget(target: ProbeTarget): string {
  const address = target.address.includes(":") ? `[${target.address}]` : target.address;
  return `${target.name} (${target.protocol} ${address}:${target.port})`;
}

/** What a client sends to a target, to be followed on its way. */
export function probeOf(
  from: Peer,
  { name, protocol, address, port, server }: ProbeTarget,
): Omit<Probe, "again" | "marker"> {
  const ports = [port, ...(server ? [server.port] : [])];
  return { from, to: { name, peer: server?.peer }, protocol, address, ports };
}
