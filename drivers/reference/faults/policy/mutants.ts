import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import { type PolicyMutantName, policyMutantNames } from "#drivers/reference/faults/tables/policy.ts";
import type { State } from "#drivers/reference/model/state/state.ts";
import { flowMutations } from "./flow-mutants.ts";
import { type PolicyMemory, stateMutations } from "./state-mutants.ts";

/** The small mistakes of the policy code that are on. What a mistake does is described in their table. */
export class PolicyMutants {
  readonly #faults: ReadonlySet<string>;
  readonly #memory: PolicyMemory = {
    ...{ rules: new Map(), allowed: new Map() },
    ...{ joined: new Map(), owners: new Map() },
  };
  /** By node. */
  readonly #past = new Map<string, Set<string>>();

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** Changes the state to what is to be enforced. */
  breakState(state: State): void {
    for (const name of this.#on()) stateMutations[name]?.(state, this.#memory);
  }

  /** The flows of a node with the mistakes that are in them. */
  breakFlows(flows: readonly string[], state: State, plan: NodePlan, node: string): string[] {
    const past = this.#past.get(node) ?? new Set<string>();
    const broken = this.#on().reduce(
      (made, name) => flowMutations[name]?.({ flows: made, state, plan, past }) ?? made,
      [...flows],
    );
    this.#past.set(node, past.union(new Set(flows)));
    return broken;
  }

  /** What was remembered while a mistake was on is nothing to the next one. */
  forget(): void {
    for (const known of [...Object.values(this.#memory), this.#past]) known.clear();
  }

  #on(): PolicyMutantName[] {
    return policyMutantNames.filter((name) => this.#faults.has(name));
  }
}
