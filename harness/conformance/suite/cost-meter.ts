import type { Host } from "#harness/host/host.ts";
import { type Cost, costOf, type PartCost } from "#harness/observe/cost/cost.ts";
import {
  type Counters,
  costBetween,
  forgetOwnPeak,
  readHostCounters,
  readOwnCounters,
} from "#harness/observe/cost/counters.ts";

/** Why a test that is not alone has no cost of its own. */
export const notAlone = "it ran at the same time as other tests of its chapter";

/** Counters by name of host, and of this process. */
type Reading = ReadonlyMap<string, Counters>;

const nothingYet: Counters = { processor: { seconds: 0 }, memory: { peakBytes: 0, atMost: false } };
/** What this process had used when its last suite had ended: what it does between two counts for the later one. */
let ownBefore = nothingYet;

/** For how long a reading also tells what there was before the next test: idle hosts use next to nothing meanwhile. */
const freshMs = 100;

/** A test that is under way. */
interface MeteredTest {
  shared: boolean;
}

/** A test that is measured. */
export interface Measuring {
  /** What the test has used, which has ended. */
  cost(): Promise<Cost>;
  /** The test has ended, and nobody asks what it has used. */
  forget(): void;
}

/** Measures what a suite and its tests use: this worker, and the hosts that work for it. No measurement fails a test. */
export class CostMeter {
  #hosts: readonly Host[] | undefined;
  #before: Reading = new Map();
  readonly #running = new Set<MeteredTest>();
  /** The last reading, while no test has begun since. */
  #last: { readonly reading: Reading; readonly at: number } | undefined;

  /** Begins to measure; where it is not called, the hosts count as not measured. */
  async begin(hosts: readonly Host[]): Promise<void> {
    this.#before = await this.#read(hosts);
    this.#hosts = hosts;
  }

  /** What the suite has used since `begin`, and this worker since the suite before it. Called once. */
  async end(): Promise<Cost> {
    const after = await readAll(this.#hosts ?? []);
    const own = readOwnCounters();
    const worker = costBetween("worker", ownBefore, own);
    ownBefore = forgetOwnPeak() ? { ...own, memory: { peakBytes: 0, atMost: false } } : own;
    if (!this.#hosts) {
      const why = { notMeasured: "the chapter could not be opened" };
      return costOf([worker, { of: "hosts", processor: why, memory: why }]);
    }
    return costOf([worker, ...between(this.#before, after)]);
  }

  /**
   * Measures a test from now on, until one of what it resolves to is called. Costs are told of tests that ran alone: nobody can tell
   * which of several the work of an engine was for.
   */
  async test(): Promise<Measuring> {
    const test: MeteredTest = { shared: this.#running.size > 0 };
    for (const other of this.#running) other.shared = true;
    this.#running.add(test);
    const hosts = this.#hosts ?? [];
    const last = this.#last;
    this.#last = undefined;
    const known = last && performance.now() - last.at < freshMs ? last.reading : undefined;
    const before = test.shared ? undefined : (known ?? (await readAll(hosts)));
    const own = readOwnCounters();
    return {
      cost: async () => {
        const after = before && !test.shared ? await this.#read(hosts) : undefined;
        this.#running.delete(test);
        if (!before || !after || test.shared) return unmeasured;
        return costOf([costBetween("worker", own, readOwnCounters()), ...between(before, after)]);
      },
      forget: () => void this.#running.delete(test),
    };
  }

  async #read(hosts: readonly Host[]): Promise<Reading> {
    const reading = await readAll(hosts);
    this.#last = { reading, at: performance.now() };
    return reading;
  }
}

const unmeasured: Cost = {
  processor: { notMeasured: notAlone },
  memory: { notMeasured: notAlone },
  parts: [],
};

async function readAll(hosts: readonly Host[]): Promise<Reading> {
  return new Map(
    await Promise.all(hosts.map(async (host) => [host.name, await readHostCounters(host)] as const)),
  );
}

function between(before: Reading, after: Reading): PartCost[] {
  return [...before].flatMap(([name, counters]) => {
    const later = after.get(name);
    return later ? [costBetween(name, counters, later)] : [];
  });
}
