import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateKeyPair } from "#harness/cluster/containers/keys.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { mirrorForContainers } from "#harness/cluster/images/builder/builder.ts";
import { saveImages } from "#harness/cluster/images/image-file.ts";
import { within } from "#harness/core/async/poll.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { makeOrdinaryUser, type OrdinaryUser } from "./support/clusters/ordinary-user.ts";
import { pathWithout, startUnroutedEngine, type UnroutedEngine } from "./support/clusters/unrouted-engine.ts";

const settings = { ...readSettings(), KEEP: false };
const { CACHE, ENGINE: [version = "26.1"] = [] } = settings;
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "unrouted-"));
let own: Engine;
let engine: UnroutedEngine;
let user: OrdinaryUser;
let path: string;
let nodeImage: string;

/** A machine that has no engine, no mmdebstrap and nothing cached, and is told of an engine elsewhere. */
function elsewhere(): Record<string, string> {
  return {
    DOCKER_HOST: engine.dockerHost,
    CACHE: join(user.home, "cache"),
    REPORTS: join(user.home, "reports"),
    PATH: path,
    ...{ DRIVER: "bridge", ENGINE: version, NODES: "2", KEEP: "0", IMAGE: "", NODE_IMAGE: "" },
  };
}

beforeAll(async () => {
  const progress = progressOn(process.stderr);
  own = await ensureEngine(settings, progress);
  engine = await startUnroutedEngine(join(folder, "engine"));
  user = await makeOrdinaryUser();
  [nodeImage = ""] = await saveImages(
    own.docker,
    [version],
    join(user.home, "images.tar"),
    settings,
    progress,
  );
  path = pathWithout(join(user.home, "bin"), ["mmdebstrap", "dockerd"]);
}, 300_000);

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await own?.release();
  user?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

test("images that were saved are loaded where none can be made", async () => {
  const { code, said } = await user.run(["images", "load", join(user.home, "images.tar")], elsewhere());
  expect(said).toMatch(/^loaded netconform\/node:\S+$/m);
  expect(said).toMatch(/^loaded netconform\/workload:\S+$/m);
  expect(code).toBe(0);
}, 180_000);

test("a file with no images in it is refused", async () => {
  const { code, said } = await user.run(["images", "load", "package.json"], elsewhere());
  expect(said).toContain("expected a file that `netconform images save` wrote");
  expect(code).toBe(2);
});

test("a node image of another engine version is refused", async () => {
  const env = { ...elsewhere(), NODE_IMAGE: nodeImage, ENGINE: version === "28.5" ? "26.1" : "28.5" };
  const { code, said } = await user.run(["cluster", "up"], env);
  expect(said).toContain(
    `NODE_IMAGE=${nodeImage}: expected a node image with Docker ${env.ENGINE}, got one with`,
  );
  expect(code).toBe(2);
});

test("images that can be made nowhere end a command with what to do", async () => {
  const env = { ...elsewhere(), CACHE: join(user.home, "empty-cache") };
  const { code, said } = await user.run(["images", "save", join(user.home, "made.tar")], env);
  expect(said).toMatch(
    /^building the workload image: mmdebstrap missing, and neither root nor sudo .* at hand; for a container that builds it, expected an image debian:trixie-slim that the Docker Engine has or can pull, got /m,
  );
  expect(said).toContain(
    "name a Debian image that it has with BUILDER, or bring the images from a machine that can build them: npm run images -- save, load",
  );
  expect(code).toBe(2);
});

test("a node image is made in a container of the engine where this machine cannot make it", async () => {
  const given = engine.docker.getImage(nodeImage);
  const { Config } = await given.inspect();
  // A Debian without mmdebstrap, as a registry has it under this name.
  await given.tag({ repo: "debian", tag: "trixie-slim" });
  await given.remove();
  const MIRROR = await engine.serveMirror(await mirrorForContainers(settings));
  const env = { ...elsewhere(), MIRROR };
  const { code, said } = await user.run(["images", "save", join(user.home, "made.tar")], env);
  expect(said).toMatch(/^building the node image .* in a container of debian:trixie-slim: done/m);
  expect(said).toContain(`saved ${nodeImage}\n`);
  expect(code).toBe(0);
  expect((await engine.docker.getImage(nodeImage).inspect()).Config).toEqual(Config);
  expect(await whatStays()).toEqual([]);
}, 400_000);

test("chapters are green on nodes that this machine has no route to, over TCP, and nothing stays", async () => {
  const since = Math.floor(Date.now() / 1000);
  const env = { ...elsewhere(), DRIVER: "overlay" };
  const { code, said } = await user.run(["conform", "suites/basics", "suites/multihost"], env);
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
  expect(await containersMade(since)).toContainEqual(expect.stringMatching(/^nc-\w+-gate$/));
  expect(await whatStays()).toEqual([]);
}, 300_000);

test("the same over SSH, on a cluster that is kept and reached by OpenSSH as well", async () => {
  await engine.admitUser(nodeImage, user.home);
  await user.own(join(user.home, ".ssh"));
  const env = {
    ...elsewhere(),
    KEEP: "1",
    DOCKER_HOST: `ssh://root@${engine.address}${engine.socket}`,
  };
  const first = await user.run(["conform", "suites/basics"], env);
  expect(first.said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(first.code).toBe(0);
  const shell = await user.run(["cluster", "ssh", "node2", "hostname"], env);
  expect(shell).toMatchObject({ code: 0, said: "node2\n" });
  const again = await user.run(["conform", "suites/basics", "-t", "B1"], env);
  expect(again.said).not.toContain("starting 2 nodes");
  expect(again.code).toBe(0);
  const down = await user.run(["cluster", "down"], env);
  expect(down.said).toMatch(/^removed nc-\w+ \(bridge@/m);
  expect(await whatStays()).toEqual([]);
}, 300_000);

test("an engine's host whose key is not known, and a user without a key, are refused", async () => {
  const empty = mkdtempSync(join(user.home, "empty-"));
  await user.own(empty);
  const env = { ...elsewhere(), HOME: empty, DOCKER_HOST: `ssh://root@${engine.address}` };
  const keyless = await user.run(["cluster", "up"], env);
  expect(keyless.said).toMatch(/^DOCKER_HOST=ssh:\S+: expected an agent or id_ed25519, .* got neither$/m);
  expect(keyless.code).toBe(2);
  mkdirSync(join(empty, ".ssh"));
  writeFileSync(join(empty, ".ssh/id_ed25519"), generateKeyPair("stranger").private, { mode: 0o600 });
  await user.own(empty);
  const unknown = await user.run(["cluster", "up"], env);
  expect(unknown.said).toContain(`its host key is not in ${empty}/.ssh/known_hosts`);
  expect(unknown.code).toBe(2);
});

/** Names of the containers and networks of clusters that the engine has. */
async function whatStays(): Promise<string[]> {
  const containers = await engine.docker.listContainers({ all: true });
  const networks = await engine.docker.listNetworks();
  const names = [...containers.flatMap(({ Names }) => Names), ...networks.map(({ Name }) => Name)];
  return names.filter((name) => /^\/?nc-/.test(name));
}

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
