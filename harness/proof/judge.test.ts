import { describe, expect, it } from "vitest";
import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Observation } from "#reports/conformance/statement.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { Fault } from "./fault.ts";
import { type ChapterRun, faultsOfUntouched, judge } from "./judge.ts";

const fault: Fault = {
  name: "somebody",
  breaks: "something",
  detectedBy: ["M4"],
  mayFollow: ["M5"],
  chapter: "multihost",
  driver: "overlay",
  acts: {},
};

const observed = (requirement: RequirementId, outcome: Outcome, reason?: string): Observation => ({
  requirement,
  outcome,
  ...(reason === undefined ? {} : { reason }),
  target: "overlay@26.1",
  test: `${requirement} is so`,
  file: "suites/multihost/multihost.test.ts",
  driver: "overlay",
  engine: "26.1",
  chapter: "multihost",
  durationMs: 1,
});

const run = (...observations: Observation[]): ChapterRun => ({ observations, faults: [], durationMs: 1 });

describe("a fault is caught when", () => {
  it("what it detectedBy failed and the rest passed", () => {
    expect(judge(fault, run(observed("M4", "failed"), observed("M3", "passed")))).toEqual({
      followed: [],
      problems: [],
    });
  });

  it("one of several tests of the requirement failed", () => {
    expect(judge(fault, run(observed("M4", "failed"), observed("M4", "passed"))).problems).toEqual([]);
  });

  it("what may follow is red as well, and says so", () => {
    expect(judge(fault, run(observed("M4", "failed"), observed("M5", "failed")))).toEqual({
      followed: ["M5"],
      problems: [],
    });
  });
});

describe("a fault is missed when", () => {
  it("what it detectedBy passed", () => {
    expect(judge(fault, run(observed("M4", "passed"))).problems).toEqual(["M4 had to fail and is passed"]);
  });

  it("what it detectedBy is an error, which blames nobody", () => {
    expect(judge(fault, run(observed("M4", "error", "no agent"))).problems).toEqual([
      "M4 had to fail and is error: no agent",
    ]);
  });

  it("no test of what it detectedBy ran", () => {
    expect(judge(fault, run(observed("M3", "passed"))).problems).toEqual([
      "M4 had to fail, and no test of it ran",
    ]);
  });

  it("something else is red", () => {
    expect(
      judge(fault, run(observed("M4", "failed"), observed("M7", "failed", "no entry"))).problems,
    ).toEqual(["M7 is failed too: no entry"]);
  });

  it("the failure does not name what it left", () => {
    const leaver = { ...fault, names: ["links", "routes"] };
    expect(judge(leaver, run(observed("M4", "failed", "node1 links: left behind"))).problems).toEqual([
      'M4 failed without naming "routes"',
    ]);
  });

  it("the run itself broke", () => {
    const broken = { ...run(observed("M4", "failed")), faults: ["the file does not load"] };
    expect(judge(fault, broken).problems).toEqual(["the file does not load"]);
  });
});

describe("an untouched run", () => {
  it("is green when everything passed or does not apply", () => {
    expect(
      faultsOfUntouched(run(observed("M4", "passed"), observed("M6", "unsupported", "no vxlan"))),
    ).toEqual([]);
  });

  it.each(["failed", "error", "not run"] as const)(
    "is not green with a requirement that is %s",
    (outcome) => {
      expect(faultsOfUntouched(run(observed("M4", outcome, "why")))).toEqual([`M4 is ${outcome}: why`]);
    },
  );

  it("is not green when nothing ran", () => {
    expect(faultsOfUntouched(run())).toEqual(["no test ran"]);
  });
});
