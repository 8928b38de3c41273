import type { Rule } from "#drivers/driver.ts";
import { ruleOptions } from "#drivers/kit/netctl/rule-options.ts";
import type { Member } from "#harness/oracle/engine/state.ts";
import { boundBy, groupSlots, policySlots } from "./case.ts";
import type { Setting, Step } from "./steps.ts";

/** Everything that stands before every case; a line each, the first one says whose words they are. */
export function preparations(setting: Setting): string[] {
  const { tenant, policies, groups, networks, members, subnets } = setting;
  const say = wordsOf(setting);
  const others = [...new Set(members.map((member) => member.tenant))].filter((one) => one !== tenant);
  return [
    say.whose,
    say.network(tenant, networks.another),
    say.network(tenant, networks.own, subnets),
    ...policySlots.map((slot) => say.policy(tenant, policies[slot])),
    ...groupSlots.map((slot) => {
      const bound = boundBy[slot].map((policy) => policies[policy]);
      return say.group(tenant, networks.own, groups[slot], bound);
    }),
    ...others.flatMap((other) => [
      say.tenant(other),
      say.network(other, networks.own, subnets),
      ...groupsOf(members, other).map((group) => say.group(other, networks.own, group, [])),
    ]),
    ...members.map((member) => say.start(member, setting.nodes[member.name])),
  ];
}

function groupsOf(members: readonly Member[], tenant: string): string[] {
  const own = members.filter((member) => member.tenant === tenant);
  return [...new Set(own.flatMap(({ group }) => group ?? []))];
}

/** The steps as a person would do them; a line each. */
export function commandsOf(steps: readonly Step[], setting: Setting): string[] {
  return steps.map((step) => commandOf(step, setting));
}

function commandOf(step: Step, setting: Setting): string {
  const { tenant, policies, groups, visitor, nodes } = setting;
  const say = wordsOf(setting);
  switch (step.do) {
    case "add rule":
      return say.addRule(tenant, policies[step.policy], step.rule);
    case "remove rule":
      return say.removeRule(tenant, policies[step.policy], step.id);
    case "start visitor":
      return say.start({ ...visitor, group: groups[step.group] }, nodes[visitor.name]);
    case "stop visitor":
      return say.stop(visitor, nodes[visitor.name]);
  }
}

/** How it is said what is done. */
interface Words {
  /** A comment: by whom they are understood. */
  readonly whose: string;
  tenant(name: string): string;
  network(tenant: string, name: string, subnets?: Setting["subnets"]): string;
  policy(tenant: string, name: string): string;
  group(tenant: string, network: string, name: string, policies: readonly string[]): string;
  addRule(tenant: string, policy: string, rule: Rule): string;
  removeRule(tenant: string, policy: string, id: string): string;
  start(member: Member, node: string | undefined): string;
  stop(member: Pick<Member, "name">, node: string | undefined): string;
}

function wordsOf({ api }: Setting): Words {
  return api === "cni" ? driverWords : netctlWords;
}

/** Groups are networks of the engine, too; of another tenant than the default one with its name behind theirs. */
const netctlWords: Words = {
  whose:
    "# netctl as the reference plugin and Contiv have it; another plugin has words of its own for the same",
  tenant: (name) => line("netctl tenant create", name),
  network: (tenant, name, subnets) =>
    line(
      ...["netctl net create -t", tenant],
      ...(subnets ? ["-s", subnets.subnet] : []),
      ...(subnets?.subnet6 ? ["--subnetv6", subnets.subnet6] : []),
      name,
    ),
  policy: (tenant, name) => line("netctl policy create -t", tenant, name),
  group: (tenant, network, name, policies) => {
    const bound = policies.flatMap((policy) => ["-p", policy]);
    return line("netctl group create -t", tenant, ...bound, network, name);
  },
  addRule: (tenant, policy, rule) =>
    line("netctl policy rule-add -t", tenant, ...ruleOptions(rule), policy, rule.id),
  removeRule: (tenant, policy, id) => line("netctl policy rule-rm -t", tenant, policy, id),
  start: ({ name, group, network, tenant, addresses }, node) => {
    const place = group ?? network;
    const named = tenant === "default" ? place : `${place}/${tenant}`;
    const ip6 = addresses[6] ? ["--ip6", addresses[6]] : [];
    const run = ["docker run -d --name", name, "--network", named, "--ip", addresses[4], ...ip6];
    return line(...run, "alpine sleep 1d", ...on(node));
  },
  stop: ({ name }, node) => line("docker rm --force", name, ...on(node)),
};

/** Over CNI nothing of that can be typed: what the driver under test is asked for, by its own methods. */
const driverWords: Words = {
  whose:
    "# methods of the driver, which over CNI makes of them what its plugin reads; ADD and DEL are calls of the plugin for a network namespace",
  tenant: (name) => line("createTenant", json({ name })),
  network: (tenant, name, subnets) => line("createNetwork", json({ tenant, name, ...subnets })),
  policy: (tenant, name) => line("createPolicy", json({ tenant, name })),
  group: (tenant, network, name, policies) => line("createGroup", json({ tenant, network, name, policies })),
  addRule: (tenant, policy, rule) => line("addRule", json({ tenant, policy, rule })),
  removeRule: (tenant, policy, id) => line("removeRule", json({ tenant, policy, id })),
  start: ({ name, group, network, tenant, addresses }, node) => {
    const { 4: ip, 6: ip6 } = addresses;
    return line("ADD", json({ name, tenant, network, group, ip, ip6 }), ...on(node));
  },
  stop: ({ name }, node) => line("DEL", json({ name }), ...on(node)),
};

/** A comment: commands are typed on that node. */
function on(node: string | undefined): string[] {
  return node === undefined ? [] : [`# on ${node}`];
}

const json = (value: object) => JSON.stringify(value);

function line(...words: readonly string[]): string {
  return words.join(" ");
}
