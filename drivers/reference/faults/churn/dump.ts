import { type DumpedLink, dumpLinks } from "#drivers/reference/dataplane/links.ts";
import type { ChurnFaultName } from "#drivers/reference/faults/churn/table.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const notRetried: ChurnFaultName = "interrupted-dump-not-retried";

/**
 * How links are listed, which is by `dumpLinks` while no fault is on. The kernel says of a dump that something changed meanwhile
 * only where it takes several messages, which nobody can bring about; so two of them must be the same here.
 */
export async function faultyDump(host: Host, faults: ReadonlySet<string>): Promise<DumpedLink[]> {
  const links = await dumpLinks(host);
  if (!faults.has(notRetried)) return links;
  const again = await dumpLinks(host);
  const changed = (those: readonly DumpedLink[], these: readonly DumpedLink[]) =>
    those.some(({ ifindex }) => !these.some((link) => link.ifindex === ifindex));
  if (changed(links, again) || changed(again, links)) {
    throw new HarnessError(`${host.name}: Dump was interrupted and may be inconsistent.`);
  }
  return links;
}
