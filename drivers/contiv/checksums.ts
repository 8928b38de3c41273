import { on } from "#harness/core/async/events.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { isUserspace } from "./install/dataplane.ts";
// For its moments.
import "#harness/workload/moments.ts";

/** Of an endpoint's MAC, of which the rest is its address: 02:02:0a:01:02:03. */
const ofContiv = /^02:02:/i;

/**
 * From now on has each workload of this process that gets an interface of Contiv's fill in its checksums itself. Containers leave
 * them to the hardware, and a userspace datapath hands packets on as they are: TCP between containers would time out.
 */
export function fillInChecksums(): void {
  for (const moment of ["workload started", "workload connected", "workload restarted"] as const) {
    on(moment, ({ workload }) => fillIn(workload));
  }
}

async function fillIn(workload: Workload): Promise<void> {
  if (!ofContiv.test(workload.mac) || !(await isUserspace(workload.node))) return;
  const link = (await workload.links()).find(({ mac }) => mac === workload.mac);
  if (link) await workload.inNetns(["ethtool", "-K", link.name, "tx", "off"]);
}
