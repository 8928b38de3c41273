import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { interpose } from "#harness/cnm/recorder/interpose.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, HarnessError } from "#harness/core/errors.ts";
import { collectEvidence } from "#harness/observe/evidence.ts";
import { makeOneNode, type OneNode } from "#harness/testing/support/clusters/one-node.ts";
import { daemon } from "./daemon.ts";

let made: OneNode;

beforeAll(async () => {
  made = await makeOneNode("daemon");
}, 180_000);

afterAll(() => made?.[Symbol.asyncDispose]());

function scopeOfTest(): Scope {
  const scope = new Scope("daemon test");
  onTestFinished(() => scope.close());
  return scope;
}

const node = () => made.cluster.nodes[0]!;
const socket = "/run/netconform-test.sock";
/** Says what its setting is, then answers each connection with one letter, as a plugin that restarts makes its socket anew. */
const server = `
import os, socket, sys
print("level", os.environ["LEVEL"], flush=True)
path = sys.argv[1]
if os.path.exists(path): os.unlink(path)
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
listening.listen()
while True: listening.accept()[0].close()
`;
const argv = ["python3", "-c", server, socket];

test("runs apart, with its environment and its log as evidence, and goes with the scope", async () => {
  const scope = new Scope("daemon test");
  const plan = { node: node(), argv, name: "greeter", env: { LEVEL: "seven" }, ready: socket };
  const one = await daemon(scope, plan);
  expect(await one.runs()).toBe(true);
  expect(await one.lastWords()).toBe("level seven");
  const [evidence] = await collectEvidence(made.cluster);
  expect(evidence?.content).toContain("level seven");
  const again = await daemon(scope, plan);
  expect(await again.lastWords()).toBe("level seven");
  await scope.close();
  expect(await one.runs()).toBe(false);
  expect(await node().files.exists("/var/log/netconform-greeter")).toBe(false);
});

test("that ends early is told at once, with the end of its log", async () => {
  const failing = ["sh", "-c", "echo no such bridge >&2; exit 3"];
  const plan = { node: node(), argv: failing, name: "failing", ready: "/run/never.sock", deadlineMs: 60_000 };
  const before = performance.now();
  const starting = daemon(scopeOfTest(), plan);
  await expect(starting).rejects.toThrow(HarnessError);
  await expect(starting).rejects.toThrow(
    `failing on ${node().name} ended before it was ready; its log ends with\nno such bridge`,
  );
  expect(performance.now() - before).toBeLessThan(15_000);
});

test("that is never ready is named by the deadline, with the end of its log", async () => {
  const idle = ["sh", "-c", "echo waiting for the store; exec sleep 1000"];
  const plan = { node: node(), argv: idle, name: "idle", ready: async () => false, deadlineMs: 1_000 };
  const starting = daemon(scopeOfTest(), plan);
  await expect(starting).rejects.toThrow(DeadlineExceeded);
  await expect(starting).rejects.toThrow(
    /idle on \S+ to be ready; last seen: its log ends with\nwaiting for the store/,
  );
});

test("starts again behind a recorder that was put before it, and behind none after a kill", async () => {
  const scope = scopeOfTest();
  const one = await daemon(scope, {
    node: node(),
    argv,
    name: "greeter",
    env: { LEVEL: "1" },
    ready: socket,
  });
  await one.kill();
  await one.start();
  const recorded = new Scope("recorder");
  await interpose(recorded, node(), socket);
  await one.kill();
  await one.start();
  const inode = async (path: string) => (await node().run(["stat", "--format=%i", path])).trim();
  const own = await inode(`${socket}.behind-proxy`);
  expect(await inode(socket)).not.toBe(own);
  await recorded.close();
  expect(await inode(socket)).toBe(own);
});
