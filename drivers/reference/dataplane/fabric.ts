import { within } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { NodePlan } from "./plan/node-plan.ts";

/** What carries the traffic of one node. */
export interface NodeDataplane {
  start(): Promise<void>;
  /** Removes everything that was made on the node. */
  stop(): Promise<void>;
  /** Makes the node what the plan says; called again with a newer plan after a failure. */
  apply(plan: NodePlan): Promise<void>;
  /** The state of each session of its BGP speaker, in the order of the speaker's neighbours. */
  sessions(neighbors: number): Promise<string[]>;
  /** Names and versions of what it is made of. */
  versions(): Promise<Record<string, string>>;
}

const patienceMs = 5_000;

/** Brings nodes in line with the model: one change at a time per node, all nodes side by side. */
export class Fabric {
  readonly #nodes: ReadonlyMap<string, NodeWork>;

  /** `planOf` is called for every change, so that it always has the latest state. */
  constructor(dataplanes: ReadonlyMap<string, NodeDataplane>, planOf: (node: string) => NodePlan) {
    this.#nodes = new Map(
      [...dataplanes].map(([name, dataplane]) => [name, new NodeWork(dataplane, () => planOf(name))]),
    );
  }

  async start(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.dataplane.start()));
    await this.sync();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.finish()));
  }

  /**
   * Resolves when every node is in line with the model as it is now. Rejects when `node` (or, without one, any)
   * is not; the others are then brought in line with the next change, and are not waited for beyond five seconds:
   * a node that is down must not stop the others.
   */
  async sync(node?: string): Promise<void> {
    const work = [...this.#nodes].map(async ([name, { sync }]) => {
      const needed = node === undefined || node === name;
      try {
        await (needed
          ? sync()
          : within({ what: `the dataplane of ${name}`, deadlineMs: patienceMs }, sync()));
        return undefined;
      } catch (error) {
        return needed ? { name, error } : undefined;
      }
    });
    const [failure] = (await Promise.all(work)).filter((result) => result !== undefined);
    if (failure) {
      const reason = failure.error instanceof Error ? failure.error.message : String(failure.error);
      throw new HarnessError(`the dataplane of ${failure.name} cannot be changed: ${reason}`, {
        cause: failure.error,
      });
    }
  }

  /** Resolves when nothing is being changed any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.idle()));
  }

  /** As `NodeDataplane.sessions`, of a node that is served. */
  async sessions(node: string, neighbors: number): Promise<string[]> {
    return (await this.#nodes.get(node)?.dataplane.sessions(neighbors)) ?? [];
  }

  async versions(): Promise<Record<string, string>> {
    const [first] = this.#nodes.values();
    return first ? first.dataplane.versions() : {};
  }
}

/** Changes to one node, in turn; changes that wait for the same turn are made at once. */
class NodeWork {
  readonly dataplane: NodeDataplane;
  readonly #plan: () => NodePlan;
  #last: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  constructor(dataplane: NodeDataplane, plan: () => NodePlan) {
    this.dataplane = dataplane;
    this.#plan = plan;
  }

  sync = (): Promise<void> => {
    this.#waiting ??= this.#inTurn(() => {
      this.#waiting = undefined;
      return this.dataplane.apply(this.#plan());
    });
    return this.#waiting;
  };

  idle(): Promise<void> {
    return this.#last.catch(() => {});
  }

  finish(): Promise<void> {
    return this.#inTurn(() => this.dataplane.stop());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.catch(() => {}).then(work);
    return this.#last;
  }
}
