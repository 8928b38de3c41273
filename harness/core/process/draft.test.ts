import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { $ } from "zx/core";
import { writeInOneStep } from "./draft.ts";
import { disposableFolder } from "./scratch.ts";

test("a file is replaced, and drafts of processes that were killed go; those of others stay", async () => {
  using scratch = disposableFolder();
  const gone = $`true`;
  await gone;
  const path = join(scratch.path, "below", "state.json");
  writeInOneStep(path, "one", { mode: 0o600 });
  const drafts = [gone.pid, process.pid].map((pid) => `other.json.${pid}-0a1b2c3d.draft`);
  for (const name of drafts) writeFileSync(join(scratch.path, "below", name), "half");
  writeInOneStep(path, "two", { mode: 0o600 });
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(scratch.path, "below")).sort()).toEqual([drafts[1], "state.json"].sort());
});

test("what cannot be replaced is left as it is, without a draft", () => {
  using scratch = disposableFolder();
  expect(() => writeInOneStep(scratch.path, "text")).toThrow();
  expect(readdirSync(scratch.path)).toEqual([]);
});
