import { createWriteStream, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";
import type { ProcessPromise } from "zx/core";
import { fileNameOf } from "#harness/core/engines/file-name.ts";
import { outsideOfStep } from "#harness/core/settings/github-step.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import { vitestCommand, vitestOptions } from "#harness/core/vitest-program.ts";
import { $, environmentWith, unkept } from "#harness/host/local/zx.ts";
import { type Statement, statementSchema } from "#reports/conformance/schema.ts";
import { reportFiles } from "#reports/files.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import type { PlannedCell } from "./plan/plan.ts";

/** What the process of a cell prints, in its folder. */
export const outputFile = "output.txt";

/** Folder of the cells' own reports, below the matrix's. */
export const cellsFolder = "cells";

/** `✔ overlay@26.1     1.2 s  M4 …`; the summary names failed ones again in another form. */
const endOfTest = /^[✔✘!⊘–] \S+ +(\d+ m )?[\d.]+ s {2}/;

export interface CellOrder {
  readonly cell: PlannedCell;
  /** Folder of the matrix. */
  readonly folder: string;
  /** Arguments of vitest: chapters, a pattern of titles, a shard. */
  readonly selection: readonly string[];
  /** Epoch ms at which the matrix began. */
  readonly startedAt: number;
  /** Told every line that says how a test ended. */
  readonly onTest: (line: string) => void;
}

/** The folder of a cell, relative to the matrix's. */
export function folderOf({ name }: Pick<PlannedCell, "name">): string {
  return `${cellsFolder}/${fileNameOf(name)}`;
}

/** A cell that runs in a process of its own, so that a crash, or what a driver leaves in memory, stays there. */
export class CellRun {
  readonly #order: CellOrder;
  #running: ProcessPromise | undefined;

  constructor(order: CellOrder) {
    this.#order = order;
  }

  /** Runs the cell to its end and yields what it came to; does not throw for one that broke. */
  async run(): Promise<Cell> {
    const { cell, folder, selection, startedAt, onTest } = this.#order;
    const own = folderOf(cell);
    const reports = join(folder, own);
    rmSync(reports, { recursive: true, force: true });
    mkdirSync(reports, { recursive: true });
    const began = Date.now();
    const log = createWriteStream(join(reports, outputFile));
    const argv = [...vitestCommand, "run", ...vitestOptions, "--project", cell.project, ...selection];
    this.#running = $({
      // Ctrl-C must not reach it twice, from the terminal and from us: a second one ends it without cleaning up.
      detached: true,
      // Its stdin closes with this process, however that ends, and it ends then as well.
      stdio: ["pipe", "pipe", "pipe"],
      store: unkept,
      env: environmentWith({
        DRIVER: cell.reference,
        ENGINE: cell.word,
        FIREWALL: cell.firewall,
        REPORTS: reports,
        // Cells are side by side instead.
        SEQUENTIAL: "1",
        NETCONFORM_STARTER: "0",
        NO_COLOR: "1",
        ...outsideOfStep,
      }),
    })`${argv}`;
    for (const stream of [this.#running.stdout, this.#running.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const plain = stripVTControlCharacters(line);
        log.write(`${plain}\n`);
        if (endOfTest.test(plain)) onTest(plain);
      });
    }
    const { exitCode: code, signal } = await this.#running;
    log.end();
    await finished(log);
    return {
      name: cell.name,
      driver: cell.driver,
      engine: cell.engine,
      asked: cell.word,
      firewall: cell.firewall,
      durationMs: Date.now() - began,
      startedAfterMs: Math.max(0, began - startedAt),
      exitCode: code,
      folder: own,
      ...judge(reports, cell, code, signal),
    };
  }

  /** Has the process clean up and end; resolves when it has. */
  async stop(): Promise<void> {
    this.#running?.child?.kill("SIGTERM");
    await this.#running;
  }
}

/** What the cell left behind decides, not how its process ended: a run that was killed left a statement that says so. */
function judge(
  reports: string,
  cell: PlannedCell,
  code: number | null,
  signal: string | null,
): Pick<Cell, "state" | "because" | "target" | "errors"> {
  const how = signal ? `signal ${signal}` : `exit code ${code}`;
  const statement = readStatement(join(reports, reportFiles.statement));
  if (typeof statement === "string") {
    const because = `its process ended with ${how} and ${statement}\n${lastWords(join(reports, outputFile))}`;
    return { state: "broken", because, errors: [] };
  }
  const target = statement.targets.find(({ name }) => name === cell.project);
  const { errors, run } = statement;
  if (!target) return { state: "broken", because: `its statement has no target ${cell.project}`, errors };
  if (!run.complete) {
    const because = run.incompleteBecause ?? `its process ended with ${how}`;
    return { state: "incomplete", because, target, errors };
  }
  return { state: "complete", target, errors };
}

function readStatement(path: string): Statement | string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return "left no statement; its last words:";
  }
  const json = parseJson(text);
  if (!json.ok) return `left a statement that is no JSON: ${json.reason}`;
  const { value } = json;
  const parsed = statementSchema.safeParse(value);
  return parsed.success
    ? parsed.data
    : `left a statement that does not fit its schema: ${describeMisfits(parsed.error, value)}`;
}

function lastWords(path: string, lines = 20): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
