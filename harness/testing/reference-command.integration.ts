import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProcessPromise } from "zx/core";
import { parseGroups, parseNetworks, parseRules, parseTenants } from "#drivers/kit/netctl/listings.ts";
import { errorIn, exits } from "#drivers/kit/netctl/messages.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { until } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { $ } from "#harness/host/local/zx.ts";
import { type GivenHosts, makeGivenHosts } from "./support/clusters/given-hosts.ts";
import { program, runCommand } from "./support/run-script.ts";

const socket = "/run/docker/plugins/netconform.sock";
const bridge = "/sys/class/net/ncbr0";
const settings = { ...readSettings(), KEEP: false };
const progress = progressOn(process.stderr);
let engine: Engine;
let hosts: GivenHosts;
let served: { running: ProcessPromise; said: () => string };

beforeAll(async () => {
  engine = await ensureEngine(settings, progress);
  const context = { settings, progress, ...engine };
  hosts = await makeGivenHosts(context, settings.ENGINE[0] ?? "26.1", 2);
  served = serve(hosts.write(hosts.inventory));
  await until({ what: "the plugin to serve", deadlineMs: 120_000 }, () => {
    if (served.running.child?.exitCode !== null) throw new Error(served.said());
    return served.said().includes("Ctrl-C ends it");
  });
}, 240_000);

afterAll(async () => {
  if (served?.running.child?.exitCode === null) served.running.child.kill("SIGKILL");
  await hosts?.[Symbol.asyncDispose]();
  await engine?.release();
}, 120_000);

function admin(): string {
  return join(hosts.folder, "admin.sock");
}

/** The command as a user runs it, until it is told to end. */
function serve(inventory: string): typeof served {
  const args = ["reference", "--admin", admin(), "serve", "--inventory", inventory];
  const running = $({ cwd: projectRoot })`${[process.execPath, join(projectRoot, program), ...args]}`;
  let said = "";
  for (const stream of [running.stdout, running.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  return { running, said: () => said };
}

function netctl(...args: string[]): Promise<{ code: number | null; said: string }> {
  return runCommand(["reference", "--admin", admin(), ...args], {});
}

/** Names of the plugin's networks on the engine of each node. */
function onEngines(): Promise<string[][]> {
  return Promise.all(
    hosts.owner.nodes.map(async ({ docker }) => {
      const listed = await docker.listNetworks({ filters: { driver: ["netconform"] } });
      return listed.map(({ Name }) => Name).sort();
    }),
  );
}

/** The plugin's socket and bridge, as far as each node has them. */
function ofThePlugin(): Promise<string[][]> {
  return Promise.all(
    hosts.owner.nodes.map(async (node) => {
      const listed = await node.exec(["ls", "-d", socket, bridge]);
      return listed.stdout.split("\n").filter(Boolean);
    }),
  );
}

test("the inventory of CLUSTER=ssh serves: a user with sudo, a jump host, interfaces that are found on the hosts", async () => {
  expect(served.said()).toContain("netconform serves node1, node2");
  expect(await ofThePlugin()).toEqual([
    [socket, bridge],
    [socket, bridge],
  ]);
});

test("netctl makes networks and groups on the engines of all nodes, lists them as Contiv does, and removes them", {
  timeout: 180_000,
}, async () => {
  const done = async (...args: string[]) => {
    const { code, said } = await netctl(...args);
    expect([args, code, said]).toEqual([args, exits.success, said]);
    return said;
  };
  await done("tenant", "create", "blue");
  await done("net", "create", "-t", "blue", "--subnet=10.1.2.0/24", "web");
  await done("net", "create", "-s", "10.1.2.0/24", "web");
  await done("policy", "create", "shut");
  await done("policy", "rule-add", "shut", "1", "-protocol=tcp", "-port=80", "-action=deny");
  await done("group", "create", "web", "db", "-p", "shut");
  expect(await onEngines()).toEqual([
    ["db", "web", "web/blue"],
    ["db", "web", "web/blue"],
  ]);

  expect(parseTenants(await done("tenant", "ls"))).toEqual(["default", "blue"]);
  expect(parseNetworks(await done("net", "ls", "-t", "blue"))).toEqual([
    { tenant: "blue", name: "web", encap: "vxlan", tag: 0, subnet: "10.1.2.0/24", gateway: "10.1.2.1" },
  ]);
  expect(parseGroups(await done("group", "ls"))).toEqual([
    { tenant: "default", name: "db", network: "web", policies: ["shut"] },
  ]);
  expect(parseRules(await done("policy", "rule-ls", "shut"))).toEqual([
    { id: "1", direction: "in", protocol: "tcp", port: 80, action: "deny", priority: 1 },
  ]);

  const used = await netctl("net", "rm", "web");
  expect([used.code, errorIn(used.said)]).toEqual([exits.refused, 'network "web" is in use by group db']);
  await done("group", "rm", "db");
  await done("policy", "rm", "shut");
  await done("net", "rm", "web");
  await done("net", "rm", "-t", "blue", "web");
  await done("tenant", "rm", "blue");
  expect(await onEngines()).toEqual([[], []]);
});

test("what an engine refuses on one node is made on none", { timeout: 60_000 }, async () => {
  const [, second] = hosts.owner.nodes;
  const network = await second!.docker.createNetwork({ Name: "taken", Driver: "bridge" });
  const refused = await netctl("net", "create", "-s", "10.1.4.0/24", "taken");
  await network.remove();
  expect([refused.code, errorIn(refused.said)]).toEqual([
    exits.refused,
    expect.stringMatching(/^node2: network with name taken already exists/),
  ]);
  expect(await onEngines()).toEqual([[], []]);
  expect(parseNetworks((await netctl("net", "ls")).said)).toEqual([]);
});

test("once it is told to end, nothing of it is left on the nodes", { timeout: 60_000 }, async () => {
  served.running.child?.kill("SIGINT");
  expect((await served.running).exitCode).toBe(0);
  expect(await ofThePlugin()).toEqual([[], []]);
  expect((await netctl("net", "ls")).code).toBe(exits.noAnswer);
});
