import { z } from "zod";
import { isInterfaceName } from "#harness/cni/protocol/interface-name.ts";
import { until } from "#harness/core/async/poll.ts";
import { didNotCome } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const links = z.array(
  z.looseObject({
    ifname: z.string().optional(),
    address: z.string().optional(),
    mtu: z.number().optional(),
    ifindex: z.number().optional(),
    addr_info: z.array(z.looseObject({ local: z.string(), prefixlen: z.number() })).optional(),
  }),
);
const routes = z.array(z.looseObject({ dst: z.string() }));

/** An interface in a namespace (a name below `/run/netns`), or `undefined`. */
export async function readLink(
  host: Host,
  netns: string,
  name: string,
): Promise<{ mac: string; mtu: number; index: number } | undefined> {
  // A name of the plugin's: what no kernel has as a name cannot be asked for.
  if (!isInterfaceName(name)) return undefined;
  const shown = await host.exec(["ip", "-n", netns, "-j", "link", "show", "dev", name]);
  if (shown.code !== 0) return undefined;
  const [link] = links.parse(JSON.parse(shown.stdout));
  return link && { mac: link.address ?? "", mtu: link.mtu ?? 0, index: link.ifindex ?? 0 };
}

/** The addresses of an interface as CIDRs. */
export async function readAddresses(host: Host, netns: string, name: string): Promise<string[]> {
  const shown = await host.run(["ip", "-n", netns, "-j", "address", "show", "dev", name]);
  const found = links.parse(JSON.parse(shown));
  return found.flatMap(({ addr_info = [] }) =>
    addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  );
}

/** Destinations of the routes in a namespace as CIDRs, in whatever table. */
export async function readRoutes(host: Host, netns: string): Promise<string[]> {
  const read = async (family: 4 | 6) => {
    const shown = await host.run(["ip", "-n", netns, `-${family}`, "-j", "route", "show", "table", "all"]);
    return routes.parse(JSON.parse(shown || "[]")).map(({ dst }) => {
      if (dst === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
      return dst.includes("/") ? dst : `${dst}/${family === 4 ? 32 : 128}`;
    });
  };
  return (await Promise.all([read(4), read(6)])).flat();
}

/** Whether an address answers to ping from a namespace before the deadline; at once no, where there is no route to it. */
export async function answersPing(host: Host, netns: string, address: string): Promise<boolean> {
  if ((await host.exec(["ip", "-n", netns, "route", "get", address])).code !== 0) return false;
  const ping = ["ip", "netns", "exec", netns, "ping", "-c1", "-W1", address];
  const deadline = { what: `${address} to answer to ping`, deadlineMs: 5_000 };
  return until(deadline, async () => (await host.exec(ping)).code === 0).catch((error: unknown) => {
    if (didNotCome(error)) return false;
    throw error;
  });
}
