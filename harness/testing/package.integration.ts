import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { buildPackage } from "#harness/tools/package/build.ts";
import { ShellSession } from "./support/shell-session.ts";

/** A project of somebody's, with nothing of this one but the tarball. */
const folder = mkdtempSync(join(tmpdir(), "netconform-package-"));
const user = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program as the user would: in the project, with this Node.js, without the settings of this run. */
async function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = user) {
  const path = `${dirname(process.execPath)}:${environmentWith().PATH}`;
  const own = {
    DRIVER: undefined,
    REPORTS: undefined,
    FAULT: undefined,
    VITEST: undefined,
    NODE_ENV: undefined,
  };
  const ended = await $({
    cwd,
    env: environmentWith({ ...own, NO_COLOR: "1", PATH: path, ...env }),
  })`${argv}`;
  return { code: ended.exitCode, said: ended.stdall };
}

const netconform = ["npx", "--no-install", "netconform"];

beforeAll(async () => {
  const built = join(folder, "dist");
  await buildPackage(built);
  const packed = await run(["npm", "pack", "--pack-destination", folder], {}, built);
  expect(packed.code, packed.said).toBe(0);
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), '{ "name": "my-plugin", "version": "1.0.0", "private": true }\n');
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    version: string;
  };
  const tarball = join(folder, `netconform-${version}.tgz`);
  const installed = await run(["npm", "install", "--no-audit", "--no-fund", "--save-dev", tarball]);
  expect(installed.code, installed.said).toBe(0);
}, 300_000);

/** The commands of the documents' first block that a user types once the package is installed. */
const [, block = ""] =
  /^```\n(.*?)^```/ms.exec(readFileSync(join(projectRoot, "docs/your-repository.md"), "utf8")) ?? [];
const documented = block.split("\n").filter((line) => line.startsWith("npx "));

test("the documents' commands prepare the project, run a chapter, and run it in the user's own vitest", async () => {
  expect(documented).toHaveLength(3);
  for (const line of documented) {
    const { code, said } = await run(["npx", "--no-install", ...line.split(" ").slice(1)]);
    if (!line.includes(" init ")) expect(said, line).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
    expect(code, said).toBe(0);
  }
  expect(readFileSync(join(user, "reports/output/conformance.json"), "utf8")).toContain(
    '"name": "netconform"',
  );
}, 300_000);

test("npx netconform completes in a shell, as the package's own script has it", async () => {
  await using session = await ShellSession.start("bash", {
    cwd: user,
    env: { PATH: `${dirname(process.execPath)}:${environmentWith().PATH}` },
    lines: ["source <(npx --no-install netconform completion bash)"],
  });
  expect(await session.complete("npx netconform run mul")).toBe("npx netconform run multihost ");
  expect(await session.complete("npx netconform run -t M10")).toBe("npx netconform run -t M10 ");
  expect(await session.complete("npx netconform bui")).toBe("npx netconform bui");
}, 60_000);

test("init leaves alone what is there", async () => {
  const first = await run([...netconform, "init", "--kind", "cnm", "--name", "bridge"]);
  expect(first.said).toContain("kept  vitest.config.mts, which was there");
  expect(first.code).toBe(0);
  const again = await run([...netconform, "init", "--kind", "cnm", "--name", "other"]);
  expect(again.said).toContain("kept  netconform.driver.mts, which was there");
  expect(readFileSync(join(user, "netconform.driver.mts"), "utf8")).toContain('driver: "bridge"');
});

test.each([
  ["no terminal to ask on", ["init"], /expected --kind and --name/],
  ["no such chapter", ["run", "nosuch"], /nosuch: no such suite; expected one of .*suites\/multihost/],
  ["an unknown command", ["conforn"], /conform/],
])("%s is one message, and exit code 2", async (_, args, message) => {
  const { code, said } = await run([...netconform, ...args]);
  expect(said).toMatch(message);
  expect(code).toBe(2);
});

test("a Node.js that is too old is one message, before anything is loaded", async () => {
  const program = join(user, "node_modules/netconform/harness/cli/bin.mjs");
  const old = `Object.defineProperty(process.versions, "node", { value: "20.1.0" }); await import(${JSON.stringify(program)});`;
  const { code, said } = await run([process.execPath, "--input-type=module", "-e", old]);
  expect(said).toContain("netconform: Node.js 20.1.0 is too old: expected 24 or later\n  next: ");
  expect(code).toBe(2);
});

test("a folder without package.json is told so", async () => {
  const empty = mkdtempSync(join(folder, "empty-"));
  const program = join(user, "node_modules/netconform/harness/cli/bin.mjs");
  const { code, said } = await run(
    [process.execPath, program, "init", "--kind", "cni", "--name", "x"],
    {},
    empty,
  );
  expect(said).toContain("has no package.json\n  next: run npm init -y there first");
  expect(code).toBe(2);
});

test("requirements are chosen by id, and the environment wins over package.json", async () => {
  const { code, said } = await run([...netconform, "run", "basics", "-t", "B1"], { DRIVER: "overlay" });
  expect(said).toContain("overlay@26.1");
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
}, 180_000);

test("a network configuration for CNI is prepared as well, and its plugin is judged", async () => {
  const other = mkdtempSync(join(folder, "cni-"));
  writeFileSync(join(other, "package.json"), "{}");
  const program = join(user, "node_modules/netconform/harness/cli/bin.mjs");
  const made = await run([process.execPath, program, "init", "--kind", "cni", "--name", "bridge"], {}, other);
  expect(made.code, made.said).toBe(0);
  const { code, said } = await run([process.execPath, program, "run", "basics", "-t", "B7"], {}, other);
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
}, 180_000);

test("declarations check under strict rules, those of its dependencies included", async () => {
  writeFileSync(
    join(user, "uses.mts"),
    'import { defineDriver } from "netconform";\nimport { catalogue } from "netconform/requirements";\nimport { netconform } from "netconform/vitest";\nexport const used = [defineDriver, catalogue.M4, netconform];\n',
  );
  const compilerOptions = {
    ...{ strict: true, module: "NodeNext", target: "ESNext", lib: ["ESNext", "ESNext.Disposable"] },
    ...{ noEmit: true, skipLibCheck: false, types: ["node"] },
  };
  const files = ["uses.mts", "netconform.driver.mts", "vitest.config.mts"];
  writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { code, said } = await run([join(projectRoot, "node_modules/.bin/tsc"), "-p", "."]);
  expect(said).toBe("");
  expect(code).toBe(0);
}, 60_000);

test("holds no tests of this project, no fixtures, nothing that only its checkout needs", async () => {
  const { said } = await run(["find", ".", "-type", "f"], {}, join(user, "node_modules/netconform"));
  const files = said.split("\n").filter(Boolean);
  expect(
    files.filter(
      (path) => /fixtures|testing|\.bench\.|bootstrap|\.ts$/.test(path) && !path.endsWith(".d.ts"),
    ),
  ).toEqual([]);
  expect(files.filter((path) => path.endsWith(".test.js") && !path.startsWith("./suites/"))).toEqual([]);
  expect(files).toContain("./vagrant/provision.sh");
});
