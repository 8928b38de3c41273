import type { Cluster } from "#harness/cluster/cluster.ts";
import { UsageError } from "#harness/errors.ts";
import { type Moments, on } from "#harness/events.ts";
import { saboteurs } from "./saboteurs.ts";

/** Lets the saboteur of that name act on the cluster in this process; does nothing without a name. */
export function letLoose(name: string | undefined, cluster: Cluster): void {
  if (name === undefined) return;
  const saboteur = saboteurs.find((candidate) => candidate.name === name);
  if (!saboteur) {
    throw new UsageError(
      `SABOTAGE=${name}: no such saboteur; expected one of ${saboteurs.map((one) => one.name).join(", ")}`,
    );
  }
  const listen = <M extends keyof Moments>(moment: M) => {
    const act = saboteur.acts[moment];
    if (act) on(moment, (details) => act(cluster, details));
  };
  listen("chapter begins");
  listen("network created");
  listen("workload started");
  listen("chapter ends");
  listen("cluster removed");
}
