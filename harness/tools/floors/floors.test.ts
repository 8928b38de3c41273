import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, matchesGlob, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { $ } from "zx/core";
import { projectRoot } from "#harness/core/project-root.ts";
import { floorsCheck } from "./check-floors.ts";
import { type Exceptions, exceptions } from "./exceptions.ts";
import { floorOf } from "./floors.ts";

const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true });
});

/** What the check finds in a tree, as `file rule`, sorted. */
async function check(root: string, excepted?: Exceptions): Promise<string[]> {
  const biome = join(projectRoot, "node_modules/.bin/biome");
  const output = await $({
    cwd: root,
    quiet: true,
    nothrow: true,
  })`${biome} ${floorsCheck(root, excepted)} --reporter=github`;
  const found = output.stdout.matchAll(/^::error title=([^,]+),file=([^,]+),/gm);
  const findings = new Set([...found].map(([, rule, file]) => `${relative(root, file!)} ${rule}`));
  expect(output.exitCode, output.text()).toBe(findings.size > 0 ? 1 : 0);
  return [...findings].sort();
}

/** A tree with the project's package.json and these files. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "netconform-floors-"));
  trees.push(root);
  copyFileSync(join(projectRoot, "package.json"), join(root, "package.json"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const cycle = "lint/suspicious/noImportCycles";
const restricted = "lint/style/noRestrictedImports";
const environment = "lint/style/noProcessEnv";

/** Imports that the rules know, of something on a higher floor. */
const upward = {
  value: 'import { x } from "#drivers/x.ts"; export const y = x;',
  "side effect": 'import "#drivers/x.ts";',
  type: 'import type { X } from "#drivers/x.ts"; export type Y = X;',
  dynamic: 'export const y = () => import("#drivers/x.ts");',
  "re-export": 'export * from "#drivers/x.ts";',
  "re-export of types": 'export type { X } from "#drivers/x.ts";',
  relative: 'import { x } from "../../drivers/x.ts"; export const y = x;',
};

describe("the check of the floors", () => {
  it("lets imports from the own and from lower floors pass, and tests import what supports them", async () => {
    const root = tree({
      // What a build has made is not looked at.
      "dist/harness/core/errors.js": 'import "../../drivers/x.js";',
      "vitest.config.ts": 'import "./harness/testing/top.ts";',
      "harness/testing/top.ts": 'import "#suites/cnm/chapter.test.ts"; import "#harness/core/errors.ts";',
      "suites/cnm/chapter.test.ts": 'import "#drivers/x.ts"; import "#suites/requirements/rules/cnm.ts";',
      "suites/requirements/rules/cnm.ts": "export const x = 1;",
      "harness/cluster/cluster.ts": 'import "#harness/cni/cni.ts"; import "./nodes/node.ts";',
      "harness/cluster/nodes/node.ts": "export const x = 1;",
      "harness/cni/cni.ts": 'import "#harness/core/errors.ts"; import "#suites/requirements/rules/cnm.ts";',
      "harness/core/errors.ts": "export const x = 1;",
      "harness/core/errors.test.ts": 'import "#harness/testing/top.ts";',
      "harness/core/settings/settings.ts": "export const { HOME } = process.env;",
      "drivers/x.ts": "export const x = 1; export type X = number;",
    });
    expect(await check(root)).toEqual([]);
  });

  it.each(Object.entries(upward))("finds an import from a higher floor: %s", async (_form, text) => {
    const root = tree({
      "drivers/x.ts": "export const x = 1; export type X = number;",
      "harness/core/low.ts": text,
      "harness/core/low.test.ts": text,
    });
    expect(await check(root)).toEqual([
      `harness/core/low.test.ts ${restricted}`,
      `harness/core/low.ts ${restricted}`,
    ]);
  });

  it("finds upward imports from plain JavaScript, from suites, and from the catalogue of requirements", async () => {
    const root = tree({
      "harness/cli/x.ts": "export const x = 1;",
      "harness/core/low.mjs": 'import "#harness/cli/x.ts";',
      "suites/cnm/chapter.test.ts": 'import "#harness/cli/x.ts";',
      "suites/cnm/other.test.ts": 'import "#harness/testing/x.ts";',
      "suites/requirements/rules/cnm.ts":
        'import "#suites/cnm/chapter.test.ts"; import "#harness/core/errors.ts";',
    });
    expect(await check(root)).toEqual([
      `harness/core/low.mjs ${restricted}`,
      `suites/cnm/chapter.test.ts ${restricted}`,
      `suites/cnm/other.test.ts ${restricted}`,
      `suites/requirements/rules/cnm.ts ${restricted}`,
    ]);
  });

  it("finds imports in forms that no other rule looks at", async () => {
    const root = tree({
      "harness/core/in-place.ts": 'export type Y = import("#drivers/x.ts").X;',
      "harness/core/named.cjs": 'exports.x = require("#harness/cli/x.ts").x;',
      "harness/core/relative.cjs": 'exports.x = require("../cli/x.ts").x;',
    });
    expect(await check(root)).toEqual([
      "harness/core/in-place.ts plugin",
      "harness/core/named.cjs plugin",
      "harness/core/relative.cjs plugin",
    ]);
  });

  it.each([
    [
      "of values",
      'import { b } from "#harness/core/b.ts"; export const a = () => b;',
      'import { a } from "./a.ts"; export const b = () => a;',
    ],
    [
      "of types",
      'import type { B } from "#harness/core/b.ts"; export type A = B[];',
      'import type { A } from "./a.ts"; export type B = { a: A };',
    ],
    [
      "of dynamic imports",
      'export const a = () => import("#harness/core/b.ts");',
      'export const b = () => import("./a.ts");',
    ],
    [
      "of re-exports",
      'export * from "#harness/core/b.ts"; export const a = 1;',
      'export { a } from "./a.ts";',
    ],
  ])("finds a cycle %s", async (_kind, a, b) => {
    const root = tree({ "harness/core/a.ts": a, "harness/core/b.ts": b });
    expect(await check(root)).toEqual([`harness/core/a.ts ${cycle}`, `harness/core/b.ts ${cycle}`]);
  });

  it("finds process.env and node:child_process outside of their places", async () => {
    const root = tree({
      "harness/host/a.ts": "export const home = process.env.HOME;",
      "harness/host/b.ts": 'import { env } from "node:process"; export const home = env.HOME;',
      "harness/host/c.ts": 'import { spawn } from "node:child_process"; export const start = spawn;',
      "suites/cnm/d.test.ts": 'export const start = () => import("node:child_process");',
    });
    expect(await check(root)).toEqual([
      `harness/host/a.ts ${environment}`,
      `harness/host/b.ts ${environment}`,
      `harness/host/c.ts ${restricted}`,
      `suites/cnm/d.test.ts ${restricted}`,
    ]);
  });

  it("finds readSettings below the commands, and lets types of its module and tests pass", async () => {
    const module = "#harness/core/settings/settings.ts";
    const reading = `import { readSettings } from "${module}"; export const x = readSettings();`;
    const root = tree({
      "harness/core/settings/settings.ts":
        "export const readSettings = () => ({}); export type Settings = object; export const engines = {};",
      "harness/core/settings/usage.ts":
        'import { readSettings } from "./settings.ts"; export const x = readSettings;',
      "harness/cli/commands/run.ts": reading,
      "harness/testing/support.ts": reading,
      "drivers/good.ts": `import { engines, type Settings } from "${module}"; export const x: Settings = engines;`,
      "drivers/good.test.ts": reading,
      "drivers/good.integration.ts": reading,
      "drivers/bad.ts": reading,
      "drivers/renamed.ts": `import { readSettings as given } from "${module}"; export const x = given;`,
      "drivers/handed-on.ts": `export { readSettings } from "${module}";`,
      "drivers/whole.ts": `import * as all from "${module}"; export const x = all;`,
      "suites/policy/policy.test.ts": reading,
      "suites/policy/program.ts": reading,
    });
    const because = "a test";
    const settingsReaders = [{ files: "suites/policy/program.ts", because }];
    expect(
      await check(root, { upwardImports: [], environmentReaders: [], settingsReaders, processStarters: [] }),
    ).toEqual([
      `drivers/bad.ts ${restricted}`,
      `drivers/handed-on.ts ${restricted}`,
      `drivers/renamed.ts ${restricted}`,
      "drivers/whole.ts plugin",
      `suites/policy/policy.test.ts ${restricted}`,
    ]);
  });

  it("lets through what an exception names, and nothing else of that file", async () => {
    const root = tree({
      "drivers/x.ts": "export const x = 1;",
      "drivers/y.ts": "export const y = 1;",
      "harness/core/one.ts": 'import "#drivers/x.ts";',
      "harness/core/two.ts": 'import "#drivers/x.ts"; import "#drivers/y.ts"; import "node:child_process";',
    });
    const because = "a test";
    const upwardImports = ["one", "two"].map((name) => {
      return { files: `harness/core/${name}.ts`, imports: "#drivers/x.ts", because };
    });
    expect(
      await check(root, { upwardImports, environmentReaders: [], settingsReaders: [], processStarters: [] }),
    ).toEqual([`harness/core/two.ts ${restricted}`]);
  });
});

describe("the project", () => {
  const sources = globSync("{drivers,harness,reports,suites}/**/*.{ts,mts,js,mjs,cjs}", {
    cwd: projectRoot,
    exclude: ["**/node_modules/**", "reports/output/**"],
  });

  it("has every source file on a floor", () => {
    expect(sources.length).toBeGreaterThan(400);
    expect(sources.filter((path) => floorOf(path) === undefined)).toEqual([]);
  });

  it("keeps the rules", async () => {
    expect(await check(projectRoot)).toEqual([]);
  });

  it("needs every exception that it lists", async () => {
    const found = await check(projectRoot, {
      upwardImports: [],
      environmentReaders: [],
      settingsReaders: [],
      processStarters: [],
    });
    const needed = (rule: string, files: string) =>
      found.some((finding) => finding.endsWith(rule) && matchesGlob(finding.split(" ")[0]!, files));
    const { upwardImports, environmentReaders, settingsReaders, processStarters } = exceptions;
    const unneeded = [
      ...[...upwardImports, ...settingsReaders, ...processStarters].filter(
        ({ files }) => !needed(restricted, files),
      ),
      ...environmentReaders.filter(({ files }) => !needed(environment, files)),
    ];
    expect(unneeded).toEqual([]);
  });
});
