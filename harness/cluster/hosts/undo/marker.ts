import { hostname, userInfo } from "node:os";
import { z } from "zod";
import type { Host } from "#harness/host/host.ts";
import { addressingSchema } from "./addressing.ts";

/** Where a run says on a host that it uses it; survives a reboot, as what it has changed may. */
export const markerPath = "/var/lib/netconform/run.json";

const schema = z.object({
  /** Cluster id. */
  id: z.string(),
  /** `user@machine` that runs the harness. */
  by: z.string(),
  since: z.string(),
  /** The cluster stays up between runs. */
  kept: z.boolean(),
  /** What was on the host before, as far as undoing must know. */
  before: z.object({
    swarm: z.boolean(),
    /** Names of the engine's networks. */
    networks: z.array(z.string()),
    /** Whether the engine had the workload image. */
    image: z.boolean(),
    /** Name of the workload image. */
    imageName: z.string(),
    /** Files in /run/docker/plugins. */
    plugins: z.array(z.string()),
    /** Names of interfaces. */
    links: z.array(z.string()),
    /** Names of network namespaces below /run/netns. */
    namespaces: z.array(z.string()),
    /** What its own interfaces had. */
    addressing: addressingSchema,
    /** Whether chains of CNI plugins were there. */
    cniChains: z.boolean(),
    /** The engine's configuration file; null without one, or without an engine. */
    engineConfiguration: z.string().nullable(),
  }),
});

/** What a run writes onto a host before it changes anything there. */
export type HostMarker = z.infer<typeof schema>;

/** Who runs the harness, as others on the host read it. */
export function whoami(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** A marker as text, or nothing; one that was cut off says nothing either. */
export function parseMarker(text: string): HostMarker | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function readMarker(host: Host): Promise<HostMarker | undefined> {
  const shown = await host.exec(["cat", markerPath]);
  return shown.code === 0 ? parseMarker(shown.stdout) : undefined;
}

export async function writeMarker(host: Host, marker: HostMarker): Promise<void> {
  await host.files.write(markerPath, `${JSON.stringify(marker, null, 2)}\n`);
}

export async function removeMarker(host: Host): Promise<void> {
  await host.run(["sh", "-c", 'rm -f "$1"; rmdir "$(dirname "$1")" 2>/dev/null; true', "sh", markerPath]);
}
