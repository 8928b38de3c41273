import { type CaseResult, type FaultCase, holds } from "#harness/proof/case.ts";
import { judge } from "#harness/proof/judge.ts";
import { CaseQueue } from "./queue.ts";
import type { CaseTestbed } from "./testbed.ts";

export interface CaseRunOptions {
  readonly testbeds: readonly CaseTestbed[];
  /** Begins nothing any more once it is aborted: then an interruption removes what was brought up. */
  readonly signal: AbortSignal;
  /** Called with each result as it comes. A case that could not be run has none. */
  readonly tell: (result: CaseResult) => void;
}

/**
 * Runs cases on testbeds side by side: each testbed takes the next cases that it can run, until there is none. One that
 * is not as before afterwards is replaced. When one breaks, the others go on, and its error is thrown at the end.
 */
export async function runCases(
  cases: readonly FaultCase[],
  { testbeds, signal, tell }: CaseRunOptions,
): Promise<void> {
  const queue = new CaseQueue(cases);
  signal.addEventListener("abort", () => queue.close(), { once: true });
  if (signal.aborted) queue.close();

  const ends = await Promise.allSettled(
    testbeds.map(async (testbed) => {
      // While an interruption is at work, it removes what was brought up and ends the process.
      const close = async () => (signal.aborted ? undefined : testbed.close());
      try {
        if (!signal.aborted) await testbed.open();
        await work(testbed, queue, { signal, tell });
      } catch (error) {
        // What broke first is what is told.
        await close().catch(() => {});
        throw error;
      }
      await close();
    }),
  );
  if (signal.aborted) return;
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function work(
  testbed: CaseTestbed,
  queue: CaseQueue,
  { signal, tell }: Pick<CaseRunOptions, "signal" | "tell">,
): Promise<void> {
  for (;;) {
    const batch = await queue.take(testbed);
    if (batch.length === 0) return;
    const told = new Set<FaultCase>();
    try {
      const runs = await testbed.run(batch);
      // What was cut short says nothing.
      if (signal.aborted) return;
      const leftovers = await testbed.leftovers();
      for (const [index, one] of batch.entries()) {
        const run = runs[index] ?? { observations: [], errors: ["the case was not run"], durationMs: 0 };
        const { durationMs, reports } = run;
        const result: CaseResult = {
          ...{ case: one, leftovers, durationMs },
          ...judge(one, run),
          ...(reports === undefined ? {} : { reports }),
        };
        tell(result);
        told.add(one);
        queue.settle(one, holds(result));
      }
      if (leftovers !== "") await testbed.replace();
    } catch (error) {
      // Nobody waits for a baseline that is not to come.
      for (const one of batch) if (!told.has(one)) queue.settle(one, false);
      throw error;
    }
  }
}
