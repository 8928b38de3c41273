import { z } from "zod";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";

/** Whether a node's engine makes its rules with nftables, as Docker can since 29.0, and not with iptables. */
export async function hasNftablesBackEnd(node: ClusterNode): Promise<boolean> {
  const info: { FirewallBackend?: { Driver?: string } } = await node.docker.info();
  return info.FirewallBackend?.Driver?.startsWith("nftables") ?? false;
}

/** Throws `Blocked` where what a fault changes about the engine's rules is not made with iptables, so that it would change nothing. */
export async function requireIptables(node: ClusterNode): Promise<void> {
  if (!(await hasNftablesBackEnd(node))) return;
  throw new Blocked(
    `${node.name}: the fault acts on rules of iptables, and the engine's back end is nftables`,
  );
}

type Table = "filter" | "nat" | "mangle" | "raw";

/** Puts an iptables rule before all others of its chain; gone when `scope` closes. Throws `Blocked` as `requireIptables` does. */
export function insertRule(scope: Scope, node: ClusterNode, table: Table, rule: readonly string[]) {
  return putRule(scope, node, table, ["-I", ...rule]);
}

/** Puts an iptables rule behind all others of its chain; otherwise as `insertRule`. */
export function addRule(scope: Scope, node: ClusterNode, table: Table, rule: readonly string[]) {
  return putRule(scope, node, table, ["-A", ...rule]);
}

async function putRule(
  scope: Scope,
  node: ClusterNode,
  table: Table,
  [verb = "", ...rule]: readonly string[],
): Promise<void> {
  await requireIptables(node);
  const iptables = ["iptables", "--wait", "-t", table];
  await withUndo(scope, node, [...iptables, verb, ...rule], [...iptables, "-D", ...rule]);
}

// What else a rule has, such as a comment, comes back with it.
const nftRule = z.looseObject({
  family: z.string(),
  table: z.string(),
  chain: z.string(),
  handle: z.number(),
  expr: z.array(z.unknown()),
});
const ruleset = z.object({ nftables: z.array(z.object({ rule: nftRule.optional() })) });

/** A rule as `nft --json` lists it; libnftables-json(5). */
export type NftRule = z.infer<typeof nftRule>;

/** Deletes the first rule of nftables that is meant; it is back, at the end of its chain, when `scope` closes. */
export async function deleteNftRule(
  scope: Scope,
  node: ClusterNode,
  isMeant: (rule: NftRule) => boolean,
): Promise<void> {
  const listed = await node.run(["nft", "--json", "list", "ruleset"]);
  const found = ruleset
    .parse(JSON.parse(listed))
    .nftables.flatMap(({ rule }) => rule ?? [])
    .find(isMeant);
  if (!found) throw new HarnessError(`${node.name} has no such rule of nftables`);
  const { handle, ...rule } = found;
  const { family, table, chain } = rule;
  await node.run(["nft", "delete", "rule", family, table, chain, "handle", String(handle)]);
  scope.defer(`nftables rule of ${chain} on ${node.name}`, () =>
    node.run(["nft", "--json", "--file", "-"], { input: JSON.stringify({ nftables: [{ add: { rule } }] }) }),
  );
}

/** Of rules that are the same, two that are deleted at once may both mean the first, and one fails: tests of one requirement run side by side. */
export function ownComment(): string[] {
  return ["-m", "comment", "--comment", uniqueName("fault")];
}
