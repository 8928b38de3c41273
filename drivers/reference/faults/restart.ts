import { setTimeout as delay } from "node:timers/promises";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { emptyState, type State } from "#drivers/reference/model/state/state.ts";

/** What a plugin that starts again does not know any more, which is nothing while no fault is on. */
export function forgetOnRestart(model: Model, faults: ReadonlySet<string>): void {
  const on = (fault: ReferenceFaultName) => faults.has(fault);
  if (on("policy-lost-on-restart")) {
    model.change(({ state }) => {
      for (const policy of Object.values(state.policies)) policy.rules = {};
    });
  }
  if (on("networks-lost-on-restart")) model.change(({ state }) => void Object.assign(state, emptyState()));
}

/** How long a plugin that starts forwards nothing, with the fault of that. */
const flushedMs = 4_000;

/** What a plugin does to the nodes' flows when it starts, which is nothing while no fault is on. */
export class StartFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #sync: () => Promise<void>;
  #flushed: boolean | undefined;
  /** MACs of what had its endpoint before this plugin started. */
  #before: ReadonlySet<string> = new Set();

  /** `sync` as that of `DataplaneFaults`. */
  constructor(faults: ReadonlySet<string>, sync: () => Promise<void>) {
    this.#faults = faults;
    this.#sync = sync;
  }

  /** The plugin makes its first plan: what is switched on later was not on when it started. */
  started({ endpoints }: Pick<Readonly<State>, "endpoints">): void {
    if (this.#flushed !== undefined) return;
    this.#before = new Set(Object.values(endpoints).map(({ mac }) => mac));
    const fault: ReferenceFaultName = "forwarding-flushed-at-start";
    this.#flushed = this.#faults.has(fault);
    if (!this.#flushed) return;
    delay(flushedMs, undefined, { ref: false })
      .then(() => {
        this.#flushed = false;
        return this.#sync();
      })
      .catch(() => {});
  }

  /** The flows that there are to be at this moment, in that state. */
  flows(flows: readonly string[], { endpoints }: Pick<Readonly<State>, "endpoints">): readonly string[] {
    if (this.#flushed) return ["table=0,priority=65535,actions=drop"];
    const lost: ReferenceFaultName = "ipv6-lost-on-restart";
    if (!this.#faults.has(lost)) return flows;
    const left = Object.values(endpoints).filter(({ mac }) => this.#before.has(mac));
    return [...flows, ...left.flatMap(({ mac }) => sentOverIpv6(mac))];
  }
}

/** Flows that drop what a MAC sends over IPv6, but not what it asks and answers as a neighbour. */
function sentOverIpv6(mac: string): string[] {
  const echo = [128, 129].map((type) => `icmp6,icmp_type=${type}`);
  return [...echo, "tcp6", "udp6"].map((what) => `table=0,priority=65535,${what},dl_src=${mac},actions=drop`);
}
