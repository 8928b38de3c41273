import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import { flushed, forwardPolicy } from "./flushed.ts";

const families = ["iptables", "ip6tables"] as const;

/**
 * Flushes what iptables has on a node, each table at once, as a firewall does that is loaded again: what is forwarded is dropped until `scope`
 * closes, when it has the policy of before. Throws `Blocked`, with nothing done, on a host that the project did not make, whose rules may be
 * somebody's, and where the engine has its rules in tables of nftables of its own.
 */
export async function flushFirewall(scope: Scope, node: ClusterNode): Promise<void> {
  if (!(await node.files.exists(nodeEngineCommand))) {
    throw new Blocked(`the firewall of ${node.name} is not flushed: its rules may be somebody else's`);
  }
  const tables = await node.run(["nft", "list", "tables"]);
  if (/\bdocker-bridges\b/.test(tables)) {
    throw new Blocked(`the engine of ${node.name} has its rules in nftables, where iptables flushes nothing`);
  }
  await Promise.all(families.map((family) => flush(scope, node, family)));
}

async function flush(scope: Scope, node: ClusterNode, family: (typeof families)[number]): Promise<void> {
  const saved = await node.exec([`${family}-save`]);
  // A node without the family has no rules of it.
  if (saved.code !== 0) return;
  const policy = forwardPolicy(saved.stdout);
  scope.defer(`policy of ${family} on ${node.name}`, () => node.run([family, "--policy", "FORWARD", policy]));
  const restored = await node.exec([`${family}-restore`], { input: flushed(saved.stdout) });
  if (restored.code !== 0) throw new CommandFailed(restored, "the firewall could not be flushed");
}
