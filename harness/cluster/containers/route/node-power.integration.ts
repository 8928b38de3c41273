import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateKeyPair } from "#harness/cluster/containers/keys.ts";
import { labels, labelsOf, removeByLabel } from "#harness/cluster/containers/labels.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import {
  nodeCapabilities,
  nodeHostConfig,
  nodeLogLines,
  runtimeCapabilities,
} from "#harness/cluster/images/node-contract.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { until } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { parseEngine } from "#harness/core/engines/grammar.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

type Capability = keyof typeof nodeCapabilities;

const capabilities = Object.keys(nodeCapabilities) as Capability[];
const id = `nc-power-${randomBytes(3).toString("hex")}`;
const settings = readSettings();
let engine: Engine;
let image: string;

beforeAll(async () => {
  const progress = progressOn(process.stderr);
  engine = await ensureEngine(settings, progress);
  const [source] = parseEngine(settings.ENGINE[0] ?? "26.1");
  if (!source) throw new HarnessError("expected an engine, got none");
  image = (await ensureNodeImage(engine.docker, source.source, settings, progress)).image;
}, 300_000);

afterAll(async () => {
  await removeByLabel(engine.docker, labels.cluster, id);
  await engine?.release();
}, 120_000);

/** Has an image made of one program of the node, and runs that. */
const runContainer = `
tar -ch /bin/true $(ldd /bin/true | grep -o '/[^ ]*') 2>/dev/null | docker import - probe >/dev/null && echo it is there
docker run --rm --network none probe /bin/true && echo it ran`;

/** Prints the version of its runc; has a container join the network of another. */
const joinContainer = `
runc --version
tar -ch /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') 2>/dev/null | docker import - probe >/dev/null
docker run --detach --name first --network none probe /bin/sleep 1000 >/dev/null && echo the first runs
docker run --rm --network container:first probe /bin/sleep 0 && echo it joined`;

/** Starts a node that differs from what the contract says, without a network; its engine answers, or it has ended. */
async function startNode(
  name: string,
  different: Docker.HostConfig,
): Promise<{ container: Docker.Container; ready: boolean; [Symbol.asyncDispose](): Promise<void> }> {
  const container = await engine.docker.createContainer({
    name: `${id}-${name.toLowerCase()}`,
    Image: image,
    Labels: labelsOf({ id, cache: settings.CACHE }),
    Env: [`AUTHORIZED_KEY=${generateKeyPair(id).public}`, "ROLE=node"],
    HostConfig: { ...nodeHostConfig, NetworkMode: "none", ...different },
  });
  await container.start();
  const ended = await until({ what: `${name} to be ready, or to end`, deadlineMs: 90_000 }, async () => {
    const log = await container.logs({ stdout: true, stderr: true });
    if (log.includes(nodeLogLines.ready)) return "ready";
    return (await container.inspect()).State.Running ? undefined : "ended";
  });
  return {
    container,
    ready: ended === "ready",
    [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }),
  };
}

/** What a script says in a container. */
async function runIn(container: Docker.Container, script: string): Promise<string> {
  const exec = await container.exec({ Cmd: ["sh", "-c", script], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  return (await stream.map((chunk: Buffer) => chunk.toString("utf8")).toArray()).join("");
}

test("a node with all of them runs a container, and has no others", async () => {
  await using node = await startNode("whole", {});
  const { container, ready } = node;
  expect(ready).toBe(true);
  expect(await runIn(container, runContainer)).toContain("it ran");
  const [, bits = "0"] = /CapBnd:\s*(\w+)/.exec(await runIn(container, "cat /proc/1/status")) ?? [];
  const held = [...BigInt(`0x${bits}`).toString(2)].filter((bit) => bit === "1");
  expect(held).toHaveLength(capabilities.length);
}, 120_000);

test.each(capabilities)(
  "without %s it does not get so far",
  async (capability) => {
    await using node = await startNode(capability, {
      CapAdd: nodeHostConfig.CapAdd.filter((name) => name !== capability),
      CapDrop: [capability],
    });
    const { container, ready } = node;
    expect(ready ? "container" : "boot").toBe(nodeCapabilities[capability].stops);
    if (!ready) return;
    const said = await runIn(container, runContainer);
    expect(said).toContain("it is there");
    expect(said).toContain("OCI runtime create failed");
    expect(said).not.toContain("it ran");
  },
  180_000,
);

test("with Docker's own seccomp profile it runs no container", async () => {
  const SecurityOpt = nodeHostConfig.SecurityOpt.filter((option) => !option.startsWith("seccomp"));
  await using node = await startNode("profile", { SecurityOpt });
  const { container, ready } = node;
  expect(ready).toBe(true);
  expect(await runIn(container, runContainer)).toContain("unable to join session keyring");
}, 120_000);

test("with what RUNTIME=containerd adds, a container joins another's network; without, not by runc from 1.2 on", async () => {
  const further = Object.keys(runtimeCapabilities.containerd);
  await using whole = await startNode("containerd", { CapAdd: [...nodeHostConfig.CapAdd, ...further] });
  expect(await runIn(whole.container, joinContainer)).toContain("it joined");
  await using node = await startNode("netconform", {});
  const said = await runIn(node.container, joinContainer);
  expect(said).toContain("the first runs");
  const version = /runc version (\d+)\.(\d+)/.exec(said);
  expect(version).not.toBeNull();
  const [, major, minor] = version ?? [];
  const opensMountNamespaces = Number(major) > 1 || Number(minor) >= 2;
  expect(said).toContain(opensMountNamespaces ? "mount source thread: open container mntns" : "it joined");
}, 120_000);
