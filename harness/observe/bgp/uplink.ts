import type { ExternalHost } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { familyOf, nthAddress, prefixOf } from "#harness/core/ip.ts";
import { dataWireOf } from "#harness/observe/data-wire.ts";
import { addNamespace, peerIn } from "#harness/observe/outside-host.ts";
import type { Peer } from "#harness/observe/probe/service.ts";
import { Bird } from "./bird.ts";
import { Router } from "./router.ts";
import type { Neighbor } from "./router-config.ts";

const bridge = "ncuplink";
/** The namespace of the host behind the routers. */
const behind = "ncbehind";
/** First and second router; a name is a namespace and the interface in it, and ends as its interface to the host behind. */
const names = ["ncrouter1", "ncrouter2"] as const;

/** Subnets of an uplink, each a CIDR: IPv4 first, then IPv6 where it has it. */
export interface UplinkSubnets {
  /** Nodes and routers, on the wire of the data interfaces. */
  readonly wire: readonly string[];
  /** What lies behind the routers, and is announced to the nodes. */
  readonly behind: readonly string[];
}

/** Two routers on the wire of the nodes' data interfaces, and a host behind them. */
export interface Uplink {
  readonly routers: readonly [Router, Router];
  /** A host that has every address behind the routers; by default it answers as the first of them. */
  readonly host: BehindHost;
}

/** The host behind the routers, as a peer over IPv4. */
export interface BehindHost extends Peer {
  /** Some of its addresses over IPv4, all different. */
  readonly addresses: readonly string[];
  /** The host that the namespaces are on. */
  readonly on: ExternalHost;
  /** The same over IPv6. Throws `Blocked` where the uplink has none. */
  overIpv6(): Peer;
  /** Sends everything through these routers from now on, spread over them. */
  through(routers: readonly Router[]): Promise<void>;
  /** Its namespace, and the interface in it that leads to a router. */
  readonly netns: string;
  deviceTo(router: Router): string;
}

/** The address of a router on the wire, the first or the second: far from those that nodes get. */
export function routerAddress(wire: string, index: 0 | 1): string {
  return nthAddress(wire, 0xf0 + index);
}

/**
 * Puts two routers on the wire that the external host's data interface is on, with the nodes as their neighbours, and a host
 * behind both, each in a network namespace of the external host. Nothing of it leads anywhere else, and all of it goes with
 * `scope`. Throws `Blocked` where the external host has no BIRD.
 */
export async function openUplink(
  scope: Scope,
  external: ExternalHost,
  { subnets, as, neighbors }: { subnets: UplinkSubnets; as: number; neighbors: readonly Neighbor[] },
): Promise<Uplink> {
  if (!(await Bird.isInstalledOn(external))) {
    throw new Blocked(`bgp needs BIRD on the external host: bird is not installed on ${external.name}`);
  }
  await bridgeWire(scope, external);
  await addNamespace(scope, external, behind);
  const [first, second] = await Promise.all([
    openRouter(scope, external, { index: 0, subnets, as, neighbors }),
    openRouter(scope, external, { index: 1, subnets, as, neighbors }),
  ]);
  const routers = [first, second] as const;
  await inNamespace(external, behind, [
    "ip link set lo up",
    // Every address behind the routers is the host's own.
    ...subnets.behind.flatMap((subnet) => [
      `ip ${flag(subnet)} route add local ${subnet} dev lo`,
      `ip ${flag(subnet)} address add ${nthAddress(subnet, 1)}/${familyOf(subnet) === 6 ? 128 : 32} dev lo`,
    ]),
  ]);
  const [ipv4 = "", ipv6] = subnets.behind.map((subnet) => nthAddress(subnet, 1));
  const name = "the host behind the routers";
  const peer = await peerIn(scope, external, { netns: behind, name, ip: ipv4 });
  const host: BehindHost = {
    ...peer,
    addresses: Array.from({ length: 32 }, (_, index) => nthAddress(subnets.behind[0] ?? "", 1 + index)),
    on: external,
    netns: behind,
    deviceTo: (router) => `${router.name}b`,
    overIpv6: () => {
      if (ipv6 === undefined) throw new Blocked("the nodes have no IPv6");
      return { ...peer, ip: ipv6 };
    },
    through: (some) =>
      inNamespace(
        external,
        behind,
        subnets.behind.map((subnet) => {
          const hops = some.map(
            (router) =>
              `nexthop via ${linkAddresses(subnet, indexOf(router)).router} dev ${router.name}b onlink`,
          );
          return `ip ${flag(subnet)} route replace default src ${nthAddress(subnet, 1)} ${hops.join(" ")}`;
        }),
      ),
  };
  await host.through(routers);
  return { routers, host };
}

/**
 * The data interface as a port of a bridge, to which routers are attached. It learns nothing there: an engine without userland
 * proxy sends broadcasts back to where they came from.
 */
async function bridgeWire(scope: Scope, external: ExternalHost): Promise<void> {
  const device = dataWireOf(external);
  scope.defer(`${bridge} on ${external.name}`, () =>
    external.run(["sh", "-c", `! ip link show ${bridge} >/dev/null 2>&1 || ip link delete ${bridge}`]),
  );
  await external.run([
    "sh",
    "-ec",
    `ip link add ${bridge} type bridge stp_state 0 mcast_snooping 0
ip link set ${bridge} addrgenmode none
ip link set "$1" master ${bridge}
ip link set "$1" type bridge_slave learning off
ip link set ${bridge} up`,
    "sh",
    device,
  ]);
}

interface Placed {
  readonly index: 0 | 1;
  readonly subnets: UplinkSubnets;
  readonly as: number;
  readonly neighbors: readonly Neighbor[];
}

async function openRouter(
  scope: Scope,
  external: ExternalHost,
  { index, subnets, as, neighbors }: Placed,
): Promise<Router> {
  const name = names[index];
  await addNamespace(scope, external, name);
  // The kernel removes the interfaces of a namespace some time after it is gone; those of the next one have the same names.
  scope.defer(`${name}w on ${external.name}`, () =>
    external.run(["sh", "-c", `! ip link show ${name}w >/dev/null 2>&1 || ip link delete ${name}w`]),
  );
  await external.run([
    "sh",
    "-ec",
    `ip link add ${name}w type veth peer name ${name} netns ${name}
ip link set ${name}w addrgenmode none master ${bridge} up
ip link add ${name}b netns ${behind} type veth peer name ${name}b netns ${name}`,
  ]);
  const links = subnets.behind.map((subnet) => linkAddresses(subnet, index));
  await inNamespace(external, name, [
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "if [ -d /proc/sys/net/ipv6 ]; then echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; fi",
    "ip link set lo up",
    ...subnets.wire.map((wire) => assign(routerAddress(wire, index), prefixOf(wire), name)),
    ...links.map(({ router, prefix }) => assign(router, prefix, `${name}b`)),
    `ip link set ${name} up`,
    `ip link set ${name}b up`,
  ]);
  await inNamespace(external, behind, [
    ...links.map(({ host, prefix }) => assign(host, prefix, `${name}b`)),
    `ip link set ${name}b up`,
  ]);
  const router = new Router(external, name, {
    as,
    addresses: subnets.wire.map((wire) => routerAddress(wire, index)),
    behind: subnets.behind.map((prefix, family) => ({ prefix, via: links[family]!.host })),
    neighbors,
  });
  scope.defer(`BIRD of ${name}`, () => router.stop());
  await router.start();
  return router;
}

/** Addresses of the link between a router and the host behind it, out of ranges for links (RFC 3927, RFC 4193). */
function linkAddresses(subnet: string, index: 0 | 1): { router: string; host: string; prefix: number } {
  const link = familyOf(subnet) === 6 ? `fd6e:6334:6c6b:${index}::/64` : `169.254.254.${index * 4}/30`;
  return { router: nthAddress(link, 1), host: nthAddress(link, 2), prefix: familyOf(subnet) === 6 ? 64 : 30 };
}

function indexOf({ name }: Router): 0 | 1 {
  return name === names[0] ? 0 : 1;
}

/** An address that is still looked for on the wire could not be used. */
function assign(address: string, prefix: number, device: string): string {
  return `ip address add ${address}/${prefix} dev ${device}${familyOf(address) === 6 ? " nodad" : ""}`;
}

function flag(subnet: string): string {
  return `-${familyOf(subnet)}`;
}

async function inNamespace(external: ExternalHost, name: string, lines: readonly string[]): Promise<void> {
  await external.run(["ip", "netns", "exec", name, "sh", "-ec", lines.join("\n")]);
}
