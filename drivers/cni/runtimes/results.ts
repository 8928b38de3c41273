import { z } from "zod";
import { addResultSchema } from "#harness/cni/protocol/result.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import type { KnownAttachment } from "#harness/workload/cni/workload-runtime.ts";

/** Where libcni, which is the part of Podman and containerd that calls plugins, keeps final results: its `CacheDir`. */
const folder = "/var/lib/cni/results";

/** The part of libcni's `cachedInfo` (`libcni/api.go`) that is used here. */
const cachedSchema = z.object({
  kind: z.literal("cniCacheV1"),
  containerId: z.string(),
  ifName: z.string(),
  networkName: z.string(),
  cniArgs: z.array(z.tuple([z.string(), z.string()])).nullish(),
  result: addResultSchema,
});

const printAll = `for file in "$1"/"$2"-*; do [ ! -e "$file" ] || { cat "$file"; echo; }; done`;

/** What a runtime with libcni has added to a network on a node and not deleted. */
export async function readResults(node: Host, network: string): Promise<KnownAttachment[]> {
  const printed = await node.run(["sh", "-c", printAll, "sh", folder, network]);
  return printed
    .split("\n")
    .filter(Boolean)
    .map((line) => cachedSchema.parse(JSON.parse(line)))
    .filter(({ networkName }) => networkName === network)
    .map(({ containerId, ifName, cniArgs, result }) => ({
      ...{ containerId, ifName, result },
      ...(cniArgs ? { args: Object.fromEntries(cniArgs) } : {}),
    }));
}

/** The newest interface of a container in a network. Throws `HarnessError` where the runtime has kept no result of it. */
export async function resultOf(node: Host, network: string, containerId: string): Promise<KnownAttachment> {
  const found = (await readResults(node, network)).find((one) => one.containerId === containerId);
  if (found) return found;
  throw new HarnessError(`${node.name}: no result of ${network} for ${containerId} in ${folder}`);
}
