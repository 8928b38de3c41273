import { isRule, judgingAnswers } from "#drivers/reference/dataplane/plan/answers.ts";
import { flowsFor } from "#drivers/reference/dataplane/plan/flows.ts";
import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import { planFor } from "#drivers/reference/dataplane/plan/plan.ts";
import { ChurnFaults } from "#drivers/reference/faults/churn/churn.ts";
import { ShortNetworkFaults } from "#drivers/reference/faults/churn/short-networks.ts";
import { NodeFaults } from "#drivers/reference/faults/nodes.ts";
import { letInFromTenants } from "#drivers/reference/faults/policy/across-tenants.ts";
import { lettingEstablished } from "#drivers/reference/faults/policy/established.ts";
import { MomentFaults } from "#drivers/reference/faults/policy/moments.ts";
import { PolicyMutants } from "#drivers/reference/faults/policy/mutants.ts";
import { ResetFaults } from "#drivers/reference/faults/policy/reset.ts";
import { isIpv6, RuleFaults } from "#drivers/reference/faults/policy/rules.ts";
import { StartFaults } from "#drivers/reference/faults/restart.ts";
import { RoutingFaults } from "#drivers/reference/faults/routing.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import { defaultTenant, keyOf, type PolicyState, type State } from "#drivers/reference/model/state/state.ts";
import { addressOf } from "#harness/core/ip.ts";

/**
 * Plans that break a network as the faults that are on say. What a fault does is described in the table of the
 * reference plugin's faults. The model itself stays right, so that switching a fault off makes all right again.
 */
export class DataplaneFaults {
  readonly #faults: ReadonlySet<string>;
  readonly #names = new Map<string, Set<string>>();
  readonly #lastPlans = new Map<string, NodePlan>();
  readonly #lastFlows = new Map<string, readonly string[]>();
  readonly #routing: RoutingFaults;
  readonly #mutants: PolicyMutants;
  readonly #rules: RuleFaults;
  readonly #nodes: NodeFaults;
  readonly #moments: MomentFaults;
  readonly #start: StartFaults;
  readonly #resets: ResetFaults;
  readonly #churn: ChurnFaults;
  readonly #shortNetworks: ShortNetworkFaults;
  readonly #tenancies = new Map<string, Tenancy>();
  readonly #widowed = new Set<string>();

  /** `sync` has new plans made for all nodes, and resolves when they are carried out. */
  constructor(faults: ReadonlySet<string>, sync: () => Promise<void> = async () => {}) {
    this.#faults = faults;
    this.#routing = new RoutingFaults(faults);
    this.#mutants = new PolicyMutants(faults);
    this.#rules = new RuleFaults(faults);
    this.#nodes = new NodeFaults(faults, sync);
    this.#moments = new MomentFaults(faults, sync);
    this.#start = new StartFaults(faults, sync);
    this.#resets = new ResetFaults(faults);
    this.#churn = new ChurnFaults(faults);
    this.#shortNetworks = new ShortNetworkFaults(faults);
  }

  /** The engine of a node has ended. */
  failed(node: string): void {
    this.#nodes.failed(node);
  }

  /** The plan for a node, honest while no fault is on. */
  planFor(state: Readonly<State>, node: string, dataDevice: string): NodePlan {
    this.#start.started(state);
    this.#rules.started(state);
    if (this.#faults.size === 0) {
      this.#routing.forget();
      this.#mutants.forget();
      this.#moments.forget();
      this.#resets.forget();
      this.#churn.forget();
      this.#shortNetworks.forget();
      return planFor(state, node, dataDevice);
    }
    const broken = this.#breakState(structuredClone(state) as State, node);
    this.#nodes.breakState(broken, node);
    const plan = this.#keepRemains(node, this.#breakTopology(broken, planFor(broken, node, dataDevice)));
    const ruled = this.#rules.breakFlows(flowsFor(broken, plan, dataDevice), broken, plan, {
      node,
      dataDevice,
    });
    const right = this.#mutants.breakFlows(ruled, broken, plan, node);
    const judging = judgingAnswers(this.#breakFlows(broken, right, plan, dataDevice));
    const letting = judging.some(isRule) ? lettingEstablished(node, this.#faults) : [];
    const remains = [...this.#churn.flows(state, node), ...this.#shortNetworks.flows(state)];
    const passing = this.#resets.breakFlows([...judging, ...letting], broken, node);
    const kept = this.#keepFlows(node, [...passing, ...remains]);
    const flows = this.#start.flows(kept, state);
    const routing = this.#routing.broken(plan.routing, broken, { node, dataDevice });
    return { ...plan, routing, flows };
  }

  #on(fault: ReferenceFaultName): boolean {
    return this.#faults.has(fault);
  }

  #breakState(state: State, node: string): State {
    const networks = Object.values(state.networks);
    const overlays = networks.filter((network) => network.encap === "vxlan");
    const rules = Object.values(state.policies).flatMap((policy) => Object.values(policy.rules));
    const endpoints = Object.values(state.endpoints);

    if (this.#on("wrong-vlan")) {
      for (const network of networks)
        if (network.encap === "vlan") network.localTag = (network.localTag % 4094) + 1;
    }
    if (this.#on("one-vni-for-all")) {
      for (const network of overlays)
        Object.assign(network, { tag: overlays[0]?.tag, localTag: overlays[0]?.localTag });
    }
    if (this.#on("deny-widened-to-icmp"))
      for (const policy of Object.values(state.policies)) widen(policy, "icmp");
    if (this.#on("deny-widened-to-udp"))
      for (const policy of Object.values(state.policies)) widen(policy, "udp");
    if (this.#on("peer-ignored")) for (const rule of rules) rule.peer = {};
    if (this.#on("policy-not-enforced"))
      for (const policy of Object.values(state.policies)) policy.rules = {};
    this.#rules.breakState(state, node);
    if (this.#on("late-members-ignored")) this.#dropLateMembers(state);
    this.#mutants.breakState(state);
    this.#moments.breakState(state);
    if (this.#on("policy-on-whole-network")) {
      for (const endpoint of endpoints) {
        const group = Object.values(state.groups).find((one) => one.network === endpoint.network);
        if (group) endpoint.group = group.name;
      }
    }
    return state;
  }

  #breakTopology(state: State, plan: NodePlan): NodePlan {
    const local = new Set(plan.ports.map(({ ipv4 }) => ipv4));
    return {
      ...plan,
      ...(this.#on("overlay-without-tunnel")
        ? { overlays: [], trunk: [...plan.trunk, ...plan.overlays.map(({ tag }) => tag)] }
        : {}),
      ...(this.#on("one-vni-for-all") ? { overlays: plan.overlays.slice(0, 1) } : {}),
      ...(this.#on("vlan-not-connected") ? { trunk: [] } : {}),
      ports: plan.ports.map(({ ipv6, ...port }) => ({
        ...port,
        ...(ipv6 === undefined || this.#on("ipv6-moves-in-silence") ? {} : { ipv6 }),
        ...(this.#on("mtu-ignored") ? { encap: "vlan" as const } : {}),
      })),
      resolvers: plan.resolvers.map((resolver) => {
        if (this.#on("names-of-own-node-only")) {
          return { ...resolver, hosts: resolver.hosts.filter((line) => local.has(line.split(" ")[0] ?? "")) };
        }
        if (this.#on("tenants-without-names")) {
          const { tenant } = Object.values(state.networks).find((one) => one.resolver === resolver.address)!;
          return tenant === defaultTenant ? resolver : { ...resolver, hosts: [] };
        }
        if (this.#on("names-without-ipv6")) {
          return { ...resolver, hosts: resolver.hosts.filter((line) => !line.split(" ")[0]?.includes(":")) };
        }
        if (!this.#on("names-of-all-tenants")) return resolver;
        return { ...resolver, hosts: allHosts(state) };
      }),
    };
  }

  /** What is to be left behind: ports, resolvers and names that an earlier plan had. */
  #keepRemains(node: string, plan: NodePlan): NodePlan {
    const last = this.#lastPlans.get(node);
    const resolvers = plan.resolvers.map((resolver) => {
      const names = this.#names.get(resolver.id) ?? new Set();
      for (const line of resolver.hosts) names.add(line);
      this.#names.set(resolver.id, names);
      return this.#on("name-outlives-container") ? { ...resolver, hosts: [...names].sort() } : resolver;
    });
    const kept = {
      ...plan,
      resolvers: this.#on("resolver-outlives-network") ? union(resolvers, last?.resolvers ?? []) : resolvers,
      ports: this.#on("port-outlives-container") ? union(plan.ports, last?.ports ?? []) : plan.ports,
    };
    this.#lastPlans.set(node, kept);
    return kept;
  }

  #keepFlows(node: string, flows: string[]): string[] {
    const last = this.#lastFlows.get(node) ?? [];
    const kept = this.#on("flows-outlive-network") ? [...new Set([...flows, ...last])] : flows;
    this.#lastFlows.set(node, kept);
    return kept;
  }

  #breakFlows(state: State, right: readonly string[], plan: NodePlan, dataDevice: string): string[] {
    this.#findWidowed(state);
    const outer = [...plan.overlays.map(({ device }) => device), dataDevice];
    const flows = (this.#on("policy-for-given-addresses-alone") ? byGivenAddress(right, state) : right)
      .filter((flow) => !(this.#on("policy-for-ipv4-alone") && isRule(flow) && isIpv6(flow)))
      .map((flow) =>
        this.#on("ipv6-peer-ignored") && isRule(flow) ? flow.replace(/,ipv6_(src|dst)=[^,]+/, "") : flow,
      );
    return [
      ...(this.#on("policy-only-across-nodes")
        ? flows.filter((flow) => !isMark(flow)).concat(remoteMarks(flows, state, plan))
        : flows),
      ...(this.#on("udp-between-nodes-dropped")
        ? outer
            .filter((device) => device !== dataDevice || plan.trunk.length > 0)
            .map((device) => `table=0,priority=40,in_port=${device},udp,actions=drop`)
        : []),
      ...(this.#on("address-lost-with-twin") ? this.#silenceWidowed(state, plan) : []),
      ...(this.#on("overlay-without-tunnel")
        ? plan.ports.map(({ mac, tag }) => ignoreReflection(dataDevice, tag, mac))
        : []),
      ...(this.#on("allowed-address-of-all-tenants") ? letInFromTenants(state, plan) : []),
      ...(this.#on("ipv6-of-all-tenants") ? floodTenants(state, plan) : []),
      ...(this.#on("one-vni-for-ipv6") ? shareTunnel(state, plan) : []),
      ...(this.#on("vlan-without-ipv6") && plan.trunk.length > 0
        ? [`table=0,priority=40,in_port=${dataDevice},ipv6,actions=drop`]
        : []),
      ...this.#moments.flows(state, plan),
      ...(this.#on("vlan-deaf-to-others") ? onlyContainers(state, plan, dataDevice) : []),
    ];
  }

  /** Those whose address a container of another network had, which has gone since. */
  #findWidowed(state: State): void {
    const living = Object.values(state.endpoints);
    for (const [id, gone] of this.#tenancies) {
      if (Object.hasOwn(state.endpoints, id)) continue;
      this.#tenancies.delete(id);
      for (const twin of living) {
        const known = this.#tenancies.has(twin.id);
        if (known && twin.ipv4 === gone.ipv4 && twin.network !== gone.network) this.#widowed.add(twin.id);
      }
    }
    for (const { id, ipv4, network } of living) this.#tenancies.set(id, { ipv4, network });
  }

  #silenceWidowed(state: State, { ports }: NodePlan): string[] {
    const silent = Object.values(state.endpoints).filter(({ id }) => this.#widowed.has(id));
    return ports
      .filter(({ mac, tag }) =>
        silent.some((one) => one.mac === mac && state.networks[one.network]?.localTag === tag),
      )
      .map(({ device }) => `table=0,priority=50,in_port=${device},actions=drop`);
  }

  #dropLateMembers(state: State): void {
    const bound = new Set<string>();
    for (const endpoint of Object.values(state.endpoints)) {
      const group = keyOf(endpoint.network, endpoint.group ?? "");
      if (bound.has(group)) delete endpoint.group;
      bound.add(group);
    }
  }
}

/** An endpoint's address, and the network that it is in. */
interface Tenancy {
  readonly ipv4: string;
  readonly network: string;
}

function union<T extends { device: string }>(wanted: readonly T[], earlier: readonly T[]): T[] {
  return [...wanted, ...earlier.filter(({ device }) => !wanted.some((one) => one.device === device))];
}

/** Adds to every deny rule one like it for another protocol. */
function widen(policy: PolicyState, protocol: "icmp" | "udp"): void {
  for (const rule of Object.values(policy.rules)) {
    if (rule.action !== "deny") continue;
    policy.rules[`${rule.id} ${protocol}`] = { ...rule, id: `${rule.id} ${protocol}`, protocol, port: 0 };
  }
}

function allHosts(state: State): string[] {
  return Object.values(state.endpoints)
    .filter(({ names }) => names.length > 0)
    .map(({ ipv4, names }) => [addressOf(ipv4), ...names].join(" "));
}

/**
 * What the data interface brings back of a container's own frames, or the bridge would learn it on that
 * interface.
 */
function ignoreReflection(dataDevice: string, tag: number, mac: string): string {
  return `table=0,priority=40,in_port=${dataDevice},dl_vlan=${tag},dl_src=${mac},actions=drop`;
}

/** Lets in from the VLANs what comes from containers of other nodes, and nothing else. */
function onlyContainers(state: State, { trunk, ports }: NodePlan, dataDevice: string): string[] {
  const local = new Set(ports.map(({ mac }) => mac));
  const from = (match: string) => `table=0,in_port=${dataDevice},${match}`;
  return [
    ...trunk.map((tag) => from(`priority=12,dl_vlan=${tag},actions=drop`)),
    ...Object.values(state.endpoints)
      .map(({ mac, network }) => ({ mac, tag: state.networks[network]!.localTag }))
      .filter(({ mac, tag }) => trunk.includes(tag) && !local.has(mac))
      .map(({ mac, tag }) =>
        from(`priority=15,dl_vlan=${tag},dl_src=${mac},actions=load:${tag}->NXM_NX_REG0[],goto_table:1`),
      ),
  ];
}

/** Ports of the node that belong to another tenant than the default one. */
function tenantPorts(state: State, { ports }: NodePlan): string[] {
  const tags = tenantTags(state);
  return ports.filter(({ tag }) => tags.includes(tag)).map(({ device }) => device);
}

function tenantTags({ networks }: State): number[] {
  return Object.values(networks).flatMap(({ tenant, localTag }) =>
    tenant === defaultTenant ? [] : [localTag],
  );
}

const outputs = (devices: readonly string[]) => devices.map((device) => `output:${device}`).join(",");

/** Whatever a port of another tenant than the default one sends by IPv6 goes out of all such ports of the node. */
function floodTenants(state: State, plan: NodePlan): string[] {
  const devices = tenantPorts(state, plan);
  return devices.map((device) => `table=0,priority=40,in_port=${device},ipv6,actions=${outputs(devices)}`);
}

/**
 * IPv6 of all tenants but the default one crosses the wire in the tunnel of the first of them, and goes out of all their ports. What
 * neighbours ask and answer is left as it is.
 */
function shareTunnel(state: State, plan: NodePlan): string[] {
  const tags = tenantTags(state);
  const [tunnel] = plan.overlays.filter(({ tag }) => tags.includes(tag));
  if (!tunnel) return [];
  const devices = tenantPorts(state, plan);
  const flow = (from: string, to: readonly string[]) =>
    ["tcp6", "udp6", "icmp6,icmp_type=128", "icmp6,icmp_type=129"].map(
      (what) => `table=0,priority=40,in_port=${from},${what},actions=${outputs(to) || "drop"}`,
    );
  return [
    ...flow(tunnel.device, devices),
    ...devices.flatMap((device) => flow(device, [tunnel.device, ...devices])),
  ];
}

/** Flows that mark the destination (reg1) or the source (reg2) of a packet as a member of a group. */
const isMark = (flow: string) => /NXM_NX_REG[12]\[\]/.test(flow);

/** Marks by the IPv6 address that a member was given, in place of those by its MAC. */
function byGivenAddress(flows: readonly string[], { endpoints }: State): string[] {
  return flows.flatMap((flow) => {
    const [, end, mac] = (isMark(flow) && /,ipv6,dl_(dst|src)=([0-9a-f:]+),/.exec(flow)) || [];
    if (end === undefined) return [flow];
    const ipv6 = Object.values(endpoints).find((one) => one.mac === mac)?.ipv6;
    return ipv6 === undefined ? [] : [flow.replace(`dl_${end}=${mac}`, `ipv6_${end}=${addressOf(ipv6)}`)];
  });
}

/** Marks only where the other end is on another node: what stays on this node passes unmarked, in both directions. */
function remoteMarks(flows: readonly string[], state: State, plan: NodePlan): string[] {
  const local = new Set(plan.ports.map(({ ipv4, tag }) => keyOf(String(tag), ipv4)));
  const remote = Object.values(state.endpoints)
    .map(({ ipv4, network }) => ({ address: addressOf(ipv4), tag: state.networks[network]!.localTag }))
    .filter(({ address, tag }) => !local.has(keyOf(String(tag), address)));
  return flows.filter(isMark).flatMap((flow) =>
    remote
      .filter(({ tag }) => flow.includes(`reg0=${tag},ip,`))
      .map(({ address }) => {
        const otherEnd = flow.includes("nw_dst=") ? "nw_src" : "nw_dst";
        return flow.replace(",actions", `,${otherEnd}=${address},actions`);
      }),
  );
}
