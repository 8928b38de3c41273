import { randomBytes } from "node:crypto";
import { DeadlineExceeded, ProbeFailed } from "#harness/core/errors.ts";
import { type GivenTo, type ResultOf, RpcError } from "#harness/core/rpc/messages.ts";
import type { Host } from "#harness/host/host.ts";
import { recordCommand } from "#harness/host/transcript.ts";
import type { BgpMethods, BgpOptions, BgpSpeech } from "./bgp.ts";
import { describeCall } from "./describe-call.ts";
import { forkAgent, type RunningAgent } from "./fork-server.ts";
import type { HeldEnd, HeldMethods, HoldOptions } from "./held.ts";
import type { Arrival, DatagramResult, PingResult, Reach, Resolution, Transport } from "./reach.ts";
import { type BriefReach, type ReachAllOptions, readBrief, targetWords } from "./reach-all.ts";

/** Ports as a list or an inclusive range. Port 0 in a list takes any free port. */
export type Ports = readonly number[] | { readonly from: number; readonly to: number };

export interface ListenOptions {
  protocol: Transport;
  ports: Ports;
  /** Address to bind; default: all addresses, IPv4 and IPv6. */
  address?: string;
  /** First line of every answer; one line of text. */
  identity: string;
}

export interface TargetOptions {
  protocol: Transport;
  /** IPv4 or IPv6 address; names are not resolved. */
  address: string;
  /** Milliseconds until `dropped`/`silent`; default 2000. */
  timeoutMs?: number;
  /** Travels in the payload and appears in the server's log and in captures; default: a random one. */
  nonce?: string;
}

export interface ConnectOptions extends TargetOptions {
  port: number;
  /** Port of the client over UDP, so that several attempts are one flow; default: a free one. */
  fromPort?: number;
}

export interface ScanOptions extends TargetOptions {
  ports: Ports;
  /** Attempts under way at once; default and maximum: what the open-file limit of the agent carries. */
  parallel?: number;
}

export interface PingOptions {
  address: string;
  /** Echo requests; default 1. */
  count?: number;
  /** Milliseconds between requests; default 50. */
  intervalMs?: number;
  /** Bytes of the whole IP packet (not of the payload); default 84 for IPv4, 104 for IPv6. */
  packetBytes?: number;
  /** Sets DF (IPv4) or forbids fragmentation at the source (IPv6); default false. */
  dontFragment?: boolean;
  /** Milliseconds to wait for the replies after the last request; default 2000. */
  timeoutMs?: number;
  /** ASCII text that fills the payload, to find the packets in a capture; default: a random one. */
  marker?: string;
}

export interface DatagramOptions {
  address: string;
  /** Where a UDP `listen` of another agent answers. */
  port: number;
  /** Bytes of the whole IP packet. */
  packetBytes: number;
  /** Default true. */
  dontFragment?: boolean;
  /** Default 2000. */
  timeoutMs?: number;
  /** ASCII text that fills the payload; default: a random one. */
  marker?: string;
}

export interface SendOptions {
  address: string;
  port: number;
  /** What the datagram carries, byte by byte. */
  payload: Buffer;
}

export interface ResolveOptions {
  name: string;
  /** Default `A`. */
  type?: "A" | "AAAA";
  /** Address of the name server, e.g. `127.0.0.11`. */
  nameserver: string;
  /** Default 53. */
  port?: number;
  /** Default 2000. */
  timeoutMs?: number;
}

/** Servers that are listening. */
export interface Listener extends AsyncDisposable {
  readonly identity: string;
  readonly protocol: Transport;
  /** The ports, in the order they were asked for; free ports filled in. */
  readonly ports: readonly number[];
  /** Everything that arrived since the start, oldest first. With a nonce, what carried that one: what was never completed is not among it. */
  received(nonce?: string): Promise<Arrival[]>;
  close(): Promise<void>;
}

/** The workload has no route to the target: the packet could not even leave. A positive check reads this as the plugin's fault. */
export class NoRoute extends ProbeFailed {
  override name = "NoRoute";
}

/** What the agent can be asked, with every default filled in. */
interface ProbeMethods extends BgpMethods, HeldMethods {
  ready(given: object): { python: string; parallel: number };
  listen(given: Omit<ListenOptions, "ports"> & { ports: number[] }): { handle: number; ports: number[] };
  received(given: { handle: number; nonce?: string }): Arrival[];
  unlisten(given: { handle: number }): null;
  scan(given: Required<TargetOptions> & ScanLimits & Pick<ConnectOptions, "fromPort">): [number, Reach][];
  reachAll(given: { targets: string[]; timeoutMs: number; nonce: string }): string[];
  ping(given: Required<Omit<PingOptions, "packetBytes">> & Pick<PingOptions, "packetBytes">): PingResult;
  datagram(given: Required<DatagramOptions>): DatagramResult;
  send(given: Omit<SendOptions, "payload"> & { payload: string }): null;
  resolve(given: Required<ResolveOptions>): Resolution;
}

interface ScanLimits {
  ports: number[];
  parallel: number | undefined;
}

const startDeadlineMs = 15_000;
const graceMs = 10_000;
const endMs = 5_000;
const defaultTimeoutMs = 2_000;

/** A text that no other packet carries: for nonces and packet markers. */
export function uniqueMarker(): string {
  return `nc${randomBytes(8).toString("hex")}`;
}

/**
 * A small program in a network namespace of a node that listens, connects, pings and resolves.
 * Needs `python3` on the node, nothing in the workload's image. Any number of calls may be under way.
 * Every method throws `ProbeFailed` when the probe itself could not do its work, `NoRoute` when the namespace has no route.
 */
export class ProbeAgent implements AsyncDisposable {
  /** `<node>:<namespace path>` or `<node>` for the node's own namespace; for messages. */
  readonly where: string;
  readonly host: Host;
  /** Path of the network namespace on the node; undefined for the node's own. */
  readonly netns: string | undefined;
  readonly #program: RunningAgent<ProbeMethods>;

  private constructor(
    host: Host,
    netns: string | undefined,
    where: string,
    program: RunningAgent<ProbeMethods>,
  ) {
    this.host = host;
    this.netns = netns;
    this.where = where;
    this.#program = program;
  }

  /**
   * Starts the agent in the namespace `netns` of `host` (the host's own when omitted). Ends with `close`, or when the connection does.
   * Throws `ProbeFailed` when python3 or the namespace is missing.
   */
  static async start(host: Host, netns?: string): Promise<ProbeAgent> {
    const where = netns ? `${host.name}:${netns}` : host.name;
    const peer = `the probe agent on ${where}`;
    const lost = (message: string) => new ProbeFailed(message, endedHint);
    const program = await forkAgent<ProbeMethods>(host, { netns, peer, lost });
    try {
      await program.rpc.call(
        "ready",
        {},
        { deadline: { what: `${peer} to start`, deadlineMs: startDeadlineMs } },
      );
    } catch (error) {
      program.cutOff();
      throw probeError(error, where);
    }
    return new ProbeAgent(host, netns, where, program);
  }

  async #call<Op extends keyof ProbeMethods>(
    op: Op,
    params: GivenTo<ProbeMethods, Op>,
    expectedMs: number,
  ): Promise<ResultOf<ProbeMethods, Op>> {
    const { rpc } = this.#program;
    if (rpc.ended) throw rpc.ended;
    const startedAt = Date.now();
    const start = performance.now();
    const record = (code: number, stdout: string, stderr: string) =>
      recordCommand({
        host: this.host.name,
        argv: describeCall(this.netns, op, params),
        ...{ code, signal: null, stdout, stderr, startedAt, durationMs: performance.now() - start },
      });
    const what = `the probe agent on ${this.where} to answer ${op}`;
    try {
      const value = await rpc.call(op, params, { deadline: { what, deadlineMs: expectedMs + graceMs } });
      record(0, JSON.stringify(value), "");
      return value;
    } catch (error) {
      const known = probeError(error, this.where);
      record(1, "", String(known));
      throw known;
    }
  }

  /** Starts one server per port; all are listening when this returns. Throws `ProbeFailed` when a port is taken. */
  async listen(options: ListenOptions): Promise<Listener> {
    const { protocol, identity } = options;
    const opened = await this.#call("listen", { ...options, ports: listPorts(options.ports) }, 0);
    const close = async () => {
      if (!this.#program.rpc.ended) await this.#call("unlisten", { handle: opened.handle }, 0);
    };
    return {
      identity,
      protocol,
      ports: opened.ports,
      received: (nonce) =>
        this.#call("received", { handle: opened.handle, ...(nonce === undefined ? {} : { nonce }) }, 0),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  /** One attempt to reach a port. UDP sends the datagram up to three times within the timeout. */
  async connect(options: ConnectOptions): Promise<Reach> {
    const reaches = await this.scan({ ...options, ports: [options.port] });
    return reaches.get(options.port)!;
  }

  /** Attempts all ports at once: a thousand dropped ports cost about one timeout. Keys are the ports in the order given. */
  async scan(options: ScanOptions & Pick<ConnectOptions, "fromPort">): Promise<Map<number, Reach>> {
    const { protocol, address, timeoutMs = defaultTimeoutMs, nonce = uniqueMarker() } = options;
    const { parallel, fromPort } = options;
    const ports = listPorts(options.ports);
    const rounds = parallel ? Math.ceil(ports.length / parallel) : 1;
    const reaches = await this.#call(
      "scan",
      { protocol, address, ports, timeoutMs, nonce, parallel, ...(fromPort ? { fromPort } : {}) },
      timeoutMs * rounds + ports.length * 20,
    );
    return new Map(reaches);
  }

  /** One attempt for each target, all at once; what became of them, in their order. */
  async reachAll(options: ReachAllOptions): Promise<BriefReach[]> {
    const { timeoutMs = defaultTimeoutMs, nonce = uniqueMarker() } = options;
    const targets = options.targets.map(targetWords);
    const states = await this.#call(
      "reachAll",
      { targets, timeoutMs, nonce },
      timeoutMs + targets.length * 20,
    );
    return states.map(readBrief);
  }

  /** ICMP or ICMPv6 echo from a raw socket; errors that come back are part of the result. */
  ping(options: PingOptions): Promise<PingResult> {
    const { count = 1, intervalMs = 50, timeoutMs = defaultTimeoutMs, marker = uniqueMarker() } = options;
    return this.#call(
      "ping",
      { dontFragment: false, ...options, count, intervalMs, timeoutMs, marker },
      timeoutMs + count * intervalMs,
    );
  }

  /** Sends one UDP datagram in an IP packet of exactly `packetBytes` and says what became of it. */
  sendDatagram(options: DatagramOptions): Promise<DatagramResult> {
    const { timeoutMs = defaultTimeoutMs, marker = uniqueMarker() } = options;
    return this.#call("datagram", { dontFragment: true, ...options, timeoutMs, marker }, timeoutMs);
  }

  /** Sends one UDP datagram that nobody need answer; it may be one of any protocol over UDP. */
  async send({ payload, ...options }: SendOptions): Promise<void> {
    await this.#call("send", { ...options, payload: payload.toString("hex") }, 0);
  }

  /** Asks one name server for one record type, over UDP, with no search list and no cache. */
  resolve(options: ResolveOptions): Promise<Resolution> {
    const { type = "A", port = 53, timeoutMs = defaultTimeoutMs } = options;
    return this.#call("resolve", { ...options, type, port, timeoutMs }, timeoutMs);
  }

  /** Holds one end of a connection until it is disposed of. Throws `ProbeFailed` where a TCP connection does not come about. */
  async hold(options: HoldOptions): Promise<HeldEnd> {
    const { timeoutMs = defaultTimeoutMs, fresh = false } = options;
    const { handle, port } = await this.#call("hold", { ...options, timeoutMs, fresh }, timeoutMs);
    return {
      port,
      told: () => this.#call("heldTold", { handle }, 0),
      counts: () => this.#call("heldCounts", { handle }, 0),
      [Symbol.asyncDispose]: async () => {
        if (!this.#program.rpc.ended) await this.#call("release", { handle }, 0);
      },
    };
  }

  /** A BGP session with a neighbour, called or calling; or, in words, why there was none in time. Takes TCP port 179 until then. */
  async speakBgp(options: BgpOptions): Promise<BgpSpeech | { failed: string }> {
    const opened = await this.#call("bgpOpen", options, options.timeoutMs);
    if ("failed" in opened) return opened;
    return {
      announce: async (prefixes, marred) => {
        await this.#call("bgpAnnounce", { ...opened, prefixes: [...prefixes], marred: marred ?? null }, 0);
      },
      told: () => this.#call("bgpTold", opened, 0),
      close: async () => {
        if (!this.#program.rpc.ended) await this.#call("bgpClose", opened, 0);
      },
    };
  }

  /** Ends the agent and with it all its servers. */
  async close(): Promise<void> {
    this.#program.rpc.end(new ProbeFailed(`the probe agent on ${this.where} is closed`));
    await this.#program.close(endMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const endedHint = {
  hint: "python3 must be on the node, and the namespace must exist",
};

/** What a call threw, as the agent's callers know it. */
function probeError(error: unknown, where: string): unknown {
  if (error instanceof DeadlineExceeded) return new ProbeFailed(error.message, { cause: error });
  if (!(error instanceof RpcError)) return error;
  const Kind = error.kind === "no route" ? NoRoute : ProbeFailed;
  return new Kind(`the probe on ${where}: ${error.message}`, { cause: error });
}

function listPorts(ports: Ports): number[] {
  if (!("from" in ports)) return [...ports];
  return Array.from({ length: ports.to - ports.from + 1 }, (_, index) => ports.from + index);
}
