import { setTimeout as delay } from "node:timers/promises";
import type { ChurnFaultName } from "#drivers/reference/faults/churn/table.ts";

const slower: ChurnFaultName = "slower-with-each-endpoint";
/** Milliseconds for each endpoint that has gone. */
const eachMs = 10;

/** How much longer an endpoint takes on a node for those that it had, which is no longer while no fault is on. */
export class SlowerWithEach {
  readonly #faults: ReadonlySet<string>;
  #gone = 0;

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** An endpoint of the node has gone. What went while the fault was off is not counted. */
  went(): void {
    this.#gone = this.#faults.has(slower) ? this.#gone + 1 : 0;
  }

  /** Milliseconds that the next one waits. Forgets what went where the fault is off. */
  waitMs(): number {
    if (!this.#faults.has(slower)) this.#gone = 0;
    return this.#gone * eachMs;
  }

  /** Resolves when the next endpoint may be made. */
  async turn(): Promise<void> {
    const ms = this.waitMs();
    if (ms > 0) await delay(ms);
  }
}
