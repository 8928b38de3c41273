import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { didNotCome, Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import type { HeldEnd } from "#harness/host/agent/held.ts";
import type { Transport } from "#harness/host/agent/reach.ts";
import { type Clock, onOurClock, readClock } from "#harness/host/clock.ts";
import type { Host } from "#harness/host/host.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { type Stream, streamOf } from "./stream.ts";

/** A connection that is to be held. */
export interface HeldSpec {
  /** Opens it. */
  readonly from: Peer;
  readonly to: Peer;
  readonly protocol: Transport;
  /** Free port of `to`; default: any. */
  readonly port?: number;
  /** Over UDP: each line comes from another port, as those of many clients do, and nothing comes back; default false. */
  readonly fresh?: boolean;
  /** Milliseconds between two lines, at both ends; default 20. */
  readonly everyMs?: number;
}

/** What became of a held connection by now, in both directions. */
export interface HeldTold {
  /** From the end that opened it to the one that listened, and back. */
  readonly there: Stream;
  readonly back: Stream;
  /** What ended it, by the end that saw it; `undefined` while it is up. Nothing ends datagrams. */
  readonly ended?: string;
  /** When its ends were asked; milliseconds since the epoch on the clock of this process. What was sent later may be on its way. */
  readonly lookedAt: number;
}

const openMs = 10_000;

/**
 * A TCP connection, or datagrams between two ports, over which both ends send numbered lines at a steady pace until the scope
 * closes. What either end sent and what arrived at the other one is known line by line.
 */
export class HeldConnection {
  readonly spec: HeldSpec;
  /** Of the end that listens. */
  readonly port: number;
  readonly #opener: HeldEnd;
  readonly #listener: HeldEnd;

  private constructor(spec: HeldSpec, opener: HeldEnd, listener: HeldEnd) {
    this.spec = spec;
    this.port = listener.port;
    this.#opener = opener;
    this.#listener = listener;
  }

  /**
   * Resolves once a line of each end that sends has arrived at the other one. Throws `Nonconformance` where that does not come about, and
   * `ProbeFailed` where an end cannot be set up.
   */
  static async open(scope: Scope, spec: HeldSpec): Promise<HeldConnection> {
    const { from, to, protocol, port = 0, everyMs = 20, fresh = false } = spec;
    const [opening, listening] = await Promise.all([from.agent(), to.agent()]);
    const listener = await listening.hold({
      ...{ protocol, everyMs, fresh, listens: true, address: to.ip, port },
    });
    scope.defer(`the held connection at ${to.name}`, () => listener[Symbol.asyncDispose]());
    const opener = await opening
      .hold({
        ...{
          protocol,
          everyMs,
          fresh,
          listens: false,
          address: to.ip,
          port: listener.port,
          timeoutMs: openMs,
        },
      })
      .catch((error: unknown) => {
        if (!(error instanceof ProbeFailed)) throw error;
        throw new Nonconformance({ ...describe(spec, listener.port), got: error.message });
      });
    scope.defer(`the held connection at ${from.name}`, () => opener[Symbol.asyncDispose]());
    const connection = new HeldConnection(spec, opener, listener);
    await connection.#untilHeard();
    return connection;
  }

  /** `tcp from a to b port 4711`. */
  get name(): string {
    const { protocol, from, to } = this.spec;
    return `${protocol} from ${from.name} to ${to.name} port ${this.port}`;
  }

  /** What became of it by now. `clocks`: those of the hosts of both ends. */
  async told(clocks: Clocks): Promise<HeldTold> {
    const { from, to } = this.spec;
    const lookedAt = Date.now();
    const [opening, listening] = await Promise.all([from.agent(), to.agent()]);
    const [opener, listener] = await Promise.all([this.#opener.told(), this.#listener.told()]);
    const atOpener = (at: number) => onOurClock(at, clocks.get(opening.host));
    const atListener = (at: number) => onOurClock(at, clocks.get(listening.host));
    const ended =
      opener.ended !== null
        ? `${opener.ended}, as ${from.name} saw it`
        : listener.ended !== null
          ? `${listener.ended}, as ${to.name} saw it`
          : undefined;
    return {
      there: streamOf(opener, listener, { sender: atOpener, receiver: atListener }),
      back: streamOf(listener, opener, { sender: atListener, receiver: atOpener }),
      ...(ended === undefined ? {} : { ended }),
      lookedAt,
    };
  }

  /** How many lines were sent by who opened it, and how many arrived there and back. */
  async counts(): Promise<{ sent: number; there: number; back: number }> {
    const [opener, listener] = await Promise.all([this.#opener.counts(), this.#listener.counts()]);
    return { sent: opener.sent, there: listener.arrived, back: opener.arrived };
  }

  async #untilHeard(): Promise<void> {
    let got = "nothing";
    await until({ what: `${this.name} to carry lines`, deadlineMs: openMs }, async () => {
      const { there, back } = await this.counts();
      got = `${there} lines there, ${back} back`;
      return there > 0 && (back > 0 || this.spec.fresh);
    }).catch((error: unknown) => {
      if (!didNotCome(error)) throw error;
      throw new Nonconformance({ ...describe(this.spec, this.port), got });
    });
  }
}

/** By host; one whose clock could not be read is taken to be right. */
export type Clocks = ReadonlyMap<Host, Clock>;

/** Asks all connections at once, with the clock of each of their hosts read once. */
export async function tellAll(connections: readonly HeldConnection[]): Promise<HeldTold[]> {
  const peers = new Set(connections.flatMap(({ spec }) => [spec.from, spec.to]));
  const agents = await Promise.all([...peers].map((peer) => peer.agent()));
  const hosts = [...new Set(agents.map(({ host }) => host))];
  const read = await Promise.all(hosts.map(async (host) => [host, await readClock(host)] as const));
  const clocks = new Map(read.flatMap(([host, clock]) => (clock ? [[host, clock] as const] : [])));
  return Promise.all(connections.map((connection) => connection.told(clocks)));
}

function describe({ protocol, from, to }: HeldSpec, port: number): { who: string; expected: string } {
  return {
    who: `${protocol} from ${from.name} to ${to.name} (${to.ip}) port ${port}`,
    expected: "lines to arrive at both ends",
  };
}
