import type { Driver, InstalledDriver, Policy } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import {
  boundBy,
  type GroupSlot,
  groupSlots,
  type PolicySlot,
  policySlots,
} from "#harness/oracle/cases/case.ts";
import type { Setting } from "#harness/oracle/cases/steps.ts";
import type { Member } from "#harness/oracle/engine/state.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet, freshSubnet6 } from "#harness/workload/fresh-subnet.ts";
import type { Network } from "#harness/workload/network.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";
import { Participant } from "./participant.ts";

const ports = { first: 8888, second: 8889, other: 8890 } as const;
const anotherTenant = "blue";

/** What a field is made of. */
export interface FieldContext {
  readonly cluster: Cluster;
  readonly driver: InstalledDriver;
  readonly declaration: Driver;
  readonly scope: Scope;
}

/** Where cases are played: two groups and what is beside them, on two nodes, with everybody who takes part. */
export interface Field {
  readonly setting: Setting;
  readonly policies: Readonly<Record<PolicySlot, Policy>>;
  /** By the member's name. */
  readonly participants: Map<string, Participant>;
  /** Starts the container that joins in the middle of a case. */
  startVisitor(scope: Scope, group: GroupSlot): Promise<Participant>;
}

/** What all fields of a chapter share. */
export interface Surroundings {
  /** Name of a network whose containers never meet those of a field. */
  readonly elsewhere: string;
  /** Whether there is another tenant. */
  readonly tenants: boolean;
  readonly ipv6: boolean;
}

/** Makes what all fields share. Throws `Blocked` where there is one node alone. */
export async function makeSurroundings({
  cluster,
  driver,
  declaration,
  scope,
}: FieldContext): Promise<Surroundings> {
  if (cluster.nodes.length < 2) throw new Blocked(`two nodes are needed, NODES=${cluster.nodes.length}`);
  const elsewhere = uniqueName("elsewhere");
  await driver.createNetwork(scope, { name: elsewhere });
  const tenants = declaration.capabilities.includes("tenants");
  if (tenants) await driver.createTenant?.(scope, anotherTenant);
  return { elsewhere, tenants, ipv6: declaration.capabilities.includes("ipv6") };
}

/** Makes a field: a1 and the one of no group on the first node, a2 and b1 on the second, and twins of another tenant. */
export async function makeField(
  context: FieldContext,
  { elsewhere, tenants, ipv6 }: Surroundings,
): Promise<Field> {
  const { driver, scope, cluster } = context;
  const [near, far] = cluster.nodes as [ClusterNode, ClusterNode];
  const subnets = { subnet: freshSubnet(), ...(ipv6 ? { subnet6: freshSubnet6() } : {}) };
  const own = await driver.createNetwork(scope, { name: uniqueName("field"), ...subnets });
  const policies = await inTurn(policySlots, (slot) =>
    createPolicy(scope, driver, uniqueName(`policy-${slot}`)),
  );
  const groups = await inTurn(groupSlots, async (slot) => {
    const bound = boundBy[slot].map((policy) => policies[policy].name);
    const spec = { name: uniqueName(`group-${slot}`), network: own.name, policies: bound };
    return createGroup(scope, driver, spec);
  });
  const addressesOf = (host: number): Member["addresses"] => ({
    4: nthAddress(subnets.subnet, host),
    ...(subnets.subnet6 ? { 6: nthAddress(subnets.subnet6, host) } : {}),
  });
  const join = (to: Scope, network: Network, node: ClusterNode, member: Member) =>
    Participant.start(to, network, node, {
      member,
      ports: Object.values(ports),
      // Without an engine nothing else is needed, and it starts sooner.
      bare: context.declaration.capabilities.includes("cni"),
    });
  const place = { tenant: "default", network: own.name };
  const named = (name: string, host: number, group?: string): Member => ({
    ...{ name: uniqueName(name), ...place, addresses: addressesOf(host) },
    ...(group === undefined ? {} : { group }),
  });
  const visitor = named("visitor", 15);

  /** Of another tenant, in a network and a group of the same names: one with a1's address, one with an address that nobody else has. */
  async function twins(): Promise<(() => Promise<Participant>)[]> {
    const tenant = anotherTenant;
    const network = await driver.createNetwork(scope, { name: own.name, tenant, ...subnets });
    const group = await createGroup(scope, driver, {
      ...{ name: groups.a, network: own.name, policies: [], tenant },
    });
    return [
      () => join(scope, network, far, { ...named("twin", 11, group), tenant }),
      () => join(scope, network, near, { ...named("stranger", 20), tenant }),
    ];
  }

  // Made before anybody starts, so that nobody's failure is left alone meanwhile.
  const otherTenants = tenants ? await twins() : [];
  const participants = await allEnded([
    join(scope, own, near, named("a1", 11, groups.a)),
    join(scope, own, far, named("a2", 12, groups.a)),
    join(scope, own, far, named("b1", 13, groups.b)),
    join(scope, own, near, named("free", 14)),
    ...otherTenants.map((start) => start()),
  ]);
  const { one6, cidr6 } = ipv6
    ? { one6: addressesOf(14)[6]!, cidr6: `${addressesOf(12)[6]!}/127` }
    : { one6: undefined, cidr6: undefined };
  const setting: Setting = {
    api: context.declaration.capabilities.includes("cni") ? "cni" : "cnm",
    tenant: place.tenant,
    policies: mapped(policySlots, (slot) => policies[slot].name),
    groups,
    networks: { own: own.name, another: elsewhere },
    subnets,
    addresses: {
      one: addressesOf(14)[4],
      cidr: `${addressesOf(12)[4]}/31`,
      anotherTenants: addressesOf(20)[4],
      ...(one6 && cidr6 ? { one6, cidr6 } : {}),
    },
    ports,
    members: participants.map(({ member }) => member),
    visitor,
    nodes: {
      ...Object.fromEntries(participants.map(({ member, node }) => [member.name, node.name])),
      [visitor.name]: far.name,
    },
  };
  return {
    setting,
    policies,
    participants: new Map(participants.map((one) => [one.member.name, one])),
    startVisitor: (to, slot) => join(to, own, far, { ...visitor, group: groups[slot] }),
  };
}

/** One after the other: not every plugin takes two orders at a time. */
async function inTurn<K extends string, V>(
  keys: readonly K[],
  make: (key: K) => Promise<V>,
): Promise<Record<K, V>> {
  const made: Partial<Record<K, V>> = {};
  for (const key of keys) made[key] = await make(key);
  return made as Record<K, V>;
}

function mapped<K extends string, V>(keys: readonly K[], of: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, V>;
}
