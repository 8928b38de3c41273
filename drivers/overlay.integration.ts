import { expect, test } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked, EngineRefused } from "#harness/core/errors.ts";
import { causeOf } from "#harness/core/failure/cause.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { makeNodes, makeOneNode } from "#harness/testing/support/clusters/one-node.ts";
import { loadDriver } from "./loader.ts";

const vni = "com.docker.network.driver.overlay.vxlanid_list";

test("an engine whose flags exclude swarm mode blocks the driver, with the engine's words", async () => {
  await using one = await makeOneNode("swarm-refused");
  const [node] = one.cluster.nodes;
  const flags = "DOCKERD_FLAGS=--live-restore";
  await node?.run(["sh", "-c", `echo ${flags} >/etc/default/netconform-engine && netconform-engine restart`]);
  const driver = await loadDriver("overlay", readSettings());
  await using scope = new Scope("the overlay driver");
  const refused = await driver.install?.(scope, one.cluster).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Blocked);
  expect(String(refused)).toMatch(
    /node1: .*--live-restore daemon configuration is incompatible with swarm mode/,
  );
});

test("an encrypted network is asked for as such, and the listing tells the VNI that the engine gave it", async () => {
  await using one = await makeOneNode("overlay-listed");
  const driver = await loadDriver("overlay", readSettings());
  await using scope = new Scope("the overlay driver");
  const attachment = (await driver.install?.(scope, one.cluster)) ?? {};
  const installed = await driver.connect(one.cluster, attachment);
  const subnet = "10.44.1.0/24";
  const network = await installed.createNetwork(scope, { subnet, encrypted: true });
  const [node] = one.cluster.nodes;
  // The swarm's manager allocates the VNI once the network is made.
  const options = await until({ what: "the network to have a VNI", deadlineMs: 20_000 }, async () => {
    const { Options } = (await node?.docker.getNetwork(network.name).inspect()) ?? {};
    return Options?.[vni] === undefined ? undefined : Options;
  });
  expect(options).toHaveProperty("encrypted");
  const tag = Number(options[vni]);
  expect(tag).toBeGreaterThan(0);
  expect(await installed.listNetworks?.()).toContainEqual({
    ...{ tenant: "default", name: network.name, encap: "vxlan", tag, subnet, gateway: "10.44.1.1" },
  });
});

test("a swarm is left with the driver, and stays where its nodes go as well", async () => {
  await using one = await makeOneNode("overlay-ending");
  const driver = await loadDriver("overlay", readSettings());
  const [node] = one.cluster.nodes;
  if (!node) throw new TypeError("expected one node");
  const state = async () => (await node.docker.info()).Swarm?.LocalNodeState;
  for (const [ending, left] of [
    [false, "inactive"],
    [true, "active"],
  ] as const) {
    await using scope = new Scope("the overlay driver");
    await driver.install?.(scope, one.cluster);
    expect(await state()).toBe("active");
    one.cluster.ending = ending;
    await scope.close();
    expect(await state(), `ending: ${ending}`).toBe(left);
  }
});

test("the manager's engine rotates the swarm's keys until the scope closes, and then is as it was", async () => {
  await using one = await makeOneNode("overlay-rotating");
  const [node] = one.cluster.nodes;
  if (!node) throw new TypeError("expected one node");
  // What an engine does with its keys it tells when it debugs.
  await node.files.write("/etc/default/netconform-engine", "DOCKERD_FLAGS=--debug\n");
  const driver = await loadDriver("overlay", readSettings());
  await using scope = new Scope("the overlay driver");
  const attachment = (await driver.install?.(scope, one.cluster)) ?? {};
  const installed = await driver.connect(one.cluster, attachment);
  const mounts = () => node.run(["grep", "-c", "netconform-rotation", "/proc/mounts"]).catch(() => "0\n");
  await using rotating = scope.child("a rotation");
  await installed.rotateKeys?.(rotating);
  expect(await mounts()).toBe("2\n");
  const rotations = async () => {
    const log = await node.files.readText("/var/log/dockerd.log");
    return [...log.matchAll(/Updating (Keys\.|encryption keys)/g)].length;
  };
  await until({ what: "the keys to change twice", deadlineMs: 60_000, everyMs: 500 }, async () => {
    return (await rotations()) >= 2;
  });
  await rotating.close();
  expect(await mounts()).toBe("0\n");
  expect(await node.files.exists("/run/netconform-rotation")).toBe(false);
  expect((await node.docker.info()) as { Swarm?: unknown }).toMatchObject({
    Swarm: { LocalNodeState: "active" },
  });
}, 240_000);

test("a container that waits for a network which its node cannot join is refused, and the engine's reason is told", async () => {
  await using two = await makeNodes("overlay-unanswered", 2);
  const driver = await loadDriver("overlay", readSettings());
  await using scope = new Scope("the overlay driver");
  const attachment = (await driver.install?.(scope, two.cluster)) ?? {};
  const installed = await driver.connect(two.cluster, attachment);
  const [first, second] = two.cluster.nodes;
  if (!first || !second) throw new TypeError("expected two nodes");
  // An engine that such a container was refused by does not leave its swarm in time.
  two.cluster.ending = true;
  const network = await installed.createNetwork(scope);
  await network.run(scope, first);
  // What the second node asks of the first arrives, and no answer comes back.
  const rules =
    "table inet unanswered { chain in { type filter hook input priority 0; tcp dport 7946 drop; }; }";
  await second.run(["nft", rules]);
  const refused = await network.run(scope, second).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(EngineRefused);
  expect(causeOf(refused)).toEqual({
    kind: "not attached",
    what: "the engine of node2 joins a network for a container, and waits up to 30 s for an answer of another node",
  });
  expect((await second.run(["ls", "/run/docker"])).match(/goroutine/)).toBeNull();
  await second.run(["nft", "delete table inet unanswered"]);
  await network.run(scope, second);
}, 240_000);
