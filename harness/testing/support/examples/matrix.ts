import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "#harness/conformance/outcome.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { assemble } from "#harness/tools/matrix/matrix-run.ts";
import { judgeProfile } from "#reports/conformance/outcome/verdict.ts";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import { describeEnvironment } from "#reports/environment.ts";
import type { Cell, Firewall, Matrix } from "#reports/matrix/schema.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";

export interface ExampleResult {
  outcome: Outcome;
  reason?: string;
  facts?: Record<string, string | number | boolean>;
  evidence?: string[];
  transcript?: string;
  test?: string;
  provisional?: true;
}

type ExampleId = "B1" | "B2" | "M3" | "M4" | "M8" | "R4" | "V3";

/** A cell as a run would have left it, with these results: material for tests of what is made of cells. */
export function exampleCell(
  name: string,
  results: Partial<Record<ExampleId, ExampleResult>>,
  more: Partial<Cell> = {},
): Cell {
  const [driver = "", version = ""] = name.split("@");
  const [engine = "", firewall = "nft"] = version.split("+");
  const all = Object.entries(results).map(([id, given]) => exampleResult(id as ExampleId, given));
  const profiles = [...new Set(all.map(({ profile }) => profile))];
  return {
    name,
    driver,
    engine,
    firewall: firewall as Firewall,
    state: "complete",
    durationMs: 60_000,
    startedAfterMs: 0,
    exitCode: 0,
    folder: `cells/${name}`,
    target: {
      name: `${driver}@${engine}`,
      driver,
      title: `the ${driver} driver`,
      engine,
      declared: [],
      versions: {},
      profiles: profiles.map((profile) =>
        judgeProfile(
          profile,
          all.filter((result) => result.profile === profile),
          false,
        ),
      ),
      results: all,
    },
    errors: [],
    ...more,
  };
}

function exampleResult(id: ExampleId, given: ExampleResult): RequirementResult {
  const { title, level, source, profile } = requirementOf(id);
  const { outcome, reason, facts, evidence = [], transcript, test = title, provisional } = given;
  const told = reason === undefined ? {} : { reason };
  const ran = outcome !== "not run";
  return {
    requirement: id,
    title,
    level,
    source: { ...source },
    profile,
    ...(provisional ? { provisional } : {}),
    ...(ran ? { chapter: "multihost" } : {}),
    outcome,
    ...told,
    ...(facts ? { facts } : {}),
    durationMs: ran ? 1_200 : 0,
    evidence,
    ...(transcript === undefined ? {} : { transcript }),
    tests: ran
      ? [{ name: `${id} ${test}`, file: "suites/a.test.ts", outcome, ...told, durationMs: 1_200 }]
      : [],
  };
}

/** A matrix of these cells. */
export function exampleMatrix(
  cells: readonly Cell[],
  { clusters = 2, at = "2026-11-20T02:00:00.000Z" } = {},
): Matrix {
  return assemble({
    id: crypto.randomUUID(),
    startedAt: new Date(at),
    durationMs: 120_000,
    selected: [],
    interrupted: false,
    clusters,
    cells,
    environment: describeEnvironment(readSettings({})),
  });
}

/** Writes a transcript of these commands into `folder`; yields its path relative to the cell's folder. */
export function writeTranscript(
  folder: string,
  cell: string,
  commands: readonly { argv: string[]; code: number; stdout: string }[],
): string {
  const relative = "evidence/transcript.jsonl";
  const path = join(folder, "cells", cell, relative);
  mkdirSync(dirname(path), { recursive: true });
  const entries = commands.map((command, index) => {
    return { host: "node1", signal: null, stderr: "", startedAt: index, durationMs: 7, ...command };
  });
  writeFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return relative;
}
