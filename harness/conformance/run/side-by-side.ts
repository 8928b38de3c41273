import { availableParallelism, freemem, totalmem } from "node:os";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { Selection } from "./selection.ts";

/** What a cluster needs at its height: two nodes with their engines, and the worker of vitest that uses it. */
const bytesPerCluster = 2 * 1024 ** 3;

/**
 * How many clusters this machine carries at a time: two per core (a chapter waits for packets most of the time) and those that are `idle`, as
 * memory allows.
 */
export function clustersThatFit({
  cores = availableParallelism(),
  free = Math.max(freemem(), totalmem() / 2),
  idle = 0,
} = {}): number {
  return Math.max(1, Math.min(2 * cores + idle, Math.floor(free / bytesPerCluster)));
}

/**
 * How many chapters run at the same time, each on a cluster of its own. Hosts, virtual machines and a Contiv that runs already are
 * there once; a person who is asked at a failure is asked about one, and who keeps a cluster expects one.
 */
export function chaptersAtATime(
  { SEQUENTIAL, KEEP, CLUSTER, CONTIV }: Pick<Settings, "SEQUENTIAL" | "KEEP" | "CLUSTER" | "CONTIV">,
  { pause }: Pick<Selection, "pause">,
  // One waits half a minute for an engine that was killed.
  carried: number = clustersThatFit({ idle: 1 }),
): number {
  const once = CLUSTER !== "containers" || CONTIV === "running" || pause !== undefined;
  return (SEQUENTIAL ?? KEEP) || once ? 1 : carried;
}
