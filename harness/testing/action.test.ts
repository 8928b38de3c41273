import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { readAction } from "./support/action.ts";

const action = readAction();
const text = readFileSync(join(projectRoot, "action.yml"), "utf8");

test("every input is used, and everything that is used is an input or an output of a step", () => {
  const used = new Set([...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name = ""]) => name));
  expect([...used].sort()).toEqual(Object.keys(action.inputs).sort());
  const ids = action.runs.steps.flatMap(({ id }) => id ?? []);
  for (const [, id = ""] of text.matchAll(/steps\.(\w+)\./g)) expect(ids).toContain(id);
});

test("no input reaches a shell but as a variable", () => {
  for (const { run = "" } of action.runs.steps) expect(run).not.toContain("${{");
});

test("the page on CI has every input with its default", () => {
  const page = readFileSync(join(projectRoot, "docs/ci.md"), "utf8");
  for (const [name, { default: value }] of Object.entries(action.inputs)) {
    expect(page, name).toMatch(new RegExp(`\\| \`${name}\` +\\| ${value === "" ? "" : `\`${value}\``} *\\|`));
  }
});
