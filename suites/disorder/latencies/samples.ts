import { sayHowFar } from "#harness/core/async/how-far.ts";
import { scaled } from "#harness/core/settings/patience.ts";

/** So long are samples taken, in milliseconds; and so many, however long that takes. */
const limits = { enoughMs: 25_000, least: 10 } as const;

/**
 * Takes samples one after the other: `count` of them, or as many as fit into 25 s where those are fewer, but ten at least (`count` where
 * that is less). `sample` is given numbers from 1.
 */
export async function samplesOf<Sample>(
  count: number,
  sample: (number: number) => Promise<Sample>,
): Promise<Sample[]> {
  const start = performance.now();
  const taken: Sample[] = [];
  while (taken.length < count) {
    const isEnough = taken.length >= limits.least && performance.now() - start >= scaled(limits.enoughMs);
    if (isEnough) break;
    sayHowFar(taken.length, count, "samples");
    taken.push(await sample(taken.length + 1));
  }
  return taken;
}
