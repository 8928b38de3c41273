import type { Cluster } from "#harness/cluster/cluster.ts";
import { HarnessError, UsageError } from "#harness/errors.ts";
import { type Moments, moments, on } from "#harness/events.ts";
import type { Scope } from "#harness/scope.ts";
import type { Saboteur } from "./saboteur.ts";
import { saboteurs } from "./saboteurs.ts";

/** The saboteur of that name. Throws `UsageError` when there is none. */
export function findSaboteur(name: string): Saboteur {
  const saboteur = saboteurs.find((candidate) => candidate.name === name);
  if (saboteur) return saboteur;
  throw new UsageError(
    `SABOTAGE=${name}: no such saboteur; expected one of ${saboteurs.map((one) => one.name).join(", ")} (set in the environment)`,
  );
}

/** Lets the saboteur of that name act on the cluster in this process. */
export function letLoose(name: string, cluster: Cluster): void {
  const saboteur = findSaboteur(name);
  let open: Scope | undefined;
  on("chapter begins", async ({ scope }) => {
    open = scope;
  });
  const site = {
    cluster,
    get chapter() {
      if (!open) throw new HarnessError(`${name} acted before a chapter had begun`);
      return open;
    },
  };
  const listen = <M extends keyof Moments>(moment: M) => {
    const act = saboteur.acts[moment];
    if (act) on(moment, (details) => act(site, details));
  };
  for (const moment of moments) listen(moment);
}
