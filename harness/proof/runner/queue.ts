import { baseline, type FaultCase, placeKey } from "#harness/proof/case.ts";
import type { CaseTestbed } from "./testbed.ts";

/** The cases that are still to be run. Those with a fault wait until the baseline of their place is green. */
export class CaseQueue {
  #waiting: readonly FaultCase[];
  /** Places whose baseline is not yet known to be green. */
  readonly #unsettled: Set<string>;
  #changed = Promise.withResolvers<void>();

  constructor(cases: readonly FaultCase[]) {
    this.#waiting = cases;
    this.#unsettled = new Set(cases.filter(isBaseline).map(placeKey));
  }

  /** The next batch for a testbed, once there is one; empty when nothing is left that it could run. */
  async take(testbed: Pick<CaseTestbed, "choose">): Promise<readonly FaultCase[]> {
    while (testbed.choose(this.#waiting).length > 0) {
      const ready = this.#waiting.filter((one) => isBaseline(one) || !this.#unsettled.has(placeKey(one)));
      const batch = testbed.choose(ready);
      this.#waiting = this.#waiting.filter((one) => !batch.includes(one));
      if (batch.length > 0) return batch;
      await this.#changed.promise;
    }
    return [];
  }

  /** A case is over. What rests on a baseline that is not green is dropped: it would prove nothing. */
  settle(one: FaultCase, green: boolean): void {
    if (!isBaseline(one)) return;
    const place = placeKey(one);
    if (green) this.#unsettled.delete(place);
    else this.#waiting = this.#waiting.filter((other) => placeKey(other) !== place);
    this.#announce();
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#waiting = [];
    this.#announce();
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function isBaseline({ name }: FaultCase): boolean {
  return name === baseline;
}
