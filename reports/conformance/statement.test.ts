import { describe, expect, test } from "vitest";
import type { Outcome } from "#harness/conformance/outcome.ts";
import {
  exampleObservation,
  exampleRecord,
  exampleTarget,
} from "#harness/testing/support/examples/statement.ts";
import { requirementIds } from "#suites/requirements/catalogue.ts";
import type { Requirement } from "#suites/requirements/requirement.ts";
import { isGreen } from "./outcome/green.ts";
import { buildStatement, citedBy, type Observation, type RunRecord } from "./statement.ts";

const rule = (profile: Requirement["profile"], level: Requirement["level"] = "MUST"): Requirement => ({
  title: "a rule",
  level,
  appliesTo: {},
  profile,
  source: { text: "somewhere", url: "https://example.org/rule" },
});

const rules = { M1: rule("multihost"), M3: rule("multihost"), M4: rule("multihost", "SHOULD") };

function observe(
  requirement: "M1" | "M3" | "M4",
  outcome: Outcome,
  more: Partial<Observation> = {},
): Observation {
  return exampleObservation(requirement, {
    ...{ target: "overlay@26.1", driver: "overlay", chapter: "multihost" },
    ...{ test: `${requirement} a test`, file: "suites/multihost/reach.test.ts", outcome, durationMs: 10 },
    ...more,
  });
}

function record(observations: Observation[], more: Partial<RunRecord> = {}): RunRecord {
  return exampleRecord({ targets: [exampleTarget("overlay@26.1")], observations, ...more });
}

function judge(observations: Observation[], more: Partial<RunRecord> = {}) {
  const [profile] = buildStatement(record(observations, more), rules).targets[0]?.profiles ?? [];
  return profile;
}

describe("the verdict on a profile", () => {
  const cases: [string, Outcome[], string][] = [
    ["every MUST passed", ["passed", "passed"], "conformant"],
    ["a MUST failed", ["failed", "passed"], "not conformant"],
    ["a MUST failed and another is blocked", ["failed", "blocked"], "not conformant"],
    ["a MUST is blocked", ["blocked", "passed"], "incomplete"],
    ["an engine is at fault for a MUST", ["engine at fault", "passed"], "incomplete"],
    ["a MUST failed, and an engine is at fault for another", ["failed", "engine at fault"], "not conformant"],
    ["the harness broke on a MUST", ["error", "passed"], "incomplete"],
    ["a MUST was not run", ["not run", "passed"], "incomplete"],
    ["a MUST was not run, the other unsupported", ["not run", "unsupported"], "incomplete"],
    ["a MUST needs an undeclared capability", ["unsupported", "passed"], "partial"],
    ["every MUST needs an undeclared capability", ["unsupported", "unsupported"], "not applicable"],
    ["nothing ran", ["not run", "not run"], "not run"],
    ["every MUST is blocked", ["blocked", "blocked"], "incomplete"],
  ];
  test.each(cases)("when %s (%j): %s", (_, [first, second], verdict) => {
    expect(judge([observe("M1", first!), observe("M3", second!)])?.verdict).toBe(verdict);
  });

  const provisional: [Outcome, string, string | undefined][] = [
    ["passed", "incomplete", "provisional: M1"],
    ["failed", "incomplete", "provisional: M1"],
    ["blocked", "incomplete", "provisional: M1"],
    ["not run", "not run", "provisional: M1"],
    ["unsupported", "not applicable", undefined],
  ];
  test.each(provisional)("when its one MUST is provisional and %s: %s", (outcome, verdict, because) => {
    const only = { M1: { ...rule("multihost"), provisional: true as const } };
    const [profile] = buildStatement(record([observe("M1", outcome)]), only).targets[0]?.profiles ?? [];
    expect(profile?.verdict).toBe(verdict);
    expect(profile?.because).toBe(because);
  });

  test("names the unsupported MUSTs", () => {
    expect(judge([observe("M1", "unsupported"), observe("M3", "passed")])).toMatchObject({
      verdict: "partial",
      unsupported: ["M1"],
      because: "unsupported: M1",
    });
  });

  test("does not depend on a SHOULD, which is counted beside it", () => {
    const profile = judge([observe("M1", "passed"), observe("M3", "passed"), observe("M4", "failed")]);
    expect(profile).toMatchObject({ verdict: "conformant", must: { passed: 2 }, should: { failed: 1 } });
  });

  test("is never conformant when the run was cut short, but a failure stands", () => {
    const cutShort = { incompleteBecause: ["it was interrupted"] };
    expect(judge([observe("M1", "passed"), observe("M3", "passed")], cutShort)?.verdict).toBe("incomplete");
    expect(judge([observe("M1", "failed"), observe("M3", "passed")], cutShort)?.verdict).toBe(
      "not conformant",
    );
  });
});

describe("a requirement", () => {
  test("that several tests cite has the worst outcome, and keeps every reason", () => {
    const outcomes: Outcome[] = [
      "unsupported",
      "passed",
      "not run",
      "blocked",
      "engine at fault",
      "error",
      "failed",
    ];
    for (let count = 1; count <= outcomes.length; count++) {
      const observations = outcomes
        .slice(0, count)
        .map((outcome) => observe("M1", outcome, { reason: outcome }));
      const result = buildStatement(record(observations), rules).targets[0]?.results[0];
      expect(result?.outcome).toBe(outcomes[count - 1]);
      expect(result?.reason).toBe(outcomes[count - 1]);
      expect(result?.tests.map(({ reason }) => reason)).toEqual(outcomes.slice(0, count).toReversed());
      expect(result?.durationMs).toBe(10 * count);
    }
  });

  test("keeps a pass that another test of it could not show, and says what was not shown", () => {
    const partly = [
      observe("M1", "passed", { test: "M1 by address" }),
      observe("M1", "unsupported", { test: "M1 by policy", reason: "overlay does not declare policy" }),
      observe("M1", "not run", { test: "M1 quiet", reason: "there were no exchanges", sawNothing: true }),
    ];
    const result = buildStatement(record(partly), rules).targets[0]?.results[0];
    expect(result).toMatchObject({ outcome: "passed", tests: [{}, { sawNothing: true }, {}] });
    expect(result).not.toHaveProperty("reason");
    expect(result?.notes).toEqual([
      "nothing seen: there were no exchanges (M1 quiet)",
      "unsupported: overlay does not declare policy (M1 by policy)",
    ]);
  });

  test("of which every test saw nothing is not run, and so its profile is incomplete", () => {
    const nothing = { reason: "there were no exchanges", sawNothing: true } as const;
    const [target] = buildStatement(
      record([observe("M1", "not run", nothing), observe("M1", "unsupported"), observe("M3", "passed")]),
      rules,
    ).targets;
    expect(target?.results[0]).toMatchObject({ outcome: "unsupported" });
    const [alone] = buildStatement(
      record([observe("M1", "not run", nothing), observe("M3", "passed")]),
      rules,
    ).targets;
    expect(alone?.results[0]).toMatchObject({ outcome: "not run", reason: "there were no exchanges" });
    expect(alone?.profiles[0]?.verdict).toBe("incomplete");
  });

  test("of a chapter that runs on demand is listed where it ran alone", () => {
    const onDemand = { M1: rule("multihost"), M3: rule("disorder") };
    const listed = (observations: Observation[]) =>
      buildStatement(record(observations), onDemand).targets[0]?.results.map(
        ({ requirement }) => requirement,
      );
    expect(listed([observe("M1", "passed")])).toEqual(["M1"]);
    expect(listed([observe("M3", "failed")])).toEqual(["M1", "M3"]);
  });

  test("that no test cites is listed as not run", () => {
    const results = buildStatement(record([observe("M1", "passed")]), rules).targets[0]?.results;
    expect(results?.map(({ requirement, outcome }) => `${requirement} ${outcome}`)).toEqual([
      "M1 passed",
      "M3 not run",
      "M4 not run",
    ]);
  });

  test("of the CNI suite that is a MUST of every kind is not run where it was left out, so that no part is taken for all", () => {
    const name = "mine@cni-1.0.0";
    const cited = { target: name, chapter: "cni", file: "suites/cni/del.test.ts" };
    const observation = { ...exampleObservation("CNI-9a", { outcome: "passed" }), ...cited };
    const [target] = buildStatement(
      exampleRecord({ targets: [exampleTarget(name)], observations: [observation] }),
    ).targets;
    const outcomeOf = (id: string) => target?.results.find(({ requirement }) => requirement === id)?.outcome;
    expect([outcomeOf("CNI-9a"), outcomeOf("CNI-4a")]).toEqual(["passed", "not run"]);
    // For some kinds alone, of a later version, and no MUST.
    expect(["CNI-7", "CNI-13a", "CNI-2a", "M4"].map(outcomeOf)).toEqual(Array(4).fill(undefined));
    expect(target?.profiles).toMatchObject([{ profile: "cni", verdict: "incomplete" }]);
  });

  test("of a protocol suite is owed only where it was run", () => {
    const withSuite = { ...rules, N1: rule("cnm") };
    const profiles = (observations: Observation[]) =>
      buildStatement(record(observations), withSuite).targets[0]?.profiles.map(({ profile }) => profile);
    expect(profiles([observe("M1", "passed")])).toEqual(["multihost"]);
    const cnm = { ...observe("M1", "passed"), requirement: "N1" } as unknown as Observation;
    expect(profiles([cnm])).toEqual(["multihost", "cnm"]);
  });
});

test("a target that is a protocol suite owes only that suite, as far as its version has it", () => {
  const [target] = record([]).targets;
  const suite = { ...target!, name: "cnm-26.1", engine: "cnm-26.1" };
  const statement = buildStatement(record([], { targets: [suite] }), {
    ...rules,
    N1: rule("cnm"),
    N2: rule("cni"),
    N3: { ...rule("cnm"), appliesTo: { sinceEngine: "26.0" } },
    N4: { ...rule("cnm"), appliesTo: { sinceEngine: "28.0" } },
  });
  expect(statement.targets[0]?.results.map(({ requirement }) => requirement)).toEqual(["N1", "N3"]);
});

describe("a run", () => {
  const passed = [observe("M1", "passed"), observe("M3", "passed")];
  const green = (observations: Observation[], more: Partial<RunRecord> = {}) =>
    isGreen(buildStatement(record(observations, more), rules));

  test("is green when it is complete and what ran passed, was blocked or is unsupported", () => {
    expect(green(passed)).toBe(true);
    expect(green([observe("M1", "passed"), observe("M3", "blocked")])).toBe(true);
    expect(green([observe("M1", "passed"), observe("M3", "unsupported")])).toBe(true);
  });

  test("is not green when something failed or broke, it was cut short, or nothing passed", () => {
    expect(green([observe("M1", "passed"), observe("M3", "failed")])).toBe(false);
    expect(green([observe("M1", "passed"), observe("M3", "error")])).toBe(false);
    expect(green(passed, { incompleteBecause: ["it was interrupted"] })).toBe(false);
    expect(green(passed, { errors: [{ where: "a file", message: "does not load" }] })).toBe(false);
    expect(green([])).toBe(false);
    expect(green([observe("M1", "blocked"), observe("M3", "unsupported")])).toBe(false);
  });

  test("with gates is green when each of them passed, also where nothing else is shown, and states none while it lasts", () => {
    const gates: RunRecord["gates"] = [{ latency: "policy", percentile: 99, limitMs: 500 }];
    const finished = { gates, finishedAt: new Date() };
    const measured = (ms: number): Observation => ({
      ...observe("M1", "passed"),
      ...{ requirement: "D7", facts: { "policy p99 ms": ms } },
    });
    expect(green([measured(499)], finished)).toBe(true);
    expect(green([...passed, measured(812)], finished)).toBe(false);
    expect(green(passed, finished)).toBe(false);
    expect(buildStatement(record(passed, { gates }), rules)).not.toHaveProperty("gates");
  });
});

test("every id of the catalogue is read from the title of its test, and nothing else is", () => {
  expect(requirementIds.filter((id) => citedBy(`${id} a title`) !== id)).toEqual([]);
  for (const title of ["M4s is no id", "about M4", "CNI-", "toString is no id", ""]) {
    expect(citedBy(title)).toBeUndefined();
  }
});
