import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "#harness/conformance/outcome.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import { buildStatement, type Observation, type RunRecord } from "#reports/conformance/statement.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { describeCatalogue } from "#reports/seal/suite.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { exampleObservation, exampleRecord, exampleTarget } from "./statement.ts";

const startedAt = new Date("2026-01-02T03:04:05Z");
const durationMs = 60_000;

/** The record of a complete run of `mine@26.1`, which declares capabilities enough for M4, with who, what and how. */
export function reportRecord(observations: readonly Observation[], more: Partial<RunRecord> = {}): RunRecord {
  return exampleRecord({
    generator: { name: "netconform", version: "0.2.0", sha256: "5".repeat(64) },
    catalogue: describeCatalogue("0.2.0"),
    implementation: {
      ...{ organisation: "Example", project: "mine", version: "1.2.3" },
      contact: ["mine@example.org"],
    },
    command: ["netconform", "conform", "suites/multihost"],
    ...{ startedAt, durationMs, finishedAt: new Date(startedAt.getTime() + durationMs) },
    targets: [
      exampleTarget("mine@26.1", {
        declared: ["multihost", "names"],
        installation: {
          nodes: [{ name: "node1", engine: "26.1.5", kernel: "6.1.0" }],
          binaries: [{ path: "/usr/bin/mine", sha256: "b".repeat(64) }],
        },
      }),
    ],
    ...{ observations, ...more },
  });
}

/** A test of one requirement, in the chapter of its profile. */
export function reportTest(
  requirement: RequirementId,
  outcome: Outcome,
  more: Partial<Observation> = {},
): Observation {
  const { profile } = requirementOf(requirement);
  return exampleObservation(requirement, {
    ...{ chapter: profile, file: `suites/${profile}/${profile}.test.ts`, test: `${requirement} a test` },
    ...{ outcome, durationMs: 12.5 },
    ...(outcome === "passed" ? {} : { reason: `${requirement} was ${outcome}` }),
    ...more,
  });
}

/** Every requirement of a cluster, as this outcome. */
export function everyTest(outcome: Outcome, more: Partial<Observation> = {}): Observation[] {
  return requirementIds.filter((id) => !id.startsWith("CN")).map((id) => reportTest(id, outcome, more));
}

/** The sealed statement of a record, with files in `folder` for the evidence that it names. */
export function sealedReport(record: RunRecord, folder: string): Statement {
  for (const { evidence = [], transcript } of record.observations) {
    for (const path of [...evidence, ...(transcript === undefined ? [] : [transcript])]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `what was seen, in ${path}\n`);
    }
  }
  return sealStatement(buildStatement(record), folder);
}
