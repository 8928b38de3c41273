import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { type GitHubStep, readGitHubStep } from "#harness/core/settings/github-step.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import {
  exampleObservation,
  exampleRecord,
  exampleTarget,
} from "#harness/testing/support/examples/statement.ts";
import { countMatrix } from "#harness/tools/matrix/matrix-run.ts";
import type { Statement, SuiteError } from "#reports/conformance/schema.ts";
import { buildStatement, type Observation } from "#reports/conformance/statement.ts";
import { tellGitHubOfMatrix } from "#reports/matrix/github.ts";
import { formatMarkdown } from "#reports/matrix/markdown.ts";
import { type RequirementId, requirementIds } from "#suites/requirements/catalogue.ts";
import { formatAnnotation } from "./annotation.ts";
import { addToSummary, tellGitHub } from "./github.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-github-"));
afterAll(() => rmSync(folder, { recursive: true }));
const summary = join(folder, "summary.md");
const step: GitHubStep = { workspace: projectRoot, summary };
beforeEach(() => writeFileSync(summary, ""));

const file = "suites/basics/basics.test.ts";
const omitted = { kind: "call left out", what: "the engine of node1 never sent it" } as const;

function observe(requirement: RequirementId, more: Partial<Observation> = {}): Observation {
  const reason = `${requirement}: expected a, got b`;
  return exampleObservation(requirement, { file, line: 7, reason, ...more });
}

function state(
  observations: readonly Observation[],
  {
    targets = [exampleTarget()],
    errors = [] as SuiteError[],
    incomplete = [] as string[],
    settings = {},
  } = {},
): Statement {
  const record = exampleRecord({ targets, observations, errors, incompleteBecause: incomplete });
  return buildStatement({ ...record, environment: { ...record.environment, settings } });
}

describe("an annotation", () => {
  test("is one line, whatever text is in it", () => {
    const line = formatAnnotation({
      level: "error",
      title: "a: b, 100 %",
      message: "first: 5 %, ok\r\n::error::second",
      place: { file: "a,b:c.ts", line: 3 },
    });
    expect(line).toBe(
      "::error file=a%2Cb%3Ac.ts,line=3,title=a%3A b%2C 100 %25::first: 5 %25, ok%0D%0A::error::second",
    );
  });

  test("is at the test of the requirement, and says how to repeat it", () => {
    const [only, ...others] = tellGitHub(
      state([observe("B2")], { settings: { NODES: 3, KEEP: true } }),
      step,
    );
    expect(others).toEqual([]);
    expect(only).toMatch(
      /^::error file=suites\/basics\/basics\.test\.ts,line=7,title=B2 on mine@26\.1%3A container/,
    );
    expect(only).toMatch(
      /::B2: expected a, got b%0Aagain: DRIVER=\.\/mine\.ts ENGINE=26\.1 NODES=3 npx netconform run basics -t B2$/,
    );
  });

  test("is in the driver file where that made the mistake, once for all that it took", () => {
    const cause = {
      kind: "driver file",
      what: "mine.ts: no",
      place: join(projectRoot, "my/mine.ts:12"),
    } as const;
    const broken = { outcome: "error", cause, reason: "the driver file made a mistake" } as const;
    const lines = tellGitHub(
      state(["B1", "B2", "B3"].map((id) => observe(id as RequirementId, broken))),
      step,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^::error file=my\/mine\.ts,line=12,title=driver file on mine@26\.1 took B1 B2 B3::/,
    );
  });

  test("has no place where neither is in the caller's checkout", () => {
    const [only] = tellGitHub(state([observe("B2")]), { ...step, workspace: "/somewhere/else" });
    expect(only).toMatch(/^::error title=B2 on /);
  });

  test("is one for a cause that several targets share", () => {
    const targets = ["mine@20.10", "mine@26.1", "mine@28.5"].map((name) => exampleTarget(name));
    const lines = tellGitHub(
      state(
        targets.map(({ name }) => observe("B2", { target: name })),
        { targets },
      ),
      step,
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("title=B2 on mine@20.10 and 2 other targets%3A");
  });

  test("is given for as many causes as GitHub takes, failures first, and the rest is counted", () => {
    const ids = requirementIds.slice(0, 14);
    const observations = ids.map((id, index) => observe(id, index < 3 ? { outcome: "error" } : {}));
    const lines = tellGitHub(state(observations), step);
    expect(lines).toHaveLength(11);
    expect(lines.filter((line) => line.startsWith("::error "))).toHaveLength(10);
    expect(lines[0]).toContain(`title=${ids[3]} on`);
    expect(lines[10]).toBe(
      "::notice title=netconform%3A 14 causes::4 more causes: see the job's summary and the reports",
    );
  });

  test("tells faults of the suite and a run that did not end", () => {
    const errors = [{ target: "mine@26.1", where: "a.test.ts", message: "no such module" }];
    const lines = tellGitHub(state([], { errors, incomplete: ["it was interrupted"] }), step);
    expect(lines).toEqual([
      "::error title=a.test.ts on mine@26.1::no such module",
      "::error title=The run is incomplete::it was interrupted",
    ]);
  });

  test("tells what an engine is at fault for as a notice, after what is the plugin's", () => {
    const outcome = "engine at fault";
    const observations = [
      observe("R4", { outcome, reason: "no DeleteEndpoint", cause: omitted }),
      observe("B1"),
    ];
    expect(tellGitHub(state(observations), step)).toEqual([
      expect.stringMatching(/^::error .*B1: expected a, got b/),
      expect.stringMatching(/^::notice .*title=call left out on mine@26.1 took R4::no DeleteEndpoint/),
    ]);
    const text = readFileSync(summary, "utf8");
    expect(text).toMatch(/^## ✘ netconform: 0 passed, 1 failed, 0 error, 1 engine at fault\n/);
    expect(text).toMatch(/\n\| target \| passed \| failed \| error \| engine at fault \| blocked \|/);
    expect(text.indexOf("### Engines at fault")).toBeGreaterThan(text.indexOf("### What failed"));
    expect(text).toContain("⚙ <b>call left out on mine@26.1 took R4</b>");
  });

  test("of a green run is none", () => {
    expect(tellGitHub(state([observe("B1", { outcome: "passed" })]), step)).toEqual([]);
  });
});

describe("the job's summary", () => {
  test("has the verdict, targets with outcomes, and causes with the line to repeat; text of a plugin stays text", () => {
    const reason = "expected </details> `x`\n```\n@everyone";
    tellGitHub(state([observe("B1", { outcome: "passed" }), observe("B2", { reason })]), step);
    const text = readFileSync(summary, "utf8");
    expect(text).toMatch(/^## ✘ netconform: 1 passed, 1 failed, 0 error\n/);
    expect(text).toMatch(
      /\n\| mine&#64;26\.1 \| 1 \| 1 \| {2}\| {2}\| {2}\| \d+ \| not conformant: basics \|\n/,
    );
    expect(text).toContain("````\nexpected </details> `x`\n```\n@everyone\n````");
    expect(text).toContain("```\nDRIVER=./mine.ts ENGINE=26.1 npx netconform run basics -t B2\n```");
  });

  test("is one screen however much failed", () => {
    const reason = Array.from({ length: 99 }, (_, line) => `line ${line}`).join("\n");
    tellGitHub(state(requirementIds.map((id) => observe(id, { reason: `${id} ${reason}` }))), step);
    const text = readFileSync(summary, "utf8");
    expect(text.match(/<details>/g)).toHaveLength(10);
    expect(text).toContain(`… and ${requirementIds.length - 10} more in the reports.`);
    expect(text.replaceAll(/<details>[\s\S]*?<\/details>/g, "…").split("\n").length).toBeLessThan(50);
  });

  test("is added to what the step has said, and cut at a line where GitHub would refuse the whole", () => {
    const limit = 1024 * 1024;
    const before = "before\n".padEnd(limit - 1000, "x");
    writeFileSync(summary, before);
    addToSummary("é…\n".repeat(1000), step);
    const text = readFileSync(summary, "utf8");
    expect(statSync(summary).size).toBeLessThanOrEqual(limit);
    expect(text.startsWith(before)).toBe(true);
    expect(text.slice(before.length)).toMatch(/^(é…\n)+\n… cut: the whole is in the reports\.\n$/);
    addToSummary("more\n", step);
    expect(statSync(summary).size).toBeLessThanOrEqual(limit);
  });

  test("is not written where the server has none", () => {
    expect(tellGitHub(state([observe("B2")]), { workspace: projectRoot })).toHaveLength(1);
    expect(readFileSync(summary, "utf8")).toBe("");
  });
});

test("a matrix is told with its Markdown and a cause once, and the line names the cell's firewall", () => {
  const failed = { M4: { outcome: "failed", reason: "expected a, got b" } } as const;
  const matrix = exampleMatrix([
    exampleCell("overlay@26.1+legacy", failed),
    exampleCell("overlay@28.5", failed),
    exampleCell("bridge@28.5", {}, { state: "broken", because: "exit code 9" }),
  ]);
  const markdown = formatMarkdown(matrix, countMatrix(matrix));
  writeFileSync(join(folder, "matrix.md"), markdown);
  const lines = tellGitHubOfMatrix(matrix, folder, step);
  expect(readFileSync(summary, "utf8")).toBe(markdown);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("title=M4 on overlay@26.1+legacy and 1 other target");
  expect(lines[0]).toMatch(/DRIVER=overlay ENGINE=26\.1 FIREWALL=legacy npx netconform run \S* ?-t M4$/);
  expect(lines[1]).toBe("::error title=broken on bridge@28.5::exit code 9");
});

test("nothing is told outside of GitHub", () => {
  expect(readGitHubStep({ CI: "true", GITHUB_STEP_SUMMARY: summary })).toBeUndefined();
  expect(readGitHubStep({ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: "/w" })).toEqual({ workspace: "/w" });
});
