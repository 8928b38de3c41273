import type { Scope } from "#harness/core/async/scope.ts";
import { ProbeFailed } from "#harness/core/errors.ts";
import { forkAgent, type RunningAgent } from "#harness/host/agent/fork-server.ts";
import type { Host } from "#harness/host/host.ts";

/** Echo requests of one length from one source. */
export interface Tallied {
  /** IPv4 address. */
  readonly source: string;
  readonly count: number;
  /** How long ago the first and the last of them came, in milliseconds. */
  readonly firstAgoMs: number;
  readonly lastAgoMs: number;
}

/** As harness/host/agent/python has it in watch/tally.py. */
interface TallyMethods {
  tallyBegin(given: object): null;
  tallyFirst(given: { bytes: number; timeoutMs: number }): Tallied[];
  tallyTake(given: { bytes: number }): { seen: Tallied[]; dropped: number };
  tallyTakeAll(given: object): { lengths: { bytes: number; seen: Tallied[] }[]; dropped: number };
}

const startDeadlineMs = 15_000;
const graceMs = 10_000;
const endMs = 5_000;

/**
 * Counts the IPv4 echo requests that come into a network namespace, on any of its interfaces and before any rule of the IP hooks sees them; what `tc` or a rule of
 * `netdev` drops at the device itself has not come in. They are told apart by their length: who sends one of a length of its own is known, whatever address it has on the way.
 */
export class Tally {
  /** `<node>:<namespace path>` or `<node>`, for messages. */
  readonly where: string;
  readonly #agent: RunningAgent<TallyMethods>;

  private constructor(where: string, agent: RunningAgent<TallyMethods>) {
    this.where = where;
    this.#agent = agent;
  }

  /**
   * Counts from when this resolves until `scope` closes, in the namespace `netns` of `host` (the host's own when omitted). Throws `ProbeFailed`
   * where packets cannot be seen there.
   */
  static async start(scope: Scope, host: Host, netns?: string): Promise<Tally> {
    const where = netns ? `${host.name}:${netns}` : host.name;
    const peer = `the tally on ${where}`;
    const lost = (message: string) => new ProbeFailed(message);
    const agent = await forkAgent<TallyMethods>(host, { netns, peer, lost });
    scope.defer(peer, () => agent.close(endMs));
    await agent.rpc.call(
      "tallyBegin",
      {},
      { deadline: { what: `${peer} to begin`, deadlineMs: startDeadlineMs } },
    );
    return new Tally(where, agent);
  }

  /** What came in IP packets of so many bytes, as soon as there is one; nothing where none came in time. */
  first(bytes: number, timeoutMs: number): Promise<Tallied[]> {
    return this.#agent.rpc.call("tallyFirst", { bytes, timeoutMs }, this.#within(timeoutMs));
  }

  /** What came in IP packets of so many bytes so far, which is forgotten. Throws `ProbeFailed` where the kernel has lost packets by now. */
  async take(bytes: number): Promise<Tallied[]> {
    const { seen, dropped } = await this.#agent.rpc.call("tallyTake", { bytes }, this.#within(0));
    this.#expectComplete(dropped);
    return seen;
  }

  /** What came so far, by the length of its IP packets in bytes, which is forgotten. Throws `ProbeFailed` as `take` does. */
  async takeAll(): Promise<Map<number, readonly Tallied[]>> {
    const { lengths, dropped } = await this.#agent.rpc.call("tallyTakeAll", {}, this.#within(0));
    this.#expectComplete(dropped);
    return new Map(lengths.map(({ bytes, seen }) => [bytes, seen]));
  }

  #expectComplete(dropped: number): void {
    if (dropped === 0) return;
    throw new ProbeFailed(`the tally on ${this.where} is incomplete: the kernel dropped ${dropped} packets`);
  }

  #within(expectedMs: number) {
    return {
      deadline: { what: `the tally on ${this.where} to answer`, deadlineMs: expectedMs + graceMs },
    };
  }
}
