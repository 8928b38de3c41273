import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import { typed } from "#harness/core/typed.ts";
import { reportFiles } from "#reports/files.ts";
import { formatMarkdown } from "./markdown.ts";
import { cellPageFile, type MatrixCounts } from "./outcomes.ts";
import { renderCellPage } from "./page/cell-page.ts";
import { renderMatrixPage } from "./page/matrix-page.ts";
import type { HistoryReview } from "./page/sections/history.ts";
import { type Cell, type Matrix, matrixSchema } from "./schema.ts";

/** Where each report of a matrix lies in its folder. */
export const matrixFiles = {
  json: "matrix.json",
  markdown: "matrix.md",
  page: "matrix.html",
  history: "matrix-history.jsonl",
} as const;

/** Writes everything that is told of a matrix: JSON, Markdown, the page, and a page for each cell. */
export function writeMatrix(
  matrix: Matrix,
  folder: string,
  { counts, review }: { counts: MatrixCounts; review: HistoryReview },
): void {
  writeInOneStep(join(folder, matrixFiles.json), `${JSON.stringify(matrixSchema.parse(matrix), null, 2)}\n`);
  writeInOneStep(join(folder, matrixFiles.markdown), formatMarkdown(matrix, counts));
  for (const cell of matrix.cells) {
    const page = join(folder, cell.folder, cellPageFile);
    const home = relative(join(folder, cell.folder), join(folder, matrixFiles.page));
    writeInOneStep(page, renderCellPage(cell, folder, home));
  }
  writeInOneStep(join(folder, matrixFiles.page), renderMatrixPage(matrix, counts, review));
}

/**
 * The matrix in a folder that `npm run matrix` wrote.
 * Throws `UsageError` when there is none, or one that does not fit the schema.
 */
export function readMatrix(folder: string): Matrix {
  const path = join(folder, matrixFiles.json);
  const problem = (what: string) =>
    new UsageError(`${path}: expected the report of a matrix, got ${what}`, {
      hint: `give the REPORTS folder of a run of ${typed("matrix")}`,
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw problem((error as Error).message);
  }
  const json = parseJson(text);
  if (!json.ok) throw problem(json.reason);
  const { value } = json;
  const parsed = matrixSchema.safeParse(value);
  if (!parsed.success) throw problem(`something else\n${describeMisfits(parsed.error, value)}`);
  return parsed.data;
}

/** Puts the Allure results of all cells into one folder, so that one Allure report shows them all and keeps their history. */
export function gatherAllureResults(cells: readonly Cell[], folder: string): void {
  const gathered = join(folder, reportFiles.allureResults);
  rmSync(gathered, { recursive: true, force: true });
  mkdirSync(gathered, { recursive: true });
  for (const cell of cells) {
    const results = join(folder, cell.folder, reportFiles.allureResults);
    if (!existsSync(results)) continue;
    for (const name of readdirSync(results)) {
      const from = join(results, name);
      const to = join(gathered, name);
      if (cell.firewall === "nft" || !name.endsWith("-result.json")) cpSync(from, to, keepTimes);
      else {
        writeFileSync(to, tellFirewall(readFileSync(from, "utf8"), cell.firewall));
        const { atime, mtime } = statSync(from);
        utimesSync(to, atime, mtime);
      }
    }
  }
}

/** By the times of its results, a report knows whether its history holds them. */
const keepTimes = { recursive: true, preserveTimestamps: true };

const allureResultSchema = z.looseObject({
  historyId: z.string().optional(),
  parameters: z.array(z.looseObject({ name: z.string() })),
  labels: z.array(z.looseObject({ name: z.string(), value: z.string() })),
});

/** Without it, Allure takes the same test with another firewall for a retry. */
function tellFirewall(text: string, firewall: string): string {
  const result = allureResultSchema.parse(JSON.parse(text));
  return JSON.stringify({
    ...result,
    ...(result.historyId === undefined ? {} : { historyId: `${result.historyId}-${firewall}` }),
    parameters: [...result.parameters, { name: "firewall", value: firewall }],
    labels: result.labels.map((label) =>
      label.name === "parentSuite" ? { ...label, value: `${label.value}+${firewall}` } : label,
    ),
  });
}
