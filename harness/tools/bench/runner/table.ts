import Table from "cli-table3";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { type Benchmark, type BenchmarkRow, isMet, ratioOf } from "./benchmark.ts";

/** What one benchmark measured, or why it could not. */
export interface Result {
  readonly benchmark: Pick<Benchmark, "name" | "title">;
  readonly rows: readonly BenchmarkRow[];
  readonly error?: string;
  /** What the machine was doing when it began: load average of one minute. */
  readonly load?: number;
  /** The day on which it was measured, where that is not today. */
  readonly at?: string;
}

export const tableHead = ["what", "value", "baseline", "ratio", "aim", "met", "limit"];

/** For the terminal: one table for each benchmark. */
export function renderTables(results: readonly Result[]): string {
  return results
    .map(({ benchmark, rows, error, load }) => {
      const table = new Table({
        head: tableHead,
        style: { head: [], border: [] },
        wordWrap: true,
        colWidths: [40, 11, 32, 8, 12, 6, 40],
      });
      for (const row of rows) table.push(cells(row));
      const body = error === undefined ? table.toString() : `not measured: ${error}`;
      const beside = load === undefined ? "" : `, load ${load.toFixed(1)}`;
      return `${benchmark.title} (${benchmark.name}${beside})\n${body}`;
    })
    .join("\n\n");
}

/** One table over all, with the facts that the figures depend on. */
export function renderMarkdown(results: readonly Result[], facts: readonly string[]): string {
  return [markdownTable(tableHead, rowsOfTable(results)), "", `${facts.join(",\n")}.`].join("\n");
}

/** The lines of that table: a heading for each benchmark, with the load beside which it was measured. */
export function rowsOfTable(results: readonly Result[]): string[][] {
  return results.flatMap(({ benchmark, rows, error, load, at }) => [
    [
      [
        `**${benchmark.title}**`,
        ...(at === undefined ? [] : [at]),
        ...(load === undefined ? [] : [`load ${load.toFixed(1)}`]),
      ].join(", "),
    ],
    ...(error === undefined ? rows.map(cells) : [["not measured", firstLineOf(error)]]),
  ]);
}

function cells(row: BenchmarkRow): string[] {
  const { what, value, unit, baseline, aim, note, limit = "" } = row;
  const ratio = ratioOf(row);
  const met = isMet(row);
  return [
    note === undefined ? what : `${what} (${note})`,
    figure(value, unit),
    baseline ? `${figure(baseline.value, unit)}: ${baseline.what}` : "",
    ratio === undefined ? "" : ratio.toFixed(2),
    aim ? `≤ ${aim.of === "ratio" ? `${aim.atMost} ×` : figure(aim.atMost, unit, true)}` : "",
    met === undefined ? "" : met ? "yes" : "no",
    limit,
  ];
}

/** `12.5 s`, `40 ms`. */
export function figure(value: number, unit: BenchmarkRow["unit"], plain = false): string {
  const digits = plain ? `${value}` : value.toFixed(unit === "s" || (unit === "ms" && value < 100) ? 1 : 0);
  return unit === "" ? digits : `${digits} ${unit}`;
}
