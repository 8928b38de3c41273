import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { budgets } from "./budgets.ts";

const suites = join(import.meta.dirname, "..");

test("every test file of a chapter has a budget, and every budget a file", () => {
  const files = globSync("*/*.test.ts", { cwd: suites, exclude: ["{cni,cnm,requirements}/**"] });
  expect(Object.keys(budgets).sort()).toEqual(files.map((file) => file.replace(/\.test\.ts$/, "")).sort());
});
