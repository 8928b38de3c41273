import type { PolicyMutantName } from "#drivers/reference/faults/tables/policy.ts";
import {
  defaultTenant,
  type EndpointState,
  keyOf,
  type RuleState,
  type State,
} from "#drivers/reference/model/state/state.ts";
import { addressOf, isCidr } from "#harness/core/ip.ts";

/** What a mistake needs of the past. */
export interface PolicyMemory {
  /** Rules as they were first, by policy and id. */
  readonly rules: Map<string, RuleState>;
  /** Rules that allow, or did before they were deleted, by policy, and in there by id. */
  readonly allowed: Map<string, Map<string, RuleState>>;
  /** The group of each endpoint when it was first seen, and whether a rule bound it by then; by its id. */
  readonly joined: Map<string, { readonly bound: boolean }>;
  /** By network and address: the last endpoint that had it, its group, and the group that it is taken for. */
  readonly owners: Map<string, { readonly id: string; readonly group: string; readonly taken: string }>;
}

type StateMutation = (state: State, memory: PolicyMemory) => void;

/** Mistakes that enforce another state than the one that is administered. */
export const stateMutations: Readonly<Partial<Record<PolicyMutantName, StateMutation>>> = {
  "second-policy-ignored": (state) => {
    for (const group of Object.values(state.groups)) group.policies.splice(1);
  },
  "shared-policy-binds-one-group": (state) => {
    const taken = new Set<string>();
    for (const group of Object.values(state.groups)) {
      group.policies = group.policies.filter((policy) => !taken.has(keyOf(group.tenant, policy)));
      for (const policy of group.policies) taken.add(keyOf(group.tenant, policy));
    }
  },
  "last-rule-alone": (state) => {
    for (const policy of Object.values(state.policies)) {
      policy.rules = Object.fromEntries(Object.entries(policy.rules).slice(-1));
    }
  },
  "two-rules-at-most": (state) => {
    for (const policy of Object.values(state.policies)) {
      policy.rules = Object.fromEntries(Object.entries(policy.rules).slice(0, 2));
    }
  },
  "allow-rules-ignored": (state) => keepRules(state, ({ action }) => action !== "allow"),
  "out-rules-ignored": (state) => keepRules(state, ({ direction }) => direction !== "out"),
  "icmp-rules-ignored": (state) => keepRules(state, ({ protocol }) => protocol !== "icmp"),
  "any-is-tcp": (state) => {
    for (const rule of rulesOf(state)) if (rule.protocol === "any") rule.protocol = "tcp";
  },
  "any-without-icmp": (state) => {
    for (const { rules } of Object.values(state.policies)) {
      for (const rule of Object.values(rules).filter(({ protocol }) => protocol === "any")) {
        rules[`${rule.id} udp`] = { ...rule, id: `${rule.id} udp`, protocol: "udp" };
        rule.protocol = "tcp";
      }
    }
  },
  "tcp-ports-for-udp-too": (state) => {
    for (const { rules } of Object.values(state.policies)) {
      for (const rule of Object.values(rules).filter(
        ({ protocol, port }) => protocol === "tcp" && port > 0,
      )) {
        rules[`${rule.id} udp`] = { ...rule, id: `${rule.id} udp`, protocol: "udp" };
      }
    }
  },
  "priorities-as-texts": (state) => {
    const texts = [...new Set(rulesOf(state).map(({ priority }) => String(priority)))].sort();
    for (const rule of rulesOf(state)) rule.priority = texts.indexOf(String(rule.priority)) + 1;
  },
  "priorities-in-tens": (state) => {
    for (const rule of rulesOf(state)) rule.priority = Math.ceil(rule.priority / 10);
  },
  "equal-priorities-allow": (state) => {
    for (const rule of rulesOf(state)) rule.priority = 2 * rule.priority + (rule.action === "allow" ? 1 : 0);
  },
  "peer-network-ignored": (state) => {
    for (const rule of rulesOf(state)) delete rule.peer.network;
  },
  "peer-cidr-is-an-address": (state) => {
    for (const { peer } of rulesOf(state)) if (isCidr(peer.address)) peer.address = addressOf(peer.address);
  },
  "peer-address-is-a-range": (state) => {
    for (const { peer } of rulesOf(state)) {
      if (peer.address !== undefined && !/[/:]/.test(peer.address)) peer.address += "/30";
    }
  },
  "groups-of-all-tenants": (state) => {
    for (const group of Object.values(state.groups)) {
      const namesake = state.groups[keyOf(defaultTenant, group.name)];
      if (!namesake || namesake === group) continue;
      group.policies = [...namesake.policies];
      for (const name of group.policies) {
        const policy = state.policies[keyOf(defaultTenant, name)];
        if (policy) state.policies[keyOf(group.tenant, name)] = { ...policy, tenant: group.tenant };
      }
    }
  },
  "rule-keeps-its-first-form": (state, { rules: first }) => {
    for (const [key, policy] of Object.entries(state.policies)) {
      for (const [id, rule] of Object.entries(policy.rules)) {
        const known = first.get(`${key} ${id}`) ?? rule;
        first.set(`${key} ${id}`, known);
        policy.rules[id] = known;
      }
    }
  },
  "deleted-allow-stays": (state, { allowed }) => {
    for (const [key, policy] of Object.entries(state.policies)) {
      const known = allowed.get(key) ?? new Map<string, RuleState>();
      allowed.set(key, known);
      for (const [id, rule] of Object.entries(policy.rules)) {
        if (rule.action === "allow") known.set(id, rule);
        else known.delete(id);
      }
      for (const [id, rule] of known) policy.rules[id] ??= rule;
    }
  },
  "late-member-unbound": (state, { joined }) => {
    for (const endpoint of Object.values(state.endpoints)) {
      const known = joined.get(endpoint.id) ?? { bound: isBound(state, endpoint) };
      joined.set(endpoint.id, known);
      if (known.bound) delete endpoint.group;
    }
  },
  "address-keeps-its-last-group": (state, { owners }) => {
    for (const { id, network, ipv4, group } of Object.values(state.endpoints)) {
      if (group === undefined) continue;
      const place = `${network} ${ipv4}`;
      const last = owners.get(place);
      const taken = last?.id === id ? last.taken : (last?.group ?? group);
      owners.set(place, { id, group, taken });
      state.endpoints[id]!.group = taken;
    }
  },
};

function rulesOf(state: State): RuleState[] {
  return Object.values(state.policies).flatMap(({ rules }) => Object.values(rules));
}

function keepRules(state: State, wanted: (rule: RuleState) => boolean): void {
  for (const policy of Object.values(state.policies)) {
    policy.rules = Object.fromEntries(Object.entries(policy.rules).filter(([, rule]) => wanted(rule)));
  }
}

/** Whether a rule binds the endpoint's group now. */
function isBound(state: State, { network, group = "" }: EndpointState): boolean {
  const { tenant = defaultTenant } = state.networks[network] ?? {};
  const policies = state.groups[keyOf(tenant, group)]?.policies ?? [];
  return policies.some((name) => Object.keys(state.policies[keyOf(tenant, name)]?.rules ?? {}).length > 0);
}
