import { describe, expect, test } from "vitest";
import { causeId } from "#harness/core/failure/cause.ts";
import { formatSummary } from "#reports/conformance/console/summary.ts";
import { formatJUnit } from "#reports/conformance/junit.ts";
import { buildStatement, type Observation } from "#reports/conformance/statement.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { mergeCauses, statesOfCauses } from "./causes.ts";
import { isGreen } from "./green.ts";

const start = { kind: "plugin start", what: "mine ended before it was ready: exit code 3" } as const;

function observe(requirement: RequirementId, more: Partial<Observation> = {}): Observation {
  return {
    ...{ target: "mine@26.1", test: `${requirement} a test`, file: "a.test.ts", requirement },
    ...{ driver: "mine", engine: "26.1", chapter: "basics", outcome: "failed", durationMs: 1 },
    ...more,
  };
}

function statementOf(observations: readonly Observation[]) {
  return buildStatement({
    generator: { name: "netconform", version: "0.0.0" },
    id: "b7f0b1f4-6d3c-4a52-9b53-0d5a2c6a2f0e",
    startedAt: new Date(0),
    durationMs: 0,
    incompleteBecause: [],
    environment: {
      host: { platform: "", kernel: "", arch: "", cpus: 1 },
      ...{ node: "", packages: {}, settings: {} },
    },
    targets: [
      {
        ...{ name: "mine@26.1", driver: "mine", reference: "mine", title: "", engine: "26.1" },
        ...{ declared: [], versions: {} },
      },
    ],
    observations,
    errors: [],
  });
}

function failuresOf(observations: readonly Observation[]): string {
  const summary = formatSummary(statementOf(observations), {}, { width: 100, color: false });
  return /What failed\n([\s\S]*?)\n\n/.exec(summary)?.[1] ?? "";
}

const crash: Partial<Observation> = {
  cause: start,
  reason:
    "mine on node1: expected to be ready, got its end before that: exit code 3\n  its log ends with\n    no such bridge",
  evidence: ["evidence/mine@26.1/install/node1-state.txt"],
};

describe("a cause that took several requirements", () => {
  test("is told once on the console, with all of them", () => {
    expect(failuresOf([observe("B1", crash), observe("B2", crash), observe("C1", crash)])).toBe(
      `✘ plugin start on mine@26.1  took 3 requirements, all MUST
      B1 B2 C1
      mine on node1: expected to be ready, got its end before that: exit code 3
        its log ends with
          no such bridge
      evidence: evidence/mine@26.1/install/node1-state.txt`,
    );
  });

  test("is told once in JUnit, and every requirement is a failure that names it", () => {
    const junit = formatJUnit(statementOf([observe("B1", crash), observe("B2", crash)]));
    expect(junit.match(/no such bridge/g)).toHaveLength(1);
    expect(junit.match(/<failure /g)).toHaveLength(2);
    expect(junit).toContain(`the same cause as B1: ${start.what}`);
  });

  test("leaves each of them failed in the statement, with its id", () => {
    const [target] = statementOf([observe("B1", crash), observe("B2", crash)]).targets;
    const id = causeId(start);
    expect(target?.causes).toEqual([
      {
        ...{ ...start, id, outcome: "failed", reason: crash.reason },
        ...{ requirements: ["B1", "B2"], evidence: crash.evidence },
      },
    ]);
    const taken = target?.results.filter(({ outcome }) => outcome === "failed");
    expect(taken?.map(({ requirement, causes }) => [requirement, causes])).toEqual([
      ["B1", [id]],
      ["B2", [id]],
    ]);
    expect(target?.profiles.find(({ profile }) => profile === "basics")?.verdict).toBe("not conformant");
  });
});

describe("what an engine is at fault for", () => {
  const what = "the engine of node1 never sent NetworkDriver.DeleteEndpoint for an endpoint that it had made";
  const omitted: Partial<Observation> = {
    outcome: "engine at fault",
    reason: `${what}\n  expected it for endpoint e`,
    cause: { kind: "call left out", what },
  };
  const follows = { ...omitted, reason: "2 differences" };
  const statement = statementOf([
    observe("B1", { outcome: "passed" }),
    observe("R4", omitted),
    observe("C1", follows),
  ]);

  test("is told once on the console, under the engine and not under what failed", () => {
    const summary = formatSummary(statement, {}, { width: 100, color: false });
    expect(summary).not.toContain("What failed");
    expect(summary).toContain(
      `Engines at fault: the plugin is not charged
⚙ call left out on mine@26.1  took 2 requirements, all MUST
      R4 C1
      ${what}
        expected it for endpoint e`,
    );
    expect(summary).toContain("1 passed, 0 failed, 0 error, 2 engine at fault, 0 blocked");
  });

  test("is skipped in JUnit, counted by itself, and keeps the verdict from conformant", () => {
    const junit = formatJUnit(statement);
    expect(junit).not.toMatch(/<failure |<error /);
    expect(junit).toContain('skipped message="engine at fault: the engine of node1 never sent');
    expect(statement.summary).toMatchObject({ failed: 0, engineAtFault: 2 });
    const [target] = statement.targets;
    expect(target?.profiles.find(({ profile }) => profile === "plugin")).toMatchObject({
      verdict: "incomplete",
      because: expect.stringContaining("engine at fault: R4"),
    });
    expect(target?.causes).toMatchObject([{ what, outcome: "engine at fault", requirements: ["R4", "C1"] }]);
  });

  test("does not make a run red", () => {
    expect(isGreen(statement)).toBe(true);
  });
});

const refused = (network: string, subnet: string) =>
  `node1: docker network create --subnet=${subnet} ${network}: expected success, got HTTP 500: out of bridges`;

test("failures with the same words, but for names and addresses, are one cause", () => {
  const text = failuresOf([
    observe("B2", { reason: refused("net-0a1b2c3d", "10.1.2.0/24") }),
    observe("B5", { reason: refused("net-99887766", "10.1.9.0/24") }),
    observe("X1", {
      test: "X1 the default route is there",
      reason: "c-16f251a1: expected a route, got none",
    }),
  ]);
  expect(text).toBe(`✘ one cause on mine@26.1  took 2 requirements, all MUST
      B2 B5
      ${refused("net-0a1b2c3d", "10.1.2.0/24")}
✘ X1 on mine@26.1  the default route is there
      MUST, Containers Tutorial, Chapter 4: a container has a second interface on docker_gwbridge, and its default route uses it
      c-16f251a1: expected a route, got none`);
});

test("what follows from a failure is told by that failure, in whatever order they come", () => {
  const cause = { kind: "same words", what: "c-1 to c-2: expected an answer, got none" } as const;
  const follows = { requirement: "C1", outcome: "failed", reason: "2 differences", cause } as const;
  const fails = {
    requirement: "R6",
    outcome: "failed",
    reason: `${cause.what}\n  last`,
    evidence: ["r6"],
  } as const;
  for (const failures of [
    [follows, fails],
    [fails, follows],
  ]) {
    expect(statesOfCauses(failures)).toMatchObject([
      { requirements: ["R6", "C1"], reason: fails.reason, evidence: ["r6"] },
    ]);
  }
});

test("two causes of one requirement are both told", () => {
  const failures = [
    { requirement: "M4", outcome: "failed", reason: "no route" },
    { requirement: "M4", outcome: "error", reason: "no agent" },
    { requirement: "M5", outcome: "failed", reason: "no route" },
    { requirement: "M6", outcome: "blocked", reason: "no vxlan" },
  ] as const;
  expect(
    statesOfCauses(failures).map(({ what, outcome, requirements }) => [what, outcome, requirements]),
  ).toEqual([
    ["no route", "failed", ["M4", "M5"]],
    ["no agent", "error", ["M4"]],
  ]);
});

test("the causes of two parts of a target are one list", () => {
  const of = (...ids: string[]) =>
    statesOfCauses(ids.map((requirement) => ({ requirement, outcome: "failed", reason: "no route" })));
  expect(mergeCauses(of("M4"), of("M5", "M4"))).toMatchObject([{ requirements: ["M4", "M5"] }]);
  expect(mergeCauses(undefined, of("M5"))).toMatchObject([{ requirements: ["M5"] }]);
});
