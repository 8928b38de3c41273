import type { Ipv6Values, NodeValues } from "#drivers/cni/node-values.ts";

/** The newest version that both generations of Debian's plugins speak. */
const cniVersion = "1.0.0";

/** A network configuration list of these plugins. */
export function listOf(
  values: NodeValues,
  plugins: readonly Record<string, unknown>[],
): Record<string, unknown> {
  return { cniVersion, name: values.name, plugins };
}

/** host-local for networks in which every node has a subnet of its own. */
export function ownSubnet({ nodeSubnet, gateway, ipv6 }: NodeValues) {
  return hostLocal([{ nodeSubnet, gateway }, ipv6], true, (part) => ({
    subnet: part.nodeSubnet,
    gateway: part.gateway,
  }));
}

/** host-local for networks that are one subnet, of which every node gives out a range. */
export function ownRange(
  { subnet, rangeStart, rangeEnd, gateway, ipv6 }: NodeValues,
  { gateway: hasGateway }: { gateway: boolean },
) {
  return hostLocal([{ subnet, rangeStart, rangeEnd, gateway }, ipv6], hasGateway, (part) => ({
    subnet: part.subnet,
    rangeStart: part.rangeStart,
    rangeEnd: part.rangeEnd,
    ...(hasGateway ? { gateway: part.gateway } : {}),
  }));
}

const defaultRoutes = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];

/** An address of each part, IPv4 first; the second one is of a dual-stack network. */
function hostLocal<Part>(
  [ipv4, ipv6]: readonly [Part, (Part & Ipv6Values) | undefined],
  routed: boolean,
  rangeOf: (part: Part) => Record<string, string>,
) {
  const parts = ipv6 ? [ipv4, ipv6] : [ipv4];
  return {
    type: "host-local",
    ranges: parts.map((part) => [rangeOf(part)]),
    ...(routed ? { routes: defaultRoutes.slice(0, parts.length) } : {}),
  };
}

/** A bridge on each node that is the containers' gateway and masquerades what leaves the network. */
export function masqueradingBridge({ bridge }: NodeValues, more: Readonly<Record<string, unknown>>) {
  return { type: "bridge", bridge, isGateway: true, ipMasq: true, capabilities: { ips: true }, ...more };
}

/** Published ports, and a firewall that lets the container's own traffic through. */
export const portmapAndFirewall = [
  { type: "portmap", capabilities: { portMappings: true }, snat: true },
  { type: "firewall", backend: "iptables" },
] as const;

/**
 * Gives the interface the MAC that the runtime wants, which tells its neighbours whose address it is now. The bridge plugin's own
 * announcement is lost: since 1.1.0 the kernel sends it when the interface comes up, and the port of the bridge does not forward
 * yet (containernetworking/plugins#756). Over IPv6 it has the kernel announce nothing. An address that is used again would be that of
 * a MAC that is gone until caches expire.
 */
export function announcement({ ipv6 }: Pick<NodeValues, "ipv6">) {
  return {
    type: "tuning",
    capabilities: { mac: true },
    ...(ipv6 ? { sysctl: { "net.ipv6.conf.IFNAME.ndisc_notify": "1" } } : {}),
  };
}
