import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { HarnessError } from "#harness/core/errors.ts";
import { median } from "#harness/core/figures/statistics.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { describeMisfits } from "#harness/core/text/misfits.ts";
import { type BenchmarkRow, units } from "./benchmark.ts";
import { figure, type Result, rowsOfTable, tableHead } from "./table.ts";

const named = z.strictObject({ what: z.string(), value: z.number() });

const rowSchema = z.strictObject({
  id: z.string().optional(),
  what: z.string(),
  value: z.number(),
  unit: z.enum(units),
  baseline: named.optional(),
  aim: z.strictObject({ of: z.enum(["value", "ratio"]), atMost: z.number() }).optional(),
  note: z.string().optional(),
  limit: z.string().optional(),
});

const runSchema = z.strictObject({
  at: z.iso.date(),
  cores: z.int().positive(),
  facts: z.array(z.string()),
  benchmarks: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      load: z.number().optional(),
      rows: z.array(rowSchema),
    }),
  ),
});

const historySchema = z.strictObject({ runs: z.array(runSchema) });

/** A run of benchmarks as the history keeps it. */
export type PastBench = z.infer<typeof runSchema>;

type PastRow = z.infer<typeof rowSchema>;

/** So much slower than the median of before is a slow-down. */
const slower = 1.2;
/** Runs that the history shows. */
const shown = 6;

/** The runs in a history file, oldest first; none where there is no such file. Throws `HarnessError` for one that does not fit. */
export function readBenchHistory(path: string): PastBench[] {
  if (!existsSync(path)) return [];
  const json = parseJson(readFileSync(path, "utf8"));
  if (!json.ok)
    throw new HarnessError(`${path} is no history of benchmarks: expected JSON, got ${json.reason}`);
  const { value } = json;
  const parsed = historySchema.safeParse(value);
  if (parsed.success) return parsed.data.runs;
  throw new HarnessError(`${path} is no history of benchmarks\n${describeMisfits(parsed.error, value)}`);
}

/** Adds a run to a history file. What could not be measured is not in it. */
export function addToHistory(
  path: string,
  results: readonly Result[],
  run: Omit<PastBench, "benchmarks">,
): void {
  const benchmarks = results.flatMap(({ benchmark: { name, title }, rows, load, error }) =>
    error === undefined ? [{ name, title, ...(load === undefined ? {} : { load }), rows: [...rows] }] : [],
  );
  const runs = [...readBenchHistory(path), { ...run, benchmarks }];
  writeInOneStep(path, `${JSON.stringify(historySchema.parse({ runs }), null, 2)}\n`);
}

/** The newest figures of every benchmark, with the facts of the runs that they are of. */
export function newestTable(runs: readonly PastBench[]): string {
  const newest = new Map<string, { run: PastBench; result: Result }>();
  for (const run of runs) {
    for (const { name, title, load, rows } of run.benchmarks) {
      const result = { benchmark: { name, title }, rows: rows.map(withoutUndefined), at: run.at };
      newest.set(name, { run, result: { ...result, ...(load === undefined ? {} : { load }) } });
    }
  }
  const lines = [...newest.values()].flatMap(({ result }) => rowsOfTable([result]));
  const facts = [...new Set([...newest.values()].map(({ run }) => `- ${run.at}: ${run.facts.join(", ")}`))];
  return [markdownTable(tableHead, lines), "", ...facts.map(wrapped)].join("\n");
}

/** One row of one run of the history. */
interface PastFigure {
  readonly at: string;
  readonly cores: number;
  readonly load: number | undefined;
  readonly row: BenchmarkRow;
}

/** Every row in the runs of before, oldest first, and whether the newest is a slow-down. */
export function historyTable(runs: readonly PastBench[]): string {
  const lines = [...figuresByRow(runs)].flatMap(([, figures]) => {
    const last = figures.at(-1);
    if (!last) return [];
    const said = figures.slice(-shown).map(({ at, load, row }) => {
      const beside = load === undefined ? "" : ` (load ${load.toFixed(1)})`;
      return `${at} ${figure(row.value, row.unit)}${beside}`;
    });
    return [[last.row.what, said.join(", "), slowDown(figures) ?? ""]];
  });
  return markdownTable(["what", "runs, oldest first", "slower"], lines);
}

/** Rows whose newest figure is a slow-down, with how much, for people. */
export function slowDowns(runs: readonly PastBench[]): string[] {
  return [...figuresByRow(runs).values()].flatMap((figures) => {
    const much = slowDown(figures);
    return much === undefined ? [] : [`${figures.at(-1)?.row.what}: ${much}`];
  });
}

function figuresByRow(runs: readonly PastBench[]): Map<string, PastFigure[]> {
  const rows = new Map<string, PastFigure[]>();
  for (const { at, cores, benchmarks } of runs) {
    for (const { name, load, rows: own } of benchmarks) {
      for (const row of own.map(withoutUndefined)) {
        const key = `${name} ${row.id ?? row.what.replaceAll(/\d+/g, "#")}`;
        rows.set(key, [...(rows.get(key) ?? []), { at, cores, load, row }]);
      }
    }
  }
  return rows;
}

/** Against the median of before on as many cores: of the ratio where there is one, which depends less on the machine. */
function slowDown(figures: readonly PastFigure[]): string | undefined {
  const last = figures.at(-1);
  const before = figures.slice(0, -1).filter(({ cores }) => cores === last?.cores);
  if (!last || before.length === 0) return undefined;
  const measure = ({ value, baseline }: BenchmarkRow) => (baseline ? value / baseline.value : value);
  const usual = median(before.map(({ row }) => measure(row)));
  const times = measure(last.row) / usual;
  return times > slower ? `${times.toFixed(2)} × the median of ${before.length} before` : undefined;
}

/** As a row is: without what it does not say. */
function withoutUndefined({ id, baseline, aim, note, limit, ...row }: PastRow): BenchmarkRow {
  return {
    ...row,
    ...(id === undefined ? {} : { id }),
    ...(baseline === undefined ? {} : { baseline }),
    ...(aim === undefined ? {} : { aim }),
    ...(note === undefined ? {} : { note }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** At most 120 characters a line, as the documents have it. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length + 1 > 118) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}
