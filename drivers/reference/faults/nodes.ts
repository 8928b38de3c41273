import { setTimeout as delay } from "node:timers/promises";
import type { NodeFaultName } from "#drivers/reference/faults/tables/nodes.ts";
import type { Draft } from "#drivers/reference/model/model.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

const forgotten: NodeFaultName = "failed-node-forgotten";
const kept: NodeFaultName = "dead-node-kept";
const lifted: NodeFaultName = "rules-lifted-when-a-node-fails";

/** How long no rule is in force, with the fault of that. */
const usuallyLiftedMs = 20_000;

/** What the plugin makes of nodes whose engine has ended, which is nothing while no fault is on. */
export class NodeFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #sync: () => Promise<void>;
  readonly #liftedMs: number;
  readonly #failed = new Set<string>();
  #lifted = false;

  /** `sync` as that of `DataplaneFaults`. */
  constructor(faults: ReadonlySet<string>, sync: () => Promise<void>, liftedMs = usuallyLiftedMs) {
    this.#faults = faults;
    this.#sync = sync;
    this.#liftedMs = liftedMs;
  }

  /** The engine of the node has ended. */
  failed(node: string): void {
    if (this.#faults.has(forgotten)) this.#failed.add(node);
    if (!this.#faults.has(lifted) || this.#lifted) return;
    this.#lifted = true;
    this.#sync()
      .then(() => delay(this.#liftedMs, undefined, { ref: false }))
      .then(() => {
        this.#lifted = false;
        return this.#sync();
      })
      .catch(() => {});
  }

  /** What `node` is told of the containers of others. */
  breakState(state: State, node: string): void {
    if (this.#faults.has(lifted) && this.#lifted) {
      for (const policy of Object.values(state.policies)) policy.rules = {};
    }
    if (!this.#faults.has(forgotten)) {
      this.#failed.clear();
      return;
    }
    for (const endpoint of Object.values(state.endpoints)) {
      if (endpoint.node === node || !this.#failed.has(endpoint.node)) continue;
      endpoint.names = [];
      delete endpoint.group;
    }
  }
}

/** Frees what containers of a node have that is lost for good. */
export function forgetNode({ networks, pools }: Draft, node: string, faults: ReadonlySet<string>): void {
  if (!faults.has(kept)) networks.forget(node);
  pools.forget(node);
}
