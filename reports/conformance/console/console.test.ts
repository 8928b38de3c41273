import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { TargetStatement } from "#reports/conformance/schema.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { formatFinished } from "./finished.ts";
import { formatMatrix } from "./table.ts";

const names = ["bridge@26.1", "overlay@26.1", "overlay@28.5"];
const targets: TargetStatement[] = buildStatement({
  generator: { name: "netconform", version: "0.0.0" },
  id: "b7f0b1f4-6d3c-4a52-9b53-0d5a2c6a2f0e",
  startedAt: new Date(0),
  durationMs: 0,
  incompleteBecause: [],
  environment: {
    host: { platform: "", kernel: "", arch: "", cpus: 2 },
    node: "",
    packages: {},
    settings: {},
  },
  targets: names.map((name) => ({
    name,
    driver: "",
    reference: "",
    title: "",
    engine: "",
    declared: [],
    versions: {},
  })),
  observations: names.map((target) => ({
    target,
    test: "M4 reach",
    file: "reach.test.ts",
    requirement: "M4",
    driver: "",
    engine: "",
    chapter: "multihost",
    outcome: target === "overlay@28.5" ? "failed" : "passed",
    durationMs: 1,
  })),
  errors: [],
}).targets;

test.each([80, 100, 120, 200])("the table fits into %i columns and names every target", (width) => {
  const lines = formatMatrix(targets, { width, color: false }).split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
  for (const name of names) expect(lines[0]).toContain(name);
  const m4 = lines.find((line) => line.includes("M4"));
  expect(m4?.match(/✔ passed|✘ failed/g)).toEqual(["✔ passed", "✔ passed", "✘ failed"]);
});

test("a profile of which nothing ran takes one line", () => {
  const text = formatMatrix(targets, { width: 120, color: false });
  expect(text).toContain("basics");
  expect(text).not.toContain("B1");
});

test("colour is added only on request, and changes no text", () => {
  const plain = formatMatrix(targets, { width: 120, color: false });
  const coloured = formatMatrix(targets, { width: 120, color: true });
  expect(plain).toBe(stripVTControlCharacters(plain));
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

test("a finished test is one line, and a failure shows its text and how to see it by hand", () => {
  const finished = { target: "overlay@26.1", test: "M4 reach", durationMs: 812 };
  const look = { width: 100, color: false };
  expect(formatFinished({ ...finished, outcome: "passed" }, look)).toBe("✔ overlay@26.1     0.8 s  M4 reach");
  const failed = formatFinished(
    { ...finished, outcome: "failed", reason: "lost", reproduce: "ping red" },
    look,
  );
  expect(failed).toBe("✘ overlay@26.1     0.8 s  M4 reach\n      lost\n      by hand: ping red");
});

test("of a long failure the middle is left out: its beginning and a program's last words stay", () => {
  const trace = Array.from({ length: 20 }, (_, index) => `  frame ${index}`);
  const reason = ["the plugin: expected to be ready, got its end", ...trace, "TypeError: not bytes"].join(
    "\n",
  );
  const shown = formatFinished(
    { target: "plugin@26.1", test: "B1", outcome: "failed", durationMs: 1, reason },
    { color: false, width: 100 },
  ).split("\n");
  expect(shown).toHaveLength(14);
  expect(shown[1]).toContain("expected to be ready");
  expect(shown[9]).toContain("… 10 more lines in conformance.json …");
  expect(shown.at(-1)).toContain("TypeError: not bytes");
});

test("durations read as seconds, and above a minute as minutes", () => {
  expect(formatDuration(812)).toBe("0.8 s");
  expect(formatDuration(125_400)).toBe("2 m 05 s");
  expect(formatDuration(59_960)).toBe("1 m 00 s");
});

test("a target that was not run has no column", () => {
  const [first] = targets;
  const idle = {
    ...first!,
    name: "idle@26.1",
    results: first!.results.map((result) => ({ ...result, outcome: "not run" as const })),
  };
  const text = formatMatrix([...targets, idle], { width: 160, color: false });
  expect(text).toContain("overlay@28.5");
  expect(text).not.toContain("idle@26.1");
});
