import {
  chmodSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { askVersion } from "#harness/cluster/engines/ask-image.ts";
import { shortVersion } from "#harness/cluster/engines/target-engine.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { imageLabel } from "#harness/cluster/images/node-contract.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import type { Matrix } from "#reports/matrix/schema.ts";
import { trackedFiles } from "./house/tracked-files.ts";
import { stepFields } from "./support/action.ts";

const local = new LocalHost();
const scratch = disposableFolder();
/** What `actions/checkout` leaves, where reports and artefacts are put. */
const checkout = join(scratch.path, "checkout");
const site = join(scratch.path, "site");
const server = createServer((request, answer) => {
  const path = request.url ?? "";
  if (path.endsWith("/")) {
    const links = readdirSync(join(site, path)).map((name) => `<a href="${name}">${name}</a>`);
    answer.end(links.join("\n"));
    return;
  }
  const file = createReadStream(join(site, path));
  file.on("error", () => answer.writeHead(404).end()).pipe(answer);
});

const workflow = z
  .object({ jobs: z.record(z.string(), z.object({ steps: z.array(z.strictObject(stepFields)) })) })
  .parse(parse(readFileSync(join(projectRoot, ".github/workflows/nightly.yml"), "utf8")));

/** Puts the programs of the usual engine into a folder; yields its version. */
async function takeEngine(into: string): Promise<string> {
  const settings = readSettings();
  const progress = progressOn(process.stderr);
  const engine = await ensureEngine(settings, progress);
  try {
    const source = { kind: "known", version: "26.1" } as const;
    const { image } = await ensureNodeImage(engine.docker, source, settings, progress);
    const container = await engine.docker.createContainer({ Image: image, Labels: imageLabel });
    try {
      mkdirSync(into, { recursive: true });
      for (const program of ["dockerd", "docker-proxy"]) {
        const { stdin, exit } = await local.spawn(["tar", "--no-same-owner", "-xf", "-", "-C", into]);
        await pipeline(
          Readable.from(await container.getArchive({ path: join("/usr/sbin", program) })),
          stdin,
        );
        expect(await exit).toMatchObject({ code: 0 });
      }
    } finally {
      await container.remove({ v: true });
    }
    return shortVersion(await askVersion(engine.docker, image, "Docker 26.1"));
  } finally {
    await engine.release();
  }
}

/** Puts the same programs into a folder under another version, as a build of a main branch has one; yields that. */
function rebuild(from: string, version: string, into: string): string {
  const other = version.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
  mkdirSync(into);
  copyFileSync(join(from, "docker-proxy"), join(into, "docker-proxy"));
  const program = readFileSync(join(from, "dockerd"), "latin1").replaceAll(version, other);
  writeFileSync(join(into, "dockerd"), program, "latin1");
  return other;
}

/** A copy of the project, whose packages are this one's. */
async function checkOut(): Promise<void> {
  mkdirSync(checkout);
  const packed = await local.spawn(["tar", "-c", "-C", projectRoot, "--ignore-failed-read", "-T-"]);
  const unpacked = await local.spawn(["tar", "-x", "-C", checkout]);
  packed.stdout.pipe(unpacked.stdin);
  packed.stdin.end((await trackedFiles()).map((path) => `${path}\n`).join(""));
  expect(await Promise.all([packed.exit, unpacked.exit])).toMatchObject([{ code: 0 }, { code: 0 }]);
  symlinkSync(join(projectRoot, "node_modules"), join(checkout, "node_modules"));
}

beforeAll(async () => {
  await checkOut();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}, 300_000);

afterAll(() => {
  server.closeAllConnections();
  server.close();
  scratch[Symbol.dispose]();
});

/** The text of a step's command, from the workflow. */
function stepOf(job: string, name: string) {
  const step = workflow.jobs[job]?.steps.find((one) => one.name === name || one.run === name);
  if (step?.run === undefined) throw new TypeError(`${job} has no step ${name}`);
  return { run: step.run, env: step.env ?? {} };
}

/** Runs a step in the checkout as GitHub's shell does. `values` are those of its expressions; `more` is put behind its matrix commands. */
async function runStep(
  { run, env }: ReturnType<typeof stepOf>,
  values: Readonly<Record<string, string>>,
  more = "",
) {
  const filled = (text: string) =>
    text.replaceAll(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => {
      const value = values[expression];
      if (value === undefined)
        throw new TypeError(`${expression}: an expression that the test does not know`);
      return value;
    });
  const script = filled(run).replaceAll(
    /npm run matrix -- .*?(?=$| \|\|)/gm,
    (command) => `${command} ${more}`,
  );
  const ended = await $({
    cwd: checkout,
    env: environmentWith({
      ...{ NO_COLOR: "1", DRIVER: "bridge", ENGINE_SOURCE: `${base()}/{arch}/docker-{version}.tgz` },
      ...Object.fromEntries(Object.entries(env).map(([name, text]) => [name, filled(text)])),
    }),
  })`${["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]}`;
  return { code: ended.exitCode, said: ended.stdall };
}

function base(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the artefact of a job holds once the last job has fetched it. */
function keepPart(name: string): void {
  mkdirSync(join(checkout, "parts"), { recursive: true });
  renameSync(join(checkout, "reports/part"), join(checkout, "parts", name));
}

test("the newest release and a build of a main branch run by the workflow's own commands, and are merged", async () => {
  const arch = (await local.run(["uname", "-m"])).trim();
  const folder = join(scratch.path, "docker");
  const version = await takeEngine(folder);
  mkdirSync(join(site, arch), { recursive: true });
  const archive = join(site, arch, `docker-${version}.tgz`);
  await local.run(["tar", "-C", scratch.path, "-I", "gzip -1", "-cf", archive, "docker"]);
  copyFileSync(archive, join(site, arch, "docker-25.0.0.tgz"));
  const built = rebuild(folder, version, join(checkout, "engine"));
  // As `actions/download-artifact` leaves it.
  for (const name of readdirSync(join(checkout, "engine"))) chmodSync(join(checkout, "engine", name), 0o644);

  const one = "suites/basics --requirement B1 --firewall nft";
  const shard = { "matrix.shard": "1/1" };
  const newest = await runStep(
    stepOf("engine", "run the chapters"),
    { ...shard, "matrix.engine": "newest" },
    one,
  );
  expect(newest, newest.said).toMatchObject({ code: 0, said: expect.stringContaining(`bridge@${version}`) });
  keepPart("part-newest-0");

  expect(await runStep(stepOf("build", "chmod +x engine/*"), {})).toMatchObject({ code: 0 });
  const build = await runStep(stepOf("build", "run the chapters"), shard, one);
  expect(build, build.said).toMatchObject({ code: 0, said: expect.stringContaining(`bridge@${built}`) });
  keepPart("part-build-0");

  const given = { "inputs.build_run && ',./engine'": ",./engine" };
  const merged = await runStep(stepOf("merge", "merge"), given, "--firewall nft");
  expect(merged, merged.said).toMatchObject({ code: 1 });
  const matrix = JSON.parse(readFileSync(join(checkout, "reports/output/matrix.json"), "utf8")) as Matrix;
  const states = Object.fromEntries(matrix.cells.map(({ name, state }) => [name, state]));
  // What no job has run is missed by name; what has run is known by the word that asked for it.
  expect(states).toEqual({
    "bridge@20.10": "broken",
    "bridge@26.1": "broken",
    "bridge@28.5": "broken",
    [`bridge@${version}`]: "complete",
    [`bridge@${built}`]: "complete",
  });
  expect(readdirSync(join(checkout, "history"))).toContain("matrix-history.jsonl");
}, 600_000);
