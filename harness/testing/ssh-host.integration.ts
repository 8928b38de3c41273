import { afterAll, beforeAll } from "vitest";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { readInventory } from "#harness/cluster/hosts/inventory.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import { type GivenHosts, makeGivenHosts } from "./support/clusters/given-hosts.ts";
import { describeCommands } from "./support/exec-cases.ts";

const settings = { ...readSettings(), KEEP: false };
const [version = "26.1"] = settings.ENGINE;
let engine: Engine;
let hosts: GivenHosts;
let asUser: SshHost;

beforeAll(async () => {
  const progress = progressOn(process.stderr);
  engine = await ensureEngine(settings, progress);
  hosts = await makeGivenHosts({ settings, progress, ...engine }, version, 1);
  const [target] = readInventory(hosts.write(hosts.inventory)).nodes;
  asUser = new SshHost(target!);
}, 180_000);

afterAll(async () => {
  await asUser?.disconnect();
  await hosts?.[Symbol.asyncDispose]();
  await engine?.release();
});

describeCommands("a host over SSH, as root", () => hosts.owner.nodes[0]!);
describeCommands("a host over SSH, as a user with sudo", () => asUser);
