import { expect, test } from "vitest";
import { runtimeRuleIds } from "#suites/requirements/rules/cni-runtime.ts";
import { runtimeMutants } from "./mutants.ts";
import { edited, sourceOf } from "./mutate.ts";

test("every rule of a CNI runtime has a mutant that breaks it", () => {
  const broken = new Set(runtimeMutants.map(({ breaks }) => breaks));
  expect(runtimeRuleIds.filter((id) => !broken.has(id))).toEqual([]);
});

test("no two mutants have one name", () => {
  expect(new Set(runtimeMutants.map(({ name }) => name)).size).toBe(runtimeMutants.length);
});

test.each(runtimeMutants)("$name: the source is still what it changes", async ({ edits }) => {
  const texts = new Map<string, string>();
  for (const edit of edits) {
    const text = texts.get(edit.file) ?? (await sourceOf(edit.file));
    texts.set(edit.file, edited(text, edit));
  }
  for (const [file, text] of texts) expect(text).not.toBe(await sourceOf(file as (typeof edits)[0]["file"]));
});
