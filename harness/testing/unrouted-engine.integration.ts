import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { saveImages } from "#harness/cluster/images/image-file.ts";
import { within } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { runCommand } from "./support/run-script.ts";
import { pathWithout, startUnroutedEngine, type UnroutedEngine } from "./support/unrouted-engine.ts";

const settings = { ...readSettings(), KEEP: false };
const { CACHE, ENGINE: [version = "26.1"] = [] } = settings;
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "unrouted-"));
const images = join(folder, "images.tar");
let own: Engine;
let engine: UnroutedEngine;

/** A machine that has no engine, no mmdebstrap and nothing cached, and is told of an engine elsewhere. */
function elsewhere(): Record<string, string> {
  const path = pathWithout(join(folder, "bin"), ["mmdebstrap", "dockerd"]);
  return {
    DOCKER_HOST: engine.dockerHost,
    CACHE: join(folder, "cache"),
    REPORTS: join(folder, "reports"),
    PATH: `${dirname(process.execPath)}:${path}`,
    ...{ DRIVER: "bridge", ENGINE: version, NODES: "2", KEEP: "0", IMAGE: "", NODE_IMAGE: "" },
  };
}

beforeAll(async () => {
  const progress = progressOn(process.stderr);
  own = await ensureEngine(settings, progress);
  await saveImages(own.docker, [version], images, settings, progress);
  engine = await startUnroutedEngine(join(folder, "engine"));
}, 300_000);

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await own?.release();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

test("images that were saved are loaded where none can be made", async () => {
  const { code, said } = await runCommand(["images", "load", images], elsewhere());
  expect(said).toMatch(/^loaded netconform\/node:\S+$/m);
  expect(said).toMatch(/^loaded netconform\/workload:\S+$/m);
  expect(code).toBe(0);
}, 180_000);

test("a file with no images in it is refused", async () => {
  const { code, said } = await runCommand(["images", "load", process.execPath], elsewhere());
  expect(said).toContain("expected a file that `netconform images save` wrote");
  expect(code).toBe(2);
});

test("a node image of another engine version is refused", async () => {
  const [image = ""] = (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  const env = { ...elsewhere(), NODE_IMAGE: image, ENGINE: version === "28.5" ? "26.1" : "28.5" };
  const { code, said } = await runCommand(["cluster", "up"], env);
  expect(said).toContain(
    `NODE_IMAGE=${image}: expected a node image with Docker ${env.ENGINE}, got one with`,
  );
  expect(code).toBe(2);
});

test("a chapter is green on nodes that this machine has no route to, and nothing stays", async () => {
  const since = Math.floor(Date.now() / 1000);
  const { code, said } = await runCommand(["conform", "suites/basics"], elsewhere());
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
  expect(await containersMade(since)).toContainEqual(expect.stringMatching(/^nc-\w+-gate$/));
  expect(await engine.docker.listContainers({ all: true })).toEqual([]);
  const networks = await engine.docker.listNetworks();
  expect(networks.filter(({ Name }) => Name.startsWith("nc-"))).toEqual([]);
}, 300_000);

/** Names of the containers that the engine has made since then, in seconds since 1970. */
async function containersMade(since: number): Promise<string[]> {
  const until = Math.ceil(Date.now() / 1000);
  const filters = JSON.stringify({ type: ["container"], event: ["create"] });
  const events = await engine.docker.getEvents({ since, until, filters });
  let text = "";
  events.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise((resolve) => events.once("end", resolve));
  await within({ what: "the engine to list its events", deadlineMs: 10_000 }, ended);
  const lines = text.split("\n").filter(Boolean);
  return lines.map(
    (line) => (JSON.parse(line) as { Actor: { Attributes: { name: string } } }).Actor.Attributes.name,
  );
}
