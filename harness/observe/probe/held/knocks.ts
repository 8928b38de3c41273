import { until } from "#harness/core/async/poll.ts";
import type { Arrival } from "#harness/host/agent/reach.ts";
import { describeTarget, type Peer, type ProbeTarget } from "#harness/observe/probe/service.ts";

/** Milliseconds for one attempt, in which a datagram is sent up to three times. */
const attemptMs = 60;
const usualMs = 240_000;

/** What became of datagrams that were to get nowhere. */
export interface KnocksRecord {
  readonly attempts: number;
  /** Those that the server saw, whether or not its answer came back. */
  readonly arrived: readonly Arrival[];
}

/**
 * Datagrams from ever new ports of a client, one after another until `stop`, for a UDP server of the harness that they must not reach. What lets
 * them through for a moment is seen by the server.
 */
export class Knocks {
  readonly #from: Peer;
  readonly #target: ProbeTarget;
  readonly #earlier: number;
  #attempts = 0;
  #ended = false;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(from: Peer, target: ProbeTarget, earlier: number) {
    this.#from = from;
    this.#target = target;
    this.#earlier = earlier;
  }

  static async start(from: Peer, target: ProbeTarget): Promise<Knocks> {
    const knocks = new Knocks(from, target, (await arrivalsOf(from, target)).length);
    const agent = await from.agent();
    const { protocol, address, port } = target;
    const what = `the datagrams to ${describeTarget(target)} to be stopped`;
    knocks.#work = until({ what, deadlineMs: usualMs, everyMs: 1 }, async () => {
      await agent.connect({ protocol, address, port, timeoutMs: attemptMs }).catch((error: unknown) => {
        // Nothing that fails is waited for once they are to end, such as a client that is gone.
        if (!knocks.#ended) throw error;
      });
      knocks.#attempts++;
      return knocks.#ended;
    });
    knocks.#work.catch(() => {});
    return knocks;
  }

  /** Resolves when that many more attempts were made. */
  async more(count: number): Promise<void> {
    const wanted = this.#attempts + count;
    const what = `${count} more attempts at ${describeTarget(this.#target)}`;
    await until({ what, deadlineMs: 60_000, everyMs: attemptMs }, () => this.#attempts >= wanted);
  }

  /** Resolves when the last attempt has ended. The server must still be there. */
  async stop(): Promise<KnocksRecord> {
    this.#ended = true;
    await this.#work;
    const arrived = await arrivalsOf(this.#from, this.#target);
    return { attempts: this.#attempts, arrived: arrived.slice(this.#earlier) };
  }
}

async function arrivalsOf({ ip }: Peer, { server }: ProbeTarget): Promise<Arrival[]> {
  const all = (await server?.listener.received()) ?? [];
  return all.filter(({ from }) => from.address === ip);
}
