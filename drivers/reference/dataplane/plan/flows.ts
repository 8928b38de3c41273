import { resolverSubnet } from "#drivers/reference/model/networks.ts";
import {
  type EndpointState,
  keyOf,
  type RuleState,
  type State,
} from "#drivers/reference/model/state/state.ts";
import { addressOf, isCidr, networkOf } from "#harness/core/ip.ts";
import type { NodePlan } from "./node-plan.ts";
import { table } from "./tables.ts";

const zone = "zone=NXM_NX_REG0[0..15]";
const neighbourDiscovery = [133, 134, 135, 136, 137];

/**
 * The OpenFlow tables of a node's bridge, but for the flows that judge answers. Works for kernel and userspace datapaths, OpenFlow
 * 1.4.
 */
export function flowsFor(
  state: Readonly<State>,
  topology: Omit<NodePlan, "flows">,
  dataDevice: string,
): string[] {
  const groups = new Map(Object.entries(state.groups).map(([key, { mark }]) => [key, mark]));
  return [
    ...portFlows(topology, dataDevice),
    ...memberFlows(state, groups),
    `table=${table.track},priority=20,reg1=0,reg2=0,actions=NORMAL`,
    ...families.map(
      ({ any }) => `table=${table.track},priority=10,${any},actions=ct(table=${table.state},${zone})`,
    ),
    `table=${table.track},priority=0,actions=NORMAL`,
    `table=${table.state},priority=30,ct_state=+trk+rel,actions=NORMAL`,
    `table=${table.state},priority=20,ct_state=+trk+rpl,actions=goto_table:${table.answerOut}`,
    `table=${table.state},priority=10,ct_state=+trk+inv,actions=drop`,
    `table=${table.state},priority=0,actions=goto_table:${table.out}`,
    ...ruleFlows(state, groups),
    `table=${table.out},priority=0,actions=goto_table:${table.in}`,
    `table=${table.in},priority=0,actions=goto_table:${table.commit}`,
    ...families.map(({ any }) => `table=${table.commit},${any},actions=ct(commit,${zone}),NORMAL`),
    `table=${table.answerOut},priority=0,actions=goto_table:${table.answerIn}`,
    `table=${table.answerIn},priority=0,actions=NORMAL`,
  ];
}

const families = [
  { version: 4, any: "ip", tcp: "tcp", udp: "udp", icmp: "icmp", source: "nw_src", destination: "nw_dst" },
  {
    version: 6,
    any: "ipv6",
    tcp: "tcp6",
    udp: "udp6",
    icmp: "icmp6",
    source: "ipv6_src",
    destination: "ipv6_dst",
  },
] as const;

/** Which network a packet is in follows from the port it came through. */
function portFlows(
  { overlays, trunk, ports, resolvers }: Omit<NodePlan, "flows">,
  dataDevice: string,
): string[] {
  const enter = (tag: number) => `actions=load:${tag}->NXM_NX_REG0[],goto_table:${table.destination}`;
  const outer = [...overlays.map(({ device }) => device), ...(trunk.length > 0 ? [dataDevice] : [])];
  return [
    // Every node answers for the resolvers itself; their addresses never cross the wire.
    ...outer.flatMap((device) => [
      `table=${table.port},priority=30,in_port=${device},arp,arp_tpa=${resolverSubnet},actions=drop`,
      `table=${table.port},priority=30,in_port=${device},arp,arp_spa=${resolverSubnet},actions=drop`,
    ]),
    // A switch that sends broadcasts back to where they came from would make the bridge learn its own
    // containers on the data interface.
    ...ports
      .filter(({ encap }) => encap === "vlan" && trunk.length > 0)
      .map(
        ({ mac, tag }) =>
          `table=${table.port},priority=20,in_port=${dataDevice},dl_vlan=${tag},dl_src=${mac},actions=drop`,
      ),
    ...resolvers.flatMap(({ device }) =>
      ["arp", "ip"].map((kind) => `table=${table.port},priority=20,in_port=${device},${kind},actions=NORMAL`),
    ),
    ...overlays.map(({ device, tag }) => `table=${table.port},priority=10,in_port=${device},${enter(tag)}`),
    ...trunk.map(
      (tag) => `table=${table.port},priority=10,in_port=${dataDevice},dl_vlan=${tag},${enter(tag)}`,
    ),
    ...ports.map(({ device, tag }) => `table=${table.port},priority=10,in_port=${device},${enter(tag)}`),
    `table=${table.destination},priority=30,ip,nw_dst=${resolverSubnet},actions=NORMAL`,
    ...neighbourDiscovery.map(
      (type) => `table=${table.destination},priority=30,icmp6,icmp_type=${type},actions=NORMAL`,
    ),
  ];
}

/** Every node knows the members of all groups, since a rule may name a peer on another node. */
function memberFlows(state: Readonly<State>, groups: ReadonlyMap<string, number>): string[] {
  const members = Object.values(state.endpoints).flatMap((endpoint) => {
    const { localTag, tenant } = state.networks[endpoint.network]!;
    const group = groups.get(keyOf(tenant, endpoint.group ?? ""));
    return group === undefined ? [] : [{ localTag, group, ends: endsOf(endpoint) }];
  });
  const marks = members.flatMap(({ localTag, group, ends }) =>
    ends.flatMap(({ destination, source }) => [
      `table=${table.destination},priority=10,reg0=${localTag},${destination},actions=load:${group}->NXM_NX_REG1[],goto_table:${table.source}`,
      `table=${table.source},priority=10,reg0=${localTag},${source},actions=load:${group}->NXM_NX_REG2[],goto_table:${table.track}`,
    ]),
  );
  return [
    ...marks,
    `table=${table.destination},priority=0,actions=goto_table:${table.source}`,
    `table=${table.source},priority=0,actions=goto_table:${table.track}`,
  ];
}

function ruleFlows(state: Readonly<State>, groups: ReadonlyMap<string, number>): string[] {
  return Object.entries(state.groups).flatMap(([key, { tenant, policies }]) =>
    policies
      .flatMap((name) => Object.values(state.policies[keyOf(tenant, name)]?.rules ?? {}))
      .flatMap((rule) => flowsOfRule(state, groups, tenant, groups.get(key)!, rule)),
  );
}

/** A rule judges by the member's register (which end it is depends on the direction) and by the peer at the other end. */
function flowsOfRule(
  state: Readonly<State>,
  groups: ReadonlyMap<string, number>,
  tenant: string,
  group: number,
  rule: RuleState,
): string[] {
  const inward = rule.direction === "in";
  const priority = 100 + 2 * rule.priority + (rule.action === "deny" ? 1 : 0);
  const here = inward ? table.in : table.out;
  const action = rule.action === "deny" ? "drop" : `goto_table:${inward ? table.commit : table.in}`;
  const peerGroup = rule.peer.group === undefined ? undefined : groups.get(keyOf(tenant, rule.peer.group));
  const peerNetwork =
    rule.peer.network === undefined ? undefined : state.networks[keyOf(tenant, rule.peer.network)];
  // A peer that has gone matches no packet; leaving the match out would make the rule match every packet.
  if (rule.peer.group !== undefined && peerGroup === undefined) return [];
  if (rule.peer.network !== undefined && peerNetwork === undefined) return [];
  return families.flatMap((family) => {
    const address = rule.peer.address ?? peerSubnet(peerNetwork, family.version);
    if (peerNetwork && address === undefined) return [];
    if (address !== undefined && address.includes(":") !== (family.version === 6)) return [];
    const match = [
      rule.protocol === "any" ? family.any : family[rule.protocol],
      `${inward ? "reg1" : "reg2"}=${group}`,
      ...(peerGroup === undefined ? [] : [`${inward ? "reg2" : "reg1"}=${peerGroup}`]),
      ...(peerNetwork === undefined ? [] : [`reg0=${peerNetwork.localTag}`]),
      ...(address === undefined ? [] : [`${inward ? family.source : family.destination}=${masked(address)}`]),
      ...(rule.port === 0 ? [] : [`tp_dst=${rule.port}`]),
    ];
    return [`table=${here},priority=${priority},${match.join(",")},actions=${action}`];
  });
}

function peerSubnet(network: State["networks"][string] | undefined, version: 4 | 6): string | undefined {
  return version === 4 ? network?.subnet : network?.subnet6;
}

function masked(address: string): string {
  return isCidr(address) ? networkOf(address) : address;
}

/** What a packet to or from a container matches. Over IPv6 it has addresses that nobody gave it, such as a link-local one. */
function endsOf({ ipv4, mac }: EndpointState): { destination: string; source: string }[] {
  const address = addressOf(ipv4);
  return [
    { destination: `ip,nw_dst=${address}`, source: `ip,nw_src=${address}` },
    { destination: `ipv6,dl_dst=${mac}`, source: `ipv6,dl_src=${mac}` },
  ];
}
