import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareVersions } from "#harness/core/compare-versions.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { driftBetweenEngines } from "#harness/tools/matrix/drift.ts";
import { countMatrix } from "#harness/tools/matrix/matrix-run.ts";
import { formatMarkdown } from "./markdown.ts";
import { percent } from "./outcomes.ts";
import { renderChart } from "./page/sections/chart.ts";
import { renderRed } from "./page/sections/red.ts";
import { matrixSchema, publishedMatrixSchema } from "./schema.ts";

const passed = { outcome: "passed" } as const;

test("the published JSON Schema is the one the matrix is written by", () => {
  const published = readFileSync(new URL("matrix.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(published), "node reports/matrix/schema.ts > reports/matrix/matrix.schema.json").toEqual(
    publishedMatrixSchema(),
  );
});

test("a matrix fits its schema", () => {
  const matrix = exampleMatrix([exampleCell("overlay@26.1", { M4: passed })]);
  expect(matrixSchema.parse(matrix)).toEqual(matrix);
});

test("the Markdown begins with the verdict, and text of a plugin stays text", () => {
  const reason = "expected <b>x</b> | y\n```\n# not a heading\n@everyone";
  const matrix = exampleMatrix([
    exampleCell("overlay@20.10", { M4: passed }),
    exampleCell("overlay@28.5", { M4: { outcome: "failed", reason } }),
    exampleCell("bridge@28.5", {}, { state: "broken", because: "exit code 9 @you" }),
  ]);
  matrix.drift.push(driftBetweenEngines(matrix.cells, "20.10", "28.5"));
  const text = formatMarkdown(matrix, countMatrix(matrix));
  expect(text).toMatch(/^## ✘ Conformance matrix: 1 passed, 2 failed\n/);
  expect(text).toContain("````\nexpected <b>x</b> | y\n```\n# not a heading\n@everyone\n````");
  expect(text).toContain("- **bridge&#64;28.5** is broken: exit code 9 &#64;you");
  expect(text).toMatch(/\| broke \| overlay&#64;28\.5 \| M4 \| passed \| failed: expected \\<b\\>x/);
  expect(text).toMatch(/\| M4 .* \| ✔ \| ✘ \| {2}\|/);
});

test("what an engine is at fault for is told by itself, and is not red", () => {
  const outcome = "engine at fault";
  const matrix = exampleMatrix([
    exampleCell("overlay@26.1", { M4: passed, R4: { outcome, reason: "the engine never called" } }),
  ]);
  const counts = countMatrix(matrix);
  expect(counts).toMatchObject({ failed: 0 });
  const text = formatMarkdown(matrix, counts);
  expect(text).toContain("; 1 engine at fault, 0 blocked, ");
  expect(text).toContain(
    "### Engines at fault, not the plugin\n\n- **R4** on overlay&#64;26.1: the engine never called",
  );
  expect(text).not.toContain("### Red");
  const red = renderRed(matrix.cells).toString();
  expect(red).toContain("Nothing is red.");
  expect(red).toMatch(/<h3>Engines at fault: the plugin is not charged<\/h3>[\s\S]*R4 on overlay@26.1/);
});

test("however much is red, the Markdown fits into a comment", () => {
  const results = { M4: { outcome: "failed", reason: "x".repeat(5_000) } } as const;
  const cells = Array.from({ length: 30 }, (_, index) => exampleCell(`driver${index}@26.1`, results));
  const matrix = exampleMatrix(cells);
  const text = formatMarkdown(matrix, countMatrix(matrix));
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/cut: the whole is in matrix\.html\.\n$/);
});

test("a cell that broke is never green", () => {
  const broken = exampleMatrix([
    exampleCell("overlay@26.1", { M4: passed }),
    exampleCell("bridge@26.1", { B1: passed }, { state: "incomplete", because: "killed" }),
  ]);
  expect(countMatrix(broken)).toEqual({ passed: 2, failed: 1, known: 0 });
  const faulty = exampleMatrix([
    exampleCell("overlay@26.1", { M4: passed }, { errors: [{ where: "a hook", message: "no" }] }),
  ]);
  expect(countMatrix(faulty)).toEqual({ passed: 1, failed: 1, known: 0 });
});

test("a share close to all or nothing is not told as all or nothing", () => {
  expect([1, 0.999, 0.5, 0.001, 0].map(percent)).toEqual(["100 %", "99.9 %", "50 %", "0.1 %", "0 %"]);
  expect(["28.5", "9.1", "20.10", "26.1"].sort(compareVersions)).toEqual(["9.1", "20.10", "26.1", "28.5"]);
});

test("a chart says its values as text, and has no line where there are none", () => {
  const chart = renderChart({
    title: "Passed",
    values: [1, undefined, 0.5],
    names: ["mon", "tue", "wed"],
    format: percent,
    top: 1,
  }).toString();
  expect(chart).toContain('aria-label="Passed: last 50 %, lowest 50 %, highest 100 % of 2"');
  expect(chart).toContain('points="4.0,8.0 316.0,56.0"');
  expect(chart.match(/<circle/g)).toHaveLength(2);
  const empty = renderChart({ title: "Passed", values: [undefined], names: ["mon"], format: percent });
  expect(empty.toString()).toContain("no value yet");
});
