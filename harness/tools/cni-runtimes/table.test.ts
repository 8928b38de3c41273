import { expect, test } from "vitest";
import type { Judgement } from "#harness/cni/runtimes/judges/judge.ts";
import { type RuntimeRuleId, runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";
import { formatRuntimes, type RuntimeColumn } from "./table.ts";

const kept: Judgement = { outcome: "kept", reasons: [] };
const column = (runtime: string, changes: Partial<Record<RuntimeRuleId, Judgement>>): RuntimeColumn => ({
  ...{ runtime, speaks: "1.0.0", lacks: ["GC"] },
  rules: {
    ...(Object.fromEntries(runtimeRuleIds.map((id) => [id, kept])) as RuntimeColumn["rules"]),
    ...changes,
  },
});

test("a broken MUST stands out, what was not seen is not kept, and what is not asked is blank", () => {
  const text = formatRuntimes(
    [
      column("Tidy 1", { R2a: { outcome: "not seen", reasons: [] } }),
      column("Wild 2", {
        R2a: { outcome: "broken", reasons: ["ordinary: expected one, got two"] },
        R5b: { outcome: "broken", reasons: ["it waited"] },
        R6f: { outcome: "broken", reasons: ["ordinary: expected A=1, got nothing"] },
      }),
    ],
    { command: "npm run it", facts: ["a day"] },
  );
  const row = (id: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`| ${id} `))
      ?.split("|")
      .slice(4, 6)
      .map((cell) => cell.trim());
  expect(row("R2a")).toEqual(["?", "**✗**"]);
  expect(row("R5b")).toEqual(["✓", "no"]);
  expect(text).not.toContain("it waited");
  expect(row("R6f")).toEqual(["✓", "✗"]);
  expect(row("R9a")).toEqual(["", ""]);
  expect(text).toContain("Made by `npm run it`; a day.");
  expect(text).toContain("- Wild 2: speaks CNI 1.0.0; cannot be asked for GC");
  expect(text).toContain("- **R2a**, Wild 2: ordinary: expected one, got two");
});
