import type { InstalledDriver, Rule } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { stopwatch } from "#harness/core/figures/statistics.ts";
import { readTruthTable } from "#harness/observe/probe/mesh/truth-table.ts";
import { isBlocked, isOpen } from "#harness/observe/probe/reachability.ts";
import { serve } from "#harness/observe/probe/service.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";

const ports = { from: 20_001, to: 21_000 };
const allowed = 20_500;
const rules: readonly Rule[] = [
  { id: "1", direction: "in", protocol: "tcp", action: "deny", priority: 1 },
  { id: "2", direction: "in", protocol: "tcp", port: allowed, action: "allow", priority: 10 },
];

/** Scans 1,000 ports of one target, all but one of them blocked, from a client on each node. Throws when a cell is wrong. */
export async function measureTruthTable(
  scope: Scope,
  cluster: Cluster,
  driver: InstalledDriver,
): Promise<BenchmarkRow[]> {
  const { createPolicy, createGroup } = driver;
  const [near] = cluster.nodes;
  if (!createPolicy || !createGroup || !near) throw new HarnessError("the driver has no policies");
  const own = scope.child("the truth table");
  const network = await driver.createNetwork(own);
  const policy = await driver.createPolicy!(own, uniqueName("policy"));
  for (const rule of rules) await policy.addRule(rule);
  const group = uniqueName("group");
  await driver.createGroup!(own, { name: group, network: network.name, policies: [policy.name] });
  const member = await network.run(own, near, { group });
  const clients = await Promise.all(cluster.nodes.map((node) => network.run(own, node)));
  const service = await serve(member, { ports });
  const allowedPort = service.at(allowed);
  let cells = 0;
  const taken = await stopwatch(async () => {
    for (const row of (await readTruthTable(clients, service)).values()) {
      for (const [port, reach] of row) {
        cells++;
        const right = port === allowed ? isOpen(reach, allowedPort) : isBlocked(reach);
        if (!right) throw new HarnessError(`port ${port} of the truth table is ${reach.state}`);
      }
    }
  });
  await own.close();
  return [
    {
      what: `policy truth table: ${service.ports.length} ports of one target, from ${clients.length} nodes`,
      value: taken / 1000,
      unit: "s",
      aim: { of: "value", atMost: 5 },
      note: `${cells} cells, all but ${clients.length} of them blocked, one listener`,
    },
  ];
}
