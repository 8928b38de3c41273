import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { runContainer } from "#harness/workload/docker/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { startAndHold } from "./held-starts.ts";

let made: TestNodes;
let node: ClusterNode;

beforeAll(async () => {
  made = await makeOneNode("held-starts");
  const [first] = made.cluster.nodes;
  if (!first) throw new TypeError("expected one node");
  node = first;
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

/** Containers of the default bridge that have stopped, and one that runs all the while. */
async function stoppedContainers(scope: Scope): Promise<{ stopped: Workload[]; runs: Workload }> {
  const image = (await node.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])[0] ?? "";
  const run = () => runContainer(scope, node, { image, network: "bridge" });
  const [runs, ...stopped] = await Promise.all([run(), run(), run(), run()]);
  await Promise.all(stopped.map(({ id }) => node.docker.getContainer(id).stop({ t: 0 })));
  return { stopped, runs };
}

/** Which containers run, as listed: an engine does not inspect one while it starts it. */
async function running(among: readonly Workload[]): Promise<Workload[]> {
  const ids = (await node.docker.listContainers()).map(({ Id }) => Id);
  return among.filter(({ id }) => ids.includes(id));
}

/** Interfaces of containers in the node's own namespace. */
const links = async () =>
  (await node.run(["ip", "-o", "link", "show", "type", "veth"])).trim().split("\n").length;

test("starts are held where the network is made and the first process has not begun, and go on when they are let go", async () => {
  await using scope = new Scope("held starts");
  const { stopped, runs } = await stoppedContainers(scope);
  const before = await links();
  const { letGo, countCutOff } = await startAndHold(scope, node, stopped);
  expect(await running([runs, ...stopped])).toEqual([runs]);
  expect(await links()).toBe(before + stopped.length);
  await letGo();
  expect(await countCutOff()).toBe(0);
  expect(await running(stopped)).toEqual(stopped);
}, 90_000);

test("what is held goes on when what holds it is ended", async () => {
  await using scope = new Scope("held starts");
  const { stopped } = await stoppedContainers(scope);
  const { countCutOff } = await startAndHold(scope, node, stopped);
  // Its loop is younger, and has the same command line.
  await node.run(["pkill", "--oldest", "--full", "each_of_runc"]);
  expect(await countCutOff()).toBe(0);
  expect(await running(stopped)).toEqual(stopped);
}, 90_000);
