import { type DumpedLink, dumpLinks } from "#drivers/reference/dataplane/links.ts";
import type { ChurnFaultName } from "#drivers/reference/faults/churn/table.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const notRetried: ChurnFaultName = "interrupted-dump-not-retried";

/** How links are listed: by `dumpLinks` while no fault is on; with it an error where the kernel says that something changed meanwhile. */
export async function faultyDump(host: Host, faults: ReadonlySet<string>): Promise<DumpedLink[]> {
  if (faults.has(notRetried)) {
    const { stderr } = await host.exec(["ip", "link", "show"]);
    if (stderr.includes("Dump was interrupted")) throw new HarnessError(`${host.name}: ${stderr.trim()}`);
  }
  return dumpLinks(host);
}
