import { type Driver, type InstalledDriver, type Rule, usualPolicySemantics } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import { type Tallied, Tally } from "#harness/observe/capture/tally.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { Network, WorkloadSpec } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";

/** What a field is made of. */
export interface FieldContext {
  readonly cluster: Cluster;
  readonly driver: InstalledDriver;
  readonly declaration: Driver;
  readonly scope: Scope;
}

/** A container, and what comes in there. */
interface Target {
  readonly workload: Workload;
  readonly tally: Tally;
}

/** Where containers start and stop, and what they may reach and what not. */
export interface Field {
  readonly network: Network;
  readonly nodes: readonly ClusterNode[];
  /** Of those that start, where the driver has policies. */
  readonly group: string | undefined;
  /** On the last of the nodes, as are the others. Everybody in the network may reach it. */
  readonly open: Target;
  /** What no member of the group may reach: by a rule for what goes out of it, and by one for what comes in there. */
  readonly closed: readonly Target[];
  /** Has the address of the open one, in a network of another tenant. */
  readonly twin: Target | undefined;
  /** What comes in at the external host, and that host's address. */
  readonly external: { readonly address: string; readonly tally: Tally } | undefined;
  /** Whether an address is one of a node: what leaves the nodes must come from one. */
  isOfNode(address: string): boolean;
  /**
   * Sees an echo request come in everywhere, from those who may send there. Throws `ProbeFailed` where the tally of such a place sees none,
   * `Nonconformance` where none is answered.
   */
  control(): Promise<void>;
}

const anotherTenant = "green";
/** No sender's packets are of that length. */
const controlBytes = 1_100;

/** Makes it; what it consists of is what the driver declares. */
export async function makeField(context: FieldContext): Promise<Field> {
  const { cluster, driver, declaration, scope } = context;
  const has = (...all: Driver["capabilities"]) => all.every((one) => declaration.capabilities.includes(one));
  const [first] = cluster.nodes;
  if (!first) throw new HarnessError("a cluster has at least one node");
  const near: ClusterNode = first;
  const nodes = has("multihost") ? cluster.nodes.slice(0, 2) : [near];
  const far = nodes.at(-1) ?? near;
  const bare = has("cni");
  const subnet = freshSubnet();
  const network = await driver.createNetwork(scope, { name: uniqueName("leaks"), subnet });
  const start = (what: string, on: ClusterNode, spec: WorkloadSpec = {}, to = network) =>
    to.run(scope, on, { name: uniqueName(what), ...(bare ? { bare } : {}), ...spec });
  const watched = async (workload: Workload): Promise<Target> => ({
    workload,
    tally: await Tally.start(scope, workload.node, workload.netns),
  });

  const given = has("tenants") ? { ip: nthAddress(subnet, 11) } : {};
  const open = await watched(await start("open", far, given));
  const free = await start("free", near);
  const external = has("outbound") ? await outside(context) : undefined;
  const guarded = has("policy", "multihost") ? await guard() : undefined;
  const tenant = has("tenants") ? await makeTenant() : undefined;

  /** Two that the group of the senders may not reach. */
  async function guard(): Promise<{ group: string; closed: Target[] }> {
    const additive = (declaration.policySemantics ?? usualPolicySemantics).combine === "additive";
    const group = uniqueName("senders");
    const away = await createPolicy(scope, driver, uniqueName("policy"));
    await createGroup(scope, driver, { name: group, network: network.name, policies: [away.name] });
    const outer = await watched(await start("closed", far));
    const allowed = [open.workload.ip, ...(external ? [external.address] : [])];
    await addRules(away, "out", additive ? allowed : [], outer.workload.ip);

    const home = await createPolicy(scope, driver, uniqueName("policy"));
    const own = uniqueName("guarded");
    await createGroup(scope, driver, { name: own, network: network.name, policies: [home.name] });
    await addRules(home, "in", additive ? [free.ip] : [], { group });
    const inner = await watched(await start("guarded", far, { group: own }));
    return { group, closed: [outer, inner] };
  }

  async function makeTenant(): Promise<{ twin: Target; neighbour: Workload }> {
    await driver.createTenant?.(scope, anotherTenant);
    const spec = { name: network.name, tenant: anotherTenant, subnet };
    const theirs = await driver.createNetwork(scope, spec);
    const twin = await watched(await start("twin", far, given, theirs));
    return { twin, neighbour: await start("neighbour", near, {}, theirs) };
  }

  const addresses = new Set(
    cluster.nodes.flatMap(({ interfaces }) => Object.values(interfaces).map(({ address }) => address)),
  );
  const isOfNode = (address: string) => addresses.has(address);
  const closed = guarded?.closed ?? [];

  async function control(): Promise<void> {
    for (const target of [open, ...closed]) await sees(free, target.workload, target.tally);
    if (tenant) await sees(tenant.neighbour, tenant.twin.workload, tenant.twin.tally);
    if (external) {
      const to = { name: "the external host", ip: external.address };
      await sees(free, to, external.tally, ({ source }) => isOfNode(source));
    }
  }

  return {
    ...{ network, nodes, open, closed, external, isOfNode, control },
    ...{ group: guarded?.group, twin: tenant?.twin },
  };
}

/** Has `peer` kept from, or let to, by one rule or several, for all protocols. */
async function addRules(
  policy: Awaited<ReturnType<typeof createPolicy>>,
  direction: Rule["direction"],
  allowed: readonly string[],
  denied: string | { group: string },
): Promise<void> {
  const rules: Pick<Rule, "action" | "peer">[] =
    allowed.length > 0
      ? allowed.map((address) => ({ action: "allow", peer: { address } }))
      : [{ action: "deny", peer: typeof denied === "string" ? { address: denied } : denied }];
  for (const [index, rule] of rules.entries()) {
    await policy.addRule({ id: String(index + 1), direction, protocol: "any", ...rule });
  }
}

/** An inventory need not name an external host. */
async function outside({ cluster, scope }: FieldContext): Promise<Field["external"]> {
  try {
    const { external } = cluster;
    const { address } = external.interfaces.management;
    return { address, tally: await Tally.start(scope, external) };
  } catch (error) {
    if (error instanceof Blocked) return undefined;
    throw error;
  }
}

/** Sees an echo request come in that is answered. Throws `ProbeFailed` where the tally does not have it, `Nonconformance` without an answer. */
export async function sees(
  from: Peer,
  to: Pick<Workload, "name" | "ip">,
  tally: Tally,
  expected: (seen: Tallied) => boolean = () => true,
): Promise<void> {
  await expectPing(from, to, { packetBytes: controlBytes });
  const seen = await tally.take(controlBytes);
  if (seen.some(expected)) return;
  const got = seen.map(({ source, count }) => `${count} from ${source}`).join(", ") || "nothing";
  throw new ProbeFailed(`${from.name} got an answer from ${to.name}, where ${tally.where} saw ${got}`);
}
