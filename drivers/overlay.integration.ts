import { expect, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { makeOneNode } from "#harness/testing/support/clusters/one-node.ts";
import { loadDriver } from "./loader.ts";

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
