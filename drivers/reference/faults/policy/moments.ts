import { setTimeout as delay } from "node:timers/promises";
import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { EndpointState, State } from "#drivers/reference/model/state/state.ts";

/** How long what is late is late, and what stays stays. */
export const momentMs = 20;

/** How long a rule is not in force, where rules are slow. */
export const slowRuleMs = 1_200;

/** Faults of a moment: what is made is right in the end, and not at once. */
export class MomentFaults {
  readonly #faults: ReadonlySet<string>;
  /** Resolves when the nodes are what they are to be at this moment. */
  readonly #sync: () => Promise<void>;
  /** Endpoints of containers that were known to have started: whether that is long ago. */
  readonly #started = new Map<string, { old: boolean }>();
  /** Rules that are slow, by policy and id: whether they are in force. */
  readonly #ruled = new Map<string, { old: boolean }>();
  /** Endpoints whose interfaces are in a sandbox. */
  readonly #joined = new Map<string, EndpointState>();
  readonly #leaving = new Map<string, EndpointState>();
  /** Sets of groups that there were, for which all rules were made anew. */
  readonly #grouped = new Map<string, { old: boolean }>();
  #lastGroups = "";

  constructor(faults: ReadonlySet<string>, sync: () => Promise<void>) {
    this.#faults = faults;
    this.#sync = sync;
  }

  /** Changes the state to what is in force at this moment. */
  breakState(state: State): void {
    if (this.#on("policy-20-ms-late")) {
      for (const endpoint of Object.values(state.endpoints)) {
        if (endpoint.group !== undefined && this.#isNew(endpoint)) delete endpoint.group;
      }
    }
    if (this.#on("policy-slow")) this.#dropNewRules(state);
    if (this.#on("rules-made-anew-for-each-group")) this.#dropRulesForNewGroups(state);
    if (this.#on("rules-go-before-interface")) this.#keepInterfaces(state);
  }

  /** Flows beside those of a node: what a container sends reaches the other tenants of its node as well while it is new. */
  flows(state: State, { ports }: NodePlan): string[] {
    if (!this.#on("tenant-20-ms-late")) return [];
    const tenantOf = new Map(Object.values(state.networks).map(({ localTag, tenant }) => [localTag, tenant]));
    return Object.values(state.endpoints).flatMap((endpoint) => {
      const { localTag, tenant } = state.networks[endpoint.network]!;
      const port = ports.find(({ mac, tag }) => mac === endpoint.mac && tag === localTag);
      if (!port || !this.#isNew(endpoint)) return [];
      const others = ports.filter(({ tag }) => tenantOf.get(tag) !== tenant);
      if (others.length === 0) return [];
      const reached = others.map(({ device }) => `output:${device}`).join(",");
      return [
        `table=0,priority=15,in_port=${port.device},ip,actions=${reached},load:${localTag}->NXM_NX_REG0[],goto_table:1`,
      ];
    });
  }

  /** What was seen while a fault was on is nothing to the next one. */
  forget(): void {
    for (const known of [this.#started, this.#ruled, this.#joined, this.#leaving, this.#grouped])
      known.clear();
  }

  #on(fault: ReferenceFaultName): boolean {
    return this.#faults.has(fault);
  }

  /** An engine tells the names of a container once it has started it. */
  #isNew({ id, names }: EndpointState): boolean {
    if (names.length === 0) return true;
    return this.#isYoung(this.#started, id, momentMs);
  }

  /** A rule is listed at once, and in force when it is old. One that is added again is new again. */
  #dropNewRules(state: State): void {
    const there = new Set<string>();
    for (const [key, { rules }] of Object.entries(state.policies)) {
      for (const id of Object.keys(rules)) {
        const name = `${key} ${id}`;
        there.add(name);
        if (this.#isYoung(this.#ruled, name, slowRuleMs)) delete rules[id];
      }
    }
    for (const name of this.#ruled.keys()) if (!there.has(name)) this.#ruled.delete(name);
  }

  /** Where a group was made or removed, no rule is in force for a moment. */
  #dropRulesForNewGroups({ groups, policies }: State): void {
    const now = Object.keys(groups).join(" ");
    // Each node's state is broken by itself, and the same groups come again.
    if (now !== this.#lastGroups) this.#grouped.delete(now);
    this.#lastGroups = now;
    if (!this.#isYoung(this.#grouped, now, momentMs)) return;
    for (const policy of Object.values(policies)) policy.rules = {};
  }

  /** Whether so many milliseconds have not passed since it was first asked for; it is known from then on. */
  #isYoung(all: Map<string, { old: boolean }>, name: string, ms: number): boolean {
    const known = all.get(name);
    if (known) return !known.old;
    const young = { old: false };
    all.set(name, young);
    this.#later(() => {
      young.old = true;
    }, ms);
    return true;
  }

  /** An endpoint that left is in no group any more, while its interface is still there. */
  #keepInterfaces(state: State): void {
    const { endpoints } = state;
    for (const [id, endpoint] of this.#joined) {
      if (endpoints[id]?.sandbox !== undefined) continue;
      this.#joined.delete(id);
      const { group: _, ...alone } = endpoint;
      this.#leaving.set(id, alone);
      this.#later(() => this.#leaving.delete(id));
    }
    for (const [id, endpoint] of this.#leaving) {
      if (state.networks[endpoint.network]) endpoints[id] = structuredClone(endpoint);
    }
    for (const [id, endpoint] of Object.entries(endpoints)) {
      if (endpoint.sandbox !== undefined && !this.#leaving.has(id)) this.#joined.set(id, endpoint);
    }
  }

  /** A moment after the nodes are wrong they are right. */
  #later(makeRight: () => void, ms = momentMs): void {
    const wrong = this.#sync();
    wrong
      .then(() => delay(ms, undefined, { ref: false }))
      .then(makeRight)
      .then(this.#sync)
      .catch(() => {});
  }
}
