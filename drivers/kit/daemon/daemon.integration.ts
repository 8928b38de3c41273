import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { interpose } from "#harness/cnm/recorder/interpose.ts";
import { until } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Nonconformance } from "#harness/core/errors.ts";
import { collectEvidence } from "#harness/observe/evidence.ts";
import { makeOneNode, type TestNodes } from "#harness/testing/support/clusters/one-node.ts";
import { daemon } from "./daemon.ts";

let made: TestNodes;

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

test("is left running on a kept cluster, and started anew where its program, arguments or environment are others", async () => {
  const scope = scopeOfTest();
  const program = "/usr/local/bin/greeter";
  scope.defer(program, () => node().files.remove(program));
  const plan = { node: node(), argv: [program, socket], env: { LEVEL: "1" }, ready: socket };
  const put = (text: string) => node().files.write(program, `#!/usr/bin/python3\n${text}`, 0o755);
  const process = async (more: object = {}) => {
    await daemon(scope, { ...plan, ...more });
    return (await node().run(["cat", "/run/netconform-greeter-greeter.pid"])).trim();
  };
  await put(server);
  const first = await process();
  expect(await process()).toBe(first);
  await put(`${server}# another build\n`);
  const rebuilt = await process();
  expect(rebuilt).not.toBe(first);
  expect(await process()).toBe(rebuilt);
  const set = await process({ env: { LEVEL: "2" } });
  expect(set).not.toBe(rebuilt);
  const told = await process({ env: { LEVEL: "2" }, argv: [program, socket, "--verbose"] });
  expect(told).not.toBe(set);
  expect((await node().run(["pgrep", "-c", "-f", `^/usr/bin/python3 ${program}`])).trim()).toBe("1");
});

test("that ends early is a failure of the plugin at once, with its exit code and the end of its log", async () => {
  const failing = ["sh", "-c", "echo no such bridge >&2; exit 3"];
  const plan = { node: node(), argv: failing, name: "failing", ready: "/run/never.sock", deadlineMs: 60_000 };
  const before = performance.now();
  const starting = daemon(scopeOfTest(), plan);
  await expect(starting).rejects.toThrow(Nonconformance);
  await expect(starting).rejects.toThrow(
    `failing on ${node().name}: expected to be ready at /run/never.sock, got its end before that: exit code 3
  its log /var/log/netconform-failing/failing.log ends with
    no such bridge`,
  );
  await expect(starting).rejects.toMatchObject({
    because: { kind: "plugin start", what: "failing ended before it was ready: exit code 3" },
  });
  expect(performance.now() - before).toBeLessThan(15_000);
});

test("that crashes is named by the signal, and one of the environment is an error", async () => {
  const crashing = ["sh", "-c", "kill -SEGV $$"];
  const plan = { node: node(), argv: crashing, name: "crashing", ready: "/run/never.sock" };
  await expect(daemon(scopeOfTest(), plan)).rejects.toThrow(
    /got its end before that: SIGSEGV\n.*says nothing/,
  );
  const store = daemon(scopeOfTest(), { ...plan, name: "store", part: "environment" as const });
  await expect(store).rejects.toThrow(HarnessError);
  await expect(store).rejects.toThrow("its end before that: SIGSEGV");
});

test("that is never ready is a failure of the plugin by the deadline, with the end of its log", async () => {
  const idle = ["sh", "-c", "echo waiting for the store; exec sleep 1000"];
  const plan = { node: node(), argv: idle, name: "idle", ready: async () => false, deadlineMs: 1_000 };
  const starting = daemon(scopeOfTest(), plan);
  await expect(starting).rejects.toThrow(Nonconformance);
  await expect(starting).rejects.toThrow(
    /idle on \S+: expected to be ready, got a process that is not \(waited \d+ ms[\s\S]*ends with\n {4}waiting for the store/,
  );
});

test("knows how it ended, and nothing of an end that was asked for", async () => {
  const scope = scopeOfTest();
  const brief = { node: node(), argv: ["sh", "-c", "touch /run/brief; sleep 1; exit 7"], name: "brief" };
  const one = await daemon(scope, { ...brief, ready: (host) => host.files.exists("/run/brief") });
  scope.defer("/run/brief", () => node().files.remove("/run/brief"));
  expect(await one.end()).toBeUndefined();
  await until({ what: "brief to end", deadlineMs: 10_000 }, async () => !(await one.runs()));
  expect(await until({ what: "its end to be known", deadlineMs: 5_000 }, () => one.end())).toBe(
    "exit code 7",
  );
  await one.stop();
  expect(await one.end()).toBeUndefined();
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
