import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ClusterStates } from "#harness/cluster/state.ts";
import type { Settings } from "#harness/core/settings/schema.ts";

/** Where the state of a cluster's plugin is kept; those of clusters that are gone are removed. */
export function stateFile(cluster: string, settings: Pick<Settings, "CACHE">): string {
  const folder = join(settings.CACHE, "reference");
  const present = new Set([cluster, ...new ClusterStates(settings).all().map(({ id }) => id)]);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!present.has(name.replace(/\.json(\.part)?$/, ""))) rmSync(join(folder, name));
  }
  return join(folder, `${cluster}.json`);
}
