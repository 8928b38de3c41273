import { z } from "zod";
import { prefix6Of } from "#harness/cluster/ipv6.ts";
import { containsSubnet, familyOf, networkOf } from "#harness/core/ip.ts";
import { freshRange, freshRange6, tutorialSubnets } from "#harness/core/project-subnets.ts";
import type { Host } from "#harness/host/host.ts";

/** What a host's own interfaces have, and where it sends packets. Things of the project in it have no name by which they could be told. */
export const addressingSchema = z.object({
  /** `eth2 192.0.2.1/24`, of IPv4 and IPv6. */
  addresses: z.array(z.string()),
  /** Routes as `ip route show` tells them. */
  routes: z.array(z.string()),
  /** Names of interfaces without IPv6; `default` stands for those that are made later. */
  withoutIpv6: z.array(z.string()),
});
export type Addressing = z.infer<typeof addressingSchema>;

const script = `
ip -oneline address show | awk '{ print "addresses", $2, $4 }'
{ ip -4 route show; ip -6 route show; } 2>/dev/null | sed 's/^/routes /'
for file in $(grep -lx 1 /proc/sys/net/ipv6/conf/*/disable_ipv6 2>/dev/null); do
  echo "withoutIpv6 $(basename "$(dirname "$file")")"
done`;

export async function readAddressing(host: Host): Promise<Addressing> {
  return parseAddressing(await host.run(["sh", "-c", script]));
}

/** Reads the output of the script. */
export function parseAddressing(output: string): Addressing {
  const lines = output.split("\n").map((line) => line.trim());
  const of = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  return { addresses: of("addresses"), routes: of("routes"), withoutIpv6: of("withoutIpv6") };
}

/**
 * Commands of `ip` that take away what a run of that cluster added: addresses and routes that were not there before and lie in a subnet of
 * the project's. Each may find its thing gone with another one.
 */
export function removalsOf(cluster: string, before: Addressing, now: Addressing): string[] {
  const ours = [
    ...tutorialSubnets,
    ...[freshRange, freshRange6],
    ...(["management", "control", "data"] as const).map((role) => prefix6Of(cluster, role)),
  ];
  const isOurs = (cidr: string) =>
    ours.some((range) => familyOf(range) === familyOf(cidr) && containsSubnet(range, networkOf(cidr)));
  const added = (kind: "addresses" | "routes") => now[kind].filter((one) => !before[kind].includes(one));
  return [
    ...added("addresses").flatMap((line) => {
      const [device = "", cidr = ""] = line.split(" ");
      return isOurs(cidr) ? [`address del ${cidr} dev ${device}`] : [];
    }),
    ...added("routes").flatMap((line) => {
      const to = destinationOf(line);
      return to !== undefined && isOurs(to) ? [`route del ${stableOf(line)}`] : [];
    }),
  ];
}

/** Makes the host's addressing what it was, as far as a run of that cluster changed it. Idempotent. */
export async function undoAddressing(host: Host, cluster: string, before: Addressing): Promise<void> {
  const now = await readAddressing(host);
  const removals = removalsOf(cluster, before, now);
  if (removals.length > 0) {
    await host.exec(["ip", "-force", "-batch", "-"], { input: `${removals.join("\n")}\n` });
  }
  const switchedOn = before.withoutIpv6.filter((name) => !now.withoutIpv6.includes(name));
  const script = 'for name in "$@"; do echo 1 >"/proc/sys/net/ipv6/conf/$name/disable_ipv6"; done';
  if (switchedOn.length > 0) await host.exec(["sh", "-c", script, "sh", ...switchedOn]);
}

/** The destination of a route as a CIDR; of the default route none. */
export function destinationOf(route: string): string | undefined {
  const [first = "", second = ""] = route.split(" ");
  const to = ["blackhole", "unreachable", "prohibit"].includes(first) ? second : first;
  if (to === "default" || !/[.:]/.test(to)) return undefined;
  if (to.includes("/")) return to;
  return `${to}/${to.includes(":") ? 128 : 32}`;
}

/** Without what changes by itself. */
function stableOf(route: string): string {
  return route.replaceAll(/ (linkdown|dead|expires \S+)/g, "");
}
