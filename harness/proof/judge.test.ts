import { describe, expect, it } from "vitest";
import type { Outcome } from "#harness/conformance/outcome.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { baseline, type CaseObservation, type CaseRun, type FaultCase } from "./case.ts";
import type { Fault } from "./fault.ts";
import { judge } from "./judge.ts";

const fault: Fault<"chapters"> = {
  name: "something",
  on: { tier: "chapters", chapter: "multihost", driver: "overlay" },
  breaks: "something",
  why: "users suffer",
  detectedBy: ["M4"],
  mayFollow: ["M5"],
  inject: {},
};
const onCluster = (given: Partial<Fault<"chapters">> = {}): FaultCase => ({
  ...{ name: fault.name, on: fault.on, fault: { ...fault, ...given } },
});
const cniFault: Fault<"cni"> = {
  name: "del-once",
  on: { tier: "cni", plugin: "debug-ipam", version: "0.4.0" },
  breaks: "a second DEL fails",
  why: "a container is never got rid of",
  detectedBy: ["CNI-9c"],
  mayFollow: ["CNI-10d"],
  inject: { behaviour: "del-once" },
};
const onPlugin: FaultCase = { name: cniFault.name, on: cniFault.on, fault: cniFault };

const observed = (requirement: RequirementId, outcome: Outcome, reason?: string): CaseObservation => ({
  requirement,
  outcome,
  ...(reason === undefined ? {} : { reason }),
  test: `${requirement} is so`,
});
const run = (...observations: CaseObservation[]): CaseRun => ({ observations, errors: [], durationMs: 1 });
const problems = (one: FaultCase, ...observations: CaseObservation[]) =>
  judge(one, run(...observations)).problems;

describe("a fault is caught when", () => {
  it("what must detect it failed and the rest passed", () => {
    expect(judge(onCluster(), run(observed("M4", "failed"), observed("M3", "passed")))).toEqual({
      followed: [],
      blocked: [],
      problems: [],
    });
  });

  it("one of several tests of the requirement failed", () => {
    expect(problems(onCluster(), observed("M4", "failed"), observed("M4", "passed"))).toEqual([]);
  });

  it("a test saw nothing of what the fault says that it may take along, and of nothing else", () => {
    const unseen = (id: RequirementId) => ({ ...observed(id, "not run"), sawNothing: true as const });
    expect(problems(onPlugin, observed("CNI-9c", "failed"), unseen("CNI-10d"))).toEqual([]);
    expect(problems(onPlugin, observed("CNI-9c", "failed"), unseen("CNI-4a"))).not.toEqual([]);
    expect(problems(onPlugin, observed("CNI-9c", "failed"), observed("CNI-10d", "not run"))).not.toEqual([]);
  });

  it("what may follow is red as well, and says so", () => {
    expect(judge(onCluster(), run(observed("M4", "failed"), observed("M5", "failed")))).toEqual({
      followed: ["M5"],
      blocked: [],
      problems: [],
    });
  });

  it("a check of what may follow could not be made on a broken cluster, or does not apply there", () => {
    const { followed, problems } = judge(
      onCluster(),
      run(observed("M4", "failed"), observed("M5", "error"), observed("M6", "unsupported")),
    );
    expect({ followed, problems }).toEqual({ followed: ["M5"], problems: [] });
  });
});

describe("a fault of an engine", () => {
  const engines = onCluster({ outcome: "engine at fault" });
  it("is caught when the engine is named, and so is what may follow", () => {
    expect(judge(engines, run(observed("M4", "engine at fault"), observed("M5", "engine at fault")))).toEqual(
      {
        followed: ["M5"],
        blocked: [],
        problems: [],
      },
    );
  });

  it("is missed when the plugin is charged, or nobody is", () => {
    expect(problems(engines, observed("M4", "failed", "kept"))).toEqual([
      "M4 had to be engine at fault and is failed: kept",
    ]);
    expect(problems(engines, observed("M4", "passed"))).toEqual([
      "M4 had to be engine at fault and is passed",
    ]);
  });

  it("is none of the plugin's: without such a fault an engine at fault is not green", () => {
    expect(problems({ ...engines, name: baseline }, observed("M3", "engine at fault"))).toHaveLength(2);
    expect(problems(onCluster(), observed("M4", "engine at fault"))).toHaveLength(1);
  });
});

describe("a fault is missed when", () => {
  it("what must detect it passed", () => {
    expect(problems(onCluster(), observed("M4", "passed"))).toEqual(["M4 had to fail and is passed"]);
  });

  it("what must detect it is an error, which is no verdict", () => {
    expect(problems(onCluster(), observed("M4", "error", "no agent"))).toEqual([
      "M4 had to fail and is error: no agent",
    ]);
  });

  it("no test of what must detect it ran", () => {
    expect(problems(onCluster(), observed("M3", "passed"))).toEqual([
      "M4 had to fail, and no test of it ran",
    ]);
  });

  it("no test ran at all", () => {
    expect(problems(onCluster())).toEqual(["M4 had to fail, and no test of it ran", "no test ran"]);
  });

  it.each(["failed", "error"] as const)("something else is %s", (outcome) => {
    expect(problems(onCluster(), observed("M4", "failed"), observed("M7", outcome, "no entry"))).toEqual([
      `M7 is ${outcome}, in "M7 is so": no entry`,
    ]);
  });

  it("the failure does not name what it left", () => {
    const leaver = onCluster({ names: ["links", "routes"] });
    expect(problems(leaver, observed("M4", "failed", "node1 links: left behind"))).toEqual([
      'M4 failed without naming "routes"',
    ]);
  });

  it("the run itself broke", () => {
    const broken = { ...run(observed("M4", "failed")), errors: ["the file does not load"] };
    expect(judge(onCluster(), broken).problems).toEqual(["the file does not load"]);
  });
});

describe("a fault is blocked when", () => {
  it("a node lacks what every test of what must detect it needs", () => {
    const { blocked, problems } = judge(
      onCluster(),
      run(observed("M4", "blocked", "no vxlan"), observed("M3", "passed")),
    );
    expect({ blocked, problems }).toEqual({ blocked: ["M4 is blocked: no vxlan"], problems: [] });
  });

  it("and missed when a part of that could be tried", () => {
    const two = onCluster({ detectedBy: ["M4", "M6"] });
    const verdict = judge(two, run(observed("M4", "blocked", "no vxlan"), observed("M6", "passed")));
    expect(verdict.blocked).toEqual([]);
    expect(verdict.problems).toContain("M6 had to fail and is passed");
  });

  it("and something else that is red is told all the same", () => {
    expect(problems(onCluster(), observed("M4", "blocked", "no vxlan"), observed("M7", "failed"))).toEqual([
      'M7 is failed, in "M7 is so": ',
    ]);
  });
});

describe("a fault of a debug plugin", () => {
  it("is caught when what must detect it failed, and what may follow too", () => {
    expect(problems(onPlugin, observed("CNI-9c", "failed"), observed("CNI-10d", "failed"))).toEqual([]);
  });

  it("is missed when what must detect it passed", () => {
    expect(problems(onPlugin, observed("CNI-9c", "passed"))).toEqual(["CNI-9c had to fail and is passed"]);
  });

  it.each(["error", "blocked", "unsupported", "not run"] as const)(
    "is missed when anything is %s, even what may follow or had to fail: nothing keeps a check from being made there",
    (outcome) => {
      for (const id of ["CNI-9c", "CNI-10d", "CNI-1"] as const) {
        expect(problems(onPlugin, observed("CNI-9c", "failed"), observed(id, outcome, "why"))).toEqual([
          `${id} is ${outcome}, in "${id} is so": why`,
        ]);
      }
    },
  );

  it("is missed when something else failed", () => {
    expect(problems(onPlugin, observed("CNI-9c", "failed"), observed("CNI-1", "failed", "why"))).toEqual([
      'CNI-1 is failed, in "CNI-1 is so": why',
    ]);
  });
});

describe("a baseline", () => {
  const chapter: FaultCase = { name: baseline, on: fault.on };
  const plugin: FaultCase = { name: baseline, on: cniFault.on };

  it("is green when everything passed or does not apply", () => {
    const { problems, notApplicable } = judge(
      chapter,
      run(observed("M4", "passed"), observed("M6", "unsupported", "no vxlan")),
    );
    expect(problems).toEqual([]);
    expect(notApplicable).toEqual([{ requirement: "M6", outcome: "unsupported", reason: "no vxlan" }]);
  });

  it.each(["failed", "error", "not run"] as const)(
    "is not green with a requirement that is %s",
    (outcome) => {
      const expected = [`M4 is ${outcome}, in "M4 is so": why`];
      expect(problems(chapter, observed("M4", outcome, "why"))).toEqual(expected);
    },
  );

  it.each(["failed", "error", "not run", "blocked", "unsupported"] as const)(
    "of a debug plugin is not green with a rule that is %s",
    (outcome) => {
      const expected = [`CNI-1 is ${outcome}, in "CNI-1 is so": why`];
      expect(problems(plugin, observed("CNI-1", outcome, "why"))).toEqual(expected);
    },
  );

  it("is not green when nothing ran", () => {
    expect(problems(chapter)).toEqual(["no test ran"]);
    expect(problems(plugin)).toEqual(["no test ran"]);
  });
});

describe("a known defect of the engine", () => {
  const on = { tier: "chapters", chapter: "encryption", driver: "overlay" } as const;
  const left = (...kinds: string[]) =>
    observed(
      "C1",
      "failed",
      `encryption: expected the nodes as they were\n${kinds.map((kind) => `  node1 ${kind}: left behind: x`).join("\n")}`,
    );
  const without: FaultCase = { name: baseline, on };

  it("leaves a baseline green, and says so", () => {
    const verdict = judge(without, run(observed("E1", "passed"), left("xfrm-states", "xfrm-policies")));
    expect(verdict.problems).toEqual([]);
    expect(verdict.notApplicable).toEqual([
      { requirement: "C1", outcome: "failed", reason: expect.stringContaining("29.7.2 too") },
    ]);
  });

  it("is nothing else, and nowhere else", () => {
    expect(problems(without, left("xfrm-states", "links"))).toHaveLength(1);
    expect(problems(without, observed("C1", "failed", "the node did not answer"))).toHaveLength(1);
    expect(problems(without, observed("C1", "error"))).toHaveLength(1);
    const elsewhere: FaultCase = { name: baseline, on: { ...on, chapter: "multihost" } };
    expect(problems(elsewhere, left("xfrm-states"))).toHaveLength(1);
  });

  it("does not count as a fault's detection", () => {
    const broken = { ...fault, on, detectedBy: ["E1"] } satisfies Fault<"chapters">;
    const one: FaultCase = { name: "x", on, fault: broken };
    expect(problems(one, observed("E1", "passed"), left("xfrm-states"))).toEqual([
      "E1 had to fail and is passed",
    ]);
    expect(problems(one, observed("E1", "failed"), left("xfrm-states"))).toEqual([]);
  });
});
