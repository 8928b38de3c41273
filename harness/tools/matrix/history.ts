import { readFileSync } from "node:fs";
import type { Outcome } from "#harness/conformance/outcome.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import {
  type Cell,
  type Matrix,
  type PastCell,
  type PastRun,
  pastRunSchema,
} from "#reports/matrix/schema.ts";
import { isGreenView, pastViewOf, viewOf } from "./view.ts";

/**
 * The runs in a history file (JSON lines, a run a line), oldest first; none when there is no such file.
 * Throws `UsageError` naming file and line for one that cannot be read: a guess would tell a wrong drift.
 */
export function readHistory(path: string): PastRun[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new UsageError(`${path}: the history cannot be read: ${message}`, {
      hint: "give another --history",
    });
  }
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const problem = (what: string) =>
      new UsageError(`${path}:${index + 1}: expected a run of the matrix as JSON, got ${what}`, {
        hint: "remove that line (the runs beside it stay good), or give another file with --history",
      });
    const json = parseJson(line);
    if (!json.ok) {
      const shown = line.length > 60 ? `${line.slice(0, 60)}…` : line;
      throw problem(`${JSON.stringify(shown)} (${json.reason})`);
    }
    const { value } = json;
    const parsed = pastRunSchema.safeParse(value);
    if (!parsed.success) throw problem(`a line that does not fit\n${describeMisfits(parsed.error, value)}`);
    return [parsed.data];
  });
}

/**
 * Writes the history with `run` in its place: the last `limit` runs. Reasons and facts, which are most of a line, stay only
 * where a later comparison may need them: in the newest runs and in the last green one of each cell.
 */
export function writeHistory(path: string, past: readonly PastRun[], run: PastRun, limit: number): PastRun[] {
  const runs = [...past.filter(({ id }) => id !== run.id), run]
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(-limit);
  const needed = new Map<string, PastRun[]>();
  for (const { cells } of runs) {
    for (const name of Object.keys(cells)) {
      const own = runs.filter(({ cells: { [name]: cell } }) => cell?.complete);
      const green = own.findLast(({ cells: { [name]: cell } }) => cell && isGreenView(pastViewOf(cell)));
      needed.set(name, [...own.slice(-1), ...(green ? [green] : [])]);
    }
  }
  const lean = runs.map((entry): PastRun => {
    const cells = Object.entries(entry.cells).map(
      ([name, { facts, reasons, ...rest }]): [string, PastCell] => {
        if (!needed.get(name)?.includes(entry)) return [name, rest];
        return [name, { ...rest, ...(reasons ? { reasons } : {}), ...(facts ? { facts } : {}) }];
      },
    );
    return { ...entry, cells: Object.fromEntries(cells) };
  });
  writeInOneStep(path, lean.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return lean;
}

/** A run as its line in the history. Cells that left no statement have no part in it. */
export function pastRunOf(matrix: Matrix): PastRun {
  return {
    version: 1,
    id: matrix.run.id,
    at: matrix.run.startedAt,
    ms: Math.round(matrix.run.durationMs),
    suite: `${matrix.generator.name} ${matrix.generator.version}`,
    cells: Object.fromEntries(matrix.cells.flatMap((cell) => pastCellOf(cell))),
  };
}

function pastCellOf(cell: Cell): [string, PastCell][] {
  const view = viewOf(cell);
  if (!view) return [];
  const outcomes: Partial<Record<Outcome, string>> = {};
  for (const [id, outcome] of Object.entries(view.outcomes)) {
    if (outcome !== "not run") outcomes[outcome] = [outcomes[outcome], id].filter(Boolean).join(" ");
  }
  if (Object.keys(outcomes).length === 0) return [];
  const some = <T extends object>(name: string, value: T) =>
    Object.keys(value).length > 0 ? { [name]: value } : {};
  return [
    [
      cell.name,
      {
        ms: Math.round(cell.durationMs),
        complete: cell.state === "complete",
        outcomes,
        ...some("reasons", view.reasons),
        ...some("facts", view.facts),
      },
    ],
  ];
}

/** What of a run the page plots. */
export interface Night {
  at: string;
  ms: number;
  /** Share of the requirements that were judged which passed, 0 to 1; `undefined` when none was judged. */
  passRate: number | undefined;
  /** Share of the requirements judged in this run and in the one before it whose verdict changed, 0 to 1. */
  flipRate: number | undefined;
}

/** A requirement of a cell whose verdict changed again and again. */
export interface Flaky {
  cell: string;
  requirement: string;
  flips: number;
  /** Runs in which it was judged. */
  runs: number;
}

/** What the history shows over time; `flaky` holds what changed its verdict at least twice, worst first. */
export function reviewHistory(runs: readonly PastRun[]): { nights: Night[]; flaky: Flaky[] } {
  const seen = new Map<string, Flaky & { passed: boolean }>();
  const nights = runs.map(({ at, ms, cells }): Night => {
    let passed = 0;
    let judged = 0;
    let known = 0;
    let flips = 0;
    for (const [cell, past] of Object.entries(cells)) {
      for (const [requirement, outcome] of Object.entries(pastViewOf(past).outcomes)) {
        if (!["passed", "failed", "error"].includes(outcome)) continue;
        const key = `${cell} ${requirement}`;
        const before = seen.get(key);
        const now = outcome === "passed";
        judged += 1;
        if (now) passed += 1;
        if (before) known += 1;
        const flipped = before !== undefined && before.passed !== now;
        if (flipped) flips += 1;
        seen.set(key, {
          cell,
          requirement,
          flips: (before?.flips ?? 0) + (flipped ? 1 : 0),
          runs: (before?.runs ?? 0) + 1,
          passed: now,
        });
      }
    }
    return {
      at,
      ms,
      passRate: judged > 0 ? passed / judged : undefined,
      flipRate: known > 0 ? flips / known : undefined,
    };
  });
  const flaky = [...seen.values()]
    .filter(({ flips }) => flips > 1)
    .map(({ passed: _, ...rest }) => rest)
    .sort((a, b) => b.flips / b.runs - a.flips / a.runs);
  return { nights, flaky };
}
