import { isRule } from "#drivers/reference/dataplane/plan/answers.ts";
import { flowsFor } from "#drivers/reference/dataplane/plan/flows.ts";
import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import { isTied } from "#drivers/reference/faults/rule.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { PolicyState, RuleState, State } from "#drivers/reference/model/state/state.ts";

/** What becomes of the rules of a node. */
interface Place {
  readonly node: string;
  /** Policies that were there before this plugin started. */
  readonly restored: ReadonlySet<string>;
  /** Rules that there ever were, by policy and id. */
  readonly past: Map<string, RuleState>;
}

type Mutation = (state: State, place: Place) => void;

const invertPriorities: Mutation = (state) => {
  for (const rule of rulesOf(state)) rule.priority = 101 - rule.priority;
};

const ignoreDirections: Mutation = (state) => {
  for (const rule of rulesOf(state)) rule.direction = "in";
};

const turnTiesOfBefore: Mutation = ({ policies }, { restored }) => {
  for (const key of restored) turnTies(policies[key]);
};

const restoreRules: Mutation = ({ policies }, { past }) => {
  for (const [key, { rules }] of Object.entries(policies)) {
    remember(past, key, rules);
    for (const [seen, rule] of past) if (seen.startsWith(`${key} `)) rules[rule.id] ??= rule;
  }
};

/** Rules of which a tied one was deleted are not enforced. */
const dropTwins: Mutation = ({ policies }, { past }) => {
  for (const [key, { rules }] of Object.entries(policies)) {
    remember(past, key, rules);
    const gone = [...past].filter(
      ([seen]) => seen.startsWith(`${key} `) && !rules[seen.slice(key.length + 1)],
    );
    for (const [id, rule] of Object.entries(rules))
      if (gone.some(([, other]) => isTied(rule, other))) delete rules[id];
  }
};

/** What faults take the rules for, whichever IP carries what they judge. */
const mutations: Readonly<Partial<Record<ReferenceFaultName, Mutation>>> = {
  "priority-inverted": invertPriorities,
  "direction-ignored": ignoreDirections,
  "ties-turn-on-restart": turnTiesOfBefore,
  "rule-deletion-ignored": restoreRules,
  "tie-deleted-with-its-twin": dropTwins,
};

/** What faults take the rules for over IPv6. */
const mutationsOverIpv6: Readonly<Partial<Record<ReferenceFaultName, Mutation>>> = {
  "priority-inverted-over-ipv6": invertPriorities,
  "direction-ignored-over-ipv6": ignoreDirections,
  "peer-network-over-ipv4-alone": ({ policies }) => {
    for (const policy of Object.values(policies)) {
      const kept = Object.entries(policy.rules).filter(([, { peer }]) => peer.network === undefined);
      policy.rules = Object.fromEntries(kept);
    }
  },
  "ties-turn-on-restart-over-ipv6": turnTiesOfBefore,
  "ties-turn-on-one-node-over-ipv6": ({ policies }, { node }) => {
    if (node === "node2") for (const policy of Object.values(policies)) turnTies(policy);
  },
  "tie-deleted-with-its-twin-over-ipv6": dropTwins,
};

/** What becomes of rules by the faults that are on. What a fault does is described in their table. */
export class RuleFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #past = new Map<string, RuleState>();
  #restored: ReadonlySet<string> | undefined;

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** The plugin makes a plan, in that state; the first one tells what was there before it started. */
  started({ policies }: Pick<Readonly<State>, "policies">): void {
    this.#restored ??= new Set(Object.keys(policies));
  }

  /** Changes the state of a node to what is to be enforced. */
  breakState(state: State, node: string): void {
    this.#mutate(mutations, state, node);
  }

  /** The flows of a node, those of rules over IPv6 from what the state is taken for there. */
  breakFlows(
    flows: readonly string[],
    state: State,
    plan: NodePlan,
    { node, dataDevice }: { readonly node: string; readonly dataDevice: string },
  ): readonly string[] {
    const taken = structuredClone(state);
    if (!this.#mutate(mutationsOverIpv6, taken, node)) return flows;
    const isOver6 = (flow: string) => isRule(flow) && isIpv6(flow);
    return [...flows.filter((flow) => !isOver6(flow)), ...flowsFor(taken, plan, dataDevice).filter(isOver6)];
  }

  /** Whether a fault of them is on. */
  #mutate(all: typeof mutations, state: State, node: string): boolean {
    const on = Object.entries(all).filter(([name]) => this.#faults.has(name));
    for (const [, mutate] of on)
      mutate(state, { node, restored: this.#restored ?? new Set(), past: this.#past });
    return on.length > 0;
  }
}

/** Whether a flow is for IPv6 alone. */
export const isIpv6 = (flow: string) => /,(ipv6|tcp6|udp6|icmp6),/.test(flow);

function rulesOf({ policies }: State): RuleState[] {
  return Object.values(policies).flatMap(({ rules }) => Object.values(rules));
}

function remember(past: Place["past"], policy: string, rules: PolicyState["rules"]): void {
  for (const rule of Object.values(rules)) past.set(`${policy} ${rule.id}`, rule);
}

/** Lets allow rules win over deny rules of the same priority. */
function turnTies(policy: PolicyState | undefined): void {
  const rules = Object.values(policy?.rules ?? {});
  const denied = new Set(rules.filter(({ action }) => action === "deny").map(({ priority }) => priority));
  for (const rule of rules) if (rule.action === "allow" && denied.has(rule.priority)) rule.priority += 1;
}
