import type { ExpectedTarget, Observation, RunRecord } from "#reports/conformance/statement.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";

/** A target by its name, e.g. `mine@26.1`, for tests of what is made of statements. */
export function exampleTarget(name = "mine@26.1", more: Partial<ExpectedTarget> = {}): ExpectedTarget {
  const [driver = "", engine = ""] = name.split("@");
  return {
    ...{ name, driver, engine, reference: `./${driver}.ts`, title: driver, declared: [], versions: {} },
    ...more,
  };
}

/** A test of `mine@26.1` that failed. */
export function exampleObservation(requirement: RequirementId, more: Partial<Observation> = {}): Observation {
  return {
    ...{ target: "mine@26.1", driver: "mine", engine: "26.1", chapter: "basics", test: requirement },
    ...{ file: "suites/basics/basics.test.ts", requirement, outcome: "failed", durationMs: 1 },
    ...more,
  };
}

/** The record of a complete run of one target in which nothing was seen. */
export function exampleRecord(more: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ generator: { name: "netconform", version: "0.0.0" }, id: "b7f0b1f4-6d3c-4a52-9b53-0d5a2c6a2f0e" },
    ...{ startedAt: new Date(0), durationMs: 0, incompleteBecause: [] },
    environment: {
      host: { platform: "linux", kernel: "6.1.0", arch: "x64", cpus: 1 },
      ...{ node: "", packages: {}, settings: {} },
    },
    ...{ targets: [exampleTarget()], observations: [], errors: [] },
    ...more,
  };
}
