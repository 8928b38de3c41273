import type { Rule } from "#drivers/driver.ts";
import type { BoundGroup, Member, PolicyState } from "#harness/oracle/engine/state.ts";
import {
  boundBy,
  type CasePorts,
  type CaseRule,
  type GroupSlot,
  groupSlots,
  type PeerSlot,
  type PolicyCase,
  type PolicySlot,
  policySlots,
  startsContainer,
} from "./case.ts";

/** What a case becomes on a network that exists: names and addresses for everything that stands for some. */
export interface Setting {
  /** By which containers are attached. */
  readonly api: "cnm" | "cni";
  readonly tenant: string;
  readonly policies: Readonly<Record<PolicySlot, string>>;
  readonly groups: Readonly<Record<GroupSlot, string>>;
  readonly networks: { readonly own: string; readonly another: string };
  /** Those of the own network, here and in the other tenant. */
  readonly subnets: { readonly subnet: string; readonly subnet6?: string };
  /** IPv6 is there where the network is dual-stack. */
  readonly addresses: {
    readonly one: string;
    readonly cidr: string;
    readonly anotherTenants: string;
    readonly one6?: string;
    readonly cidr6?: string;
  };
  readonly ports: CasePorts;
  /** Who is there all the time, of all tenants. */
  readonly members: readonly Member[];
  /** Who is started for a case; its group is the case's. */
  readonly visitor: Omit<Member, "group">;
  /** Where everybody runs, by name. */
  readonly nodes: Readonly<Record<string, string>>;
}

/** One thing that is done, after the one before has ended. */
export type Step =
  | { readonly do: "add rule"; readonly policy: PolicySlot; readonly rule: Rule }
  | { readonly do: "remove rule"; readonly policy: PolicySlot; readonly id: string }
  | { readonly do: "start visitor"; readonly group: GroupSlot }
  | { readonly do: "stop visitor" };

/** What is done one after the other to make a case; its rules are `r1`, `r2`, …, or have another prefix than `r`. */
export function stepsOf({ order, rules, earlier }: PolicyCase, setting: Setting, name = "r"): Step[] {
  const adding = (list: readonly CaseRule[], prefix: string): Step[] =>
    list.map((rule, index) => ({
      do: "add rule",
      policy: rule.policy,
      rule: ruleIn(setting, rule, `${prefix}${index + 1}`),
    }));
  const removing = (list: readonly CaseRule[], prefix: string): Step[] =>
    list.map(({ policy }, index) => ({ do: "remove rule", policy, id: `${prefix}${index + 1}` }));
  switch (order) {
    case "plain":
      return adding(rules, name);
    case "updated":
      return [...adding(earlier, name), ...removing(earlier, name), ...adding(rules, name)];
    case "deleted":
      return [...adding(earlier, "d"), ...adding(rules, name), ...removing(earlier, "d")];
    case "late":
      return [...adding(rules, name), { do: "start visitor", group: "a" }];
    case "moved":
      return [
        { do: "start visitor", group: "b" },
        ...adding(rules, name),
        { do: "stop visitor" },
        { do: "start visitor", group: "a" },
      ];
  }
}

/** What is done to have a case gone: its rules are deleted, and then who was started for it is stopped. */
export function undoing({ rules, ...given }: PolicyCase, name = "r"): Step[] {
  return [
    ...rules.map(({ policy }, index): Step => ({ do: "remove rule", policy, id: `${name}${index + 1}` })),
    ...(startsContainer(given) ? [{ do: "stop visitor" } as const] : []),
  ];
}

/** What is in force when all steps of a case are done. */
export function stateOf(given: PolicyCase, setting: Setting): PolicyState {
  const { tenant, members, visitor, groups } = setting;
  const rules = given.rules.map((rule, index) => ({ ...rule, made: ruleIn(setting, rule, `r${index + 1}`) }));
  return {
    members: startsContainer(given) ? [...members, { ...visitor, group: groups.a }] : members,
    groups: groupSlots.map((slot): BoundGroup => {
      return {
        tenant,
        name: groups[slot],
        policies: boundBy[slot].map((policy) => setting.policies[policy]),
      };
    }),
    policies: policySlots.map((slot) => ({
      tenant,
      name: setting.policies[slot],
      rules: rules.filter(({ policy }) => policy === slot).map(({ made }) => made),
    })),
  };
}

function ruleIn(setting: Setting, rule: CaseRule, id: string): Rule {
  const { direction, protocol, port, action, priority } = rule;
  const peer = peerIn(setting, rule.peer);
  return {
    ...{ id, direction, protocol, action, priority },
    ...(port === "every" ? {} : { port: setting.ports[port] }),
    ...(peer ? { peer } : {}),
  };
}

/** Where there is no IPv6, what would name it names the IPv4 address instead. */
function peerIn({ groups, networks, addresses }: Setting, peer: PeerSlot): Rule["peer"] | undefined {
  switch (peer) {
    case "everybody":
      return undefined;
    case "group a":
      return { group: groups.a };
    case "group b":
      return { group: groups.b };
    case "own network":
      return { network: networks.own };
    case "another network":
      return { network: networks.another };
    case "address":
      return { address: addresses.one };
    case "cidr":
      return { address: addresses.cidr };
    case "another tenant's address":
      return { address: addresses.anotherTenants };
    case "ipv6 address":
      return { address: addresses.one6 ?? addresses.one };
    case "ipv6 cidr":
      return { address: addresses.cidr6 ?? addresses.cidr };
  }
}
