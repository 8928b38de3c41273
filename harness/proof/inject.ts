import type { Cluster } from "#harness/cluster/cluster.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { type Moments, on } from "#harness/core/events.ts";
import type { Scope } from "#harness/core/scope.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./faults/all.ts";

/** The fault of that name. Throws `UsageError` when there is none. */
export function findFault(name: string): Fault {
  const fault = faults.find((candidate) => candidate.name === name);
  if (fault) return fault;
  throw new UsageError(
    `FAULT=${name}: no such fault; expected one of ${faults.map((one) => one.name).join(", ")} (set in the environment)`,
  );
}

let waiting = false;

/** Injects the fault of that name into the cluster that this process connects to. Asked again, it does nothing. */
export function injectWhenConnected(name: string): void {
  if (waiting) return;
  waiting = true;
  on("cluster connected", async ({ cluster }) => injectFault(name, cluster));
}

/** Lets the fault of that name act on the cluster in this process. */
function injectFault(name: string, cluster: Cluster): void {
  const fault = findFault(name);
  let open: Scope | undefined;
  on("chapter begins", async ({ scope }) => {
    open = scope;
  });
  const context = {
    cluster,
    get chapter() {
      if (!open) throw new HarnessError(`${name} acted before a chapter had begun`);
      return open;
    },
  };
  const listen = <M extends keyof Moments>(moment: M) => {
    const act = fault.acts[moment];
    if (act) on(moment, (details) => act(context, details));
  };
  for (const moment of Object.keys(fault.acts) as (keyof Moments)[]) listen(moment);
}
