import type { NodeValues } from "#drivers/cni/node-values.ts";

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
export function ownSubnet({ nodeSubnet, gateway }: NodeValues) {
  return hostLocal({ subnet: nodeSubnet, gateway }, true);
}

/** host-local for networks that are one subnet, of which every node gives out a range. */
export function ownRange(
  { subnet, rangeStart, rangeEnd, gateway }: NodeValues,
  { gateway: hasGateway }: { gateway: boolean },
) {
  return hostLocal({ subnet, rangeStart, rangeEnd, ...(hasGateway ? { gateway } : {}) }, hasGateway);
}

function hostLocal(range: Record<string, string>, routed: boolean) {
  return {
    type: "host-local",
    ranges: [[range]],
    ...(routed ? { routes: [{ dst: "0.0.0.0/0" }] } : {}),
  };
}

/** Published ports, and a firewall that lets the container's own traffic through. */
export const portmapAndFirewall = [
  { type: "portmap", capabilities: { portMappings: true }, snat: true },
  { type: "firewall", backend: "iptables" },
] as const;
