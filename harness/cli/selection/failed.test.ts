import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Outcome } from "#harness/conformance/outcome.ts";
import type { SuiteError } from "#reports/conformance/schema.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { readFailed, statementAt } from "./failed.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-failed-"));
const path = join(folder, "conformance.json");
afterAll(() => rmSync(folder, { recursive: true }));

const target = {
  driver: "overlay",
  reference: "overlay",
  title: "",
  engine: "26.1",
  declared: [],
  versions: {},
};
const multihost = "suites/multihost/multihost.test.ts";
const basics = "suites/basics/basics.test.ts";

/** Writes a statement of these outcomes by requirement and file. */
function state(shown: readonly [RequirementId, string, Outcome][], errors: readonly SuiteError[] = []): void {
  const statement = buildStatement({
    ...{ generator: { name: "netconform", version: "0" }, id: "b7f0b1f4-6d3c-4a52-9b53-0d5a2c6a2f0e" },
    ...{ startedAt: new Date(0), durationMs: 1, incompleteBecause: [], errors },
    environment: {
      ...{ host: { platform: "linux", kernel: "6", arch: "x64", cpus: 2 }, node: "v24", packages: {} },
      settings: {
        DRIVER: ["overlay", "./my.ts"],
        ENGINE: ["26.1"],
        NODES: 3,
        KEEP: true,
        FAULT: "vxlan-dropped",
      },
    },
    targets: [{ ...target, name: "overlay@26.1" }],
    observations: shown.map(([requirement, file, outcome]) => ({
      ...{ target: "overlay@26.1", test: `${requirement} a test`, file, requirement, outcome },
      ...{ driver: "overlay", engine: "26.1", chapter: "multihost", durationMs: 1 },
    })),
  });
  writeFileSync(path, JSON.stringify(statement));
}

test("what failed and what ended in an error runs again, by file, and nothing else", () => {
  state([
    ["M4", multihost, "failed"],
    ["M8", multihost, "error"],
    ["M3", multihost, "passed"],
    ["M6", multihost, "blocked"],
    ["B3", basics, "failed"],
  ]);
  const { only, told, green } = readFailed(path);
  expect(only).toEqual([
    { target: "overlay@26.1", file: basics, requirements: ["B3"] },
    { target: "overlay@26.1", file: multihost, requirements: ["M4", "M8"] },
  ]);
  expect(green).toBe(false);
  expect(told).toMatch(/: B3 on overlay@26\.1, M4 on overlay@26\.1, M8 on overlay@26\.1$/m);
  expect(told).toMatch(/^not run again, since they did not fail there: 1 blocked, \d+ not run$/m);
});

test("of several tests of a requirement those run again that failed", () => {
  state([
    ["S1", multihost, "failed"],
    ["S1", basics, "passed"],
  ]);
  expect(readFailed(path).only).toEqual([{ target: "overlay@26.1", file: multihost, requirements: ["S1"] }]);
});

test("the whole file runs again where what judges the chapter failed, or the file itself broke", () => {
  state([["C1", multihost, "failed"]]);
  expect(readFailed(path).only).toEqual([{ target: "overlay@26.1", file: multihost }]);
  state(
    [["M3", multihost, "passed"]],
    [{ target: "overlay@26.1", where: `${basics} › basics`, message: "no" }],
  );
  expect(readFailed(path).only).toEqual([{ target: "overlay@26.1", file: basics }]);
});

test("the settings of the targets are taken over, and neither a fault nor what becomes of the cluster", () => {
  state([["M4", multihost, "failed"]]);
  expect(readFailed(path).settings).toEqual({ DRIVER: "overlay,./my.ts", ENGINE: "26.1", NODES: "3" });
});

test("where nothing failed a run is green only if something passed", () => {
  state([["M3", multihost, "passed"]]);
  expect(readFailed(path)).toMatchObject({ only: [], green: true });
  state([["M3", multihost, "blocked"]]);
  expect(readFailed(path)).toMatchObject({ only: [], green: false });
});

test("a statement is named by its file or its folder", () => {
  state([]);
  expect(statementAt(folder)).toBe(path);
  expect(statementAt(join(folder, "nosuch.json"))).toBe(join(folder, "nosuch.json"));
  expect(statementAt("suites/multihost")).toBeUndefined();
});
