import type { EndpointState, NetworkState, State } from "#drivers/reference/model/state/state.ts";
import { addressOf, parseAddress } from "#harness/core/ip.ts";
import { judgingAnswers } from "./answers.ts";
import { innerDevice, outerDevice } from "./devices.ts";
import { flowsFor } from "./flows.ts";
import type { NodePlan, Overlay, Port, Resolver } from "./node-plan.ts";
import { routingFor } from "./routing-plan.ts";

/** Works out what must exist on `node`, whose VLAN trunk is `dataDevice`. */
export function planFor(state: Readonly<State>, node: string, dataDevice: string): NodePlan {
  const attached = new Set(
    Object.values(state.engineNetworks)
      .filter((one) => one.node === node)
      .map((one) => one.network),
  );
  const networks = [...attached].sort().map((key) => ({ key, network: state.networks[key]! }));
  const bridged = networks.filter(({ network }) => network.encap !== "routed");
  const topology = {
    overlays: networks
      .filter(({ network }) => network.encap === "vxlan")
      .map(({ network }) => overlayOf(network)),
    trunk: networks.filter(({ network }) => network.encap === "vlan").map(({ network }) => network.localTag),
    ports: Object.values(state.endpoints)
      .filter((endpoint) => endpoint.node === node && endpoint.sandbox !== undefined)
      .flatMap((endpoint) => portOf(endpoint, state.networks[endpoint.network]!)),
    resolvers: bridged.map(({ key, network }) => resolverOf(state, key, network)),
    routing: routingFor(state, node),
  };
  return { ...topology, flows: judgingAnswers(flowsFor(state, topology, dataDevice)) };
}

function overlayOf({ tag, localTag }: NetworkState): Overlay {
  return { device: `nv${tag}`, vni: tag, tag: localTag };
}

function portOf(endpoint: EndpointState, { localTag, encap }: NetworkState): Port[] {
  if (encap === "routed") return [];
  return [
    {
      device: outerDevice(endpoint.id),
      inner: innerDevice(endpoint.id),
      tag: localTag,
      encap,
      mac: endpoint.mac,
      ipv4: addressOf(endpoint.ipv4),
      ...(endpoint.ipv6 === undefined ? {} : { ipv6: addressOf(endpoint.ipv6) }),
    },
  ];
}

function resolverOf(state: Readonly<State>, key: string, network: NetworkState): Resolver {
  const number = parseAddress(network.resolver).value & 0xffffn;
  const id = `nr${number.toString(16)}`;
  return {
    id,
    device: id,
    tag: network.localTag,
    address: network.resolver,
    subnets: [network.subnet, ...(network.subnet6 ? [network.subnet6] : [])],
    hosts: Object.values(state.endpoints)
      .filter((endpoint) => endpoint.network === key && endpoint.names.length > 0)
      .flatMap(({ ipv4, ipv6, names }) =>
        [ipv4, ipv6].flatMap((address) => (address ? [[addressOf(address), ...names].join(" ")] : [])),
      )
      .sort(),
  };
}
