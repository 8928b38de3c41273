import Table from "cli-table3";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { type Benchmark, type BenchmarkRow, isMet, ratioOf } from "./benchmark.ts";

/** What one benchmark measured, or why it could not. */
export interface Result {
  readonly benchmark: Pick<Benchmark, "name" | "title">;
  readonly rows: readonly BenchmarkRow[];
  readonly error?: string;
}

const head = ["what", "value", "baseline", "ratio", "aim", "met"];

/** For the terminal: one table for each benchmark. */
export function renderTables(results: readonly Result[]): string {
  return results
    .map(({ benchmark, rows, error }) => {
      const table = new Table({
        head,
        style: { head: [], border: [] },
        wordWrap: true,
        colWidths: [46, 11, 40, 8, 12, 6],
      });
      for (const row of rows) table.push(cells(row));
      const body = error === undefined ? table.toString() : `not measured: ${error}`;
      return `${benchmark.title} (${benchmark.name})\n${body}`;
    })
    .join("\n\n");
}

/** For docs/benchmarks.md: one table over all, with the facts that the figures depend on. */
export function renderMarkdown(results: readonly Result[], facts: readonly string[]): string {
  const lines = results.flatMap(({ benchmark, rows, error }) => [
    [`**${benchmark.title}**`],
    ...(error === undefined ? rows.map(cells) : [["not measured", firstLineOf(error)]]),
  ]);
  return [markdownTable(head, lines), "", `${facts.join(",\n")}.`].join("\n");
}

function cells(row: BenchmarkRow): string[] {
  const { what, value, unit, baseline, aim, note } = row;
  const ratio = ratioOf(row);
  const met = isMet(row);
  return [
    note === undefined ? what : `${what} (${note})`,
    figure(value, unit),
    baseline ? `${figure(baseline.value, unit)}: ${baseline.what}` : "",
    ratio === undefined ? "" : ratio.toFixed(2),
    aim ? `≤ ${aim.of === "ratio" ? `${aim.atMost} ×` : figure(aim.atMost, unit, true)}` : "",
    met === undefined ? "" : met ? "yes" : "no",
  ];
}

function figure(value: number, unit: BenchmarkRow["unit"], plain = false): string {
  const digits = plain ? `${value}` : value.toFixed(unit === "s" || (unit === "ms" && value < 100) ? 1 : 0);
  return unit === "" ? digits : `${digits} ${unit}`;
}
