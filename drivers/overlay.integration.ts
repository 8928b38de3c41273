import { expect, test } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { makeOneNode } from "#harness/testing/support/clusters/one-node.ts";
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
