import {
  readClusterSnapshot,
  readStableSnapshot,
  type Snapshot,
} from "#harness/cluster/snapshot/snapshot.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { LoadProbe } from "#harness/core/async/starvation.ts";
import { didNotCome, Nonconformance } from "#harness/core/errors.ts";
import { type Cycle, growthOf, type Tenth, tenthsOf } from "#harness/oracle/churn/churn.ts";
import { amongForeignLinks } from "./foreign.ts";
import { type Ground, type GroundContext, groundOf } from "./ground.ts";

/** What came of all cycles. */
export interface Churn {
  readonly cycle: string;
  readonly tenths: readonly Tenth[];
}

/** So many failures tell what there is to tell. */
const enoughFailures = 10;
/** Engines finish tearing down a little after they have answered. */
const settleMs = 15_000;
const probeMs = 100;

/**
 * Attaches and detaches `total` times, a tenth at a time. After each of them the links of others have gone and nothing is attached, and
 * what is on the nodes is read. The first and the last attachment are seen to work. Ends early where enough has failed.
 */
export async function churn(context: GroundContext, total: number): Promise<Churn> {
  const ground = await groundOf(context);
  const tenths: Tenth[] = [];
  let first: Snapshot | undefined;
  for (const numbers of tenthsOf(total)) {
    const probe = new LoadProbe();
    const start = performance.now();
    const { done: cycles, foreign } = await amongForeignLinks(ground.node, () =>
      measured(probe, () => all(ground, context.scope, numbers, total)),
    );
    const starved = probe.blame(`cycles ${numbers[0]} to ${numbers.at(-1)}`, performance.now() - start);
    const snapshot: Snapshot = first
      ? await settled(context, first)
      : await readStableSnapshot(context.cluster);
    first ??= snapshot;
    tenths.push({
      ...{ cycles, snapshot, foreign },
      ...(starved ? { starved: starved.message } : {}),
    });
    if (failuresIn(tenths).length >= enoughFailures) break;
  }
  return { cycle: ground.cycle, tenths };
}

/** Those that failed, in their order. */
export function failuresIn(tenths: readonly Tenth[]): Cycle[] {
  return tenths.flatMap(({ cycles }) => cycles.filter(({ failure }) => failure !== undefined));
}

/** Measures beside `work` whether the machine has time for this process. */
async function measured<T>(probe: LoadProbe, work: () => Promise<T>): Promise<T> {
  let ended = false;
  const probing = (async () => {
    while (!ended) await probe.pause(probeMs);
  })();
  try {
    return await work();
  } finally {
    ended = true;
    await probing;
  }
}

/** The cycles of these numbers, several at a time. */
async function all(
  ground: Ground,
  scope: Scope,
  numbers: readonly number[],
  total: number,
): Promise<Cycle[]> {
  const done: Cycle[] = [];
  const waiting = [...numbers];
  let stopped = false;
  const work = async (lane: number) => {
    for (let number = waiting.shift(); number !== undefined && !stopped; number = waiting.shift()) {
      done.push(await one(ground, scope, { number, lane, looks: number === 1 || number === total }));
      sayHowFar(done.length + numbers[0]! - 1, total, "attachments");
      if (done.filter(({ failure }) => failure !== undefined).length >= enoughFailures) stopped = true;
    }
  };
  const lanes = Array.from({ length: ground.atATime }, (_, lane) =>
    work(lane).catch((error: unknown) => {
      stopped = true;
      throw error;
    }),
  );
  await allEnded(lanes);
  return done.sort((a, b) => a.number - b.number);
}

async function one(
  ground: Ground,
  scope: Scope,
  { number, lane, looks }: { number: number; lane: number; looks: boolean },
): Promise<Cycle> {
  const own = scope.child(`cycle ${number}`);
  const start = performance.now();
  let lookedMs = 0;
  const cycle = async () => {
    const attached = await ground.attach(own, lane);
    if (looks) {
      const begun = performance.now();
      await attached.reach();
      lookedMs = performance.now() - begun;
    }
    await attached.detach();
  };
  const failure = (await wordsOf(cycle)) ?? (await wordsOf(() => own.close()));
  if (failure !== undefined) await wordsOf(() => own.close());
  const tookMs = performance.now() - start - lookedMs;
  return { number, tookMs, ...(failure === undefined ? {} : { failure }) };
}

/** What the plugin, or the engine for it, said where the work failed by it. */
async function wordsOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Nonconformance) return error.message;
    throw error;
  }
}

/** What is on the nodes as soon as there is no more than there was; what is there when that does not come about. */
async function settled({ cluster }: GroundContext, first: Snapshot): Promise<Snapshot> {
  let last = first;
  try {
    await until(
      { what: "the nodes to have no more than before", deadlineMs: settleMs, everyMs: 300 },
      async () => {
        last = await readClusterSnapshot(cluster);
        return growthOf([first, last]).length === 0;
      },
    );
  } catch (error) {
    if (!didNotCome(error)) throw error;
  }
  return last;
}
