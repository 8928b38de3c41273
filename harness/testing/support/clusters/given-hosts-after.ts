import { expect } from "vitest";
import { cutWires, delayOn } from "#harness/cluster/engines/loss/wires.ts";
import type { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { describeDifferences, type Snapshot, settle } from "#harness/cluster/snapshot/snapshot.ts";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import type { VitestOutcome } from "#reports/vitest-run.ts";

/** A run on given hosts, of which the statement alone is read. */
type Ran = Pick<VitestOutcome, "statement">;

/** Requirements by outcome, on one target, e.g. `bridge@26.1`. */
export function outcomesOf({ statement }: Ran, project: string): Record<string, string[]> {
  const target = statement?.targets.find(({ driver, engine: on }) => `${driver}@${on}` === project);
  const shown = (target?.results ?? []).filter(({ outcome }) => outcome !== "not run");
  return Object.fromEntries(
    [...Map.groupBy(shown, ({ outcome }) => outcome)].map(([outcome, results]) => [
      outcome,
      results.map(({ requirement }) => requirement),
    ]),
  );
}

/** What was measured on the way, of all requirements together. */
export function factsOf({ statement }: Ran): object {
  const results = statement?.targets.flatMap((target) => target.results) ?? [];
  return Object.assign({}, ...results.map(({ facts }) => facts ?? {}));
}

/** Ends every connection of the run to the second node, once both tests of the chapter wait for something there. */
export async function cutWhileWaiting({ nodes: [, second] }: RemoteCluster): Promise<void> {
  await until({ what: "both tests to wait on node2", deadlineMs: 60_000 }, async () => {
    const found = await second?.exec(["pgrep", "-x", "-f", "sleep 300"]);
    return found?.stdout.trim().split("\n").length === 2;
  });
  await second?.run(["pkill", "-KILL", "-f", "sshd(-session)?: ops"]);
}

/** Looks with the owner's eyes whether the hosts are as in that snapshot, and nothing of a run lies about. */
export async function expectAsBefore(owner: RemoteCluster, before: Snapshot): Promise<void> {
  expect(describeDifferences(await settle(owner, before, 20_000))).toBe("");
  for (const host of owner.hosts) {
    const left = await host.run([
      "sh",
      "-c",
      "ls -d /var/lib/netconform /run/netconform* /tmp/netconform-* /var/log/netconform-bird-* 2>/dev/null || true",
    ]);
    // The external host is the cluster's own and has files of its own there.
    expect(
      left.split("\n").filter((path) => path && !(host.name === "external" && path === "/run/netconform")),
    ).toEqual([]);
  }
}

/** What no snapshot has of what a run changes of a node itself. */
export async function changedOnNode2({ nodes: [, node] }: RemoteCluster): Promise<object> {
  const { LiveRestoreEnabled } = await node!.docker.info();
  const off = `/proc/sys/net/ipv6/conf/${node!.interfaces.data.device}/disable_ipv6`;
  return {
    liveRestore: LiveRestoreEnabled,
    configured: await node!.files.exists("/etc/docker/daemon.json"),
    withoutIpv6: (await node!.run(["cat", off])).trim(),
  };
}

/** Cuts the data wire of the second node and holds back what leaves it, as does a run that is killed before it takes that back. */
export async function disturbForGood({ nodes: [, node] }: RemoteCluster): Promise<void> {
  const neverCloses = new Scope("a run that is killed");
  const { device } = node!.interfaces.data;
  await cutWires(neverCloses, node!, [device]);
  await delayOn(neverCloses, node!, device);
}

/** Everything that is dropped and held back at the data wire of the second node. */
export async function wireOfNode2({ nodes: [, node] }: RemoteCluster): Promise<object> {
  const { device } = node!.interfaces.data;
  return {
    tables: await node!.run(["nft", "list", "tables", "netdev"]),
    disciplines: await node!.run(["tc", "qdisc", "show", "dev", device]),
    queueLength: await node!.run(["cat", `/sys/class/net/${device}/tx_queue_len`]),
  };
}
