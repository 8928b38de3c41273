import { expect, test } from "vitest";
import { type BenchmarkRow, isMet } from "./benchmark.ts";
import { renderMarkdown } from "./table.ts";

const row: BenchmarkRow = {
  what: "a | b",
  value: 12,
  unit: "ms",
  baseline: { what: "plain", value: 10 },
  aim: { of: "ratio", atMost: 1.2 },
};

test("an aim is met up to and including its bound", () => {
  expect(isMet(row)).toBe(true);
  expect(isMet({ ...row, value: 12.1 })).toBe(false);
  expect(isMet({ ...row, aim: { of: "value", atMost: 11 } })).toBe(false);
});

test("an aim for a ratio is open while there is no baseline", () => {
  const { baseline: _, ...alone } = row;
  expect(isMet(alone)).toBeUndefined();
});

test("Markdown keeps its columns, whatever a row says", () => {
  const result = { benchmark: { name: "x", title: "X" }, rows: [row] };
  const [head, , , line = ""] = renderMarkdown([result], ["2 cores"]).split("\n");
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  expect(cells).toEqual(["", "a \\| b", "12.0 ms", "10.0 ms: plain", "1.20", "≤ 1.2 ×", "yes", "", ""]);
  expect(head?.split("|")).toHaveLength(9);
});

test("a benchmark that could not measure is in the table", () => {
  const result = { benchmark: { name: "x", title: "X" }, rows: [], error: "no docker" };
  expect(renderMarkdown([result], [])).toContain("| not measured | no docker |");
});
