import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";

const families = ["iptables", "ip6tables"] as const;

/**
 * Runs `work`, which is to use the plugins once, so that the chains that they make with the first container and keep
 * by design (CNI-HOSTPORT-…, CNI-FORWARD, CNI-ADMIN) are there before anything is compared: what a container leaves
 * behind is seen then, and these are not taken for it. They go when `scope` closes, unless they were there before.
 */
export async function makeChainsOnce(
  scope: Scope,
  node: ClusterNode,
  work: () => Promise<unknown>,
): Promise<void> {
  if (!(await hasChains(node))) {
    scope.defer(`the plugins' chains on ${node.name}`, () => removeChains(node));
  }
  await work();
}

async function hasChains(node: ClusterNode): Promise<boolean> {
  const saved = await Promise.all(families.map((family) => node.exec([`${family}-save`])));
  return saved.some(({ stdout }) => /^:CNI-/m.test(stdout));
}

/** Jumps first, then chains. */
async function removeChains(node: ClusterNode): Promise<void> {
  const script = `set -e
for table in filter nat; do
  "$1-save" -t "$table" | sed -n '/CNI-/{s/^-A/-D/p;s/^:\\(CNI-[^ ]*\\).*/-X \\1/p}' | sort |
    { echo "*$table"; cat; echo COMMIT; } | "$1-restore" --noflush
done`;
  for (const family of families) await node.run(["sh", "-c", script, "sh", family]);
}
