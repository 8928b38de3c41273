import type { ChurnFaultName } from "#drivers/reference/faults/churn/table.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

const kept: ChurnFaultName = "one-rule-in-fifty-kept";
/** Of so many endpoints that go one leaves a rule. */
const oneIn = 50;

/** What stays of a few of many endpoints, which is nothing while no fault is on. */
export class ChurnFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #nodes = new Map<string, Seen>();

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** The flows that stay on a node of endpoints that it had. */
  flows(state: Readonly<State>, node: string): string[] {
    if (!this.#faults.has(kept)) {
      this.forget();
      return [];
    }
    const seen: Seen = this.#nodes.get(node) ?? { macs: new Map(), gone: 0, left: [] };
    this.#nodes.set(node, seen);
    for (const [id, mac] of seen.macs) {
      if (Object.hasOwn(state.endpoints, id)) continue;
      seen.macs.delete(id);
      seen.gone += 1;
      if (seen.gone % oneIn === 0) seen.left.push(`table=0,priority=1,dl_src=${mac},actions=drop`);
    }
    for (const { id, mac, ...endpoint } of Object.values(state.endpoints))
      if (endpoint.node === node) seen.macs.set(id, mac);
    return [...new Set(seen.left)];
  }

  /** What was seen while a fault was on is nothing to the next one. */
  forget(): void {
    this.#nodes.clear();
  }
}

/** Endpoints of a node that are there, how many have gone, and the flows that these left. */
interface Seen {
  readonly macs: Map<string, string>;
  gone: number;
  readonly left: string[];
}
