import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import type { RequirementResult, Statement, TargetStatement } from "#reports/conformance/schema.ts";
import { digestOf } from "#reports/seal/canonical.ts";

/** Outcomes that judge: what was not tried says nothing of how steady a requirement is. */
const judged = ["passed", "failed", "error"] as const;
export type Judged = (typeof judged)[number];

const count = z.int().nonnegative();
const ended = z.partialRecord(z.enum(judged), count);

const lineSchema = z.strictObject({
  version: z.literal(1),
  run: z.uuid(),
  at: z.iso.datetime(),
  /** Of what must end alike: suite, target and plugin. */
  same: z.string(),
  target: z.string(),
  machine: z.string(),
  cpus: count,
  /** Highest load average of a minute; null where the statement does not tell it. */
  load: z.number().nonnegative().nullable(),
  /** How often each requirement ended how. */
  ended: z.record(z.string(), ended),
});

/** One target of one run: a line of the record. */
export type FlipLine = z.infer<typeof lineSchema>;

/** The lines of a record; none where there is no such file. Throws `UsageError` with file and line for one that does not fit. */
export function readRecord(path: string): FlipLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((text, index) => {
      if (text.trim() === "") return [];
      const wrong = (got: string) =>
        new UsageError(`${path}:${index + 1}: expected a line of a record of flips, got ${got}`);
      const json = parseJson(text);
      if (!json.ok) throw wrong(json.reason);
      const parsed = lineSchema.safeParse(json.value);
      if (!parsed.success) throw wrong(`something else\n${describeMisfits(parsed.error, json.value)}`);
      return [parsed.data];
    });
}

export function writeRecord(path: string, lines: readonly FlipLine[]): void {
  writeInOneStep(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** Both, each run's target once, oldest first. */
export function mergeRecords(one: readonly FlipLine[], other: readonly FlipLine[]): FlipLine[] {
  const lines = new Map([...one, ...other].map((line) => [`${line.run} ${line.target}`, line]));
  return [...lines.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** What a run adds to a record: nothing where it was cut short, or had a fault injected or mended. */
export function linesOf(statement: Statement): FlipLine[] {
  const { run, environment, generator } = statement;
  const { FAULT, MEND } = environment.settings;
  if (!run.complete || FAULT || MEND) return [];
  const { kernel, arch, cpus } = environment.host;
  return statement.targets.flatMap((target) => {
    const counted = Object.fromEntries(
      target.results.flatMap((result) => {
        const counts = countsOf(result);
        return Object.keys(counts).length === 0 ? [] : [[result.requirement, counts]];
      }),
    );
    if (Object.keys(counted).length === 0) return [];
    return [
      {
        ...{ version: 1 as const, run: run.id, at: run.startedAt, same: sameness(generator, target) },
        ...{
          target: target.name,
          machine: `${kernel} ${arch}`,
          cpus,
          load: run.load ?? null,
          ended: counted,
        },
      },
    ];
  });
}

function countsOf({ outcome, rounds = [outcome] }: RequirementResult): Partial<Record<Judged, number>> {
  return Object.fromEntries(
    judged.flatMap((one) => {
      const times = rounds.filter((round) => round === one).length;
      return times === 0 ? [] : [[one, times]];
    }),
  );
}

function sameness({ version, sha256 }: Statement["generator"], target: TargetStatement): string {
  const { name, binaries = [], commit, versions } = target;
  return digestOf({ suite: sha256 ?? version, name, binaries, commit: commit ?? null, versions }).slice(
    0,
    16,
  );
}
