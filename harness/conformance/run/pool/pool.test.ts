import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { ClusterState } from "#harness/cluster/state.ts";
import { until } from "#harness/core/async/poll.ts";
import { Blocked } from "#harness/core/errors.ts";
import { RpcClient } from "#harness/core/rpc/client.ts";
import { bothHalves } from "#harness/core/rpc/messages.ts";
import { type LeaseMethods, leaseCluster, serveClusters } from "./lease.ts";
import { ClusterPool, type PooledCluster } from "./pool.ts";

/** A pool of clusters that are no more than their names: the pool knows nothing else of them. */
function poolOf({ reuses = false, refuses = false, longestComes = false } = {}) {
  const released: string[] = [];
  let made = 0;
  const pool = new ClusterPool<PooledCluster>({
    bringUp: async () => {
      if (refuses) throw new Blocked("there is no such plugin");
      return { target: { state: { id: `cluster-${++made}` } as ClusterState }, baseline: {} };
    },
    explain: (error) => ({ obstacle: (error as Error).message }),
    release: async ({ target }) => void released.push(target.state.id),
    reuses,
    longestComes: () => longestComes,
  });
  return { pool, released, made: () => made };
}

test("two workers at the same time have two clusters, and a cluster goes when its worker has ended", async () => {
  const { pool, released } = poolOf();
  pool.begin();
  const [one, other] = await Promise.all([pool.lease(), pool.lease()]);
  expect([one, other]).toEqual([
    { cluster: "cluster-1", baseline: {} },
    { cluster: "cluster-2", baseline: {} },
  ]);
  pool.giveBack("cluster-2");
  expect(released).toEqual(["cluster-2"]);
  await pool.close();
  expect(released).toEqual(["cluster-2", "cluster-1"]);
});

test("a cluster that a later worker may have stays up until the run is over", async () => {
  const { pool, released, made } = poolOf({ reuses: true });
  await pool.lease();
  pool.giveBack("cluster-1");
  expect(await pool.lease()).toEqual({ cluster: "cluster-1", baseline: {} });
  expect([released, made()]).toEqual([[], 1]);
  await pool.close();
  expect(released).toEqual(["cluster-1"]);
});

test("what the first cluster could not be brought up for is told to every worker, and tried once", async () => {
  const { pool, released } = poolOf({ refuses: true });
  expect(await pool.lease()).toEqual({ obstacle: "there is no such plugin" });
  expect(await pool.lease()).toEqual({ obstacle: "there is no such plugin" });
  await pool.close();
  expect(released).toEqual([]);
});

test("the first cluster waits for the worker that is to run the chapter that takes longest, where one comes", async () => {
  const { pool } = poolOf({ longestComes: true, reuses: true });
  expect(await pool.lease()).toEqual({ cluster: "cluster-2", baseline: {} });
  pool.giveBack("cluster-2");
  expect(await pool.lease()).toEqual({ cluster: "cluster-2", baseline: {} });
  expect(await pool.lease({ longest: true })).toEqual({ cluster: "cluster-1", baseline: {} });
  await pool.close();
});

test("a cluster that comes up when the run is over is released", async () => {
  const { pool, released } = poolOf();
  const lease = pool.lease();
  await pool.close();
  expect(await lease).toEqual({ obstacle: expect.stringContaining("the run is over") });
  expect(released).toEqual(["cluster-1"]);
});

test("a process has its cluster until it ends or gives it up", async () => {
  const { pool, released } = poolOf();
  const served = await serveClusters(pool);
  onTestFinished(() => served.close());
  const { lease, giveUp } = await leaseCluster(served.socket);
  expect(lease).toEqual({ cluster: "cluster-1", baseline: {} });
  const other = connect(served.socket);
  await once(other, "connect");
  const worker = new RpcClient<LeaseMethods>(bothHalves(other), { peer: "the pool" });
  expect(await worker.call("lease", { longest: false })).toEqual({ cluster: "cluster-2", baseline: {} });
  worker.call("hold", { cluster: "cluster-2" }).catch(() => {});
  other.end();
  await until({ what: "the cluster to be given back", deadlineMs: 5_000 }, async () => released.length > 0);
  expect(released).toEqual(["cluster-2"]);
  await giveUp();
  expect(released).toEqual(["cluster-2", "cluster-1"]);
});

test("a cluster that was given up is nobody's any more, also where clusters are used again", async () => {
  const { pool, released } = poolOf({ reuses: true });
  const served = await serveClusters(pool);
  onTestFinished(() => served.close());
  const first = await leaseCluster(served.socket);
  await first.giveUp();
  expect(released).toEqual(["cluster-1"]);
  const second = await leaseCluster(served.socket);
  expect(second.lease).toEqual({ cluster: "cluster-2", baseline: {} });
  await second.giveUp();
});
