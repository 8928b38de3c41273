import { afterAll, beforeAll, expect, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { clusterStore } from "./cluster-store.ts";

let made: TestNodes;

beforeAll(async () => {
  made = await makeOneNode("cluster-store");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

test("an engine that is too new for a cluster store is left alone, and the reason names one that has it", async () => {
  await using scope = new Scope("cluster store test");
  const [node] = made.cluster.nodes;
  const refused = clusterStore(scope, node!, "etcd://192.0.2.1:2379");
  await expect(refused).rejects.toThrow(Blocked);
  await expect(refused).rejects.toThrow(/Docker \d\S+ has no --cluster-store .*; ENGINE=20\.10 has it/);
  expect(await node!.files.exists("/etc/docker/daemon.json")).toBe(false);
});
