import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const links = z.array(z.object({ ifindex: z.number(), ifname: z.string(), mtu: z.number() }));

/** One interface in the host's namespace, its MTU in bytes. */
export type DumpedLink = z.infer<typeof links>[number];

/** What ip says where links came or went while the kernel told of them (NLM_F_DUMP_INTR): some may be missing. */
const interrupted = "Dump was interrupted";
const dumps = 50;

/** All interfaces in the host's namespace, listed again where they changed meanwhile. Throws `HarnessError` where they never rest. */
export async function dumpLinks(host: Host): Promise<DumpedLink[]> {
  for (let left = dumps; left > 0; left--) {
    const { code, stdout, stderr } = await host.exec(["ip", "-json", "link", "show"]);
    if (stderr.includes(interrupted)) continue;
    if (code !== 0) throw new HarnessError(`${host.name}: ${stderr.trim()}`);
    return links.parse(JSON.parse(stdout));
  }
  throw new HarnessError(`${host.name}: ${interrupted} ${dumps} times`);
}

/** Names of all interfaces in the host's namespace. */
export async function listDevices(host: Host): Promise<string[]> {
  return (await dumpLinks(host)).map((link) => link.ifname);
}

/** MTU of an interface in bytes, by its name. Throws `HarnessError` when there is none of that name. */
export function mtuIn(dumped: readonly DumpedLink[], host: Host, device: string): number {
  const link = dumped.find(({ ifname }) => ifname === device);
  if (!link) throw new HarnessError(`${host.name} has no interface ${device}`);
  return link.mtu;
}

/** Runs lines of `ip`, e.g. `link set eth0 up`, in one process, in `netns` where it is given. Stops at the first failure. */
export async function ipBatch(host: Host, lines: readonly string[], netns?: string): Promise<void> {
  if (lines.length === 0) return;
  await host.run(["ip", ...(netns ? ["-netns", netns] : []), "-batch", "-"], {
    input: `${lines.join("\n")}\n`,
  });
}

/** An end that stays on the node is no interface of the node's own: without an address it says nothing. */
export function bringUp(device: string): string[] {
  return [`link set ${device} addrgenmode none`, `link set ${device} up`];
}

/** Makes interfaces; all of the lines or, after a failure, as many as went before it. */
export async function addLinks(host: Host, linesOfLinks: readonly (readonly string[])[]): Promise<void> {
  await ipBatch(host, linesOfLinks.flat());
}

/** Removes interfaces. One that went with its namespace is fine. */
export async function removeLinks(host: Host, devices: readonly string[]): Promise<void> {
  if (devices.length === 0) return;
  const input = devices.map((device) => `link delete ${device}\n`).join("");
  const removed = await host.exec(["ip", "-force", "-batch", "-"], { input });
  if (removed.code === 0) return;
  const left = (await listDevices(host)).filter((device) => devices.includes(device));
  if (left.length > 0) {
    throw new HarnessError(`${host.name}: ${left.join(", ")} cannot be removed: ${removed.stderr.trim()}`);
  }
}

/** Makes VXLAN devices send what they have not learned to every peer. */
export async function setPeers(
  host: Host,
  devices: readonly string[],
  peers: readonly string[],
): Promise<void> {
  const lines = devices.flatMap((device) =>
    peers.map((peer) => `fdb append 00:00:00:00:00:00 dev ${device} dst ${peer}\n`),
  );
  if (lines.length > 0) await host.run(["bridge", "-batch", "-"], { input: lines.join("") });
}
