import { AdminClient } from "#drivers/reference/admin/client.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { type ClusterState, ClusterStates } from "#harness/cluster/state.ts";
import { type Moments, on } from "#harness/core/async/events.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { type Fault, type FaultActs, type FaultContext, isOwnDefect, type OwnDefect } from "./fault.ts";
import { chapterFaults } from "./faults/all.ts";
import { unknownFault } from "./selection.ts";

/** The fault of a chapter of that name. Throws `UsageError` when there is none, and where nobody injects it. */
export function findFault(name: string): Fault<"chapters"> {
  const fault = chapterFaults.find((candidate) => candidate.name === name);
  if (!fault) throw unknownFault(name, "FAULT=", chapterFaults);
  if (isOwnDefect(fault)) {
    throw new UsageError(`FAULT=${name}: engines have this fault by themselves`, {
      hint: `leave FAULT out to see it, or set MEND=${name} to see it put right`,
    });
  }
  return fault;
}

/** A fault of that name which engines have by themselves, with what puts it right. Throws `UsageError` when there is none. */
export function findOwnDefect(name: string): Fault<"chapters"> & { readonly inject: OwnDefect } {
  const found = chapterFaults.find((candidate) => candidate.name === name);
  if (found && isOwnDefect(found)) return found;
  const known = chapterFaults.filter(isOwnDefect).map((one) => one.name);
  throw new UsageError(
    `MEND=${name}: no such fault that engines have by themselves; expected ${known.join(", ")}`,
    {
      hint: "docs/proof.md lists all of them",
    },
  );
}

/** `CACHE` is for the state of the cluster, which says how its plugin is reached. */
type InjectSettings = Pick<Settings, "CACHE" | "FAULT" | "MEND">;

let waiting = false;

/** Injects the fault, and mends what is to be mended, in the cluster that this process connects to. Asked again, it does nothing. */
export function injectWhenConnected(settings: InjectSettings): void {
  if (waiting) return;
  waiting = true;
  const { FAULT, MEND } = settings;
  on("cluster connected", async ({ cluster }) => {
    if (FAULT) act(FAULT, cluster, actsOf(findFault(FAULT), settings));
    if (MEND) act(MEND, cluster, findOwnDefect(MEND).inject.mend);
  });
}

/** Has what is called `name` act on the cluster at its moments in this process. */
function act(name: string, cluster: Cluster, acts: FaultActs): void {
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
    const deed = acts[moment];
    if (deed) on(moment, (details) => deed(context, details));
  };
  for (const moment of Object.keys(acts) as (keyof Moments)[]) listen(moment);
}

/** What a fault does at which moment, also where that is a switch of the reference plugin. */
function actsOf({ inject }: Fault<"chapters">, settings: InjectSettings): FaultActs {
  if ("mend" in inject) return {};
  if (!("switchOn" in inject)) return inject;
  const { switchOn, at } = inject;
  return {
    [at]: ({ cluster }: FaultContext, { scope }: { scope: Scope }) =>
      switchFaultOn(scope, new ClusterStates(settings).load(cluster.id), switchOn),
  };
}

/** Switches a fault of the cluster's reference plugin on until `scope` closes. */
async function switchFaultOn(scope: Scope, { id, attachment }: ClusterState, name: string): Promise<void> {
  if (!attachment?.adminSocket) throw new HarnessError(`${id} carries no reference plugin`);
  const plugin = new AdminClient(attachment.adminSocket);
  await plugin.call("setFaults", { names: [name] });
  scope.defer(`the fault ${name}`, () => plugin.call("setFaults", { names: [] }));
}
