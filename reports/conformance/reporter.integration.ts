import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, test, vi } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readStatement, runVitest, type VitestRun } from "#reports/vitest-run.ts";
import type { Statement } from "./schema.ts";

const config = join(import.meta.dirname, "../fixtures", "vitest.config.ts");

// Each test starts a vitest of its own, several at a time.
vi.setConfig({ testTimeout: 180_000 });

const outcomes: Disposable[] = [];
afterAll(() => {
  for (const outcome of outcomes) outcome[Symbol.dispose]();
});

/** Runs fixture suites, e.g. `mixed,passing`, on both made-up targets. */
async function run(suites: string, more: Partial<VitestRun> = {}) {
  const outcome = await runVitest({ config, ...more, env: { FIXTURES: suites, ...more.env } });
  outcomes.push(outcome);
  const { statement } = outcome;
  if (!statement) throw new Error(`no statement was written\n${outcome.stdout}\n${outcome.stderr}`);
  const junitPath = join(outcome.outputDir, "junit.xml");
  return { ...outcome, statement, junit: readFileSync(junitPath, "utf8") };
}

function resultOf(statement: Statement, target: string, requirement: string) {
  const results = statement.targets.find(({ name }) => name === target)?.results;
  return results?.find((result) => result.requirement === requirement);
}

function verdictsOf(statement: Statement, target: string) {
  const profiles = statement.targets.find(({ name }) => name === target)?.profiles ?? [];
  return Object.fromEntries(profiles.map(({ profile, verdict }) => [profile, verdict]));
}

function allureResults(outputDir: string): AllureResult[] {
  const folder = join(outputDir, "allure-results");
  return readdirSync(folder)
    .filter((name) => name.endsWith("-result.json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as AllureResult);
}

const bridge = ["--project", "bridge@26.1"];
const overlay = ["--project", "overlay@26.1"];

describe.concurrent("a run whose requirements all pass", () => {
  test("is green, complete, and conformant only where everything ran", async ({ expect }) => {
    const { exitCode, statement, stdout, junit } = await run("passing");
    expect(exitCode).toBe(0);
    expect(statement.run.complete).toBe(true);
    expect(statement.run.finishedAt).toBeDefined();
    expect(verdictsOf(statement, "bridge@26.1")).toMatchObject({
      basics: "conformant",
      multihost: "not run",
    });
    expect(statement.summary).toMatchObject({ passed: 10, failed: 0, error: 0 });
    expect(resultOf(statement, "overlay@26.1", "B2")?.facts).toEqual({ prefix: 16 });
    expect(resultOf(statement, "overlay@26.1", "B5")?.notes).toEqual(["works although not declared"]);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^10 passed, 0 failed, 0 error/);
    expect(junit).toContain('classname="bridge@26.1.basics"');
  });

  test("fits the published schema", async ({ expect }) => {
    const { outputDir } = await run("mixed,passing");
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, "../conformance.schema.json"), "utf8"));
    const ajv = new Ajv2020({
      allErrors: true,
      allowUnionTypes: true,
      formats: { uuid: true, uri: true, "date-time": true },
    });
    const validate = ajv.compile(schema);
    const statement = JSON.parse(readFileSync(join(outputDir, "conformance.json"), "utf8"));
    expect(validate(statement), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate({ ...statement, run: { ...statement.run, complete: "yes" } })).toBe(false);
  });
});

describe.concurrent("a run with every kind of outcome", () => {
  test("says in statement, JUnit and console what each requirement came to", async ({ expect }) => {
    const { exitCode, statement, stdout, junit, outputDir } = await run("mixed,passing");
    expect(exitCode).toBe(1);
    expect(statement.run.complete).toBe(true);

    const failed = resultOf(statement, "overlay@26.1", "M4");
    expect(failed).toMatchObject({ outcome: "failed", reproduce: expect.stringContaining("ping") });
    expect(failed?.tests.map(({ outcome }) => outcome)).toEqual(["failed", "passed"]);
    for (const file of failed?.evidence ?? []) expect(existsSync(join(outputDir, file))).toBe(true);
    expect(failed?.evidence.map((file) => basename(file))).toEqual(["trace.html", "commands.txt"]);
    expect(resultOf(statement, "bridge@26.1", "M4")?.outcome).toBe("passed");
    expect(resultOf(statement, "bridge@26.1", "M1")?.outcome).toBe("unsupported");
    expect(resultOf(statement, "overlay@26.1", "M6")).toMatchObject({
      outcome: "blocked",
      reason: "the kernel of node1 has no VXLAN devices",
    });
    expect(resultOf(statement, "overlay@26.1", "M7")?.outcome).toBe("engine at fault");
    expect(resultOf(statement, "overlay@26.1", "M8")?.outcome).toBe("error");
    expect(resultOf(statement, "overlay@26.1", "M5")?.outcome).toBe("not run");
    expect(verdictsOf(statement, "bridge@26.1")).toMatchObject({
      multihost: "incomplete",
      external: "partial",
    });
    expect(verdictsOf(statement, "overlay@26.1")).toMatchObject({
      multihost: "not conformant",
      external: "conformant",
    });

    expect(stdout).toContain("✘ M4 on overlay@26.1");
    expect(stdout).toContain("by hand: npm run cluster -- ssh node1");
    expect(stdout).toContain("blocked: the kernel of node1 has no VXLAN devices (M6)");
    const inJUnit = (requirement: string, what: string) =>
      new RegExp(`<testcase name="${requirement} [^>]*classname="overlay@26.1[^>]*[^/]>\\s*<${what}`).test(
        junit,
      );
    expect(inJUnit("M4", "failure")).toBe(true);
    expect(inJUnit("M8", "error")).toBe(true);
    expect(inJUnit("M6", 'skipped message="blocked: ')).toBe(true);
    expect(inJUnit("M7", 'skipped message="engine at fault: the engine of node1')).toBe(true);
    expect(stdout).toContain("⚙ M7 on overlay@26.1");
    expect(inJUnit("M5", 'skipped message="not run: ')).toBe(true);
    expect(inJUnit("X1", "")).toBe(false);
  });

  test("tells of an unsupported requirement that it holds all the same", async ({ expect }) => {
    const { statement, stdout, junit, outputDir } = await run("mixed", { args: bridge });
    const note = "it holds although bridge does not declare gwbridge";
    expect(resultOf(statement, "bridge@26.1", "X1")).toMatchObject({ outcome: "unsupported", notes: [note] });
    expect(stdout).toContain(`unsupported: bridge does not declare gwbridge\n      ${note}`);
    expect(stdout).toContain(`X1 on bridge@26.1: ${note}`);
    expect(junit).toMatch(new RegExp(`<testcase name="X1 [\\s\\S]*?<system-out>${note}</system-out>`));
    const inAllure = allureResults(outputDir).find(({ name }) => name.startsWith("X1"));
    expect(inAllure).toMatchObject({ status: "skipped", description: expect.stringContaining(note) });
  });

  test("shows Allure target and chapter as suites, the reason of what was skipped, and the evidence", async ({
    expect,
  }) => {
    const { outputDir } = await run("mixed", { args: overlay });
    const results = allureResults(outputDir);
    expect(results).toHaveLength(11);
    for (const { name, labels } of results) {
      const valuesOf = (wanted: string) =>
        labels.filter((label) => label.name === wanted).map(({ value }) => value);
      expect(valuesOf("parentSuite")).toEqual(["overlay@26.1"]);
      expect(valuesOf("suite")).toHaveLength(1);
      expect(valuesOf("requirement")).toEqual([name.split(" ")[0]]);
    }
    const byName = (start: string) => results.find(({ name }) => name.startsWith(start));
    expect(byName("M4 ping by address from")).toMatchObject({
      status: "failed",
      steps: [
        { attachments: [{ name: "trace.html", type: "text/html" }] },
        { attachments: [{ name: "commands.txt", type: "text/plain" }] },
      ],
    });
    expect(byName("M8")?.status).toBe("broken");
    expect(byName("M7")).toMatchObject({
      status: "skipped",
      statusDetails: { message: expect.stringMatching(/^engine at fault: the engine of node1/) },
    });
    expect(byName("M6")).toMatchObject({
      status: "skipped",
      statusDetails: { message: "blocked: the kernel of node1 has no VXLAN devices" },
    });
  });
});

interface AllureResult {
  name: string;
  status: string;
  description?: string;
  labels: { name: string; value: string }[];
  steps: { attachments: { name: string; type: string }[] }[];
  statusDetails: { message?: string };
}

describe.concurrent("a run in a step of a GitHub workflow", () => {
  test("adds annotations to its output and a summary to the job, which it does nowhere else", async ({
    expect,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), "netconform-step-"));
    outcomes.push({ [Symbol.dispose]: () => rmSync(folder, { recursive: true }) });
    const summary = join(folder, "summary.md");
    const github = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: projectRoot, GITHUB_STEP_SUMMARY: summary };
    const { stdout, exitCode } = await run("mixed,passing", { args: overlay, env: github });
    expect(exitCode).toBe(1);
    const lines = stdout.split("\n").filter((line) => line.startsWith("::"));
    // One for each cause, and none of vitest's own beside it.
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^::error file=chapters\/mixed\.suite\.ts,title=M4 on overlay@26\.1%3A .*::blue on node1: /,
    );
    expect(lines[1]).toMatch(/,title=M8 on overlay@26\.1%3A .*::the SSH connection to node2 was lost/);
    expect(lines[2]).toMatch(/^::notice .*title=M7 on overlay@26\.1%3A .*::the engine of node1: /);
    expect(readFileSync(summary, "utf8")).toMatch(
      /^## ✘ netconform: \d+ passed, 1 failed, 1 error, 1 engine at fault\n/,
    );
    const elsewhere = await run("mixed,passing", { args: overlay, env: { CI: "true" } });
    expect(elsewhere.stdout).not.toMatch(/^::/m);
  });
});

describe.concurrent("a run that is not what it should be", () => {
  test("is red when a test of a target cites no requirement", async ({ expect }) => {
    const { exitCode, statement, junit } = await run("uncited,passing", { args: overlay });
    expect(exitCode).toBe(1);
    expect(statement.errors).toMatchObject([
      { target: "overlay@26.1", where: expect.stringContaining("uncited") },
    ]);
    expect(junit).toContain("cites no requirement");
  });

  test("tells at once what failed, and in one line what fails with the same words", async ({ expect }) => {
    const { stdout } = await run("alike", { args: overlay });
    const [live = "", summary = ""] = stdout.split("What failed");
    expect(live).toMatch(/S1 [^\n]*\n +the plugin: expected an uplink, got none\n +by eth9\n/);
    expect(live).toMatch(/S3 [^\n]*\n +as before: the plugin: expected an uplink, got none\n(?! +by eth9)/);
    expect(summary).toMatch(/one cause on overlay@26\.1 +took 2 requirements, all MUST\n +S1 S3\n/);
    expect(summary.match(/by eth9/g)).toHaveLength(1);
  });

  test("is red when a test overruns its time, which says nothing about the plugin", async ({ expect }) => {
    const { exitCode, statement } = await run("overdue", { args: overlay });
    expect(exitCode).toBe(1);
    expect(resultOf(statement, "overlay@26.1", "S5")).toMatchObject({
      outcome: "error",
      reason: expect.stringContaining("timed out"),
    });
  });

  test("shows Allure a test that overran its time under its target, with its requirement", async ({
    expect,
  }) => {
    const { outputDir } = await run("overdue", { args: overlay });
    const overdue = allureResults(outputDir).find(({ name }) => name.startsWith("S5"));
    expect(overdue?.status).toBe("broken");
    expect(overdue?.statusDetails.message).toContain("timed out");
    expect(overdue?.labels).toEqual(
      expect.arrayContaining([
        { name: "parentSuite", value: "overlay@26.1" },
        { name: "requirement", value: "S5" },
      ]),
    );
  });

  test("is red when something could not be removed after the tests", async ({ expect }) => {
    const { exitCode, statement } = await run("hook", { args: overlay });
    expect(exitCode).toBe(1);
    expect(statement.errors[0]?.message).toContain("could not remove everything: container red");
  });

  test("is red when opening or closing overruns its time, which PATIENCE makes longer", async ({
    expect,
  }) => {
    const impatient = await run("slow-hooks", { args: overlay, env: { PATIENCE: "1" } });
    expect(impatient.exitCode).toBe(1);
    expect(`${impatient.stdout}${impatient.stderr}`).toMatch(/Hook timed out in 300ms/);
    const patient = await run("slow-hooks", { args: overlay, env: { PATIENCE: "20" } });
    expect(patient.exitCode, patient.stdout).toBe(0);
    expect(patient.statement.summary).toMatchObject({ passed: 1, failed: 0, error: 0 });
  });

  const incomplete: [string, string, string[], RegExp][] = [
    ["a promise is rejected unhandled", "rejecting,passing", overlay, /1 unhandled error/],
    ["a worker dies", "exiting,passing", overlay, /did not end/],
    ["a file does not load", "unloadable,passing", overlay, /unloadable/],
    ["bail stops it", "mixed,passing", ["--bail", "1"], /interrupted/],
    ["no test matches the filter", "passing", ["-t", "no such test"], /nothing ran/],
    ["no file matches the filter", "passing", ["chapters/nosuch"], /no test file was selected/],
  ];
  test.for(incomplete)("is incomplete and red when %s", async ([, suites, args, because], { expect }) => {
    const { exitCode, statement, stdout } = await run(suites, { args });
    expect(exitCode).toBe(1);
    expect(statement.run).toMatchObject({
      complete: false,
      incompleteBecause: expect.stringMatching(because),
    });
    expect(stdout).toContain("The run is incomplete");
    const verdicts = statement.targets.flatMap(({ profiles }) => profiles.map(({ verdict }) => verdict));
    expect(verdicts).not.toContain("conformant");
  });

  test.for(["SIGKILL", "SIGINT", "SIGTERM"] as const)(
    "leaves an incomplete statement after %s",
    async (signal, { expect }) => {
      let sent = false;
      const { exitCode, statement } = await run("hanging", {
        args: overlay,
        onOutput: (child, output) => {
          if (sent || !output.includes("S1 every engine answers")) return;
          sent = true;
          child.kill(signal);
        },
      });
      expect(sent).toBe(true);
      expect(exitCode).not.toBe(0);
      expect(statement.run.complete).toBe(false);
      expect(resultOf(statement, "overlay@26.1", "S3")?.outcome).toBe("not run");
    },
  );

  test("tells of a test that takes long how far it has come", async ({ expect }) => {
    let told = "";
    const { outputDir } = await run("hanging", {
      args: [...overlay, "--test-timeout", "60000"],
      onOutput: (child, output) => {
        told ||= /now: .*/.exec(output)?.[0] ?? "";
        if (told !== "") child.kill("SIGINT");
      },
    });
    expect(told).toBe("now: overlay@26.1 S3 never ends by itself (2 of 5 steps)");
    expect(JSON.stringify(allureResults(outputDir))).not.toContain("2 of 5 steps");
  });
});

describe.concurrent("a run of a part", () => {
  test("is complete, and what was not selected is not run", async ({ expect }) => {
    const { exitCode, statement } = await run("passing", { args: [...overlay, "-t", "B1"] });
    expect(exitCode).toBe(0);
    expect(statement.run.complete).toBe(true);
    expect(statement.summary.passed).toBe(1);
    expect(verdictsOf(statement, "overlay@26.1").basics).toBe("incomplete");
    expect(resultOf(statement, "overlay@26.1", "B2")?.outcome).toBe("not run");
  });

  test("replaces what an earlier run left, and keeps the history and what is new", async ({ expect }) => {
    const first = await run("passing", { args: overlay });
    const { outputDir } = first;
    const inResults = join(outputDir, "allure-results", "old-result.json");
    const inEvidence = join(outputDir, "evidence", "old");
    const history = join(outputDir, "allure-history.jsonl");
    mkdirSync(inEvidence, { recursive: true });
    for (const path of [inResults, history]) writeFileSync(path, "{}");
    for (const path of [inResults, inEvidence]) utimesSync(path, 0, 0);

    const second = await run("passing", { args: overlay, outputDir });
    expect(second.statement.run.id).not.toBe(first.statement.run.id);
    expect(existsSync(inResults)).toBe(false);
    expect(existsSync(inEvidence)).toBe(false);
    expect(existsSync(history)).toBe(true);
    expect(existsSync(join(outputDir, "allure-results", "categories.json"))).toBe(true);
  });

  test("that selects no target leaves the last statement alone", async ({ expect }) => {
    const { outputDir, statement } = await run("passing", { args: overlay });
    const other = await runVitest({ config, args: ["--project", "unit"], outputDir });
    expect(other.exitCode).toBe(0);
    expect(other.stdout).toContain("1 passed");
    expect(readStatement(outputDir)).toEqual(statement);
    expect(allureResults(outputDir)).toHaveLength(5);
  });
});
