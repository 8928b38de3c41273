import { afterAll, beforeAll, expect, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { collectEvidence } from "#harness/observe/evidence.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { smallPlugin } from "#harness/testing/support/small-plugin.ts";
import { dockerDriver } from "./docker-driver.ts";

let made: TestNodes;

beforeAll(async () => {
  made = await makeOneNode("docker-driver");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

const socket = "/run/docker/plugins/fragile.sock";

test("a driver of daemons starts, records, stops and restarts them, and tells which had ended", async () => {
  const [node] = made.cluster.nodes;
  const driver = dockerDriver({
    name: "fragile",
    title: "Fragile",
    capabilities: ["names", "remote"],
    driver: "fragile",
    options: ({ tag }) => (tag === undefined ? {} : { end: String(tag) }),
    daemons: () => [{ name: "fragile", argv: smallPlugin("fragile", socket), ready: socket }],
    record: { socket },
    logs: ["/var/log/fragile.log"],
  });
  const scope = new Scope("docker driver test");
  await node!.run(["mkdir", "--parents", "/run/docker/plugins"]);
  await node!.files.write("/var/log/fragile.log", "bridges left: none\n");
  const session = scope.child("session");
  const attachment = await driver.install(scope, made.cluster, session);
  const installed = await driver.connect(made.cluster, attachment);
  const [evidence] = await collectEvidence(made.cluster);
  expect(evidence?.content).toMatch(
    /netconform-fragile-logs\/var-log-fragile\.log <==\nbridges left: none\n/,
  );
  const network = await installed.createNetwork(scope.child("network"), { name: "one" });
  expect(network.driver).toBe("fragile");
  await installed.restart?.();
  const absence = scope.child("absence");
  await installed.stop?.(absence);
  expect((await node!.exec(["pgrep", "-f", "fragile[.]sock"])).stdout).toBe("");
  await absence.close();
  const recording = await installed.protocol?.since([0]);
  expect(recording?.exchanges.map(({ call }) => call)).toContain("NetworkDriver.CreateNetwork");
  const ending = installed.createNetwork(scope.child("second"), { name: "two", tag: 7 });
  await expect(ending).rejects.toThrow(Nonconformance);
  await expect(ending).rejects.toThrow(
    /expected daemons that run, got an end of fragile on \S+ \(exit code 1\); [\s\S]*out of bridges/,
  );
  // What it made goes with it.
  await installed.restart?.();
  await scope.close();
  expect(await node!.files.exists("/var/log/netconform-fragile")).toBe(false);
  expect(await node!.files.exists("/var/log/netconform-fragile-logs")).toBe(false);
});
