import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

const lost: ReferenceFaultName = "ipv6-lost-after-a-short-network";
/** Milliseconds. A network that lived no longer was removed soon after it was made. */
export const shortMs = 5_000;

/** What networks that lived for a moment do to the others, which is nothing while no fault is on. */
export class ShortNetworkFaults {
  readonly #faults: ReadonlySet<string>;
  /** When each network was seen first, by its key. */
  readonly #since = new Map<string, number>();
  #sawShort = false;

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** Flows beside those of a node. */
  flows({ networks }: Pick<Readonly<State>, "networks">): string[] {
    if (!this.#faults.has(lost)) {
      this.forget();
      return [];
    }
    const now = Date.now();
    for (const [key, since] of this.#since) {
      if (Object.hasOwn(networks, key)) continue;
      this.#since.delete(key);
      this.#sawShort ||= now - since < shortMs;
    }
    for (const key of Object.keys(networks)) if (!this.#since.has(key)) this.#since.set(key, now);
    return this.#sawShort ? ["table=0,priority=65535,ipv6,actions=drop"] : [];
  }

  /** What was seen while a fault was on is nothing to the next one. */
  forget(): void {
    this.#since.clear();
    this.#sawShort = false;
  }
}
