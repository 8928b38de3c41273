import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "#harness/testing/support/run-script.ts";
import { CellRun } from "./cell-run.ts";
import type { PlannedCell } from "./plan/plan.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-matrix-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `npm run matrix` as a user would; yields how it ended and what it said. */
function matrix(args: readonly string[], env: Record<string, string> = {}) {
  return runCommand(["matrix", ...args], {
    REPORTS: mkdtempSync(join(folder, "reports-")),
    ...env,
  });
}

const damaged = join(folder, "damaged.jsonl");
writeFileSync(damaged, '\n{"version":1,"id":"\n');

/** Arguments, settings, and what the message must hold. */
const mistakes: [string[], Record<string, string>, RegExp][] = [
  [[], { ENGINE: "19.03" }, /^ENGINE=19\.03: expected one of 20\.10, 26\.1, 28\.5/m],
  [[], { DRIVER: "nosuch" }, /^DRIVER=nosuch: no such driver/m],
  [[], { CLUSTER: "vagrant" }, /^CLUSTER=vagrant: expected containers/m],
  [[], { FIREWALL: "pf" }, /^FIREWALL=pf: expected one of nft, legacy/m],
  [["--between", "19", "28.5"], {}, /^--between 19: expected one of 20\.10/m],
  [["--between", "20.10"], {}, /^--between 20\.10: expected two engine versions/m],
  [["--clusters", "0"], {}, /--clusters <number>' argument '0' is invalid.*whole number/],
  [["--firewall", "pf"], {}, /argument 'pf' is invalid.*nft, legacy/],
  [["--shard", "3/2"], {}, /^--shard 3\/2: expected a part and the number of parts/m],
  [["--requirement", "Z9"], {}, /^--requirement Z9: no such requirement/m],
  [["--history", damaged], {}, /^.*damaged\.jsonl:2: expected a run of the matrix as JSON, got/m],
  [["suites/nosuch"], {}, /^suites\/nosuch: no such suite/m],
  [
    ["--variant", "[icc=false]"],
    {},
    /^--variant \[icc=false\]: expected flags of dockerd such as icc=false/m,
  ],
  [
    ["--variant", "nosuch=1"],
    { ENGINE: "28.5" },
    /^ENGINE: Docker 28\.5 refuses --nosuch=1:\nunknown flag: --nosuch\n {2}next: /m,
  ],
  [["merge"], {}, /^there is nothing to merge/m],
  [["suites/basics", "--docs"], {}, /^--docs: expected the whole matrix/m],
  [
    ["--mixed"],
    { ENGINE: "26.1" },
    /^--mixed: expected two engines or more to make pairs of, got ENGINE=26\.1$/m,
  ],
  [["merge", folder], {}, /matrix\.json: expected the report of a matrix, got ENOENT/],
];

describe.concurrent("a mistake ends with exit code 2 before anything is started, and names the value", () => {
  test.for(mistakes)("%o %o", async ([args, env, message], { expect }) => {
    const { code, said } = await matrix(args, env);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

/** The CNM suite is a project that needs no cluster. */
const suite: PlannedCell = {
  name: "cnm+nft",
  project: "cnm-29.7",
  driver: "reference",
  reference: "reference",
  engine: "26.1",
  word: "26.1",
  firewall: "nft",
  declared: 0,
};
const order = { folder, selection: ["suites/cnm"], startedAt: Date.now(), onTest: () => {} };

test("a cell runs in a process of its own and leaves its results, evidence and cost", async () => {
  let tests = 0;
  const cell = await new CellRun({ ...order, cell: suite, onTest: () => void tests++ }).run();
  expect(cell).toMatchObject({ state: "complete", exitCode: 0, errors: [] });
  const passed = cell.target?.results.filter(({ outcome }) => outcome === "passed") ?? [];
  expect(passed.length).toBeGreaterThan(10);
  expect(tests).toBeGreaterThanOrEqual(passed.length);
  expect(cell.durationMs).toBeGreaterThan(0);
  for (const { transcript = "" } of passed)
    expect(existsSync(join(folder, cell.folder, transcript))).toBe(true);
});

test("a cell whose process leaves nothing is broken, with its last words", async () => {
  const cell = await new CellRun({
    ...order,
    cell: { ...suite, name: "nosuch", project: "nosuch@26.1" },
  }).run();
  expect(cell).toMatchObject({ state: "broken", exitCode: 1 });
  expect(cell.because).toMatch(/ended with exit code 1 and left no statement[\s\S]*"cnm-26\.1"/);
});

test("a cell that is stopped ends, and is not green", async () => {
  const run = new CellRun({ ...order, cell: { ...suite, name: "stopped" }, onTest: () => void run.stop() });
  const { state } = await run.run();
  expect(["incomplete", "broken"]).toContain(state);
});
