import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "#harness/core/async/progress.ts";
import { tallyOf } from "#reports/conformance/outcome/verdict.ts";
import { generator } from "#reports/environment.ts";
import { byDriver, type MatrixCounts } from "#reports/matrix/outcomes.ts";
import { type Cell, type KnownRed, type Matrix, matrixVersion, type Speed } from "#reports/matrix/schema.ts";
import { CellRun, cellsFolder, folderOf } from "./cell-run.ts";
import type { PlannedCell } from "./plan/plan.ts";
import { isRed } from "./view.ts";

export interface MatrixOrder {
  /** In the order in which they are to begin. */
  readonly cells: readonly PlannedCell[];
  /** How many run at a time. */
  readonly clusters: number;
  /** Folder of the reports. */
  readonly folder: string;
  /** Arguments of vitest that select tests. */
  readonly selection: readonly string[];
  /** What was selected, for people. */
  readonly selected: readonly string[];
  /** Part of the test files, e.g. `1/2`. */
  readonly shard?: string | undefined;
  /** Why cells cannot be run here, by cell name. */
  readonly blocked: ReadonlyMap<string, string>;
  readonly progress: Progress;
  /** What the cells stand on. */
  readonly environment: Matrix["environment"];
}

/** Runs cells side by side, each in a process of its own. */
export class MatrixRun {
  readonly #order: MatrixOrder;
  readonly #running = new Set<CellRun>();
  #stopped = false;

  constructor(order: MatrixOrder) {
    this.#order = order;
  }

  /** Runs everything. */
  async run(): Promise<Matrix> {
    const { cells: planned, clusters, folder, selected, shard, environment } = this.#order;
    // What an earlier run left there would be taken for a part of this one.
    rmSync(join(folder, cellsFolder), { recursive: true, force: true });
    const startedAt = Date.now();
    const waiting = [...planned];
    const done = new Map<string, Cell>();
    const work = async () => {
      for (let cell = waiting.shift(); cell; cell = waiting.shift()) {
        done.set(cell.name, await this.#runCell(cell, startedAt));
      }
    };
    await Promise.all(Array.from({ length: clusters }, work));
    const cells = planned.flatMap(({ name }) => done.get(name) ?? []);
    return assemble({
      id: randomUUID(),
      startedAt: new Date(startedAt),
      selected,
      shard,
      interrupted: this.#stopped,
      clusters,
      cells,
      environment,
    });
  }

  /** Begins nothing more, has what runs clean up, and resolves when it has. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running].map((cell) => cell.stop()));
  }

  async #runCell(cell: PlannedCell, startedAt: number): Promise<Cell> {
    const { blocked, folder, selection, progress } = this.#order;
    const because = this.#stopped ? "the run was interrupted before it" : blocked.get(cell.name);
    if (because !== undefined) {
      progress.say(`${cell.name}: not begun: ${because}`);
      return notBegun(cell, this.#stopped ? "broken" : "blocked", because);
    }
    return progress.step(
      cell.name,
      async (detail) => {
        let tests = 0;
        const onTest = (line: string) => {
          tests += 1;
          detail(`${tests} tests ended`);
          if (/^[✘!] /.test(line)) progress.say(line);
        };
        const run = new CellRun({ cell, folder, selection, startedAt, onTest });
        this.#running.add(run);
        try {
          const result = await run.run();
          progress.say(describeEnd(result));
          return result;
        } finally {
          this.#running.delete(run);
        }
      },
      { announce: true },
    );
  }
}

/** A cell of which nothing was run. */
export function notBegun(cell: PlannedCell, state: "broken" | "blocked", because: string): Cell {
  const { name, driver, engine, word: asked, firewall } = cell;
  const own = { name, driver, engine, asked, firewall, state, because, folder: folderOf(cell) };
  return { ...own, durationMs: 0, startedAfterMs: 0, exitCode: null, errors: [] };
}

function describeEnd({ name, target, state, because }: Cell): string {
  const results = target?.results ?? [];
  const count = (test: (outcome: (typeof results)[number]["outcome"]) => boolean) =>
    results.filter(({ outcome }) => test(outcome)).length;
  const told = `${name}: ${count((outcome) => outcome === "passed")} passed, ${count(isRed)} failed`;
  return state === "complete" ? told : `${told}; ${state}: ${because}`;
}

/** Puts cells together to a report, without drift. */
export function assemble(run: {
  id: string;
  startedAt: Date;
  durationMs?: number;
  selected: readonly string[];
  shard?: string | undefined;
  interrupted: boolean;
  clusters: number;
  cells: readonly Cell[];
  environment: Matrix["environment"];
}): Matrix {
  const cells = byDriver(run.cells);
  return {
    schemaVersion: matrixVersion,
    generator,
    run: {
      id: run.id,
      startedAt: run.startedAt.toISOString(),
      durationMs: run.durationMs ?? Date.now() - run.startedAt.getTime(),
      selection: [...run.selected],
      ...(run.shard === undefined ? {} : { shard: run.shard }),
      interrupted: run.interrupted,
    },
    environment: environmentOf(cells, run.environment),
    cells,
    drift: [],
    speed: speedOf(cells, run.clusters),
    summary: tallyOf(cells.flatMap(({ target }) => target?.results ?? [])),
  };
}

/** With what the cells were run on together, not what was asked for. */
function environmentOf(cells: readonly Cell[], environment: Matrix["environment"]): Matrix["environment"] {
  const all = (key: "driver" | "engine" | "firewall") => [...new Set(cells.map((cell) => cell[key]))];
  const settings = { ...environment.settings, DRIVER: all("driver"), ENGINE: all("engine") };
  return { ...environment, settings: { ...settings, FIREWALL: all("firewall") } };
}

/** What the run took against one engine version after the other on so many clusters. */
export function speedOf(cells: readonly Cell[], clusters: number): Speed {
  const begun = cells.filter(({ durationMs }) => durationMs > 0);
  const ends = begun.map(({ startedAfterMs, durationMs }) => startedAfterMs + durationMs);
  const wallMs = begun.length === 0 ? 0 : Math.max(...ends) - Math.min(...begun.map((c) => c.startedAfterMs));
  const perEngine = new Map<string, number>();
  for (const { engine, durationMs } of begun) {
    perEngine.set(engine, (perEngine.get(engine) ?? 0) + durationMs);
  }
  const longestRunMs = Math.max(0, ...perEngine.values());
  const bound = (longestRunMs * perEngine.size) / clusters;
  return { wallMs, clusters, engines: perEngine.size, longestRunMs, ratio: bound > 0 ? wallMs / bound : 0 };
}

/**
 * How many requirements passed and how many did not, over all cells; a cell that broke and a fault of the suite count as failed, as does
 * what was known to fail and does not. What failed as was known is counted by itself.
 */
export function countMatrix({
  cells,
  summary,
  known = [],
}: Pick<Matrix, "cells" | "summary" | "known">): MatrixCounts {
  const broken = cells.filter(({ state, target }) => {
    const red = target?.results.some(({ outcome }) => isRed(outcome)) ?? false;
    return state === "broken" || (state === "incomplete" && !red);
  }).length;
  const faults = cells.reduce((sum, { errors }) => sum + errors.length, 0);
  const seen = known.filter(({ state }) => state === "seen");
  const gone = known.length - seen.length;
  // What is provisional is no part of the summary either.
  const taken = seen.filter((one) => !isProvisional(cells, one)).length;
  const failed = summary.failed - taken + gone + summary.error + broken + faults;
  return { passed: summary.passed, failed, known: seen.length };
}

function isProvisional(cells: readonly Cell[], { cell, requirement }: KnownRed): boolean {
  const results = cells.find(({ name }) => name === cell)?.target?.results ?? [];
  return results.some((result) => result.requirement === requirement && result.provisional === true);
}
