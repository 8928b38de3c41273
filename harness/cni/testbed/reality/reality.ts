import type { AddResult } from "#harness/cni/protocol/result.ts";
import type { Container } from "#harness/cni/testbed/container.ts";
import { readAddresses, readLink } from "#harness/cni/testbed/inside.ts";
import { formatNetwork, isCidr, parseCidr } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { attributesSaid, differsFrom, readRouteTable } from "./routes.ts";

/** What a result says and what is there. */
export interface Unlike {
  /** Both read after "expected" and "got". */
  readonly expected: string;
  readonly got: string;
}

/**
 * Everything of ADD's result that the container's interface does not have: the MAC, the MTU, addresses, and routes with the attributes that
 * the result gives them (specification, section 5, ADD Success). What the result leaves out is not looked for.
 */
export async function unlikeInside(host: Host, container: Container, result: AddResult): Promise<Unlike[]> {
  const { name, ifName } = container;
  const index =
    result.interfaces?.findIndex(
      (one) => one.name === ifName && one.sandbox !== undefined && one.sandbox !== "",
    ) ?? -1;
  const listed = result.interfaces?.[index];
  const link = await readLink(host, name, ifName);
  if (!link) return [{ expected: `${ifName} in the container`, got: "no such interface" }];
  const unlike: Unlike[] = [];
  if (listed?.mac && listed.mac.toLowerCase() !== link.mac) {
    unlike.push({ expected: `the MAC ${link.mac} that ${ifName} has`, got: listed.mac });
  }
  if (listed?.mtu && listed.mtu !== link.mtu) {
    unlike.push({ expected: `the MTU ${link.mtu} that ${ifName} has`, got: String(listed.mtu) });
  }
  const held = await readAddresses(host, name, ifName);
  const missing = (result.ips ?? [])
    .filter((ip) => ip.interface === index && !held.includes(ip.address))
    .map((ip) => ip.address);
  if (missing.length > 0) {
    unlike.push({ expected: `${missing.join(", ")} on ${ifName}`, got: held.join(", ") || "no address" });
  }
  return [...unlike, ...(await unlikeRoutes(host, container, result))];
}

async function unlikeRoutes(host: Host, { name }: Container, { routes }: AddResult): Promise<Unlike[]> {
  const said = routes ?? [];
  if (said.length === 0) return [];
  const table = await readRouteTable(host, name);
  const to = (dst: string) => (isCidr(dst) ? formatNetwork(parseCidr(dst).network) : dst);
  const lost = said.map(({ dst }) => to(dst)).filter((dst) => !table.some((one) => one.dst === dst));
  const others = said.flatMap((route) => {
    const found = table.filter(({ dst }) => dst === to(route.dst));
    if (found.length === 0 || found.some((one) => differsFrom(one, route) === undefined)) return [];
    const differences = found.map((one) => differsFrom(one, route)).join("; ");
    return [{ expected: `the route to ${to(route.dst)} with ${attributesSaid(route)}`, got: differences }];
  });
  if (lost.length === 0) return others;
  const got = table.map(({ dst }) => dst).join(", ") || "no route";
  return [{ expected: `routes to ${lost.join(", ")}`, got }, ...others];
}

/** Interfaces on the host, in a namespace of that name, that the result lists with a MAC which they do not have. */
export async function unlikeOnHost(host: Host, netns: string, result: AddResult): Promise<Unlike[]> {
  const listed = (result.interfaces ?? []).filter(({ sandbox, mac }) => !sandbox && mac);
  const links = await Promise.all(listed.map(({ name }) => readLink(host, netns, name)));
  return listed.flatMap(({ name, mac = "" }, at) => {
    const link = links[at];
    if (!link) return [{ expected: `${name} on the host, as the result says`, got: "no such interface" }];
    if (link.mac === mac.toLowerCase()) return [];
    return [{ expected: `the MAC ${link.mac} that ${name} has on the host`, got: mac }];
  });
}
