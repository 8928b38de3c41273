import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const links = z.array(z.object({ ifname: z.string(), mtu: z.number() }));

/** Names of all interfaces in the host's namespace. */
export async function listDevices(host: Host): Promise<string[]> {
  return links.parse(JSON.parse(await host.run(["ip", "-json", "link", "show"]))).map((link) => link.ifname);
}

/** MTU of an interface in bytes. Throws `HarnessError` when there is none of that name. */
export async function mtuOf(host: Host, device: string): Promise<number> {
  const shown = await host.exec(["ip", "-json", "link", "show", "dev", device]);
  if (shown.code !== 0) throw new HarnessError(`${host.name} has no interface ${device}`);
  return links.parse(JSON.parse(shown.stdout))[0]!.mtu;
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
