import type { NodeFaultName } from "#drivers/reference/faults/tables/nodes.ts";
import type { Draft } from "#drivers/reference/model/model.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

const forgotten: NodeFaultName = "failed-node-forgotten";
const kept: NodeFaultName = "dead-node-kept";

/** What the plugin makes of nodes whose engine has ended, which is nothing while no fault is on. */
export class NodeFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #failed = new Set<string>();

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** The engine of the node has ended. */
  failed(node: string): void {
    if (this.#faults.has(forgotten)) this.#failed.add(node);
  }

  /** What `node` is told of the containers of others. */
  breakState(state: State, node: string): void {
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
